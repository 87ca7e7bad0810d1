import Support

/// Trains a model in place.
///
/// Samples are drawn without replacement in a seeded order that is shuffled anew for each pass over them; batch normalisation and loss see
/// the whole batch. After training the model has the last weights, or their running average where `ema` is given; the best ones are in the checkpoint. At a first
/// Ctrl-C the step in hand is finished, the state saved and what was reached returned, with `stopped` set; a second drops the step. `onBegin` is told before the first
/// step from which a resumed training goes on, nil for one that begins anew.
///
/// - Throws: `NetworkError` for options, samples and shapes that do not fit, for a model whose outputs are no probabilities, for a state that cannot be gone on
///   from, and when a sample, the loss, a gradient or the weights are not finite (the model then has the best weights, or those before the step); `MemoryError`; `FileError` where
///   the checkpoint cannot be written, which is tried before the first step; what the sources throw.
public func fit(
    _ model: Model, train: any SampleSource, valid: (any SampleSource)?, options: FitOptions,
    onBegin: (Int?) -> Void = { _ in }, onStep: (StepReport) -> Void = { _ in }, onEpoch: (EpochReport) -> Void = { _ in }
) throws -> History {
    try Interrupt.finishing { try Trainer(model, train, valid, options).run(onBegin: onBegin, onStep: onStep, onEpoch: onEpoch) }
}

private final class Trainer {
    let model: Model
    let train: any SampleSource
    let options: FitOptions
    /// Steps of an epoch.
    let steps: Int
    let stepper: Stepper
    let validator: Validator?
    let keeper: StateKeeper?
    var progress = TrainingProgress()
    /// The best weights, where no file has them.
    var bestWeights: WeightCopy?
    private var start = 0.0
    private var log: TrainingLog?
    /// Wall time of the steps of this sitting and their number, and of the last validation.
    private var stepping = (seconds: 0.0, count: 0), validating: Double?

    init(_ model: Model, _ train: any SampleSource, _ valid: (any SampleSource)?, _ options: FitOptions) throws {
        try options.validate(samples: train.count, validation: valid?.count)
        try options.loss.check(model.graph)
        let each = options.batch * options.accumulate
        steps = options.steps ?? (train.count + each - 1) / each
        (self.model, self.train, self.options) = (model, train, options)
        stepper = try Stepper(model, options, validates: valid != nil)
        validator = valid.map { Validator(model, $0, options) }
        let identity = options.identity(samples: train.count, validation: valid?.count, steps: steps)
        keeper = try options.checkpoint.map { try StateKeeper(besideCheckpoint: $0, every: options.every * 60, identity: identity) }
        // Better now than after the first epoch; the file that is opened is dropped at once.
        if let path = options.checkpoint { _ = try AtomicFile(path) }
    }

    func run(onBegin: (Int?) -> Void, onStep: (StepReport) -> Void, onEpoch: (EpochReport) -> Void) throws -> History {
        let resumed = options.resume ? try keeper?.load(into: stepper) : nil
        if let resumed { progress = resumed }
        start = Clock.seconds - progress.seconds
        log = try options.log.map { try TrainingLog($0, metrics: options.metrics, from: resumed?.steps) }
        onBegin(resumed?.steps)
        var stopped = false
        defer { stepper.settle() }
        do {
            let total = options.epochs.flatMap { $0.multipliedReportingOverflow(by: steps * options.accumulate).partialValue }
            let loader = Loader(
                train, batch: options.batch, seed: options.seed, from: progress.steps * options.accumulate,
                total: options.minutes == nil ? total ?? Int.max : Int.max)
            defer { loader.stop() }
            while !isFinished {
                while progress.step < steps, progress.step == 0 || !isOutOfTime { try takeStep(loader, onStep) }
                onEpoch(try endEpoch())
            }
            try keep(always: resumed.map { $0 != progress } ?? true)
        } catch is Interrupted {
            stopped = true
            try keep(always: progress.steps > 0)
        } catch NetworkError.diverged(var divergence) {
            divergence.kept = try restoreBest()
            throw NetworkError.diverged(divergence)
        }
        return History(
            epochs: progress.epochs, bestEpoch: progress.bestEpoch, stopped: stopped, seconds: progress.seconds, steps: progress.steps,
            resumedFrom: resumed?.steps)
    }

    // MARK: The end

    private var elapsed: Double { Clock.seconds - start }

    private var isFinished: Bool {
        if let epochs = options.epochs, progress.epoch > epochs { return true }
        if let patience = options.patience, progress.epochs.count - progress.bestEpoch >= patience { return true }
        return isOutOfTime && progress.step == 0 && !progress.epochs.isEmpty
    }

    private var secondsPerStep: Double { stepping.seconds / Double(max(1, stepping.count)) }

    /// Whether another step and the last validation would end after the time that is allowed.
    private var isOutOfTime: Bool {
        guard let minutes = options.minutes else { return false }
        return elapsed + secondsPerStep + validationSeconds > minutes * 60
    }

    /// As long as the last one took; before the first, a prediction is about a third of a step.
    private var validationSeconds: Double {
        guard let validator else { return 0 }
        return validating ?? Double(validator.count) * secondsPerStep / Double(3 * options.batch * options.accumulate)
    }

