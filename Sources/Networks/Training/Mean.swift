/// Means over samples: the loss, and metrics, of which Dice and IoU are always the first two.
struct Mean: Equatable {
    var count = 0.0, lossSum = 0.0
    var metricSums: [Double] = []

    var loss: Double { lossSum / max(1, count) }
    var metrics: [Double] { metricSums.map { $0 / max(1, count) } }

    /// The mean of Dice or IoU.
    func mean(of metric: Metric, _ options: FitOptions) -> Double? {
        options.reported.firstIndex(of: metric).map { metrics[$0] }
    }

    mutating func add(_ score: BatchScore, _ options: FitOptions, background: Int) {
        let reported = options.reported
        if metricSums.isEmpty { metricSums = reported.map { _ in 0 } }
        count += Double(score.samples.count)
        for sample in score.samples {
            lossSum += sample.loss
            for (i, metric) in reported.enumerated() { metricSums[i] += metric.mean(sample.counts, background: background) }
        }
    }
}

extension FitOptions {
    /// Dice and IoU, then what was asked for.
    var reported: [Metric] { [.dice, .iou] + metrics }
}
