import CKernels
import Kernels
import Support

/// Counts of values in equal bins.
public struct Histogram: Sendable, Equatable {
    /// The bins' borders, one more than bins. A bin holds its lower border, the last one both.
    public let edges: [Double]
    /// How many values are in each bin.
    public let counts: [Int]
}

extension Volume {
    /// Counts of the values in `bins` equal bins between two numbers, as numpy's `histogram`; values outside are left out.
    ///
    /// - Parameter range: the outer borders; the least and the greatest value without one, half a unit to each side when these are one.
    /// NaN is left out, infinite values too unless the range is given. Throws `IntensityError` for a number of bins or a range that make
    /// no sense, or nothing finite to count, `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func histogram(bins: Int, range: ClosedRange<Double>? = nil, in mask: Mask? = nil) throws -> Histogram {
        guard bins >= 1, bins <= 1 << 20 else {
            throw IntensityError.argument(name: "bins", value: Double(bins), allowed: "1 … \(1 << 20)")
        }
        if let mask { try grid.require(same: mask.grid) }
        let values = try mask.map { try Selection.gather(voxels, $0.voxels) } ?? voxels
        var (low, high) = (range?.lowerBound ?? 0, range?.upperBound ?? 0)
        if range == nil {
            let own = try Self.finiteExtent(values, operation: "histogram")
            (low, high) = (Double(own.lowerBound), Double(own.upperBound))
            if low == high { (low, high) = (low - 0.5, high + 0.5) }
        }
        guard low < high, (high - low).isFinite else {
            throw IntensityError.argument(name: "high", value: high, allowed: "above \(Text.short(low)) and finite")
        }
        let width = (high - low) / Double(bins)
        let edges = (0...bins).map { $0 == bins ? high : low + width * Double($0) }
        return Histogram(edges: edges, counts: try Self.counts(values, edges: edges))
    }

    /// The least and the greatest finite value. Throws `IntensityError.notFinite` when there is none.
    static func finiteExtent(_ values: [Float], operation: String) throws -> ClosedRange<Float> {
        guard !values.isEmpty else { throw IntensityError.emptyMask(operation: operation) }
        let ranges = try values.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer.baseAddress!)
            return try Parallel.mapSlabs(buffer.count, grain: Voxels.grain) { range in
                var call = SKExtent(in: source.value + range.lowerBound, count: Int64(range.count), low: 0, high: 0, check: 0)
                Kernels.images.extent(&call)
                if call.check == 0 { return (call.low, call.high) }
                var low = Float.infinity, high = -Float.infinity
                for i in range where source.value[i].isFinite {
                    low = Swift.min(low, source.value[i])
                    high = Swift.max(high, source.value[i])
                }
                return (low, high)
            }
        }
        let low = ranges.reduce(Float.infinity) { Swift.min($0, $1.0) }
        let high = ranges.reduce(-Float.infinity) { Swift.max($0, $1.1) }
        guard low <= high else { throw IntensityError.notFinite(count: values.count, of: values.count, operation: operation) }
        return low...high
    }

    /// Counts between borders that lie evenly; the borders themselves, not a product's rounding, decide which bin a value is in.
    static func counts(_ values: [Float], edges: [Double]) throws -> [Int] {
        let bins = edges.count - 1, low = edges[0], high = edges[bins]
        var all = [Int](repeating: 0, count: bins)
        if values.isEmpty { return all }
        // Tables that stay in the first-level cache are worth having four times.
        let tables = bins <= 1024 ? 4 : 1, stride = tables > 1 ? bins + 2 : 0
        let parts = try values.withUnsafeBufferPointer { values in
            let source = Unchecked(values)
            return try Parallel.mapSlabs(values.count, grain: max(1 << 18, (values.count + 15) / 16)) { range in
                var counts = [UInt32](repeating: 0, count: tables * (bins + 2))
                counts.withUnsafeMutableBufferPointer { counts in
                    var call = SKBinCounts(
                        in: source.value.baseAddress! + range.lowerBound, count: Int64(range.count), bins: Int64(bins),
                        stride: Int64(stride), low: low, high: high, width: (high - low) / Double(bins), scale: Double(bins) / (high - low),
                        counts: counts.baseAddress!)
                    Kernels.images.binCounts(&call)
                }
                return counts
            }
        }
        for part in parts {
            for t in 0..<tables {
                for b in 0..<bins { all[b] += Int(part[t * stride + b + 2]) }
            }
        }
        return all
    }
}
