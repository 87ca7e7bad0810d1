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

extension VoxelExpression {
    /// Mean, standard deviation and range, over the whole grid or a mask; double accumulation in a fixed order. The values are not stored: each piece is computed and summed
    /// while it is in the second-level cache, and sums are those of the stored volume to the bit.
    ///
    /// Throws `IntensityError.notFinite` with their number when values in question are NaN or infinite, `.emptyMask` for a mask
    /// without voxels, `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func statistics(in mask: Mask? = nil) throws -> Statistics {
        let m = try moments(in: mask, operation: "statistics", withExtent: true)
        return Statistics(count: m.count, mean: m.mean, std: m.deviation, min: m.low, max: m.high)
    }

    /// The sum of the values, over the whole grid or a mask, in double. Throws as `statistics`, but for an empty mask, whose sum is 0.
    public func sum(in mask: Mask? = nil) throws -> Double {
        let sums = try pieces(in: mask) { values, inside, n in
            guard let inside else {
                var call = SKMoments(in: values, count: Int64(n), pivot: 0, sum: 0, squares: 0)
                Kernels.images.moments(&call)
                return call.sum
            }
            var sum = 0.0
            for i in 0..<n where inside[i] != 0 { sum += Double(values[i]) }
            return sum
        }
        let sum = sums.reduce(0, +)
        if !sum.isFinite { throw IntensityError.notFinite(count: try countNonFinite(in: mask), of: try mask.map { try VoxelExpression($0).count() } ?? grid.count, operation: "sum") }
        return sum
    }

    /// How many voxels are in; for a mask's expression. Throws `Interrupted`.
    public func count() throws -> Int {
        try VoxelPass(truths: self).mapPieces(grid.count) { inside, _, n in
            var count: Int32 = 0
            for i in 0..<n { count &+= Int32(inside[i]) }
            return Int(count)
        }.reduce(0, +)
    }

    /// The number of NaN and infinite values.
    func countNonFinite(in mask: Mask? = nil) throws -> Int {
        try pieces(in: mask) { values, inside, n in
            // A difference with itself is 0, unless it is not a finite number.
            var bad: Int32 = 0
            if let inside {
                for i in 0..<n { bad &+= values[i] - values[i] == 0 ? 0 : Int32(inside[i]) }
            } else {
                for i in 0..<n { bad &+= values[i] - values[i] == 0 ? 0 : 1 }
            }
            return Int(bad)
        }.reduce(0, +)
    }

    /// Mean and squared deviations; the least and the greatest value only where they are asked for, which saves part of the pass.
    func moments(in mask: Mask? = nil, operation: String, withExtent: Bool = false) throws -> Moments {
        var all = Moments()
        for piece in try pieces(in: mask, { Moments($0, $1, $2, withExtent: withExtent) }) { all.merge(piece) }
        if all.count == 0 { throw IntensityError.emptyMask(operation: operation) }
        if !all.mean.isFinite || !all.squares.isFinite {
            throw IntensityError.notFinite(count: try countNonFinite(in: mask), of: all.count, operation: operation)
        }
        return all
    }

    /// What `body` makes of each piece: its values, the mask's voxels beside them, and how many there are. Throws `GridError.mismatch`, `Interrupted`.
    private func pieces<R>(in mask: Mask?, _ body: (UnsafePointer<Float>, UnsafePointer<UInt8>?, Int) -> R) throws -> [R] {
        if let mask { try grid.require(same: mask.grid) }
        let pass = VoxelPass(numbers: self)
        guard let mask else { return try pass.mapPieces(grid.count) { values, _, n in body(values, nil, n) } }
        return try mask.voxels.withUnsafeBufferPointer { inside in
            let inside = Unchecked(inside)
            return try pass.mapPieces(grid.count) { values, place, n in body(values, inside.value.baseAddress.unsafelyUnwrapped + place, n) }
        }
    }
}

extension VoxelPass {
    /// What `body` makes of each piece of `Voxels.grain` voxels: the results, which lie where they are stored already or in passing memory, the piece's place, and how
    /// many there are. Throws `Interrupted`.
    func mapPieces<R>(_ count: Int, _ body: (UnsafePointer<Result>, _ place: Int, Int) -> R) throws -> [R] {
        guard count > 0 else { return [] }
        let grain = Voxels.grain
        // Some pieces one after another, so that they share their memory.
        let shared = max(1, min(16, count / grain / (4 * Parallel.threads)))
        return try Parallel.mapSlabs(count, grain: shared * grain) { range -> [R] in
            let starts = stride(from: range.lowerBound, to: range.upperBound, by: grain)
            if let stored { return withExtendedLifetime(self) { starts.map { body(stored + $0, $0, min(grain, range.upperBound - $0)) } } }
            return withUnsafeTemporaryAllocation(byteCount: grain * MemoryLayout<Result>.stride, alignment: 64) { memory in
                let values = memory.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Result.self)
                return starts.map { start in
                    let n = min(grain, range.upperBound - start)
                    run(start..<start + n, to: values)
                    return body(values, start, n)
                }
            }
        }.flatMap { $0 }
    }
}

extension Volume {
    /// As `VoxelExpression.statistics`, of the volume's own values.
    public func statistics(in mask: Mask? = nil) throws -> Statistics { try VoxelExpression(self).statistics(in: mask) }

    /// As `VoxelExpression.moments`.
    func moments(in mask: Mask? = nil, operation: String, withExtent: Bool = false) throws -> Moments {
        try VoxelExpression(self).moments(in: mask, operation: operation, withExtent: withExtent)
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
    public func countNonFinite(in mask: Mask? = nil) throws -> Int { try VoxelExpression(self).countNonFinite(in: mask) }

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

    /// Of `n` values, or of those that are `inside`. Sums are taken about the first of them, so that a large mean does not cost the variance its digits.
    init(_ values: UnsafePointer<Float>, _ inside: UnsafePointer<UInt8>?, _ n: Int, withExtent: Bool) {
        if let inside {
            addInside(values, inside, n)
            return
        }
        count = n
        guard n > 0 else { return }
        var sums = SKMoments(in: values, count: Int64(n), pivot: Double(values[0]), sum: 0, squares: 0)
        Kernels.images.moments(&sums)
        finish(sums.sum, sums.squares, sums.pivot)
        if withExtent {
            var extent = SKExtent(in: values, count: Int64(n), low: 0, high: 0, check: 0)
            Kernels.images.extent(&extent)
            (low, high) = (extent.low, extent.high)
        }
    }

    private mutating func addInside(_ values: UnsafePointer<Float>, _ inside: UnsafePointer<UInt8>, _ n: Int) {
        var s = 0.0, s2 = 0.0, pivot = 0.0
        for i in 0..<n where inside[i] != 0 {
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
