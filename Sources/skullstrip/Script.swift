import Glibc
import Runtime
import Support
import Syntax

/// Running without a prompt. Each way ends the program with its status.
enum Script {
    /// A file, or standard input for StandardInput.path.
    static func run(_ path: String, arguments: [String], json: Bool) -> Never {
        if [".nii", ".nii.gz", ".safetensors"].contains(where: path.isFile) {
            complain("error: \"\(path)\" is data, not a script\nhelp: start the prompt with skullstrip, and type v = load(\"\(path)\")")
            leave(2)
        }
        let session = makeSession(arguments, json: json)
        finish(session) {
            let value =
                path == StandardInput.path
                ? try session.run(bytes: try StandardInput.read(typed: true), name: StandardInput.title) : try session.run(file: path)
            if json { try write(json: value, session) }
        }
    }

    /// Code from the command line. The value of its last expression is shown.
    static func evaluate(_ code: String, arguments: [String], json: Bool) -> Never {
        let session = makeSession(arguments, json: json)
        finish(session) {
            let value = try session.run(bytes: Array(code.utf8), name: "-e")
            // What was interrupted in the last call may have come to its end all the same.
            try Interrupt.check()
            if json {
                try write(json: value, session)
            } else if let text = try Echo.text(for: value, of: code, in: session) {
                Output.write(text + "\n")
            }
        }
    }

    /// With JSON on standard output, what a script prints must go elsewhere.
    private static func makeSession(_ arguments: [String], json: Bool) -> Session {
        Catalogue.session(arguments: arguments, output: json ? STDERR_FILENO : STDOUT_FILENO)
    }

    private static func write(json value: Value, _ session: Session) throws {
        try Interrupt.check()
        Output.write(try session.json(value) + "\n")
    }

    private static func finish(_ session: Session, _ body: () throws -> Void) -> Never {
        Signals.begin(script: true)
        do {
            try body()
            try Interrupt.check()
            leave(0)
        } catch {
            complain(error, in: session)
            leave(status(of: error))
        }
    }

    static func status(of error: any Error) -> Int32 {
        if error is Interrupted { return 130 }
        return error is SyntaxErrors || error is Diagnostic ? 2 : 1
    }

    // MARK: - Without running

    /// What `--check` looks at.
    enum Subject {
        case file(String)
        case code(String)
    }

    /// Tells the mistakes of every script on standard error. The status is 2 where there are any.
    static func check(_ subjects: [Subject]) -> Never {
        let session = Catalogue.session(arguments: [])
        each(subjects, session) { subject in
            switch subject {
            case .code(let code): try session.check(source: code, name: "-e")
            case .file(StandardInput.path): try session.check(bytes: try StandardInput.read(typed: true), name: StandardInput.title)
            case .file(let path): try session.check(file: path)
            }
            return 0
        }
    }

    /// Writes scripts anew in the one layout, those alone that it changes; with `onlyCheck` names them instead, and ends with status 1.
    static func layOut(_ paths: [String], onlyCheck: Bool) -> Never {
        each(paths, Catalogue.session(arguments: [])) { path in
            let isStream = path == StandardInput.path
            let bytes = isStream ? try StandardInput.read(typed: true) : try Session.scriptBytes(path)
            let source = try Source(name: isStream ? StandardInput.title : path, bytes: bytes)
            let text = try Formatter.format(source)
            let isChanged = Array(text.utf8) != bytes
            if onlyCheck {
                if isChanged { Output.write(source.name + "\n") }
                return isChanged ? 1 : 0
            }
            if isStream { Output.write(text) } else if isChanged { try AtomicFile.write(Array(text.utf8), to: path) }
            return 0
        }
    }

    /// Goes on after an error; the status is the largest.
    private static func each<T>(_ subjects: [T], _ session: Session, _ body: (T) throws -> Int32) -> Never {
        Signals.begin(script: true)
        var worst: Int32 = 0
        for subject in subjects {
            do {
                try Interrupt.check()
                worst = max(worst, try body(subject))
            } catch {
                complain(error, in: session)
                if error is Interrupted { leave(130) }
                worst = max(worst, status(of: error))
            }
        }
        leave(worst)
    }
}
