import Glibc
import Support

/// What `findRate` saw: the loss at each of a series of rising learning rates.
public struct RateSearch: Sendable, Equatable {
    /// From the lowest on, each the same factor above the one before.
    public var rates: [Double]
    /// The loss of the batch at each, before the step.
    public var losses: [Double]
    /// The losses' mean over neighbours, weighted by a triangle of a sixteenth of the steps to either side.
    public var smoothed: [Double] { losses.indices.map { mean(at: $0) } }
    private let reach: Int

    /// Where the smoothed loss falls fastest for a factor of the rate: a good rate to train with. nil where it never falls.
    public var suggestion: Double? {
        let slopes = zip(smoothed, smoothed.dropFirst()).map { $1 - $0 }
        guard let steepest = slopes.indices.min(by: { slopes[$0] < slopes[$1] }), slopes[steepest] < 0 else { return nil }
        return rates[steepest]
    }

    init(steps: Int) { (rates, losses, reach) = ([], [], max(1, steps / 16)) }

    private func mean(at n: Int) -> Double {
        var sum = 0.0, weights = 0.0
        for k in max(0, n - reach)...min(losses.count - 1, n + reach) {
            let weight = Double(reach + 1 - abs(k - n))
            sum += weight * losses[k]
            weights += weight
        }
        return sum / weights
    }
}

/// Takes steps at rising learning rates and watches the loss (Smith 2017, doi:10.1109/WACV.2017.58). It ends early where the loss, averaged over the last few steps, is more than four times its
/// least, or no longer finite. The model has the same weights after as before.
///
/// - Throws: as `fit`, whose options it takes; the rate is `optimizer`'s no matter what.
public func findRate(
    _ model: Model, train: any SampleSource, options: FitOptions, from low: Double = 1e-7, to high: Double = 1, steps: Int = 100,
    onStep: (Int) -> Void = { _ in }
) throws -> RateSearch {
    guard low > 0, high > low, high <= 1e6 else {
        throw NetworkError.option(
            name: low > 0 ? "to" : "from", value: Text.short(low > 0 ? high : low),
            expected: low > 0 ? "above `from`, which is \(Text.short(low)), and at most 1,000,000" : "above 0")
    }
    guard (2...100_000).contains(steps) else { throw NetworkError.option(name: "steps", value: "\(steps)", expected: "2 to 100,000") }
    var options = options
    (options.optimizer, options.ema, options.checkpoint) = (options.optimizer.with(rate: low), nil, nil)
    try options.validate(samples: train.count, validation: nil)
    try options.loss.check(model.graph)
    let before = WeightCopy(model)
    defer { before.restore(model) }
    let stepper = try Stepper(model, options, validates: false)
    defer { stepper.settle() }
    let loader = Loader(train, batch: options.batch, seed: options.seed, total: steps * options.accumulate)
    defer { loader.stop() }
    var search = RateSearch(steps: steps)
    var average = 0.0, least = Double.infinity
    for n in 0..<steps {
        let factor = pow(high / low, Double(n) / Double(steps - 1))
        do {
            let result = try stepper.step(number: n, factor: factor, epoch: 1, step: n + 1, next: { try loader.next() })
            average = 0.8 * average + 0.2 * result.score.loss
            search.rates.append(low * factor)
            search.losses.append(result.score.loss)
            least = min(least, average / (1 - pow(0.8, Double(n + 1))))
        } catch NetworkError.diverged(let found) where n > 0 && !found.isOfInput {
            break
        }
        onStep(n + 1)
        if n > 10, average > 4 * least { break }
        try Interrupt.check()
    }
    return search
}
