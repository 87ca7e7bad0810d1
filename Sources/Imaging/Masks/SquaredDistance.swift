import Support

/// Exact squared Euclidean distances in mm², by lower envelopes of parabolas along one axis after another
/// (Felzenszwalb and Huttenlocher 2012).
enum SquaredDistance {
    /// The squared distance from every voxel to the nearest set voxel; infinity when there is none.
    ///
    /// - Parameter beyondEdge: whether all positions outside the image count as set.
    static func toSet(
        _ set: [UInt8], shape: SIMD3<Int>, spacing: SIMD3<Double>, beyondEdge: Bool = false
    ) throws -> [Float] {
        let (nx, ny, nz) = (shape.x, shape.y, shape.z)
        var out = Voxels.repeating(Float.infinity, set.count)
        try set.withUnsafeBufferPointer { set in
            try out.withUnsafeMutableBufferPointer { out in
                let p = Unchecked((set.baseAddress!, out.baseAddress!))
                try Parallel.slabs(nz) { k in
                    let (set, out) = p.value
                    for j in 0..<ny {
                        let row = (k * ny + j) * nx
                        alongRow(set + row, out + row, nx, spacing.x, beyondEdge)
                    }
                    lines(out + k * nx * ny, count: nx, stride: nx, length: ny, step: spacing.y, beyondEdge)
                }
                try Parallel.slabs(ny) { j in
                    lines(p.value.1 + j * nx, count: nx, stride: nx * ny, length: nz, step: spacing.z, beyondEdge)
                }
            }
        }
        return out
    }

    /// The first axis: steps to the nearest set voxel on either side.
    private static func alongRow(
        _ set: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>, _ n: Int, _ step: Double, _ beyondEdge: Bool
    ) {
        var last = beyondEdge ? -1 : Int.min / 2
        for i in 0..<n {
            if set[i] != 0 { last = i }
            if last >= -1 {
                let d = Double(i - last) * step
                out[i] = Float(d * d)
            }
        }
        last = beyondEdge ? n : Int.max / 2
        for i in stride(from: n - 1, through: 0, by: -1) {
            if set[i] != 0 { last = i }
            if last <= n {
                let d = Double(last - i) * step
                out[i] = min(out[i], Float(d * d))
            }
        }
    }

    /// `count` neighbouring lines of `length` values, `stride` apart: each value becomes min over q of value(q) + (step · (p − q))².
    private static func lines(
        _ data: UnsafeMutablePointer<Float>, count: Int, stride: Int, length n: Int, step: Double, _ beyondEdge: Bool
    ) {
        let width = 16
        let pad = beyondEdge ? 1 : 0
        let m = n + 2 * pad
        withUnsafeTemporaryAllocation(of: Float.self, capacity: m * width) { block in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * m + 2) { scratch in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: m + 1) { sites in
                    block.initialize(repeating: 0)
                    scratch.initialize(repeating: 0)
                    sites.initialize(repeating: 0)
                    for first in Swift.stride(from: 0, to: count, by: width) {
                        let w = min(width, count - first)
                        // Columns side by side in memory, read together and laid out as lines of m.
                        for q in 0..<n {
                            for c in 0..<w { block[c * m + pad + q] = data[q * stride + first + c] }
                        }
                        for c in 0..<w {
                            let line = block.baseAddress! + c * m
                            if beyondEdge {
                                line[0] = 0
                                line[m - 1] = 0
                            }
                            envelope(line, m, step, scratch.baseAddress!, sites.baseAddress!)
                        }
                        for q in 0..<n {
                            for c in 0..<w { data[q * stride + first + c] = block[c * m + pad + q] }
                        }
                    }
                }
            }
        }
    }

    /// One line in place. `scratch` holds 2·n + 2 numbers (the sites' values, then the bounds between parabolas), `sites` n + 1.
    private static func envelope(
        _ line: UnsafeMutablePointer<Float>, _ n: Int, _ step: Double, _ scratch: UnsafeMutablePointer<Double>,
        _ sites: UnsafeMutablePointer<Int>
    ) {
        let heights = scratch, bounds = scratch + n
        let square = step * step
        var top = -1
        for q in 0..<n where line[q] < .infinity {
            let f = Double(line[q])
            var start = -Double.infinity
            while top >= 0 {
                let v = sites[top]
                // Where the parabola from q drops below the one from v, in steps.
                start = ((f - heights[top]) / square + Double(q * q - v * v)) / Double(2 * (q - v))
                if start > bounds[top] { break }
                top -= 1
                start = -.infinity
            }
            top += 1
            sites[top] = q
            heights[top] = f
            bounds[top] = start
        }
        if top < 0 { return }
        bounds[top + 1] = .infinity
        var site = 0
        for p in 0..<n {
            while bounds[site + 1] < Double(p) { site += 1 }
            let d = Double(p - sites[site])
            line[p] = Float(d * d * square + heights[site])
        }
    }
}
