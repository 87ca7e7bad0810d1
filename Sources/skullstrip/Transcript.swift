import Runtime
import Support

/// The inputs of a session that ran without an error, for `:save`.
struct Transcript {
    private struct Entry {
        let text: String
        /// Where the expression begins whose value went into `ans`; nil where none did.
        let expression: Int?
    }

    private var entries: [Entry] = []
    /// Files that this session has written, and may write again.
    private var saved: Set<String> = []

    /// Keeps which files are this session's.
    mutating func forget() { entries = [] }

    mutating func add(_ text: String, expression: Int?) { entries.append(Entry(text: text, expression: expression)) }

    /// What `:load` ran.
    mutating func add(script: String, from path: String) {
        entries.append(Entry(text: "# \(path)\n" + script.trimmed, expression: nil))
    }

    /// A script that does the same: where an input reads `ans`, the ones before bind it, as the prompt did.
    private var script: String {
        let readsAns = entries.contains { Self.mentions($0.text) }
        return entries.map { entry in
            guard readsAns, let place = entry.expression else { return entry.text + "\n" }
            let bytes = Array(entry.text.utf8)
            return String(decoding: bytes[..<place] + Array("ans = ".utf8) + bytes[place...], as: UTF8.self) + "\n"
        }.joined()
    }

    private static func mentions(_ text: String) -> Bool {
        text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains("ans")
    }

    mutating func save(to name: String, _ repl: Repl) {
        guard let path = Command.path(name) else { return complain("usage: :save FILE.ss") }
        guard !entries.isEmpty else { return complain("error: nothing to save: no input has run without an error yet") }
        if FileSystem.exists(path), !FileSystem.isFolder(path), !saved.contains(FileSystem.identity(path)) {
            return complain("error: there is a file \"\(name)\" already, which this session has not written\nhelp: give another name, or remove it first: !rm \(name)")
        }
        let (script, count) = (script, entries.count)
        if repl.attempt({ try AtomicFile.write(Array(script.utf8), to: path) }) {
            saved.insert(FileSystem.identity(path))
            Output.write("\(count) input\(count == 1 ? "" : "s") written to \(name)\n")
        }
    }
}
