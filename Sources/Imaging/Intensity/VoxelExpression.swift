import Glibc
import Support

/// An expression over voxels of one grid that is computed in a single pass, without an image for each of its operators.
///
/// Every operator's result is rounded to float32, as if it had been stored: what is computed does not depend on how much is computed at once. Grids are checked when
/// two expressions are joined; the pass itself takes blocks of voxels through all operators while they are in the first-level cache, on all threads.
public struct VoxelExpression: Sendable {
    /// What an operator takes.
    public enum Operand: Sendable {
        case expression(VoxelExpression)
        case number(Double)
    }

    /// One step of a machine with a stack of blocks.
    private enum Step: Sendable {
        case volume(Volume)
        case mask(Mask)
        case number(Float)
        case arithmetic(Arithmetic)
        /// x · x, which `power` with 2 is.
        case square
        case comparison(Comparison)
        case logic(Logic)
        case complement
        case function(Unary)
    }

    private let steps: [Step]
    /// Blocks that are held at once.
    private let depth: Int
    /// The grid of the first operand that has one.
    public let grid: Grid
    /// Whether voxels are in or out, rather than numbers.
    public let isMask: Bool
    private let header: FileHeader?

    /// Steps and blocks beyond which an expression is better computed in parts.
    private static let mostSteps = 64, mostDepth = 12
    private static let block = 2048

    private init(_ steps: [Step], depth: Int, grid: Grid, isMask: Bool, header: FileHeader?) {
        (self.steps, self.depth, self.grid, self.isMask, self.header) = (steps, depth, grid, isMask, header)
    }

    /// A volume's voxels.
    public init(_ v: Volume) { self.init([.volume(v)], depth: 1, grid: v.grid, isMask: false, header: v.header) }
    /// A mask's voxels; in arithmetic they count as 0 and 1.
    public init(_ m: Mask) { self.init([.mask(m)], depth: 1, grid: m.grid, isMask: true, header: m.header) }

    // MARK: - Operators

    /// `remainder` has the sign of the divisor, as `%` in Python and numpy. Throws `IntensityError.twoNumbers`, `GridError.mismatch`.
    public static func arithmetic(_ operation: Arithmetic, _ a: Operand, _ b: Operand) throws -> VoxelExpression {
        if operation == .power, case .number(2) = b, case .expression(let x) = a { return x.followed(by: .square, isMask: false) }
        return try joined(a, b, by: .arithmetic(operation), isMask: false)
    }

    /// Where a comparison holds. Throws as above.
    public static func comparison(_ operation: Comparison, _ a: Operand, _ b: Operand) throws -> VoxelExpression {
        try joined(a, b, by: .comparison(operation), isMask: true)
    }

    /// Two masks as one; both must be masks. Throws as above.
    public static func logic(_ operation: Logic, _ a: VoxelExpression, _ b: VoxelExpression) throws -> VoxelExpression {
        precondition(a.isMask && b.isMask)
        try a.grid.require(same: b.grid)
        let (x, y) = try fitting(a, b)
        return VoxelExpression(
            x.steps + y.steps + [.logic(operation)], depth: max(x.depth, y.depth + 1), grid: a.grid, isMask: true, header: a.header)
    }

    /// What is not in a mask.
    public var complement: VoxelExpression {
        precondition(isMask)
        return VoxelExpression(steps + [.complement], depth: depth, grid: grid, isMask: true, header: header)
    }

    /// A function of every voxel. `round` goes to the even number of two equally near.
    public func mapped(by function: Unary) -> VoxelExpression { followed(by: .function(function), isMask: false) }

    private func followed(by step: Step, isMask: Bool) -> VoxelExpression {
        VoxelExpression(steps + [step], depth: depth, grid: grid, isMask: isMask, header: header?.forDerivedValues())
    }

