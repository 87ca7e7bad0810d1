import CDeflate
import CZlib
import Support
import Synchronization

/// Inflates one gzip member of any writer on all cores, turn by turn, so that a few megabytes of it are in memory at a time and Ctrl-C is
/// obeyed between turns.
///
/// A stream is a chain of blocks that refer to the 32 KB before them. In a turn the first core goes on from where all is known, by
/// libdeflate. Each other one looked for a block's beginning further on and inflates from there, with numbers for the bytes that it cannot
/// know; when what goes before is done, they are put in (Kerbiriou and Chikhi 2019, doi:10.1109/IPDPSW.2019.00042). What looked like a
/// beginning is one when the stretch before ends there, and the member's checksum is over all; where either fails, whoever asked reads the
/// file by other means.
struct SplitInflate {
    /// Compressed bytes below which the file is inflated in one go.
    private static let least = 1 << 18
    /// Compressed bytes of one turn's first stretch, and where there is one core only.
    private static let share = 320 << 10, shareAlone = 4 << 20
    /// How much longer the first stretch is than another: so much faster is libdeflate than what can begin anywhere.
    private static let firstShare = 1.45
    /// The most that a stretch may turn out to be: a border of the head, of which nothing is seen, shrinks to next to nothing.
    private static let mostFirst = 1 << 23, mostOther = 1 << 22

    private let file: MappedFile
    private let deflated: UnsafeRawBufferPointer
    private let total: Int
    private let checksum: UInt
    private let first: KnownStretch
    private let others: [GuessedStretch]
    /// Compressed bytes of the first stretch, as long as the file lasts.
    private let share: Int

    /// `stored` is the part of `file` that is gzip. Nil for one that is too small, or no single member of `total` bytes.
    init?(_ stored: UnsafeRawBufferPointer, of file: MappedFile, total: Int) {
        guard stored.count >= Self.least, let start = Self.headerEnd(stored), start + 8 < stored.count else { return nil }
        let tail = stored.loadUnaligned(fromByteOffset: stored.count - 8, as: UInt64.self).littleEndian
        guard tail >> 32 == UInt64(UInt32(truncatingIfNeeded: total)), let first = KnownStretch(room: min(total, Self.mostFirst)) else {
            return nil
        }
        checksum = UInt(tail & 0xFFFF_FFFF)
        deflated = UnsafeRawBufferPointer(rebasing: stored[start..<(stored.count - 8)])
        (self.file, self.total, self.first) = (file, total, first)
        let count = min(Parallel.threads, 8, stored.count / (Self.least / 2))
        share = count > 1 ? Self.share : Self.shareAlone
        others = (1..<max(2, count)).map { _ in GuessedStretch(room: min(total, Self.mostOther)) }
        isAlone = count == 1
    }

    /// With one core all stretches are the first's; another is there for what that cannot do.
    private let isAlone: Bool

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

    /// Hands out pieces of the result, on all cores, each with its place, which is a multiple of 4096. False where anything is wrong; some
    /// pieces may then have been handed out. Throws `Interrupted`.
    func inflate(_ body: (Int, UnsafeRawBufferPointer) -> Void) throws -> Bool {
        // The bit at which the next block begins, how many bytes are known, and how many have been handed out.
        var begin = 0, place = 0, handed = 0
        var window = [UInt8](repeating: 0, count: Stretches.window)
        var sum = crc32(0, nil, 0)
        var borders = borders(after: 0)
        while true {
            try Interrupt.check()
            let next = run(from: begin, borders)
            var runs = [Run(place: place - first.history, stretch: first)]
            let before = begin
            if first.isGood, let end = first.end {
                begin = end
                place += first.count
                first.keepLast(in: &window)
            }
            var isLast = first.isGood && first.isLast
            for other in others where !isLast && other.count > 0 && other.begin == begin {
                other.know(window)
                runs.append(Run(place: place, stretch: other))
                place += other.count
                begin = other.end
                isLast = other.isLast
                other.keepLast(in: &window)
            }
            guard begin > before || isLast, place <= total, !isLast || place == total else { return false }
            let ready = isLast ? total : place & ~4095
            try handOut(handed..<ready, of: runs, &sum, body)
            handed = ready
            if isLast { return sum == checksum }
            first.goOn(after: window)
            file.release(UnsafeRawBufferPointer(rebasing: deflated[..<(begin / 8)]))
            borders = next.filter { $0 > begin }
            if borders.isEmpty { borders = self.borders(after: begin) }
        }
    }

