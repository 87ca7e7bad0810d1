import Glibc
import Runtime
import Support
import Syntax

/// The conversation at the prompt.
final class Repl {
    let session: Session
    private(set) var style = Style(isOn: Output.wantsColour(STDOUT_FILENO))
    private var errorStyle = Style(isOn: Output.wantsColour(STDERR_FILENO))
    let history = HistoryFile()
    var transcript = Transcript()
    /// Whether the time of every input is told.
    var isTiming = false
    private let verbose: Bool
    /// Lines of an input that is not complete yet.
    private var pending = ""
    private var lastError: (any Error)?

    init(verbose: Bool) {
        self.verbose = verbose
        session = Catalogue.session(arguments: [])
    }

    func run() -> Never {
        attempt { try session.prepare() }
        guard let editor = LineEditor(complete: { [unowned self] before in Completion(pending + before, in: session) }) else {
            complain("error: the terminal cannot be used for editing\nhelp: give a script, or - for standard input")
            leave(1)
        }
        editor.onFirstPrompt = { [unowned self] in
            history.load()
            for entry in history.entries { editor.remember(entry) }
        }
        if verbose { Output.write(Version.text(verbose: true)) }
        Output.write(style("2", "skullstrip \(Version.number) · ? for help · Ctrl-D leaves") + "\n")
        while true {
            switch editor.read(prompt: pending.isEmpty ? "strip>" : "  ...>", style) {
            case .end where Signals.end != nil:
                leave(128 + (Signals.end ?? 0))
            case .end where pending.isEmpty:
                Output.write("\n")
                leave(0)
            case .end:
                Output.write("\n")
                pending = ""
            case .cancelled:
                pending = ""
            case .line(let line):
                take(line, editor)
            }
        }
    }

    private func take(_ line: String, _ editor: LineEditor) {
        let text = pending + line
        if text.allSatisfy(\.isWhitespace) {
            pending = ""
            return
        }
        let isCommand = pending.isEmpty && Command.begins(text)
        if !isCommand, session.isIncomplete(text) {
            pending = text + "\n"
            return
        }
        pending = ""
        history.add(text)
        editor.remember(text)
        if isCommand {
            Command.run(text, self)
        } else if text.trimmed == "why", session.value(of: "why") == nil {
            why()
        } else {
            let start = Clock.seconds
            evaluate(text)
            if isTiming { Output.write(style("2", Text.time(Clock.seconds - start)) + "\n") }
        }
    }

    /// Runs an input and shows what comes of it; false after an error.
    @discardableResult
    func evaluate(_ text: String) -> Bool {
        attempt {
            let value = try session.run(source: text, name: "prompt")
            let expression = session.lastExpression(of: text)
            let isShown = Echo.isShown(value, of: text, in: session)
            var isKept = false
            if case .none = value {} else if expression != nil { isKept = true }
            if isKept { session.define("ans", value) }
            transcript.add(text, expression: isKept ? expression : nil)
            if isShown { Output.write(try session.echo(value) + "\n") }
        }
    }

    @discardableResult
    func attempt(_ body: () throws -> Void) -> Bool {
        Signals.begin(script: false)
        defer {
            Interrupt.clear()
            StatusLine.shared.clear()
        }
        do {
            try body()
            return true
        } catch {
            if !(error is Interrupted) { lastError = error }
            complain(errorStyle.error(session.render(error)))
            return false
        }
    }

    /// The last error at length.
    func why() {
        guard let lastError else { return Output.write("nothing has failed yet\n") }
        complain(errorStyle.error(session.explain(lastError)))
    }

    func setColour(_ isOn: Bool) {
        style = Style(isOn: isOn)
        errorStyle = Style(isOn: isOn)
    }
}

/// Which values the prompt shows.
enum Echo {
    /// Expressions are shown, and so are bindings of images, models and pictures: one wants to see what was loaded.
    static func isShown(_ value: Value, of text: String, in session: Session) -> Bool {
        if case .none = value { return false }
        if session.isSilenced(text) { return false }
        if session.lastExpression(of: text) != nil { return true }
        switch value {
        case .volume, .mask, .transform, .tensor, .model, .figure: return true
        default: return false
        }
    }

    /// What `-e` prints: the value of a last expression. Throws `Interrupted`.
    static func text(for value: Value, of code: String, in session: Session) throws -> String? {
        if case .none = value { return nil }
        return session.lastExpression(of: code) != nil && !session.isSilenced(code) ? try session.echo(value) : nil
    }
}
