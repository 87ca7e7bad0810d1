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
    /// no sense, or nothing finite to count.
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
        let ranges = try values.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return try Parallel.mapSlabs(buffer.count, grain: Voxels.grain) { range in
                var low = Float.infinity, high = -Float.infinity
                for i in range {
                    let v = source.value[i]
                    // Comparisons with NaN are false; infinities are kept out by hand.
                    if v < low, v > -.infinity { low = v }
                    if v > high, v < .infinity { high = v }
                }
                return (low, high)
            }
        }
        let low = ranges.reduce(Float.infinity) { Swift.min($0, $1.0) }
        let high = ranges.reduce(-Float.infinity) { Swift.max($0, $1.1) }
        guard !values.isEmpty else { throw IntensityError.emptyMask(operation: operation) }
        guard low <= high else { throw IntensityError.notFinite(count: values.count, of: values.count, operation: operation) }
        return low...high
    }

    /// Counts between borders that lie evenly; the borders themselves, not a product's rounding, decide which bin a value is in.
    static func counts(_ values: [Float], edges: [Double]) throws -> [Int] {
        let bins = edges.count - 1, low = edges[0], high = edges[bins]
        let scale = Double(bins) / (high - low)
        let grain = max(1 << 18, (values.count + 15) / 16)
        let parts = try values.withUnsafeBufferPointer { buffer in
            try edges.withUnsafeBufferPointer { edges in
                let source = Unchecked((buffer, edges))
                return try Parallel.mapSlabs(buffer.count, grain: grain) { range in
                    let (values, edges) = source.value
                    var counts = [Int32](repeating: 0, count: bins)
                    counts.withUnsafeMutableBufferPointer { counts in
                        for i in range {
                            let v = Double(values[i])
                            guard v >= low, v <= high else { continue }
                            var bin = Swift.min(bins - 1, Int((v - low) * scale))
                            if v < edges[bin] {
                                bin -= 1
                            } else if bin < bins - 1, v >= edges[bin + 1] {
                                bin += 1
                            }
                            counts[bin] &+= 1
                        }
                    }
                    return counts
                }
            }
        }
        var all = [Int](repeating: 0, count: bins)
        for part in parts {
            for b in 0..<bins { all[b] += Int(part[b]) }
        }
        return all
    }
}
