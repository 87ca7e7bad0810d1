import CKernels
import Kernels
import Support

/// The product of a tensor x with a factor that has x's size or is one voxel, and has x's number of channels or one; what the factor lacks is
/// repeated. One voxel with x's channels are the channel gates of squeeze-and-excite (Hu 2018, doi:10.1109/CVPR.2018.00745); one channel of x's size
/// are the attention gates of Oktay 2018 (arXiv:1804.03999).
struct Multiply: Layer {
    static let kind = "multiply"
    init() {}
    init(attributes: Attributes) throws {}

    var inputCount: ClosedRange<Int> { 2...2 }
    var keepsProbabilities: Bool { true }

    func channels(_ inputs: [Int]) throws -> Int {
        guard inputs[1] == inputs[0] || inputs[1] == 1 else {
            throw NetworkError.mismatch(
                layer: kind, detail: "a factor of \(inputs[1]) channels does not fit a tensor of \(inputs[0]): it must have as many, or one"
            )
        }
        return inputs[0]
    }

    func size(_ inputs: [RelativeSize]) throws -> RelativeSize {
        guard inputs[1] == inputs[0] || inputs[1].isVoxel else {
            let swap = inputs[0].isVoxel ? "; give the larger tensor first" : ""
            throw NetworkError.mismatch(
                layer: kind, detail: "a factor of \(inputs[1].text) does not fit a tensor of \(inputs[0].text)" + swap)
        }
        return inputs[0]
    }

    func flops(inputs: [Int], output: SIMD3<Int>) -> Double { Double(inputs[0]) * Double(output.product) }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, false) }

    private enum Kind { case equal, voxel, channel }
    private func kind(_ x: Tensor, _ factor: Tensor) -> Kind {
        if x.shape == factor.shape, x.channels == factor.channels { return .equal }
        return factor.voxels == 1 ? .voxel : .channel
    }

    /// The factor of each sample and channel, for one of a single voxel.
    private func patterns(_ factor: Tensor, like x: Tensor) -> [Float] {
        x.patterns { n, c in factor.base[n * factor.sampleFloats + (factor.channels == 1 ? 0 : c)] }
    }

    func forward(_ call: LayerCall) throws { try multiply(call.inputs[0], call.inputs[1], into: call.output, accumulate: false) }

    private func multiply(_ x: Tensor, _ factor: Tensor, into out: Tensor, accumulate: Bool) throws {
        switch kind(x, factor) {
        case .equal: try Flat.run(Kernels.table.product, over: x, out: out, a: x, b: factor, accumulate: accumulate)
        case .voxel:
            try SampleChannels.run(Kernels.table.scaled, out: out, a: x, accumulate: accumulate, pattern: patterns(factor, like: x))
        case .channel:
            try voxels(x) { sample, v, block in
                let at = (sample * x.blocks + block) * x.blockFloats + v.lowerBound * x.width
                return Self.flat(
                    out: out.base + at, a: x.base + at, b: factor.base + sample * x.voxels + v.lowerBound, voxels: v, width: x.width,
                    accumulate: accumulate)
            } kernel: {
                Kernels.table.gated($0)
            }
        }
    }

    func backward(_ call: LayerCall) throws {
        let x = call.inputs[0], factor = call.inputs[1], gradient = call.outputGradient
        if let target = call.inputGradients[0] { try multiply(gradient, factor, into: target, accumulate: call.accumulate[0]) }
        guard let target = call.inputGradients[1] else { return }
        let adds = call.accumulate[1]
        switch kind(x, factor) {
        case .equal: try Flat.run(Kernels.table.product, over: x, out: target, a: gradient, b: x, accumulate: adds)
        case .voxel:
            let sums = try SampleChannels.sums(gradient, x)
            for n in 0..<x.batch {
                let own = target.base + n * target.sampleFloats
                for c in 0..<target.sampleFloats {
                    var sum: Double = 0
                    if factor.channels == 1 {
                        if c == 0 { sum = sums[n].reduce(0, +) }
                    } else if c < x.channels {
                        sum = sums[n][c]
                    }
                    own[c] = adds ? own[c] + Float(sum) : Float(sum)
                }
            }
        case .channel:
            try voxels(x) { sample, v, block in
                let at = (sample * x.blocks + block) * x.blockFloats + v.lowerBound * x.width
                return Self.flat(
                    out: target.base + sample * x.voxels + v.lowerBound, a: gradient.base + at, b: x.base + at, voxels: v, width: x.width,
                    accumulate: adds || block > 0)
            } kernel: {
                Kernels.table.gateDots($0)
            }
        }
    }

    private static func flat(
        out: UnsafeMutablePointer<Float>, a: UnsafeMutablePointer<Float>, b: UnsafeMutablePointer<Float>, voxels: Range<Int>, width: Int,
        accumulate: Bool
    ) -> SKFlat {
        SKFlat(
            out: out, a: a, b: b, c: nil, count: Int64(voxels.count), p: nil, sums: nil, accumulate: accumulate ? 1 : 0, flag: Int32(width),
            key: 0, key2: 0, threshold: 0, index: 0, half: 0)
    }

    /// Runs a kernel for each block in turn of each run of voxels; one task a run.
    private func voxels(
        _ x: Tensor, _ call: (_ sample: Int, _ voxels: Range<Int>, _ block: Int) -> SKFlat, kernel: (UnsafePointer<SKFlat>) -> Void
    ) throws {
        let grain = 1 << 12, pieces = (x.voxels + grain - 1) / grain
        try Parallel.slabs(x.batch * pieces) { task in
            let run = task % pieces * grain..<min(x.voxels, (task % pieces + 1) * grain)
            for block in 0..<x.blocks {
                var flat = call(task / pieces, run, block)
                kernel(&flat)
            }
        }
    }
}
