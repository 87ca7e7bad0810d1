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
    /// Mean, standard deviation and range, over the whole grid or a mask; double accumulation in a fixed order. The values are not stored: each strip is summed
    /// while it is in the first-level cache, and sums are those of the stored volume to the bit.
    ///
    /// Throws `IntensityError.notFinite` with their number when values in question are NaN or infinite, `.emptyMask` for a mask
    /// without voxels, `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func statistics(in mask: Mask? = nil) throws -> Statistics {
        let m = try moments(in: mask, operation: "statistics", withExtent: true)
        return Statistics(count: m.count, mean: m.mean, std: m.deviation, min: m.low, max: m.high)
    }

    /// The mean and the standard deviation alone, which saves part of the pass. Throws as `statistics`.
    public func meanAndDeviation(in mask: Mask? = nil) throws -> (mean: Double, std: Double) {
        let m = try moments(in: mask, operation: "statistics")
        return (m.mean, m.deviation)
    }

    /// The sum of the values, over the whole grid or a mask, in double. Throws as `statistics`, but for an empty mask, whose sum is 0.
    public func sum(in mask: Mask? = nil) throws -> Double {
        let sum = try pieces(in: mask, PieceSums(pivot: 0)) { $0.add($1, $2, $3) }.reduce(0) { $0 + $1.sum }
        if !sum.isFinite { throw IntensityError.notFinite(count: try countNonFinite(in: mask), of: try mask.map { try VoxelExpression($0).count() } ?? grid.count, operation: "sum") }
        return sum
    }

    /// How many voxels are in; for a mask's expression. Throws `Interrupted`.
    public func count() throws -> Int {
        try VoxelPass(truths: self).mapPieces(grid.count, 0) { total, inside, _, n in
            var count: Int32 = 0
            for i in 0..<n { count &+= Int32(inside[i]) }
            total += Int(count)
        }.reduce(0, +)
    }

    /// The number of NaN and infinite values.
    func countNonFinite(in mask: Mask? = nil) throws -> Int {
        try pieces(in: mask, 0) { total, values, inside, n in
            // A difference with itself is 0, unless it is not a finite number.
            var bad: Int32 = 0
            if let inside {
                for i in 0..<n { bad &+= values[i] - values[i] == 0 ? 0 : Int32(inside[i]) }
            } else {
                for i in 0..<n { bad &+= values[i] - values[i] == 0 ? 0 : 1 }
            }
            total += Int(bad)
        }.reduce(0, +)
    }

    /// Mean and squared deviations; the least and the greatest value only where they are asked for, which saves part of the pass.
    func moments(in mask: Mask? = nil, operation: String, withExtent: Bool = false) throws -> Moments {
        var all = Moments()
        for piece in try pieces(in: mask, PieceSums(withExtent: withExtent), { $0.add($1, $2, $3) }) { all.merge(piece.moments) }
        if all.count == 0 { throw IntensityError.emptyMask(operation: operation) }
        if !all.mean.isFinite || !all.squares.isFinite {
            throw IntensityError.notFinite(count: try countNonFinite(in: mask), of: all.count, operation: operation)
        }
        return all
    }

    /// What becomes of `start` in each piece of the image, to whose strips `add` is given it: values, the mask's voxels beside them, and how many there are. Throws
    /// `GridError.mismatch`, `Interrupted`.
    private func pieces<R>(in mask: Mask?, _ start: R, _ add: (inout R, UnsafePointer<Float>, UnsafePointer<UInt8>?, Int) -> Void) throws -> [R] {
        if let mask { try grid.require(same: mask.grid) }
        let pass = VoxelPass(numbers: self)
        guard let mask else { return try pass.mapPieces(grid.count, start) { add(&$0, $1, nil, $3) } }
        return try mask.voxels.withUnsafeBufferPointer { inside in
            let inside = Unchecked(inside)
            return try pass.mapPieces(grid.count, start) { add(&$0, $1, inside.value.baseAddress.unsafelyUnwrapped + $2, $3) }
        }
    }
}

