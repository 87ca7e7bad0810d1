import CDeflate
import CZlib
import Support
import Synchronization

/// Inflates one gzip member of any writer on all cores.
///
/// A stream is a chain of blocks that refer to the 32 KB before them. Each core looks for a block's beginning in its part and inflates from there, with numbers for the
/// bytes that it cannot know; when the part before is done, they are put in (Kerbiriou and Chikhi 2019, doi:10.1109/IPDPSW.2019.00042). The first part, of which all is
/// known, is libdeflate's. What looked like a beginning is one when the part before ends there, and the member's checksum is over all; where either fails, whoever asked
/// reads the file by other means.
struct SplitInflate {
    /// Compressed bytes that are worth a part of their own.
    private static let least = 1 << 17
    /// The largest result: of what an odd file may make of it, several times as much memory is taken for a while.
    private static let most = 1 << 28
    private static let window = 1 << 15
    /// How much more the first part is than another: so much faster is libdeflate than what can begin anywhere.
    private static let firstShare = 1.45

    private let deflated: UnsafeRawBufferPointer
    private let total: Int
    private let checksum: UInt
    private let parts: [Part]

    /// Nil for a file that is too small, or no single gzip member of `total` bytes.
    init?(_ file: UnsafeRawBufferPointer, total: Int) {
        let count = min(Parallel.threads, 8, file.count / Self.least)
        guard count > 1, total <= Self.most, let start = Self.headerEnd(file), start + 8 < file.count,
            (try? Memory.check(4 * total, for: "")) != nil
        else { return nil }
        let tail = file.loadUnaligned(fromByteOffset: file.count - 8, as: UInt64.self).littleEndian
        guard tail >> 32 == UInt64(total) else { return nil }
        checksum = UInt(tail & 0xFFFF_FFFF)
        deflated = UnsafeRawBufferPointer(rebasing: file[start..<(file.count - 8)])
        self.total = total
        // Borders of the head shrink to next to nothing: a part may turn out far longer than its share.
        let room = min(total, 4 * (total / count))
        parts = (0..<count).map { Part(isFirst: $0 == 0, room: room) }
    }

