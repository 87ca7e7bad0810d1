import Glibc
import Support
import Synchronization

/// Ctrl-C. The handler only sets flags; whoever works polls them.
enum Signals {
    /// When the first Ctrl-C of this evaluation came, in monotonic milliseconds; 0 for none.
    private static let first = Atomic<Int>(0)
    private static let isScript = Atomic<Bool>(false)
    private static let resized = Atomic<Bool>(false)
    /// The number of the signal that asks the program to end; 0 for none.
    private static let ending = Atomic<Int32>(0)

    static func install() {
        // First use, so that no lazy initialisation happens in a handler.
        begin(script: false)
        resized.store(false, ordering: .relaxed)
        ending.store(0, ordering: .relaxed)
        handle(SIGINT, flags: SA_RESTART) { _ in Signals.interrupted() }
    }

    /// Follows the window's size, and gives the terminal back before the program is ended from outside; only while a line is edited, so that nothing else
    /// is disturbed.
    static func watchEditing(_ on: Bool) {
        guard on else {
            for number in [SIGWINCH, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
            return
        }
        handle(SIGWINCH, flags: 0) { _ in Signals.resized.store(true, ordering: .relaxed) }
        for number in [SIGTERM, SIGHUP] { handle(number, flags: 0) { Signals.ending.store($0, ordering: .relaxed) } }
    }

    /// The signal that asked the program to end, if one did.
    static var end: Int32? {
        let number = ending.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    static func takeResized() -> Bool { resized.exchange(false, ordering: .relaxed) }

    /// Before each evaluation. In a script a second Ctrl-C, two seconds after a first that something did not heed, ends the program.
    static func begin(script: Bool) {
        Interrupt.clear()
        first.store(0, ordering: .relaxed)
        isScript.store(script, ordering: .relaxed)
    }

    private static func interrupted() {
        guard Interrupt.raise() else { return }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = time.tv_sec * 1000 + time.tv_nsec / 1_000_000 + 1
        let before = first.load(ordering: .relaxed)
        if before == 0 {
            first.store(now, ordering: .relaxed)
        } else if isScript.load(ordering: .relaxed), now - before > 2000 {
            _exit(130)
        }
    }

    private static func handle(_ number: Int32, flags: Int32, _ body: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = body
        action.sa_flags = flags
        sigaction(number, &action, nil)
    }
}
