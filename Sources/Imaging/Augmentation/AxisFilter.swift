import Glibc
import Support

/// A linear map of the values along one axis to others: blurs, slices and what lies between slices.
struct AxisFilter {
    /// Values before and after.
    let length: Int
    let count: Int
    /// Each result is the weighted sum of `taps` neighbours from `first` on.
    private let taps: Int
    private let first: [Int]
    private let weights: [Float]

    /// `rows` gives the first index and the weights of each result; both may reach beyond the ends, where the outermost value is repeated.
    private init(length: Int, rows: [(first: Int, weights: [Double])]) {
        var clamped: [(first: Int, weights: [Double])] = []
        for row in rows {
            let low = min(max(row.first, 0), length - 1), high = min(max(row.first + row.weights.count - 1, 0), length - 1)
            var weights = [Double](repeating: 0, count: high - low + 1)
            for (t, w) in row.weights.enumerated() { weights[min(max(row.first + t, low), high) - low] += w }
            clamped.append((low, weights))
        }
        let taps = clamped.map(\.weights.count).max() ?? 1
        (self.length, count, self.taps) = (length, rows.count, taps)
        // Rows shorter than others begin earlier where they would read beyond the end.
        let starts = clamped.map { min($0.first, length - taps) }
        first = starts
        weights = zip(clamped, starts).flatMap { row, start in
            let before = row.first - start
            return (0..<taps).map { t in
                t >= before && t - before < row.weights.count ? Float(row.weights[t - before]) : 0
            }
        }
    }

    private static func gaussian(at centre: Double, sigma: Double) -> (first: Int, weights: [Double]) {
        let reach = 2.5 * sigma + 0.5
        let low = Int((centre - reach).rounded(.up)), high = max(low, Int((centre + reach).rounded(.down)))
        var weights = (low...high).map { sigma > 0 ? exp(-0.5 * pow((Double($0) - centre) / sigma, 2)) : 1 }
        let sum = weights.reduce(0, +)
        for i in weights.indices { weights[i] /= sum }
        return (low, weights)
    }

    /// A blur by a Gaussian of a standard deviation in voxels, cut at 2.5 deviations; nil where it would change nothing.
    static func blur(length: Int, sigma: Double) -> AxisFilter? {
        guard sigma > 0.15, length > 1 else { return nil }
        return AxisFilter(length: length, rows: (0..<length).map { gaussian(at: Double($0), sigma: sigma) })
    }

    /// Slices `apart` voxels apart, each with a Gaussian profile of a width at half height in voxels, the first's centre `start` voxels
    /// after the first voxel; and what lies between them by linear interpolation, beyond the outermost the outermost. Nil where slices
    /// would be no farther apart than voxels, or there would be only one.
    static func slices(length: Int, apart: Double, width: Double, start: Double) -> (slice: AxisFilter, fill: AxisFilter)? {
        guard apart > 1, start >= 0, start < Double(length) else { return nil }
        let n = Int((Double(length - 1) - start) / apart) + 1
        guard n >= 2 else { return nil }
        let sigma = width / Volume.fwhmPerSigma
        let slice = AxisFilter(length: length, rows: (0..<n).map { gaussian(at: start + Double($0) * apart, sigma: sigma) })
        let fill = AxisFilter(
            length: n,
            rows: (0..<length).map { i in
                let x = min(max((Double(i) - start) / apart, 0), Double(n - 1)), s = min(Int(x), n - 2)
                return (s, [1 - (x - Double(s)), x - Double(s)])
            })
        return (slice, fill)
    }

    /// The map applied along an axis of an array with x fastest; the shape's axis must be `length`. Throws `Interrupted`.
    func apply(to values: [Float], shape: SIMD3<Int>, axis: Int) throws -> (values: [Float], shape: SIMD3<Int>) {
        var to = shape
        to[axis] = count
        let (nx, ny) = (shape.x, shape.y), target = to
        try Interrupt.check()
        let out = values.withUnsafeBufferPointer { values in
            [Float](unsafeUninitializedCapacity: to.x * to.y * to.z) { out, initialised in
                Voxels.useLargePages(out.baseAddress!, out.count)
                let p = Unchecked((values.baseAddress!, out.baseAddress!))
                Parallel.forEach(target.z) { k in
                    for j in 0..<target.y {
                        let row = p.value.1 + (k * target.y + j) * target.x
                        switch axis {
                        case 0: alongRow(p.value.0 + (k * ny + j) * nx, row)
                        case 1: sum(p.value.0 + (k * ny + first[j]) * nx, step: nx, j, row, nx)
                        default: sum(p.value.0 + (first[k] * ny + j) * nx, step: nx * ny, k, row, nx)
                        }
                    }
                }
                initialised = out.count
            }
        }
        try Interrupt.check()
        return (out, to)
    }

    private func alongRow(_ row: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
        weights.withUnsafeBufferPointer { weights in
            first.withUnsafeBufferPointer { first in
                for i in 0..<count {
                    let from = row + first[i], w = weights.baseAddress! + i &* taps
                    var sum: Float = 0
                    for t in 0..<taps { sum += w[t] * from[t] }
                    out[i] = sum
                }
            }
        }
    }

    /// The weighted sum of rows `step` apart.
    private func sum(_ from: UnsafePointer<Float>, step: Int, _ index: Int, _ out: UnsafeMutablePointer<Float>, _ n: Int) {
        out.initialize(repeating: 0, count: n)
        for t in 0..<taps {
            let w = weights[index * taps + t]
            if w != 0 { Correlation.accumulate(out, from + t * step, w, n) }
        }
    }
}
