import Support

/// How the values between layers are stored. Sums and weights are single precision either way.
public enum Precision: String, Sendable, CaseIterable {
    /// 4 bytes a value.
    case float32
    /// 2 bytes a value: the range of single precision with 8 bits of it (the upper half of a float), for values between convolutions; gradients are
    /// single precision.
    case bfloat16 = "bf16"
}

/// How a model is trained.
public struct FitOptions: Sendable {
    /// Turns, each with a validation at its end; 1 to 2³⁰. nil where `minutes` says when to end.
    public var epochs: Int?
    /// Steps an epoch; nil goes once over the samples, ceil(count / (batch · accumulate)).
    public var steps: Int?
    /// Samples a batch, at most as many as there are.
    public var batch: Int
    /// Batches whose gradients are added up for one step: as a batch that many times larger, but for batch normalisation and dropout.
    public var accumulate = 1
    /// What is minimised.
    public var loss: Loss
    /// How weights follow gradients.
    public var optimizer: Optimizer
    /// How the learning rate changes.
    public var schedule = Schedule.constant
    /// The longest gradient, as the root of the sum of squares over all weights; longer ones are scaled down to it. nil for any.
    public var clip: Double?
    /// Share of a running average of the weights that stays at each step (early on less: at most (1 + t) / (10 + t)). The average is what is validated, saved
    /// as the best model and what the model ends with. nil for none.
    public var ema: Double?
    /// Stop after so many epochs without a better model; nil never does.
    public var patience: Int?
    /// Wall minutes after which training ends, with its last validation; schedules stretch to them. nil for no bound.
    public var minutes: Double?
    /// The shape of random pieces of the samples that are trained on; nil takes samples whole.
    public var patch: SIMD3<Int>?
    /// Whether validation samples are predicted in overlapping boxes of the size of `patch` rather than whole.
    public var slides = false
    /// What is reported beside loss, Dice and IoU.
    public var metrics: [Metric] = []
    /// Where the best model is kept, by validation IoU, or training loss where there is no validation. Beside it, the whole state of the training: see `TrainingState`.
    public var checkpoint: String?
    /// Go on from the state beside `checkpoint`, if there is one.
    public var resume = false
    /// Minutes between two savings of the state.
    public var every = 5.0
    /// Where it is written down how the training goes: a table of epochs where the name ends in .csv, else a folder of TensorBoard's event files. nil for nowhere.
    public var log: String?
    /// Bytes that the training may take: beyond that, values are computed again in the backward pass rather than kept. nil for what the machine has free.
    public var memory: Int?
    /// How the values between layers are stored.
    public var precision: Precision
    /// Seeds the order of samples and the dropout.
    public var seed: UInt64
    /// What samples are made from, by name, in words that differ where they differ: a training does not go on with others.
    public var sources: [(name: String, value: String)] = []
    /// Stored in the checkpoint.
    public var metadata: [String: String]

    /// Nothing is checked before `fit`, which throws for options that make no sense.
    public init(
        epochs: Int?, steps: Int? = nil, batch: Int = 1, loss: Loss = .dice, optimizer: Optimizer = .adam(), checkpoint: String? = nil,
        memory: Int? = nil, precision: Precision = .float32, seed: UInt64 = 0, metadata: [String: String] = [:]
    ) {
        (self.epochs, self.steps, self.batch, self.loss) = (epochs, steps, batch, loss)
        (self.optimizer, self.checkpoint, self.memory, self.precision) = (optimizer, checkpoint, memory, precision)
        (self.seed, self.metadata) = (seed, metadata)
    }

    /// The file beside the checkpoint in which the training's state is kept.
    public var statePath: String? { checkpoint.map(StateKeeper.path(besideCheckpoint:)) }

    /// Throws `NetworkError.option`, `.batchTooLarge` or `.noSamples` for numbers that make no sense with so many samples.
    func validate(samples: Int, validation: Int?) throws {
        func check(_ name: String, _ value: String, _ isRight: Bool, _ expected: String) throws {
            guard isRight else { throw NetworkError.option(name: name, value: value, expected: expected) }
        }
        func positive(_ name: String, _ value: Int?) throws {
            guard let value else { return }
            try check(name, "\(value)", (1...1 << 30).contains(value), "1 to \(Text.grouped(1 << 30))")
        }
        try positive("epochs", epochs)
        try positive("batch", batch)
        try positive("accumulate", accumulate)
        try positive("steps", steps)
        try positive("patience", patience)
        try check("epochs", "none", epochs != nil || minutes != nil, "a number unless minutes are given")
        try loss.validate()
        try optimizer.validate()
        try schedule.validate()
        if let clip { try check("clip", Text.short(clip), clip > 0 && clip.isFinite, "above 0") }
        if let ema { try check("ema", Text.short(ema), ema >= 0 && Float(ema) < 1, "at least 0 and below 1") }
        if let minutes { try check("minutes", Text.short(minutes), minutes > 0 && minutes <= 1e7, "above 0") }
        if let patch {
            try check(
                "patch", Text.sizes(patch), patch.min() >= 1 && patch.max() <= Limit.axis, "1 to \(Limit.axis) voxels along each axis")
        }
        try check("validate", "sliding", !slides || patch != nil, "whole without a patch that says how large the boxes are")
        try check("every", Text.short(every), every >= 0 && every <= 1e7, "a number of minutes from 0")
        try check("resume", "true", !resume || checkpoint != nil, "false without a checkpoint to go on from")
        guard samples > 0 else { throw NetworkError.noSamples("to train on") }
        if validation == 0 { throw NetworkError.noSamples("to validate on") }
        guard batch <= samples else { throw NetworkError.batchTooLarge(batch: batch, samples: samples) }
    }

    /// Everything that what is learned depends on, by name: what must be the same for a training to go on.
    func identity(samples: Int, validation: Int?, steps: Int) -> [(name: String, value: String)] {
        func text<T>(_ value: T?) -> String { value.map { "\($0)" } ?? "none" }
        return [
            ("samples", "\(samples)"), ("validation samples", text(validation)), ("steps", "\(steps)"), ("batch", "\(batch)"),
            ("accumulate", "\(accumulate)"), ("loss", loss.name), ("optimizer", optimizer.name), ("schedule", schedule.name),
            ("clip", text(clip)), ("ema", text(ema)), ("patience", text(patience)), ("patch", patch.map(Text.sizes) ?? "none"),
            ("validate", slides ? "sliding" : "whole"),
            ("metrics", metrics.map(\.rawValue).joined(separator: ", ")), ("precision", precision.rawValue), ("seed", "\(seed)"),
        ] + sources
    }

    /// Runs of memory as large as the weights that a training holds: weights, gradients, moments, the best weights so far, and what else was asked for.
    var weightCopies: Int {
        let moments = if case .sgd = optimizer { 1 } else { 2 }
        return 3 + moments + (ema == nil ? 0 : 1) + (accumulate > 1 ? 1 : 0)
    }
}
