import Support

/// Text from a file runs under this: it may compute, and do nothing else.
struct Restriction {
    /// What runs, for messages: "the recipe of \"brain.safetensors\"".
    let what: String

    /// Calls and loop turns that such a text may take: seconds of a loop that does nothing.
    static let steps = 200_000_000

    /// Throws `FailureText` for builtins that read or write files, show pictures, train, or change the program's settings.
    func check(_ builtin: Builtin) throws {
        if builtin.theme.onlyComputes { return }
        throw FailureText(
            message: "\(what) calls \(builtin.name), and may only compute",
            hint: "builtins of \(builtin.theme.rawValue) cannot be called there")
    }

    /// The error of an `import`, which reads a file.
    func refusal(ofImporting path: String) -> any Error {
        FailureText(message: "\(what) imports \(Value.quoted(path)), and may only compute", hint: nil)
    }

    var tooLong: any Error {
        FailureText(
            message: "\(what) goes on for more than \(Text.grouped(Self.steps)) calls and loop turns",
            hint: "is this a loop without an end?")
    }
}

extension Theme {
    /// Whether its builtins give values from values, and leave no trace besides.
    public var onlyComputes: Bool {
        switch self {
        case .space, .intensity, .masks, .evaluation, .lists, .text, .mathematics, .language: true
        case .files, .networks, .training, .pictures, .cohorts, .system: false
        }
    }
}
