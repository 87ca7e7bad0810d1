import Networks
import Runtime

extension Catalog {
    /// Layers that pool, add and multiply.
    static let joiningLayers: [Builtin] = [
        Builtin(
            "maxpool", "The largest value of each window: divides the size.", theme: .networks,
            details: """
                With a stride that differs from the size, windows overlap or leave gaps; each axis becomes n / stride, and what lies beyond the border does \
                not count, as with Keras' padding "same".
                """,
            Param<Node>("x", "the tensor"),
            Param<WholeTriple>("size", "the window along each axis", default: 2),
            Param<WholeTriple?>("stride", "step from window to window along each axis; none means the size", default: nil),
            returns: "a tensor",
            examples: [
                Example("maxpool(input())", "tensor 1 channel · after maxpool"),
                Example("maxpool(input(), size=3, stride=2)", "tensor 1 channel · after maxpool_strided"),
            ]
        ) { _, x, size, stride in try x.maxpool(size: size.numbers, stride: stride?.numbers) },

        Builtin(
            "avgpool", "The mean of each window: divides the size.", theme: .networks,
            details:
                "Each axis becomes n / stride. The mean is taken over the voxels that lie inside the volume, as with Keras' padding \"same\".",
            Param<Node>("x", "the tensor"),
            Param<WholeTriple>("size", "the window along each axis", default: 2),
            Param<WholeTriple?>("stride", "step from window to window along each axis; none means the size", default: nil),
            returns: "a tensor",
            examples: [Example("avgpool(input())", "tensor 1 channel · after avgpool")]
        ) { _, x, size, stride in try x.avgpool(size: size.numbers, stride: stride?.numbers) },

        Builtin(
            "globalpool", "The mean of each channel over the whole volume: a tensor of one voxel.", theme: .networks,
            details: "What it gives can be the factor of `multiply`. Zeros that `predict` adds to reach a divisible shape count.",
            Param<Node>("x", "the tensor"), returns: "a tensor",
            examples: [Example("globalpool(conv3d(input(), 8))", "tensor 8 channels · after globalpool")]
        ) { _, x in try x.globalpool() },

        Builtin(
            "add", "The sum of tensors of one size and number of channels, as a residual connection needs it.", theme: .networks,
            details: "He 2016 (doi:10.1109/CVPR.2016.90).",
            Param<Rest<Node>>("tensors", "2 to 64 tensors"), returns: "a tensor",
            examples: [Example("x = conv3d(input(), 4)\nadd(x, conv3d(relu(x), 4))", "tensor 4 channels · after add")]
        ) { _, tensors in try Node.add(tensors.items) },

        Builtin(
            "multiply", "The product of a tensor with a factor for each value, voxel or channel.", theme: .networks,
            details:
                "The factor has the tensor's size or is one voxel (see `globalpool`), and has as many channels or one; what it lacks is repeated.",
            Param<Node>("x", "the tensor"), Param<Node>("factor", "the factors"), returns: "a tensor",
            examples: [
                Example("x = conv3d(input(), 4)\nmultiply(x, sigmoid(conv3d(x, 1)))", "tensor 4 channels · after multiply"),
                Example("x = conv3d(input(), 4)\nmultiply(x, sigmoid(globalpool(x)))", "tensor 4 channels · after multiply"),
            ]
        ) { _, x, factor in try x.multiply(factor) },
    ]
}
