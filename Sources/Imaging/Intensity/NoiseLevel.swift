import Support

extension Volume {
    /// The standard deviation of the noise (Coupé et al. 2010, doi:10.1016/j.media.2010.03.001): the median magnitude of the finest
    /// diagonal wavelet coefficients (Haar) of cubes of 2 × 2 × 2 voxels, over the normal distribution's 0.6745.
    ///
    /// - Parameter mask: cubes that lie in it entirely are counted; without one, those above Otsu's threshold, where magnitude images have
    ///   noise that is nearly normal.
    /// Throws `IntensityError` where no cube is left (images of one voxel along an axis), for values that are not finite or, without a mask, all
    /// one, `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func noiseLevel(in mask: Mask? = nil) throws -> Double {
        if let mask { try grid.require(same: mask.grid) }
        let isMasked = mask != nil, mask = try mask ?? otsu()
        let shape = grid.shape
        let cubes = shape / 2
        let pieces = try voxels.withUnsafeBufferPointer { voxels in
            try mask.voxels.withUnsafeBufferPointer { inside in
                let p = Unchecked((voxels, inside))
                return try Parallel.mapSlabs(cubes.z, grain: 1) { planes in
                    let (voxels, inside) = p.value
                    var found: [Float] = []
                    for c in planes {
                        for b in 0..<cubes.y {
                            for a in 0..<cubes.x {
                                let first = grid.index(2 * a, 2 * b, 2 * c)
                                var sum: Float = 0
                                var all: UInt8 = 1
                                for corner in 0..<8 {
                                    let at = first + (corner & 1) + (corner >> 1 & 1) * shape.x + (corner >> 2) * shape.x * shape.y
                                    all &= inside[at]
                                    sum += corner.nonzeroBitCount % 2 == 0 ? voxels[at] : -voxels[at]
                                }
                                if all != 0 { found.append(sum.magnitude) }
                            }
                        }
                    }
                    return found
                }
            }
        }
        let coefficients = try Selection.joined(pieces)
        if coefficients.isEmpty {
            throw isMasked && mask.count == 0
                ? IntensityError.emptyMask(operation: "noise_level") : .noCube(masked: isMasked, operation: "noise_level")
        }
        let bad = try Voxels.total(coefficients) { x, n in
            var bad: Int32 = 0
            for i in 0..<n { bad &+= x[i] - x[i] == 0 ? 0 : 1 }
            return Int(bad)
        }
        if bad > 0 { throw IntensityError.notFinite(count: try countNonFinite(in: mask), of: mask.count, operation: "noise_level") }
        // A sum of eight has √8 times the noise.
        return try Selection(coefficients).percentile(50) / (8.0.squareRoot() * 0.6744897501960817)
    }
}
