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

    /// Whether eight bytes can be added at once.
    @inline(__always)
    var isWhole: Bool { end - next >= 8 }

    /// Makes sure of 56 bits where `isWhole`.
    @inline(__always)
    mutating func refillWhole() {
        bits |= UInt64(littleEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self)) &<< UInt64(truncatingIfNeeded: count)
        next += (63 &- count) &>> 3
        count |= 56
    }

    /// Makes sure of 56 bits.
    mutating func refill() {
        if isWhole { return refillWhole() }
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

    /// Passes over the rest of a byte, and hands out `n` whole ones; nil where there are not so many.
    mutating func bytes(_ n: Int) -> UnsafePointer<UInt8>? {
        let byte = (place + 7) >> 3
        guard byte <= end - start, n <= end - start - byte else { return nil }
        next = start + byte + n
        (bits, count, made) = (0, 0, 0)
        return start + byte
    }
}

/// Inflates deflate blocks (RFC 1951) from any of them on.
///
/// Symbols are bytes, or numbers of 16 bits: there bytes that were copied from before the beginning, and so are not known yet, can be told from others.
struct Inflater<Symbol: FixedWidthInteger & UnsignedInteger & BitwiseCopyable> {
    enum Outcome {
        case ended, lastEnded, damaged, full
    }

    private(set) var bits: BitReader
    private let codes = InflateCodes()
    /// From here on symbols may be copied.
    private let start: UnsafeMutablePointer<Symbol>
    private let limit: UnsafeMutablePointer<Symbol>
    /// Where the next symbol goes.
    private(set) var out: UnsafeMutablePointer<Symbol>

    /// Writes to `memory` behind `known` symbols that are there already.
    init(_ bits: BitReader, into memory: UnsafeMutableBufferPointer<Symbol>, known: Int) {
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
        for i in 0..<n { out[i] = Symbol(truncatingIfNeeded: bytes[i]) }
        out += n
        return .ended
    }

    /// Three literals, the longest match, and what copying it by eights writes beyond.
    private static var reach: Int { 3 + 258 + 8 }

    private mutating func coded() -> Outcome {
        let (literals, distances) = (codes.literals, codes.distances)
        let literal = InflateCodes.literal, special = InflateCodes.special
        let mask: UInt64 = 1 << UInt64(InflateCodes.literalWidth) - 1
        // Local copies, which stay in registers.
        var bits = bits, out = out
        defer { (self.bits, self.out) = (bits, out) }
        while true {
            let isFast = bits.isWhole && limit - out >= Self.reach
            if isFast {
                bits.refillWhole()
            } else {
                bits.refill()
                if bits.isPastEnd { return .damaged }
                if out == limit { return .full }
            }
            var entry = literals[Int(truncatingIfNeeded: bits.bits & mask)]
            if isFast, entry & literal != 0 {
                // Three literals take 33 bits at most.
                out.pointee = Symbol(truncatingIfNeeded: entry &>> 16 & 0xFF)
                out += 1
                bits.drop(Int(entry & 0xFF))
                entry = literals[Int(truncatingIfNeeded: bits.bits & mask)]
                if entry & literal != 0 {
                    out.pointee = Symbol(truncatingIfNeeded: entry &>> 16 & 0xFF)
                    out += 1
                    bits.drop(Int(entry & 0xFF))
                    entry = literals[Int(truncatingIfNeeded: bits.bits & mask)]
                    if entry & literal != 0 {
                        out.pointee = Symbol(truncatingIfNeeded: entry &>> 16 & 0xFF)
                        out += 1
                        bits.drop(Int(entry & 0xFF))
                        continue
                    }
                }
                // A match may take 48 bits.
                if bits.isWhole { bits.refillWhole() } else { bits.refill() }
            }
            if entry & (special | InflateCodes.second) == special | InflateCodes.second, entry & literal == 0 {
                bits.drop(InflateCodes.literalWidth)
                entry = literals[Int(entry &>> 16) &+ Int(truncatingIfNeeded: bits.bits & (1 &<< UInt64(entry &>> 8 & 0x1F) &- 1))]
            }
            bits.drop(Int(entry & 0xFF))
            if entry & literal != 0 {
                out.pointee = Symbol(truncatingIfNeeded: entry &>> 16 & 0xFF)
                out += 1
                continue
            }
            if entry & special != 0 { return entry & InflateCodes.endOfBlock != 0 && !bits.isPastEnd ? .ended : .damaged }
            let length = Int(entry &>> 16) &+ bits.take(Int(entry &>> 8 & 0x1F))

            entry = distances[Int(truncatingIfNeeded: bits.bits & (1 << UInt64(InflateCodes.distanceWidth) - 1))]
            if entry & special != 0 {
                if entry & InflateCodes.second == 0 { return .damaged }
                bits.drop(InflateCodes.distanceWidth)
                entry = distances[Int(entry &>> 16) &+ Int(truncatingIfNeeded: bits.bits & (1 &<< UInt64(entry &>> 8 & 0x1F) &- 1))]
                if entry & special != 0 { return .damaged }
            }
            bits.drop(Int(entry & 0xFF))
            let distance = Int(entry &>> 16) &+ bits.take(Int(entry &>> 8 & 0x1F))
            if distance > out - start { return .damaged }

            var from = out - distance
            let stop = out + length
            if isFast, distance >= 8 {
                repeat {
                    out.update(from: from, count: 8)
                    out += 8
                    from += 8
                } while out < stop
            } else if length > limit - out {
                return .full
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
    }
}
