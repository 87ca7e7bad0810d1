import CKernels
import Support

/// An expression over voxels of one grid that is computed in a single pass, without an image for each of its operators.
///
/// Operators join expressions and check grids; nothing is computed before the expression is consumed, by `volume()` and `mask()`, which store it, or by a reduction
/// (`statistics`, `sum`, `count`), which does not. `VoxelPass` computes. Every operator's result is rounded to float32, as if it had been stored: what comes out does not
/// depend on how much is computed at once.
public struct VoxelExpression: Sendable {
    /// What an operator takes.
    public enum Operand: Sendable {
        case expression(VoxelExpression)
        case number(Double)
    }

    /// One step of a machine with a stack of strips.
    enum Step: Sendable {
        case volume(Volume)
        case mask(Mask)
        case number(Float)
        case operation(VoxelOperation)
    }

    let steps: [Step]
    /// Strips that are held at once.
    let depth: Int
    /// The grid of the first operand that has one.
    public let grid: Grid
    /// Whether voxels are in or out, rather than numbers.
    public let isMask: Bool
    private let header: FileHeader?

    /// Bytes from which on a result is stored past the caches.
    private static let leastStreamed = 8 << 20

    /// Steps and strips beyond which an expression is better computed in parts.
    private static let mostSteps = 64, mostDepth = 12

    private init(_ steps: [Step], depth: Int, grid: Grid, isMask: Bool, header: FileHeader?) {
        (self.steps, self.depth, self.grid, self.isMask, self.header) = (steps, depth, grid, isMask, header)
    }

    /// A volume's voxels.
    public init(_ v: Volume) { self.init([.volume(v)], depth: 1, grid: v.grid, isMask: false, header: v.header) }
    /// A mask's voxels; in arithmetic they count as 0 and 1.
    public init(_ m: Mask) { self.init([.mask(m)], depth: 1, grid: m.grid, isMask: true, header: m.header) }

    // MARK: - Operators

    /// `remainder` has the sign of the divisor, as `%` in Python and numpy. Throws `IntensityError.twoNumbers`, `GridError.mismatch`, and `MemoryError` and
    /// `Interrupted` where the expression is so long that a part of it is computed first.
    public static func arithmetic(_ operation: Arithmetic, _ a: Operand, _ b: Operand) throws -> VoxelExpression {
        // x ^ 2 is x · x.
        if operation == .power, case .number(2) = b, case .expression(let x) = a { return x.followed(by: .loop(.square), isMask: false) }
        return try joined(a, b, by: operation.operation, isMask: false)
    }

    /// Where a comparison holds. Throws as above.
    public static func comparison(_ operation: Comparison, _ a: Operand, _ b: Operand) throws -> VoxelExpression {
        try joined(a, b, by: .loop(operation.loop), isMask: true)
    }

    /// Two masks as one; both must be masks. Throws as above, but for `twoNumbers`.
    public static func logic(_ operation: Logic, _ a: VoxelExpression, _ b: VoxelExpression) throws -> VoxelExpression {
        precondition(a.isMask && b.isMask)
        try a.grid.require(same: b.grid)
        let (x, y) = try fitting(a, b)
        return VoxelExpression(
            x.steps + y.steps + [.operation(.loop(operation.loop))], depth: max(x.depth, y.depth + 1), grid: a.grid, isMask: true, header: a.header)
    }

    /// What is not in a mask.
    public var complement: VoxelExpression {
        precondition(isMask)
        return VoxelExpression(steps + [.operation(.loop(.complement))], depth: depth, grid: grid, isMask: true, header: header)
    }

    /// A function of every voxel. `round` goes to the even number of two equally near.
    public func mapped(by function: Unary) -> VoxelExpression { followed(by: function.operation, isMask: false) }

    /// Values held within `range`; NaN stays NaN.
    public func clamped(to range: ClosedRange<Float>) -> VoxelExpression {
        // The bound comes first: of it and NaN, the second counts.
        [(range.upperBound, VoxelOperation.loop(.least)), (range.lowerBound, .loop(.greatest))].reduce(self) { x, bound in
            VoxelExpression(
                [.number(bound.0)] + x.steps + [.operation(bound.1)], depth: x.depth + 1, grid: grid, isMask: false, header: header?.forDerivedValues())
        }
    }

