/// One training example: an image and its target, both channel after channel with x fastest.
public struct Sample: Sendable {
    /// channels × voxels values.
    public var image: [Float]
    /// Output channels × voxels values in 0 … 1.
    public var target: [Float]
    /// (x, y, z), the same for image and target.
    public var shape: SIMD3<Int>
    /// What errors call it: a path or an identifier.
    public var name: String

    /// Sizes are checked when a training meets the sample.
    public init(image: [Float], target: [Float], shape: SIMD3<Int>, name: String) {
        (self.image, self.target, self.shape, self.name) = (image, target, shape, name)
    }
}

/// Samples that are made or read when they are needed, so that a cohort never has to fit into memory.
/// `sample` is called from a background thread while a step runs, one call at a time.
public protocol SampleSource: Sendable {
    /// Number of samples; it must not change.
    var count: Int { get }
    /// The sample at an index from 0. What it throws ends the training.
    ///
    /// - Parameter draw: seeds what is random about the sample: one index and one draw always give the same sample. A training hands over another draw each time, a
    ///   function of its seed and of the place in its sequence of samples alone, below 2³².
    func sample(_ index: Int, draw: UInt64) throws -> Sample
}

extension SampleSource {
    /// The sample as validation sees it, the same each time.
    public func sample(_ index: Int) throws -> Sample { try sample(index, draw: UInt64(index)) }
}

/// Samples held in memory.
public struct SampleArray: SampleSource {
    /// In the order of their indices.
    public let samples: [Sample]
    /// Keeps the samples.
    public init(_ samples: [Sample]) { self.samples = samples }
    /// Number of samples.
    public var count: Int { samples.count }
    /// The sample at an index from 0 to count − 1.
    public func sample(_ index: Int, draw: UInt64) throws -> Sample { samples[index] }
}

/// What training minimises.
public enum Loss: Sendable, Equatable {
    /// Soft Dice: 1 − (2Σpt + 1) / (Σp + Σt + 1), sums over one sample's voxels and channels, then the mean over the batch
    /// (Milletari et al. 2016, arXiv:1606.04797, with plain instead of squared sums, and smoothing 1). The model's outputs must be probabilities.
    case dice
}

/// How weights follow gradients.
public enum Optimizer: Sendable, Equatable {
    /// Adam (Kingma, Ba 2015, arXiv:1412.6980), bias-corrected; epsilon is added to the corrected root as in PyTorch.
    case adam(rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7)
}

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
    /// Turns, each with a validation at its end; 1 to 2³⁰.
    public var epochs: Int
    /// Steps an epoch; nil goes once over the samples, ceil(count / batch).
    public var steps: Int?
    /// Samples a step, at most as many as there are.
    public var batch: Int
    /// What is minimised.
    public var loss: Loss
    /// How weights follow gradients.
    public var optimizer: Optimizer
    /// Where the best model is kept, by validation IoU, or training loss where there is no validation.
    public var checkpoint: String?
    /// Bytes that the training may take: beyond that, values are computed again in the backward pass rather than kept. nil for what the machine has free.
    public var memory: Int?
    /// How the values between layers are stored.
    public var precision: Precision
    /// Seeds the order of samples and the dropout.
    public var seed: UInt64
    /// Stored in the checkpoint.
    public var metadata: [String: String]

    /// Nothing is checked before `fit`, which throws for options that make no sense.
    public init(
        epochs: Int, steps: Int? = nil, batch: Int = 1, loss: Loss = .dice, optimizer: Optimizer = .adam(), checkpoint: String? = nil,
        memory: Int? = nil, precision: Precision = .float32, seed: UInt64 = 0, metadata: [String: String] = [:]
    ) {
        (self.epochs, self.steps, self.batch, self.loss) = (epochs, steps, batch, loss)
        (self.optimizer, self.checkpoint, self.memory, self.precision) = (optimizer, checkpoint, memory, precision)
        (self.seed, self.metadata) = (seed, metadata)
    }
}

/// After each step.
public struct StepReport: Sendable {
    /// This epoch, from 1.
    public var epoch: Int
    /// Epochs that were asked for.
    public var epochs: Int
    /// This step within its epoch, from 1.
    public var step: Int
    /// Steps an epoch.
    public var steps: Int
    /// Of this step's batch, in training mode.
    public var loss: Double
    /// Mean Dice of this step's batch, of masks where probability and target are at least 0.5.
    public var dice: Double
    /// Mean over this run's steps so far.
    public var secondsPerStep: Double
    /// The last finished epoch.
    public var valid: EpochReport?
}

/// After each epoch. Overlaps are of masks, where the probability and the target are at least 0.5, and averaged over samples.
public struct EpochReport: Sendable, Equatable {
    /// From 1.
    public var epoch: Int
    /// Mean loss of the epoch's batches, in training mode, each before its step moved the weights.
    public var loss: Double
    /// Mean Dice of the same predictions.
    public var dice: Double
    /// Mean intersection over union of the same predictions.
    public var iou: Double
    /// Mean loss of the validation samples, predicted with the weights at the end of the epoch; nil without validation.
    public var validLoss: Double?
    /// Mean Dice of the validation samples.
    public var validDice: Double?
    /// Mean intersection over union of the validation samples; the greatest makes the best model.
    public var validIoU: Double?
    /// Wall time of the epoch, with its validation and checkpoint.
    public var seconds: Double
    /// Whether this epoch's model is the best so far.
    public var best: Bool
}

/// What a training did.
public struct History: Sendable, Equatable {
    /// Finished epochs.
    public var epochs: [EpochReport]
    /// From 1; 0 before the first epoch has finished.
    public var bestEpoch: Int
    /// True when Ctrl-C ended the training.
    public var stopped: Bool
    /// Wall time of the whole training.
    public var seconds: Double
}
