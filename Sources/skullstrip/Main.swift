import ArgumentParser
import Glibc
import Runtime
import Support

/// The command line: `skullstrip [-e code | script | predict] [arguments…]`.
@main
struct Skullstrip: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skullstrip",
        abstract: "Brain MRI in a small language: read, clean, segment, measure, show.",
        usage: """
            skullstrip                            the prompt
            skullstrip SCRIPT [ARGUMENT ...]      run a script; - is standard input
            skullstrip -e CODE [ARGUMENT ...]     run a piece of code and show its value
            skullstrip --check SCRIPT ...         find mistakes without running anything
            skullstrip --fmt SCRIPT ...           lay scripts out in one way, in place
            skullstrip predict IMAGE ... -o OUT   brains out of heads; skullstrip predict --help has more
            """,
        discussion: """
            Options stand before the script: what follows it belongs to the script, which finds it in `args`. Without a script, and with \
            standard input not a terminal, the script is read from there. At the prompt, ? lists everything there is and ?name explains it.

            Exit status: 0, 1 after a run-time error, 2 after a syntax error or wrong usage, 130 when interrupted.
            """)

    @Option(name: .customShort("e"), help: ArgumentHelp("Run this code and show the value of its last expression; given again, it goes on.", valueName: "code"))
    var code: [String] = []

    private var evaluate: String? { code.isEmpty ? nil : code.joined(separator: "\n") }

    @Flag(help: "Write the value of the last statement to standard output as JSON; what the script prints goes to standard error.")
    var json = false

    @Flag(
        help:
            "Find the mistakes of scripts, their imports included, without running anything. With --fmt, name the scripts that it would change."
    )
    var check = false

    @Flag(help: "Lay scripts out in one way, in place; - from standard input to standard output.")
    var fmt = false

    @Option(
        help: ArgumentHelp("Use this many threads, 1 to 256; else SKULLSTRIP_THREADS, else one for each processor.", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp("Write a script that completes this command in a shell: bash, zsh or fish.", valueName: "shell"),
        completion: .list(ShellCompletion.allCases.map(\.rawValue)))
    var completions: String?

    @Flag(name: .long, help: "Show the version; with --verbose, also that of the libraries, the instruction set and the threads.")
    var version = false

    @Flag(name: .shortAndLong, help: "Say more, on standard error.")
    var verbose = false

    @Flag(name: .long, help: .hidden)
    var reference = false

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("The script and its arguments.", valueName: "script"),
        completion: .file(extensions: ["ss"]))
    var rest: [String] = []

    /// Wrong usage ends with status 2, as shells and other interpreters have it.
    static func main() {
        StandardStreams.open()
        do {
            var command = try parse()
            try command.run()
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error).isSuccess {
                Output.write(text + "\n")
                leave(0)
            }
            complain(text.hasPrefix("Error: ") ? "error: " + text.dropFirst("Error: ".count) : text)
            leave(2)
        }
    }

    mutating func run() throws {
        Memory.keepFreed()
        signal(SIGPIPE, SIG_IGN)
        Signals.install()
        // The characters' encoding alone: numbers are written with a point everywhere.
        if setlocale(LC_CTYPE, "") == nil || String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" { setlocale(LC_CTYPE, "C.UTF-8") }
        try setThreads()
        if version {
            Output.write(Version.text(verbose: verbose))
            leave(0)
        }
        if reference {
            Output.write(try Catalogue.reference())
            leave(0)
        }
        if let shell = completions {
            guard let shell = ShellCompletion(rawValue: shell) else {
                throw ValidationError("--completions: expected bash, zsh or fish, got '\(shell)'")
            }
            Output.write(shell.script)
            leave(0)
        }
        // The parser leaves to the script all that it does not know, these too.
        if let first = rest.first, first.hasPrefix("-"), first != "-", evaluate == nil {
            if first == "--help" || first == "-h" { throw CleanExit.helpRequest(self) }
            throw ValidationError(first == "--" ? "no script after --" : "unknown option '\(first)'")
        }
        if check || fmt { try examine() }
        if let code = evaluate { Script.evaluate(code, arguments: rest, json: json) }
        if let script = rest.first {
            if script == "predict" { try Predict.start(Array(rest.dropFirst())) }
            if script == "help", rest.count == 1, !FileSystem.exists(script) { throw CleanExit.helpRequest(self) }
            Script.run(script, arguments: Array(rest.dropFirst()), json: json)
        }
        if isatty(STDIN_FILENO) == 0 { Script.run("-", arguments: [], json: json) }
        if json { throw ValidationError("--json: give a script, or code with -e") }
        Repl(verbose: verbose).run()
    }
}

extension Skullstrip {
    /// `--check` and `--fmt`, and both.
    private func examine() throws -> Never {
        if json { throw ValidationError("--json has no meaning with --check or --fmt") }
        if let code = evaluate {
            if fmt { throw ValidationError("--fmt lays out scripts, not code from -e") }
            Script.check([.code(code)])
        }
        let paths = rest.isEmpty && isatty(STDIN_FILENO) == 0 ? ["-"] : rest
        if paths.isEmpty { throw ValidationError("no script given") }
        if fmt { Script.layOut(paths, onlyCheck: check) }
        Script.check(paths.map { .file($0) })
    }

    /// The option before the environment; a number that makes no sense is wrong usage, wherever it comes from.
    private func setThreads() throws {
        let name: String, text: String
        if let threads {
            (name, text) = ("--threads", "\(threads)")
        } else if let value = getenv("SKULLSTRIP_THREADS"), value[0] != 0 {
            (name, text) = ("SKULLSTRIP_THREADS", String(cString: value))
        } else {
            return
        }
        guard let count = Int(text), Parallel.allowed.contains(count) else {
            throw ValidationError("\(name): expected a whole number from 1 to \(Parallel.allowed.upperBound), got '\(text)'")
        }
        Parallel.threads = count
    }
}

/// Text on standard error, with the newline that it lacks.
func complain(_ text: String) {
    StatusLine.shared.clear()
    Output.write(text.hasSuffix("\n") ? text : text + "\n", to: STDERR_FILENO)
}

/// Tells an error of a run without a prompt.
func complain(_ error: any Error, in session: Session) {
    complain(Style(isOn: Output.wantsColour(STDERR_FILENO)).error(session.render(error)))
}

/// Ends the program at once: everything written is already out, and no value needs to be taken apart.
func leave(_ status: Int32) -> Never {
    StatusLine.shared.clear()
    _exit(status)
}
