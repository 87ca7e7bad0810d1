import CKernels

/// The functions of this instruction set for scalar images. May only be called on a processor that has it.
public func imageTable() -> SKImageTable {
    SKImageTable(
        moments: { moments($0.pointee) }, extent: { extent(&$0.pointee) }, stretch: { stretch($0.pointee) },
        binCounts: { binCounts($0.pointee) }, median27: { median27($0.pointee) }, middleRanks: { middleRanks($0.pointee) },
        differenceSums: { differenceSums($0.pointee) }, rowSum: { rowSum($0.pointee) }, patchWeights: { patchWeights($0.pointee) },
        weighted: { weighted($0.pointee) }, voxelStep: { voxelStep($0.pointee) })
}