    /// One turn, from a bit on. The others begin at borders; the last of them ends with the block in which all others are done, or with the
    /// file where little is left. Meanwhile those that are done find the next turn's borders.
    private func run(from begin: Int, _ borders: [Int]) -> [Int] {
        let isEnd = Double(deflated.count - begin / 8) < 1.1 * Double(share) * (1 + Double(isAlone ? 0 : others.count) / Self.firstShare)
        let guessed = isAlone ? 0 : min(borders.count, others.count), busy = Atomic<Int>(max(1, guessed))
        for other in others { other.clear() }
        first.clear()
        let next = Parallel.mapRanges(guessed + 1, grain: 1) { range -> Int? in
            let i = range.lowerBound
            if i > 0 {
                let other = others[i - 1], isFinal = i == guessed
                other.inflate(deflated, from: borders[i - 1]) { place in
                    isFinal ? !isEnd && (busy.load(ordering: .relaxed) == 0 || place > borders[i - 1] + 16 * share) : place >= borders[i]
                }
                if isFinal { return nil }
            } else if let border = borders.first {
                first.inflate(deflated, from: begin, until: border)
            } else if deflated.count - begin / 8 < 2 * share {
                first.inflate(deflated, from: begin, until: nil)
            }
            busy.wrappingSubtract(1, ordering: .relaxed)
            if isEnd { return nil }
            let reached = guessed > 0 ? max(others[guessed - 1].reached, borders[guessed - 1]) : first.end ?? begin
            return border(i, after: reached)
        }
        // A border was none, or what goes before it is larger than there is room for.
        if !first.isGood { others[0].inflate(deflated, from: begin) { $0 > begin + 4 * share } }
        var ascending: [Int] = []
        for case let border? in next where border > ascending.last ?? begin { ascending.append(border) }
        return ascending
    }

    private func borders(after begin: Int) -> [Int] {
        var found: [Int] = []
        for case let border? in Parallel.mapRanges(others.count, grain: 1, { border($0.lowerBound, after: begin) })
        where border > found.last ?? begin {
            found.append(border)
        }
        return found
    }

    /// The bit at which the stretch behind the first and `i` others begins in a turn from about `place` on: a block's beginning; nil where
    /// there is none.
    private func border(_ i: Int, after place: Int) -> Int? {
        let rest = Double(deflated.count - place / 8), further = Double(isAlone ? 0 : others.count)
        let share = isAlone ? Double(share) : min(Double(share), rest * Self.firstShare / (Self.firstShare + further))
        let start = place / 8 + Int(share * (1 + Double(i) / Self.firstShare))
        return InflateCodes.beginning(in: deflated, from: start, to: start + Int(share))
    }

    /// A stretch and where it lies in the result.
    private struct Run {
        let place: Int
        let stretch: any Stretch
    }

    private func handOut(_ bytes: Range<Int>, of runs: [Run], _ sum: inout UInt, _ body: (Int, UnsafeRawBufferPointer) -> Void) throws {
        let size = 1 << 16, (start, runs) = (bytes.lowerBound, Unchecked(runs))
        let sums = try withoutActuallyEscaping(body) { body in
            let body = Unchecked(body)
            return try Parallel.mapSlabs(bytes.count, grain: size) { range -> UInt in
                let range = range.lowerBound + start..<range.upperBound + start
                func hand(_ bytes: UnsafeRawBufferPointer) -> UInt {
                    body.value(range.lowerBound, bytes)
                    return UInt(libdeflate_crc32(0, bytes.baseAddress!, bytes.count))
                }
                let known = runs.value[0]
                if range.upperBound <= known.place + known.stretch.extent,
                    let bytes = known.stretch.inPlace(range.lowerBound - known.place, range.count)
                {
                    return hand(bytes)
                }
                return withUnsafeTemporaryAllocation(byteCount: range.count, alignment: 64) { scratch in
                    for run in runs.value {
                        let common = range.clamped(to: run.place..<(run.place + run.stretch.extent))
                        if common.isEmpty { continue }
                        let to = scratch.baseAddress! + (common.lowerBound - range.lowerBound)
                        run.stretch.copy(common.lowerBound - run.place, common.count, to: to.assumingMemoryBound(to: UInt8.self))
                    }
                    return hand(UnsafeRawBufferPointer(scratch))
                }
            }
        }
        for (i, part) in sums.enumerated() { sum = crc32_combine(sum, part, min(size, bytes.count - i * size)) }
    }
}