    private var remaining: Double? {
        let byTime = options.minutes.map { max(0, $0 * 60 - elapsed) }
        guard let epochs = options.epochs else { return byTime }
        let left =
            Double((epochs - progress.epoch) * steps + steps - progress.step) * secondsPerStep
            + Double(epochs - progress.epoch + 1) * validationSeconds
        return min(left, byTime ?? .infinity)
    }

    // MARK: Steps and epochs

    private func takeStep(_ loader: Loader, _ onStep: (StepReport) -> Void) throws {
        let begin = Clock.seconds
        let position = Schedule.Position(
            step: progress.steps, steps: options.epochs.map { $0 * steps }, time: options.minutes.map { elapsed / ($0 * 60) })
        let factor = options.schedule.factor(at: position, lowered: progress.plateau.factor)
        let result = try stepper.step(
            number: progress.steps, factor: factor, epoch: progress.epoch, step: progress.step + 1, next: { try loader.next() })
        progress.sums.add(result.score, options, background: model.graph.backgroundChannels)
        progress.step += 1
        progress.steps += 1
        progress.rate = options.optimizer.rate * factor
        stepping = (stepping.seconds + Clock.seconds - begin, stepping.count + 1)
        let report = StepReport(
            epoch: progress.epoch, epochs: options.epochs, step: progress.step, steps: steps, loss: result.score.loss,
            dice: result.score.mean(.dice, background: model.graph.backgroundChannels), rate: progress.rate, norm: result.norm,
            secondsPerStep: secondsPerStep, voxels: result.voxels, remaining: remaining, valid: progress.epochs.last)
        onStep(report)
        try log?.add(report, number: progress.steps)
        try keep(always: false)
        if Interrupt.isRequested { throw Interrupted() }
    }

    private func endEpoch() throws -> EpochReport {
        let begin = Clock.seconds
        if let layer = model.parameters.firstNotFinite {
            throw NetworkError.diverged(Divergence(what: .weights, epoch: progress.epoch, step: nil, layer: model.graph.mention(of: layer)))
        }
        let validation = try stepper.withAverage { try validator?.run(after: progress.epoch) }
        if validation != nil { validating = Clock.seconds - begin }
        var report = EpochReport(progress, validation, seconds: 0)
        let quality = validation?.mean(of: .iou, options) ?? -report.loss
        report.best = quality > progress.best
        if report.best {
            try stepper.withAverage {
                if let path = options.checkpoint {
                    try model.save(to: path, metadata: metadata(report))
                } else {
                    bestWeights = nil  // before the new copy is made, so that memory holds one
                    bestWeights = WeightCopy(model)
                }
            }
            (progress.best, progress.bestEpoch) = (quality, progress.epoch)
        }
        progress.plateau.add(validation?.loss ?? report.loss, options.schedule)
        report.seconds = elapsed - progress.epochs.reduce(0) { $0 + $1.seconds }
        progress.epochs.append(report)
        (progress.epoch, progress.step, progress.sums) = (progress.epoch + 1, 0, Mean())
        try log?.add(progress.epochs, steps: progress.steps)
        try keep(always: false, epochEnds: true)
        return report
    }

    /// The training in short, for the model's file. Without what differs from run to run, so that a training repeated gives the same file.
    private func metadata(_ report: EpochReport) -> [String: String] {
        var all = options.metadata
        let choices = options.identity(samples: train.count, validation: validator?.count, steps: steps)
        let named = choices.map { (key: $0.name.replacing(" ", with: "_"), value: JSON.string($0.value)) }
        all["training"] = JSON.object(named + [("steps_taken", .number(Double(progress.steps)))]).text
        all["epoch"] = "\(report.epoch)"
        all["loss"] = Text.short(report.loss)
        if let iou = report.validIoU { all["valid_iou"] = Text.short(iou) }
        if let dice = report.validDice { all["valid_dice"] = Text.short(dice) }
        return all
    }

    private func keep(always: Bool, epochEnds: Bool = false) throws {
        progress.seconds = elapsed
        try keeper?.save(stepper, progress, always: always, epochEnds: epochEnds)
    }

    /// Puts the best weights into the model and says of which epoch they are; 0 where there are none, and the model keeps what it has.
    private func restoreBest() throws -> Int {
        guard progress.bestEpoch > 0 else { return 0 }
        if let path = options.checkpoint {
            try WeightCopy(Model.load(path)).restore(model)
        } else {
            guard let bestWeights else { return 0 }
            bestWeights.restore(model)
        }
        stepper.dropAverage()
        return progress.bestEpoch
    }
}

extension EpochReport {
    fileprivate init(_ progress: TrainingProgress, _ validation: Mean?, seconds: Double) {
        let sums = progress.sums
        self.init(
            epoch: progress.epoch, loss: sums.loss, dice: sums.metrics[0], iou: sums.metrics[1], metrics: Array(sums.metrics.dropFirst(2)),
            validLoss: validation?.loss, validDice: validation?.metrics[0], validIoU: validation?.metrics[1],
            validMetrics: validation.map { Array($0.metrics.dropFirst(2)) }, rate: progress.rate, seconds: seconds, best: false)
    }
}
