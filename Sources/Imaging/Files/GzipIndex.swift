import CDeflate
import CZlib
import Support
import Synchronization

/// Where the blocks of a gzip member that `GzipWriter` made begin. It tells in the header's extra field (RFC 1952, 2.3.1.1), which other
/// readers pass over, and since no block refers to another, all cores can inflate them at once.
struct GzipIndex {
    /// The subfield's name: two bytes that nobody has registered.
    private static let name: [UInt8] = [0x53, 0x4B]
    /// Bytes of the header before the extra field's content.
    private static let before = 12
    /// The most blocks that the field can tell of: its length has 16 bits.
    static let most = (65_535 - 8) / 4

    /// Uncompressed bytes of each block; the last may have fewer.
    private let blockSize: Int
    /// Compressed sizes, in order.
    private let sizes: [Int]

    /// The member's header for blocks of these compressed sizes: magic, deflate, extra field, no time, level hint 4 (fastest), Unix.
    static func header(blockSize: Int, sizes: [Int]) -> [UInt8] {
        let content = 4 + 4 * sizes.count
        var f = FieldWriter(count: before + 4 + content)
        for (i, byte) in [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 4, 3].enumerated() { f.put(UInt8(byte), at: i) }
        f.put(UInt16(content + 4), at: 10)
        for (i, byte) in name.enumerated() { f.put(byte, at: before + i) }
        f.put(UInt16(content), at: before + 2)
        f.put(UInt32(blockSize), at: before + 4)
        for (i, size) in sizes.enumerated() { f.put(UInt32(truncatingIfNeeded: size), at: before + 8 + 4 * i) }
        return f.bytes
    }

    /// What the header of `file` tells; nil for other files, and where it cannot be true.
    init?(_ file: UnsafeRawBufferPointer) {
        func word(_ place: Int) -> Int { Int(UInt16(littleEndian: file.loadUnaligned(fromByteOffset: place, as: UInt16.self))) }
        func long(_ place: Int) -> Int { Int(UInt32(littleEndian: file.loadUnaligned(fromByteOffset: place, as: UInt32.self))) }
        guard file.count > Self.before + 8 + 8, file[0] == 0x1F, file[1] == 0x8B, file[2] == 8, file[3] == 4,
            [file[Self.before], file[Self.before + 1]] == Self.name
        else { return nil }
        let content = word(Self.before + 2), end = Self.before + 4 + content
        guard content % 4 == 0, content >= 8, word(10) == content + 4, end + 8 <= file.count else { return nil }
        blockSize = long(Self.before + 4)
        sizes = (1..<(content / 4)).map { long(Self.before + 4 + 4 * $0) }
        guard (1 << 12...1 << 24).contains(blockSize), blockSize % 4096 == 0, sizes.reduce(0, +) == file.count - end - 8 else { return nil }
    }

    /// Inflates the `total` bytes of `file` block by block, on all cores, and hands each to `body` with its place among them. False where a
    /// block or the sum over all is wrong; some blocks may then have been handed out. Throws `Interrupted`.
    func inflate(_ file: UnsafeRawBufferPointer, total: Int, _ body: (Int, UnsafeRawBufferPointer) -> Void) throws -> Bool {
        guard (total + blockSize - 1) / blockSize == sizes.count else { return false }
        var starts: [Int] = [], place = file.count - 8 - sizes.reduce(0, +)
        for size in sizes {
            starts.append(place)
            place += size
        }
        let isGood = Atomic<Bool>(true), next = Atomic<Int>(0)
        var sums = [UInt](repeating: 0, count: sizes.count)
        sums.withUnsafeMutableBufferPointer { sums in
            let sums = Unchecked(sums.baseAddress!), file = Unchecked(file)
            withoutActuallyEscaping(body) { body in
                let body = Unchecked(body)
                Parallel.forEach(min(Parallel.threads, sizes.count)) { _ in
                    guard let inflater = libdeflate_alloc_decompressor() else { return isGood.store(false, ordering: .relaxed) }
                    let room = (sizes.max() ?? 0) + 5
                    let input = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 16)
                    let output = UnsafeMutableRawPointer.allocate(byteCount: blockSize, alignment: 64)
                    defer {
                        libdeflate_free_decompressor(inflater)
                        input.deallocate()
                        output.deallocate()
                    }
                    while isGood.load(ordering: .relaxed), !Interrupt.isRaised {
                        let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
                        if i >= sizes.count { return }
                        let length = min(blockSize, total - i * blockSize)
                        input.copyMemory(from: file.value.baseAddress! + starts[i], byteCount: sizes[i])
                        // All but the last block leave the stream open; an empty block closes it.
                        let closing: [UInt8] = i == sizes.count - 1 ? [] : [1, 0, 0, 0xFF, 0xFF]
                        for (k, byte) in closing.enumerated() { input.storeBytes(of: byte, toByteOffset: sizes[i] + k, as: UInt8.self) }
                        guard
                            libdeflate_deflate_decompress(inflater, input, sizes[i] + closing.count, output, length, nil)
                                == LIBDEFLATE_SUCCESS
                        else { return isGood.store(false, ordering: .relaxed) }
                        sums.value[i] = UInt(libdeflate_crc32(0, output, length))
                        body.value(i * blockSize, UnsafeRawBufferPointer(start: output, count: length))
                    }
                }
            }
        }
        try Interrupt.check()
        guard isGood.load(ordering: .relaxed), next.load(ordering: .relaxed) >= sizes.count else { return false }
        var sum = crc32(0, nil, 0)
        for (i, part) in sums.enumerated() { sum = crc32_combine(sum, part, min(blockSize, total - i * blockSize)) }
        let tail = file.loadUnaligned(fromByteOffset: file.count - 8, as: UInt64.self).littleEndian
        return tail == UInt64(UInt32(truncatingIfNeeded: sum)) | UInt64(UInt32(truncatingIfNeeded: total)) << 32
    }
}
