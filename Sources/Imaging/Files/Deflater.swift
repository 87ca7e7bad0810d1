/// Compresses stretches of bytes to DEFLATE (RFC 1951) that can be joined to one stream, so that all cores work on one gzip member.
///
/// A library cannot do this: zlib can end a stretch in a way that another may follow, and is slow; libdeflate is fast, and always closes
/// the stream. Images are noise between empty borders, so one look at the last place of the same few bytes finds nearly all that is to be
/// found, and in numbers of one or two bytes matches of three or four, which noise is full of, cost more than they save.
final class Deflater {
    /// Bytes that get Huffman codes of their own: few enough that these follow the image from border to brain.
    private static let blockSize = 1 << 17
    private static let hashBits = 14

    private let numberSize: Int

    /// For each hash of a match's least bytes the last place, counted from the stretch's beginning, where they stood.
    private let places: UnsafeMutablePointer<Int32>
    /// A literal byte, or a match: 1 in the top bit, 9 bits for the length, 16 for the distance.
    private let tokens: UnsafeMutablePointer<UInt32>
    private var tokenCount = 0
    private let literals = HuffmanCode(count: 286, longest: 15)
    private let distances = HuffmanCode(count: 30, longest: 15)
    private let lengths = HuffmanCode(count: 19, longest: 7)

    /// - Parameter numberSize: bytes of each number of what is compressed.
    init(numberSize: Int) {
        self.numberSize = numberSize
        places = .allocate(capacity: 1 << Self.hashBits)
        tokens = .allocate(capacity: Self.blockSize + 8)
    }

    deinit {
        places.deallocate()
        tokens.deallocate()
    }

    /// The most bytes that `count` bytes become: stored blocks at worst, with their heads, and the end.
    static func bound(_ count: Int) -> Int { count + (count / blockSize + 1) * 15 + 64 }

    /// Compresses `count` bytes to `out`, which has room for `bound(count)`, and returns how many it wrote. Where more is to follow the
    /// result ends on a whole byte with an empty block; `isLast` closes the stream.
    func deflate(_ data: UnsafePointer<UInt8>, _ count: Int, isLast: Bool, to out: UnsafeMutablePointer<UInt8>) -> Int {
        places.update(repeating: 0, count: 1 << Self.hashBits)
        var bits = BitWriter(out)
        var start = 0
        while start < count {
            let end = min(count, start + Self.blockSize)
            literals.clear()
            distances.clear()
            if numberSize == 4 { findRepeats(data, start, end, count) } else { findMatches(data, start, end, count) }
            literals.counts[256] = 1
            writeBlock(data + start, end - start, isFinal: isLast && end == count, &bits)
            start = end
        }
        if count == 0 || !isLast { bits.putStored(data, 0, isFinal: isLast) }
        return bits.finish() - out
    }

    @inline(__always)
    private static func hash(_ bytes: UInt64) -> Int { Int(truncatingIfNeeded: (bytes &* 0x9E37_79B1_85EB_CA87) &>> UInt64(64 - hashBits)) }

    /// Literals and matches as they are found, counted for their codes.
    private struct Tokens {
        private(set) var count = 0
        private let data: UnsafePointer<UInt8>, tokens: UnsafeMutablePointer<UInt32>
        private let literals: UnsafeMutablePointer<UInt32>, distances: UnsafeMutablePointer<UInt32>
        private let lengthSymbol = DeflateTables.lengthSymbol, distanceSymbol = DeflateTables.distanceSymbol

        init(_ data: UnsafePointer<UInt8>, _ owner: Deflater) {
            (self.data, tokens) = (data, owner.tokens)
            (literals, distances) = (owner.literals.counts, owner.distances.counts)
        }

        @inline(__always) mutating func literal(_ place: Int) {
            let byte = UInt32(data[place])
            tokens[count] = byte
            count &+= 1
            literals[Int(byte)] &+= 1
        }

