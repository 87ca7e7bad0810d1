import Kernels
import Support

/// What a batch scored: per sample, so that a sample that went wrong can be named.
struct BatchScore {
    var losses: [Double]
    var dice: [Double]
    var iou: [Double]
    /// Mean over the batch.
    var loss: Double { losses.reduce(0, +) / Double(losses.count) }
    var firstNotFinite: Int? { losses.firstIndex { !$0.isFinite } }
}

extension Loss {
    /// Smoothing of the soft Dice: an empty prediction of an empty target is perfect.
    static let smoothing = 1.0

    /// Scores probabilities against targets and, where `gradient` is given, writes the loss's gradient by the probabilities.
    func evaluate(_ p: Tensor, target: Tensor, gradient: Tensor?) throws -> BatchScore {
        let sums = try Flat.sampleSums(Kernels.table.overlap, rows: 6, a: p, b: target)
        let score = BatchScore(
            losses: sums.map { 1 - (2 * $0[0] + Self.smoothing) / ($0[1] + $0[2] + Self.smoothing) },
            dice: sums.map { $0[4] + $0[5] == 0 ? 1 : 2 * $0[3] / ($0[4] + $0[5]) },
            iou: sums.map { $0[4] + $0[5] == 0 ? 1 : $0[3] / ($0[4] + $0[5] - $0[3]) })
        guard let gradient, score.firstNotFinite == nil else { return score }
        // d/dp of −(2 Σpt + s) / D with D = Σp + Σt + s: (2 Σpt + s) / D² − 2 t / D.
        for sample in 0..<p.batch {
            let sum = sums[sample]
            let d = sum[1] + sum[2] + Self.smoothing
            let share = 1 / Double(p.batch)
            let slope = Float(-2 * share / d), offset = Float(share * (2 * sum[0] + Self.smoothing) / (d * d))
            func part(_ t: Tensor) -> Tensor {
                Tensor(base: t.base + sample * t.sampleFloats, batch: 1, channels: t.channels, shape: t.shape)
            }
            let one = part(p)
            let parameters = interleave([one.pattern { _ in slope }, one.pattern { _ in offset }])
            // Samples may share a vector at their border, so each but the last is written exactly.
            try Self.writeExactly(part(gradient), part(target), parameters, slope, offset)
        }
        return score
    }

    private static func writeExactly(_ out: Tensor, _ target: Tensor, _ parameters: [Float], _ slope: Float, _ offset: Float) throws {
        if out.sampleFloats % 16 == 0 {
            try Flat.run(Kernels.table.linear, over: out, out: out, a: target, parameters: parameters, rows: 2)
        } else {
            let shared = Unchecked((out, target))
            try Parallel.slabs(1) { _ in
                let (out, target) = shared.value
                for i in 0..<out.sampleFloats {
                    let used = i % out.width < out.channels
                    out.base[i] = used ? slope * target.base[i] + offset : 0
                }
            }
        }
    }
}
