/// An error of a core: what was wrong with the numbers in it, and what to do about it.
///
/// Cores throw small enums that conform to this and know nothing of scripts; the evaluator adds the source span.
public protocol ExplainedError: Error, CustomStringConvertible {
    /// One line: what was wrong, naming the file, field or argument, with the values found.
    var message: String { get }
    /// The same for one who called `operation`, by which name the core's own need not go: what the caller typed is what the message is to
    /// name.
    func message(in operation: String) -> String
    /// The name of the argument that was wrong, where there is one.
    var argument: String? { get }
    /// One line on what to do, where there is something to do.
    var hint: String? { get }
}

extension ExplainedError {
    /// The message as it is: most errors do not name the operation.
    public func message(in operation: String) -> String { message }
    public var argument: String? { nil }
    public var hint: String? { nil }
    /// Message and hint, for programs that print errors without the language.
    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}