        @inline(__always) mutating func match(_ length: Int, _ distance: Int) {
            tokens[count] = 1 << 31 | UInt32(truncatingIfNeeded: length) << 16 | UInt32(truncatingIfNeeded: distance)
            count &+= 1
            literals[Int(lengthSymbol[length])] &+= 1
            distances[distanceSymbol(of: distance)] &+= 1
        }
    }

    @inline(__always)
    private static func eight(_ at: UnsafePointer<UInt8>) -> UInt64 { UnsafeRawPointer(at).loadUnaligned(as: UInt64.self).littleEndian }

    /// How many bytes at `place` are those at `before`, `known` of them at least, up to `longest`; eight are looked at where so many
    /// are left.
    @inline(__always)
    private static func extend(
        _ data: UnsafePointer<UInt8>, _ place: Int, _ before: Int, known: Int, longest: Int, _ count: Int
    ) -> Int {
        var length = known
        while length < longest, place &+ length &+ 8 <= count {
            let different = eight(data + place + length) ^ eight(data + before + length)
            if different != 0 {
                length &+= different.trailingZeroBitCount >> 3
                break
            }
            length &+= 8
        }
        return min(length, longest)
    }

    /// Cuts `data[start ..< end]` into literals and matches of five bytes and more, sought from where numbers of two bytes begin, else
    /// anywhere.
    private func findMatches(_ data: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ count: Int) {
        let places = places, step = numberSize == 2 ? 2 : 1, least = 5, unused = UInt64(64 - 8 * least)
        var tokens = Tokens(data, self), place = start, misses = 0
        // Eight bytes are loaded where so many are left.
        let last = min(end, count - 8)
        while place < last {
            let here = Self.eight(data + place) &<< unused, slot = Self.hash(here), before = Int(places[slot]), distance = place &- before
            places[slot] = Int32(truncatingIfNeeded: place)
            // Both at once, since neither is foreseeable: the same bytes, and a distance of 1 to 32,768.
            if (here ^ Self.eight(data + before) &<< unused) | UInt64(truncatingIfNeeded: distance &- 1) &>> 15 == 0 {
                let length = Self.extend(data, place, before, known: least, longest: min(258, end &- place), count)
                // A short match far away takes more bits than its literals.
                if length >= (distance > 4096 ? least &+ 1 : least) {
                    tokens.match(length, distance)
                    let next = place &+ length
                    // Long matches are empty borders, of which any place will do.
                    if length < 64 {
                        var inside = place &+ step
                        while inside < min(next, last) {
                            places[Self.hash(Self.eight(data + inside) &<< unused)] = Int32(truncatingIfNeeded: inside)
                            inside &+= step
                        }
                    }
                    // On to where a number begins.
                    place = min(end, (next &+ step &- 1) & -step)
                    for rest in next..<place { tokens.literal(rest) }
                    misses = 0
                    continue
                }
            }
            // Where nothing was found for long, nothing will be: look at fewer places.
            let onward = min(step &+ step &* (misses >> 5), last &- place, 8)
            misses &+= 1
            for i in 0..<onward { tokens.literal(place &+ i) }
            place &+= onward
        }
        while place < end {
            tokens.literal(place)
            place &+= 1
        }
        tokenCount = tokens.count
    }

