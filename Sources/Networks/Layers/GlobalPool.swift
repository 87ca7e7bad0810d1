import CKernels
import Kernels
import Support

/// The mean of each channel over all voxels of a sample: a tensor of one voxel (Lin, Chen and Yan 2013, arXiv:1312.4400), as Keras'
/// `GlobalAveragePooling3D(keepdims=True)` and PyTorch's `adaptive_avg_pool3d(x, 1)`. Where a prediction pads its image with zeros, they count.
struct GlobalPool: Layer {
    static let kind = "globalpool"
    init() {}
    init(attributes: Attributes) throws {}

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> { .one }
    func size(_ inputs: [RelativeSize]) throws -> RelativeSize { .voxel }
    var keepsProbabilities: Bool { true }

    // MARK: Computation

    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0], y = call.output
        let sums = try SampleChannels.sums(x)
        for n in 0..<x.batch {
            for c in 0..<y.sampleFloats { y.base[n * y.sampleFloats + c] = c < x.channels ? Float(sums[n][c] / Double(x.voxels)) : 0 }
        }
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        let gradient = call.outputGradient, share = 1 / Float(target.voxels)
        try SampleChannels.run(
            Kernels.table.filled, out: target, a: target, accumulate: call.accumulate[0],
            pattern: target.patterns { n, c in gradient.base[n * gradient.sampleFloats + c] * share })
    }
}

/// Passes in which every sample and channel has a number of its own.
enum SampleChannels {
    /// Floats that one task works on; a multiple of 16.
    private static let grain = 1 << 15

    /// Runs an elementwise kernel that writes its count exactly. `pattern` holds 16 values for each block of each sample.
    static func run(_ kernel: SKFlatFunction, out: Tensor, a: Tensor, accumulate: Bool, pattern: [Float]) throws {
        let pieces = (out.blockFloats + grain - 1) / grain
        try pattern.withUnsafeBufferPointer { pattern in
            let shared = Unchecked((out.base, a.base, pattern.baseAddress))
            try Parallel.slabs(out.batch * out.blocks * pieces) { task in
                let (to, from, pattern) = shared.value
                let block = task / pieces, start = task % pieces * grain, at = block * out.blockFloats + start
                var call = SKFlat(
                    out: to + at, a: from + at, b: nil, c: nil, count: Int64(min(grain, out.blockFloats - start)),
                    p: pattern.map { $0 + block * 16 }, sums: nil, accumulate: accumulate ? 1 : 0, flag: 0, key: 0, key2: 0, threshold: 0,
                    index: 0, half: 0)
                kernel(&call)
            }
        }
    }

    /// Sums over voxels of a, or of a · b, for each sample and channel, in double precision and a fixed order.
    static func sums(_ a: Tensor, _ b: Tensor? = nil) throws -> [[Double]] {
        let pieces = (a.blockFloats + grain - 1) / grain, tasks = a.batch * a.blocks * pieces
        var partial = [Double](repeating: 0, count: tasks * 32)
        let ones = [Float](repeating: 1, count: 16)
        try partial.withUnsafeMutableBufferPointer { partial in
            try ones.withUnsafeBufferPointer { ones in
                let shared = Unchecked((a.base, b?.base, partial.baseAddress, ones.baseAddress))
                try Parallel.slabs(tasks) { task in
                    let (a0, b0, partial, ones) = shared.value
                    let start = task % pieces * grain, at = task / pieces * a.blockFloats + start
                    let count = min(grain, a.blockFloats - start)
                    var call = SKFlat(
                        out: a0, a: a0 + at, b: (b0 ?? a0) + at, c: nil, count: Int64(count), p: ones,
                        sums: partial.map { $0 + task * 32 }, accumulate: 0, flag: 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                    if b0 != nil {
                        Kernels.table.productSums(&call)
                    } else {
                        // The kernel reads whole vectors; the rest of the last one may lie beyond the memory that is ours.
                        call.count = Int64(count / 16 * 16)
                        Kernels.table.sums(&call)
                        for i in count / 16 * 16..<count { partial?[task * 32 + i % 16] += Double(a0[at + i]) }
                    }
                }
            }
        }
        var out = [[Double]](repeating: [Double](repeating: 0, count: a.channels), count: a.batch)
        for task in 0..<tasks {
            let sample = task / pieces / a.blocks, block = task / pieces % a.blocks
            for lane in 0..<16 {
                let channel = block * a.width + lane % a.width
                if channel < a.channels { out[sample][channel] += partial[task * 32 + lane] }
            }
        }
        return out
    }
}

extension Tensor {
    /// One value for each sample and channel as patterns of 16 for each block of each sample; padding lanes get zero.
    func patterns(_ value: (_ sample: Int, _ channel: Int) -> Float) -> [Float] {
        (0..<batch).flatMap { n in pattern { value(n, $0) } }
    }
}
