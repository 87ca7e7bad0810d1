import CDeflate
import Support
import Synchronization

/// What one core inflates in a turn of `SplitInflate`.
protocol Stretch: AnyObject {
    /// Bytes of the result that it can give.
    var extent: Int { get }
    /// `count` bytes from `start` on where they lie; nil for a stretch of which some are to be put in.
    func inPlace(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer?
    /// `count` bytes from `start` on.
    func copy(_ start: Int, _ count: Int, to out: UnsafeMutablePointer<UInt8>)
}

enum Stretches {
    /// How far back a deflate block may refer, in bytes.
    static let window = 1 << 15
}

extension Stretch {
    /// Puts the last bytes in `window`, behind what is left of those that were there.
    func keepLast(in window: inout [UInt8]) {
        let n = min(extent, window.count)
        window.withUnsafeMutableBufferPointer { window in
            let base = window.baseAddress!
            if n < window.count { base.update(from: base + n, count: window.count - n) }
            copy(extent - n, n, to: base + window.count - n)
        }
    }
}

/// A stretch behind bytes that are known, inflated by libdeflate. That begins where a stream does, so the stream that it is given is one of
/// its own: a block that holds the bytes before as they are, then those of the file.
final class KnownStretch: Stretch {
    /// A stored block's head: three bits and the rest of the byte, its length and the length's complement.
    private static let head: [UInt8] = [0, 0x00, 0x80, 0xFF, 0x7F]

    private let inflater: OpaquePointer
    private let room: Int
    /// The window's bytes, and the result behind.
    private let bytes: UnsafeMutablePointer<UInt8>
    private var stream: [UInt8] = []
    /// Bytes of the window that are known: none at the file's beginning.
    private(set) var history = 0
    private(set) var count = 0
    /// The bit at which it ended.
    private(set) var end: Int?
    private(set) var isGood = false
    private(set) var isLast = false

    /// Nil where there is no memory for `room` bytes of result.
    init?(room: Int) {
        guard let inflater = libdeflate_alloc_decompressor() else { return nil }
        (self.inflater, self.room) = (inflater, room)
        bytes = .allocate(capacity: Stretches.window + room)
        Voxels.useLargePages(bytes, Stretches.window + room)
    }

    deinit {
        libdeflate_free_decompressor(inflater)
        bytes.deallocate()
    }

    func clear() { (count, end, isGood, isLast) = (0, nil, false, false) }

    /// What the next stretch may refer to.
    func goOn(after window: [UInt8]) {
        history = window.count
        count = 0
        bytes.update(from: window, count: window.count)
    }

    /// Inflates from a bit to another, or to the end of the stream.
    func inflate(_ data: UnsafeRawBufferPointer, from begin: Int, until end: Int?) {
        let first = begin / 8, stop = end ?? data.count * 8, shift = UInt64(begin % 8), size = (stop - begin + 7) / 8
        stream.removeAll(keepingCapacity: true)
        if history > 0 {
            stream += Self.head
            stream.append(contentsOf: UnsafeBufferPointer(start: bytes, count: history))
        }
        let prefix = stream.count
        stream.reserveCapacity(prefix + size + 10)
        // The file's bits, moved to where a byte begins.
        stream.append(contentsOf: repeatElement(0, count: size + 10))
        stream.withUnsafeMutableBytes { stream in
            let out = stream.baseAddress! + prefix
            var i = 0
            while i + 8 <= size, first + i + 16 <= data.count {
                let low = data.loadUnaligned(fromByteOffset: first + i, as: UInt64.self).littleEndian, high = UInt64(data[first + i + 8])
                out.storeBytes(of: (low >> shift | (high << 1) << (63 - shift)).littleEndian, toByteOffset: i, as: UInt64.self)
                i += 8
            }
            for i in i..<size {
                let low = UInt16(data[first + i]), high = first + i + 1 < data.count ? UInt16(data[first + i + 1]) : 0
                out.storeBytes(of: UInt8(truncatingIfNeeded: (low | high << 8) >> UInt16(shift)), toByteOffset: i, as: UInt8.self)
            }
            guard end != nil else { return }
            // A last block of nothing: 1, 01 for the standard's code, and its word of seven zeros.
            let byte = (stop - begin) / 8, bit = UInt16((stop - begin) % 8)
            let closed = UInt16(out.load(fromByteOffset: byte, as: UInt8.self)) & (1 << bit - 1) | 0b011 << bit
            out.storeBytes(of: UInt8(truncatingIfNeeded: closed), toByteOffset: byte, as: UInt8.self)
            out.storeBytes(of: UInt8(truncatingIfNeeded: closed >> 8), toByteOffset: byte + 1, as: UInt8.self)
            out.storeBytes(of: 0, toByteOffset: byte + 2, as: UInt8.self)
        }
        let given = end == nil ? prefix + size : prefix + (stop - begin) / 8 + 3
        let out = history > 0 ? bytes : bytes + Stretches.window
        var used = 0, made = 0
        let result = libdeflate_deflate_decompress_ex(inflater, stream, given, out, history + room, &used, &made)
        guard result == LIBDEFLATE_SUCCESS, made >= history, end != nil || used >= given - 1 else { return }
        count = made - history
        self.end = stop
        isLast = end == nil
        isGood = true
    }

