import CDeflate
import CZlib
import Support

/// Bytes of a file in order, inflated when the file is gzip (told by its first two bytes, whatever its name).
final class ByteSource {
    let file: MappedFile
    var path: String { file.path }
    /// Bytes on disk.
    var fileSize: Int { file.bytes.count }
    let isCompressed: Bool
    /// Bytes handed out so far.
    private(set) var position = 0

    private var stream = z_stream()
    /// Where the part of the file begins that this source reads: 0 but for data after a text header.
    private let start: Int
    /// Bytes of the file that inflate has been given.
    private var given: Int
    /// A gzip member has ended; another may follow.
    private var atMemberEnd = false
    private var atEnd = false
    /// Places that reading can go on from, in ascending order.
    private var marks: [StreamMark] = []
    /// Bytes between two marks, and the most of them: beyond it every second one is given up.
    private var markStep = 1 << 22
    private static let mostMarks = 64
    /// The whole has been read once.
    private var isKnownWhole = false

    /// Deflate makes at most 1032 bytes of one.
    static let largestExpansion = 1032

    /// Throws `FileError` for a path that is missing, a directory, not readable or not a regular file.
    convenience init(_ path: String) throws { self.init(try MappedFile(path)) }

    /// The bytes of a file from `start` on, which are gzip where `compressed` or, without it, their first two say so.
    init(_ file: MappedFile, from start: Int = 0, compressed: Bool? = nil) {
        self.file = file
        self.start = min(max(0, start), file.bytes.count)
        given = self.start
        let bytes = file.bytes[self.start...]
        isCompressed = compressed ?? (bytes.count >= 2 && bytes[bytes.startIndex] == 0x1F && bytes[bytes.startIndex + 1] == 0x8B)
        if isCompressed { _ = skullstrip_inflateInit2(&stream, 31) }
    }

    deinit {
        if isCompressed { inflateEnd(&stream) }
    }

