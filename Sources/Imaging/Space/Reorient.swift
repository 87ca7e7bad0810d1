import Support

/// An order of voxel axes: for each axis of the result, the axis of the source that it is, and whether it runs the other way.
public struct AxisOrder: Equatable, Sendable {
    /// The source's axis along each axis of the result.
    public private(set) var axes: SIMD3<Int>
    /// Whether each axis of the result runs against the source's.
    public private(set) var flipped: [Bool]

    /// Throws `OrientationError.axes` unless each of 0, 1 and 2 is named once.
    public init(axes: SIMD3<Int>, flipped: [Bool] = [false, false, false]) throws(OrientationError) {
        guard Set([axes.x, axes.y, axes.z]) == [0, 1, 2], flipped.count == 3 else { throw .axes(axes) }
        self.axes = axes
        self.flipped = flipped
    }

    /// What brings an affine's axes as near as axes can be to an orientation code ("RAS", "LIA"): the letters say where indices grow to.
    /// Throws `OrientationError.code` unless the code has one letter of each of the pairs RL, AP and SI.
    public init(from affine: Affine, to code: String) throws(OrientationError) {
        let wanted = try Orientation.axes(code)
        let present = affine.nearestAxes
        var axes = SIMD3<Int>.zero, flipped = [false, false, false]
        for (i, want) in wanted.enumerated() {
            axes[i] = present.firstIndex { $0.axis == want.axis } ?? i
            flipped[i] = present[axes[i]].flipped != want.flipped
        }
        try self.init(axes: axes, flipped: flipped)
    }

    /// The order that undoes this one.
    public var inverse: AxisOrder {
        var back = self
        var axes = SIMD3<Int>.zero, flipped = [false, false, false]
        for i in 0..<3 { (axes[self.axes[i]], flipped[self.axes[i]]) = (i, self.flipped[i]) }
        (back.axes, back.flipped) = (axes, flipped)
        return back
    }

    var isIdentity: Bool { axes == [0, 1, 2] && !flipped.contains(true) }

    /// The source's voxel at the result's voxel (0, 0, 0), and the step in the source along each axis of the result, in places of memory.
    fileprivate func walk(_ shape: SIMD3<Int>) -> (start: Int, steps: SIMD3<Int>) {
        let strides = SIMD3(1, shape.x, shape.x * shape.y)
        var start = 0, steps = SIMD3<Int>.zero
        for i in 0..<3 {
            steps[i] = flipped[i] ? -strides[axes[i]] : strides[axes[i]]
            if flipped[i] { start += (shape[axes[i]] - 1) * strides[axes[i]] }
        }
        return (start, steps)
    }
}

/// Codes of three letters that say where voxel indices grow to: R or L, A or P, S or I, in the order of the axes.
public enum Orientation {
    /// The world axis of each letter, and whether it runs backwards. Throws `OrientationError.code`. Small letters will do.
    public static func axes(_ code: String) throws(OrientationError) -> [(axis: Int, flipped: Bool)] {
        let pairs = [("R", "L"), ("A", "P"), ("S", "I")]
        let found = code.uppercased().compactMap { letter in
            pairs.firstIndex { $0.0 == String(letter) || $0.1 == String(letter) }.map { (axis: $0, flipped: pairs[$0].1 == String(letter)) }
        }
        guard code.count == 3, Set(found.map(\.axis)).count == 3 else { throw .code(code) }
        return found
    }
}

/// What can be wrong with an order of axes.
public enum OrientationError: ExplainedError, Equatable {
    case code(String)
    case axes(SIMD3<Int>)
    case axis(Int)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .code(let code): "\"\(code.prefix(20))\" is no orientation code"
        case .axes(let axes): "(\(axes.x), \(axes.y), \(axes.z)) is no order of the axes 0, 1 and 2"
        case .axis(let axis): "\(axis) is no axis"
        }
    }

    /// The message, beginning with the name that a user called.
    public func message(in operation: String) -> String { "\(operation): \(message)" }

    /// The parameter that the value was given for, where it was one of a call.
    public var argument: String? {
        switch self {
        case .code: "code"
        case .axes: "axes"
        case .axis: "axis"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .code: "three letters, one of each pair R or L, A or P, S or I, as \"RAS\" or \"LIA\""
        case .axes: "name each once, as [2, 0, 1]"
        case .axis: "axes are 0, 1 and 2"
        }
    }
}

