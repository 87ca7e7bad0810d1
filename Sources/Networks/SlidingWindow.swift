import Glibc
import Support

/// How an image is put to a network in overlapping boxes rather than at once.
public struct SlidingWindow: Sendable, Equatable {
    /// Voxels of a box along each axis.
    public var shape: SIMD3<Int>
    /// The least share by which neighbours overlap, 0 to `mostOverlap`.
    public var overlap: Double

    /// Beyond this a network would run hundreds of times for each voxel.
    public static let mostOverlap = 0.9

    /// Nothing is checked before `predict`, which throws `NetworkError.option` for sizes that make no sense.
    public init(shape: SIMD3<Int>, overlap: Double = 0.5) { (self.shape, self.overlap) = (shape, overlap) }

    /// Where the boxes begin along an axis of n voxels: as few as overlap enough, at equal distances, the last at the end.
    package static func starts(_ n: Int, window: Int, overlap: Double) -> [Int] {
        if window >= n { return [0] }
        let step = max(1, Int((Double(window) * (1 - overlap)).rounded(.down)))
        let last = n - window
        let gaps = (last + step - 1) / step
        return (0...gaps).map { Int((Double(last) * Double($0) / Double(gaps)).rounded()) }
    }

    /// The weight of each place along an axis of a box: a Gaussian about its middle whose deviation is an eighth of it (Isensee 2021,
    /// doi:10.1038/s41592-020-01008-z), so that what a box says of its rim, where the network sees least around, counts least.
    package static func weights(_ n: Int) -> [Float] {
        let centre = Double(n - 1) / 2, sigma = Double(n) / 8
        return (0..<n).map { i in
            let d = (Double(i) - centre) / sigma
            // The rim of a single box still needs a weight that can be divided by.
            return Float(max(exp(-d * d / 2), 1e-3))
        }
    }
}

extension Model {
    /// As `predict(_:shape:precision:)`, box by box, each voxel the mean of what the boxes about it say, weighted by Gaussians about their middles. Boxes that reach
    /// beyond the image see zeros there; no box is larger than the image needs.
    ///
    /// Throws `NetworkError.option` for a window or an overlap that makes no sense and for a window that the network's levels do not divide, and what
    /// `predict` throws. `progress` is told after each box how many of how many are done.
    public func predict(
        _ image: [Float], shape: SIMD3<Int>, windows: SlidingWindow, precision: Precision = .float32,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [Float] {
        guard windows.shape.min() >= 1, windows.shape.max() <= Limit.axis else {
            throw NetworkError.option(
                name: "window", value: Text.sizes(windows.shape), expected: "1 to \(Limit.axis) voxels along each axis")
        }
        guard (0...SlidingWindow.mostOverlap).contains(windows.overlap) else {
            throw NetworkError.option(
                name: "overlap", value: Text.short(windows.overlap), expected: "0 to \(Text.short(SlidingWindow.mostOverlap))")
        }
        for axis in 0..<3 where windows.shape[axis] % requiredMultiple[axis] != 0 {
            throw NetworkError.option(
                name: "window", value: Text.sizes(windows.shape), expected: "divisible by \(Text.sizes(requiredMultiple)) for this network")
        }
        guard shape.min() >= 1, shape.max() <= Limit.axis else { throw NetworkError.axisLength(shape, most: Limit.axis) }
        guard image.count == inputChannels * shape.product else {
            throw NetworkError.count(name: "the image", found: image.count, expected: inputChannels * shape.product)
        }
        let padded = (shape &+ requiredMultiple &- 1) / requiredMultiple &* requiredMultiple
        let window = pointwiseMin(windows.shape, padded)
        if window == padded { return try predict(image, shape: shape, precision: precision) }

        let starts = (0..<3).map { SlidingWindow.starts(shape[$0], window: window[$0], overlap: windows.overlap) }
        let weights = (0..<3).map { SlidingWindow.weights(window[$0]) }
        try Memory.check(4 * outputChannels * shape.product, for: "a prediction of \(Text.sizes(shape)) voxels")
        var sum = [Float](repeating: 0, count: outputChannels * shape.product)
        let count = starts.reduce(1) { $0 * $1.count }
        var done = 0
        for z in starts[2] {
            for y in starts[1] {
                for x in starts[0] {
                    let corner = SIMD3(x, y, z)
                    let box = Box.cut(image, shape, at: corner, window, channels: inputChannels)
                    add(try predict(box, shape: window, precision: precision), window, at: corner, weights, to: &sum, shape)
                    done += 1
                    progress(done, count)
                }
            }
        }
        // The weights of all boxes are products of the axes' own, and so is their sum.
        let totals = (0..<3).map { axis in
            var total = [Float](repeating: 0, count: shape[axis])
            for start in starts[axis] {
                for i in start..<min(shape[axis], start + window[axis]) { total[i] += weights[axis][i - start] }
            }
            return total
        }
        divide(&sum, by: totals, shape)
        return sum
    }

    private func add(
        _ box: [Float], _ window: SIMD3<Int>, at corner: SIMD3<Int>, _ weights: [[Float]], to sum: inout [Float], _ shape: SIMD3<Int>
    ) {
        let inside = pointwiseMin(window, shape &- corner)
        box.withUnsafeBufferPointer { box in
            sum.withUnsafeMutableBufferPointer { sum in
                guard let from = box.baseAddress, let to = sum.baseAddress else { return }
                let p = Unchecked((from, to))
                Parallel.forEach(outputChannels * inside.z) { slab in
                    let c = slab / inside.z, k = slab % inside.z
                    for j in 0..<inside.y {
                        let weight = weights[2][k] * weights[1][j]
                        let a = p.value.0 + ((c * window.z + k) * window.y + j) * window.x
                        let b = p.value.1 + ((c * shape.z + corner.z + k) * shape.y + corner.y + j) * shape.x + corner.x
                        weights[0].withUnsafeBufferPointer { along in for i in 0..<inside.x { b[i] += a[i] * (weight * along[i]) } }
                    }
                }
            }
        }
    }

    private func divide(_ sum: inout [Float], by totals: [[Float]], _ shape: SIMD3<Int>) {
        sum.withUnsafeMutableBufferPointer { sum in
            guard let base = sum.baseAddress else { return }
            let p = Unchecked(base)
            Parallel.forEach(outputChannels * shape.z) { slab in
                for j in 0..<shape.y {
                    let weight = totals[2][slab % shape.z] * totals[1][j]
                    let row = p.value + (slab * shape.y + j) * shape.x
                    totals[0].withUnsafeBufferPointer { along in for i in 0..<shape.x { row[i] /= weight * along[i] } }
                }
            }
        }
    }
}
