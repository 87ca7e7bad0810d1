/// The two codes of a deflate block (RFC 1951, 3.2), as tables of what the next bits mean. A word longer than a table's width is found in a
/// second table.
///
/// An entry has the bits that it takes in 0 … 5. Literals have `literal` set and their bytes in bits 16 … 31: one, or two where `pair` is
/// set. A length or distance has its base in bits 16 … 31, and in 8 … 12 how many of the bits are its word; the others are added to the
/// base. `special` marks what is neither: a second table (its place in 16 … 31, the bits that it looks at in 8 … 12), the end of the block,
/// or nothing.
final class InflateCodes {
    static let literal: UInt32 = 1 << 6, pair: UInt32 = 1 << 7
    static let special: UInt32 = 1 << 15, second: UInt32 = 1 << 14, endOfBlock: UInt32 = 1 << 13
    static let literalWidth = 11, distanceWidth = 8
    private static let longest = 15

    /// Room for a second table under every word.
    let literals = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 << literalWidth + 288 << (longest - literalWidth))
    /// The first table of `literals`, with two literals in one entry where both lie in what it looks at.
    let pairs = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 << literalWidth)
    let distances = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 << distanceWidth + 32 << (longest - distanceWidth))
    private let short = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 << 7)
    /// Behind the lengths of all words there is room for the longest run.
    private let lengths = UnsafeMutablePointer<UInt8>.allocate(capacity: 320 + 138)
    private let order = UnsafeMutablePointer<UInt16>.allocate(capacity: 320)

    deinit {
        literals.deallocate()
        pairs.deallocate()
        distances.deallocate()
        short.deallocate()
        lengths.deallocate()
        order.deallocate()
    }

    /// What literals and lengths, distances, and lengths of words stand for, before the bits of their words are added.
    private static let literalMeanings: [UInt32] =
        (0..<256).map { literal | $0 << 16 } + [special | endOfBlock]
        + DeflateTables.lengthBase.all.map { UInt32($0.start) << 16 | UInt32($0.extra) } + [special, special]
    private static let distanceMeanings: [UInt32] =
        DeflateTables.distanceBase.all.map { UInt32($0.start) << 16 | UInt32($0.extra) } + [special, special]
    private static let lengthMeanings: [UInt32] = (0..<19).map { $0 << 16 }

    /// The codes that the standard fixes.
    func setFixed() {
        for i in 0..<288 { lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8 }
        _ = build(literals, Self.literalWidth, lengths, 288, Self.literalMeanings)
        lengths.update(repeating: 5, count: 32)
        _ = build(distances, Self.distanceWidth, lengths, 32, Self.distanceMeanings)
    }

    /// Reads the codes of a block that has its own, from behind the block's three first bits. False where they are no codes.
    func read(_ bits: inout BitReader) -> Bool {
        bits.refill()
        let literalCount = bits.take(5) + 257, distanceCount = bits.take(5) + 1, count = bits.take(4) + 4
        guard literalCount <= 286, distanceCount <= 30 else { return false }
        lengths.update(repeating: 0, count: 19)
        for i in 0..<count {
            bits.refill()
            lengths[CodeLengths.order[i]] = UInt8(bits.take(3))
        }
        guard build(short, 7, lengths, 19, Self.lengthMeanings) else { return false }
        let all = literalCount + distanceCount
        var i = 0
        while i < all {
            bits.refill()
            let entry = short[Int(bits.bits & 127)], symbol = Int(entry >> 16)
            if entry & Self.special != 0 { return false }
            bits.drop(Int(entry & 63))
            switch symbol {
            case 16 where i == 0: return false
            case 16: i += fill(i, lengths[i - 1], 3 + bits.take(2))
            case 17: i += fill(i, 0, 3 + bits.take(3))
            case 18: i += fill(i, 0, 11 + bits.take(7))
            default: i += fill(i, UInt8(symbol), 1)
            }
        }
        guard i == all, lengths[256] != 0, !bits.isPastEnd else { return false }
        return build(literals, Self.literalWidth, lengths, literalCount, Self.literalMeanings)
            && build(distances, Self.distanceWidth, lengths + literalCount, distanceCount, Self.distanceMeanings)
    }

    /// Sets `pairs` from `literals`.
    func pairUp() {
        for i in 0..<1 << Self.literalWidth {
            let first = literals[i]
            pairs[i] = first
            guard first & Self.literal != 0 else { continue }
            let second = literals[i >> Int(first & 63)], length = (first & 63) + (second & 63)
            if second & Self.literal != 0, length <= Self.literalWidth {
                pairs[i] = Self.literal | Self.pair | length | first & 0xFF_0000 | (second & 0xFF_0000) << 8
            }
        }
    }

    private func fill(_ i: Int, _ length: UInt8, _ n: Int) -> Int {
        (lengths + i).update(repeating: length, count: n)
        return n
    }

    /// The first bit from a byte on, up to about another, at which a block seems to begin that has its own codes and is not the last: its
    /// head says possible sizes, and all of its codes are whole. Nil where there is none.
    static func beginning(in data: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int? {
        let codes = InflateCodes(), taken = taken, last = min(end, data.count - 24)
        func bits(_ place: Int) -> UInt64 {
            data.loadUnaligned(fromByteOffset: place >> 3, as: UInt64.self).littleEndian >> UInt64(place & 7)
        }
        for byte in stride(from: start, to: last, by: 6) {
            // 48 places at once: the block's kind is 0, 0, 1, and neither number of words is 30 or 31.
            let word = bits(8 * byte)
            let tooMany = word >> 4 & word >> 5 & word >> 6 & word >> 7 | word >> 9 & word >> 10 & word >> 11 & word >> 12
            var heads = ~word & ~(word >> 1) & word >> 2 & ~tooMany & (1 << 48 - 1)
            while heads != 0 {
                let place = 8 * byte + heads.trailingZeroBitCount
                heads &= heads - 1
                let lengths = bits(place + 17) & (1 << (3 * (bits(place + 13) & 15) + 12) - 1)
                var room = 1 << 7
                for four in 0..<5 { room -= Int(taken[Int(lengths >> UInt64(12 * four) & 4095)]) }
                // Of random places fewer than one in a thousand come as far as this.
                guard room == 0 else { continue }
                var rest = BitReader(data, at: place + 3)
                if codes.read(&rest) { return place }
            }
        }
        return nil
    }

    /// How much of a code of words up to 7 bits four words take, of their lengths in 3 bits each.
    nonisolated(unsafe) private static let taken: UnsafePointer<UInt16> = {
        let table = UnsafeMutablePointer<UInt16>.allocate(capacity: 4096)
        for lengths in 0..<4096 {
            table[lengths] = (0..<4).reduce(0) { sum, i in
                let length = lengths >> (3 * i) & 7
                return length == 0 ? sum : sum + 128 >> UInt16(length)
            }
        }
        return UnsafePointer(table)
    }()

    /// Makes the table of a code of which the words' lengths are given. False where they make no code: too many words, or too few, unless
    /// it is at most one.
    private func build(
        _ table: UnsafeMutablePointer<UInt32>, _ width: Int, _ lengths: UnsafeMutablePointer<UInt8>, _ count: Int, _ meanings: [UInt32]
    ) -> Bool {
        var counts = [Int](repeating: 0, count: Self.longest + 1), places = counts
        for i in 0..<count { counts[Int(lengths[i])] += 1 }
        counts[0] = 0
        var room = 1 << Self.longest, words = 0
        for length in 1...Self.longest {
            room -= counts[length] << (Self.longest - length)
            places[length] = words
            words += counts[length]
        }
        guard room == 0 || words == 0 || words == 1 && counts[1] == 1 else { return false }
        for i in 0..<count where lengths[i] > 0 {
            order[places[Int(lengths[i])]] = UInt16(i)
            places[Int(lengths[i])] += 1
        }
        if room != 0 { table.update(repeating: Self.special, count: 1 << width) }
        // Words in their order; in the stream each begins with its highest bit. Long ones with the same beginning follow one another.
        let deep = max(0, (counts.lastIndex { $0 > 0 } ?? 0) - width)
        var word = 0, length = 1, left = counts[1], end = 1 << width, beginning = -1
        for i in 0..<words {
            while left == 0 {
                length += 1
                word <<= 1
                left = counts[length]
            }
            var turned = 0
            for bit in 0..<length { turned |= (word >> bit & 1) << (length - 1 - bit) }
            let own = UInt32(length <= width ? length : length - width), entry = meanings[Int(order[i])] + own + own << 8
            if length <= width {
                for at in stride(from: turned, to: 1 << width, by: 1 << length) { table[at] = entry }
            } else {
                if turned & (1 << width - 1) != beginning {
                    beginning = turned & (1 << width - 1)
                    table[beginning] = Self.special | Self.second | UInt32(end) << 16 | UInt32(deep) << 8 | UInt32(width)
                    end += 1 << deep
                }
                for at in stride(from: turned >> width, to: 1 << deep, by: 1 << (length - width)) { table[end - 1 << deep + at] = entry }
            }
            word += 1
            left -= 1
        }
        return true
    }
}
