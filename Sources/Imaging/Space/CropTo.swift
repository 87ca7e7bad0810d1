import Glibc
import Support

extension Mask {
    /// The smallest box that holds all of the mask: the first voxel along each axis, and the one after the last. Nil for an empty mask.
    var box: (from: SIMD3<Int>, to: SIMD3<Int>)? {
        let shape = grid.shape
        // Planes that hold something, and within those the rows and voxels.
        let planes: [(from: SIMD3<Int>, to: SIMD3<Int>)?] = voxels.withUnsafeBufferPointer { voxels in
            let base = Unchecked(voxels.baseAddress!)
            return Parallel.mapRanges(shape.z, grain: 1) { range in
                var from = SIMD3(Int.max, Int.max, Int.max), to = SIMD3<Int>.zero
                for k in range {
                    for j in 0..<shape.y {
                        let row = base.value + shape.x * (j + shape.y * k)
                        guard let first = memchr(row, 1, shape.x) else { continue }
                        var last = shape.x - 1
                        while row[last] == 0 { last -= 1 }
                        let i = UnsafeRawPointer(first) - UnsafeRawPointer(row)
                        from = pointwiseMin(from, [i, j, k])
                        to = pointwiseMax(to, [last + 1, j + 1, k + 1])
                    }
                }
                return to.x > 0 ? (from, to) : nil
            }
        }
        return planes.compactMap { $0 }.reduce(nil) { box, next in
            box.map { (pointwiseMin($0.from, next.from), pointwiseMax($0.to, next.to)) } ?? next
        }
    }

    /// The box about the mask and `margin` mm around it, rounded up to whole voxels and held to the grid.
    /// Throws `IntensityError.emptyMask`, and `IntensityError.argument` for a margin that is negative or not finite.
    public func box(margin: Double) throws -> (from: SIMD3<Int>, to: SIMD3<Int>) {
        guard margin >= 0, margin.isFinite else {
            throw IntensityError.argument(name: "margin", value: margin, allowed: "0 mm or more")
        }
        guard let box else { throw IntensityError.emptyMask(operation: "crop_to") }
        var from = box.from, to = box.to
        for axis in 0..<3 {
            // A whole number of voxels within rounding is meant as one; beyond the grid no more is wanted.
            let voxels = (margin / grid.spacing[axis] - 1e-6).rounded(.up)
            let more = Int(min(voxels, Double(grid.shape[axis])))
            from[axis] = max(0, from[axis] - more)
            to[axis] = min(grid.shape[axis], to[axis] + more)
        }
        return (from, to)
    }
}

extension Volume {
    /// The box about a mask and `margin` mm around it, cut out; every voxel keeps its place in the world.
    /// Throws `GridError.mismatch` for a mask elsewhere, and as `Mask.box(margin:)`.
    public func cropped(to mask: Mask, margin: Double = 0) throws -> Volume {
        try grid.require(same: mask.grid)
        let box = try mask.box(margin: margin)
        return try cropped(from: box.from, to: box.to)
    }
}

extension Mask {
    /// As `Volume.cropped(to:margin:)`.
    public func cropped(to mask: Mask, margin: Double = 0) throws -> Mask {
        try grid.require(same: mask.grid)
        let box = try mask.box(margin: margin)
        return try cropped(from: box.from, to: box.to)
    }
}
