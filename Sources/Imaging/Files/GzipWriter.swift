import CZlib
import Support

/// Gzip made by all cores: the bytes are cut into blocks that are deflated apart from one another, each with the
/// 32 KiB before it as its dictionary, and joined to one gzip member (as Adler's pigz does it).
enum GzipWriter {
    static let blockSize = 1 << 18
    /// zlib's level. Level 1 already finds most of what there is in noisy images; 6 takes several times as long for some percent.
    static let level: Int32 = 1

    /// Writes `count` bytes, made piece by piece by `fill(offset, destination, length)`, which may run on several threads.
    static func write(
        count: Int, to file: AtomicFile, fill: (Int, UnsafeMutableRawPointer, Int) -> Void
    ) throws {
        // Magic, deflate, no flags, no time, level hint 4 (fastest), Unix.
        let start: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 3]
        try start.withUnsafeBytes { try file.write($0) }
        let blocks = max(1, (count + blockSize - 1) / blockSize)
        let window = 1 << 15
        let group = Parallel.threads * 4
        var checksum = crc32(0, nil, 0)
        for start in stride(from: 0, to: blocks, by: group) {
            let these = start..<min(blocks, start + group)
            let parts = try withoutActuallyEscaping(fill) { fill in
                let fill = Unchecked(fill)
                return try deflated(these) { b in
                    let offset = b * blockSize, length = min(blockSize, count - offset), before = min(window, offset)
                    return withUnsafeTemporaryAllocation(byteCount: before + max(1, length), alignment: 16) { bytes in
                        fill.value(offset - before, bytes.baseAddress!, before + length)
                        return Part(bytes.baseAddress!, before: before, length: length, last: b == blocks - 1)
                    }
                }
            }
            for part in parts {
                try part.bytes.withUnsafeBytes { try file.write($0) }
                checksum = crc32_combine(checksum, part.checksum, part.length)
            }
        }
        let tail = UInt64(UInt32(truncatingIfNeeded: checksum)) | UInt64(UInt32(truncatingIfNeeded: count)) << 32
        try withUnsafeBytes(of: tail.littleEndian) { try file.write($0) }
    }

    private static func deflated(_ blocks: Range<Int>, _ body: (Int) -> Part) throws -> [Part] {
        var parts = [Part?](repeating: nil, count: blocks.count)
        try parts.withUnsafeMutableBufferPointer { parts in
            let p = Unchecked(parts.baseAddress!)
            try Parallel.slabs(blocks.count) { i in p.value[i] = body(blocks.lowerBound + i) }
        }
        return parts.compactMap { $0 }
    }

    /// One deflated block.
    private struct Part {
        var bytes: [UInt8]
        var checksum: UInt
        var length: Int

        init(_ data: UnsafeMutableRawPointer, before: Int, length: Int, last: Bool) {
            let start = (data + before).assumingMemoryBound(to: UInt8.self)
            self.length = length
            checksum = crc32(0, start, UInt32(length))
            var stream = z_stream()
            _ = skullstrip_deflateInit2(&stream, GzipWriter.level, -15)
            defer { deflateEnd(&stream) }
            if before > 0 {
                _ = deflateSetDictionary(&stream, data.assumingMemoryBound(to: UInt8.self), UInt32(before))
            }
            // The bound is for a finished stream; a flush adds an empty stored block.
            let most = Int(deflateBound(&stream, UInt(length))) + 64
            bytes = [UInt8](unsafeUninitializedCapacity: most) { out, made in
                stream.next_in = start
                stream.avail_in = UInt32(length)
                stream.next_out = out.baseAddress
                stream.avail_out = UInt32(most)
                _ = deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH)
                made = most - Int(stream.avail_out)
            }
        }
    }
}
