import Glibc

/// What a registration may do to an image.
public enum Motion: String, Sendable, CaseIterable {
    /// Turn and shift: 6 numbers.
    case rigid
    /// Turn, shift, scale and shear: 12 numbers.
    case affine

    /// Numbers that say a motion.
    package var count: Int { self == .rigid ? 6 : 12 }
}

/// Motions about a point, as parameters in mm: three of translation, then the rigid motion's three angles or the affine one's nine matrix
/// entries, each times a radius, so that a unit of any of them moves the image by about as much.
package struct MotionSpace {
    let kind: Motion
    /// mm that a unit of angle is worth: how far samples lie from the centre.
    let radius: Double

    package init(kind: Motion, radius: Double) { (self.kind, self.radius) = (kind, radius) }

    /// The linear part and the shift of x ↦ linear · x + shift, x counted from the centre.
    package func affine(_ p: [Double]) -> Affine {
        let linear: Affine
        switch kind {
        case .rigid: linear = turns(p).0.after(turns(p).1).after(turns(p).2)
        case .affine:
            linear = Affine(
                [1 + p[3] / radius, p[4] / radius, p[5] / radius, 0], [p[6] / radius, 1 + p[7] / radius, p[8] / radius, 0],
                [p[9] / radius, p[10] / radius, 1 + p[11] / radius, 0])
        }
        var whole = linear
        whole.rows.0.w = p[0]
        whole.rows.1.w = p[1]
        whole.rows.2.w = p[2]
        return whole
    }

    /// The gradient along the parameters, from that along the shift and along the entries of the linear part (rows).
    package func gradient(_ p: [Double], shift: SIMD3<Double>, linear: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)) -> [Double] {
        let start = [shift.x, shift.y, shift.z]
        func along(_ a: Affine) -> Double {
            let rows = [(a.rows.0, linear.0), (a.rows.1, linear.1), (a.rows.2, linear.2)]
            return rows.map { (SIMD3($0.0.x, $0.0.y, $0.0.z) * $0.1).sum() }.reduce(0, +) / radius
        }
        switch kind {
        case .rigid:
            let (z, y, x) = turns(p), (dz, dy, dx) = turns(p, derived: true)
            return start + [z.after(y).after(dx), z.after(dy).after(x), dz.after(y).after(x)].map(along)
        case .affine:
            return start + [linear.0, linear.1, linear.2].flatMap { [$0.x / radius, $0.y / radius, $0.z / radius] }
        }
    }

    /// The turns about z, y and x, or their derivatives.
    private func turns(_ p: [Double], derived: Bool = false) -> (Affine, Affine, Affine) {
        func turn(_ angle: Double, _ first: Int, _ second: Int) -> Affine {
            guard derived else { return Affine.turn(angle, from: first, to: second) }
            // The derivative of a turn is the turn by a right angle more, without what stands still.
            var rows = [SIMD4<Double>.zero, .zero, .zero]
            rows[first][first] = -sin(angle)
            rows[first][second] = -cos(angle)
            rows[second][first] = cos(angle)
            rows[second][second] = -sin(angle)
            return Affine(rows[0], rows[1], rows[2])
        }
        return (turn(p[5] / radius, 0, 1), turn(p[4] / radius, 2, 0), turn(p[3] / radius, 1, 2))
    }
}
