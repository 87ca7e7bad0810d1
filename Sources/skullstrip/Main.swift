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
            skullstrip predict IMAGE ... -o OUT   brains out of heads; skullstrip predict --help has more
            """,
        discussion: """
            Options stand before the script: what follows it belongs to the script, which finds it in `args`. Without a script, and with \
            standard input not a terminal, the script is read from there. At the prompt, ? lists everything there is and ?name explains it.

            Exit status: 0, 1 after a run-time error, 2 after a syntax error or wrong usage, 130 when interrupted.
            """)

    @Option(name: .short, help: ArgumentHelp("Run this code and show the value of its last expression.", valueName: "code"))
    var evaluate: String?

    @Flag(name: .long, help: "Show the version; with --verbose, also that of the libraries, the instruction set and the threads.")
    var version = false

    @Flag(name: .shortAndLong, help: "Say more, on standard error.")
    var verbose = false

    @Option(
        help: ArgumentHelp("Use this many threads, 1 to 256; else SKULLSTRIP_THREADS, else one for each processor.", valueName: "n"))
    var threads: Int?

    @Flag(name: .long, help: .hidden)
    var reference = false

    @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("The script and its arguments.", valueName: "script"))
    var rest: [String] = []

    /// Wrong usage ends with status 2, as shells and other interpreters have it.
    static func main() {
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
        if let code = evaluate { Script.evaluate(code, arguments: rest, verbose: verbose) }
        if let script = rest.first {
            if script == "predict" { try Predict.start(Array(rest.dropFirst())) }
            // The parser leaves to the script all that it does not know, these too.
            if script == "--help" || script == "-h" { throw CleanExit.helpRequest(self) }
            if script.hasPrefix("-"), script != "-" {
                throw ValidationError(script == "--" ? "no script after --" : "unknown option '\(script)'")
            }
            Script.run(script, arguments: Array(rest.dropFirst()), verbose: verbose)
        }
        if isatty(STDIN_FILENO) == 0 { Script.run("-", arguments: [], verbose: verbose) }
        Repl(verbose: verbose).run()
    }
}

extension Skullstrip {
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

/// Ends the program at once: everything written is already out, and no value needs to be taken apart.
func leave(_ status: Int32) -> Never {
    StatusLine.shared.clear()
    _exit(status)
}