extension VoxelPass {
    /// What becomes of `start` in each piece of `Voxels.grain` voxels, to whose strips `add` is given it: the results, their place, and how many there are. All strips but an
    /// image's last are multiples of 16. Throws `Interrupted`.
    func mapPieces<R>(_ count: Int, _ start: R, _ add: (inout R, UnsafePointer<Result>, _ place: Int, Int) -> Void) throws -> [R] {
        guard count > 0 else { return [] }
        return try Parallel.mapSlabs(count, grain: Voxels.grain) { range in
            var result = start
            forEachStrip(of: range) { add(&result, $0, $1, $2) }
            return result
        }
    }
}

extension Volume {
    /// As `VoxelExpression.statistics`, of the volume's own values. Throws as that.
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

    /// The number of NaN and infinite voxels. Throws `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func countNonFinite(in mask: Mask? = nil) throws -> Int { try VoxelExpression(self).countNonFinite(in: mask) }

    /// A copy with NaN and infinite voxels set to `value`. Throws `Interrupted`.
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

/// Sums of one piece of voxels, or of those of it that are in a mask, taken strip by strip. Without a pivot they are taken about the first value, so that a large mean does not
/// cost the variance its digits.
private struct PieceSums {
    private var count = 0
    private var pivot: Double?
    private let withExtent: Bool
    private var low = Float.infinity, high = -Float.infinity
    /// Of values within a mask.
    private var inMask = (sum: 0.0, squares: 0.0)
    /// As `SKMoments.sums`.
    private var lanes = (sums: SIMD16<Double>.zero, squares: SIMD16<Double>.zero)

    init(pivot: Double? = nil, withExtent: Bool = false) { (self.pivot, self.withExtent) = (pivot, withExtent) }

    mutating func add(_ values: UnsafePointer<Float>, _ inside: UnsafePointer<UInt8>?, _ n: Int) {
        if let inside { return addInside(values, inside, n) }
        guard n > 0 else { return }
        count += n
        let centre = pivot ?? Double(values[0])
        pivot = centre
        withUnsafeMutableBytes(of: &lanes) { lanes in
            guard let sums = lanes.baseAddress?.assumingMemoryBound(to: Double.self) else { return }
            var call = SKMoments(in: values, count: Int64(n), pivot: centre, sums: sums)
            Kernels.images.moments(&call)
        }
        if withExtent {
            var extent = SKExtent(in: values, count: Int64(n), low: 0, high: 0, check: 0)
            Kernels.images.extent(&extent)
            (low, high) = (min(low, extent.low), max(high, extent.high))
        }
    }

    private mutating func addInside(_ values: UnsafePointer<Float>, _ inside: UnsafePointer<UInt8>, _ n: Int) {
        var (s, s2) = inMask, count = count, low = low, high = high
        var centre = pivot ?? 0
        for i in 0..<n where inside[i] != 0 {
            let v = values[i]
            if pivot == nil {
                centre = Double(v)
                pivot = centre
            }
            count &+= 1
            if v < low { low = v }
            if v > high { high = v }
            let d = Double(v) - centre
            s += d
            s2 += d * d
        }
        (inMask, self.count, self.low, self.high) = ((s, s2), count, low, high)
    }

    /// Of the values' differences from the pivot.
    var sum: Double { lanes.sums.total(from: inMask.sum) }

    var moments: Moments {
        guard count > 0 else { return Moments() }
        let n = Double(count), s = sum, s2 = lanes.squares.total(from: inMask.squares)
        return Moments(count: count, mean: (pivot ?? 0) + s / n, squares: s2 - s * s / n, low: low, high: high)
    }
}

extension SIMD16<Double> {
    /// The lanes added one after another, halves first.
    fileprivate func total(from start: Double) -> Double {
        let halves = lowHalf + highHalf
        return halves.indices.reduce(start) { $0 + halves[$1] }
    }
}
