import Support
import Syntax

/// A running conversation: the names that it has bound, and the ways to evaluate text, describe values and show errors.
///
/// Not for use from several threads at once.
public final class Session: @unchecked Sendable {
    let machine: Machine

    /// - Parameters:
    ///   - builtins: the catalogue. Of two with one name the later counts.
    ///   - prelude: the library written in the language itself, evaluated first, in order. Throws its errors at the first `run`.
    ///   - arguments: what scripts see as `args`.
    ///   - isTerminal: whether `output` ends at a terminal.
    public init(
        builtins: [Builtin], prelude: [(name: String, source: String)] = [], arguments: [String] = [], isTerminal: Bool = false,
        progress: ProgressSink = ProgressSink(), output: @escaping @Sendable (String) -> Void
    ) {
        machine = Machine(output: output, progress: progress)
        machine.isTerminal = isTerminal
        machine.arguments = arguments
    }

    /// Evaluates a text and gives the value of its last statement (a binding's value is what it bound; none after loops and imports).
    /// Throws `SyntaxErrors`, `ScriptError` or `Interrupted`; the session and its values live on.
    public func run(source: String, name: String) throws -> Value { .none }

    /// Evaluates a file: relative imports start at its folder. Throws `FileError` too.
    public func run(file path: String) throws -> Value { .none }

    /// True when the text's last statement ends in `;`, which asks the prompt not to show its value.
    public func isSilenced(_ source: String) -> Bool { false }

    /// True when the text merely lacks its end (an open bracket or block, an operator at the end), so that the prompt asks for another line.
    public func isIncomplete(_ source: String) -> Bool { false }

    /// The user's own names, in alphabetical order.
    public var userNames: [String] { [] }
    /// Every name that a script can read now: user's, library's and builtins.
    public var names: [String] { [] }

    /// What a name stands for at the top level.
    public func value(of name: String) -> Value? { nil }
    /// Binds a name at the top level, as the prompt does with `ans`.
    public func define(_ name: String, _ value: Value) {}

    /// One line about a value; empty for none.
    public func describe(_ value: Value) -> String {
        if case .none = value { "" } else { value.described }
    }

    /// Any error of this module or of a core as text that ends in a newline.
    public func render(_ error: any Error) -> String { "" }

    /// Help on a builtin or a function with `##` lines; nil when there is no such name.
    public func help(_ name: String) -> String? { nil }
}
