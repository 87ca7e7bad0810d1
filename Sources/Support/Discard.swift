import Glibc
import Synchronization

/// Frees on a thread beside what Ctrl-C leaves behind: giving up a million strings or records takes longer than who pressed it likes to wait.
public enum Discard {
    private struct Jobs {
        var waiting: [Unchecked<() -> Void>] = []
        /// Whether the thread is there, which ends when nothing waits.
        var isRunning = false
    }

    private static let jobs = Mutex(Jobs())
    /// Lists, closures and trees are freed one within the other, as deep as they are nested: as much as scripts run on. What is not touched of a
    /// stack takes no memory.
    private static let stackSize = 512 << 20

    /// Set on the thread.
    private static let mark: pthread_key_t? = {
        var key = pthread_key_t()
        return pthread_key_create(&key, nil) == 0 ? key : nil
    }()

    private static var isHere: Bool { mark.map { pthread_getspecific($0) != nil } ?? true }

    /// Whether what is being freed here should go to the other thread: after a Ctrl-C, unless this is that thread.
    public static var isWanted: Bool { Interrupt.isRaised && !isHere }

    /// Runs `free` on the other thread, soon; here where no thread can be had. It has to hold the only references to what it frees.
    public static func later(_ free: @escaping () -> Void) {
        let job = Unchecked(free)
        let isFirst = jobs.withLock { jobs in
            jobs.waiting.append(job)
            defer { jobs.isRunning = true }
            return !jobs.isRunning
        }
        if isFirst, !start() { work() }
    }

    /// Takes what `made` holds, which is freed on the other thread, and puts `empty` in its place.
    public static func later<T>(_ made: inout T, leaving empty: T) {
        let held = withUnsafeMutablePointer(to: &made) { place in
            let held = Held(place.move())
            place.initialize(to: empty)
            return held
        }
        later { held.value = nil }
    }

    /// The same after a Ctrl-C; otherwise `made` stays as it is.
    public static func ifInterrupted<T>(_ made: inout T, leaving empty: @autoclosure () -> T) {
        if isWanted { later(&made, leaving: empty()) }
    }

    /// Waits until all is freed.
    static func wait() {
        while !isHere, jobs.withLock({ $0.isRunning }) { usleep(500) }
    }

    private static func start() -> Bool {
        var attributes = pthread_attr_t(), thread = pthread_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        guard pthread_attr_setstacksize(&attributes, stackSize) == 0 else { return false }
        return pthread_create(
            &thread, &attributes,
            { _ in
                if let mark = Discard.mark { pthread_setspecific(mark, UnsafeRawPointer(bitPattern: 1)) }
                Discard.work()
                return nil
            }, nil) == 0
    }

    private static func work() {
        while let job = next() { job.value() }
    }

    private static func next() -> Unchecked<() -> Void>? {
        jobs.withLock { jobs in
            if jobs.waiting.isEmpty {
                jobs.isRunning = false
                return nil
            }
            return jobs.waiting.removeFirst()
        }
    }

    private final class Held<T> {
        var value: T?
        init(_ value: consuming T) { self.value = value }
    }
}
