import Glibc
import Support
import Syntax

/// What a builtin may ask of the session that calls it.
public final class Context: @unchecked Sendable {
    unowned let machine: Machine

    init(_ machine: Machine) { self.machine = machine }

    /// Calls a function of the script. Throws what it throws.
    public func call(_ function: Function, _ arguments: [Value]) throws -> Value {
        try machine.call(function, arguments)
    }

    /// The function that a text of the language gives. The text sees builtins and the library, and nothing of the session. `name` stands for it in messages.
    ///
    /// Throws `ScriptError` for mistakes in the text and `FailureText` where it gives something else.
    public func function(from text: String, name: String) throws -> Function {
        let value = try machine.evaluateApart(Source(name: name, text: text))
        guard case .function(let function) = value else {
            throw FailureText(message: "\(name) is \(value.mention), and must be a function", hint: nil)
        }
        return function
    }

    /// Help on a function, a name or a word, as the prompt's `?` gives it, or on everything for none; in lines that fit the terminal.
    func help(_ subject: Value) throws -> String {
        Text.wrapped(try machine.help(subject), to: isTerminal ? progress.columns : 100)
    }

    /// Runs `body`; whatever it calls meanwhile can only compute: builtins that touch files, the screen, the program's settings or a training are refused,
    /// and a loop without an end becomes an error. `what` stands for the text in messages: "the recipe of the model".
    /// Throws what `body` throws.
    public func onlyComputing<T>(_ what: String, _ body: () throws -> T) throws -> T {
        let before = (machine.restriction, machine.stepsLeft)
        machine.restriction = Restriction(what: what)
        machine.stepsLeft = min(before.1 ?? .max, Restriction.steps)
        defer { (machine.restriction, machine.stepsLeft) = before }
        return try body()
    }

    /// Tells that a list of so many strings is about to be made of a text. Throws `TooLarge` for more than a list holds, and `FailureText` where memory lacks.
    public func reserve(pieces: Int) throws {
        try Operators.check(items: pieces)
        // A string by itself, as a value, and in a list, which keeps it in a box.
        try machine.memory.reserve(pieces * (MemoryLayout<String>.stride + MemoryLayout<Value>.stride + 56))
    }

    /// The same for numbers; throws as above.
    public func reserve(numbers: Int) throws {
        try Operators.check(items: numbers)
        try machine.memory.reserve(numbers * (MemoryLayout<Double>.stride + MemoryLayout<Value>.stride + MemoryLayout<Word>.stride))
    }

    /// Writes to the session's output.
    public func write(_ text: String) { machine.output(text) }

    /// The one-line status of long work.
    public var progress: ProgressSink { machine.progress }
    /// True when the session's output is a terminal, so that pictures and colour make sense.
    public var isTerminal: Bool { machine.isTerminal }
    /// True where a `BackgroundEvaluator` calls, while a training waits for its next batch.
    public var isBackground: Bool { machine.isBackground }
    /// The script's arguments.
    public var arguments: [String] { machine.arguments }
    /// The folder of the running script; "." at the prompt.
    public var scriptDirectory: String { machine.scriptDirectory }

    /// A file name as the script means it. Relative paths start at the working directory, as in a shell; `~/` is the home folder. Throws `FileError` for a name with
    /// a NUL byte, at which the system would take it to end.
    public func path(_ name: String) throws -> String {
        if name.utf8.contains(0) { throw FileError.name(path: name) }
        guard name == "~" || name.hasPrefix("~/"), let home = getenv("HOME") else { return name }
        return String(cString: home) + name.dropFirst()
    }

    /// A builtin's own objection to one of its arguments, shown at that argument:
    /// `throw context.reject("image", "an image with more than one value", hint: "…")`.
    public func reject(_ parameter: String, expected: String, found: String, hint: String? = nil) -> any Error {
        Rejection(parameter: parameter, expected: expected, found: found, hint: hint)
    }
}

/// A builtin's objection to an argument; the call turns it into an error at the argument.
struct Rejection: Error {
    let parameter: String
    let expected: String
    let found: String
    let hint: String?
}

/// A line on the terminal that is written over as work goes on. Quiet when standard error is no terminal.
public final class ProgressSink: @unchecked Sendable {
    /// True when somebody sees it; work that is costly to describe may ask first.
    public let isVisible: Bool
    private let write: @Sendable (String) -> Void
    private var isShown = false

    /// To standard error.
    public convenience init() {
        self.init(isVisible: isatty(STDERR_FILENO) != 0) { text in
            text.utf8.withContiguousStorageIfAvailable { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
    }

    /// Where text goes, and whether anybody sees it; without, nothing is drawn.
    public init(isVisible: Bool, write: @escaping @Sendable (String) -> Void) {
        self.isVisible = isVisible
        self.write = write
    }

    /// The columns of the terminal; 80 where there is none.
    public var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// Replaces the line.
    public func update(_ line: String) {
        guard isVisible else { return }
        isShown = true
        write("\r\u{1B}[2K\(line)")
    }

    /// Takes the line away.
    public func clear() {
        guard isShown else { return }
        isShown = false
        write("\r\u{1B}[2K")
    }

    /// Leaves the line as it is, and goes to the next.
    public func keep() {
        guard isShown else { return }
        isShown = false
        write("\n")
    }
}