    var extent: Int { history + count }

    private var start: UnsafeMutablePointer<UInt8> { bytes + (Stretches.window - history) }

    func inPlace(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer? { UnsafeRawBufferPointer(start: self.start + start, count: count) }
    func copy(_ start: Int, _ count: Int, to out: UnsafeMutablePointer<UInt8>) { out.update(from: self.start + start, count: count) }
}

/// A stretch that begins where nothing is known of the bytes before: numbers of 16 bits, of which those from 256 on stand for these.
final class GuessedStretch: Stretch {
    private let room: Int
    /// A window of numbers for what is not known, and the result behind.
    private let symbols: UnsafeMutableBufferPointer<UInt16>
    /// What numbers stand for: themselves, and from 256 on the bytes before. Where a file is noise most numbers are of the latter kind for
    /// long, so that asking which they are would take longer than looking them up.
    private var meanings: [UInt8]
    private let place = Atomic<Int>(0)
    /// The bits at which it begins, and at which its last whole block ends.
    private(set) var begin = 0
    private(set) var end = 0
    private(set) var count = 0
    private(set) var isLast = false

    init(room: Int) {
        self.room = room
        symbols = .allocate(capacity: Stretches.window + room)
        Voxels.useLargePages(symbols.baseAddress!, symbols.count)
        for i in 0..<Stretches.window { symbols.initializeElement(at: i, to: UInt16(256 + i)) }
        meanings = (0..<256 + Stretches.window).map { UInt8(truncatingIfNeeded: $0) }
    }

    deinit { symbols.deallocate() }

    /// How far it has come; may be asked while it is being inflated.
    var reached: Int { place.load(ordering: .relaxed) }

    func clear() {
        (begin, end, count, isLast) = (-1, -1, 0, false)
        place.store(0, ordering: .relaxed)
    }

    /// Inflates whole blocks from a bit on, until `isEnough` of the place that was reached, the stream's end, what is no block, or one that
    /// there is no room for.
    func inflate(_ data: UnsafeRawBufferPointer, from begin: Int, isEnough: (Int) -> Bool) {
        (self.begin, end) = (begin, begin)
        var inflater = Inflater(BitReader(data, at: begin), into: symbols, known: Stretches.window)
        while !Interrupt.isRaised {
            let outcome = inflater.block()
            let isLast = outcome == .lastEnded && (inflater.bits.place + 7) / 8 == data.count
            guard outcome == .ended || isLast else { return }
            count = inflater.out - symbols.baseAddress! - Stretches.window
            end = inflater.bits.place
            self.isLast = isLast
            place.store(end, ordering: .relaxed)
            if isLast || isEnough(end) { return }
        }
    }

    /// Takes the bytes that go before.
    func know(_ window: [UInt8]) { meanings.replaceSubrange(256..., with: window) }

    var extent: Int { count }

    func inPlace(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer? { nil }

    func copy(_ start: Int, _ count: Int, to out: UnsafeMutablePointer<UInt8>) {
        let from = symbols.baseAddress! + Stretches.window + start
        meanings.withUnsafeBufferPointer { meanings in
            let meanings = meanings.baseAddress!, whole = count & ~15
            for i in stride(from: 0, to: whole, by: 16) {
                let place = UnsafeRawPointer(from + i)
                let symbols = place.loadUnaligned(as: SIMD16<UInt16>.self), fours = place.loadUnaligned(as: SIMD4<UInt64>.self)
                if (fours[0] | fours[1] | fours[2] | fours[3]) & 0xFF00_FF00_FF00_FF00 == 0 {
                    UnsafeMutableRawPointer(out + i).storeBytes(of: SIMD16<UInt8>(truncatingIfNeeded: symbols), as: SIMD16<UInt8>.self)
                } else {
                    for lane in i..<i &+ 16 { out[lane] = meanings[Int(from[lane])] }
                }
            }
            for i in whole..<count { out[i] = meanings[Int(from[i])] }
        }
    }
}
