import Kernels
import Support

/// Joins tensors of one shape along their channels.
struct Concat: Layer {
    static let kind = "concat"
    init() {}
    init(attributes: Attributes) throws {}

    var inputCount: ClosedRange<Int> { 1...64 }
    func channels(_ inputs: [Int]) throws -> Int {
        let total = inputs.reduce(0, +)
        try check("number of channels", total, 1...Limit.channels)
        return total
    }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> {
        for shape in inputs where shape != inputs[0] {
            throw NetworkError.mismatch(layer: kind, detail: "cannot join \(Text.sizes(inputs[0])) and \(Text.sizes(shape))")
        }
        return inputs[0]
    }

    // MARK: Computation

    func forward(_ call: LayerCall) throws {
        var channel = 0
        for part in call.inputs {
            try Self.copy(part, 0, call.output, channel, part.channels, accumulate: false)
            channel += part.channels
        }
        try Self.clearPadding(call.output)
    }

    func backward(_ call: LayerCall) throws {
        var channel = 0
        for (i, part) in call.inputs.enumerated() {
            if let target = call.inputGradients[i] {
                try Self.copy(call.outputGradient, channel, target, 0, part.channels, accumulate: call.accumulate[i])
                if !call.accumulate[i] { try Self.clearPadding(target) }
            }
            channel += part.channels
        }
    }

    /// Copies `count` channels between tensors of one shape.
    static func copy(_ from: Tensor, _ fromChannel: Int, _ to: Tensor, _ toChannel: Int, _ count: Int, accumulate: Bool) throws {
        let shared = Unchecked((from, to))
        let grain = 1 << 12
        let pieces = (from.voxels + grain - 1) / grain
        try Parallel.slabs(from.batch * pieces) { task in
            let (from, to) = shared.value
            let sample = task / pieces, voxels = task % pieces * grain..<min(from.voxels, (task % pieces + 1) * grain)
            var done = 0
            while done < count {
                // The longest run of channels that is within one block on both sides.
                let a = fromChannel + done, b = toChannel + done
                let n = min(count - done, from.width - a % from.width, to.width - b % to.width)
                let source = from.base + sample * from.sampleFloats + a / from.width * from.blockFloats + a % from.width
                let target = to.base + sample * to.sampleFloats + b / to.width * to.blockFloats + b % to.width
                if n == from.width, n == to.width, !accumulate {
                    (target + voxels.lowerBound * n).update(from: source + voxels.lowerBound * n, count: voxels.count * n)
                } else {
                    for v in voxels {
                        let s = source + v * from.width, t = target + v * to.width
                        if n == 8, !accumulate {
                            t.update(from: s, count: 8)
                        } else if accumulate {
                            for i in 0..<n { t[i] += s[i] }
                        } else {
                            for i in 0..<n { t[i] = s[i] }
                        }
                    }
                }
                done += n
            }
        }
    }

    /// Zeros the lanes beyond the last channel.
    static func clearPadding(_ tensor: Tensor) throws {
        let used = tensor.channels % tensor.width
        if used == 0 { return }
        let shared = Unchecked(tensor)
        try Parallel.slabs(tensor.batch) { sample in
            let t = shared.value
            let block = t.base + sample * t.sampleFloats + (t.blocks - 1) * t.blockFloats
            for v in 0..<t.voxels { for lane in used..<t.width { block[v * t.width + lane] = 0 } }
        }
    }
}
