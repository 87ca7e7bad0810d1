import Support

/// The range of intensities between black and white.
package struct Window: Equatable {
    /// The intensity shown as black, and all below.
    package let low: Float
    /// The intensity shown as white, and all above.
    package private(set) var high: Float

    /// From the `from` to the `to` fraction of the finite values (nearest rank, exact whatever the distribution); nil when none is finite. Throws `Interrupted`.
    ///
    /// Two counting passes over the bits: the upper half finds the bin of each rank, the lower half the value in it.
    package init?(_ values: [Float], from: Double = 0.005, to: Double = 0.995) throws {
        let upper = try Self.histogram(values) { key in Int(key >> 16) }
        let count = upper.reduce(0, +)
        guard count > 0 else { return nil }
        func value(_ fraction: Double) throws -> Float {
            var rank = Int((fraction * Double(count - 1)).rounded())
            var bin = 0
            while rank >= upper[bin] {
                rank -= upper[bin]
                bin += 1
            }
            let lower = try Self.histogram(values) { key in Int(key >> 16) == bin ? Int(key & 0xFFFF) : nil }
            var rest = 0
            while rank >= lower[rest] {
                rank -= lower[rest]
                rest += 1
            }
            return Self.value(UInt32(bin) << 16 | UInt32(rest))
        }
        low = try value(from)
        high = try value(to)
    }

    /// With a high end that shows a brain well: a tenth above all but the brightest half percent of what lies in the mask. Fat and vessels would otherwise leave it dark, or
    /// much of it white. Only for a mask of at least a tenth of the head, since a rim or a lesion does not tell how bright a brain is; and no less than 0.35 of the span
    /// before, so that the rest is to be seen. Throws `Interrupted`.
    package func fitted(to values: [Float], within mask: [UInt8]?) throws -> Window {
        guard let mask, high > low else { return self }
        let air = low + (high / 10 - low / 10)
        var inside: [Float] = [], head = 0
        inside.reserveCapacity(values.count / 8)
        for i in values.indices {
            if values[i] > air { head += 1 }
            if mask[i] != 0 { inside.append(values[i]) }
        }
        guard inside.count * 10 >= head, let brain = try Window(inside) else { return self }
        var fitted = self
        fitted.high = max(low + (brain.high - low) * 1.1, low + (high - low) * 0.35)
        return fitted.high.isFinite ? fitted : self
    }

    /// 0 at the low end, 1 at the high end, clipped; a value that is not a number counts as black, and a flat image is mid-grey.
    package func level(_ x: Float) -> Float {
        if x.isNaN { return 0 }
        if high <= low { return x < low ? 0 : x > high ? 1 : 0.5 }
        // Scaled before the subtraction, so that the span of extreme values does not overflow.
        let scale = max(abs(low), abs(high), .leastNormalMagnitude)
        let t = (x / scale - low / scale) / (high / scale - low / scale)
        return min(max(t, 0), 1)
    }

    /// An unsigned number that sorts as the float does.
    private static func key(_ x: Float) -> UInt32 {
        let bits = x.bitPattern
        return bits & 0x8000_0000 != 0 ? ~bits : bits | 0x8000_0000
    }

    private static func value(_ key: UInt32) -> Float {
        Float(bitPattern: key & 0x8000_0000 != 0 ? key & 0x7FFF_FFFF : ~key)
    }

    private static func histogram(_ values: [Float], _ bin: (UInt32) -> Int?) throws -> [Int] {
        let parts = try Parallel.mapSlabs(values.count, grain: 1 << 22) { range in
            var counts = [Int](repeating: 0, count: 1 << 16)
            values.withUnsafeBufferPointer { v in
                for i in range where v[i].isFinite {
                    if let b = bin(key(v[i])) { counts[b] += 1 }
                }
            }
            return counts
        }
        return parts.reduce(into: [Int](repeating: 0, count: 1 << 16)) { total, part in
            for i in 0..<part.count { total[i] += part[i] }
        }
    }
}
