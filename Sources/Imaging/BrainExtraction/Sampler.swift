/// Values of an image between voxels, along lines.
struct Sampler: Sendable {
    private let voxels: [Float]
    private let shape: SIMD3<Int>
    private let toVoxel: Affine

    /// Throws `GridError.singular`.
    init(_ image: Volume) throws {
        (voxels, shape) = (image.voxels, image.grid.shape)
        toVoxel = try image.grid.affine.inverse()
    }

    /// The least value at 0 … `least` steps from a place in the world, and the greatest at 0 … `greatest` steps, which is no more.
    /// Linear between voxels; farther than half a voxel beyond the outermost voxels' centres the value is `outside`.
    func extremes(
        from world: SIMD3<Double>, step: SIMD3<Double>, least: Int, greatest: Int, outside: Float
    ) -> (least: Float, greatest: Float) {
        let start = toVoxel(world), stride = toVoxel(world + step) - start
        let from = SIMD3<Float>(start), by = SIMD3<Float>(stride)
        var low = Float.infinity, high = -Float.infinity
        voxels.withUnsafeBufferPointer { voxels in
            let line = Line(voxels: voxels.baseAddress!, shape: shape)
            for n in 0...least {
                let t = Float(n)
                let value = line.value(from.x + t * by.x, from.y + t * by.y, from.z + t * by.z, outside)
                low = value < low ? value : low
                if n <= greatest { high = value > high ? value : high } else if low <= outside { break }
            }
        }
        return (low, high)
    }
}

private struct Line {
    let voxels: UnsafePointer<Float>
    let nx: Int, ny: Int, nz: Int

    init(voxels: UnsafePointer<Float>, shape: SIMD3<Int>) {
        self.voxels = voxels
        (nx, ny, nz) = (shape.x, shape.y, shape.z)
    }

    @inline(__always)
    func value(_ x: Float, _ y: Float, _ z: Float, _ outside: Float) -> Float {
        guard x >= -0.5, y >= -0.5, z >= -0.5, x <= Float(nx) - 0.5, y <= Float(ny) - 0.5, z <= Float(nz) - 0.5 else { return outside }
        let (i, fx, dx) = split(x, nx), (j, fy, dy) = split(y, ny), (k, fz, dz) = split(z, nz)
        let v = voxels + (i + nx * (j + ny * k))
        let sy = dy * nx, sz = dz * nx * ny
        @inline(__always) func row(_ p: UnsafePointer<Float>) -> Float { p[0] + fx * (p[dx] - p[0]) }
        let near = row(v) + fy * (row(v + sy) - row(v)), far = row(v + sz) + fy * (row(v + sz + sy) - row(v + sz))
        return near + fz * (far - near)
    }

    /// The voxel below a position, the share of the one above, and the step to that.
    @inline(__always)
    private func split(_ x: Float, _ n: Int) -> (Int, Float, Int) {
        let p = x < 0 ? 0 : x
        let i = Int(p)
        return i + 1 < n ? (i, p - Float(i), 1) : (n - 1, 0, 0)
    }
}
