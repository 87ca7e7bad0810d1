import Support

/// The largest sizes that a graph may name. They are far above any network that a machine can train, and keep every product of sizes within Int.
enum Limit {
    static let channels = 1 << 16
    static let kernel = 31
    static let stride = 16
    static let dilation = 64
    static let depth = 4096
    static let axis = 1 << 14
    static let parameters = 1 << 31
}

/// A named array of a layer: what a checkpoint stores, in PyTorch's axis order.
struct ParameterSpec: Sendable, Equatable {
    /// How the array starts before training.
    enum Start: Sendable, Equatable {
        case zeros, ones
        /// Normal with standard deviation sqrt(2 / fanIn), truncated at two deviations and widened so that the deviation is kept
        /// (He et al. 2015, doi:10.1109/ICCV.2015.123; truncation as Keras' `he_normal`).
        case heNormal(fanIn: Int)
    }
    /// How elements are placed in memory.
    enum Storage: Sendable, Equatable {
        /// One value a channel, padded with zeros to a multiple of 16.
        case vector
        /// A convolution's weights, ordered as its kernels read them.
        case blocked(WeightLayout)
        /// As many runs of such weights one after the other as the convolution has groups.
        case grouped(WeightLayout, groups: Int)
        /// A depthwise convolution's weights.
        case lanes(LaneLayout)
    }
    let name: String
    let shape: [Int]
    let start: Start
    let storage: Storage
    /// False for the running statistics, which the optimiser leaves alone.
    let trainable: Bool

    var count: Int { shape.reduce(1, *) }
}

/// One operation of a graph. Everything that depends on the kind of layer is in its one file: arguments, shape rule, parameters,
/// forward, backward, cost.
protocol Layer: Sendable {
    /// The name in summaries, errors and files.
    static var kind: String { get }
    /// Arguments as stored in a file, in a fixed order.
    var attributes: [(name: String, value: JSON)] { get }
    /// Rebuilds the layer from a file's arguments; checks them as the builder does.
    init(attributes: Attributes) throws

    /// How many tensors enter.
    var inputCount: ClosedRange<Int> { get }
    /// Output channels; throws where the inputs cannot be used.
    func channels(_ inputs: [Int]) throws -> Int
    /// Output shape (x, y, z) from the input shapes.
    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int>
    /// The size of the output relative to the input along each axis, as a fraction.
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { get }
    /// How many voxels of its input, beyond one, a voxel of the output depends on along each axis; statistics of whole tensors do not count.
    var reach: SIMD3<Int> { get }
    /// The size of the output relative to the image's, from those of the inputs; throws where they do not fit together. Follows from `scale` for
    /// inputs of one size.
    func size(_ inputs: [RelativeSize]) throws -> RelativeSize
    /// Whether inputs within 0 … 1 give outputs within 0 … 1.
    var keepsProbabilities: Bool { get }
    func parameters(_ inputs: [Int]) -> [ParameterSpec]
    /// Multiply–add operations × 2 of the forward pass for one sample.
    func flops(inputs: [Int], output: SIMD3<Int>) -> Double

    /// What the backward pass reads besides the output's gradient.
    func needs(relu: Bool) -> (input: Bool, output: Bool)
    /// Whether the output may take the input's memory (and the input's gradient the output's).
    var inPlace: Bool { get }
    /// Whether this layer can apply a ReLU that follows it in the same pass.
    var fusesRelu: Bool { get }
    /// Whether the layer reads `call.source` and writes its gradient to `call.sourceGradient`, instead of whole tensors in `call.inputs`: then what precedes it,
    /// a normalisation, a ReLU, dropout, a join, is done while it reads. Such a layer has one input.
    var readsViews: Bool { get }
    /// Whether the output is stored through `call.withWriting`: then sums of it can be taken, and in inference a normalisation applied, while it is stored.
    var writesLines: Bool { get }
    /// Whether the layer applies `call.scale` and `call.shift` in inference: a normalisation that follows.
    var foldsNorm: Bool { get }
    /// Floats of working memory that the passes need: the backward pass too where `training` is set.
    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int, training: Bool) -> Int

    func forward(_ call: LayerCall) throws
    /// Writes the inputs' gradients (where wanted) and the parameters' gradients. May overwrite the output's gradient.
    func backward(_ call: LayerCall) throws
}

