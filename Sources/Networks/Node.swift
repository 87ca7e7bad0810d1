/// A symbolic tensor of a graph under construction: the output of one layer, with the nodes it came from.
///
/// Nothing is computed while a graph is built; shapes are checked when the graph meets a volume. Sizes along axes are (x, y, z).
///
/// Whatever adds a layer throws `NetworkError.graph` where the graph gets more than 4096 layers deep.
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

    /// The image that enters the network, with 1 to 64 channels. Throws `NetworkError.argument` for another number of them.
    public static func input(channels: Int = 1) throws -> Node { try Node(InputLayer(channels: channels), []) }

    /// Convolution with "same" padding as Keras defines it: each axis becomes ceil(n / stride). With `groups`, each of so many equal runs of filters
    /// reads its own run of channels only (Krizhevsky 2012); as many groups as channels make a depthwise convolution.
    ///
    /// Throws `NetworkError.argument` unless `filters` and `groups` are 1 to 65,536 and, along each axis, `kernel` 1 to 31, `stride` 1 to 16 and `dilation`
    /// 1 to 64; `.mismatch` where the groups do not divide channels and filters; and `.graph`.
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

    /// Batch normalisation of each channel; `momentum`, at least 0 and below 1, is the share of the running averages that a step keeps; `epsilon`, above 0
    /// and at most 1, is added to the variance. Throws `NetworkError.argument` for numbers outside of that, and `.graph`.
    public func batchnorm(momentum: Double = 0.99, epsilon: Double = 1e-3) throws -> Node {
        try Node(BatchNorm(momentum: momentum, epsilon: epsilon), [self])
    }

    /// Normalisation of each channel of each sample over its voxels, with learnt weight and bias; the same in training and inference. `epsilon`, above 0
    /// and at most 1, is added to the variance. Throws `NetworkError.argument`.
    public func instancenorm(epsilon: Double = 1e-5) throws -> Node { try Node(InstanceNorm(epsilon: epsilon), [self]) }

    /// As `instancenorm`, over groups of neighbouring channels; `groups` must divide the channels. Throws `NetworkError.argument`.
    public func groupnorm(groups: Int, epsilon: Double = 1e-5) throws -> Node {
        try Node(GroupNorm(groups: groups, epsilon: epsilon), [self])
    }

    /// As `instancenorm`, over all channels and voxels of a sample. Throws `NetworkError.argument`.
    public func layernorm(epsilon: Double = 1e-5) throws -> Node { try Node(LayerNorm(epsilon: epsilon), [self]) }

    /// max(x, 0). Throws `NetworkError.graph`.
    public func relu() throws -> Node { try Node(Relu(), [self]) }

    /// 1 / (1 + exp(−x)): probabilities, with which a network ends. Throws `NetworkError.graph`.
    public func sigmoid() throws -> Node { try Node(Sigmoid(), [self]) }

    /// x where it is positive, `slope` (0 to 1) times x elsewhere. Throws `NetworkError.argument`.
    public func leakyrelu(slope: Double = 0.01) throws -> Node { try Node(LeakyRelu(slope: slope), [self]) }

    /// x where it is positive, `alpha` (0 to 100) times exp(x) − 1 elsewhere. Throws `NetworkError.argument`.
    public func elu(alpha: Double = 1) throws -> Node { try Node(Elu(alpha: alpha), [self]) }

    /// x · Φ(x), Φ the standard normal's distribution. Throws `NetworkError.graph`.
    public func gelu() throws -> Node { try Node(Gelu(), [self]) }

    /// x / (1 + exp(−x)). Throws `NetworkError.graph`.
    public func silu() throws -> Node { try Node(Silu(), [self]) }

    /// Probabilities of classes, one a channel, that add up to 1 in each voxel. Throws `NetworkError.mismatch` for fewer than two channels.
    public func softmax() throws -> Node { try Node(Softmax(), [self]) }

    /// Largest value of each window. Without a `stride` windows do not overlap; with one, each axis becomes ceil(n / stride), windows lie as Keras'
    /// padding "same" puts them, and what lies beyond the border is ignored. Throws `NetworkError.argument` for a `size` or a `stride` outside 1 to 16
    /// along an axis, and `.graph`.
    public func maxpool(size: SIMD3<Int> = SIMD3(2, 2, 2), stride: SIMD3<Int>? = nil) throws -> Node {
        guard let stride, stride != size else { return try Node(MaxPool(size: size), [self]) }
        return try Node(StridedMaxPool(size: size, stride: stride), [self])
    }

    /// Mean of each window over the voxels that lie inside the volume; sizes as `maxpool`'s. Throws as `maxpool`.
    public func avgpool(size: SIMD3<Int> = SIMD3(2, 2, 2), stride: SIMD3<Int>? = nil) throws -> Node {
        try Node(AveragePool(size: size, stride: stride ?? size), [self])
    }

    /// Mean of each channel over the whole volume: one voxel. Throws `NetworkError.graph`.
    public func globalpool() throws -> Node { try Node(GlobalPool(), [self]) }

    /// Sum of 2 to 64 tensors of one size and number of channels. Throws `NetworkError.argument` for fewer or more, `.mismatch` where their numbers of
    /// channels differ, and `.graph`.
    public static func add(_ parts: [Node]) throws -> Node { try Node(Add(), parts) }

    /// Product with a tensor of the same size or of one voxel, and of as many channels or one. Throws `NetworkError.mismatch` for another number of
    /// channels, and `.graph`.
    public func multiply(_ factor: Node) throws -> Node { try Node(Multiply(), [self, factor]) }

    /// Drops a share `rate` of the values while training, or with `channels` that share of whole channels of each sample.
    /// Throws `NetworkError.argument` for a rate below 0 or not below 1, and `.graph`.
    public func dropout(rate: Double, channels: Bool = false) throws -> Node {
        try Node(channels ? ChannelDropout(rate: rate) : Dropout(rate: rate), [self])
    }

    /// Larger by a whole factor (1 to 16) along each axis. Throws `NetworkError.argument`.
    public func upsample(size: SIMD3<Int> = SIMD3(2, 2, 2), method: Upsampling = .nearest) throws -> Node {
        try Node(Upsample(size: size, method: method), [self])
    }

    /// Transposed convolution, Keras' "same": each axis becomes n · stride. Throws `NetworkError.argument` unless `filters` is 1 to 65,536 and,
    /// along each axis, `kernel` 1 to 31 and `stride` 1 to 16; and `.graph`.
    public func upconv3d(filters: Int, kernel: SIMD3<Int> = SIMD3(3, 3, 3), stride: SIMD3<Int> = SIMD3(2, 2, 2)) throws -> Node {
        try Node(UpConvolution(filters: filters, kernel: kernel, stride: stride), [self])
    }

    /// Joins tensors along their channels. Throws `NetworkError.argument` for fewer than one or more than 64 tensors.
    public static func concat(_ parts: [Node]) throws -> Node {
        try Node(Concat(), parts)
    }
}
