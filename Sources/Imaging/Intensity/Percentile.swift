import Support

extension Volume {
    /// The value below which `percent` of the values lie, between two values linearly (numpy's "linear" definition), exact.
    ///
    /// - Parameter percent: 0 … 100.
    /// Throws `IntensityError` for a percentage out of range, NaN or infinite voxels, or an empty mask, `GridError.mismatch` for a mask elsewhere,
    /// and `Interrupted`.
    public func percentile(_ percent: Double, in mask: Mask? = nil) throws -> Double {
        try percentiles([percent], in: mask)[0]
    }

    /// Several percentiles; however many, the voxels are read three times. Throws `IntensityError.argument` for one outside 0 … 100, `.notFinite` for NaN
    /// or infinite voxels, `.emptyMask`, `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func percentiles(_ percents: [Double], in mask: Mask? = nil) throws -> [Double] {
        for p in percents where !(p >= 0 && p <= 100) {
            throw IntensityError.argument(name: "percent", value: p, allowed: "0 … 100")
        }
        if let mask { try grid.require(same: mask.grid) }
        let bad = try countNonFinite(in: mask)
        if bad > 0 { throw IntensityError.notFinite(count: bad, of: mask?.count ?? voxels.count, operation: "percentile") }
        let values = try mask.map { try Selection.gather(voxels, $0.voxels) } ?? voxels
        if values.isEmpty { throw IntensityError.emptyMask(operation: "percentile") }
        return try Selection(values).percentiles(percents)
    }
}

/// Finds values by rank without sorting: histograms over the upper, middle and lower bits of the floats, each of only those values that
/// share the bits before with a rank that is looked for.
struct Selection {
    private let values: [Float]

    /// Bits of each of the three histograms.
    private static let upper = 12, rest = 10

    init(_ values: [Float]) { self.values = values }

    /// The values of `voxels` that lie inside of a mask.
    static func gather(_ voxels: [Float], _ inside: [UInt8]) throws -> [Float] {
        let grain = 1 << 18
        return try voxels.withUnsafeBufferPointer { voxels in
            try inside.withUnsafeBufferPointer { inside in
                let sources = Unchecked((voxels, inside))
                let counts = try Parallel.mapSlabs(inside.count, grain: grain) { range in
                    var n: Int32 = 0
                    for i in range { n &+= Int32(sources.value.1[i]) }
                    return Int(n)
                }
                // Where each piece's values begin.
                var starts = [0]
                for count in counts { starts.append(starts[starts.count - 1] + count) }
                let total = starts[starts.count - 1]
                return try [Float](unsafeUninitializedCapacity: total) { out, count in
                    guard let base = out.baseAddress, total > 0 else { return }
                    Voxels.useLargePages(base, total)
                    let out = Unchecked(base)
                    try Parallel.slabRanges(inside.count, grain: grain) { range in
                        var place = out.value + starts[range.lowerBound / grain]
                        for i in range where sources.value.1[i] != 0 {
                            place.initialize(to: sources.value.0[i])
                            place += 1
                        }
                    }
                    count = total
                }
            }
        }
    }

    /// Arrays as one, in their order.
    static func joined(_ parts: [[Float]]) throws -> [Float] {
        var starts = [0]
        for part in parts { starts.append(starts[starts.count - 1] + part.count) }
        let total = starts[starts.count - 1]
        return try [Float](unsafeUninitializedCapacity: total) { out, count in
            if let base = out.baseAddress, total > 0 {
                Voxels.useLargePages(base, total)
                let out = Unchecked(base)
                try Parallel.slabs(parts.count) { n in
                    parts[n].withUnsafeBufferPointer { part in
                        if let values = part.baseAddress { (out.value + starts[n]).initialize(from: values, count: part.count) }
                    }
                }
            }
            count = total
        }
    }

    /// As `Volume.percentile`, of at least one value.
    func percentile(_ percent: Double) throws -> Double { try percentiles([percent])[0] }

    /// As `Volume.percentiles`, of at least one value.
    func percentiles(_ percents: [Double]) throws -> [Double] {
        let places = percents.map { $0 / 100 * Double(values.count - 1) }
        let found = try values(ranks: places.flatMap { [Int($0), min(Int($0) + 1, values.count - 1)] })
        return places.indices.map { n in
            let fraction = places[n] - places[n].rounded(.down)
            let a = Double(found[2 * n]), b = Double(found[2 * n + 1])
            // numpy's rounding: from the nearer end.
            return fraction < 0.5 ? a + (b - a) * fraction : b - (b - a) * (1 - fraction)
        }
    }

