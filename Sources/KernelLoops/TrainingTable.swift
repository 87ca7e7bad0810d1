import CKernels

/// The functions of this instruction set for losses and optimisers. May only be called on a processor that has it.
public func trainingTable() -> SKTrainingTable {
    SKTrainingTable(
        lossSums: { lossSums($0.pointee) }, lossGradient: { lossGradient($0.pointee) }, adam: { adam($0.pointee) }, sgd: { sgd($0.pointee) },
        squares: { squares($0.pointee) }, draws: { draws($0.pointee) })
}
