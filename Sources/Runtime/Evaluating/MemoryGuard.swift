import Glibc
import Support

/// Sees to it that a script's values end in an error before they exhaust the machine.
///
/// Whatever makes values tells how many bytes it is about to make; the system is asked for what is left each time that another
/// `interval` of them is made, so that the usual telling costs an addition. What is freed is not subtracted: it shows in the answer.
struct MemoryGuard {
    /// What the guard leaves free for the work of the cores, in bytes.
    static let floor = 256 << 20
    private static let interval = 32 << 20
    /// Before calls that hold images, at most one question in so many nanoseconds.
    private static let pause: UInt64 = 50_000_000

    /// How often a builtin may hold a long list or string at a time: as its argument, what it sorts or looks up by, and its result while it grows.
    private static let copies = 4

    private var unasked = 0
    private var lastAsked: UInt64 = 0
    /// Tells the free bytes; tests set another.
    var available: () -> Int = { Memory.available }

    /// Throws `FailureText` where `bytes` more would leave less than the floor.
    @inline(__always)
    mutating func reserve(_ bytes: Int) throws {
        unasked += bytes
        if unasked >= Self.interval { try ask(bytes) }
    }

    /// Accounts a builtin's or an operator's result, which is there already.
    mutating func account(_ value: Value) throws {
        unasked += Self.size(value)
        if unasked >= Self.interval { try ask(0) }
    }

    /// For calls of builtins: what they make of images, and of long lists and strings, is told by nobody.
    mutating func checkBeforeWork(on arguments: [Value]) throws {
        var hasImage = false
        for argument in arguments {
            switch argument {
            case .volume, .mask, .pending: hasImage = true
            case .list(let list) where list.count > 1 << 20: try reserve(Self.copies * list.count * MemoryLayout<Value>.stride)
            case .range(let range) where range.count > 1 << 20:
                try reserve(Self.copies * min(range.count, List.longest) * MemoryLayout<Value>.stride)
            case .string(let text) where text.utf8.count > 1 << 24: try reserve(Self.copies * text.utf8.count)
            default: break
            }
        }
        guard hasImage else { return }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        if now &- lastAsked < Self.pause { return }
        try ask(0)
        lastAsked = now
    }

    private mutating func ask(_ bytes: Int) throws {
        unasked = 0
        var free = available()
        if free - bytes < Self.floor {
            // What was freed may still be with the C library.
            Memory.trim()
            free = available()
        }
        guard free - bytes < Self.floor else { return }
        // A script that catches this is still at the edge: it has room for a message, and none once half the floor is gone.
        unasked = free < Self.floor / 2 ? Self.interval : Self.interval - (1 << 20)
        throw FailureText(
            message: "memory is running out: \(Text.bytes(free)) free"
                + (bytes >= Self.interval ? ", and this needs \(Text.bytes(bytes))" : ""),
            hint: "keep fewer values at a time: write results to files, or bind names that are done with to none")
    }

    /// Bytes of a value's own storage; of a list's or record's items only the images in its first few.
    private static func size(_ value: Value) -> Int {
        func images(_ value: Value) -> Int {
            switch value {
            case .volume(let v): v.voxels.count * 4
            case .mask(let m): m.voxels.count
            default: 0
            }
        }
        switch value {
        case .string(let s): return s.utf8.count
        case .list(let list): return list.count * MemoryLayout<Value>.stride + list.prefix(8).reduce(0) { $0 + images($1) }
        case .record(let record): return 64 * record.fields.count + record.fields.values.prefix(8).reduce(0) { $0 + images($1) }
        default: return images(value)
        }
    }
}
