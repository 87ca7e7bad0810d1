import Dispatch

/// Frees on a thread beside what Ctrl-C leaves behind: giving up a million strings or records takes longer than who pressed it likes to wait.
public enum Discard {
    private static let mark = DispatchSpecificKey<Void>()
    private static let queue: DispatchQueue = {
        let queue = DispatchQueue(label: "discard")
        queue.setSpecific(key: mark, value: ())
        return queue
    }()

    /// Whether what is being freed here should go to the other thread: after a Ctrl-C, unless this is that thread.
    public static var isWanted: Bool { Interrupt.isRaised && DispatchQueue.getSpecific(key: mark) == nil }

    /// Runs `free` on the other thread, soon. It has to hold the only references to what it frees.
    public static func later(_ free: @escaping () -> Void) {
        let job = Unchecked(free)
        queue.async { job.value() }
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
        if DispatchQueue.getSpecific(key: mark) == nil { queue.sync {} }
    }

    private final class Held<T> {
        var value: T?
        init(_ value: consuming T) { self.value = value }
    }
}
