import Support

/// Voxels within a closed surface of triangles.
enum SurfaceFill {
    /// 1 for each voxel whose centre the surface winds around, and how many of these it winds around in another way than once: none, unless
    /// it passes through itself.
    ///
    /// - Parameter vertices: in voxels. Triangles are counterclockwise as seen from outside (or all clockwise).
    static func voxels(_ vertices: [SIMD3<Double>], _ triangles: [SIMD3<Int32>], shape: SIMD3<Int>) throws -> (
        inside: [UInt8], tangled: Int
    ) {
        let (nx, ny, nz) = (shape.x, shape.y, shape.z)
        var out = try Voxels.repeating(UInt8(0), nx * ny * nz), tangled = [Int](repeating: 0, count: nz)
        // The surface's own direction: +1 where triangles are counterclockwise in voxels too.
        let direction =
            triangles.reduce(0.0) { sum, t in
                sum + (vertices[Int(t.x)] * vertices[Int(t.y)].cross(vertices[Int(t.z)])).sum()
            } < 0 ? -1 : 1
        try tangled.withUnsafeMutableBufferPointer { tangled in
            try out.withUnsafeMutableBufferPointer { out in
                let p = Unchecked(out.baseAddress!), count = Unchecked(tangled.baseAddress!)
                try Parallel.slabs(nz) { k in
                    var crossings = [[(x: Double, winding: Int)]](repeating: [], count: ny)
                    for t in triangles {
                        cross(vertices[Int(t.x)], vertices[Int(t.y)], vertices[Int(t.z)], plane: k, &crossings)
                    }
                    for j in 0..<ny where !crossings[j].isEmpty {
                        let row = p.value + (k * ny + j) * nx
                        var winding = 0, from = -Double.infinity
                        for crossing in crossings[j].sorted(by: { $0.x < $1.x }) {
                            if winding != 0, from < Double(nx), crossing.x > 0 {
                                let first = Int(max(0, from.rounded(.up))), end = Int(min(Double(nx - 1), crossing.x.rounded(.down))) + 1
                                if end > first {
                                    (row + first).update(repeating: 1, count: end - first)
                                    if winding != -direction { count.value[k] += end - first }
                                }
                            }
                            winding += crossing.winding
                            from = crossing.x
                        }
                    }
                }
            }
        }
        return (out, tangled.reduce(0, +))
    }

    /// Where the rows of a plane meet a triangle. Rows are moved by a hair, so that none meets an edge or a vertex.
    private static func cross(
        _ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>, plane: Int, _ crossings: inout [[(x: Double, winding: Int)]]
    ) {
        let z = Double(plane) + 1.234e-7
        if z < min(a.z, b.z, c.z) || z > max(a.z, b.z, c.z) { return }
        let low = min(a.y, b.y, c.y), high = max(a.y, b.y, c.y)
        guard high >= 0, low < Double(crossings.count), (low + high).isFinite else { return }
        let area = (b.y - a.y) * (c.z - a.z) - (c.y - a.y) * (b.z - a.z)
        if area == 0 { return }
        for j in Int(max(0, low.rounded(.down)))...min(crossings.count - 1, Int(min(high, Double(crossings.count)).rounded(.up))) {
            let y = Double(j) + 2.345e-7
            // Twice the areas opposite to a, b and c; all of one sign within.
            func side(_ p: SIMD3<Double>, _ q: SIMD3<Double>) -> Double { (p.y - y) * (q.z - z) - (q.y - y) * (p.z - z) }
            let wa = side(b, c), wb = side(c, a), wc = side(a, b)
            guard (wa > 0) == (area > 0), (wb > 0) == (area > 0), (wc > 0) == (area > 0) else { continue }
            let x = (wa * a.x + wb * b.x + wc * c.x) / (wa + wb + wc)
            if x.isFinite { crossings[j].append((x, area > 0 ? 1 : -1)) }
        }
    }
}
