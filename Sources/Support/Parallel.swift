import Dispatch
import Glibc
import Synchronization

/// Loops over all cores. Work is handed out dynamically, so a body must write only to places of its own index;
/// reductions keep one partial result an index and add them in index order, which makes them repeat bit for bit.
public enum Parallel {
    private static let limit = Atomic<Int>(max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))

    /// The numbers of threads that users may ask for.
    public static let allowed = 1...256

    /// The number of threads that a loop uses: all cores unless set. Results do not depend on it.
    public static var threads: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(max(1, newValue), ordering: .relaxed) }
    }

    /// Runs `body` for 0 ..< count, in any order, on up to `threads` threads. No interrupt check.
    public static func forEach(_ count: Int, _ body: (Int) -> Void) {
        let workers = min(threads, count)
        if workers <= 1 {
            for i in 0..<max(0, count) { body(i) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            let shared = Unchecked(body)
            DispatchQueue.concurrentPerform(iterations: workers) { _ in
                while true {
                    let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if i >= count { return }
                    shared.value(i)
                }
            }
        }
    }

    /// As `forEach`, but stops handing out work once Ctrl-C was pressed, and then throws `Interrupted`.
    public static func slabs(_ count: Int, _ body: (Int) -> Void) throws {
        try Interrupt.check()
        forEach(count) { i in
            if !Interrupt.isRaised { body(i) }
        }
        try Interrupt.check()
    }

    /// Splits 0 ..< count into contiguous ranges of about `grain` elements and runs `body` for each.
    public static func ranges(_ count: Int, grain: Int = 1 << 16, _ body: (Range<Int>) -> Void) {
        let pieces = max(1, (count + grain - 1) / max(1, grain))
        forEach(pieces) { p in body(p * grain..<min(count, (p + 1) * grain)) }
    }

    /// As `ranges`, but stops handing out work once Ctrl-C was pressed, and then throws `Interrupted`.
    public static func slabRanges(_ count: Int, grain: Int = 1 << 16, _ body: (Range<Int>) -> Void) throws {
        let pieces = max(1, (count + grain - 1) / max(1, grain))
        try slabs(pieces) { p in body(p * grain..<min(count, (p + 1) * grain)) }
    }

    /// As `mapRanges`, but stops handing out work once Ctrl-C was pressed, and then throws `Interrupted`.
    public static func mapSlabs<R>(_ count: Int, grain: Int = 1 << 16, _ body: (Range<Int>) -> R) throws -> [R] {
        let pieces = max(1, (count + grain - 1) / max(1, grain))
        var parts = [R?](repeating: nil, count: pieces)
        try parts.withUnsafeMutableBufferPointer { buffer in
            let base = Unchecked(buffer.baseAddress!)
            try slabs(pieces) { p in base.value[p] = body(p * grain..<min(count, (p + 1) * grain)) }
        }
        // Every piece has been done, or `slabs` would have thrown.
        return parts.compactMap { $0 }
    }

    /// Partial results of each range, in the order of the ranges. No interrupt check.
    public static func mapRanges<R>(_ count: Int, grain: Int = 1 << 16, _ body: (Range<Int>) -> R) -> [R] {
        let pieces = max(1, (count + grain - 1) / max(1, grain))
        return [R](unsafeUninitializedCapacity: pieces) { buffer, initialised in
            let base = Unchecked(buffer.baseAddress!)
            forEach(pieces) { p in
                (base.value + p).initialize(to: body(p * grain..<min(count, (p + 1) * grain)))
            }
            initialised = pieces
        }
    }
}

/// Carries a value across threads where the surrounding code guarantees that accesses do not overlap.
public struct Unchecked<T>: @unchecked Sendable {
    /// What is carried.
    public let value: T
    /// The caller vouches for the absence of overlapping accesses.
    public init(_ value: T) { self.value = value }
}
