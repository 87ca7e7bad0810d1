import Glibc
import Support

/// A voxel-to-world transform: world (mm, right-anterior-superior) = rows · (i, j, k, 1), as nibabel's `affine`.
public struct Affine: Equatable, Sendable {
    /// The upper three rows of the 4×4 matrix; each is (x, y, z, translation).
    public var rows: (SIMD4<Double>, SIMD4<Double>, SIMD4<Double>)

    /// From its rows: three entries of the matrix and one of the translation each.
    public init(_ r0: SIMD4<Double>, _ r1: SIMD4<Double>, _ r2: SIMD4<Double>) { rows = (r0, r1, r2) }

    /// Axis-aligned RAS with a voxel size in mm and the world position of voxel (0, 0, 0).
    public init(spacing: SIMD3<Double>, origin: SIMD3<Double> = .zero) {
        self.init(
            [spacing.x, 0, 0, origin.x], [0, spacing.y, 0, origin.y], [0, 0, spacing.z, origin.z])
    }

    /// Every position stays.
    public static let identity = Affine(spacing: .one)

    /// The three rows as numbers, for messages: (1, 0, 0, -90), (0, 1, 0, -126), (0, 0, 1, -72).
    var text: String {
        [rows.0, rows.1, rows.2].map { row in "(" + (0..<4).map { Text.short(row[$0]) }.joined(separator: ", ") + ")" }
            .joined(separator: ", ")
    }

    /// Whether all twelve numbers are the same.
    public static func == (a: Affine, b: Affine) -> Bool { a.rows == b.rows }

    /// The world step of one voxel along each axis (the matrix's columns).
    public var columns: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>) {
        // Written out: a literal would go through an array.
        (
            SIMD3(rows.0.x, rows.1.x, rows.2.x), SIMD3(rows.0.y, rows.1.y, rows.2.y), SIMD3(rows.0.z, rows.1.z, rows.2.z)
        )
    }

    /// Where the origin goes.
    public var translation: SIMD3<Double> { [rows.0.w, rows.1.w, rows.2.w] }

    /// Voxel size along each axis in mm.
    public var spacing: SIMD3<Double> {
        let (a, b, c) = columns
        return [(a * a).sum().squareRoot(), (b * b).sum().squareRoot(), (c * c).sum().squareRoot()]
    }

    /// By how much volumes grow; below 0 where directions are mirrored.
    public var determinant: Double {
        let (a, b, c) = columns
        return a.x * (b.y * c.z - b.z * c.y) - b.x * (a.y * c.z - a.z * c.y) + c.x * (a.y * b.z - a.z * b.y)
    }

    /// World position of a voxel position.
    @inline(__always)
    public func callAsFunction(_ p: SIMD3<Double>) -> SIMD3<Double> {
        let q = SIMD4(p, 1)
        return SIMD3((rows.0 * q).sum(), (rows.1 * q).sum(), (rows.2 * q).sum())
    }

    /// self ∘ other: first `other`, then self.
    public func after(_ other: Affine) -> Affine {
        let (a, b, c) = other.columns
        let t = other.translation
        func row(_ r: SIMD4<Double>) -> SIMD4<Double> {
            let l = SIMD3(r.x, r.y, r.z)
            return [(l * a).sum(), (l * b).sum(), (l * c).sum(), (l * t).sum() + r.w]
        }
        return Affine(row(rows.0), row(rows.1), row(rows.2))
    }

    /// Whether the columns are finite and independent: their box holds more than a millionth of what it would hold at right angles,
    /// whatever the voxel size. (Real scans shear by a few degrees; float32 rounding of dependent axes makes up to about 1e-7.)
    public var isInvertible: Bool {
        let d = abs(determinant), size = spacing
        return d.isNormal && d > 1e-6 * (size.x * size.y * size.z) && translation.sum().isFinite
    }

    /// World to voxel. Throws `GridError.singular` when the columns are linearly dependent.
    public func inverse() throws(GridError) -> Affine {
        guard isInvertible else { throw .singular(self) }
        let d = determinant
        let (a, b, c) = columns
        func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
            [u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x]
        }
        let r0 = cross(b, c) / d, r1 = cross(c, a) / d, r2 = cross(a, b) / d
        let t = translation
        return Affine(
            SIMD4(r0, -(r0 * t).sum()), SIMD4(r1, -(r1 * t).sum()), SIMD4(r2, -(r2 * t).sum()))
    }

    /// The world axis (0 x, 1 y, 2 z) nearest to each voxel axis, each world axis used once, and whether it runs backwards.
    public var nearestAxes: [(axis: Int, flipped: Bool)] {
        let (a, b, c) = columns
        let directions = [a, b, c].map { v in v / max((v * v).sum().squareRoot(), .leastNormalMagnitude) }
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        func fit(_ order: [Int]) -> Double {
            abs(directions[0][order[0]]) + abs(directions[1][order[1]]) + abs(directions[2][order[2]])
        }
        let best = orders.dropFirst().reduce(orders[0]) { fit($1) > fit($0) ? $1 : $0 }
        return (0..<3).map { (best[$0], directions[$0][best[$0]] < 0) }
    }

    /// Orientation code: the anatomical direction in which each voxel index grows, as nibabel's `aff2axcodes` ("RAS", "LPS", …).
    public var orientation: String {
        let letters = [("R", "L"), ("A", "P"), ("S", "I")]
        return nearestAxes.map { $0.flipped ? letters[$0.axis].1 : letters[$0.axis].0 }.joined()
    }

    /// The angle in degrees between a voxel axis and the world axis nearest to it, of the axis where it is largest: 0 where all are parallel.
    public var obliquity: Double {
        let (a, b, c) = columns
        let angles = zip([a, b, c], nearestAxes).map { column, nearest in
            var across = column
            across[nearest.axis] = 0
            return atan2((across * across).sum().squareRoot(), abs(column[nearest.axis]))
        }
        return (angles.max() ?? 0) * 180 / .pi
    }

    /// True when every voxel axis is parallel to a world axis (within 1e-4 of its length).
    public var isAxisAligned: Bool {
        let (a, b, c) = columns
        return zip([a, b, c], nearestAxes).allSatisfy { column, nearest in
            let length = (column * column).sum().squareRoot()
            return abs(abs(column[nearest.axis]) - length) <= 1e-8 * length
        }
    }
}
