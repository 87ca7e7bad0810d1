import Glibc
import Support

/// Cubic B-splines on a grid (Unser, Aldroubi and Eden 1993), mirrored about the edge voxels' centres.
enum Spline {
    /// Weights of the four coefficients around a position `t` in [0, 1] beyond the second of them.
    @inline(__always)
    static func weights(_ t: Double) -> SIMD4<Float> {
        let s = 1 - t, t2 = t * t
        return SIMD4<Float>(
            Float(s * s * s / 6), Float(2.0 / 3 - t2 + t2 * t / 2), Float(2.0 / 3 - s * s + s * s * s / 2), Float(t2 * t / 6))
    }

    /// The voxel that stands at `i` of an axis of `n` voxels mirrored about its first and last.
    @inline(__always)
    static func mirror(_ i: Int, _ n: Int) -> Int {
        if i >= 0, i < n { return i }
        if n == 1 { return 0 }
        let period = 2 &* n &- 2
        var r = i % period
        if r < 0 { r &+= period }
        return r < n ? r : period &- r
    }

    private static let pole = -0.26794919243112270647  // √3 − 2

    /// Coefficients whose spline passes through the values.
    static func coefficients(_ values: [Float], shape: SIMD3<Int>) throws -> [Float] {
        var result = try Voxels.map(values) { x, out, n in out.initialize(from: x, count: n) }
        let (nx, ny, nz) = (shape.x, shape.y, shape.z)
        try result.withUnsafeMutableBufferPointer { data in
            let p = Unchecked(data.baseAddress!)
            try Parallel.slabs(nz) { k in
                let plane = p.value + k * nx * ny
                rows(plane, count: ny, length: nx)
                columns(plane, width: nx, stride: nx, length: ny)
            }
            // A strip of each row a piece of work, through all planes.
            try Parallel.slabs(ny) { j in columns(p.value + j * nx, width: nx, stride: nx * ny, length: nz) }
        }
        return result
    }

    /// Weights that give the causal filter's first value from the line's first ones: an exact sum over the mirrored line,
    /// or as many terms as matter in float32's accuracy.
    private static func startWeights(_ n: Int) -> [Float] {
        let terms = min(n, 28)
        if terms < n { return (0..<terms).map { Float(pow(pole, Double($0))) } }
        // Σ over a whole period of 2n − 2 mirrored values.
        let scale = 1 / (1 - pow(pole, Double(2 * n - 2)))
        return (0..<n).map { i in
            let once = i == 0 || i == n - 1
            return Float((pow(pole, Double(i)) + (once ? 0 : pow(pole, Double(2 * n - 2 - i)))) * scale)
        }
    }

    /// Filters along lines `stride` apart, `width` lines side by side.
    private static func columns(_ data: UnsafeMutablePointer<Float>, width: Int, stride: Int, length n: Int) {
        guard n > 1 else { return }
        let z = Float(pole), gain: Float = 6, start = startWeights(n)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { first in
            let first = first.baseAddress!
            first.initialize(repeating: 0, count: width)
            for (q, w) in start.enumerated() { Correlation.accumulate(first, data + q * stride, w * gain, width) }
            for i in 0..<width { data[i] = first[i] }
            for q in 1..<n {
                let row = data + q * stride, before = row - stride
                for i in 0..<width { row[i] = gain * row[i] + z * before[i] }
            }
            let last = data + (n - 1) * stride, c = z / (z * z - 1)
            for i in 0..<width { last[i] = c * (last[i] + z * (last - stride)[i]) }
            for q in Swift.stride(from: n - 2, through: 0, by: -1) {
                let row = data + q * stride, after = row + stride
                for i in 0..<width { row[i] = z * (after[i] - row[i]) }
            }
        }
    }

    /// Filters along rows: 16 rows are turned into columns, filtered, and turned back.
    private static func rows(_ data: UnsafeMutablePointer<Float>, count: Int, length n: Int) {
        guard n > 1 else { return }
        let width = 16
        withUnsafeTemporaryAllocation(of: Float.self, capacity: n * width) { block in
            let block = block.baseAddress!
            block.initialize(repeating: 0, count: n * width)
            for first in Swift.stride(from: 0, to: count, by: width) {
                let w = min(width, count - first)
                for r in 0..<w {
                    let row = data + (first + r) * n
                    for q in 0..<n { block[q * width + r] = row[q] }
                }
                columns(block, width: width, stride: width, length: n)
                for r in 0..<w {
                    let row = data + (first + r) * n
                    for q in 0..<n { row[q] = block[q * width + r] }
                }
            }
        }
    }
}