/// What a layer works on: tensors in planned memory and its own parameters.
struct LayerCall {
    /// Index of the layer in the graph.
    let index: Int
    /// Empty where the layer reads views.
    var inputs: [Tensor]
    /// What the layer reads, with the steps that are applied while it is read.
    var source: Reading
    var output: Tensor
    /// For each parameter of the layer, in its order.
    var parameters: [UnsafeMutablePointer<Float>]
    var training: Bool
    /// A ReLU is applied to the output.
    var relu: Bool
    /// Products may be of bfloat16.
    var half = false
    /// In inference, the scale and shift of a batch normalisation that follows: patterns of 16 for each block.
    var scale: [Float] = []
    var shift: [Float] = []
    /// Where the sums of each channel of the output go; backward, the sums of the output's gradient where its writers have taken them.
    var sums: ChannelSums?
    /// Random draws depend on these and the index.
    var seed: UInt64 = 0
    var step: UInt64 = 0
    /// What forward leaves for backward, and for the running averages.
    let statistics: BatchStatistics
    /// As many floats as the layer asked for.
    let workspace: UnsafeMutablePointer<Float>

    // Backward only.
    /// nil where nobody needs it.
    var inputGradients: [Tensor?] = []
    /// Where the gradient of `source` goes; nil where nobody needs it.
    var sourceGradient: Writing?
    /// Whether to add to what the input's gradient holds.
    var accumulate: [Bool] = []
    var outputGradient: Tensor
    /// The output's gradient is that before a normalisation: its sum over each channel is zero.
    var centred = false
    /// The output's gradient was set to zero where the ReLU of this layer did not let it through, and `sums` has its sums.
    var gated = false
    /// As `parameters`, for the trainable ones.
    var gradients: [UnsafeMutablePointer<Float>] = []
}

extension LayerCall {
    /// Calls `body` with what a convolution writes: the output, with the bias and whatever was fused into this layer.
    func withWriting(bias: UnsafeMutablePointer<Float>?, _ body: (Writing) throws -> Void) rethrows {
        try scale.withUnsafeBufferPointer { scale in
            try shift.withUnsafeBufferPointer { shift in
                var writing = Writing(output)
                writing.bias = bias.map { UnsafePointer($0) }
                if !scale.isEmpty { (writing.scale, writing.shift) = (scale.baseAddress, shift.baseAddress) }
                writing.relu = relu
                writing.sums = sums
                try body(writing)
            }
        }
    }
}

/// A batch's mean and variance of each channel, kept from the forward to the backward pass and until the step is committed.
final class BatchStatistics {
    var mean: [Double] = []
    var variance: [Double] = []
    /// y = x · scale + shift, and the mean: patterns of 16 for each block.
    var scale: [Float] = []
    var shift: [Float] = []
    var centre: [Float] = []
}

extension Layer {
    var kind: String { Self.kind }
    var inputCount: ClosedRange<Int> { 1...1 }
    func size(_ inputs: [RelativeSize]) throws -> RelativeSize {
        for other in inputs.dropFirst() where other != inputs[0] { throw RelativeSize.difference(kind, inputs[0], other) }
        return try inputs.first?.scaled(up: scale.up, down: scale.down, layer: kind) ?? .image
    }
    var keepsProbabilities: Bool { false }
    var attributes: [(name: String, value: JSON)] { [] }
    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> { inputs[0] }
    func channels(_ inputs: [Int]) throws -> Int { inputs[0] }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, .one) }
    var reach: SIMD3<Int> { SIMD3(0, 0, 0) }
    func parameters(_ inputs: [Int]) -> [ParameterSpec] { [] }
    func flops(inputs: [Int], output: SIMD3<Int>) -> Double { 0 }
    func needs(relu: Bool) -> (input: Bool, output: Bool) { (false, false) }
    var inPlace: Bool { false }
    var fusesRelu: Bool { false }
    var readsViews: Bool { false }
    var writesLines: Bool { false }
    var foldsNorm: Bool { writesLines }
    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int, training: Bool) -> Int { 0 }
    func forward(_ call: LayerCall) throws {}
    func backward(_ call: LayerCall) throws {}

    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw NetworkError.argument(layer: kind, name: name, value: "\(value)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    func check(_ name: String, _ value: SIMD3<Int>, _ range: ClosedRange<Int>) throws {
        for axis in 0..<3 where !range.contains(value[axis]) {
            throw NetworkError.argument(
                layer: kind, name: name, value: Text.sizes(value), expected: "\(range.lowerBound) to \(range.upperBound) along each axis")
        }
    }
}

extension SIMD3<Int> {
    static let one = SIMD3(1, 1, 1)
    /// x · y · z
    var product: Int { x * y * z }
}