    /// The same for numbers of four bytes. What three bytes and more have in common with the number before is a match with the shortest codes
    /// of all, hence taken first. Else whole numbers, whose other bytes are noise, match by five bytes anywhere, and all others, which are the
    /// same few values again or none, as a whole.
    private func findRepeats(_ data: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ count: Int) {
        let places = places, isWhole = Self.isWhole(data, start, end)
        let step = isWhole ? 1 : 4, least = isWhole ? 5 : 4, unused = UInt64(64 - 8 * least)
        var tokens = Tokens(data, self), place = start
        let last = min(end, count - 8)
        while place < last {
            let eight = Self.eight(data + place)
            var length = 0, distance = 4
            if place >= 4 {
                let same = (eight ^ Self.eight(data + place - 4)).trailingZeroBitCount >> 3
                if same >= 3 { length = Self.extend(data, place, place - 4, known: same, longest: min(258, end &- place), count) }
            }
            if length < 8, place & (step &- 1) == 0 {
                let here = eight &<< unused, slot = Self.hash(here), before = Int(places[slot]), far = place &- before
                places[slot] = Int32(truncatingIfNeeded: place)
                if (here ^ Self.eight(data + before) &<< unused) | UInt64(truncatingIfNeeded: far &- 1) &>> 15 == 0 {
                    let other = Self.extend(data, place, before, known: least, longest: min(258, end &- place), count)
                    // Its distance takes more bits than two literals.
                    if other > (length == 0 ? 0 : length &+ 2) { (length, distance) = (other, far) }
                }
            }
            if length < 3 {
                tokens.literal(place)
                place &+= 1
                continue
            }
            tokens.match(length, distance)
            let next = place &+ length
            if length < 64 {
                var inside = (place &+ step) & -step
                while inside < min(next, last) {
                    places[Self.hash(Self.eight(data + inside) &<< unused)] = Int32(truncatingIfNeeded: inside)
                    inside &+= step
                }
            }
            place = next
        }
        while place < end {
            tokens.literal(place)
            place &+= 1
        }
        tokenCount = tokens.count
    }

    /// Whether numbers of four bytes share nearly two or more of them with the one before, as whole numbers do, be they stored as float32 or int32:
    /// of a sample, those that are not equal to it.
    private static func isWhole(_ data: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        func four(_ at: UnsafePointer<UInt8>) -> UInt32 { UnsafeRawPointer(at).loadUnaligned(as: UInt32.self) }
        var different = 0, shared = 0
        for place in stride(from: start + 4, to: end - 3, by: 64) {
            let bits = four(data + place) ^ four(data + place - 4)
            if bits == 0 { continue }
            different += 1
            for byte in 0..<4 where bits >> (8 * byte) & 255 == 0 { shared += 1 }
        }
        return 4 * shared >= 7 * different
    }

    private func writeBlock(_ data: UnsafePointer<UInt8>, _ count: Int, isFinal: Bool, _ bits: inout BitWriter) {
        literals.assign()
        distances.assign()
        let header = CodeLengths(literals, distances, lengths)
        let size = 3 + header.bitCount + literals.bitCount + distances.bitCount + DeflateTables.extraBits(literals.counts, distances.counts)
        if size / 8 + 1 >= count + 5 {
            bits.putStored(data, count, isFinal: isFinal)
            return
        }
        bits.put(isFinal ? 0b101 : 0b100, 3)
        header.write(&bits)
        let (lits, dists, tokens) = (literals.codes, distances.codes, tokens)
        let lengthSymbol = DeflateTables.lengthSymbol, distanceSymbol = DeflateTables.distanceSymbol
        let lengthBase = DeflateTables.lengthBase, distanceBase = DeflateTables.distanceBase
        for i in 0..<tokenCount {
            let token = tokens[i]
            if token < 256 {
                // Code and its length are kept in one word.
                let code = lits[Int(token)]
                bits.put(UInt64(code >> 4), Int(code & 15))
                continue
            }
            let length = Int(token >> 16 & 0x1FF), distance = Int(token & 0xFFFF)
            let symbol = Int(lengthSymbol[length]), code = lits[symbol], base = lengthBase[symbol - 257]
            let far = distanceSymbol(of: distance), farCode = dists[far], farBase = distanceBase[far]
            // A match takes 48 bits at most: all of it at once.
            var match = UInt64(code >> 4), n = UInt64(code & 15)
            match |= UInt64(length - Int(base.start)) &<< n
            n &+= UInt64(base.extra)
            match |= UInt64(farCode >> 4) &<< n
            n &+= UInt64(farCode & 15)
            match |= UInt64(distance - Int(farBase.start)) &<< n
            bits.put(match, Int(n &+ UInt64(farBase.extra)))
        }
        let end = lits[256]
        bits.put(UInt64(end >> 4), Int(end & 15))
    }
}

/// Bits from the lowest up, as DEFLATE wants them.
struct BitWriter {
    private var out: UnsafeMutablePointer<UInt8>
    private var held: UInt64 = 0
    private var count = 0

