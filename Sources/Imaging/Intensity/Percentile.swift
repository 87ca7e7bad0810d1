import Support

extension Volume {
    /// The value below which `percent` of the values lie, between two values linearly (numpy's "linear" definition), exact.
    ///
    /// - Parameter percent: 0 … 100.
    /// Throws `IntensityError` for a percentage out of range, NaN or infinite voxels, or an empty mask.
    public func percentile(_ percent: Double, in mask: Mask? = nil) throws -> Double {
        try percentiles([percent], in: mask)[0]
    }

    /// Several percentiles.
    public func percentiles(_ percents: [Double], in mask: Mask? = nil) throws -> [Double] {
        for p in percents where !(p >= 0 && p <= 100) {
            throw IntensityError.argument(name: "percentile", value: p, allowed: "0 … 100")
        }
        if let mask { try grid.require(same: mask.grid) }
        let bad = countNonFinite(in: mask)
        if bad > 0 { throw IntensityError.notFinite(count: bad, of: mask?.count ?? voxels.count, operation: "percentile") }
        let values = mask.map { Selection.gather(voxels, $0.voxels) } ?? voxels
        if values.isEmpty { throw IntensityError.emptyMask(operation: "percentile") }
        let selection = Selection(values)
        return percents.map(selection.percentile)
    }
}

/// Finds values by rank without sorting: two passes of a radix histogram over the bits of the floats.
struct Selection {
    private let values: [Float]
    /// The number of values whose upper 16 bits sort below each bin.
    private let starts: [Int]

    init(_ values: [Float]) {
        self.values = values
        let histogram = Self.histogram(values) { Int($0 >> 16) }
        var starts = [Int](repeating: 0, count: histogram.count + 1)
        for bin in 0..<histogram.count { starts[bin + 1] = starts[bin] + histogram[bin] }
        self.starts = starts
    }

    static func gather(_ values: [Float], _ inside: [UInt8]) -> [Float] {
        var out: [Float] = []
        out.reserveCapacity(values.count / 4)
        for i in inside.indices where inside[i] != 0 { out.append(values[i]) }
        return out
    }

    /// As `Volume.percentile`, of at least one value.
    func percentile(_ percent: Double) -> Double {
        let rank = percent / 100 * Double(values.count - 1)
        let below = Int(rank)
        let fraction = rank - Double(below)
        let a = Double(value(rank: below))
        if fraction == 0 { return a }
        let b = Double(value(rank: min(below + 1, values.count - 1)))
        // numpy's rounding: from the nearer end.
        return fraction < 0.5 ? a + (b - a) * fraction : b - (b - a) * (1 - fraction)
    }

    /// The value at 0-based `rank` in ascending order.
    func value(rank: Int) -> Float {
        // The bin that holds the rank: the last whose start is not beyond it.
        var low = 0, high = starts.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= rank { low = middle } else { high = middle }
        }
        let bin = UInt32(low)
        let fine = Self.histogram(values) { $0 >> 16 == bin ? Int($0 & 0xFFFF) : -1 }
        var left = rank - starts[low]
        for lower in fine.indices {
            if left < fine[lower] { return Self.number(bin << 16 | UInt32(lower)) }
            left -= fine[lower]
        }
        return values[0]
    }

    /// Bits that sort as the numbers do.
    @inline(__always)
    private static func key(_ x: Float) -> UInt32 {
        let bits = x.bitPattern
        return bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
    }

    private static func number(_ key: UInt32) -> Float {
        Float(bitPattern: key & 0x8000_0000 != 0 ? key & 0x7FFF_FFFF : ~key)
    }

    @inline(__always)
    private static func histogram(_ values: [Float], _ bin: (UInt32) -> Int) -> [Int] {
        let grain = max(1 << 18, (values.count + 15) / 16)
        let parts = values.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return Parallel.mapRanges(buffer.count, grain: grain) { range in
                var counts = [Int32](repeating: 0, count: 1 << 16)
                counts.withUnsafeMutableBufferPointer { counts in
                    for i in range {
                        let b = bin(key(source.value[i]))
                        if b >= 0 { counts[b] &+= 1 }
                    }
                }
                return counts
            }
        }
        var all = [Int](repeating: 0, count: 1 << 16)
        for part in parts {
            for b in 0..<(1 << 16) { all[b] += Int(part[b]) }
        }
        return all
    }
}
