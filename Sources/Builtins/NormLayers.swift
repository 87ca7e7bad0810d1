import Networks
import Runtime

extension Upsampling: Convertible {}

extension Catalog {
    /// Normalisations of single samples, activations, and upsampling.
    static let normLayers: [Builtin] = [
        Builtin(
            "instancenorm", "Normalise each channel of each sample over its voxels, then scale and shift it by learnt numbers.",
            theme: .networks,
            details: """
                Ulyanov 2016 (arXiv:1607.08022). The same in training and prediction, and the same for any batch: the choice where memory allows one or two \
                samples a batch. Training on crops and predicting whole heads changes what is normalised over.
                """,
            Param<Node>("x", "the tensor"),
            Param<Double>("epsilon", "added to the variance", default: 1e-5),
            returns: "a tensor",
            examples: [Example("instancenorm(conv3d(input(), 4))", "tensor 4 channels · after instancenorm")]
        ) { _, x, epsilon in try x.instancenorm(epsilon: epsilon) },

        Builtin(
            "groupnorm", "Normalise groups of channels of each sample, then scale and shift each channel by learnt numbers.",
            theme: .networks,
            details: "Wu and He 2018 (arXiv:1803.08494). Neighbouring channels form a group. The same in training and prediction.",
            Param<Node>("x", "the tensor"),
            Param<Int>("groups", "how many groups; must divide the channels"),
            Param<Double>("epsilon", "added to the variance", default: 1e-5),
            returns: "a tensor",
            examples: [Example("groupnorm(conv3d(input(), 16), 4)", "tensor 16 channels · after groupnorm")]
        ) { _, x, groups, epsilon in try x.groupnorm(groups: groups, epsilon: epsilon) },

        Builtin(
            "layernorm", "Normalise each sample over all its channels and voxels, then scale and shift each channel by learnt numbers.",
            theme: .networks,
            details: """
                `groupnorm` with one group, PyTorch's GroupNorm(1, channels). Other than where sequences are normalised (Ba 2016, arXiv:1607.06450), weight and \
                bias are one number a channel, so that volumes of any size can enter. The same in training and prediction.
                """,
            Param<Node>("x", "the tensor"),
            Param<Double>("epsilon", "added to the variance", default: 1e-5),
            returns: "a tensor",
            examples: [Example("layernorm(conv3d(input(), 4))", "tensor 4 channels · after layernorm")]
        ) { _, x, epsilon in try x.layernorm(epsilon: epsilon) },

        Builtin(
            "leakyrelu", "x where it is positive, slope · x elsewhere.", theme: .networks,
            Param<Node>("x", "the tensor"),
            Param<Double>("slope", "factor of what is not positive, from 0 to 1", default: 0.01),
            returns: "a tensor",
            examples: [Example("leakyrelu(input())", "tensor 1 channel · after leakyrelu")]
        ) { _, x, slope in try x.leakyrelu(slope: slope) },

        Builtin(
            "elu", "x where it is positive, alpha · (exp(x) − 1) elsewhere.", theme: .networks,
            details: "Clevert 2016 (arXiv:1511.07289).",
            Param<Node>("x", "the tensor"),
            Param<Double>("alpha", "how far below 0 values can go, from 0 to 100", default: 1),
            returns: "a tensor",
            examples: [Example("elu(input())", "tensor 1 channel · after elu")]
        ) { _, x, alpha in try x.elu(alpha: alpha) },

        Builtin(
            "gelu", "x times the probability that a standard normal number lies below x.", theme: .networks,
            details: "Hendrycks and Gimpel 2016 (arXiv:1606.08415), in its exact form.",
            Param<Node>("x", "the tensor"), returns: "a tensor",
            examples: [Example("gelu(input())", "tensor 1 channel · after gelu")]
        ) { _, x in try x.gelu() },

        Builtin(
            "silu", "x / (1 + exp(−x)), also called swish.", theme: .networks,
            Param<Node>("x", "the tensor"), returns: "a tensor",
            examples: [Example("silu(input())", "tensor 1 channel · after silu")]
        ) { _, x in try x.silu() },

        Builtin(
            "softmax", "Probabilities of classes, one a channel: exp(x) divided by its sum over the channels.", theme: .networks,
            details: "For two channels or more; a single probability is `sigmoid`'s.",
            Param<Node>("x", "the tensor"), returns: "a tensor",
            examples: [Example("softmax(conv3d(input(), 3, kernel=1))", "tensor 3 channels · after softmax")]
        ) { _, x in try x.softmax() },

        Builtin(
            "upsample", "Multiply the size by whole factors, without weights.", theme: .networks,
            details: """
                "nearest" repeats each voxel; "trilinear" goes from voxel to voxel in straight lines, with the outer faces of both tensors together \
                (PyTorch's Upsample with align_corners false). Followed by a convolution it does what `upconv3d` does, without a chequered pattern.
                """,
            Param<Node>("x", "the tensor"),
            Param<WholeTriple>("size", "factor along each axis, 1 to 16", default: 2),
            Param<Upsampling>("method", "how values between voxels are found", default: .nearest),
            returns: "a tensor",
            examples: [Example("input() |> maxpool() |> upsample(method=\"trilinear\")", "tensor 1 channel · after upsample")]
        ) { _, x, size, method in try x.upsample(size: size.numbers, method: method) },
    ]
}
