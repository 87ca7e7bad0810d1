import Glibc
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

        var grid: Grid? {
            switch self {
            case .volume(let v): v.grid
            case .mask(let m): m.grid
            case .number: nil
            }
        }
    }

    /// `remainder` has the sign of the divisor, as `%` in Python and numpy. Throws `IntensityError.twoNumbers` without a volume or mask.
    public static func apply(_ operation: Arithmetic, _ a: Operand, _ b: Operand) throws -> Volume {
        let voxels: [Float]
        switch operation {
        case .add: voxels = try combine(a, b) { $0 + $1 }
        case .subtract: voxels = try combine(a, b) { $0 - $1 }
        case .multiply: voxels = try combine(a, b) { $0 * $1 }
        case .divide: voxels = try combine(a, b) { $0 / $1 }
        case .remainder:
            voxels = try combine(a, b) { x, y in
                let r = fmodf(x, y)
                return r != 0 && (r < 0) != (y < 0) ? r + y : r
            }
        case .power:
            if case .number(2) = b { voxels = try combine(a, b) { x, _ in x * x } } else { voxels = try combine(a, b) { powf($0, $1) } }
        }
        let (grid, header) = place(a, b)
        return Volume(grid: grid, voxels: voxels, header: header)
    }

    public static func compare(_ operation: Comparison, _ a: Operand, _ b: Operand) throws -> Mask {
        let voxels: [UInt8]
        switch operation {
        case .less: voxels = try combine(a, b) { $0 < $1 ? 1 : 0 }
        case .lessOrEqual: voxels = try combine(a, b) { $0 <= $1 ? 1 : 0 }
        case .greater: voxels = try combine(a, b) { $0 > $1 ? 1 : 0 }
        case .greaterOrEqual: voxels = try combine(a, b) { $0 >= $1 ? 1 : 0 }
        case .equal: voxels = try combine(a, b) { $0 == $1 ? 1 : 0 }
        case .notEqual: voxels = try combine(a, b) { $0 != $1 ? 1 : 0 }
        }
        let (grid, header) = place(a, b)
        return Mask(grid: grid, voxels: voxels, header: header)
    }

    public static func apply(_ operation: Logic, _ a: Mask, _ b: Mask) throws -> Mask {
        try a.grid.require(same: b.grid)
        switch operation {
        case .and: return a.with(Voxels.map(a.voxels, b.voxels) { $0 & $1 })
        case .or: return a.with(Voxels.map(a.voxels, b.voxels) { $0 | $1 })
        case .exclusiveOr: return a.with(Voxels.map(a.voxels, b.voxels) { $0 ^ $1 })
        }
    }

    public static func not(_ a: Mask) -> Mask { a.with(Voxels.map(a.voxels) { $0 ^ 1 }) }

    public static func apply(_ function: Unary, _ v: Volume) -> Volume {
        switch function {
        case .abs: v.with(Voxels.map(v.voxels) { $0.magnitude })
        case .sqrt: v.with(Voxels.map(v.voxels) { $0.squareRoot() })
        case .exp: v.with(Voxels.map(v.voxels) { expf($0) })
        case .log: v.with(Voxels.map(v.voxels) { logf($0) })
        case .negate: v.with(Voxels.map(v.voxels) { -$0 })
        case .round: v.with(Voxels.map(v.voxels) { rintf($0) })
        case .floor: v.with(Voxels.map(v.voxels) { floorf($0) })
        case .ceil: v.with(Voxels.map(v.voxels) { ceilf($0) })
        }
    }

    /// Values held within `range`; NaN stays NaN.
    public static func clamp(_ v: Volume, to range: ClosedRange<Float>) -> Volume {
        let (low, high) = (range.lowerBound, range.upperBound)
        return v.with(Voxels.map(v.voxels) { $0 < low ? low : $0 > high ? high : $0 })
    }

    /// The volume inside the mask, `outside` elsewhere. Keeps the datatype when `outside` is 0.
    public static func masked(_ v: Volume, by mask: Mask, outside: Float = 0) throws -> Volume {
        try v.grid.require(same: mask.grid)
        let voxels = Voxels.map(v.voxels, mask.voxels) { $1 != 0 ? $0 : outside }
        return Volume(grid: v.grid, voxels: voxels, datatype: outside == 0 ? v.datatype : .float32, header: v.header)
    }

    private static func place(_ a: Operand, _ b: Operand) -> (Grid, FileHeader?) {
        switch (a, b) {
        case (.volume(let v), _), (.number, .volume(let v)): (v.grid, v.header?.forDerivedValues())
        case (.mask(let m), .volume(let v)): (m.grid, v.header?.forDerivedValues())
        case (.mask(let m), _), (.number, .mask(let m)): (m.grid, m.header?.forDerivedValues())
        // combine() has thrown for two numbers before this is reached.
        case (.number, .number): (Grid.single, nil)
        }
    }

    @inline(__always)
    private static func combine<R>(_ a: Operand, _ b: Operand, _ f: (Float, Float) -> R) throws -> [R] {
        if let left = a.grid, let right = b.grid { try left.require(same: right) }
        switch (a, b) {
        case (.volume(let a), .volume(let b)): return Voxels.map(a.voxels, b.voxels, f)
        case (.volume(let a), .mask(let b)): return Voxels.map(a.voxels, b.voxels) { f($0, Float($1)) }
        case (.mask(let a), .volume(let b)): return Voxels.map(a.voxels, b.voxels) { f(Float($0), $1) }
        case (.mask(let a), .mask(let b)): return Voxels.map(a.voxels, b.voxels) { f(Float($0), Float($1)) }
        case (.volume(let a), .number(let b)):
            let b = Float(b)
            return Voxels.map(a.voxels) { f($0, b) }
        case (.number(let a), .volume(let b)):
            let a = Float(a)
            return Voxels.map(b.voxels) { f(a, $0) }
        case (.mask(let a), .number(let b)):
            let b = Float(b)
            return Voxels.map(a.voxels) { f(Float($0), b) }
        case (.number(let a), .mask(let b)):
            let a = Float(a)
            return Voxels.map(b.voxels) { f(a, Float($0)) }
        case (.number, .number): throw IntensityError.twoNumbers
        }
    }
}

extension Grid {
    /// One voxel of 1 mm at the origin.
    static let single = Grid(uncheckedShape: .one, affine: .identity)
}
