/// A symbolic tensor of a graph under construction: the output of one layer, with the nodes it came from.
///
/// Nothing is computed while a graph is built; shapes are checked when the graph meets a volume. Sizes along axes are (x, y, z).
public final class Node: Sendable {
    /// Channels of this tensor.
    public let channels: Int
    let layer: any Layer
    let inputs: [Node]
    /// Longest path from an input, bounded so that walks and releases of a graph never recurse too deep.
    let depth: Int

    init(_ layer: any Layer, _ inputs: [Node]) throws {
        self.layer = layer
        self.inputs = inputs
        guard layer.inputCount.contains(inputs.count) else {
            let range = layer.inputCount
            throw NetworkError.argument(
                layer: layer.kind, name: "number of tensors", value: "\(inputs.count)",
                expected: range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)")
        }
        channels = try layer.channels(inputs.map(\.channels))
        depth = 1 + (inputs.map(\.depth).max() ?? 0)
        if depth > Limit.depth { throw NetworkError.graph("a graph can be at most \(Limit.depth) layers deep") }
    }

    /// One line: "tensor 16 channels · after relu".
    public var summary: String { "tensor \(channels) channel\(channels == 1 ? "" : "s") · after \(layer.kind)" }

    /// The image that enters the network, with 1 to 64 channels.
    public static func input(channels: Int = 1) throws -> Node { try Node(InputLayer(channels: channels), []) }

    /// Convolution with "same" padding as Keras defines it: each axis becomes ceil(n / stride). With `groups`, each of so many equal runs of filters
    /// reads its own run of channels only (Krizhevsky 2012); as many groups as channels make a depthwise convolution.
    public func conv3d(
        filters: Int, kernel: SIMD3<Int> = SIMD3(3, 3, 3), stride: SIMD3<Int> = SIMD3(1, 1, 1), dilation: SIMD3<Int> = SIMD3(1, 1, 1),
        bias: Bool = true, groups: Int = 1
    ) throws -> Node {
        if groups != 1 {
            let layer: any Layer =
                try groups == channels
                ? DepthwiseConvolution(filters: filters, kernel: kernel, stride: stride, dilation: dilation, bias: bias)
                : GroupedConvolution(filters: filters, kernel: kernel, stride: stride, dilation: dilation, bias: bias, groups: groups)
            return try Node(layer, [self])
        }
        return try Node(Convolution(filters: filters, kernel: kernel, stride: stride, dilation: dilation, bias: bias), [self])
    }

    /// Batch normalisation of each channel; `momentum` is the share of the running averages that a step keeps.
    public func batchnorm(momentum: Double = 0.99, epsilon: Double = 1e-3) throws -> Node {
        try Node(BatchNorm(momentum: momentum, epsilon: epsilon), [self])
    }

    /// max(x, 0).
    public func relu() throws -> Node { try Node(Relu(), [self]) }

    /// 1 / (1 + exp(−x)): probabilities, with which a network ends.
    public func sigmoid() throws -> Node { try Node(Sigmoid(), [self]) }

    /// Largest value of each window. Without a `stride` windows do not overlap; with one, each axis becomes ceil(n / stride), windows lie as Keras'
    /// padding "same" puts them, and what lies beyond the border is ignored.
    public func maxpool(size: SIMD3<Int> = SIMD3(2, 2, 2), stride: SIMD3<Int>? = nil) throws -> Node {
        guard let stride, stride != size else { return try Node(MaxPool(size: size), [self]) }
        return try Node(StridedMaxPool(size: size, stride: stride), [self])
    }

    /// Mean of each window over the voxels that lie inside the volume; sizes as `maxpool`'s.
    public func avgpool(size: SIMD3<Int> = SIMD3(2, 2, 2), stride: SIMD3<Int>? = nil) throws -> Node {
        try Node(AveragePool(size: size, stride: stride ?? size), [self])
    }

    /// Mean of each channel over the whole volume: one voxel.
    public func globalpool() throws -> Node { try Node(GlobalPool(), [self]) }

    /// Sum of 2 to 64 tensors of one size and number of channels.
    public static func add(_ parts: [Node]) throws -> Node { try Node(Add(), parts) }

    /// Product with a tensor of the same size or of one voxel, and of as many channels or one.
    public func multiply(_ factor: Node) throws -> Node { try Node(Multiply(), [self, factor]) }

    /// Drops a share `rate` of the values while training.
    public func dropout(rate: Double) throws -> Node { try Node(Dropout(rate: rate), [self]) }

    /// Transposed convolution, Keras' "same": each axis becomes n · stride.
    public func upconv3d(filters: Int, kernel: SIMD3<Int> = SIMD3(3, 3, 3), stride: SIMD3<Int> = SIMD3(2, 2, 2)) throws -> Node {
        try Node(UpConvolution(filters: filters, kernel: kernel, stride: stride), [self])
    }

    /// Joins tensors along their channels. Throws `NetworkError.argument` for fewer than one or more than 64 tensors.
    public static func concat(_ parts: [Node]) throws -> Node {
        try Node(Concat(), parts)
    }
}
