import Support

/// Moments and range of a volume's values.
public struct Statistics: Sendable, Equatable {
    public var count: Int
    public var mean: Double
    /// Population standard deviation (divisor n, as numpy's default).
    public var std: Double
    public var min: Float
    public var max: Float
}

extension Volume {
    /// Mean, standard deviation and range, over the whole volume or a mask; double accumulation in a fixed order.
    ///
    /// Throws `IntensityError.notFinite` with their number when values in question are NaN or infinite, `.emptyMask` for a mask
    /// without voxels, `GridError.mismatch` for a mask elsewhere.
    public func statistics(in mask: Mask? = nil) throws -> Statistics {
        if let mask { try grid.require(same: mask.grid) }
        let pieces = voxels.withUnsafeBufferPointer { values in
            let source = Unchecked(values)
            if let mask {
                return mask.voxels.withUnsafeBufferPointer { inside in
                    let sources = Unchecked((values, inside))
                    return Parallel.mapRanges(values.count, grain: Voxels.grain) {
                        Moments(sources.value.0.baseAddress!, sources.value.1.baseAddress!, $0)
                    }
                }
            }
            return Parallel.mapRanges(values.count, grain: Voxels.grain) { Moments(source.value.baseAddress!, $0) }
        }
        var all = Moments()
        for piece in pieces { all.merge(piece) }
        if all.count == 0 { throw IntensityError.emptyMask(operation: "statistics") }
        if !all.mean.isFinite || !all.squares.isFinite {
            let bad = countNonFinite(in: mask)
            throw IntensityError.notFinite(count: bad, of: all.count, operation: "statistics")
        }
        let variance = Swift.max(0, all.squares / Double(all.count))
        return Statistics(count: all.count, mean: all.mean, std: variance.squareRoot(), min: all.low, max: all.high)
    }

    /// The number of NaN and infinite voxels.
    public func countNonFinite(in mask: Mask? = nil) -> Int {
        if let mask, mask.voxels.count == voxels.count {
            return zip(voxels, mask.voxels).reduce(0) { $0 + ($1.1 != 0 && !$1.0.isFinite ? 1 : 0) }
        }
        return Voxels.total(voxels) { x, n in
            // A difference with itself is 0, unless it is not a finite number.
            var bad: Int32 = 0
            for i in 0..<n { bad &+= x[i] - x[i] == 0 ? 0 : 1 }
            return Int(bad)
        }
    }

    /// A copy with NaN and infinite voxels set to `value`.
    public func replacingNonFinite(with value: Float) -> Volume {
        with(
            Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i].isFinite ? x[i] : value }
            })
    }
}

/// Count, mean and sum of squared deviations of a range of voxels; ranges merge by Chan, Golub and LeVeque (1983).
struct Moments {
    var count = 0
    var mean = 0.0
    var squares = 0.0
    var low = Float.infinity
    var high = -Float.infinity

    init() {}

    /// Sums are taken about the range's first value, so that a large mean does not cost the variance its digits.
    init(_ values: UnsafePointer<Float>, _ range: Range<Int>) {
        count = range.count
        guard count > 0 else { return }
        let pivot = Double(values[range.lowerBound])
        let pivots = SIMD8<Double>(repeating: pivot)
        var sum = SIMD8<Double>.zero, sum2 = SIMD8<Double>.zero
        var lows = SIMD8<Float>(repeating: .infinity), highs = SIMD8<Float>(repeating: -.infinity)
        var i = range.lowerBound
        let raw = UnsafeRawPointer(values)
        while i &+ 8 <= range.upperBound {
            let v = raw.loadUnaligned(fromByteOffset: i &* 4, as: SIMD8<Float>.self)
            lows.replace(with: v, where: v .< lows)
            highs.replace(with: v, where: v .> highs)
            let d = SIMD8<Double>(v) - pivots
            sum += d
            sum2 += d * d
            i &+= 8
        }
        var s = sum.sum(), s2 = sum2.sum()
        low = lows.min()
        high = highs.max()
        while i < range.upperBound {
            let v = values[i]
            if v < low { low = v }
            if v > high { high = v }
            let d = Double(v) - pivot
            s += d
            s2 += d * d
            i &+= 1
        }
        finish(s, s2, pivot)
    }

    init(_ values: UnsafePointer<Float>, _ inside: UnsafePointer<UInt8>, _ range: Range<Int>) {
        var s = 0.0, s2 = 0.0, pivot = 0.0
        for i in range where inside[i] != 0 {
            let v = values[i]
            if count == 0 { pivot = Double(v) }
            count &+= 1
            if v < low { low = v }
            if v > high { high = v }
            let d = Double(v) - pivot
            s += d
            s2 += d * d
        }
        finish(s, s2, pivot)
    }

    private mutating func finish(_ s: Double, _ s2: Double, _ pivot: Double) {
        guard count > 0 else { return }
        let n = Double(count)
        mean = pivot + s / n
        squares = s2 - s * s / n
    }

    mutating func merge(_ other: Moments) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            self = other
            return
        }
        let n = Double(count), m = Double(other.count), total = n + m
        let delta = other.mean - mean
        squares += other.squares + delta * delta * n * m / total
        mean += delta * m / total
        count += other.count
        low = Swift.min(low, other.low)
        high = Swift.max(high, other.high)
    }
}
