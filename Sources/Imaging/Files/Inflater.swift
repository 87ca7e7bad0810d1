/// The bits of a deflate stream, lowest first. Beyond the end there are zeros, and `isPastEnd` tells.
struct BitReader {
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    /// The next byte that is not among `bits`.
    private var next: UnsafePointer<UInt8>
    /// The bits that come next, `count` of them; what is above is 0 or belongs to bytes that are still to be added.
    private(set) var bits: UInt64 = 0
    private var count = 0
    /// Zero bytes that were made up.
    private var made = 0

    /// From a bit of `data` on.
    init(_ data: UnsafeRawBufferPointer, at place: Int = 0) {
        start = data.baseAddress!.assumingMemoryBound(to: UInt8.self)
        end = start + data.count
        next = start + min(place >> 3, data.count)
        refill()
        drop(place & 7)
    }

    /// The bit that comes next, counted from the beginning.
    var place: Int { (next - start + made) * 8 - count }
    var isPastEnd: Bool { place > (end - start) * 8 }

    /// Whether eight bytes can be added at once, `n` times.
    @inline(__always)
    func isWhole(_ n: Int) -> Bool { end - next >= 8 &* n }

    /// Makes sure of 56 bits where `isWhole(1)`.
    @inline(__always)
    mutating func refillWhole() {
        bits |= UInt64(littleEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self)) &<< UInt64(truncatingIfNeeded: count)
        next += (63 &- count) &>> 3
        count |= 56
    }

    /// Makes sure of 56 bits.
    mutating func refill() {
        if isWhole(1) { return refillWhole() }
        while count < 56 {
            if next < end {
                bits |= UInt64(next.pointee) << UInt64(count)
                next += 1
            } else {
                made += 1
            }
            count += 8
        }
    }

    @inline(__always)
    mutating func drop(_ n: Int) {
        bits = bits &>> UInt64(truncatingIfNeeded: n)
        count &-= n
    }

    /// The next `n` bits, of which a refill has made sure.
    @inline(__always)
    mutating func take(_ n: Int) -> Int {
        let value = Int(truncatingIfNeeded: bits & (1 &<< UInt64(truncatingIfNeeded: n) &- 1))
        drop(n)
        return value
    }

    /// Passes over what an entry of a table takes, and gives its base with what was in the bits behind its word.
    @inline(__always)
    mutating func value(_ entry: UInt32) -> Int {
        let all = bits & (1 &<< UInt64(entry & 63) &- 1)
        drop(Int(entry & 63))
        return Int(entry &>> 16) &+ Int(truncatingIfNeeded: all &>> UInt64(entry &>> 8 & 31))
    }

    /// Passes over the rest of a byte, and hands out `n` whole ones; nil where there are not so many.
    mutating func bytes(_ n: Int) -> UnsafePointer<UInt8>? {
        let byte = (place + 7) >> 3
        guard byte <= end - start, n <= end - start - byte else { return nil }
        next = start + byte + n
        (bits, count, made) = (0, 0, 0)
        return start + byte
    }
}

/// Inflates deflate blocks (RFC 1951) from any of them on, where libdeflate begins with the first.
///
/// Bytes become numbers of 16 bits: so those that were copied from before the beginning, and are not known yet, can be told from others.
struct Inflater {
    enum Outcome {
        case ended, lastEnded, damaged, full
    }

    private(set) var bits: BitReader
    private let codes = InflateCodes()
    /// From here on numbers may be copied.
    private let start: UnsafeMutablePointer<UInt16>
    private let limit: UnsafeMutablePointer<UInt16>
    /// Where the next number goes.
    private(set) var out: UnsafeMutablePointer<UInt16>

    /// Writes to `memory` behind `known` numbers that are there already.
    init(_ bits: BitReader, into memory: UnsafeMutableBufferPointer<UInt16>, known: Int) {
        self.bits = bits
        start = memory.baseAddress!
        limit = start + memory.count
        out = start + known
    }

    /// One block, with its head.
    mutating func block() -> Outcome {
        bits.refill()
        let isLast = bits.take(1) == 1
        let outcome: Outcome
        switch bits.take(2) {
        case 0: outcome = stored()
        case 1:
            codes.setFixed()
            outcome = coded()
        case 2: outcome = codes.read(&bits) ? coded() : .damaged
        default: outcome = .damaged
        }
        return outcome == .ended && isLast ? .lastEnded : outcome
    }

    private mutating func stored() -> Outcome {
        guard let head = bits.bytes(4) else { return .damaged }
        let n = Int(head[0]) | Int(head[1]) << 8
        guard n ^ 0xFFFF == Int(head[2]) | Int(head[3]) << 8, let bytes = bits.bytes(n) else { return .damaged }
        if n > limit - out { return .full }
        for i in 0..<n { out[i] = UInt16(truncatingIfNeeded: bytes[i]) }
        out += n
        return .ended
    }

    /// Eight literals, the longest match, and what copying it by eights writes beyond.
    private static var reach: Int { 8 + 258 + 8 }

    private mutating func coded() -> Outcome {
        codes.pairUp()
        // Local copies, which stay in registers.
        var bits = bits, out = out
        defer { (self.bits, self.out) = (bits, out) }
        return fast(&bits, &out) ?? careful(&bits, &out)
    }

