import Glibc
import Runtime
import Support

/// A command of the prompt, which begins with `:`. One declaration serves help, completion and the manual's test.
struct Command: Sendable {
    /// What Tab offers after the command.
    enum Completion: Sendable { case nothing, files, code, settings }

    let name: String
    /// As help shows what follows the name: "FILE.ss", "[N]".
    let argument: String
    let summary: String
    var completion = Completion.nothing
    let run: @Sendable (_ argument: String, _ repl: Repl) -> Void

    var usage: String { ":" + name + (argument.isEmpty ? "" : " " + argument) }

    static let all: [Command] = [
        Command(name: "vars", argument: "", summary: "your names: kind, shape, memory, value") { _, repl in Variables.show(repl) },
        Command(
            name: "time", argument: "EXPRESSION", summary: "evaluate, and tell wall and processor time and peak memory", completion: .code
        ) {
            Measurement.time($0, $1)
        },
        Command(name: "bench", argument: "EXPRESSION", summary: "evaluate again and again, and tell the median time", completion: .code) {
            Measurement.bench($0, $1)
        },
        Command(name: "history", argument: "[N]", summary: "the last N inputs (20)") { argument, repl in
            guard let count = argument.isEmpty ? 20 : Int(argument), count >= 0 else {
                return complain("error: \(argument) is no number of inputs\nhelp: write :history 50")
            }
            let shown = repl.history.entries.suffix(count)
            Output.write(shown.map { $0.split(separator: "\n").joined(separator: "\n  ...> ") + "\n" }.joined())
        },
        Command(name: "save", argument: "FILE.ss", summary: "write this session's successful inputs as a script", completion: .files) {
            name, repl in
            // Taken out meanwhile, since writing asks the prompt too.
            var transcript = repl.transcript
            transcript.save(to: name, repl)
            repl.transcript = transcript
        },
        Command(name: "load", argument: "FILE.ss", summary: "run a script in this session", completion: .files) { name, repl in
            guard let path = path(name) else { return complain("usage: :load FILE.ss") }
            repl.attempt {
                let bytes = try Session.scriptBytes(path)
                _ = try repl.session.run(file: path)
                repl.transcript.add(script: String(decoding: bytes, as: UTF8.self), from: path)
            }
        },
        Command(name: "reset", argument: "", summary: "forget all your names") { _, repl in
            repl.session.reset()
            repl.transcript.forget()
        },
        Command(
            name: "set", argument: "[NAME VALUE]", summary: "change a setting: colour, threads, timing; without it show them",
            completion: .settings
        ) {
            Setting.set($0, $1)
        },
        Command(name: "why", argument: "", summary: "the last error with every call that led to it; so does a bare why") { _, repl in
            repl.why()
        },
        Command(name: "help", argument: "", summary: "this list") { _, _ in Output.write(wrapped: help) },
        Command(name: "quit", argument: "", summary: "leave; so does Ctrl-D") { _, _ in leave(0) },
    ]

    static var help: String {
        let rows =
            [
                ("?", "everything there is, by theme"), ("?name", "what a function does, its parameters and examples"),
                ("?\"words\"", "what has these words in its name or description"),
            ] + all.map { ($0.usage, $0.summary) } + [("!COMMAND", "run a command of the shell; !cd FOLDER goes to another folder")]
        let width = rows.reduce(0) { max($0, $1.0.count) }
        return rows.map { $0 + String(repeating: " ", count: width + 3 - $0.count) + $1 + "\n" }.joined() + """

            Tab completes names, named arguments, fields and file names, and shows the signature of an open call. Ctrl-R searches the history; the \
            up arrow too, for what begins as the line does. Ctrl-C drops a line or stops an evaluation. A last ; keeps a value from being shown; \
            `ans` holds the last one.

            """
    }

    /// Whether a line is for the prompt rather than the language.
    static func begins(_ text: String) -> Bool { text.first { $0 != " " }.map { ":?!".contains($0) } ?? false }

    static func run(_ text: String, _ repl: Repl) {
        let text = text.trimmed, rest = String(text.dropFirst()).trimmed
        switch text.first {
        case "?": explain(rest, repl)
        case "!": Shell.run(rest)
        default:
            let word = String(rest.prefix { !$0.isWhitespace })
            // What other prompts call it.
            let name = ["q", "exit"].contains(word) ? "quit" : word
            guard let command = all.first(where: { $0.name == name }) else {
                let nearest = Text.nearest(to: word, among: all.map(\.name)).map { "did you mean :\($0)?" } ?? ":help lists them"
                return complain("error: there is no command :\(word)\nhelp: \(nearest)")
            }
            command.run(String(rest.dropFirst(word.count)).trimmed, repl)
        }
    }

