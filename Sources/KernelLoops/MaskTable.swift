import CKernels

/// The functions of this instruction set for masks. May only be called on a processor that has it.
public func maskTable() -> SKMaskTable {
    SKMaskTable(distanceLines: { distanceLines($0.pointee) })
}
