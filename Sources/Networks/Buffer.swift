import Glibc
import Support

/// Zeroed floats outside the heap, on large pages where they are cheap, allocated once and kept.
final class Buffer: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int
    private let bytes: Int

    /// Throws `MemoryError` where the machine does not have that much, and `Interrupted`.
    init(count: Int, for purpose: String) throws {
        self.count = count
        let page = LargePages.size
        // Kernels that read whole vectors from where a sample begins may read 15 floats beyond the end.
        let wanted = count * 4 + 64
        bytes = wanted < page ? (wanted + 4095) / 4096 * 4096 : (wanted + page - 1) / page * page
        try Memory.check(bytes, for: purpose)
        guard let p = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), p != MAP_FAILED else {
            throw MemoryError(needed: bytes, available: Memory.available, purpose: purpose)
        }
        LargePages.prepare(p, bytes: bytes, passing: false)
        do { try Self.provide(p, bytes: bytes) } catch {
            munmap(p, bytes)
            throw error
        }
        base = p.bindMemory(to: Float.self, capacity: bytes / 4)
    }

    /// Has the system provide all pages now, on all cores: all will be used, and asked for together they take half as long as one after the other at
    /// their first use. Throws `Interrupted`.
    private static func provide(_ start: UnsafeMutableRawPointer, bytes: Int) throws {
        let start = Unchecked(start)
        try Parallel.slabRanges(bytes, grain: 4 << 20) { range in
            // MADV_POPULATE_WRITE, which Linux has since 5.14 and the C library's headers may lack. Without it pages come at their first use.
            madvise(start.value + range.lowerBound, range.count, 23)
        }
    }

    /// For memory that will be passed over many times more.
    func gather() { LargePages.gather(base, bytes: bytes) }

    deinit { munmap(base, bytes) }
}
