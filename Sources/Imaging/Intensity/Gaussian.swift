import Glibc
import Support

extension Volume {
    /// Full width at half maximum of a Gaussian over its standard deviation: 2√(2 ln 2).
    public static let fwhmPerSigma = 2.354820045030949

    /// Gaussian blur with a full width at half maximum in mm. Throws `IntensityError.argument` for one that is negative or not finite, `MemoryError`,
    /// `Interrupted`.
    public func smoothed(fwhm: Double) throws -> Volume { try smoothed(sigma: fwhm / Self.fwhmPerSigma) }

    /// Gaussian blur with a standard deviation in mm, the same along every axis whatever the voxel's shape.
    ///
    /// A sampled kernel out to 4 standard deviations, normalised; beyond the edge the edge voxel repeats
    /// (scipy.ndimage.gaussian_filter, truncate 4, mode "nearest"). NaN and infinite voxels spread over the kernel's reach. float32.
    /// Throws as `smoothed(fwhm:)`.
    public func smoothed(sigma: Double) throws -> Volume {
        try smoothed(sigma: SIMD3(repeating: sigma))
    }

    /// Gaussian blur with a standard deviation in mm along each axis. Throws as `smoothed(fwhm:)`.
    public func smoothed(sigma: SIMD3<Double>) throws -> Volume {
        for axis in 0..<3 where !(sigma[axis] >= 0 && sigma[axis].isFinite) {
            throw IntensityError.argument(name: "sigma", value: sigma[axis], allowed: "0 mm or more")
        }
        try grid.requireMemory(bytesPerVoxel: 8)
        var out = voxels
        for axis in 0..<3 {
            let kernel = Self.gaussianKernel(sigma[axis] / grid.spacing[axis], extent: grid.shape[axis])
            if kernel.count > 1 { out = try Correlation.apply(kernel, to: out, shape: grid.shape, axis: axis) }
        }
        return with(out)
    }

    /// Weights at −r … r, r = ⌊4σ + ½⌋. What lies beyond the image's far edge from every voxel is folded into the ends.
    private static func gaussianKernel(_ sigma: Double, extent: Int) -> [Float] {
        guard sigma > 0, sigma.isFinite else { return [1] }
        let wide = 4 * sigma + 0.5
        // With a kernel so wide that every value is an edge value, a hundred extents are as good as infinity.
        let radius = Int(min(wide, Double(extent) * 100 + 1))
        var weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        let sum = weights.reduce(0, +)
        for i in weights.indices { weights[i] /= sum }
        let reach = min(radius, extent)
        if reach < radius {
            let tail = weights[..<(radius - reach)].reduce(0, +)
            weights = Array(weights[(radius - reach)...(radius + reach)])
            weights[0] += tail
            weights[weights.count - 1] += tail
        }
        return weights.map(Float.init)
    }
}

/// One-dimensional correlation along an axis, edge voxels repeated.
enum Correlation {
    static func apply(_ kernel: [Float], to values: [Float], shape: SIMD3<Int>, axis: Int) throws -> [Float] {
        var result = try Voxels.repeating(Float(0), values.count)
        let radius = kernel.count / 2
        let (nx, ny, nz) = (shape.x, shape.y, shape.z)
        try values.withUnsafeBufferPointer { values in
            try kernel.withUnsafeBufferPointer { kernel in
                try result.withUnsafeMutableBufferPointer { out in
                    let p = Unchecked((values.baseAddress!, kernel.baseAddress!, out.baseAddress!))
                    try Parallel.slabs(nz) { k in
                        let (values, kernel, out) = p.value
                        for j in 0..<ny {
                            let row = (k * ny + j) * nx
                            if axis == 0 {
                                alongRow(out + row, values + row, kernel, radius, nx)
                                continue
                            }
                            for t in 0...(2 * radius) {
                                let from =
                                    axis == 1
                                    ? (k * ny + min(ny - 1, max(0, j + t - radius))) * nx
                                    : (min(nz - 1, max(0, k + t - radius)) * ny + j) * nx
                                accumulate(out + row, values + from, kernel[t], nx)
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    private static func alongRow(
        _ out: UnsafeMutablePointer<Float>, _ row: UnsafePointer<Float>, _ kernel: UnsafePointer<Float>, _ radius: Int, _ n: Int
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: n + 2 * radius) { buffer in
            let line = buffer.baseAddress!
            line.initialize(repeating: row[0], count: radius)
            (line + radius).initialize(from: row, count: n)
            (line + radius + n).initialize(repeating: row[n - 1], count: radius)
            for t in 0...(2 * radius) { accumulate(out, line + t, kernel[t], n) }
        }
    }

    /// out[0 ..< n] += w · from[0 ..< n].
    @inline(__always)
    static func accumulate(_ out: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, _ w: Float, _ n: Int) {
        var i = 0
        while i < n {
            out[i] += w * from[i]
            i &+= 1
        }
    }
}
