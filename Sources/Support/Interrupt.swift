import Synchronization

/// Thrown by long work when the user pressed Ctrl-C.
public struct Interrupted: ExplainedError {
    public init() {}
    public var message: String { "interrupted" }
}

/// The one flag that Ctrl-C sets. Kernels poll it at each slab, training at each step, the evaluator at calls and loop turns.
public enum Interrupt {
    private static let flag = Atomic<Bool>(false)
    /// Work that wants to finish what it has in hand at the first Ctrl-C.
    private static let finishing = Atomic<Int>(0)
    private static let request = Atomic<Bool>(false)

    /// Safe in a signal handler once `clear()` has been called (which the program does at its start). False where it only asked `finishing`
    /// work to come to its end.
    @discardableResult
    public static func raise() -> Bool {
        if finishing.load(ordering: .relaxed) > 0, !request.exchange(true, ordering: .relaxed) { return false }
        flag.store(true, ordering: .relaxed)
        return true
    }

    /// Forgets a Ctrl-C; the prompt does so before each evaluation.
    public static func clear() {
        flag.store(false, ordering: .relaxed)
        request.store(false, ordering: .relaxed)
    }

    /// Whether Ctrl-C was pressed since the last `clear`.
    public static var isRaised: Bool { flag.load(ordering: .relaxed) }

    /// Whether `finishing` work shall come to its end.
    public static var isRequested: Bool { request.load(ordering: .relaxed) || isRaised }

    /// Throws `Interrupted` when the flag is set. The flag stays set until the prompt clears it.
    public static func check() throws {
        if isRaised { throw Interrupted() }
    }

    /// Runs work in steps that are worth finishing: a first Ctrl-C only sets `isRequested`, which the work asks between its steps, and a
    /// second one the flag. Afterwards the flag is set in either case.
    public static func finishing<R>(_ body: () throws -> R) rethrows -> R {
        finishing.wrappingAdd(1, ordering: .relaxed)
        defer {
            if finishing.wrappingSubtract(1, ordering: .relaxed).newValue == 0, request.load(ordering: .relaxed) { raise() }
        }
        return try body()
    }
}