    /// The values at 0-based ranks in ascending order.
    func values(ranks: [Int]) throws -> [Float] {
        let lower = Self.rest, both = 2 * Self.rest, mask = UInt32(1 << Self.rest - 1)
        var left = ranks
        let first = try Self.histogram(values, bins: 1 << Self.upper) { Int($0 >> UInt32(both)) }
        let heads = ranks.indices.map { Self.bin(of: &left[$0], in: first[...]) }
        // Only values with the same upper bits as one that is looked for are counted further.
        let second = Self.numbered(heads, of: 1 << Self.upper)
        let middle = try second.place.withUnsafeBufferPointer { place in
            try Self.histogram(values, bins: second.count << Self.rest) {
                let slot = Int(place[Int($0 >> UInt32(both))])
                return slot < 0 ? -1 : slot << Self.rest | Int($0 >> UInt32(lower) & mask)
            }
        }
        let stems = ranks.indices.map { n in
            let slot = Int(second.place[heads[n]])
            return slot << Self.rest | Self.bin(of: &left[n], in: middle[slot << Self.rest..<(slot + 1) << Self.rest])
        }
        let third = Self.numbered(stems, of: second.count << Self.rest)
        let last = try second.place.withUnsafeBufferPointer { heads in
            try third.place.withUnsafeBufferPointer { stems in
                try Self.histogram(values, bins: third.count << Self.rest) {
                    let head = Int(heads[Int($0 >> UInt32(both))])
                    if head < 0 { return -1 }
                    let stem = Int(stems[head << Self.rest | Int($0 >> UInt32(lower) & mask)])
                    return stem < 0 ? -1 : stem << Self.rest | Int($0 & mask)
                }
            }
        }
        return ranks.indices.map { n in
            let slot = Int(third.place[stems[n]])
            let tail = Self.bin(of: &left[n], in: last[slot << Self.rest..<(slot + 1) << Self.rest])
            return Self.number(UInt32(heads[n] << both | (stems[n] & Int(mask)) << lower | tail))
        }
    }

    /// The bin that holds a rank, and the rank within it.
    private static func bin(of rank: inout Int, in counts: ArraySlice<Int>) -> Int {
        for (bin, count) in counts.enumerated() {
            if rank < count { return bin }
            rank -= count
        }
        return counts.count - 1
    }

    /// The distinct numbers among `chosen`, numbered from 0 in their order; −1 for the others below `limit`.
    private static func numbered(_ chosen: [Int], of limit: Int) -> (place: [Int32], count: Int) {
        var place = [Int32](repeating: -1, count: limit)
        var count = 0
        for number in chosen where place[number] < 0 {
            place[number] = Int32(count)
            count += 1
        }
        return (place, count)
    }

    /// Bits that sort as the numbers do.
    @inline(__always)
    static func key(_ x: Float) -> UInt32 {
        let bits = x.bitPattern
        return bits ^ (UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 0x8000_0000)
    }

    /// The number of a key.
    @inline(__always)
    static func number(_ key: UInt32) -> Float {
        Float(bitPattern: key & 0x8000_0000 != 0 ? key & 0x7FFF_FFFF : ~key)
    }

    /// How many values have each bin; those with a bin below 0 are left out.
    @inline(__always)
    private static func histogram(_ values: [Float], bins: Int, _ bin: (UInt32) -> Int) throws -> [Int] {
        let grain = max(1 << 16, (values.count + 15) / 16)
        let parts = try values.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return try Parallel.mapSlabs(buffer.count, grain: grain) { range in
                var counts = [Int32](repeating: 0, count: bins)
                counts.withUnsafeMutableBufferPointer { counts in
                    for i in range {
                        let b = bin(key(source.value[i]))
                        if b >= 0 { counts[b] &+= 1 }
                    }
                }
                return counts
            }
        }
        var all = [Int](repeating: 0, count: bins)
        for part in parts {
            for b in 0..<bins { all[b] += Int(part[b]) }
        }
        return all
    }
}
