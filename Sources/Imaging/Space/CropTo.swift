extension Mask {
    /// The box about the mask and `margin` mm around it, rounded up to whole voxels and held to the grid.
    /// Throws `IntensityError.emptyMask`, `IntensityError.argument` for a margin that is negative or not finite, and `Interrupted`.
    public func boundingBox(margin: Double) throws -> Box {
        guard margin >= 0, margin.isFinite else {
            throw IntensityError.argument(name: "margin", value: margin, allowed: "0 mm or more")
        }
        var box = try Box(around: voxels, shape: grid.shape)
        if box.isEmpty { throw IntensityError.emptyMask(operation: "crop_to") }
        for axis in 0..<3 {
            // A whole number of voxels within rounding is meant as one; beyond the grid no more is wanted.
            let voxels = (margin / grid.spacing[axis] - 1e-6).rounded(.up)
            let more = voxels.isNaN ? 0 : Int(min(voxels, Double(grid.shape[axis])))
            box.from[axis] = max(0, box.from[axis] - more)
            box.to[axis] = min(grid.shape[axis], box.to[axis] + more)
        }
        return box
    }
}

extension Volume {
    /// The box about a mask and `margin` mm around it, cut out; every voxel keeps its place in the world.
    /// Throws `GridError.mismatch` for a mask elsewhere, as `Mask.boundingBox(margin:)`, and as `cropped(from:to:)`.
    public func cropped(to mask: Mask, margin: Double = 0) throws -> Volume {
        try grid.require(same: mask.grid)
        let box = try mask.boundingBox(margin: margin)
        return try cropped(from: box.from, to: box.to)
    }
}

extension Mask {
    /// As `Volume.cropped(to:margin:)`. Throws `GridError.mismatch` for a mask elsewhere, as `boundingBox(margin:)`, and as `cropped(from:to:)`.
    public func cropped(to mask: Mask, margin: Double = 0) throws -> Mask {
        try grid.require(same: mask.grid)
        let box = try mask.boundingBox(margin: margin)
        return try cropped(from: box.from, to: box.to)
    }
}
