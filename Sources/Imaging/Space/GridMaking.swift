import Support

extension Grid {
    /// Voxel sizes in mm that can be asked for: from a nanometre to a kilometre, which every file can hold.
    public static let spacings = 1e-6...1e6
    /// mm from the world's origin beyond which voxels cannot be asked for: ten kilometres, where single precision, in which files hold
    /// places, tells millimetres apart.
    public static let farthest = 1e7

    /// The grid that a resampling asks for, about the centre of `grid`'s field of view.
    ///
    /// * With `shape` (and `spacing`, by default the source's voxel sizes): axis-aligned RAS — index i grows to the right,
    ///   j to the front, k upwards — whatever the source's orientation, so that [96, 128, 160] always means right-left × back-front ×
    ///   bottom-top, and one network serves images of every orientation. The spacing by default is the source's, brought into that order.
    /// * With `spacing` alone: the source's own axis directions, and as many voxels as cover the source's field of view
    ///   (extent = voxels × spacing, rounded up).
    /// * With neither: `grid` itself.
    ///
    /// The centre is that of the field of view, halfway between the first and the last voxel's centres along each axis.
    /// Throws `GridError` for sizes that are not positive or beyond the largest image, `IntensityError.argument` for a spacing
    /// outside of `spacings`.
    public static func centred(on grid: Grid, shape: SIMD3<Int>? = nil, spacing: SIMD3<Double>? = nil) throws -> Grid {
        if let spacing {
            for axis in 0..<3 where !spacings.contains(spacing[axis]) {
                throw IntensityError.argument(name: "spacing", value: spacing[axis], allowed: "from 0.000001 to 1000000 mm")
            }
        }
        let centre = grid.centre
        if let shape {
            var step = SIMD3<Double>.one
            for (axis, nearest) in grid.affine.nearestAxes.enumerated() { step[nearest.axis] = grid.spacing[axis] }
            if let spacing { step = spacing }
            return try Grid(
                shape: shape, affine: Affine(spacing: step, origin: centre - step * (SIMD3<Double>(shape) - 1) / 2))
        }
        guard let spacing else { return grid }
        let old = grid.spacing
        var shape = SIMD3<Int>.one
        for axis in 0..<3 {
            // A whole number of voxels within rounding is meant as one.
            let exact = Double(grid.shape[axis]) * old[axis] / spacing[axis]
            guard exact.isFinite else { throw GridError.notFinite(grid.affine) }
            // What is too large is held to a size that an Int can show; `Grid` refuses it.
            shape[axis] = max(1, Int(min(exact - 1e-3, 1e18).rounded(.up)))
        }
        let ratio = spacing / old
        let (r0, r1, r2) = grid.affine.rows
        let scale = SIMD4(ratio, 1)
        var affine = Affine(r0 * scale, r1 * scale, r2 * scale)
        let drift = centre - affine((SIMD3<Double>(shape) - 1) / 2)
        affine.rows.0.w += drift.x
        affine.rows.1.w += drift.y
        affine.rows.2.w += drift.z
        return try Grid(shape: shape, affine: affine)
    }
}