    private func followed(by operation: VoxelOperation, isMask: Bool) -> VoxelExpression {
        VoxelExpression(steps + [.operation(operation)], depth: depth, grid: grid, isMask: isMask, header: header?.forDerivedValues())
    }

    private static func joined(_ a: Operand, _ b: Operand, by operation: VoxelOperation, isMask: Bool) throws -> VoxelExpression {
        switch (a, b) {
        case (.number, .number): throw IntensityError.twoNumbers
        case (.expression(let x), .number(let y)):
            return VoxelExpression(
                x.steps + [.number(Float(y)), .operation(operation)], depth: x.depth + 1, grid: x.grid, isMask: isMask, header: x.header?.forDerivedValues())
        case (.number(let x), .expression(let y)):
            return VoxelExpression(
                [.number(Float(x))] + y.steps + [.operation(operation)], depth: y.depth + 1, grid: y.grid, isMask: isMask,
                header: y.header?.forDerivedValues())
        case (.expression(let a), .expression(let b)):
            try a.grid.require(same: b.grid)
            let (x, y) = try fitting(a, b)
            // The file's own fields are those of an image rather than of a mask.
            let header = a.isMask && !b.isMask ? b.header : a.header
            return VoxelExpression(
                x.steps + y.steps + [.operation(operation)], depth: max(x.depth, y.depth + 1), grid: a.grid, isMask: isMask,
                header: header?.forDerivedValues())
        }
    }

    /// Two expressions small enough for one pass together, for which the larger is computed now if need be.
    private static func fitting(_ a: VoxelExpression, _ b: VoxelExpression) throws -> (VoxelExpression, VoxelExpression) {
        var (x, y) = (a, b)
        while x.steps.count + y.steps.count > mostSteps || max(x.depth, y.depth + 1) > mostDepth {
            if x.steps.count >= y.steps.count, x.steps.count > 1 { x = try x.stored() } else { y = try y.stored() }
        }
        return (x, y)
    }

    private func stored() throws -> VoxelExpression { isMask ? VoxelExpression(try mask()) : VoxelExpression(try volume()) }

    // MARK: - Storing

    /// The voxels as float32; a mask's are 0 and 1. Throws `MemoryError` where there is no room for the result, and `Interrupted`.
    public func volume() throws -> Volume {
        if steps.count == 1, case .volume(let v) = steps[0] { return v }
        try grid.requireMemory(bytesPerVoxel: MemoryLayout<Float>.stride)
        return Volume(grid: grid, voxels: try stored(VoxelPass(numbers: self)), header: header)
    }

    /// The voxels of a mask. Throws as `volume()`.
    public func mask() throws -> Mask {
        precondition(isMask)
        if steps.count == 1, case .mask(let m) = steps[0] { return m }
        try grid.requireMemory(bytesPerVoxel: 1)
        return Mask(grid: grid, voxels: try stored(VoxelPass(truths: self)), header: header)
    }

    private func stored<T: BitwiseCopyable>(_ pass: VoxelPass<T>) throws -> [T] {
        let streams = grid.count * MemoryLayout<T>.stride >= Self.leastStreamed
        return try Voxels.make(grid.count, grain: Voxels.pageGrain(of: T.self, count: grid.count)) { out, range in
            pass.run(range, to: out + range.lowerBound, streams: streams)
        }
    }
}

extension Arithmetic {
    var operation: VoxelOperation {
        switch self {
        case .add: .loop(.add)
        case .subtract: .loop(.subtract)
        case .multiply: .loop(.multiply)
        case .divide: .loop(.divide)
        case .remainder: .function(.remainder)
        case .power: .function(.power)
        }
    }
}

extension Comparison {
    var loop: SKVoxelOperation {
        switch self {
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .equal: .equal
        case .notEqual: .notEqual
        }
    }
}

extension Logic {
    var loop: SKVoxelOperation {
        switch self {
        case .and: .and
        case .or: .or
        case .exclusiveOr: .exclusiveOr
        }
    }
}

extension Unary {
    var operation: VoxelOperation {
        switch self {
        case .abs: .loop(.abs)
        case .sqrt: .loop(.sqrt)
        case .exp: .function(.exp)
        case .log: .function(.log)
        case .negate: .loop(.negate)
        case .round: .loop(.round)
        case .floor: .loop(.floor)
        case .ceil: .loop(.ceil)
        }
    }
}