    init(_ out: UnsafeMutablePointer<UInt8>) { self.out = out }

    /// At most 48 bits at a time.
    @inline(__always)
    mutating func put(_ bits: UInt64, _ n: Int) {
        held |= bits &<< UInt64(truncatingIfNeeded: count)
        count &+= n
        UnsafeMutableRawPointer(out).storeBytes(of: held.littleEndian, as: UInt64.self)
        out += count &>> 3
        held = held &>> UInt64(truncatingIfNeeded: count & 56)
        count &= 7
    }

    /// Bytes as they are, in blocks of 65,535 at most.
    mutating func putStored(_ data: UnsafePointer<UInt8>, _ n: Int, isFinal: Bool) {
        if n > 65_535 {
            putStored(data, 65_535, isFinal: false)
            putStored(data + 65_535, n - 65_535, isFinal: isFinal)
            return
        }
        put(isFinal ? 1 : 0, 3)
        if count > 0 { put(0, 8 - count) }
        put(UInt64(n) | UInt64(n ^ 0xFFFF) << 16, 32)
        out.update(from: data, count: n)
        out += n
    }

    /// Fills up the last byte; returns the end.
    mutating func finish() -> UnsafeMutablePointer<UInt8> {
        if count > 0 { put(0, 8 - count) }
        return out
    }
}

/// RFC 1951, 3.2.5: symbols of lengths and distances, each with the first value that it stands for and the bits that follow it.
enum DeflateTables {
    struct Base: Sendable {
        var start: UInt16
        var extra: UInt8
    }

    static let lengthBase = table([
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
    ]) {
        $0 < 8 || $0 == 28 ? 0 : UInt8($0 / 4 - 1)
    }
    static let distanceBase = table(
        [
            1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
            16385,
            24577,
        ]) { $0 < 4 ? 0 : UInt8($0 / 2 - 1) }

    /// The symbol, 257 … 285, of each length up to 258.
    static let lengthSymbol: Constants<UInt16> = {
        var symbols = [UInt16](repeating: 257, count: 259)
        for (i, base) in lengthBase.all.enumerated() {
            for length in Int(base.start)..<259 { symbols[length] = UInt16(257 + i) }
        }
        return Constants(symbols)
    }()

    static let distanceSymbol = DistanceSymbols()

    /// The symbols, 0 … 29, of distances up to 32768: one by one up to 256, then by steps of 128.
    struct DistanceSymbols: Sendable {
        private let table: Constants<UInt8>

        fileprivate init() {
            func symbol(_ distance: Int) -> UInt8 { UInt8(distanceBase.all.lastIndex { Int($0.start) <= distance } ?? 0) }
            table = Constants((0..<256).map { symbol($0 + 1) } + (0..<256).map { symbol($0 * 128 + 1) })
        }

        @inline(__always)
        func callAsFunction(of distance: Int) -> Int {
            Int(table[distance <= 256 ? distance &- 1 : 256 &+ ((distance &- 1) &>> 7)])
        }
    }

    /// The bits that follow the symbols so often used.
    static func extraBits(_ literals: UnsafePointer<UInt32>, _ distances: UnsafePointer<UInt32>) -> Int {
        var bits = 0
        for (i, base) in lengthBase.all.enumerated() { bits += Int(literals[257 + i]) * Int(base.extra) }
        for (i, base) in distanceBase.all.enumerated() { bits += Int(distances[i]) * Int(base.extra) }
        return bits
    }

    private static func table(_ starts: [UInt16], _ extra: (Int) -> UInt8) -> Constants<Base> {
        Constants(starts.enumerated().map { Base(start: $1, extra: extra($0)) })
    }
}

/// A table that never goes away, read without a bounds check.
struct Constants<T: Sendable>: @unchecked Sendable {
    private let base: UnsafePointer<T>
    let all: [T]

    init(_ all: [T]) {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: all.count)
        memory.initialize(from: all, count: all.count)
        (base, self.all) = (UnsafePointer(memory), all)
    }

    @inline(__always) subscript(i: Int) -> T { base[i] }
}