extension Grid {
    /// With its axes in another order; every voxel keeps its place in the world. Throws `GridError.notFinite` where the new origin is beyond numbers.
    public func ordered(_ order: AxisOrder) throws(GridError) -> Grid {
        let rows = [affine.rows.0, affine.rows.1, affine.rows.2]
        var shape = SIMD3<Int>.zero, first = SIMD3<Double>.zero
        for i in 0..<3 {
            shape[i] = self.shape[order.axes[i]]
            if order.flipped[i] { first[order.axes[i]] = Double(shape[i] - 1) }
        }
        let origin = affine(first)
        let turned = (0..<3).map { r in
            SIMD4(
                rows[r][order.axes.x] * (order.flipped[0] ? -1 : 1), rows[r][order.axes.y] * (order.flipped[1] ? -1 : 1),
                rows[r][order.axes.z] * (order.flipped[2] ? -1 : 1), origin[r])
        }
        return try Grid(shape: shape, affine: Affine(turned[0], turned[1], turned[2]))
    }
}

extension Volume {
    /// With its axes in another order: the same voxels in the same places of the world, counted otherwise. The datatype stays. No
    /// interpolation. Throws as `Grid.ordered`, `MemoryError`, `Interrupted`.
    public func ordered(_ order: AxisOrder) throws -> Volume {
        if order.isIdentity { return self }
        return try rearranged(on: grid.ordered(order), by: Reorder(order: order, extent: grid.shape))
    }

    /// With axes as near as they can be to those of an orientation code ("RAS"), as nibabel's `as_closest_canonical` for any code. Throws
    /// `OrientationError.code` unless the code has one letter of each of the pairs RL, AP and SI, and as `ordered`.
    public func reoriented(to code: String) throws -> Volume { try ordered(AxisOrder(from: grid.affine, to: code)) }

    /// Counted the other way along one axis; every voxel keeps its place in the world. Throws `OrientationError.axis` for an axis that is not 0, 1 or 2,
    /// and as `ordered`.
    public func flipped(axis: Int) throws -> Volume { try ordered(.flip(axis)) }
}

extension Mask {
    /// As `Volume.ordered`. Throws as that.
    public func ordered(_ order: AxisOrder) throws -> Mask {
        if order.isIdentity { return self }
        try grid.requireMemory(bytesPerVoxel: 1)
        let voxels = try Reorder(order: order, extent: grid.shape).apply(to: voxels, outside: 0)
        return Mask(grid: try grid.ordered(order), voxels: voxels, header: header)
    }

    /// As `Volume.reoriented`. Throws as that.
    public func reoriented(to code: String) throws -> Mask { try ordered(AxisOrder(from: grid.affine, to: code)) }

    /// As `Volume.flipped`. Throws as that.
    public func flipped(axis: Int) throws -> Mask { try ordered(.flip(axis)) }
}

extension AxisOrder {
    /// One axis the other way. Throws `OrientationError.axis` for an axis that is not 0, 1 or 2.
    public static func flip(_ axis: Int) throws(OrientationError) -> AxisOrder {
        guard (0..<3).contains(axis) else { throw .axis(axis) }
        return try AxisOrder(axes: [0, 1, 2], flipped: (0..<3).map { $0 == axis })
    }
}

/// Voxels of a grid of so many in another order of axes.
struct Reorder: VoxelMove {
    let order: AxisOrder
    let extent: SIMD3<Int>

    func apply<T: BitwiseCopyable>(to voxels: [T], outside: T) throws -> [T] {
        let shape = SIMD3(extent[order.axes.x], extent[order.axes.y], extent[order.axes.z])
        let (start, steps) = order.walk(extent)
        try Interrupt.check()
        return try voxels.withUnsafeBufferPointer { source in
            let from = Unchecked(source.baseAddress!)
            return try Voxels.make(planes: shape) { out, k in
                let plane = from.value + (start + k * steps.z)
                // Squares of a plane, so that lines of memory that are read across stay in the cache until all of them is used.
                let side = steps.x == 1 || steps.x == -1 ? shape.x : 32
                for y in stride(from: 0, to: shape.y, by: 32) {
                    for x in stride(from: 0, to: shape.x, by: side) {
                        for j in y..<min(y + 32, shape.y) {
                            let row = plane + j * steps.y, target = out + j * shape.x
                            for i in x..<min(x + side, shape.x) { (target + i).initialize(to: row[i &* steps.x]) }
                        }
                    }
                }
            }
        }
    }
}

extension Voxels {
    /// An array of planes that `body(plane, k)` sets; it must set every element of its plane.
    static func make<T: BitwiseCopyable>(planes shape: SIMD3<Int>, _ body: (UnsafeMutablePointer<T>, Int) -> Void) throws -> [T] {
        let area = shape.x * shape.y
        return try [T](unsafeUninitializedCapacity: area * shape.z) { buffer, initialised in
            let base = buffer.baseAddress!
            useLargePages(base, area * shape.z)
            let out = Unchecked(base)
            try Parallel.slabs(shape.z) { body(out.value + $0 * area, $0) }
            initialised = area * shape.z
        }
    }
}
