import Support

extension Volume {
    /// The derivative along a voxel axis (0 … 2) for each mm: central differences, one-sided at the border (numpy's `gradient`). 0 along an
    /// axis of one voxel. float32. Throws `IntensityError.argument` for another axis, `MemoryError`, `Interrupted`.
    public func derivative(along axis: Int) throws -> Volume {
        guard (0...2).contains(axis) else { throw IntensityError.argument(name: "axis", value: Double(axis), allowed: "0, 1 or 2") }
        try grid.requireMemory(bytesPerVoxel: 4)
        let scale = Float(1 / grid.spacing[axis])
        return with(
            try differences { out, row, n in
                let d = row(axis)
                for i in 0..<n { out[i] = d[i] * scale }
            })
    }

    /// The length of the gradient for each mm, in the world's geometry, whatever the angles between the grid's axes. float32.
    /// Throws `GridError.singular` for a grid without inverse, `MemoryError`, `Interrupted`.
    public func gradientMagnitude() throws -> Volume {
        try grid.requireMemory(bytesPerVoxel: 4)
        // The world's gradient is the inverse affine's transpose times that of the indices.
        let (a, b, c) = try grid.affine.inverse().rows
        // Rows of the inverse belong to voxel axes, columns to world axes.
        func metric(_ u: SIMD4<Double>, _ v: SIMD4<Double>) -> Float { Float(u.x * v.x + u.y * v.y + u.z * v.z) }
        let (xx, yy, zz) = (metric(a, a), metric(b, b), metric(c, c))
        let (xy, xz, yz) = (2 * metric(a, b), 2 * metric(a, c), 2 * metric(b, c))
        return with(
            try differences { out, row, n in
                let x = row(0), y = row(1), z = row(2)
                for i in 0..<n {
                    let straight = x[i] * x[i] * xx + y[i] * y[i] * yy + z[i] * z[i] * zz
                    let skew = x[i] * y[i] * xy + x[i] * z[i] * xz + y[i] * z[i] * yz
                    let square = straight + skew
                    // Rounding may go below 0; NaN stays NaN.
                    out[i] = square < 0 ? 0 : square.squareRoot()
                }
            })
    }

    /// `body(out, differences, n)` sets each row from its differences along an axis, in values for each voxel.
    private func differences(
        _ body: (UnsafeMutablePointer<Float>, (Int) -> UnsafePointer<Float>, Int) -> Void
    ) throws -> [Float] {
        let (nx, ny, nz) = (grid.shape.x, grid.shape.y, grid.shape.z)
        return try [Float](unsafeUninitializedCapacity: grid.count) { out, count in
            Voxels.useLargePages(out.baseAddress!, grid.count)
            try voxels.withUnsafeBufferPointer { voxels in
                let p = Unchecked((voxels.baseAddress!, out.baseAddress!))
                try withoutActuallyEscaping(body) { body in
                    let body = Unchecked(body)
                    try Parallel.slabs(nz) { k in
                        let (values, out) = p.value
                        withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * nx) { scratch in
                            let lines = scratch.baseAddress!
                            lines.initialize(repeating: 0, count: 3 * nx)
                            for j in 0..<ny {
                                let row = (k * ny + j) * nx
                                body.value(out + row, { axis in
                                    let line = lines + axis * nx
                                    if axis == 0 {
                                        Self.along(values + row, line, nx)
                                    } else {
                                        let (at, extent, step) = axis == 1 ? (j, ny, nx) : (k, nz, nx * ny)
                                        Self.across(values + row, line, nx, at: at, extent: extent, step: step)
                                    }
                                    return UnsafePointer(line)
                                }, nx)
                            }
                        }
                    }
                }
            }
            count = grid.count
        }
    }

    private static func along(_ row: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ n: Int) {
        if n == 1 { return out[0] = 0 }
        out[0] = row[1] - row[0]
        out[n - 1] = row[n - 1] - row[n - 2]
        if n > 2 { for i in 1..<(n - 1) { out[i] = (row[i + 1] - row[i - 1]) / 2 } }
    }

    private static func across(
        _ row: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ n: Int, at: Int, extent: Int, step: Int
    ) {
        let before = at > 0 ? row - step : row, after = at < extent - 1 ? row + step : row
        let half: Float = at > 0 && at < extent - 1 ? 0.5 : 1
        for i in 0..<n { out[i] = (after[i] - before[i]) * half }
    }
}
