import Support

/// Where voxels are: how many along each axis, and their place in the world.
public struct Grid: Equatable, Sendable {
    /// Voxels along i, j, k; i varies fastest in memory.
    public let shape: SIMD3<Int>
    /// Voxel to world, in mm, right-anterior-superior.
    public let affine: Affine

    /// The most voxels that one image may have (2³¹ − 1): sizes beyond are taken for damage, not data.
    public static let largestCount = Int(Int32.max)

    /// Throws `GridError` when an axis is not positive, the product is beyond `largestCount`, or the affine is not finite.
    public init(shape: SIMD3<Int>, affine: Affine) throws(GridError) {
        for axis in 0..<3 where shape[axis] < 1 { throw .shape(shape) }
        let (plane, overflow1) = shape.x.multipliedReportingOverflow(by: shape.y)
        let (count, overflow2) = plane.multipliedReportingOverflow(by: shape.z)
        guard !overflow1, !overflow2, count <= Self.largestCount else { throw .tooLarge(shape) }
        let (a, b, c) = affine.rows
        guard (a.sum() + b.sum() + c.sum()).isFinite else { throw .notFinite(affine) }
        self.shape = shape
        self.affine = affine
    }

    /// For sizes known to be right.
    init(uncheckedShape shape: SIMD3<Int>, affine: Affine) {
        self.shape = shape
        self.affine = affine
    }

    /// Itself. Throws `GridError.singular` where the affine has no inverse, or the size of voxels is outside of `spacings`, and `.far`
    /// where a corner is more than `farthest` away from the world's origin.
    public func usable() throws(GridError) -> Grid {
        for voxel in [SIMD3<Double>.zero, SIMD3<Double>(shape &- 1)] {
            let place = affine(voxel)
            guard max(abs(place.x), abs(place.y), abs(place.z)) <= Self.farthest else { throw .far(place) }
        }
        _ = try affine.inverse()
        for axis in 0..<3 where !Self.spacings.contains(spacing[axis]) { throw .singular(affine) }
        return self
    }

    /// The number of voxels.
    public var count: Int { shape.x * shape.y * shape.z }
    /// Voxel size in mm.
    public var spacing: SIMD3<Double> { affine.spacing }
    /// Where voxel indices grow to (`Affine.orientation`).
    public var orientation: String { affine.orientation }
    /// The orientation code for people, who are to know where it is but the nearest one: "RAS", or "RAS oblique by 12°" from half a degree on.
    public var facing: String {
        let angle = affine.obliquity
        return angle < 0.5 ? orientation : "\(orientation) oblique by \(Text.fixed(angle, 0))°"
    }
    /// World position of the centre of the field of view.
    public var centre: SIMD3<Double> { affine((SIMD3<Double>(shape) - 1) / 2) }

    /// Throws `MemoryError` unless so many bytes for each voxel are free.
    func requireMemory(bytesPerVoxel: Int) throws(MemoryError) {
        try Memory.check(count * bytesPerVoxel, for: "an image of \(Text.sizes(shape)) voxels")
    }

    /// The place in memory of voxel (i, j, k).
    @inline(__always)
    public func index(_ i: Int, _ j: Int, _ k: Int) -> Int { i + shape.x * (j + shape.y * k) }

    /// Two grids within this distance at every corner, in voxels, are one grid.
    public static let tolerance = 0.001

    /// The largest distance between corresponding corners, in voxels of self; infinity when the shapes differ.
    public func distance(to other: Grid) -> Double {
        guard shape == other.shape else { return .infinity }
        let step = spacing.min()
        var worst = 0.0
        for corner in 0..<8 {
            let p = SIMD3<Double>(
                corner & 1 == 0 ? 0 : Double(shape.x - 1), corner & 2 == 0 ? 0 : Double(shape.y - 1),
                corner & 4 == 0 ? 0 : Double(shape.z - 1))
            let d = affine(p) - other.affine(p)
            worst = max(worst, (d * d).sum().squareRoot() / max(step, .leastNormalMagnitude))
        }
        return worst
    }

    /// Throws `GridError.mismatch`, which says which numbers differ, unless both grids are one within `tolerance`.
    public func require(same other: Grid) throws(GridError) {
        if self != other, distance(to: other) > Self.tolerance { throw .mismatch(self, other) }
    }
}

/// What can be wrong with a grid or a pair of grids.
public enum GridError: ExplainedError {
    case shape(SIMD3<Int>)
    case tooLarge(SIMD3<Int>)
    case notFinite(Affine)
    case singular(Affine)
    case singularTransform(Affine)
    case far(SIMD3<Double>)
    case mismatch(Grid, Grid)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .shape(let s): "a grid of \(Text.sizes(s)) voxels: every axis needs at least 1"
        case .tooLarge(let s): "a grid of \(Text.sizes(s)) voxels is beyond the largest, \(Grid.largestCount) voxels"
        case .notFinite(let a): "the voxel-to-world affine has a value that is not a finite number: \(a.text)"
        case .singular(let a): "the voxel-to-world affine has no inverse, since its axes are not independent: \(a.text)"
        case .singularTransform(let a): "a transform that flattens space, or that has a value beyond numbers: \(a.text)"
        case .far(let p):
            "a voxel at (\((0..<3).map { Text.short(p[$0]) }.joined(separator: ", "))) mm: "
                + "no farther than \(Text.short(Grid.farthest)) mm from the origin can be told apart from its neighbours"
        case .mismatch(let a, let b): "two different grids: \(Self.difference(a, b))"
        }
    }

    /// The message, beginning with the name that a user called.
    public func message(in operation: String) -> String { "\(operation): \(message)" }

    /// The parameter that was wrong, where it was one of a call.
    public var argument: String? {
        switch self {
        case .shape, .tooLarge: "shape"
        case .notFinite, .singular: "affine"
        case .singularTransform: "matrix"
        case .far, .mismatch: nil
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        if case .mismatch = self { "bring one onto the other's grid with resample(b, like=a)" } else { nil }
    }

    /// What differs, in numbers: shape, spacing, orientation, origin, and how many voxels the worst corner is away.
    static func difference(_ a: Grid, _ b: Grid) -> String {
        var parts: [String] = []
        func show(_ v: SIMD3<Double>, _ digits: Int) -> String {
            "(" + (0..<3).map { Text.fixed(v[$0], digits) }.joined(separator: ", ") + ")"
        }
        if a.shape != b.shape {
            parts.append("shape \(Text.sizes(a.shape)) against \(Text.sizes(b.shape))")
        }
        let apart = a.spacing - b.spacing
        if max(abs(apart.x), abs(apart.y), abs(apart.z)) > 1e-4 {
            parts.append("spacing \(show(a.spacing, 3)) against \(show(b.spacing, 3)) mm")
        }
        if a.orientation != b.orientation { parts.append("orientation \(a.orientation) against \(b.orientation)") }
        if parts.isEmpty || a.shape == b.shape {
            let origins = a.affine.translation - b.affine.translation
            if max(abs(origins.x), abs(origins.y), abs(origins.z)) > 1e-4 {
                parts.append("origin \(show(a.affine.translation, 3)) against \(show(b.affine.translation, 3)) mm")
            }
        }
        if a.shape == b.shape { parts.append("\(Text.fixed(a.distance(to: b), 3)) voxels apart at the worst corner") }
        return parts.joined(separator: ", ")
    }
}
