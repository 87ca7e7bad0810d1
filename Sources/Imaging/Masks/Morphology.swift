import Support

extension Mask {
    /// Voxels within `radius` mm of the mask: dilation by a ball, measured between voxel centres, on voxels of any shape (axes are taken
    /// as orthogonal). As scipy.ndimage.binary_dilation with all offsets of length ≤ radius as its structure.
    ///
    /// Throws `IntensityError.argument` for a radius that is negative or not finite, and `Interrupted`.
    public func dilated(radius: Double) throws -> Mask {
        try check(radius)
        if let ball = Ball(radius: radius, spacing: grid.spacing, shape: grid.shape) {
            return with(try BitRows(voxels, shape: grid.shape, inverted: false).dilated(by: ball).voxels(inverted: false))
        }
        let distances = try SquaredDistance.toSet(voxels, shape: grid.shape, spacing: grid.spacing)
        let limit = Float(Ball.limit(radius))
        return with(
            Voxels.map(distances) { x, out, n in
                for i in 0..<n { out[i] = x[i] <= limit ? 1 : 0 }
            })
    }

    /// Voxels farther than `radius` mm from everything outside the mask: erosion by a ball. What lies beyond the image counts as
    /// outside, so that a mask is eroded at the image's edge too (scipy.ndimage.binary_erosion, border_value 0).
    public func eroded(radius: Double) throws -> Mask {
        try check(radius)
        if let ball = Ball(radius: radius, spacing: grid.spacing, shape: grid.shape) {
            let outside = try BitRows(voxels, shape: grid.shape, inverted: true).dilated(by: ball, beyondEdge: true)
            return with(outside.voxels(inverted: true))
        }
        let outside = Voxels.complement(voxels)
        let distances = try SquaredDistance.toSet(outside, shape: grid.shape, spacing: grid.spacing, beyondEdge: true)
        let limit = Float(Ball.limit(radius))
        return with(
            Voxels.map(distances) { x, out, n in
                for i in 0..<n { out[i] = x[i] > limit ? 1 : 0 }
            })
    }

    private func check(_ radius: Double) throws {
        guard radius >= 0, radius.isFinite else {
            throw IntensityError.argument(name: "radius", value: radius, allowed: "0 mm or more")
        }
    }
}

/// The voxels of a ball, as spans along i.
struct Ball {
    struct Span {
        var j: Int
        var k: Int
        /// The span is −half … half.
        var half: Int
    }
    let spans: [Span]
    let widest: Int

    /// Beyond this many spans distances are quicker than shifts.
    package static let mostSpans = 1500

    /// An offset of exactly `radius` belongs to the ball, whatever its rounding.
    static func limit(_ radius: Double) -> Double { radius * radius * (1 + 1e-5) }

    /// Nil for a ball of many voxels, or for voxels without extent. No offset beyond the image's shape is kept.
    init?(radius: Double, spacing: SIMD3<Double>, shape: SIMD3<Int>) {
        guard spacing.min() > 0, spacing.max().isFinite else { return nil }
        let reach = radius / spacing
        guard (reach.y + 1) * (reach.z + 1) < Double(Self.mostSpans), reach.x < 1e6 else { return nil }
        let limit = Self.limit(radius)
        var spans: [Span] = []
        for k in -Int(reach.z + 1)...Int(reach.z + 1) {
            for j in -Int(reach.y + 1)...Int(reach.y + 1) {
                let y = Double(j) * spacing.y, z = Double(k) * spacing.z
                let left = limit - y * y - z * z
                if left >= 0 { spans.append(Span(j: j, k: k, half: Int(left.squareRoot() / spacing.x))) }
            }
        }
        guard spans.count <= Self.mostSpans else { return nil }
        self.spans = spans
        widest = spans.map(\.half).max() ?? 0
    }
}
