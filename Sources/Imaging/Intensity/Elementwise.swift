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
        case .add: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] + y[i] } }
        case .subtract: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] - y[i] } }
        case .multiply: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] * y[i] } }
        case .divide: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] / y[i] } }
        case .remainder:
            voxels = try combine(a, b) { x, y, out, n in
                for i in 0..<n {
                    let r = fmodf(x[i], y[i])
                    out[i] = r != 0 && (r < 0) != (y[i] < 0) ? r + y[i] : r
                }
            }
        case .power:
            if case .number(2) = b {
                voxels = try combine(a, b) { x, _, out, n in for i in 0..<n { out[i] = x[i] * x[i] } }
            } else {
                voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = powf(x[i], y[i]) } }
            }
        }
        let (grid, header) = place(a, b)
        return Volume(grid: grid, voxels: voxels, header: header)
    }

    /// Where a comparison holds. Throws `IntensityError.twoNumbers` without a volume or mask, `GridError.mismatch`, `Interrupted`.
    public static func compare(_ operation: Comparison, _ a: Operand, _ b: Operand) throws -> Mask {
        let voxels: [UInt8]
        switch operation {
        case .less: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] < y[i] ? 1 : 0 } }
        case .lessOrEqual: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] <= y[i] ? 1 : 0 } }
        case .greater: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] > y[i] ? 1 : 0 } }
        case .greaterOrEqual: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] >= y[i] ? 1 : 0 } }
        case .equal: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] == y[i] ? 1 : 0 } }
        case .notEqual: voxels = try combine(a, b) { x, y, out, n in for i in 0..<n { out[i] = x[i] != y[i] ? 1 : 0 } }
        }
        let (grid, header) = place(a, b)
        return Mask(grid: grid, voxels: voxels, header: header)
    }

    /// Two masks on one grid, as one. Throws `GridError.mismatch`, `Interrupted`.
    public static func apply(_ operation: Logic, _ a: Mask, _ b: Mask) throws -> Mask {
        try a.grid.require(same: b.grid)
        switch operation {
        case .and: return a.with(try Voxels.map(a.voxels, b.voxels) { x, y, out, n in for i in 0..<n { out[i] = x[i] & y[i] } })
        case .or: return a.with(try Voxels.map(a.voxels, b.voxels) { x, y, out, n in for i in 0..<n { out[i] = x[i] | y[i] } })
        case .exclusiveOr: return a.with(try Voxels.map(a.voxels, b.voxels) { x, y, out, n in for i in 0..<n { out[i] = x[i] ^ y[i] } })
        }
    }

    /// The voxels that are not in a mask. Throws `Interrupted`.
    public static func not(_ a: Mask) throws -> Mask { a.with(try Voxels.complement(a.voxels)) }

    /// A function of every voxel; float32. `round` goes to the even number of two equally near. Throws `Interrupted`.
    public static func apply(_ function: Unary, _ v: Volume) throws -> Volume {
        switch function {
        case .abs: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = x[i].magnitude } })
        case .sqrt: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = x[i].squareRoot() } })
        case .exp: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = expf(x[i]) } })
        case .log: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = logf(x[i]) } })
        case .negate: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = -x[i] } })
        case .round: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = rintf(x[i]) } })
        case .floor: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = floorf(x[i]) } })
        case .ceil: v.with(try Voxels.map(v.voxels) { x, out, n in for i in 0..<n { out[i] = ceilf(x[i]) } })
        }
    }

    /// Values held within `range`; NaN stays NaN.
    public static func clamp(_ v: Volume, to range: ClosedRange<Float>) throws -> Volume {
        let (low, high) = (range.lowerBound, range.upperBound)
        return v.with(
            try Voxels.map(v.voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i] < low ? low : x[i] > high ? high : x[i] }
            })
    }


    /// The volume inside the mask, `outside` elsewhere; the datatype stays (a value that it cannot hold is met at saving). Throws
    /// `GridError.mismatch` for a mask elsewhere, and as `Volume.padded`.
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

    private static func place(_ a: Operand, _ b: Operand) -> (Grid, FileHeader?) {
        switch (a, b) {
        case (.volume(let v), _), (.number, .volume(let v)): (v.grid, v.header?.forDerivedValues())
        case (.mask(let m), .volume(let v)): (m.grid, v.header?.forDerivedValues())
        case (.mask(let m), _), (.number, .mask(let m)): (m.grid, m.header?.forDerivedValues())
        // combine() has thrown for two numbers before this is reached.
        case (.number, .number): (Grid.single, nil)
        }
    }

    /// Two operands block by block, each as `n` floats, so that every operation is one loop whatever the kinds of its operands.
    private static func combine<R: BitwiseCopyable>(
        _ a: Operand, _ b: Operand, _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<R>, Int) -> Void
    ) throws -> [R] {
        guard let grid = a.grid ?? b.grid else { throw IntensityError.twoNumbers }
        if let left = a.grid, let right = b.grid { try left.require(same: right) }
        try grid.requireMemory(bytesPerVoxel: MemoryLayout<R>.stride)
        let block = 4096
        return try Voxels.make(grid.count) { out, range in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * block) { scratch in
                let left = scratch.baseAddress!, right = left + block
                scratch.initialize(repeating: 0)
                if case .number(let x) = a { left.update(repeating: Float(x), count: block) }
                if case .number(let x) = b { right.update(repeating: Float(x), count: block) }
                for start in stride(from: range.lowerBound, to: range.upperBound, by: block) {
                    let n = min(block, range.upperBound - start)
                    values(of: a, start, n, left) { x in
                        values(of: b, start, n, right) { y in body(x, y, out + start, n) }
                    }
                }
            }
        }
    }

    private static func values(
        of operand: Operand, _ start: Int, _ n: Int, _ scratch: UnsafeMutablePointer<Float>, _ body: (UnsafePointer<Float>) -> Void
    ) {
        switch operand {
        case .volume(let v): v.voxels.withUnsafeBufferPointer { body($0.baseAddress! + start) }
        case .mask(let m):
            m.voxels.withUnsafeBufferPointer { voxels in
                for i in 0..<n { scratch[i] = Float(voxels[start + i]) }
            }
            body(scratch)
        case .number: body(scratch)
        }
    }
}

extension Grid {
    /// One voxel of 1 mm at the origin.
    static let single = Grid(uncheckedShape: .one, affine: .identity)
}

extension Volume {
    /// Voxels with values in `range`, both ends included. NaN is not in it.
    public func threshold(within range: ClosedRange<Float>) throws -> Mask {
        let (low, high) = (range.lowerBound, range.upperBound)
        return Mask(
            grid: grid,
            voxels: try Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i] >= low && x[i] <= high ? 1 : 0 }
            }, header: header?.forDerivedValues())
    }
}
