import Support

/// An error that a script raises itself.
struct FailureText: ExplainedError {
    let message: String
    let hint: String?
}

/// The functions that belong to the language itself; every session has them.
public enum Language {
    /// Those that belong to the language whatever the catalogue.
    public static let builtins: [Builtin] = [error, assert] + Help.builtins

    static let error = Builtin(
        "error", "Stop with an error at this call.", theme: .language,
        details: "A `try … catch e` around it sees a record with the message, the hint, the file and the line.",
        Param<Value>("message", "what is wrong; a record that `catch` gave is raised again with its message and hint"),
        Param<String?>("hint", "what to do about it", default: nil),
        examples: [
            Example(#"try { error("no brain", hint="look again") } catch e { e.message + ": " + e.hint }"#, #""no brain: look again""#)
        ]
    ) { _, message, hint -> Void in
        if case .record(let record) = message, case .string(let text)? = record["message"] {
            var kept = hint
            if kept == nil, case .string(let h)? = record["hint"] { kept = h }
            throw FailureText(message: spoken(text), hint: kept)
        }
        throw FailureText(message: spoken(message.text), hint: hint)
    }

    private static func spoken(_ message: String) -> String { message.isEmpty ? "error without a message" : message }

    static let assert = Builtin(
        "assert", "Stop with an error unless a condition holds.", theme: .language,
        Param<Bool>("condition", "what must be true"),
        Param<String>("message", "what is wrong when it is not", default: "the assertion does not hold"),
        examples: [
            Example("assert(1 + 1 == 2)", ""), Example(#"try { assert(1 > 2, "one is less") } catch e { e.message }"#, #""one is less""#),
        ]
    ) { _, condition, message -> Void in
        if !condition { throw FailureText(message: message.isEmpty ? "the assertion does not hold" : message, hint: nil) }
    }
}