    private static func explain(_ typed: String, _ repl: Repl) {
        let session = repl.session
        let name = typed.hasPrefix("\"") ? typed : String(typed.prefix { $0 != "#" }).trimmed
        if name.isEmpty {
            Output.write(wrapped: session.overview())
            Output.write("\n" + repl.style("2", "?name explains one; :help lists the prompt's own commands") + "\n")
        } else if name.hasPrefix("\"") {
            let found = session.search(name)
            if found.isEmpty { return complain("nothing is said of \(name)") }
            Output.write(wrapped: found)
        } else if name.hasPrefix(":") {
            Output.write(wrapped: help)
        } else if let text = session.help(name.hasSuffix("()") ? String(name.dropLast(2)) : name) {
            Output.write(wrapped: text)
        } else {
            let nearest = session.suggestion(for: name).map { "did you mean \($0)? " } ?? ""
            complain("error: there is no \(name)\nhelp: \(nearest)? lists everything there is, ?\"\(name)\" searches it")
        }
    }

    /// A file's name as typed after a command: quotes are optional, ~ is the home folder. Nil for nothing.
    static func path(_ name: String) -> String? {
        let bare = name.count > 1 && name.hasPrefix("\"") && name.hasSuffix("\"") ? String(name.dropFirst().dropLast()) : name
        if bare.isEmpty { return nil }
        guard bare == "~" || bare.hasPrefix("~/"), let home = getenv("HOME") else { return bare }
        return String(cString: home) + bare.dropFirst()
    }
}

/// `!command`.
enum Shell {
    static func run(_ command: String) {
        guard !command.isEmpty else { return complain("usage: !COMMAND") }
        let words = command.split(separator: " ", maxSplits: 1).map(String.init)
        if words[0] == "cd" {
            guard let folder = Command.path(words.count > 1 ? words[1].trimmed : "~") else { return }
            // A shell's own folder would end with the shell.
            if chdir(folder) != 0 { complain("error: cannot go to \"\(folder)\": \(String(cString: strerror(errno)))") }
            return
        }
        // Programs expect to be ended by a pipe that nobody reads.
        signal(SIGPIPE, SIG_DFL)
        defer { signal(SIGPIPE, SIG_IGN) }
        let status = system(command)
        if status == -1 { return complain("error: cannot run a shell: \(String(cString: strerror(errno)))") }
        let isSignalled = status & 0x7F != 0, code = status >> 8 & 0xFF
        if isSignalled { complain("ended by signal \(status & 0x7F)") } else if code != 0 { complain("exit status \(code)") }
    }
}

/// What `:set` changes.
struct Setting: Sendable {
    let name: String
    let values: String
    let summary: String
    let get: @Sendable (Repl) -> String
    /// False for a value that it cannot have.
    let set: @Sendable (String, Repl) -> Bool

    static let all: [Setting] = [
        Setting(
            name: "colour", values: "on or off", summary: "whether the prompt and errors are coloured",
            get: { $0.style.isOn ? "on" : "off" },
            set: { text, repl in
                guard let isOn = onOff(text) else { return false }
                repl.setColour(isOn)
                return true
            }),
        Setting(
            name: "threads", values: "1 to \(Parallel.allowed.upperBound)", summary: "how many threads loops over voxels use",
            get: { _ in String(Parallel.threads) },
            set: { text, _ in
                guard let count = Int(text), Parallel.allowed.contains(count) else { return false }
                Parallel.threads = count
                return true
            }),
        Setting(
            name: "timing", values: "on or off", summary: "whether the time of every input is told",
            get: { $0.isTiming ? "on" : "off" },
            set: { text, repl in
                guard let isOn = onOff(text) else { return false }
                repl.isTiming = isOn
                return true
            }),
    ]

    private static func onOff(_ text: String) -> Bool? { text == "on" ? true : text == "off" ? false : nil }

    static func set(_ argument: String, _ repl: Repl) {
        let words = argument.split { $0 == " " || $0 == "=" }.map(String.init)
        guard let name = words.first else {
            for setting in all {
                Output.write("\(setting.name.padded(to: 9))\(setting.get(repl).padded(to: 5))\(setting.summary) (\(setting.values))\n")
            }
            return
        }
        guard let setting = all.first(where: { $0.name == name }) else {
            let nearest = Text.nearest(to: name, among: all.map(\.name)).map { "did you mean \($0)?" } ?? ":set lists them"
            return complain("error: there is no setting \(name)\nhelp: \(nearest)")
        }
        guard words.count == 2 else {
            if words.count == 1 { Output.write("\(name) \(setting.get(repl))\n") } else { complain("usage: :set \(name) VALUE") }
            return
        }
        if !setting.set(words[1], repl) { complain("error: \(name) can be \(setting.values), not \(words[1])") }
    }
}

extension String {
    var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }

    func padded(to columns: Int) -> String { self + String(repeating: " ", count: max(0, columns - Columns.width(self))) }
}
