import Networks
import Support
import Synchronization

/// Calls functions of a script from other threads while the script's own thread waits in a builtin: one call at a time, with a stack and variables of its own.
///
/// What such a function prints is written at once; it may not import files, and it may not hand the network that is being trained to a builtin.
public final class BackgroundEvaluator: Sendable {
    private struct State {
        var isFinished = false
    }
    private let machine: Machine
    private let state = Mutex(State())

    /// - Parameters:
    ///   - context: that of the builtin which waits.
    ///   - reserved: a model in use by the waiting builtin.
    /// - Throws: `MemoryError` where the system gives no memory for the stack.
    public init(_ context: Context, reserved: Model? = nil) throws(MemoryError) {
        machine = try Machine(output: context.machine.output, progress: ProgressSink(isVisible: false, write: { _ in }))
        machine.arguments = context.machine.arguments
        machine.scriptDirectory = context.machine.scriptDirectory
        machine.memory = context.machine.memory
        machine.isBackground = true
        machine.reserved = reserved
        machine.importFile = { path, _ in
            throw FailureText(message: "\"\(path)\" cannot be imported while a batch is prepared", hint: "import it before")
        }
    }

    /// Calls a function, by position and then by name. Throws what it throws, and `Interrupted` once `finish` was called.
    public func call(_ function: Function, _ arguments: [Value], names: [String?] = []) throws -> Value {
        try state.withLock { state in
            if state.isFinished { throw Interrupted() }
            return try BigStack.run { floor in
                machine.stackFloor = floor
                do {
                    return try machine.call(function, arguments, names: names)
                } catch let error as ArgumentError {
                    throw FailureText(message: error.message, hint: error.hint)
                } catch let error as Rejection {
                    throw FailureText(
                        message: "\(function.name): `\(error.parameter)` must be \(error.expected), got \(error.found)", hint: error.hint)
                }
            }
        }
    }

    /// Waits for the call in hand, and allows no other.
    public func finish() { state.withLock { $0.isFinished = true } }
}
