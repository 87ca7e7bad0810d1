import Support

/// Takes the steps of a training: batches in, gradients added up, weights moved.
final class Stepper {
    let model: Model
    let options: FitOptions
    let optimizer: OptimizerState
    /// The running average of the weights and of the running statistics, where one is wanted.
    private(set) var average: (values: Buffer, states: Buffer)?
    private let validates: Bool
    private var engine: Engine?
    /// The sum of the gradients of several batches.
    private var accumulated: Buffer?

    init(_ model: Model, _ options: FitOptions, validates: Bool) throws {
        (self.model, self.options, self.validates) = (model, options, validates)
        let parameters = model.parameters
        optimizer = try OptimizerState(options.optimizer, weights: parameters.values.count)
        if options.accumulate > 1 { accumulated = try Buffer(count: parameters.values.count, for: "gradients of several batches") }
        if options.ema != nil {
            let purpose = "the average of the weights"
            average = (try Buffer(count: parameters.values.count, for: purpose), try Buffer(count: parameters.states.count, for: purpose))
            average?.values.copy(parameters.values)
            average?.states.copy(parameters.states)
        }
    }

    struct Result {
        var score: BatchScore
        /// Length of the gradient.
        var norm: Double
        /// Voxels of all samples.
        var voxels: Int
    }

    /// One step. Weights and running averages change only after everything that can fail or be interrupted.
    func step(number: Int, factor: Double, epoch: Int, step: Int, next: () throws -> [Sample]) throws -> Result {
        var result = Result(score: BatchScore(samples: []), norm: 0, voxels: 0)
        // Where several batches make one step, the first ones' statistics are taken back if a later one fails.
        let states = accumulated == nil ? nil : WeightCopy(model, statisticsOnly: true)
        do {
            for part in 0..<options.accumulate {
                let draw = UInt64(number * options.accumulate + part)
                let batch = try prepared(next(), draw: draw, epoch: epoch, step: step)
                let engine = try pass(batch, draw: draw, epoch: epoch, step: step, into: &result)
                if let accumulated, let gradients = engine.weightGradients {
                    accumulated.add(gradients, first: part == 0)
                    if part < options.accumulate - 1 { commitStatistics(engine) }
                }
            }
        } catch {
            states?.restore(model)
            throw error
        }
        guard let engine, let gradients = accumulated ?? engine.weightGradients else { return result }
        let share = 1 / Double(options.accumulate)
        let squares = accumulated == nil ? engine.gradientSquares : Flat.squares(gradients.base, gradients.count)
        result.norm = squares.squareRoot() * share
        let clip = options.clip.map { min(1, $0 / (result.norm + 1e-6)) } ?? 1
        let keep = options.ema.map { min($0, Double(1 + number) / Double(10 + number)) } ?? 0
        optimizer.update(
            model.parameters.values, gradient: gradients, factor: factor, scale: share * clip, average: average?.values, keep: keep)
        commitStatistics(engine)
        average?.states.follow(model.parameters.states, keep: Float(keep))
        return result
    }

    private func commitStatistics(_ engine: Engine) {
        engine.commitStatistics(steps: model.trainedSteps)
        model.trainedSteps = model.trainedSteps.map { $0 + 1 }
    }

    /// Forward, loss, backward for one batch.
    private func pass(_ batch: [Sample], draw: UInt64, epoch: Int, step: Int, into result: inout Result) throws -> Engine {
        let engine = try engine(for: batch)
        for (i, sample) in batch.enumerated() {
            sample.image.withUnsafeBufferPointer { if let p = $0.baseAddress { engine.input.fill(sample: i, from: p) } }
            sample.channels(model.outputChannels).withUnsafeBufferPointer {
                if let p = $0.baseAddress { engine.target.fill(sample: i, from: p) }
            }
            try Interrupt.check()
        }
        func diverged(_ what: Divergence.What, _ layer: Int?, _ sample: Int?) -> NetworkError {
            let samples = sample.map { batch[$0].name } ?? batch.map(\.name).joined(separator: ", ")
            return .diverged(Divergence(what: what, epoch: epoch, step: step, sample: samples, layer: layer.map(model.graph.mention(of:))))
        }
        try engine.forward(seed: options.seed, step: draw)
        let place = engine.lossTarget
        let score = try options.loss.evaluate(engine.output, target: engine.target, gradient: place)
        if let bad = score.firstNotFinite {
            let origin = try engine.firstNotFinite(seed: options.seed, step: draw)
            throw diverged(.loss, origin?.entry, origin?.sample ?? bad)
        }
        try engine.backward(seed: options.seed, step: draw, fromLoss: place?.skipsLast == true)
        if !engine.gradientSquares.isFinite { throw diverged(.gradient, engine.gradientNotFinite, nil) }
        result.score.samples += score.samples
        result.voxels += batch.count * engine.plan.shape.product
        return engine
    }

