import Glibc
import Runtime
import Support
import Syntax

/// The conversation at the prompt.
final class Repl {
    let session: Session
    let style = Style(isOn: Output.wantsColour(STDOUT_FILENO))
    let errorStyle = Style(isOn: Output.wantsColour(STDERR_FILENO))
    let history = HistoryFile()
    /// Inputs of this session that ran without an error, for `:save`.
    var successful: [String] = []
    private let verbose: Bool
    /// Lines of an input that is not complete yet.
    private var pending = ""

    init(verbose: Bool) {
        self.verbose = verbose
        session = Catalogue.session(arguments: [])
    }

    func run() -> Never {
        attempt { try session.prepare() }
        guard
            let editor = LineEditor(
                style: style,
                complete: { [unowned self] before in Completion(pending + before, in: session) })
        else {
            complain("error: the terminal cannot be used for editing\nhelp: give a script, or - for standard input")
            leave(1)
        }
        for entry in history.entries { editor.remember(entry) }
        if verbose { Output.write(Version.text(verbose: true)) }
        Output.write(style("2", "skullstrip \(Version.number) · ? for help · Ctrl-D leaves") + "\n")
        while true {
            switch editor.read(prompt: pending.isEmpty ? "strip>" : "  ...>") {
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
        let isCommand = pending.isEmpty && (text.first { $0 != " " }.map { ":?".contains($0) } ?? false)
        if !isCommand, session.isIncomplete(text) {
            pending = text + "\n"
            return
        }
        pending = ""
        history.add(text)
        editor.remember(text)
        if isCommand { Command.run(text, self) } else { evaluate(text) }
    }

    /// Runs an input and shows what comes of it; false after an error.
    @discardableResult
    func evaluate(_ text: String) -> Bool {
        attempt {
            let value = try session.run(source: text, name: "prompt")
            successful.append(text)
            guard Echo.isShown(value, of: text, in: session) else { return }
            if Echo.isExpression(text) { session.define("ans", value) }
            Output.write(session.describe(value) + "\n")
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
            var text = session.render(error)
            for word in ["error:", "help:"] {
                let code = word == "error:" ? "1;31" : "36"
                text = text.split(separator: "\n", omittingEmptySubsequences: false)
                    .map { $0.hasPrefix(word) ? errorStyle(code, word) + $0.dropFirst(word.count) : String($0) }.joined(separator: "\n")
            }
            complain(text)
            return false
        }
    }
}

/// Which values the prompt shows.
enum Echo {
    /// True when the last statement is an expression rather than a binding, a definition or a loop.
    static func isExpression(_ text: String) -> Bool {
        guard let last = (try? Parser.parse(Source(name: "", text: text)))?.statements.last else { return false }
        switch last.kind {
        case .bind, .unpack, .define, .forLoop, .whileLoop, .importFile, .breakLoop, .continueLoop, .returnValue: return false
        default: return true
        }
    }

    /// Expressions are shown, and so are bindings of images, models and pictures: one wants to see what was loaded.
    static func isShown(_ value: Value, of text: String, in session: Session) -> Bool {
        if case .none = value { return false }
        if session.isSilenced(text) { return false }
        if isExpression(text) { return true }
        switch value {
        case .volume, .mask, .transform, .tensor, .model, .figure: return true
        default: return false
        }
    }

    /// What `-e` prints: the value of a last expression.
    static func text(for value: Value, of code: String, in session: Session) -> String? {
        if case .none = value { return nil }
        return isExpression(code) && !session.isSilenced(code) ? session.describe(value) : nil
    }
}
