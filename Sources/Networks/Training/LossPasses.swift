import CKernels
import Kernels
import Support

/// What one sample scored.
struct SampleScore {
    var loss: Double
    /// Voxels of each channel where p ≥ ½ and where t ≥ ½, and both.
    var counts: [Metric.Counts]
}

/// What a batch scored: per sample, so that a sample that went wrong can be named.
struct BatchScore {
    var samples: [SampleScore]
    /// Mean over the batch.
    var loss: Double { samples.reduce(0) { $0 + $1.loss } / Double(samples.count) }
    var firstNotFinite: Int? { samples.firstIndex { !$0.loss.isFinite } }

    /// The mean of a metric over the samples; see `Metric.mean`.
    func mean(_ metric: Metric, background: Int) -> Double {
        samples.reduce(0) { $0 + metric.mean($1.counts, background: background) } / Double(samples.count)
    }
}

extension Loss {
    /// Where the loss's gradient goes.
    struct Target {
        let tensor: Tensor
        let by: By

        /// What the gradient is by. By what the last layer made the probabilities of, the gradient of a voxel that is wrong with certainty is not lost to rounding.
        enum By: Int32 {
            case probabilities = 0, sigmoid = 1, softmax = 2
        }

        /// Whether the last layer's backward pass is done with the loss's.
        var skipsLast: Bool { by != .probabilities }
    }

    private struct Kind {
        var kind = Int32(SKLossNone)
        var gamma: Float = 0, positive: Float = 1, negative: Float = 1
    }

    private var kind: Kind {
        switch voxels {
        case nil: Kind()
        case .binary(let gamma, let alpha):
            Kind(
                kind: Int32(SKLossBinary), gamma: Float(gamma), positive: Float(alpha ?? 1), negative: Float(alpha.map { 1 - $0 } ?? 1))
        case .classes(let gamma): Kind(kind: Int32(SKLossClasses), gamma: Float(gamma))
        }
    }

    /// Values of one sample over which the loss of voxels is a mean.
    private func meant(_ p: Tensor) -> Double {
        if case .classes? = voxels { return Double(p.voxels) }
        return Double(p.voxels * p.channels)
    }

    /// Scores probabilities against targets in one pass and, where `gradient` is given, writes the gradient of the batch's loss in a second. Throws `Interrupted`.
    func evaluate(_ p: Tensor, target: Tensor, gradient: Target?) throws -> BatchScore {
        let sums = try sums(p, target)
        let samples = (0..<p.batch).map { score(Array(sums[$0 * p.channels..<($0 + 1) * p.channels]), p) }
        let result = BatchScore(samples: samples)
        guard let gradient, result.firstNotFinite == nil else { return result }
        let share = 1 / Double(p.batch), weight = Float(share / meant(p))
        var parameters: [Float] = []
        for sample in 0..<p.batch {
            let slopes = sums[sample * p.channels..<(sample + 1) * p.channels].map { slope($0, share / Double(p.channels)) }
            parameters += interleave([
                p.pattern { slopes[$0].target }, p.pattern { slopes[$0].constant }, p.pattern { _ in voxels == nil ? 0 : weight },
            ])
        }
        try pass(Kernels.training.lossGradient, p, target, gradient: gradient, parameters: parameters)
        if gradient.by == .softmax { try Softmax.finish(gradient.tensor, output: p) }
        return result
    }

    /// Factors of t and of 1 in the derivative of a region's loss by p.
    private func slope(_ sums: [Double], _ share: Double) -> (target: Float, constant: Float) {
        guard let region else { return (0, 0) }
        let d = denominator(sums, region)
        let quotient = (sums[0] + Region.smoothing) / (d * d)
        return (Float(share * (quotient * (1 - region.alpha - region.beta) - 1 / d)), Float(share * quotient * region.alpha))
    }

    private func denominator(_ sums: [Double], _ region: Region) -> Double {
        (1 - region.alpha - region.beta) * sums[0] + region.alpha * sums[1] + region.beta * sums[2] + Region.smoothing
    }

    private func score(_ channels: [[Double]], _ p: Tensor) -> SampleScore {
        var loss = 0.0
        if let region {
            loss += channels.reduce(0) { $0 + 1 - ($1[0] + Region.smoothing) / denominator($1, region) } / Double(p.channels)
        }
        if voxels != nil { loss += channels.reduce(0) { $0 + $1[6] } / meant(p) }
        let counts = channels.map { Metric.Counts(both: $0[3], found: $0[4], true: $0[5], all: Double(p.voxels)) }
        // The loss of voxels alone would not see what is not finite in a sum that it does not take.
        return SampleScore(loss: channels.allSatisfy { $0[1].isFinite } ? loss : .nan, counts: counts)
    }

    /// Rows of sums (see `SKLoss`) for each sample and channel, in double precision and a fixed order.
    private func sums(_ p: Tensor, _ target: Tensor) throws -> [[Double]] {
        let chunks = p.chunks(bySample: true), rows = 7
        var partial = [Double](repeating: 0, count: chunks.count * rows * 16)
        try partial.withUnsafeMutableBufferPointer { partial in
            let shared = Unchecked(partial.baseAddress)
            try pass(Kernels.training.lossSums, p, target) { i in shared.value.map { $0 + i * rows * 16 } }
        }
        var out = [[Double]](repeating: [Double](repeating: 0, count: rows), count: p.batch * p.channels)
        for (i, chunk) in chunks.enumerated() {
            for lane in 0..<16 {
                let channel = chunk.block * p.width + lane % p.width
                guard channel < p.channels else { continue }
                for row in 0..<rows { out[chunk.sample * p.channels + channel][row] += partial[(i * rows + row) * 16 + lane] }
            }
        }
        return out
    }

    private func pass(
        _ kernel: SKLossFunction, _ p: Tensor, _ target: Tensor, gradient: Target? = nil, parameters: [Float] = [],
        sums: (Int) -> UnsafeMutablePointer<Double>? = { _ in nil }
    ) throws {
        let chunks = p.chunks(bySample: true), kind = kind, blocks = p.blocks
        try parameters.withUnsafeBufferPointer { rows in
            let shared = Unchecked((p.base, target.base, gradient?.tensor.base, rows.baseAddress))
            try Parallel.slabs(chunks.count) { i in
                let chunk = chunks[i]
                let (p, target, out, rows) = shared.value
                var call = SKLoss(
                    probabilities: p + chunk.offset, targets: target + chunk.offset, out: out.map { $0 + chunk.offset },
                    count: Int64(chunk.count), p: rows.map { $0 + (chunk.sample * blocks + chunk.block) * 48 }, sums: sums(i),
                    kind: kind.kind, by: gradient?.by.rawValue ?? 0, gamma: kind.gamma, positive: kind.positive,
                    negative: kind.negative)
                kernel(&call)
            }
        }
    }
}