    private func prepared(_ batch: [Sample], draw: UInt64, epoch: Int, step: Int) throws -> [Sample] {
        for sample in batch { try sample.check(for: model, epoch: epoch, step: step) }
        guard let patch = options.patch else { return batch }
        // A piece may be larger along an axis of few slices; one that is larger along all has nothing to choose from, and is a slip of the pen.
        for sample in batch where all(patch .> sample.shape) {
            throw NetworkError.option(
                name: "patch", value: Text.sizes(patch), expected: "no larger than the samples: \(sample.name) has \(Text.sizes(sample.shape)) voxels")
        }
        return batch.enumerated().map { i, sample in
            sample.patch(of: patch, seed: options.seed, position: draw * UInt64(options.batch) + UInt64(i))
        }
    }

    /// The engine for a batch's shape; all batches of one shape use the same memory.
    private func engine(for batch: [Sample]) throws -> Engine {
        for sample in batch where sample.shape != batch[0].shape {
            throw NetworkError.batchShapes(batch[0].shape, batch[0].name, sample.shape, sample.name)
        }
        if let engine, engine.plan.shape == batch[0].shape { return engine }
        engine = nil
        model.releaseMemory()
        var budget = MemoryBudget(model, shape: batch[0].shape, batch: options.batch, validates: validates, precision: options.precision)
        budget.copies = options.weightCopies
        let made = try Engine(model, plan: budget.plan(within: options.memory))
        engine = made
        return made
    }

    // MARK: The average of the weights

    /// Runs `body` with the average in the model's place, if there is one.
    func withAverage<R>(_ body: () throws -> R) rethrows -> R {
        exchange()
        defer { exchange() }
        return try body()
    }

    private func exchange() {
        guard let own = average else { return }
        average = model.parameters.exchange(values: own.values, states: own.states)
    }

    /// Leaves the model with the average, if there is one, and gives memory back.
    func settle() {
        exchange()
        (engine, average, accumulated) = (nil, nil, nil)
    }

    /// Forgets the average, so that the model keeps what it has.
    func dropAverage() { average = nil }
}

/// A copy of all weights and running statistics of a model.
struct WeightCopy {
    private let values, states: [Float]
    private let trainedSteps: Int?

    /// Without the weights where only the running statistics are wanted.
    init(_ model: Model, statisticsOnly: Bool = false) {
        func copy(_ buffer: Buffer) -> [Float] { Array(UnsafeBufferPointer(start: buffer.base, count: buffer.count)) }
        (values, states, trainedSteps) = (
            statisticsOnly ? [] : copy(model.parameters.values), copy(model.parameters.states), model.trainedSteps
        )
    }

    /// Into a model of the same graph.
    func restore(_ model: Model) {
        for (buffer, copy) in [(model.parameters.values, values), (model.parameters.states, states)] {
            copy.withUnsafeBufferPointer {
                if let base = $0.baseAddress { buffer.base.update(from: base, count: min($0.count, buffer.count)) }
            }
        }
        model.trainedSteps = trainedSteps
    }
}

extension Buffer {
    func copy(_ other: Buffer) { base.update(from: other.base, count: min(count, other.count)) }

    /// Adds another run of as many values, or takes its place.
    func add(_ other: Buffer, first: Bool) {
        let shared = Unchecked((base, other.base))
        Parallel.ranges(count) { range in
            let (a, b) = shared.value
            if first {
                (a + range.lowerBound).update(from: b + range.lowerBound, count: range.count)
            } else {
                for i in range { a[i] += b[i] }
            }
        }
    }

    /// keep · self + (1 − keep) · other.
    func follow(_ other: Buffer, keep: Float) { for i in 0..<count { base[i] = keep * base[i] + (1 - keep) * other.base[i] } }
}
