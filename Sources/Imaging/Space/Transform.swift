import Glibc
import Support

/// A linear map of world positions (mm, right-anterior-superior) that moves images: what lies at p goes to matrix(p). Immutable.
///
/// ITK's transforms of resampling look the other way, from where a value is wanted to where it is; that is `inverse` here.
public final class Transform: Sendable, Equatable {
    /// Where positions go.
    public let matrix: Affine
    private let back: Affine

    /// Throws `GridError.singularTransform` for a matrix that flattens space or is not finite.
    public init(_ matrix: Affine) throws(GridError) {
        guard matrix.isInvertible else { throw .singularTransform(matrix) }
        self.matrix = matrix
        back = try matrix.inverse()
    }

    private init(_ matrix: Affine, back: Affine) {
        self.matrix = matrix
        self.back = back
    }

    /// Whether both move every position to the same place.
    public static func == (a: Transform, b: Transform) -> Bool { a.matrix == b.matrix }

    /// Moves by so many mm to the right, to the front and upwards. Throws `GridError.singularTransform` for a step that is not finite.
    public static func translation(_ step: SIMD3<Double>) throws(GridError) -> Transform {
        try Transform(Affine(spacing: .one, origin: step))
    }

    /// Turns about a point of the world: by so many degrees about the axis that points right, then about the one that points to the front,
    /// then about the one that points up, each counter-clockwise as seen from that axis' tip. Throws `GridError.singularTransform` for numbers that are
    /// not finite.
    public static func rotation(degrees: SIMD3<Double>, about centre: SIMD3<Double>) throws(GridError) -> Transform {
        let angle = degrees * (.pi / 180)
        let (x, y, z) = (Affine.turn(angle.x, from: 1, to: 2), Affine.turn(angle.y, from: 2, to: 0), Affine.turn(angle.z, from: 0, to: 1))
        return try Transform(z.after(y).after(x)).about(centre)
    }

    /// The same map with `centre` in the place of the world's origin, in mm. Throws `GridError.singularTransform` for a centre that is not finite.
    public func about(_ centre: SIMD3<Double>) throws(GridError) -> Transform {
        try Transform(Affine(spacing: .one, origin: centre).after(matrix).after(Affine(spacing: .one, origin: -centre)))
    }

    /// Undoes this.
    public var inverse: Transform { Transform(back, back: matrix) }

    /// First `other`, then this. Throws `GridError.singularTransform` where the two together flatten space, or go beyond numbers.
    public func after(_ other: Transform) throws(GridError) -> Transform { try Transform(matrix.after(other.matrix)) }

    /// Whether distances stay (to a millionth), without a reflection.
    public var isRigid: Bool {
        let (a, b, c) = matrix.columns
        let products = [(a * a).sum() - 1, (b * b).sum() - 1, (c * c).sum() - 1, (a * b).sum(), (b * c).sum(), (c * a).sum()]
        return products.allSatisfy { abs($0) < 1e-6 } && matrix.determinant > 0
    }

    /// "rigid transform · turns 5.00° about (0.00, 0.00, 1.00) · moves the origin by (3.00, -2.00, 0.00) mm"; an affine one says what
    /// becomes of volumes too.
    public var summary: String {
        let rotation = matrix.nearestRotation
        let (a, b, c) = rotation.columns
        let axis = SIMD3(b.z - c.y, c.x - a.z, a.y - b.x)
        let sine = (axis * axis).sum().squareRoot() / 2, cosine = (a.x + b.y + c.z - 1) / 2
        let degrees = atan2(sine, cosine) * 180 / .pi
        // What is as good as 0 is shown without a sign.
        func triple(_ v: SIMD3<Double>) -> String {
            "(" + (0..<3).map { Text.fixed((v[$0] * 100).rounded() / 100 + 0, 2) }.joined(separator: ", ") + ")"
        }
        var parts = ["\(isRigid ? "rigid" : "affine") transform"]
        // Near a half turn the axis is not to be had from the sine.
        parts.append("turns \(Text.fixed(degrees, 2))°" + (sine > 1e-6 ? " about \(triple(axis / (2 * sine)))" : ""))
        parts.append("moves the origin by \(triple(matrix.translation)) mm")
        if !isRigid { parts.append("volumes × \(Text.fixed(matrix.determinant, 3))") }
        return parts.joined(separator: " · ")
    }
}

extension Affine {
    /// A turn about the origin in the plane of two axes.
    static func turn(_ angle: Double, from first: Int, to second: Int) -> Affine {
        var rows = [SIMD4<Double>(1, 0, 0, 0), SIMD4<Double>(0, 1, 0, 0), SIMD4<Double>(0, 0, 1, 0)]
        rows[first][first] = cos(angle)
        rows[first][second] = -sin(angle)
        rows[second][first] = sin(angle)
        rows[second][second] = cos(angle)
        return Affine(rows[0], rows[1], rows[2])
    }

    /// The rotation nearest to the linear part (its polar factor; a reflection is turned into a rotation), by Higham's iteration R ← (R +
    /// R⁻ᵀ) / 2.
    var nearestRotation: Affine {
        func linear(_ a: Affine) -> Affine {
            Affine(SIMD4(lowHalf3: a.rows.0), SIMD4(lowHalf3: a.rows.1), SIMD4(lowHalf3: a.rows.2))
        }
        var r = linear(self)
        if determinant < 0 { r = Affine(-r.rows.0, -r.rows.1, -r.rows.2) }
        for _ in 0..<60 {
            guard let inverse = try? r.inverse() else { break }
            let (a, b, c) = inverse.columns
            let next = Affine((r.rows.0 + SIMD4(a, 0)) / 2, (r.rows.1 + SIMD4(b, 0)) / 2, (r.rows.2 + SIMD4(c, 0)) / 2)
            let change = [next.rows.0 - r.rows.0, next.rows.1 - r.rows.1, next.rows.2 - r.rows.2].map { ($0 * $0).sum() }.reduce(0, +)
            r = next
            if change < 1e-30 { break }
        }
        return r
    }
}

extension SIMD4<Double> {
    /// The first three, and 0.
    fileprivate init(lowHalf3 v: SIMD4<Double>) { self.init(v.x, v.y, v.z, 0) }
}

extension Grid {
    /// The grid as a transform carries it: the same voxels, each where its position goes. Throws `GridError.far` when that is beyond
    /// `farthest`, `.singular` when voxels become too small or too large (`usable`).
    public func moved(by transform: Transform) throws(GridError) -> Grid {
        try Grid(shape: shape, affine: transform.matrix.after(affine)).usable()
    }
}

extension Volume {
    /// The image as a transform carries it: voxels stay as they are and lie elsewhere. No interpolation. Throws as `Grid.moved(by:)`.
    public func moved(by transform: Transform) throws(GridError) -> Volume {
        Volume(grid: try grid.moved(by: transform), voxels: voxels, datatype: datatype, header: header, stored: stored)
    }
}

extension Mask {
    /// As `Volume.moved(by:)`. Throws as that.
    public func moved(by transform: Transform) throws(GridError) -> Mask {
        Mask(grid: try grid.moved(by: transform), voxels: voxels, header: header)
    }
}
