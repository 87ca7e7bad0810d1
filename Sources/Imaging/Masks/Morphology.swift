import Support

/// What a ball's radius counts.
public enum BallUnit: String, Sendable, CaseIterable {
    /// Millimetres: on voxels that are no cubes the ball is round in space.
    case mm
    /// Voxels along each axis, whatever their size: the ball is round in indices.
    case voxels
}

extension Mask {
    /// Voxels within `radius` of the mask: dilation by a ball, measured between voxel centres, on voxels of any shape (axes are taken
    /// as orthogonal). As scipy.ndimage.binary_dilation with all offsets of length ≤ radius as its structure.
    ///
    /// Throws `IntensityError.argument` for a radius that is negative or not finite, `MemoryError`, `Interrupted`.
    public func dilated(radius: Double, unit: BallUnit = .mm) throws -> Mask {
        let spacing = try steps(unit, radius)
        if let ball = Ball(radius: radius, spacing: spacing, shape: grid.shape) {
            return with(try BitRows(voxels, shape: grid.shape, inverted: false).dilated(by: ball).voxels(inverted: false))
        }
        try grid.requireMemory(bytesPerVoxel: 4)
        let distances = try EuclideanDistance.toSet(
            voxels, shape: grid.shape, spacing: spacing, box: try Box(around: voxels, shape: grid.shape), squared: true)
        let limit = Float(Ball.limit(radius))
        return with(
            try Voxels.map(distances) { x, out, n in
                for i in 0..<n { out[i] = x[i] <= limit ? 1 : 0 }
            })
    }

    /// Voxels farther than `radius` from everything outside the mask: erosion by a ball. What lies beyond the image counts as
    /// outside, so that a mask is eroded at the image's edge too (scipy.ndimage.binary_erosion, border_value 0).
    ///
    /// Throws `IntensityError.argument` for a radius that is negative or not finite, `MemoryError`, `Interrupted`.
    public func eroded(radius: Double, unit: BallUnit = .mm) throws -> Mask {
        let spacing = try steps(unit, radius)
        if let ball = Ball(radius: radius, spacing: spacing, shape: grid.shape) {
            let outside = try BitRows(voxels, shape: grid.shape, inverted: true).dilated(by: ball, beyondEdge: true)
            return with(try outside.voxels(inverted: true))
        }
        try grid.requireMemory(bytesPerVoxel: 4)
        let distances = try EuclideanDistance.toSet(
            try Voxels.complement(voxels), shape: grid.shape, spacing: spacing, box: Box(whole: grid.shape), squared: true, beyondEdge: true
        )
        let limit = Float(Ball.limit(radius))
        return with(
            try Voxels.map(distances) { x, out, n in
                for i in 0..<n { out[i] = x[i] > limit ? 1 : 0 }
            })
    }

    /// Opening: the union of all balls that fit into the mask. Takes away what is thinner than a ball; never adds a voxel. As
    /// scipy.ndimage.binary_opening. Throws as `eroded`.
    public func opened(radius: Double, unit: BallUnit = .mm) throws -> Mask {
        try eroded(radius: radius, unit: unit).dilated(radius: radius, unit: unit)
    }

    /// Closing: the voxels that no ball outside of the mask reaches. Fills gaps narrower than a ball; never takes a voxel away.
    ///
    /// The image goes on without end as far as closing is concerned, so that a mask at the edge is not worn off there (ITK's SafeBorder;
    /// scipy's binary_closing of a mask that has been padded by the ball's radius). Throws `IntensityError.argument` for a radius that is
    /// negative or not finite, or a ball so large that it does not fit, `MemoryError`, `Interrupted`.
    public func closed(radius: Double, unit: BallUnit = .mm) throws -> Mask {
        let spacing = try steps(unit, radius)
        let box = try Box(around: voxels, shape: grid.shape)
        if box.isEmpty { return self }
        // The closing lies within the mask's box, and depends on nothing farther from that than the ball's reach.
        var reach = SIMD3<Int>.zero
        for axis in 0..<3 { reach[axis] = Int(min(radius / max(spacing[axis], .leastNormalMagnitude), Double(Grid.largestCount)) + 1) }
        let spread = SIMD3<Double>(box.shape) + 2 * SIMD3<Double>(reach)
        guard spread.x * spread.y * spread.z <= Self.mostClosing else {
            let text = (0..<3).map { Text.short(spread[$0]) }.joined(separator: "×")
            throw IntensityError.argument(
                name: "radius", value: radius,
                allowed: "smaller, as the mask with the ball around it must fit into 2²⁷ voxels and has \(text)")
        }
        let room = try cropped(from: box.from, to: box.to).padded(before: reach, after: reach)
        let closed = try room.dilated(radius: radius, unit: unit).eroded(radius: radius, unit: unit)
        let inner = try closed.cropped(from: reach, to: reach &+ box.shape)
        return with(try Pad(extent: box.shape, at: box.from, shape: grid.shape).apply(to: inner.voxels, outside: 0))
    }

    /// Voxels of a mask and the ball around it, beyond which closing would take longer than anybody waits.
    private static let mostClosing = Double(1 << 27)

    /// The voxels of the mask that touch, through a face, a voxel outside of it; beyond the image is outside (the mask without its
    /// scipy.ndimage.binary_erosion, MONAI's get_mask_edges). Throws `Interrupted`.
    public func boundary() throws -> Mask { with(try Surface.voxels(of: voxels, shape: grid.shape)) }

    /// The size of a voxel in the ball's unit.
    private func steps(_ unit: BallUnit, _ radius: Double) throws -> SIMD3<Double> {
        guard radius >= 0, radius.isFinite else {
            throw IntensityError.argument(name: "radius", value: radius, allowed: "0 or more \(unit.rawValue)")
        }
        return unit == .mm ? grid.spacing : .one
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
