import Support

/// Arithmetic of two operands, voxel by voxel.
public enum Arithmetic: String, Sendable, CaseIterable { case add, subtract, multiply, divide, remainder, power }

/// Comparison of two operands, voxel by voxel. With a NaN on either side only `notEqual` holds (IEEE 754).
public enum Comparison: String, Sendable, CaseIterable { case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual }

/// Logic of two masks, voxel by voxel.
public enum Logic: String, Sendable, CaseIterable { case and, or, exclusiveOr }

/// A function of one volume, voxel by voxel.
public enum Unary: String, Sendable, CaseIterable { case abs, sqrt, exp, log, negate, round, floor, ceil }

/// Voxel-by-voxel operations. Grids are checked (`GridError.mismatch`); results are float32 on the grid of the first operand that has one.
/// Floating point rules hold throughout: 0/0 is NaN, 1/0 infinity, the root or logarithm of a negative number NaN.
public enum Elementwise {
    /// What an operation works on; a mask counts as a volume of zeros and ones.
    public enum Operand: Sendable {
        case volume(Volume)
        case mask(Mask)
        case number(Double)

        var expression: VoxelExpression.Operand {
            switch self {
            case .volume(let v): .expression(VoxelExpression(v))
            case .mask(let m): .expression(VoxelExpression(m))
            case .number(let x): .number(x)
            }
        }
    }

    /// `remainder` has the sign of the divisor, as `%` in Python and numpy. Throws `IntensityError.twoNumbers` without a volume or mask,
    /// `GridError.mismatch`, `MemoryError`, `Interrupted`.
    public static func apply(_ operation: Arithmetic, _ a: Operand, _ b: Operand) throws -> Volume {
        try VoxelExpression.arithmetic(operation, a.expression, b.expression).volume()
    }

    /// Where a comparison holds. Throws `IntensityError.twoNumbers` without a volume or mask, `GridError.mismatch`, `MemoryError`, `Interrupted`.
    public static func compare(_ operation: Comparison, _ a: Operand, _ b: Operand) throws -> Mask {
        try VoxelExpression.comparison(operation, a.expression, b.expression).mask()
    }

    /// Two masks on one grid, as one. Throws `GridError.mismatch`, `MemoryError`, `Interrupted`.
    public static func apply(_ operation: Logic, _ a: Mask, _ b: Mask) throws -> Mask {
        try VoxelExpression.logic(operation, VoxelExpression(a), VoxelExpression(b)).mask()
    }

    /// The voxels that are not in a mask. Throws `Interrupted`.
    public static func not(_ a: Mask) throws -> Mask { a.with(try Voxels.complement(a.voxels)) }

    /// A function of every voxel; float32. `round` goes to the even number of two equally near. Throws `MemoryError`, `Interrupted`.
    public static func apply(_ function: Unary, _ v: Volume) throws -> Volume { try VoxelExpression(v).mapped(by: function).volume() }

    /// Values held within `range`; NaN stays NaN. Throws `MemoryError`, `Interrupted`.
    public static func clamp(_ v: Volume, to range: ClosedRange<Float>) throws -> Volume { try VoxelExpression(v).clamped(to: range).volume() }

    /// The volume inside the mask, `outside` elsewhere; the datatype stays (a value that it cannot hold is met at saving). Throws
    /// `GridError.mismatch` for a mask elsewhere, `MemoryError`, `Interrupted`, and `StoredError.noSuchNumber` as `Volume.padded`.
    public static func masked(_ v: Volume, by mask: Mask, outside: Float = 0) throws -> Volume {
        try v.grid.require(same: mask.grid)
        return try v.rearranged(on: v.grid, outside: outside, by: Inside(mask: mask.voxels))
    }

    /// Voxels that stay where a mask is, and go elsewhere.
    private struct Inside: VoxelMove {
        let mask: [UInt8]

        func apply<T: BitwiseCopyable>(to voxels: [T], outside: T) throws -> [T] {
            let outside = Unchecked(outside)
            return try Voxels.map(voxels, mask) { x, inside, out, n in
                for i in 0..<n { out[i] = inside[i] != 0 ? x[i] : outside.value }
            }
        }
    }
}

extension Volume {
    /// Voxels with values in `range`, both ends included. NaN is not in it. Throws `Interrupted`.
    public func threshold(within range: ClosedRange<Float>) throws -> Mask {
        let (low, high) = (range.lowerBound, range.upperBound)
        return Mask(
            grid: grid,
            voxels: try Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i] >= low && x[i] <= high ? 1 : 0 }
            }, header: header?.forDerivedValues())
    }
}
