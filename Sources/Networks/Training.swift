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

    public init(image: [Float], target: [Float], shape: SIMD3<Int>, name: String) {
        (self.image, self.target, self.shape, self.name) = (image, target, shape, name)
    }
}

/// Samples that are made or read when they are needed, so that a cohort never has to fit into memory.
/// `sample` is called from a background thread while a step runs, one call at a time.
public protocol SampleSource: Sendable {
    var count: Int { get }
    func sample(_ index: Int) throws -> Sample
}

/// Samples held in memory.
public struct SampleArray: SampleSource {
    public let samples: [Sample]
    public init(_ samples: [Sample]) { self.samples = samples }
    public var count: Int { samples.count }
    public func sample(_ index: Int) throws -> Sample { samples[index] }
}

/// What training minimises.
public enum Loss: Sendable, Equatable {
    /// Soft Dice: 1 − (2Σpt + 1) / (Σp + Σt + 1), sums over one sample's voxels and channels, then the mean over the batch
    /// (Milletari et al. 2016, arXiv:1606.04797, with plain instead of squared sums, and smoothing 1).
    case dice
}

/// How weights follow gradients.
public enum Optimizer: Sendable, Equatable {
    /// Adam (Kingma, Ba 2015, arXiv:1412.6980), bias-corrected; epsilon is added to the corrected root as in PyTorch.
    case adam(rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7)
}

public struct FitOptions: Sendable {
    public var epochs: Int
    /// Steps an epoch; nil goes once over the samples, ceil(count / batch).
    public var steps: Int?
    public var batch: Int
    public var loss: Loss
    public var optimizer: Optimizer
    /// Where the best model is kept, by validation IoU, or training loss where there is no validation.
    public var checkpoint: String?
    /// Seeds the order of samples and the dropout.
    public var seed: UInt64
    /// Stored in the checkpoint.
    public var metadata: [String: String]

    public init(
        epochs: Int, steps: Int? = nil, batch: Int = 1, loss: Loss = .dice, optimizer: Optimizer = .adam(), checkpoint: String? = nil,
        seed: UInt64 = 0, metadata: [String: String] = [:]
    ) {
        (self.epochs, self.steps, self.batch, self.loss) = (epochs, steps, batch, loss)
        (self.optimizer, self.checkpoint, self.seed, self.metadata) = (optimizer, checkpoint, seed, metadata)
    }
}

/// After each step.
public struct StepReport: Sendable {
    /// Both from 1.
    public var epoch: Int
    public var epochs: Int
    public var step: Int
    public var steps: Int
    /// Of this step's batch, in training mode.
    public var loss: Double
    /// Mean hard Dice of this step's batch at 0.5.
    public var dice: Double
    /// Mean over this run's steps so far.
    public var secondsPerStep: Double
    /// The last finished epoch.
    public var valid: EpochReport?
}

/// After each epoch; overlaps are of predictions at 0.5, averaged over samples.
public struct EpochReport: Sendable, Equatable {
    public var epoch: Int
    public var loss: Double
    public var dice: Double
    public var iou: Double
    public var validLoss: Double?
    public var validDice: Double?
    public var validIoU: Double?
    public var seconds: Double
    /// Whether this epoch's model is the best so far.
    public var best: Bool
}

public struct History: Sendable, Equatable {
    /// Finished epochs.
    public var epochs: [EpochReport]
    /// From 1; 0 before the first epoch has finished.
    public var bestEpoch: Int
    /// True when Ctrl-C ended the training.
    public var stopped: Bool
    public var seconds: Double
}
