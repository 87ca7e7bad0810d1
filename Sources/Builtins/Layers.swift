import Networks
import Runtime

extension Catalog {
    static let layers: [Builtin] = [
        Builtin(
            "input", "The image that enters a network: where a graph begins.", theme: .networks,
            Param<Int>("channels", "channels of the image", default: 1),
            returns: "a tensor",
            examples: [Example("input() |> conv3d(8) |> relu()", "tensor 8 channels · after relu")]
        ) { _, channels in try Node.input(channels: channels) },

        Builtin(
            "conv3d", "A 3-D convolution that keeps the size (divided by the stride).", theme: .networks,
            details: "Zeros beyond the border; weights start he-normal (He 2015, doi:10.1109/ICCV.2015.123), biases at 0.",
            Param<Node>("x", "the tensor"),
            Param<Int>("filters", "output channels"),
            Param<WholeTriple>("kernel", "size along each axis", default: 3),
            Param<WholeTriple>("stride", "step along each axis", default: 1),
            Param<WholeTriple>("dilation", "distance between the kernel's elements", default: 1),
            Param<Bool>("bias", "whether a number is added to each channel", default: true),
            Param<Int>("groups", "runs of channels that are convolved apart; as many as channels make a depthwise convolution", default: 1),
            returns: "a tensor",
            examples: [
                Example("conv3d(input(), 16)", "tensor 16 channels · after conv3d"),
                Example("conv3d(conv3d(input(), 16), 16, groups=16)", "tensor 16 channels · after conv3d_depthwise"),
            ]
        ) { _, x, filters, kernel, stride, dilation, bias, groups in
            try x.conv3d(
                filters: filters, kernel: kernel.numbers, stride: stride.numbers, dilation: dilation.numbers, bias: bias,
                groups: groups)
        },

        Builtin(
            "upconv3d", "A transposed convolution: multiplies the size by the stride.", theme: .networks,
            details:
                "The gradient of the convolution of that kernel and stride; the output is n · stride along each axis, as Keras' padding \"same\".",
            Param<Node>("x", "the tensor"),
            Param<Int>("filters", "output channels"),
            Param<WholeTriple>("kernel", "size along each axis", default: 3),
            Param<WholeTriple>("stride", "factor along each axis", default: 2),
            returns: "a tensor",
            examples: [Example("upconv3d(input(channels=4), 2)", "tensor 2 channels · after upconv3d")]
        ) { _, x, filters, kernel, stride in try x.upconv3d(filters: filters, kernel: kernel.numbers, stride: stride.numbers) },

        Builtin(
            "batchnorm", "Normalise each channel over the batch, then scale and shift it by learnt numbers.", theme: .networks,
            details:
                "Ioffe and Szegedy 2015 (arXiv:1502.03167). Training uses the batch's own mean and variance; prediction uses their running averages.",
            Param<Node>("x", "the tensor"),
            Param<Double>("momentum", "share of the running averages that a step keeps", default: 0.99),
            Param<Double>("epsilon", "added to the variance", default: 1e-3),
            returns: "a tensor",
            examples: [Example("batchnorm(conv3d(input(), 4))", "tensor 4 channels · after batchnorm")]
        ) { _, x, momentum, epsilon in try x.batchnorm(momentum: momentum, epsilon: epsilon) },

        Builtin(
            "relu", "max(x, 0).", theme: .networks,
            Param<Node>("x", "the tensor"), returns: "a tensor",
            examples: [Example("relu(input())", "tensor 1 channel · after relu")]
        ) { _, x in try x.relu() },

        Builtin(
            "sigmoid", "1 / (1 + exp(−x)): a probability.", theme: .networks,
            Param<Node>("x", "the tensor"), returns: "a tensor",
            examples: [Example("sigmoid(input())", "tensor 1 channel · after sigmoid")]
        ) { _, x in try x.sigmoid() },

        Builtin(
            "dropout", "Set a share of the values, or of whole channels, to 0 while training.", theme: .networks,
            details: """
                Srivastava 2014; the others are scaled by 1 / (1 − rate). Prediction is not touched. With `channels`, all of a sample's values of a channel go \
                together (Tompson 2015, arXiv:1411.4280): neighbouring voxels say much the same, so single ones hide little.
                """,
            Param<Node>("x", "the tensor"), Param<Double>("rate", "share to drop, from 0 to below 1"),
            Param<Bool>("channels", "whether whole channels are dropped", default: false),
            returns: "a tensor",
            examples: [
                Example("dropout(input(), 0.05)", "tensor 1 channel · after dropout"),
                Example("dropout(conv3d(input(), 8), 0.2, channels=true)", "tensor 8 channels · after channeldropout"),
            ]
        ) { _, x, rate, channels in try x.dropout(rate: rate, channels: channels) },

        Builtin(
            "concat", "Join tensors of one size along their channels.", theme: .networks,
            Param<Rest<Node>>("tensors", "the tensors"), returns: "a tensor",
            examples: [Example("x = input(channels=2)\nconcat(x, relu(x))", "tensor 4 channels · after concat")]
        ) { _, tensors in try Node.concat(tensors.items) },

        Builtin(
            "model", "A network from its input to its output, with freshly drawn weights.", theme: .networks,
            Param<Node>("input", "what `input` gave"), Param<Node>("output", "the last tensor"),
            Param<UInt64>("seed", "seeds the weights", default: 0),
            returns: "a model",
            examples: [Example("x = input()\nmodel(x, sigmoid(conv3d(x, 1))).parameters", "28")]
        ) { _, input, output, seed in try Model(input: input, output: output, seed: seed) },
    ]
}
