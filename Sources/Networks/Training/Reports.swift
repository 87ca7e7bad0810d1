/// After each step.
public struct StepReport: Sendable {
    /// This epoch, from 1.
    public var epoch: Int
    /// Epochs in all; nil where time says when to end.
    public var epochs: Int?
    /// This step within the epoch, from 1.
    public var step: Int
    /// Steps of an epoch.
    public var steps: Int
    /// The batch's loss, before the step.
    public var loss: Double
    /// Mean Dice of the batch's samples, thresholded at 0.5, before the step.
    public var dice: Double
    /// The learning rate of the step.
    public var rate: Double
    /// The length of the gradient, before it was clipped.
    public var norm: Double
    /// Mean wall time of the steps so far.
    public var secondsPerStep: Double
    /// Voxels of a step's samples.
    public var voxels: Int
    /// Seconds to the end by what was seen so far; nil where nobody can tell.
    public var remaining: Double?
    /// The last validation, if there was one.
    public var valid: EpochReport?
}

/// After each epoch.
public struct EpochReport: Sendable, Equatable {
    /// From 1.
    public var epoch: Int
    /// Mean over the epoch's training samples.
    public var loss: Double
    /// Mean Dice of the training samples.
    public var dice: Double
    /// Mean intersection over union of the training samples.
    public var iou: Double
    /// Further metrics of the training samples, in the order of the options.
    public var metrics: [Double] = []
    /// Mean loss of the validation samples, predicted with the weights at the end of the epoch; nil without validation.
    public var validLoss: Double?
    /// Mean Dice of the validation samples.
    public var validDice: Double?
    /// Mean intersection over union of the validation samples; the greatest makes the best model.
    public var validIoU: Double?
    /// Further metrics of the validation samples.
    public var validMetrics: [Double]?
    /// The learning rate of the last step.
    public var rate = 0.0
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
    /// Wall time of the whole training, with that before it was resumed.
    public var seconds: Double
    /// Steps taken.
    public var steps = 0
    /// The step from which a resumed training went on; nil for one that began anew.
    public var resumedFrom: Int?
}
