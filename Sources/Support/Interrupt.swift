import Synchronization

/// Thrown by long work when the user pressed Ctrl-C.
public struct Interrupted: ExplainedError {
    /// The same for every Ctrl-C.
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

    /// Throws the same. What was made so far, which the caller gives up, is then freed on a thread beside, and `empty` left in its place.
    public static func check<Made>(leaving made: inout Made, for empty: @autoclosure () -> Made) throws {
        guard isRaised else { return }
        Discard.ifInterrupted(&made, leaving: empty())
        throw Interrupted()
    }

    /// What a function gives for each item. Throws what it throws, and `Interrupted` between two items when the flag is set.
    public static func map<Items: Sequence, Result>(_ items: Items, _ body: (Items.Element) throws -> Result) throws -> [Result] {
        var out: [Result] = []
        out.reserveCapacity(items.underestimatedCount)
        for item in items {
            out.append(try body(item))
            if out.count & 4095 == 0 { try check(leaving: &out, for: []) }
        }
        return out
    }

    /// Shuffles as the standard library does, but throws `Interrupted` when the flag is set; items are then part of the way.
    public static func shuffle<Item>(_ items: inout [Item], using random: inout some RandomNumberGenerator) throws {
        for i in items.indices.dropLast() {
            items.swapAt(i, i + Int.random(in: 0..<(items.count - i), using: &random))
            if i & 4095 == 0 { try check() }
        }
    }

    /// Runs work in steps that are worth finishing: a first Ctrl-C only sets `isRequested`, which the work asks between its steps, and a
    /// second one the flag. Afterwards the flag is set in either case. Throws what `body` throws.
    public static func finishing<R>(_ body: () throws -> R) rethrows -> R {
        finishing.wrappingAdd(1, ordering: .relaxed)
        defer {
            if finishing.wrappingSubtract(1, ordering: .relaxed).newValue == 0, request.load(ordering: .relaxed) { raise() }
        }
        return try body()
    }
}
