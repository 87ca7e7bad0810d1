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
        channels = try layer.channels(inputs.map(\.channels))
        depth = 1 + (inputs.map(\.depth).max() ?? 0)
        if depth > Limit.depth { throw NetworkError.graph("a graph can be at most \(Limit.depth) layers deep") }
    }

    /// One line: "tensor 16 channels · after relu".
    public var summary: String { "tensor \(channels) channel\(channels == 1 ? "" : "s") · after \(layer.kind)" }

    /// The image that enters the network, with 1 to 64 channels.
    public static func input(channels: Int = 1) throws -> Node { try Node(InputLayer(channels: channels), []) }

    /// Convolution with "same" padding as Keras defines it: each axis becomes ceil(n / stride).
    public func conv3d(
        filters: Int, kernel: SIMD3<Int> = SIMD3(3, 3, 3), stride: SIMD3<Int> = SIMD3(1, 1, 1), dilation: SIMD3<Int> = SIMD3(1, 1, 1),
        bias: Bool = true
    ) throws -> Node {
        try Node(Convolution(filters: filters, kernel: kernel, stride: stride, dilation: dilation, bias: bias), [self])
    }

    /// Batch normalisation of each channel; `momentum` is the share of the running averages that a step keeps.
    public func batchnorm(momentum: Double = 0.99, epsilon: Double = 1e-3) throws -> Node {
        try Node(BatchNorm(momentum: momentum, epsilon: epsilon), [self])
    }

    /// max(x, 0).
    public func relu() throws -> Node { try Node(Relu(), [self]) }

    /// 1 / (1 + exp(−x)): probabilities, with which a network ends.
    public func sigmoid() throws -> Node { try Node(Sigmoid(), [self]) }

    /// Largest value of windows that do not overlap.
    public func maxpool(size: SIMD3<Int> = SIMD3(2, 2, 2)) throws -> Node { try Node(MaxPool(size: size), [self]) }

    /// Drops a share `rate` of the values while training.
    public func dropout(rate: Double) throws -> Node { try Node(Dropout(rate: rate), [self]) }

    /// Transposed convolution, Keras' "same": each axis becomes n · stride.
    public func upconv3d(filters: Int, kernel: SIMD3<Int> = SIMD3(3, 3, 3), stride: SIMD3<Int> = SIMD3(2, 2, 2)) throws -> Node {
        try Node(UpConvolution(filters: filters, kernel: kernel, stride: stride), [self])
    }

    /// Joins tensors along their channels. Throws `NetworkError.argument` for fewer than one or more than 64 tensors.
    public static func concat(_ parts: [Node]) throws -> Node {
        guard (1...64).contains(parts.count) else {
            throw NetworkError.argument(layer: Concat.kind, name: "number of tensors", value: "\(parts.count)", expected: "1 to 64")
        }
        return try Node(Concat(), parts)
    }
}
