import Support
import Syntax

/// An error at a place of a script, with the calls that led there.
public final class ScriptError: Error, @unchecked Sendable {
    /// What was wrong, in one line with the values.
    public let message: String
    /// What to do about it, where there is something to do.
    public let hint: String?
    /// The text in which it happened.
    public let source: Source
    /// The innermost place to which it belongs.
    public let span: Span
    /// Innermost call first.
    public internal(set) var trace: [Picture.Call] = []
    /// The core's own error, where one lies behind this.
    public let underlying: (any Error)?

    /// An error with no calls on its way yet; those that it leaves add themselves.
    public init(_ message: String, hint: String? = nil, source: Source, span: Span, underlying: (any Error)? = nil) {
        self.message = message
        self.hint = hint
        self.source = source
        self.span = span
        self.underlying = underlying
    }

    /// The same error, saying before its message what it came of.
    public func about(_ what: String) -> ScriptError {
        let error = ScriptError("\(what): \(message)", hint: hint, source: source, span: span, underlying: underlying)
        error.trace = trace
        return error
    }

    /// Where the user should look: the innermost place that is not in the program's own library.
    var place: (source: Source, span: Span, trace: [Picture.Call]) {
        guard source.isLibrary, let i = trace.firstIndex(where: { !$0.source.isLibrary }) else { return (source, span, trace) }
        return (trace[i].source, trace[i].span, Array(trace[(i + 1)...]))
    }

    /// 1-based line of the place, for `catch`.
    var line: Int {
        let place = place
        return place.source.position(at: place.span.start).line
    }

    /// The message, the line with carets, the calls and the hint, as the prompt shows them.
    public func rendered() -> String {
        let place = place
        return Picture.render(message: message, hint: hint, source: place.source, span: place.span, trace: place.trace)
    }
}
