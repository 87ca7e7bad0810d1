import CKernels
import Kernels
import Support

/// Moments and range of a volume's values.
public struct Statistics: Sendable, Equatable {
    /// The number of voxels in question.
    public var count: Int
    /// Their mean.
    public var mean: Double
    /// Population standard deviation (divisor n, as numpy's default).
    public var std: Double
    /// The least value.
    public var min: Float
    /// The greatest value.
    public var max: Float
}

extension Volume {
    /// Mean, standard deviation and range, over the whole volume or a mask; double accumulation in a fixed order.
    ///
    /// Throws `IntensityError.notFinite` with their number when values in question are NaN or infinite, `.emptyMask` for a mask
    /// without voxels, `GridError.mismatch` for a mask elsewhere.
    public func statistics(in mask: Mask? = nil) throws -> Statistics {
        let m = try moments(in: mask, operation: "statistics", withExtent: true)
        return Statistics(count: m.count, mean: m.mean, std: m.deviation, min: m.low, max: m.high)
    }

    /// Mean and squared deviations; the least and the greatest value only where they are asked for, which saves part of the pass.
    func moments(in mask: Mask? = nil, operation: String, withExtent: Bool = false) throws -> Moments {
        if let mask { try grid.require(same: mask.grid) }
        let pieces = try voxels.withUnsafeBufferPointer { values in
            let source = Unchecked(values)
            if let mask {
                return try mask.voxels.withUnsafeBufferPointer { inside in
                    let sources = Unchecked((values, inside))
                    return try Parallel.mapSlabs(values.count, grain: Voxels.grain) {
                        Moments(sources.value.0.baseAddress!, sources.value.1.baseAddress!, $0)
                    }
                }
            }
            return try Parallel.mapSlabs(values.count, grain: Voxels.grain) {
                Moments(source.value.baseAddress!, $0, withExtent: withExtent)
            }
        }
        var all = Moments()
        for piece in pieces { all.merge(piece) }
        if all.count == 0 { throw IntensityError.emptyMask(operation: operation) }
        if !all.mean.isFinite || !all.squares.isFinite {
            throw IntensityError.notFinite(count: try countNonFinite(in: mask), of: all.count, operation: operation)
        }
        return all
    }

    /// The least and the greatest value. Throws `IntensityError.notFinite` for NaN and infinite voxels.
    func extent(operation: String) throws -> ClosedRange<Float> {
        let parts = try voxels.withUnsafeBufferPointer { values in
            let source = Unchecked(values.baseAddress!)
            return try Parallel.mapSlabs(values.count, grain: Voxels.grain) { range in
                var call = SKExtent(in: source.value + range.lowerBound, count: Int64(range.count), low: 0, high: 0, check: 0)
                Kernels.images.extent(&call)
                return call
            }
        }
        guard parts.allSatisfy({ $0.check == 0 }) else {
            throw IntensityError.notFinite(count: try countNonFinite(), of: voxels.count, operation: operation)
        }
        let low = parts.reduce(Float.infinity) { Swift.min($0, $1.low) }
        return low...parts.reduce(low) { Swift.max($0, $1.high) }
    }

    /// The number of NaN and infinite voxels.
    public func countNonFinite(in mask: Mask? = nil) throws -> Int {
        if let mask, mask.voxels.count == voxels.count {
            return try voxels.withUnsafeBufferPointer { voxels in
                try mask.voxels.withUnsafeBufferPointer { inside in
                    let sources = Unchecked((voxels, inside))
                    return try Parallel.mapSlabs(voxels.count, grain: Voxels.grain) { range in
                        var bad: Int32 = 0
                        for i in range {
                            let x = sources.value.0[i]
                            bad &+= x - x == 0 ? 0 : Int32(sources.value.1[i])
                        }
                        return Int(bad)
                    }.reduce(0, +)
                }
            }
        }
        return try Voxels.total(voxels) { x, n in
            // A difference with itself is 0, unless it is not a finite number.
            var bad: Int32 = 0
            for i in 0..<n { bad &+= x[i] - x[i] == 0 ? 0 : 1 }
            return Int(bad)
        }
    }

    /// A copy with NaN and infinite voxels set to `value`.
    public func replacingNonFinite(with value: Float) throws -> Volume {
        with(
            try Voxels.map(voxels) { x, out, n in
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

    /// Population standard deviation.
    var deviation: Double { Swift.max(0, squares / Double(count)).squareRoot() }

    init() {}

    /// Sums are taken about the range's first value, so that a large mean does not cost the variance its digits.
    init(_ values: UnsafePointer<Float>, _ range: Range<Int>, withExtent: Bool) {
        count = range.count
        guard count > 0 else { return }
        let first = values + range.lowerBound
        var sums = SKMoments(in: first, count: Int64(count), pivot: Double(first[0]), sum: 0, squares: 0)
        Kernels.images.moments(&sums)
        finish(sums.sum, sums.squares, sums.pivot)
        if withExtent {
            var extent = SKExtent(in: first, count: Int64(count), low: 0, high: 0, check: 0)
            Kernels.images.extent(&extent)
            (low, high) = (extent.low, extent.high)
        }
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
