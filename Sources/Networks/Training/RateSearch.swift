import Glibc
import Support

/// What `findRate` saw: the loss at each of a series of rising learning rates.
public struct RateSearch: Sendable, Equatable {
    /// From the lowest on, each the same factor above the one before.
    public var rates: [Double]
    /// The loss of the batch at each, before the step.
    public var losses: [Double]
    /// The losses' running average, as far from its start as from its end: weights 0.9, corrected for the beginning.
    public var smoothed: [Double]

    /// Where the smoothed loss falls fastest for a factor of the rate: a good rate to train with. nil where it never falls.
    public var suggestion: Double? {
        let slopes = zip(smoothed, smoothed.dropFirst()).map { $1 - $0 }
        guard let steepest = slopes.indices.min(by: { slopes[$0] < slopes[$1] }), slopes[steepest] < 0 else { return nil }
        return rates[steepest]
    }
}

/// Takes steps at rising learning rates and watches the loss (Smith 2017, doi:10.1109/WACV.2017.58). It ends early where the smoothed loss is more than four times its
/// least, or no longer finite. The model has the same weights after as before.
///
/// - Throws: as `fit`, whose options it takes; the rate is `optimizer`'s no matter what.
public func findRate(
    _ model: Model, train: any SampleSource, options: FitOptions, from low: Double = 1e-7, to high: Double = 1, steps: Int = 100,
    onStep: (Int) -> Void = { _ in }
) throws -> RateSearch {
    guard low > 0, high > low, high <= 1e6 else {
        throw NetworkError.option(name: "from and to", value: "\(Text.short(low)) and \(Text.short(high))", expected: "0 < from < to ≤ 1,000,000")
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
    var search = RateSearch(rates: [], losses: [], smoothed: [])
    var average = 0.0
    for n in 0..<steps {
        let factor = pow(high / low, Double(n) / Double(steps - 1))
        do {
            let result = try stepper.step(number: n, factor: factor, epoch: 1, step: n + 1, next: { try loader.next() })
            average = 0.9 * average + 0.1 * result.score.loss
            search.rates.append(low * factor)
            search.losses.append(result.score.loss)
            search.smoothed.append(average / (1 - pow(0.9, Double(n + 1))))
        } catch NetworkError.diverged where n > 0 {
            break
        }
        onStep(n + 1)
        if search.smoothed[n] > 4 * (search.smoothed.min() ?? 0), n > 10 { break }
        try Interrupt.check()
    }
    return search
}