    /// Where the header of a gzip member ends (RFC 1952, 2.3).
    private static func headerEnd(_ file: UnsafeRawBufferPointer) -> Int? {
        guard file.count > 18, file[0] == 0x1F, file[1] == 0x8B, file[2] == 8, file[3] & 0xE0 == 0 else { return nil }
        let flags = file[3]
        var place = 10
        if flags & 4 != 0 { place += 2 + (Int(file[10]) | Int(file[11]) << 8) }
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            guard place < file.count, let zero = file[place...].firstIndex(of: 0) else { return nil }
            place = zero + 1
        }
        if flags & 2 != 0 { place += 2 }
        return place < file.count ? place : nil
    }

    /// Hands out pieces of the result, on all cores, each with its place, which is a multiple of 4096. False where anything is wrong, or Ctrl-C was pressed; some pieces may
    /// then have been handed out.
    func inflate(_ body: (Int, UnsafeRawBufferPointer) -> Void) -> Bool {
        let source = Unchecked(deflated)
        Parallel.forEach(parts.count) { i in
            let share = Double(deflated.count) / (Double(parts.count - 1) + Self.firstShare)
            let start = Int(share * (Self.firstShare + Double(i - 1)))
            if i > 0 { parts[i].find(in: source.value, from: start, to: start + Int(share)) }
        }
        let found = parts.filter { $0.begin != nil }
        // Alone, libdeflate is faster.
        if found.count < 2 { return false }
        Parallel.forEach(found.count) { i in found[i].inflate(source.value, until: i + 1 < found.count ? found[i + 1].begin : nil) }
        var place = 0
        for (i, part) in found.enumerated() {
            guard part.isGood, i == 0 || part.know(found[i - 1]) else { return false }
            part.place = place
            place += part.count
        }
        return place == total && handOut(found, body)
    }

    private func handOut(_ parts: [Part], _ body: (Int, UnsafeRawBufferPointer) -> Void) -> Bool {
        let size = 1 << 16
        let sums = withoutActuallyEscaping(body) { body in
            let body = Unchecked(body)
            return Parallel.mapRanges(total, grain: size) { range -> UInt? in
                if Interrupt.isRaised { return nil }
                func hand(_ bytes: UnsafeRawBufferPointer) -> UInt {
                    body.value(range.lowerBound, bytes)
                    return UInt(libdeflate_crc32(0, bytes.baseAddress!, bytes.count))
                }
                if range.upperBound <= parts[0].count, let bytes = parts[0].inPlace(range.lowerBound, range.count) { return hand(bytes) }
                return withUnsafeTemporaryAllocation(byteCount: range.count, alignment: 64) { scratch in
                    for part in parts {
                        let common = range.clamped(to: part.place..<(part.place + part.count))
                        if common.isEmpty { continue }
                        let to = scratch.baseAddress! + (common.lowerBound - range.lowerBound)
                        if !part.copy(common.lowerBound - part.place, common.count, to: to.assumingMemoryBound(to: UInt8.self)) { return nil }
                    }
                    return hand(UnsafeRawBufferPointer(scratch))
                }
            }
        }
        var sum = crc32(0, nil, 0)
        for (i, part) in sums.enumerated() {
            guard let part else { return false }
            sum = crc32_combine(sum, part, min(size, total - i * size))
        }
        return sum == checksum
    }

    /// What one core inflates.
    private final class Part: @unchecked Sendable {
        /// The bit at which it begins; nil where no beginning was found.
        private(set) var begin: Int?
        /// Whether it ended where it should.
        private(set) var isGood = false
        /// Bytes of the result, and where they go.
        private(set) var count = 0
        var place = 0

        private let room: Int
        /// The first part's bytes; those of others as numbers, behind a window of numbers for what is not known: 256 and more.
        private var bytes: UnsafeMutableBufferPointer<UInt8>?
        private var symbols: UnsafeMutableBufferPointer<UInt16>?
        /// What numbers stand for: themselves, and from 256 on the bytes before the part. Where a file is noise most numbers are of the latter kind for long, so that
        /// asking which they are would take longer than looking them up.
        private var meanings: [UInt8] = []

        init(isFirst: Bool, room: Int) {
            begin = isFirst ? 0 : nil
            self.room = room
        }

        deinit {
            bytes?.deallocate()
            symbols?.deallocate()
        }

        /// Looks for a block's beginning between two bytes.
        func find(in data: UnsafeRawBufferPointer, from start: Int, to end: Int) {
            let codes = InflateCodes()
            for bit in start * 8..<min(end, data.count - 16) * 8 where InflateCodes.seemsToBegin(data, at: bit) {
                var bits = BitReader(data, at: bit + 3)
                if codes.read(&bits) {
                    begin = bit
                    return
                }
                if Interrupt.isRaised { return }
            }
        }

        /// Inflates up to the beginning of the next part, or to the end of the stream.
        func inflate(_ data: UnsafeRawBufferPointer, until end: Int?) {
            guard let begin else { return }
            if begin == 0 {
                if let end { inflateFirst(data, until: end) }
            } else {
                inflateFurther(data, from: begin, until: end)
            }
        }

        private func inflateFirst(_ data: UnsafeRawBufferPointer, until end: Int) {
            guard let inflater = libdeflate_alloc_decompressor() else { return }
            defer { libdeflate_free_decompressor(inflater) }
            // What goes before the end, and a last block of nothing: 1, 01 for the standard's code, and its word of seven zeros.
            let size = end / 8
            var stream = [UInt8](unsafeUninitializedCapacity: size + 3) { stream, count in
                stream.baseAddress!.update(from: data.baseAddress!.assumingMemoryBound(to: UInt8.self), count: size)
                count = size
            }
            let kept = UInt32(data[size]) & (1 << UInt32(end % 8) - 1), closed = kept | 0b011 << UInt32(end % 8)
            for byte in 0..<3 { stream.append(UInt8(truncatingIfNeeded: closed >> UInt32(8 * byte))) }
            let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: room)
            bytes = memory
            Voxels.useLargePages(memory.baseAddress!, room)
            isGood = libdeflate_deflate_decompress(inflater, stream, stream.count, memory.baseAddress!, room, &count) == LIBDEFLATE_SUCCESS
        }

        private func inflateFurther(_ data: UnsafeRawBufferPointer, from begin: Int, until end: Int?) {
            let memory = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: SplitInflate.window + room)
            symbols = memory
            Voxels.useLargePages(memory.baseAddress!, memory.count)
            for i in 0..<SplitInflate.window { memory.initializeElement(at: i, to: UInt16(256 + i)) }
            var inflater = Inflater(BitReader(data, at: begin), into: memory, known: SplitInflate.window)
            while !Interrupt.isRaised {
                let outcome = inflater.block()
                count = inflater.out - memory.baseAddress! - SplitInflate.window
                switch outcome {
                case .ended:
                    guard let end, inflater.bits.place >= end else { continue }
                    isGood = inflater.bits.place == end
                case .lastEnded: isGood = end == nil && (inflater.bits.place + 7) / 8 == data.count
                case .damaged, .full: break
                }
                return
            }
        }

        /// Takes the last bytes of the part before, which knows its own. False where that has too few.
        func know(_ other: Part) -> Bool {
            guard other.count >= SplitInflate.window else { return false }
            meanings = (0..<256 + SplitInflate.window).map { UInt8(truncatingIfNeeded: $0) }
            return meanings.withUnsafeMutableBufferPointer {
                other.copy(other.count - SplitInflate.window, SplitInflate.window, to: $0.baseAddress! + 256)
            }
        }

        /// Bytes from `start` on where they lie; nil for a part of which some are to be put in.
        func inPlace(_ start: Int, _ n: Int) -> UnsafeRawBufferPointer? {
            bytes.map { UnsafeRawBufferPointer(start: $0.baseAddress! + start, count: n) }
        }

        /// Bytes from `start` on.
        func copy(_ start: Int, _ n: Int, to out: UnsafeMutablePointer<UInt8>) -> Bool {
            if let bytes {
                out.update(from: bytes.baseAddress! + start, count: n)
                return true
            }
            guard let symbols, !meanings.isEmpty else { return false }
            let from = symbols.baseAddress! + SplitInflate.window + start
            meanings.withUnsafeBufferPointer { meanings in
                let meanings = meanings.baseAddress!, whole = n & ~15
                for i in stride(from: 0, to: whole, by: 16) {
                    let place = UnsafeRawPointer(from + i)
                    let symbols = place.loadUnaligned(as: SIMD16<UInt16>.self), fours = place.loadUnaligned(as: SIMD4<UInt64>.self)
                    if (fours[0] | fours[1] | fours[2] | fours[3]) & 0xFF00_FF00_FF00_FF00 == 0 {
                        UnsafeMutableRawPointer(out + i).storeBytes(of: SIMD16<UInt8>(truncatingIfNeeded: symbols), as: SIMD16<UInt8>.self)
                    } else {
                        for lane in i..<i &+ 16 { out[lane] = meanings[Int(from[lane])] }
                    }
                }
                for i in whole..<n { out[i] = meanings[Int(from[i])] }
            }
            return true
        }
    }
}
