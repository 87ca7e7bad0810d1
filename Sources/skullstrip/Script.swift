import Glibc
import Runtime
import Support
import Syntax

/// Running without a prompt. Each way ends the program with its status.
enum Script {
    /// A file, or standard input for "-".
    static func run(_ path: String, arguments: [String], verbose: Bool) -> Never {
        if path.hasSuffix(".nii") || path.hasSuffix(".nii.gz") || path.hasSuffix(".safetensors") {
            complain("error: \"\(path)\" is data, not a script\nhelp: start the prompt with skullstrip, and type v = load(\"\(path)\")")
            leave(2)
        }
        let session = makeSession(arguments: arguments)
        finish(session) {
            if path == "-" {
                _ = try session.run(bytes: try readStandardInput(), name: "standard input")
            } else {
                _ = try session.run(file: path)
            }
        }
    }

    /// Code from the command line. The value of its last expression is shown.
    static func evaluate(_ code: String, arguments: [String], verbose: Bool) -> Never {
        let session = makeSession(arguments: arguments)
        finish(session) {
            let value = try session.run(source: code, name: "-e")
            // What was interrupted in the last call may have come to its end all the same.
            try Interrupt.check()
            if let text = Echo.text(for: value, of: code, in: session) { Output.write(text + "\n") }
        }
    }

    private static func makeSession(arguments: [String]) -> Session {
        Catalogue.session(arguments: arguments)
    }

    private static func finish(_ session: Session, _ body: () throws -> Void) -> Never {
        Signals.begin(script: true)
        do {
            try body()
            try Interrupt.check()
            leave(0)
        } catch {
            complain(session.render(error))
            leave(status(of: error))
        }
    }

    static func status(of error: any Error) -> Int32 {
        if error is Interrupted { return 130 }
        return error is SyntaxErrors || error is Diagnostic ? 2 : 1
    }

    private static func readStandardInput() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let n = read(STDIN_FILENO, &chunk, chunk.count)
            if n > 0 {
                bytes += chunk[..<n]
            } else if n == 0 {
                return bytes
            } else if errno != EINTR {
                throw FileError.cannotRead(path: "standard input", reason: String(cString: strerror(errno)))
            }
        }
    }
}