    /// The symbols of a block while there are bytes and room enough that nothing need be asked between; nil when there no longer are.
    @inline(__always)
    private func fast(_ bits: inout BitReader, _ out: inout UnsafeMutablePointer<UInt16>) -> Outcome? {
        let (literals, pairs, distances) = (codes.literals, codes.pairs, codes.distances)
        let mask: UInt64 = 1 << UInt64(InflateCodes.literalWidth) - 1, shortMask: UInt64 = 1 << UInt64(InflateCodes.distanceWidth) - 1
        let (literal, special, second) = (InflateCodes.literal, InflateCodes.special, InflateCodes.second)
        @inline(__always) func next() -> UInt32 { pairs[Int(truncatingIfNeeded: bits.bits & mask)] }
        @inline(__always) func put(_ entry: UInt32) {
            bits.drop(Int(entry & 63))
            out[0] = UInt16(truncatingIfNeeded: entry &>> 16 & 0xFF)
            out[1] = UInt16(truncatingIfNeeded: entry &>> 24)
            out += 1 &+ Int(entry &>> 7 & 1)
        }
        guard bits.isWhole(1) else { return nil }
        bits.refillWhole()
        var entry = next()
        // Every turn adds to the bits three times at most.
        while bits.isWhole(3), limit - out >= Self.reach {
            if entry & literal != 0 {
                // Four entries take 44 bits at most.
                put(entry)
                entry = next()
                if entry & literal != 0 {
                    put(entry)
                    entry = next()
                    if entry & literal != 0 {
                        put(entry)
                        entry = next()
                        if entry & literal != 0 {
                            put(entry)
                            bits.refillWhole()
                            entry = next()
                            continue
                        }
                    }
                }
                // A match takes 48 bits at most.
                bits.refillWhole()
            }
            if entry & special != 0 {
                if entry & second != 0 {
                    bits.drop(InflateCodes.literalWidth)
                    entry = literals[Int(entry &>> 16) &+ Int(truncatingIfNeeded: bits.bits & (1 &<< UInt64(entry &>> 8 & 31) &- 1))]
                    if entry & literal != 0 {
                        put(entry)
                        bits.refillWhole()
                        entry = next()
                        continue
                    }
                }
                if entry & special != 0 {
                    bits.drop(Int(entry & 63))
                    return entry & InflateCodes.endOfBlock != 0 ? .ended : .damaged
                }
            }
            let length = bits.value(entry)
            entry = distances[Int(truncatingIfNeeded: bits.bits & shortMask)]
            if entry & special != 0 {
                if entry & second == 0 { return .damaged }
                bits.drop(InflateCodes.distanceWidth)
                entry = distances[Int(entry &>> 16) &+ Int(truncatingIfNeeded: bits.bits & (1 &<< UInt64(entry &>> 8 & 31) &- 1))]
                if entry & special != 0 { return .damaged }
            }
            let distance = bits.value(entry)
            if distance > out - start { return .damaged }
            // What comes next is on its way while the match is copied.
            bits.refillWhole()
            entry = next()

            var from = out - distance
            let stop = out + length
            if distance >= 8 {
                repeat {
                    out.update(from: from, count: 8)
                    out += 8
                    from += 8
                } while out < stop
            } else if distance == 1 {
                out.update(repeating: from.pointee, count: length)
            } else {
                while out < stop {
                    out.pointee = from.pointee
                    out += 1
                    from += 1
                }
            }
            out = stop
        }
        return nil
    }

    /// The symbols of a block one by one, up to the last byte and the last place.
    private func careful(_ bits: inout BitReader, _ out: inout UnsafeMutablePointer<UInt16>) -> Outcome {
        let (literal, special, second) = (InflateCodes.literal, InflateCodes.special, InflateCodes.second)
        func next(_ table: UnsafeMutablePointer<UInt32>, _ width: Int) -> UInt32 {
            let entry = table[Int(bits.bits & (1 << UInt64(width) - 1))]
            if entry & special == 0 || entry & second == 0 { return entry }
            bits.drop(width)
            return table[Int(entry >> 16) + Int(bits.bits & (1 << UInt64(entry >> 8 & 31) - 1))]
        }
        while true {
            bits.refill()
            var entry = next(codes.literals, InflateCodes.literalWidth)
            if entry & special != 0 {
                bits.drop(Int(entry & 63))
                return entry & InflateCodes.endOfBlock != 0 && !bits.isPastEnd ? .ended : .damaged
            }
            if out == limit { return bits.isPastEnd ? .damaged : .full }
            if entry & literal != 0 {
                bits.drop(Int(entry & 63))
                out.pointee = UInt16(truncatingIfNeeded: entry >> 16)
                out += 1
            } else {
                let length = bits.value(entry)
                entry = next(codes.distances, InflateCodes.distanceWidth)
                if entry & special != 0 { return .damaged }
                let distance = bits.value(entry)
                if distance > out - start { return .damaged }
                if length > limit - out { return .full }
                for _ in 0..<length {
                    out.pointee = (out - distance).pointee
                    out += 1
                }
            }
            if bits.isPastEnd { return .damaged }
        }
    }
}
