import Glibc
import Support

/// Zeroed floats outside the heap, on huge pages where the system gives them, allocated once and kept.
final class Buffer: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int
    private let bytes: Int

    /// Throws `NetworkError.memory` where the machine does not have that much.
    init(count: Int, for purpose: String) throws {
        self.count = count
        let page = 1 << 21
        let wanted = max(64, count * 4)
        bytes = wanted < page ? (wanted + 4095) / 4096 * 4096 : (wanted + page - 1) / page * page
        try Memory.check(bytes, for: purpose)
        guard let p = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), p != MAP_FAILED else {
            throw NetworkError.memory(needed: bytes, available: Memory.available(), what: purpose)
        }
        if bytes >= page { madvise(p, bytes, 14) }  // MADV_HUGEPAGE
        base = p.bindMemory(to: Float.self, capacity: bytes / 4)
    }

    deinit { munmap(base, bytes) }
}

enum Memory {
    /// Bytes that can be allocated without swapping: what the kernel calls available, or less where a container limits it.
    static func available() -> Int {
        var result = Int.max
        for line in lines("/proc/meminfo") where line.hasPrefix("MemAvailable:") {
            if let kilobytes = Int(line.split(separator: " ").dropFirst().first ?? "") { result = kilobytes * 1024 }
        }
        if let limit = lines("/sys/fs/cgroup/memory.max").first.flatMap({ Int($0) }),
            let used = lines("/sys/fs/cgroup/memory.current").first.flatMap({ Int($0) })
        {
            result = min(result, max(0, limit - used))
        }
        return result
    }

    static func check(_ bytes: Int, for purpose: String) throws {
        // Small things are not worth reading files for.
        if bytes < 64 << 20 { return }
        let free = available()
        if bytes > free { throw NetworkError.memory(needed: bytes, available: free, what: purpose) }
    }

    private static func lines(_ path: String) -> [Substring] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 8192)
        let n = fread(&text, 1, text.count, file)
        return String(decoding: text.prefix(n), as: UTF8.self).split(separator: "\n")
    }
}
