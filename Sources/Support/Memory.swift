import Glibc

/// More memory asked for than the machine can give.
public struct MemoryError: ExplainedError, Equatable {
    /// Bytes asked for.
    public let needed: Int
    /// Bytes that could be had.
    public let available: Int
    /// What the memory was for: "an image of 2000×2000×500 voxels".
    public let purpose: String

    /// `purpose` begins the message: "an image of …".
    public init(needed: Int, available: Int, purpose: String) {
        (self.needed, self.available, self.purpose) = (needed, available, purpose)
    }

    public var message: String { "\(purpose) needs \(Text.bytes(needed)) of memory, and \(Text.bytes(available)) are free" }
    public var hint: String? { "use a smaller shape or batch, or free values by binding their names to none" }
}

/// What the machine has left, asked before large allocations, so that a mistyped size is an error and not a killed process.
public enum Memory {
    /// Bytes that can be allocated without swapping: what the kernel calls available, or less where a control group (a container, a service)
    /// or a limit on the process's address space (`ulimit -v`) says so.
    public static var available: Int {
        var result = Int.max
        if let kilobytes = field("MemAvailable:", of: "/proc/meminfo") { result = kilobytes * 1024 }
        if let free = ControlGroup.available() { result = min(result, free) }
        if let limit = addressSpaceLimit,
            let pages = SystemFile.lines("/proc/self/statm").first?.split(separator: " ").first.flatMap({ Int($0) })
        {
            result = min(result, max(0, limit - pages * sysconf(Int32(_SC_PAGESIZE))))
        }
        return result
    }

    /// Hands freed memory back to the system where the C library can, so that `available` counts it.
    public static func trim() {
        Discard.wait()
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
    }

    /// Keeps up to 512 MB of freed memory for the next image instead of handing every large block back at once: clearing the pages of a new
    /// image takes as long as a pass over it. For a whole program to ask for at its start; `check` and `trim` hand everything back.
    public static func keepFreed() {
        guard let symbol = dlsym(nil, "mallopt") else { return }
        let set = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)
        // M_ARENA_MAX: one heap for all threads, since those of single threads are of 64 MB at most, and larger images would be mapped anew
        // each time; M_MMAP_MAX: large blocks come from the heap; M_TRIM_THRESHOLD: what may stay free at its end; M_TOP_PAD: how far it
        // grows at a time.
        _ = set(-8, 1)
        _ = set(-4, 0)
        _ = set(-1, 512 << 20)
        _ = set(-2, 64 << 20)
    }

    private static var addressSpaceLimit: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
        // No limit is the largest number, which is no Int.
        return Int(exactly: limit.rlim_cur)
    }

    /// The most bytes that this process has held in memory so far; nil where the system does not tell.
    public static var peak: Int? { field("VmHWM:", of: "/proc/self/status").map { $0 * 1024 } }

    /// The bytes that this process holds in memory now; nil where the system does not tell.
    public static var held: Int? { field("VmRSS:", of: "/proc/self/status").map { $0 * 1024 } }

    /// Throws `MemoryError` where fewer than `bytes` are available. Small sizes pass unasked.
    public static func check(_ bytes: Int, for purpose: @autoclosure () -> String) throws(MemoryError) {
        if bytes < 64 << 20 { return }
        if bytes <= available { return }
        trim()
        let free = available
        if bytes > free { throw MemoryError(needed: bytes, available: free, purpose: purpose()) }
    }

    private static func field(_ name: String, of path: String) -> Int? {
        SystemFile.lines(path).first { $0.hasPrefix(name) }.flatMap { line in
            line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
        }
    }
}
