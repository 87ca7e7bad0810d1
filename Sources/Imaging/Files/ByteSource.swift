import CZlib
import Glibc
import Support

/// Bytes of a file in order, inflated when the file is gzip (told by its first two bytes, whatever its name).
final class ByteSource {
    let path: String
    /// Bytes on disk.
    let fileSize: Int
    let isCompressed: Bool
    /// Bytes handed out so far.
    private(set) var position = 0

    private let descriptor: Int32
    private var stream = z_stream()
    private var input: UnsafeMutableRawBufferPointer
    /// A gzip member has ended; another may follow.
    private var atMemberEnd = false
    private var atEnd = false

    /// Deflate makes at most 1032 bytes of one.
    static let largestExpansion = 1032

    /// Throws `FileError` for a path that is missing, a directory, not readable or not a regular file.
    init(_ path: String) throws {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT ? FileError.missing(path: path) : FileError.cannotRead(path: path, reason: Self.reason)
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw FileError.isDirectory(path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError.cannotRead(path: path, reason: "not a regular file") }
        fileSize = Int(status.st_size)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        descriptor = file
        guard file >= 0 else { throw FileError.cannotRead(path: path, reason: Self.reason) }
        var magic: (UInt8, UInt8) = (0, 0)
        let n = withUnsafeMutableBytes(of: &magic) { pread(file, $0.baseAddress!, 2, 0) }
        isCompressed = n == 2 && magic == (0x1F, 0x8B)
        input = isCompressed ? .allocate(byteCount: 1 << 18, alignment: 16) : .init(start: nil, count: 0)
        if isCompressed { _ = skullstrip_inflateInit2(&stream, 31) }
    }

    deinit {
        if isCompressed { inflateEnd(&stream) }
        input.deallocate()
        close(descriptor)
    }

    /// The most bytes that the rest of the file can turn out to hold.
    var mostBytes: Int {
        isCompressed ? fileSize.multipliedReportingOverflow(by: Self.largestExpansion).partialValue : fileSize
    }

    private static var reason: String { String(cString: strerror(errno)) }

    /// Fills `bytes` unless the end comes first; returns how many were read. Throws `NIfTIError.damagedGzip`.
    func read(into bytes: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return 0 }
        var done = 0
        while done < bytes.count, !atEnd {
            let piece = min(bytes.count - done, 1 << 24)
            let n = isCompressed ? try inflatePiece(base + done, piece) : try readPlain(base + done, piece, at: position + done)
            done += n
        }
        position += done
        return done
    }

    /// Passes over `count` bytes; returns how many there were.
    func skip(_ count: Int) throws -> Int {
        if !isCompressed {
            let n = max(0, min(count, fileSize - position))
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
        if isCompressed { _ = try skip(.max) }
    }

    private func readPlain(_ out: UnsafeMutableRawPointer, _ count: Int, at offset: Int) throws -> Int {
        while true {
            let n = pread(descriptor, out, count, off_t(offset))
            if n < 0, errno == EINTR { continue }
            if n < 0 { throw FileError.cannotRead(path: path, reason: Self.reason) }
            if n == 0 { atEnd = true }
            return n
        }
    }

    private func inflatePiece(_ out: UnsafeMutableRawPointer, _ count: Int) throws -> Int {
        stream.next_out = out.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(count)
        while stream.avail_out > 0 {
            if stream.avail_in == 0 { try refill() }
            if atMemberEnd {
                // Another member, or padding after the last.
                if stream.avail_in == 0 || stream.next_in[0] != 0x1F {
                    atEnd = true
                    break
                }
                inflateReset(&stream)
                atMemberEnd = false
            }
            if stream.avail_in == 0 { throw NIfTIError.damagedGzip(path: path, reason: "it is cut short after \(fileSize) bytes") }
            switch inflate(&stream, Z_NO_FLUSH) {
            case Z_OK, Z_BUF_ERROR: continue
            case Z_STREAM_END: atMemberEnd = true
            default:
                let reason = stream.msg.map { String(cString: $0) } ?? "its data cannot be inflated"
                throw NIfTIError.damagedGzip(path: path, reason: reason)
            }
        }
        return count - Int(stream.avail_out)
    }

    private var readSoFar = 0

    private func refill() throws {
        while true {
            let n = pread(descriptor, input.baseAddress!, input.count, off_t(readSoFar))
            if n < 0, errno == EINTR { continue }
            if n < 0 { throw FileError.cannotRead(path: path, reason: Self.reason) }
            readSoFar += n
            stream.next_in = input.baseAddress!.assumingMemoryBound(to: UInt8.self)
            stream.avail_in = UInt32(n)
            return
        }
    }
}
