import Glibc
import Runtime
import Support

/// What begins with `:` or `?` at the prompt.
enum Command {
    static let names = ["vars", "time", "history", "load", "save", "reset", "help", "quit"]
    static let takingFiles = ["load", "save"]

    static let help = """
        ?                  everything there is, by theme
        ?name              what a function does, its parameters and examples
        ?"words"           functions whose name or summary holds these words
        :vars              your names and what they hold
        :time EXPRESSION   evaluate, and say how long it took and how much memory
        :history [N]       the last N inputs (20)
        :save FILE.ss      write this session's successful inputs as a script
        :load FILE.ss      run a script in this session
        :reset             forget all your names
        :quit              leave; so does Ctrl-D

        Tab completes names, named arguments, fields and file names. Ctrl-R searches the history; the up arrow too, for what begins
        as the line does. Ctrl-C drops a line or stops an evaluation. A last ; keeps a value from being shown; `ans` holds the last one.

        """

    static func run(_ text: String, _ repl: Repl) {
        let text = text.trimmed
        if text.hasPrefix("?") {
            explain(String(text.dropFirst()).trimmed, repl)
            return
        }
        let word = String(text.dropFirst().prefix { !$0.isWhitespace })
        let rest = String(text.dropFirst(1 + word.count)).trimmed
        switch word {
        case "vars": variables(repl)
        case "time": time(rest, repl)
        case "history":
            let shown = repl.history.entries.suffix(max(0, Int(rest) ?? 20))
            Output.write(shown.map { $0.replacingNewlines(with: "\n  ...> ") + "\n" }.joined())
        case "load":
            guard !rest.isEmpty else { return usage(":load FILE.ss") }
            repl.attempt { _ = try repl.session.run(file: path(rest)) }
        case "save": save(rest, repl)
        case "reset":
            repl.session.reset()
            repl.successful = []
        case "help", "h": Output.write(Text.wrapped(help, to: Output.columns()))
        case "quit", "q", "exit": leave(0)
        default:
            let nearest = Text.nearest(to: word, among: names).map { "\nhelp: did you mean :\($0)?" } ?? "\nhelp: :help lists them"
            complain("error: there is no command :\(word)\(nearest)")
        }
    }

    private static func usage(_ text: String) { complain("usage: \(text)") }

    private static func explain(_ typed: String, _ repl: Repl) {
        let session = repl.session
        let name = typed.hasPrefix("\"") ? typed : String(typed.prefix { $0 != "#" }).trimmed
        if name.isEmpty {
            Output.write(
                Catalogue.overview(session) + "\n" + repl.style("2", "?name explains one; :help lists the prompt's own commands") + "\n")
        } else if name.hasPrefix("\"") {
            let words = name.filter { $0 != "\"" }.lowercased()
            let found = Catalogue.entries(session).filter {
                $0.name.lowercased().contains(words) || $0.summary.lowercased().contains(words)
            }
            if found.isEmpty { return complain("nothing is said of \"\(words)\"") }
            let width = found.reduce(0) { max($0, $1.name.count) }
            for entry in found {
                Output.write("\(entry.name)\(String(repeating: " ", count: width - entry.name.count))  \(entry.summary)\n")
            }
        } else if name.hasPrefix(":") {
            Output.write(Text.wrapped(help, to: Output.columns()))
        } else if let text = session.help(name.hasSuffix("()") ? String(name.dropLast(2)) : name) {
            Output.write(Text.wrapped(text, to: Output.columns()))
        } else {
            let nearest = session.suggestion(for: name).map { "did you mean \($0)? " } ?? ""
            complain("error: there is no \(name)\nhelp: \(nearest)? lists everything there is, ?\"\(name)\" searches it")
        }
    }

    private static func variables(_ repl: Repl) {
        let names = repl.session.userNames
        let width = names.reduce(0) { max($0, Columns.width($1)) }
        for name in names {
            guard let value = repl.session.value(of: name) else { continue }
            let text = repl.session.describe(value).replacingNewlines(with: " ")
            let line = name + String(repeating: " ", count: width - Columns.width(name)) + "  " + (text.isEmpty ? "none" : text)
            Output.write((Output.isTerminal ? Columns.cut(line, to: Output.columns()) : line) + "\n")
        }
    }

    private static func time(_ code: String, _ repl: Repl) {
        guard !code.isEmpty else { return usage(":time EXPRESSION") }
        let before = Usage()
        guard repl.evaluate(code) else { return }
        let after = Usage()
        Output.write(
            repl.style(
                "2",
                "\(Text.duration(after.wall - before.wall)) · processor \(Text.duration(after.processor - before.processor))"
                    + (after.peak.map { " · peak memory \(Text.bytes($0))" } ?? "")) + "\n")
    }

    private static func save(_ name: String, _ repl: Repl) {
        guard !name.isEmpty else { return usage(":save FILE.ss") }
        guard !repl.successful.isEmpty else { return complain("error: nothing to save: no input has run without an error yet") }
        repl.attempt {
            try AtomicFile.write(Array((repl.successful.joined(separator: "\n") + "\n").utf8), to: path(name))
            let n = repl.successful.count
            Output.write("\(n) input\(n == 1 ? "" : "s") written to \(name)\n")
        }
    }

    /// A file's name as typed after a command: quotes are optional, ~ is the home folder.
    private static func path(_ name: String) -> String {
        let bare = name.count > 1 && name.hasPrefix("\"") && name.hasSuffix("\"") ? String(name.dropFirst().dropLast()) : name
        guard bare.hasPrefix("~/"), let home = getenv("HOME") else { return bare }
        return String(cString: home) + bare.dropFirst()
    }
}

/// Time and memory used by this process. The peak is that since the last look, where the system can tell.
private struct Usage {
    let wall: Double
    let processor: Double
    let peak: Int?

    init() {
        wall = Clock.seconds
        processor = Clock.processorSeconds
        peak = Memory.peak
        if let file = fopen("/proc/self/clear_refs", "we") {
            fputs("5", file)
            fclose(file)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }

    fileprivate func replacingNewlines(with text: String) -> String { split(separator: "\n").joined(separator: text) }
}
