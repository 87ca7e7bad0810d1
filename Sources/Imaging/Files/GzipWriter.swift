import CDeflate
import CZlib
import Support
import Synchronization

/// Gzip made by all cores: the bytes are cut into blocks that are deflated apart from one another, each ending on a whole byte, and joined
/// to one gzip member, which every reader accepts (as Adler's pigz does it). The header tells where they begin, for `GzipIndex`.
enum GzipWriter {
    static let blockSize = 1 << 19

    /// Writes `count` bytes, made piece by piece by `fill(offset, destination, length)`, which may run on several threads. They are mostly
    /// numbers of `numberSize` bytes each, and begin with a whole one.
    static func write(
        count: Int, numberSize: Int, to file: AtomicFile, fill: (Int, UnsafeMutableRawPointer, Int) -> Void
    ) throws {
        let blocks = max(1, (count + blockSize - 1) / blockSize), hasIndex = blocks > 1 && blocks <= GzipIndex.most
        let headerPlace = file.position
        // Magic, deflate, no flags, no time, level hint 4 (fastest), Unix.
        let plain: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 3]
        // The sizes are put in when they are known.
        let unknown = [Int](repeating: 0, count: blocks)
        try (hasIndex ? GzipIndex.header(blockSize: blockSize, sizes: unknown) : plain).withUnsafeBytes { try file.write($0) }
        let workers = min(Parallel.threads, blocks)
        let desks = (0..<workers).map { _ in Desk(numberSize: numberSize) }
        var checksum = crc32(0, nil, 0), sizes: [Int] = []
        // A worker takes the next block of a group until none is left; groups bound the memory that blocks wait in for those before them.
        let group = workers * 64
        for start in stride(from: 0, to: blocks, by: group) {
            let these = start..<min(blocks, start + group)
            let output = Output(file, count: these.count, checksum: checksum), next = Atomic<Int>(0)
            try withoutActuallyEscaping(fill) { fill in
                let fill = Unchecked(fill)
                try Parallel.slabs(workers) { worker in
                    while !Interrupt.isRaised, !output.hasFailed {
                        let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
                        if i >= these.count { return }
                        let offset = (these.lowerBound + i) * blockSize, length = min(blockSize, count - offset)
                        fill.value(offset, desks[worker].input, length)
                        output.put(desks[worker].part(length, isLast: these.lowerBound + i == blocks - 1), at: i)
                    }
                }
            }
            (checksum, sizes) = (try output.checksum(), sizes + output.sizes)
        }
        let tail = UInt64(UInt32(truncatingIfNeeded: checksum)) | UInt64(UInt32(truncatingIfNeeded: count)) << 32
        try withUnsafeBytes(of: tail.littleEndian) { try file.write($0) }
        if hasIndex {
            try GzipIndex.header(blockSize: blockSize, sizes: sizes).withUnsafeBytes { try file.overwrite($0, at: headerPlace) }
        }
    }

    /// Blocks on their way to the file: each is written as soon as all before it are, by the worker that brought the one that was missing.
    private final class Output: Sendable {
        private struct State {
            var waiting: [Part?]
            var sizes: [Int] = []
            var checksum: UInt
            var failure: (any Error)?
        }

        private let file: Unchecked<AtomicFile>
        private let state: Mutex<State>

        init(_ file: AtomicFile, count: Int, checksum: UInt) {
            self.file = Unchecked(file)
            state = Mutex(State(waiting: Array(repeating: nil, count: count), checksum: checksum))
        }

        func put(_ part: Part, at place: Int) {
            state.withLock { state in
                state.waiting[place] = part
                while state.failure == nil, state.sizes.count < state.waiting.count, let part = state.waiting[state.sizes.count] {
                    state.waiting[state.sizes.count] = nil
                    do { try part.bytes.withUnsafeBytes { try file.value.write($0) } } catch { state.failure = error }
                    state.sizes.append(part.bytes.count)
                    state.checksum = crc32_combine(state.checksum, part.checksum, part.length)
                }
            }
        }

        var hasFailed: Bool { state.withLock { $0.failure != nil } }

        /// Of the bytes of all blocks so far. Throws what went wrong in writing them.
        func checksum() throws -> UInt {
            try state.withLock { state in
                if let failure = state.failure { throw failure }
                return state.checksum
            }
        }

        /// Bytes of each block in the file.
        var sizes: [Int] { state.withLock(\.sizes) }
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
        private let deflater: Deflater

        init(numberSize: Int) { deflater = Deflater(numberSize: numberSize) }

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
