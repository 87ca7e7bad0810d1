import Synchronization

/// Thrown by long work when the user pressed Ctrl-C.
public struct Interrupted: ExplainedError {
    public init() {}
    public var message: String { "interrupted" }
}

/// The one flag that Ctrl-C sets. Kernels poll it at each slab, training at each step, the evaluator at calls and loop turns.
public enum Interrupt {
    private static let flag = Atomic<Bool>(false)

    /// Safe in a signal handler once `clear()` has been called (which the program does at its start).
    public static func raise() { flag.store(true, ordering: .relaxed) }
    /// Forgets a Ctrl-C; the prompt does so before each evaluation.
    public static func clear() { flag.store(false, ordering: .relaxed) }
    /// Whether Ctrl-C was pressed since the last `clear`.
    public static var isRaised: Bool { flag.load(ordering: .relaxed) }

    /// Throws `Interrupted` when the flag is set. The flag stays set until the prompt clears it.
    public static func check() throws {
        if isRaised { throw Interrupted() }
    }
}
