import CDeflate
import CZlib
import Support
import Synchronization

/// Gzip made by all cores: the bytes are cut into blocks that are deflated apart from one another, each ending on a whole byte, and joined
/// to one gzip member, which every reader accepts (as Adler's pigz does it). The header tells where they begin, for `GzipIndex`.
enum GzipWriter {
    static let blockSize = 1 << 19

    /// Writes `count` bytes, made piece by piece by `fill(offset, destination, length)`, which may run on several threads.
    static func write(
        count: Int, to file: AtomicFile, fill: (Int, UnsafeMutableRawPointer, Int) -> Void
    ) throws {
        let blocks = max(1, (count + blockSize - 1) / blockSize)
        // The sizes are filled in when they are known.
        var sizes = [Int](repeating: 0, count: blocks > 1 && blocks <= GzipIndex.most ? blocks : 0)
        let headerPlace = file.position
        // Magic, deflate, no flags, no time, level hint 4 (fastest), Unix.
        let plain: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 3]
        try (sizes.isEmpty ? plain : GzipIndex.header(blockSize: blockSize, sizes: sizes)).withUnsafeBytes { try file.write($0) }
        let workers = min(Parallel.threads, blocks)
        let desks = (0..<workers).map { _ in Desk() }
        var checksum = crc32(0, nil, 0)
        // Each worker takes the next block of a group until none is left; groups bound the memory that compressed blocks wait in.
        let group = workers * 16
        for start in stride(from: 0, to: blocks, by: group) {
            let these = start..<min(blocks, start + group)
            var parts = [Part?](repeating: nil, count: these.count)
            try parts.withUnsafeMutableBufferPointer { parts in
                let p = Unchecked(parts.baseAddress!)
                let next = Atomic<Int>(0)
                try withoutActuallyEscaping(fill) { fill in
                    let fill = Unchecked(fill)
                    try Parallel.slabs(workers) { worker in
                        while !Interrupt.isRaised {
                            let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
                            if i >= these.count { return }
                            let offset = (these.lowerBound + i) * blockSize, length = min(blockSize, count - offset)
                            fill.value(offset, desks[worker].input, length)
                            p.value[i] = desks[worker].part(length, isLast: these.lowerBound + i == blocks - 1)
                        }
                    }
                }
            }
            for (i, part) in parts.enumerated() {
                guard let part else { continue }
                if !sizes.isEmpty { sizes[these.lowerBound + i] = part.bytes.count }
                try part.bytes.withUnsafeBytes { try file.write($0) }
                checksum = crc32_combine(checksum, part.checksum, part.length)
            }
        }
        let tail = UInt64(UInt32(truncatingIfNeeded: checksum)) | UInt64(UInt32(truncatingIfNeeded: count)) << 32
        try withUnsafeBytes(of: tail.littleEndian) { try file.write($0) }
        if !sizes.isEmpty {
            try GzipIndex.header(blockSize: blockSize, sizes: sizes).withUnsafeBytes { try file.overwrite($0, at: headerPlace) }
        }
    }

    /// One deflated block.
    private struct Part {
        var bytes: [UInt8]
        var checksum: UInt
        var length: Int
    }

    /// What one worker works on and with.
    private final class Desk: @unchecked Sendable {
        let input = UnsafeMutableRawPointer.allocate(byteCount: blockSize, alignment: 64)
        private let output = UnsafeMutablePointer<UInt8>.allocate(capacity: Deflater.bound(blockSize))
        private let deflater = Deflater()

        deinit {
            input.deallocate()
            output.deallocate()
        }

        func part(_ length: Int, isLast: Bool) -> Part {
            let n = deflater.deflate(input.assumingMemoryBound(to: UInt8.self), length, isLast: isLast, to: output)
            return Part(
                bytes: Array(UnsafeBufferPointer(start: output, count: n)), checksum: UInt(libdeflate_crc32(0, input, length)),
                length: length)
        }
    }
}
