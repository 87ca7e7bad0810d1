import Support

/// Trains a model in place.
///
/// Samples are drawn without replacement in a seeded order that is shuffled anew for each pass over them; batch normalisation and loss see
/// the whole batch. After training the model has the last weights; the best ones are in the checkpoint. Ctrl-C drops the step in hand and returns what
/// was reached, with `stopped` set.
///
/// - Throws: `NetworkError` for options, samples and shapes that do not fit, for a model whose outputs are no probabilities, and when the loss or
///   a gradient is no longer finite (the weights before that step are kept); `MemoryError`; `FileError` where the checkpoint cannot be written,
///   which is tried before the first step; what the sources throw.
public func fit(
    _ model: Model, train: any SampleSource, valid: (any SampleSource)?, options: FitOptions,
    onStep: (StepReport) -> Void = { _ in }, onEpoch: (EpochReport) -> Void = { _ in }
) throws -> History {
    let trainer = try Trainer(model, train, valid, options)
    return try trainer.run(onStep: onStep, onEpoch: onEpoch)
}

private final class Trainer {
    let model: Model
    let train: any SampleSource
    let valid: (any SampleSource)?
    let options: FitOptions
    let steps: Int
    let adam: AdamState
    var engine: Engine?
    var stepsDone = 0

    init(_ model: Model, _ train: any SampleSource, _ valid: (any SampleSource)?, _ options: FitOptions) throws {
        func positive(_ name: String, _ value: Int) throws {
            guard (1...1 << 30).contains(value) else {
                throw NetworkError.option(name: name, value: "\(value)", expected: "1 to \(Text.grouped(1 << 30))")
            }
        }
        try positive("epochs", options.epochs)
        try positive("batch", options.batch)
        if let steps = options.steps { try positive("steps", steps) }
        guard train.count > 0 else { throw NetworkError.noSamples("to train on") }
        if let valid, valid.count == 0 { throw NetworkError.noSamples("to validate on") }
        guard options.batch <= train.count else { throw NetworkError.batchTooLarge(batch: options.batch, samples: train.count) }
        if options.loss == .dice, !model.graph.givesProbabilities {
            throw NetworkError.notProbabilities(loss: "Dice", lastLayer: model.graph.entries[model.graph.entries.count - 1].layer.kind)
        }
        // Better now than after the first epoch; the file that is opened is dropped at once.
        if let path = options.checkpoint { _ = try AtomicFile(path) }
        (self.model, self.train, self.valid, self.options) = (model, train, valid, options)
        steps = options.steps ?? (train.count + options.batch - 1) / options.batch
        adam = try AdamState(options.optimizer, weights: model.parameters.values.count)
    }

    func run(onStep: (StepReport) -> Void, onEpoch: (EpochReport) -> Void) throws -> History {
        let start = Clock.seconds
        var history = History(epochs: [], bestEpoch: 0, stopped: false, seconds: 0)
        var best = -Double.infinity
        var stepping = 0.0
        defer { engine = nil }
        do {
            let loader = Loader(train, batch: options.batch, seed: options.seed, total: options.epochs * steps)
            defer { loader.stop() }
            for epoch in 1...options.epochs {
                let epochStart = Clock.seconds
                var score = Mean()
                for step in 1...steps {
                    let stepStart = Clock.seconds
                    let batch = try loader.next()
                    let result = try trainStep(batch, epoch: epoch, step: step)
                    stepping += Clock.seconds - stepStart
                    score.add(result)
                    onStep(
                        StepReport(
                            epoch: epoch, epochs: options.epochs, step: step, steps: steps, loss: result.loss,
                            dice: result.dice.reduce(0, +) / Double(result.dice.count), secondsPerStep: stepping / Double(stepsDone),
                            valid: history.epochs.last))
                    try Interrupt.check()
                }
                let validation = try validate()
                let quality = validation?.iou ?? -score.loss
                var report = EpochReport(
                    epoch: epoch, loss: score.loss, dice: score.dice, iou: score.iou, validLoss: validation?.loss,
                    validDice: validation?.dice,
                    validIoU: validation?.iou, seconds: Clock.seconds - epochStart, best: quality > best)
                if report.best {
                    if let path = options.checkpoint { try model.save(to: path, metadata: metadata(epoch, report)) }
                    best = quality
                    history.bestEpoch = epoch
                }
                report.seconds = Clock.seconds - epochStart
                history.epochs.append(report)
                onEpoch(report)
            }
        } catch is Interrupted {
            history.stopped = true
        }
        history.seconds = Clock.seconds - start
        return history
    }

    private func metadata(_ epoch: Int, _ report: EpochReport) -> [String: String] {
        var all = options.metadata
        all["epoch"] = "\(epoch)"
        all["loss"] = Text.short(report.loss)
        if let iou = report.validIoU { all["valid_iou"] = Text.short(iou) }
        return all
    }

