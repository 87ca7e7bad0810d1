import CKernels
import Kernels
import Support

/// exp(x) divided by the sum of it over a voxel's channels: one probability a class, which add up to 1.
struct Softmax: Layer {
    static let kind = "softmax"
    init() {}
    init(attributes: Attributes) throws {}

    func channels(_ inputs: [Int]) throws -> Int {
        if inputs[0] < 2 {
            throw NetworkError.mismatch(
                layer: kind, detail: "over 1 channel it is always 1; give it a channel for each class, or use sigmoid for one probability")
        }
        return inputs[0]
    }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (false, true) }
    var inPlace: Bool { true }

    func forward(_ call: LayerCall) throws {
        try Self.run(Kernels.layers.softmax, over: call.output, a: call.inputs[0], b: nil, out: call.output, accumulate: false)
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try Self.run(
            Kernels.layers.softmaxGradient, over: call.output, a: call.outputGradient, b: call.output, out: target,
            accumulate: call.accumulate[0])
    }

    /// Turns a gradient by the outputs times the outputs, in place, into that by the inputs: without a quotient where an output is 0.
    static func finish(_ products: Tensor, output: Tensor) throws {
        try run(Kernels.layers.softmaxGradient, over: output, a: products, b: output, out: products, accumulate: false, products: true)
    }

    /// Pieces of 2¹⁵ floats of a block. Those of one block cross samples, which then need not start at whole vectors; with several blocks a voxel is a vector.
    private static func run(
        _ kernel: SKSoftmaxFunction, over shape: Tensor, a: Tensor, b: Tensor?, out: Tensor, accumulate: Bool, products: Bool = false
    ) throws {
        let width = shape.width, blocks = shape.blocks, grain = (1 << 15) / width
        let runs = blocks == 1 ? 1 : shape.batch, voxels = blocks == 1 ? shape.batch * shape.voxels : shape.voxels
        let pieces = (voxels + grain - 1) / grain
        let shared = Unchecked((a.base, b?.base, out.base, shape.sampleFloats, shape.blockFloats, shape.channels))
        try Parallel.slabs(runs * pieces) { task in
            let (a, b, out, sampleFloats, blockFloats, channels) = shared.value
            let first = task % pieces * grain
            let offset = task / pieces * sampleFloats + first * width
            var call = SKSoftmax(
                a: a + offset, b: b.map { UnsafePointer($0) + offset }, out: out + offset, voxels: Int64(min(grain, voxels - first)),
                blocks: Int64(blocks), blockStep: Int64(blockFloats), width: Int32(width), last: Int32(channels - (blocks - 1) * width),
                accumulate: accumulate ? 1 : 0, products: products ? 1 : 0)
            kernel(&call)
        }
    }
}
