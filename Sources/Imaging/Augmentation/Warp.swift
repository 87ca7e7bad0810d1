import Support

/// A smooth map of a grid onto itself, as a resampling needs it: for each voxel, where in the source to look.
///
/// What is composed of turns, sizes, shears, shifts, mirrors and an elastic displacement is one map, so that an image is interpolated once.
struct Warp {
    let grid: Grid
    /// World position to the world position that is looked up, but for the displacement.
    let affine: Affine
    /// Displacement in mm, added where it is looked up (fields 0, 1, 2); nil for none.
    let elastic: FieldLattice?

    /// Values at the places looked up, between voxel centres; 0 outside of the box of centres. `sample` is told the position in voxels.
    func apply(to volume: Volume, nearest: Bool = false) throws -> Volume {
        let source = volume.voxels, shape = grid.shape
        try grid.requireMemory(bytesPerVoxel: 4)
        let values = try source.withUnsafeBufferPointer { source in
            let source = Unchecked(source.baseAddress!)
            return try rows { positions, out in
                for i in 0..<shape.x {
                    out[i] = nearest ? Self.nearest(source.value, shape, positions[i]) : Self.linear(source.value, shape, positions[i])
                }
            }
        }
        return nearest ? Volume(grid: grid, voxels: values, datatype: volume.datatype, header: volume.header) : volume.with(values)
    }

    /// The mask where linear interpolation of zeros and ones reaches one half.
    func apply(to mask: Mask) throws -> Mask {
        let values = try apply(to: mask.volume).voxels
        return try mask.with(Voxels.map(values) { x, out, n in for i in 0..<n { out[i] = x[i] >= 0.5 ? 1 : 0 } })
    }

    private func rows(_ body: (UnsafePointer<SIMD4<Float>>, UnsafeMutablePointer<Float>) -> Void) throws -> [Float] {
        let shape = grid.shape, toVoxel = try grid.affine.inverse()
        let map = toVoxel.after(affine).after(grid.affine)
        func vector(_ v: SIMD3<Double>) -> SIMD4<Float> { SIMD4(SIMD3<Float>(v), 0) }
        let (a, b, c) = map.columns
        let (stepX, stepY, stepZ, origin) = (vector(a), vector(b), vector(c), vector(map.translation))
        let (u, v, w) = toVoxel.columns
        let (perX, perY, perZ) = (vector(u), vector(v), vector(w))
        let first = elastic?.first ?? [], weights = elastic?.weights ?? []
        return try [Float](unsafeUninitializedCapacity: grid.count) { out, done in
            Voxels.useLargePages(out.baseAddress!, out.count)
            let target = Unchecked(out.baseAddress!)
            try Parallel.slabs(shape.z) { k in
                let plane = elastic?.plane(k) ?? []
                var row = [SIMD8<Float>](repeating: .zero, count: elastic?.rowLength ?? 0)
                var positions = [SIMD4<Float>](repeating: .zero, count: shape.x)
                for j in 0..<shape.y {
                    let start = origin + stepY * Float(j) + stepZ * Float(k)
                    for i in 0..<shape.x { positions[i] = start + stepX * Float(i) }
                    if let elastic {
                        elastic.row(plane, j, into: &row)
                        for i in 0..<shape.x {
                            let f = first[i], t = weights[i]
                            let low: SIMD8<Float> = row[f] * t.x + row[f + 1] * t.y,
                                high: SIMD8<Float> = row[f + 2] * t.z + row[f + 3] * t.w
                            let d = low + high
                            positions[i] += perX * d[0] + perY * d[1] + perZ * d[2]
                        }
                    }
                    body(positions, target.value + (k * shape.y + j) * shape.x)
                }
            }
            done = out.count
        }
    }

    /// Positions this near outside of the box of voxel centres count as on it, for rounding.
    private static let tolerance: Float = 0.001

    /// The position held to the box of voxel centres; nil where it is outside.
    @inline(__always)
    private static func held(_ p: SIMD4<Float>, _ shape: SIMD3<Int>) -> SIMD3<Float>? {
        let x = Float(shape.x &- 1), y = Float(shape.y &- 1), z = Float(shape.z &- 1)
        guard p.x >= -tolerance, p.y >= -tolerance, p.z >= -tolerance, p.x <= x + tolerance, p.y <= y + tolerance, p.z <= z + tolerance
        else { return nil }
        return SIMD3(min(max(p.x, 0), x), min(max(p.y, 0), y), min(max(p.z, 0), z))
    }

    @inline(__always)
    private static func nearest(_ source: UnsafePointer<Float>, _ shape: SIMD3<Int>, _ p: SIMD4<Float>) -> Float {
        guard let p = held(p, shape) else { return 0 }
        let i = min(Int(p.x + 0.5), shape.x &- 1), j = min(Int(p.y + 0.5), shape.y &- 1), k = min(Int(p.z + 0.5), shape.z &- 1)
        return source[i &+ shape.x &* (j &+ shape.y &* k)]
    }

    @inline(__always)
    private static func linear(_ source: UnsafePointer<Float>, _ shape: SIMD3<Int>, _ p: SIMD4<Float>) -> Float {
        guard let p = held(p, shape) else { return 0 }
        // Number by number: a vector's conversion goes through generic code.
        let i = Int(p.x), j = Int(p.y), k = Int(p.z)
        let t = SIMD3<Float>(p.x - Float(i), p.y - Float(j), p.z - Float(k))
        let at = source + (i &+ shape.x &* (j &+ shape.y &* k))
        // On the last voxel of an axis the next has weight 0 and is not read.
        let right = t.x > 0 ? 1 : 0, back = t.y > 0 ? shape.x : 0, up = t.z > 0 ? shape.x &* shape.y : 0
        func along(_ p: UnsafePointer<Float>) -> Float { p[0] + (p[right] - p[0]) * t.x }
        let low = along(at), low2 = along(at + back), high = along(at + up), high2 = along(at + up + back)
        let front = low + (low2 - low) * t.y, rear = high + (high2 - high) * t.y
        return front + (rear - front) * t.z
    }
}