    /// One step. Weights and running averages change only after everything that can fail or be interrupted.
    private func trainStep(_ batch: [Sample], epoch: Int, step: Int) throws -> BatchScore {
        let engine = try engine(for: batch)
        for (i, sample) in batch.enumerated() {
            sample.image.withUnsafeBufferPointer { if let p = $0.baseAddress { engine.input.fill(sample: i, from: p) } }
            sample.target.withUnsafeBufferPointer { if let p = $0.baseAddress { engine.target.fill(sample: i, from: p) } }
            try Interrupt.check()
        }
        let count = UInt64(stepsDone)
        try engine.forward(seed: options.seed, step: count)
        let score = try options.loss.evaluate(engine.output, target: engine.target, gradient: engine.outputGradient)
        if let bad = score.firstNotFinite { throw NetworkError.diverged(what: "loss", epoch: epoch, step: step, sample: batch[bad].name) }
        try engine.backward(seed: options.seed, step: count)
        guard let gradients = engine.weightGradients else { return score }
        guard AdamState.isFinite(gradients) else {
            throw NetworkError.diverged(what: "gradient", epoch: epoch, step: step, sample: batch.map(\.name).joined(separator: ", "))
        }
        adam.update(model.parameters.values, gradient: gradients)
        engine.commitStatistics(steps: model.trainedSteps)
        model.trainedSteps = model.trainedSteps.map { $0 + 1 }
        stepsDone += 1
        return score
    }

    /// The engine for a batch's shape; all batches of one shape use the same memory.
    private func engine(for batch: [Sample]) throws -> Engine {
        for sample in batch {
            try check(sample)
            if sample.shape != batch[0].shape { throw NetworkError.batchShapes(batch[0].shape, batch[0].name, sample.shape, sample.name) }
        }
        if let engine, engine.plan.shape == batch[0].shape { return engine }
        engine = nil
        model.releaseMemory()
        let budget = MemoryBudget(model, shape: batch[0].shape, batch: options.batch, validates: valid != nil, precision: options.precision)
        let made = try Engine(model, plan: budget.plan(within: options.memory))
        engine = made
        return made
    }

    private func check(_ sample: Sample) throws {
        guard sample.shape.min() >= 1, sample.shape.max() <= Limit.axis else {
            throw NetworkError.axisLength(sample.shape, most: Limit.axis)
        }
        let voxels = sample.shape.product
        guard sample.image.count == model.inputChannels * voxels else {
            throw NetworkError.count(name: "the image of \(sample.name)", found: sample.image.count, expected: model.inputChannels * voxels)
        }
        guard sample.target.count == model.outputChannels * voxels else {
            throw NetworkError.count(
                name: "the target of \(sample.name)", found: sample.target.count, expected: model.outputChannels * voxels)
        }
        guard Finite.all(sample.image) else { throw NetworkError.notFinite(sample: sample.name, what: "the image") }
        guard Finite.all(sample.target) else { throw NetworkError.notFinite(sample: sample.name, what: "the target") }
    }

    /// Loss and overlaps over the validation samples, one at a time, as in prediction.
    private func validate() throws -> Mean? {
        guard let valid else { return nil }
        var mean = Mean()
        for i in 0..<valid.count {
            let sample = try valid.sample(i)
            try check(sample)
            let p = try model.predict(sample.image, shape: sample.shape, precision: options.precision)
            mean.add(try score(p, sample.target, channels: model.outputChannels, shape: sample.shape))
        }
        return mean
    }

    private func score(_ p: [Float], _ target: [Float], channels: Int, shape: SIMD3<Int>) throws -> BatchScore {
        // As one long row, which is what the loss makes of a sample anyway; padded to whole vectors.
        var (p, target) = (p, target)
        let n = p.count
        p.append(contentsOf: repeatElement(0, count: 16))
        target.append(contentsOf: repeatElement(0, count: 16))
        return try p.withUnsafeMutableBufferPointer { p in
            try target.withUnsafeMutableBufferPointer { t in
                guard let a = p.baseAddress, let b = t.baseAddress else { return BatchScore(losses: [], dice: [], iou: []) }
                let flat = SIMD3(n, 1, 1)
                return try options.loss.evaluate(
                    Tensor(base: a, batch: 1, channels: 1, shape: flat), target: Tensor(base: b, batch: 1, channels: 1, shape: flat),
                    gradient: nil)
            }
        }
    }
}

/// Means over samples.
private struct Mean {
    private var count = 0.0
    private var sums = (loss: 0.0, dice: 0.0, iou: 0.0)
    var loss: Double { sums.loss / max(1, count) }
    var dice: Double { sums.dice / max(1, count) }
    var iou: Double { sums.iou / max(1, count) }

    mutating func add(_ score: BatchScore) {
        count += Double(score.losses.count)
        sums.loss += score.losses.reduce(0, +)
        sums.dice += score.dice.reduce(0, +)
        sums.iou += score.iou.reduce(0, +)
    }
}