    /// What the file holds from `start` on, as it is on disk.
    private var stored: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[start...]) }

    /// The most bytes that the whole can turn out to hold.
    var mostBytes: Int {
        isCompressed ? stored.count.multipliedReportingOverflow(by: Self.largestExpansion).partialValue : stored.count
    }

    /// `count` bytes at `offset` where they lie, without a copy; nil for a compressed file, or where there are not so many.
    func inPlace(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer? {
        guard !isCompressed, offset >= 0, offset <= stored.count, count <= stored.count - offset else { return nil }
        return UnsafeRawBufferPointer(rebasing: stored[offset..<(offset + count)])
    }

    /// Throws when a page of the file was missing at the time it was looked at.
    func requireIntact() throws {
        if !file.isIntact { throw FileError.cannotRead(path: path, reason: "it was shortened by another program while it was read") }
    }

    /// Fills `bytes` unless the end comes first; returns how many were read. Throws `ImageError.damagedGzip`.
    func read(into bytes: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return 0 }
        guard isCompressed else {
            let n = max(0, min(bytes.count, stored.count - position))
            if n > 0 { base.copyMemory(from: stored.baseAddress! + position, byteCount: n) }
            position += n
            return n
        }
        var done = 0
        while done < bytes.count, !atEnd {
            try Interrupt.check()
            done += try inflatePiece(base + done, min(bytes.count - done, 1 << 24))
        }
        position += done
        if position >= markStep + (marks.last?.position ?? 0) { mark() }
        return done
    }

    private func mark() {
        marks.append(StreamMark(&stream, position: position, given: given, atMemberEnd: atMemberEnd))
        guard marks.count > Self.mostMarks else { return }
        marks = marks.indices.filter { $0 % 2 == 1 }.map { marks[$0] }
        markStep *= 2
    }

    /// Moves to a byte. What lies behind in a compressed file, or far ahead where that has been read before, is reached from the nearest
    /// place that is remembered.
    func seek(to offset: Int) throws {
        if isCompressed {
            let mark = marks.last { $0.position <= offset }
            if offset < position || (mark?.position ?? 0) > position { goBack(to: mark) }
        } else {
            position = max(0, min(offset, position))
        }
        _ = try skip(offset - position)
    }

    private func goBack(to mark: StreamMark?) {
        atEnd = false
        position = mark?.position ?? 0
        given = mark?.given ?? start
        atMemberEnd = mark?.atMemberEnd ?? false
        if let mark {
            mark.restore(&stream)
        } else {
            inflateReset(&stream)
            stream.avail_in = 0
        }
    }

    /// At most `count` bytes; fewer at the end.
    func bytes(_ count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { out, made in made = try read(into: UnsafeMutableRawBufferPointer(out)) }
    }

    /// Passes over `count` bytes; returns how many there were.
    func skip(_ count: Int) throws -> Int {
        if !isCompressed {
            let n = max(0, min(count, stored.count - position))
            position += n
            return n
        }
        var left = count
        try withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { scratch in
            while left > 0, !atEnd {
                try Interrupt.check()
                let n = try read(into: UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(min(left, scratch.count))))
                left -= n
            }
        }
        return count - left
    }

    /// Reads a compressed file to its end, so that a cut or a wrong checksum is not missed.
    func finish() throws {
        if isCompressed, !isKnownWhole { _ = try skip(.max) }
        try requireIntact()
        isKnownWhole = true
    }

    private func inflatePiece(_ out: UnsafeMutableRawPointer, _ count: Int) throws -> Int {
        stream.next_out = out.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(count)
        while stream.avail_out > 0 {
            if stream.avail_in == 0 { refill() }
            if atMemberEnd {
                // Another member, or padding after the last.
                if stream.avail_in == 0 || stream.next_in[0] != 0x1F {
                    atEnd = true
                    break
                }
                inflateReset(&stream)
                atMemberEnd = false
            }
            if stream.avail_in == 0 { throw ImageError.damagedGzip(path: path, reason: "it is cut short after \(fileSize) bytes") }
            switch inflate(&stream, Z_NO_FLUSH) {
            case Z_OK, Z_BUF_ERROR: continue
            case Z_STREAM_END: atMemberEnd = true
            default:
                let reason = stream.msg.map { String(cString: $0) } ?? "its data cannot be inflated"
                throw ImageError.damagedGzip(path: path, reason: reason)
            }
        }
        return count - Int(stream.avail_out)
    }

    private func refill() {
        let n = min(1 << 20, fileSize - given)
        stream.next_in = UnsafeMutablePointer(
            mutating: (file.bytes.baseAddress! + given).assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(n)
        given += n
    }

    /// The largest result of a file that `inflateBlocks` does not know, several members or a single large block: one call for each member,
    /// which Ctrl-C does not interrupt.
    static let mostAtOnce = 1 << 26

    /// Inflates the whole file into `out` by libdeflate, two to four times as fast as zlib, and checks its sums. False when the file is
    /// damaged or does not hold exactly as many bytes as `out`; whoever asks then reads the stream, which says what is wrong. The position
    /// does not change. Throws `Interrupted`.
    func inflateWhole(into out: UnsafeMutableRawBufferPointer) throws -> Bool {
        let memory = Unchecked(out)
        if try inflateBlocks(total: out.count, { (memory.value.baseAddress! + $0).copyMemory(from: $1.baseAddress!, byteCount: $1.count) })
        {
            return true
        }
        guard isCompressed, out.count <= Self.mostAtOnce, let inflater = libdeflate_alloc_decompressor() else { return false }
        defer { libdeflate_free_decompressor(inflater) }
        var read = 0, made = 0
        repeat {
            try Interrupt.check()
            var used = 0, got = 0
            let result = libdeflate_gzip_decompress_ex(
                inflater, stored.baseAddress! + read, stored.count - read, out.baseAddress! + made, out.count - made, &used, &got)
            guard result == LIBDEFLATE_SUCCESS, used > 0 else { return false }
            read += used
            made += got
        } while read < stored.count && stored[read] == 0x1F
        return made == out.count && file.isIntact
    }

    /// Hands out what a file holds in blocks that are inflated on all cores, each with its place, a multiple of 4096; together they are
    /// `total` bytes. False for small files, and for damaged ones, of which some blocks may have been handed out. Throws `Interrupted`.
    func inflateBlocks(total: Int, _ body: (Int, UnsafeRawBufferPointer) -> Void) throws -> Bool {
        guard isCompressed else { return false }
        // A file of this program's own tells where its blocks begin.
        if try GzipIndex(stored)?.inflate(stored, total: total, body) ?? false { return file.isIntact }
        return try SplitInflate(stored, of: file, total: total)?.inflate(body) ?? false && file.isIntact
    }

    /// The whole file inflated, for formats of which the end must be seen first; the file itself when it is not gzip, or has to be read as
    /// a stream since it is large, damaged or of several members.
    /// Throws `Interrupted`.
    func inflatedCopy() throws -> MappedFile {
        guard isCompressed, stored.count >= 18 else { return file }
        // The last four bytes of a gzip member are the size of what it holds.
        let size = Int(UInt32(littleEndian: stored.loadUnaligned(fromByteOffset: stored.count - 4, as: UInt32.self)))
        guard size > 0, size <= Self.mostAtOnce, size <= mostBytes else { return file }
        return try MappedFile(named: path, count: size) { try inflateWhole(into: $0) } ?? file
    }
}

/// The state of a stream at a place of what it holds: its window and codes, some 40 KB.
private final class StreamMark {
    let position: Int
    let given: Int
    let atMemberEnd: Bool
    private var stream = z_stream()

    init(_ from: inout z_stream, position: Int, given: Int, atMemberEnd: Bool) {
        (self.position, self.given, self.atMemberEnd) = (position, given, atMemberEnd)
        inflateCopy(&stream, &from)
    }

    func restore(_ to: inout z_stream) {
        inflateEnd(&to)
        inflateCopy(&to, &stream)
    }

    deinit { inflateEnd(&stream) }
}