    private static func joined(_ a: Operand, _ b: Operand, by step: Step, isMask: Bool) throws -> VoxelExpression {
        switch (a, b) {
        case (.number, .number): throw IntensityError.twoNumbers
        case (.expression(let x), .number(let y)):
            return VoxelExpression(
                x.steps + [.number(Float(y)), step], depth: x.depth + 1, grid: x.grid, isMask: isMask, header: x.header?.forDerivedValues())
        case (.number(let x), .expression(let y)):
            return VoxelExpression(
                [.number(Float(x))] + y.steps + [step], depth: y.depth + 1, grid: y.grid, isMask: isMask,
                header: y.header?.forDerivedValues())
        case (.expression(let a), .expression(let b)):
            try a.grid.require(same: b.grid)
            let (x, y) = try fitting(a, b)
            // The file's own fields are those of an image rather than of a mask.
            let header = a.isMask && !b.isMask ? b.header : a.header
            return VoxelExpression(
                x.steps + y.steps + [step], depth: max(x.depth, y.depth + 1), grid: a.grid, isMask: isMask,
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

    // MARK: - Computing

    /// The voxels as float32; a mask's are 0 and 1. Throws `MemoryError` where there is no room for the result, and `Interrupted`.
    public func volume() throws -> Volume {
        if steps.count == 1, case .volume(let v) = steps[0] { return v }
        try grid.requireMemory(bytesPerVoxel: MemoryLayout<Float>.stride)
        let voxels = try Voxels.make(grid.count) { (out: UnsafeMutablePointer<Float>, range) in
            compute(range) { x, place, n in (out + place).update(from: x, count: n) }
        }
        return Volume(grid: grid, voxels: voxels, header: header)
    }

    /// The voxels of a mask. Throws as `volume()`.
    public func mask() throws -> Mask {
        precondition(isMask)
        if steps.count == 1, case .mask(let m) = steps[0] { return m }
        try grid.requireMemory(bytesPerVoxel: 1)
        let voxels = try Voxels.make(grid.count) { (out: UnsafeMutablePointer<UInt8>, range) in
            compute(range) { x, place, n in VoxelLoops.bytes(x, out + place, n) }
        }
        return Mask(grid: grid, voxels: voxels, header: header)
    }

    /// Takes the voxels of a range block by block through all steps; `write(values, place, n)` gets the results.
    private func compute(_ range: Range<Int>, _ write: (UnsafePointer<Float>, Int, Int) -> Void) {
        let block = Self.block, width = VoxelLoops.width
        withUnsafeTemporaryAllocation(of: Float.self, capacity: depth * (block + width)) { scratch in
            guard let memory = scratch.baseAddress else { return }
            let numbers = memory + depth * block
            withUnsafeTemporaryAllocation(of: VoxelLoops.Operand.self, capacity: depth) { stack in
                for place in stride(from: range.lowerBound, to: range.upperBound, by: block) {
                    let n = min(block, range.upperBound - place)
                    var height = 0
                    for step in steps {
                        switch step {
                        // A volume is read where it lies.
                        case .volume(let v):
                            stack[height] = v.voxels.withUnsafeBufferPointer { .init($0.baseAddress.unsafelyUnwrapped + place) }
                            height += 1
                        case .mask(let m):
                            let out = memory + height * block
                            m.voxels.withUnsafeBufferPointer { VoxelLoops.floats($0.baseAddress.unsafelyUnwrapped + place, out, n) }
                            stack[height] = .init(out)
                            height += 1
                        case .number(let x):
                            let out = numbers + height * width
                            out.update(repeating: x, count: width)
                            stack[height] = .init(number: out)
                            height += 1
                        case .square, .function, .complement:
                            let out = memory + (height - 1) * block
                            Self.apply(step, stack[height - 1], out, n)
                            stack[height - 1] = .init(out)
                        case .arithmetic, .comparison, .logic:
                            height -= 1
                            let out = memory + (height - 1) * block
                            Self.apply(step, stack[height - 1], stack[height], out, n)
                            stack[height - 1] = .init(out)
                        }
                    }
                    write(stack[0].values, place, n)
                }
            }
        }
    }

    private static func apply(_ step: Step, _ x: VoxelLoops.Operand, _ out: UnsafeMutablePointer<Float>, _ n: Int) {
        switch step {
        case .square: VoxelLoops.vectors(x, x, out, n, { $0 * $1 }, { $0 * $1 })
        case .complement: VoxelLoops.vectors(x, x, out, n, { x, _ in 1 - x }, { x, _ in 1 - x })
        case .function(.negate): VoxelLoops.vectors(x, x, out, n, { x, _ in -x }, { x, _ in -x })
        case .function(.sqrt): VoxelLoops.vectors(x, x, out, n, { x, _ in x.squareRoot() }, { x, _ in x.squareRoot() })
        case .function(.abs): VoxelLoops.singles(x, x, out, n) { x, _ in x.magnitude }
        case .function(.exp): VoxelLoops.singles(x, x, out, n) { x, _ in expf(x) }
        case .function(.log): VoxelLoops.singles(x, x, out, n) { x, _ in logf(x) }
        case .function(.round): VoxelLoops.singles(x, x, out, n) { x, _ in rintf(x) }
        case .function(.floor): VoxelLoops.singles(x, x, out, n) { x, _ in floorf(x) }
        case .function(.ceil): VoxelLoops.singles(x, x, out, n) { x, _ in ceilf(x) }
        default: break
        }
    }

    private static func apply(
        _ step: Step, _ x: VoxelLoops.Operand, _ y: VoxelLoops.Operand, _ out: UnsafeMutablePointer<Float>, _ n: Int
    ) {
        switch step {
        case .arithmetic(.add): VoxelLoops.vectors(x, y, out, n, { $0 + $1 }, { $0 + $1 })
        case .arithmetic(.subtract): VoxelLoops.vectors(x, y, out, n, { $0 - $1 }, { $0 - $1 })
        case .arithmetic(.multiply), .logic(.and): VoxelLoops.vectors(x, y, out, n, { $0 * $1 }, { $0 * $1 })
        case .arithmetic(.divide): VoxelLoops.vectors(x, y, out, n, { $0 / $1 }, { $0 / $1 })
        case .arithmetic(.remainder):
            VoxelLoops.singles(x, y, out, n) { x, y in
                let r = fmodf(x, y)
                return r != 0 && (r < 0) != (y < 0) ? r + y : r
            }
        case .arithmetic(.power): VoxelLoops.singles(x, y, out, n) { powf($0, $1) }
        case .comparison(.less): VoxelLoops.truths(x, y, out, n, { $0 .< $1 }, { $0 < $1 })
        case .comparison(.lessOrEqual): VoxelLoops.truths(x, y, out, n, { $0 .<= $1 }, { $0 <= $1 })
        case .comparison(.greater): VoxelLoops.truths(x, y, out, n, { $0 .> $1 }, { $0 > $1 })
        case .comparison(.greaterOrEqual): VoxelLoops.truths(x, y, out, n, { $0 .>= $1 }, { $0 >= $1 })
        case .comparison(.equal): VoxelLoops.truths(x, y, out, n, { $0 .== $1 }, { $0 == $1 })
        case .comparison(.notEqual), .logic(.exclusiveOr): VoxelLoops.truths(x, y, out, n, { $0 .!= $1 }, { $0 != $1 })
        case .logic(.or): VoxelLoops.truths(x, y, out, n, { ($0 + $1) .> 0 }, { $0 + $1 > 0 })
        default: break
        }
    }
}
