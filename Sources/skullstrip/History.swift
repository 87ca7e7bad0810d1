import Glibc
import Support

/// What was typed, kept between runs: one input a line, line breaks inside written as `\n`. Inputs are appended one by one, so that
/// sessions side by side keep each other's; a file that has grown to twice the limit is cut at the next start.
final class HistoryFile {
    static let limit = 5000
    private let path: String?
    private(set) var entries: [String] = []

    /// `$XDG_STATE_HOME/skullstrip/history`, or `~/.local/state/skullstrip/history`; without a home nothing is kept.
    init() {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        guard let state = variable("XDG_STATE_HOME") ?? variable("HOME").map({ $0 + "/.local/state" }) else {
            path = nil
            return
        }
        let folder = state + "/skullstrip"
        var partial = ""
        for part in folder.split(separator: "/") {
            partial += "/" + part
            mkdir(partial, 0o700)
        }
        path = folder + "/history"
        load()
    }

    private func load() {
        guard let path, let file = fopen(path, "re") else { return }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?, capacity = 0
        defer { free(line) }
        while true {
            let n = getline(&line, &capacity, file)
            guard n > 0, let line else { break }
            let bytes = UnsafeRawBufferPointer(start: line, count: line[n - 1] == 10 ? n - 1 : n)
            let text = Self.unescaped(String(decoding: bytes, as: UTF8.self))
            if !text.isEmpty, !text.utf8.contains(0) { entries.append(text) }
        }
        let total = entries.count
        if total > Self.limit { entries.removeFirst(total - Self.limit) }
        if total > 2 * Self.limit {
            try? AtomicFile.write(Array(entries.map { Self.escaped($0) + "\n" }.joined().utf8), to: path)
            chmod(path, 0o600)
        }
    }

    /// Keeps an input, unless it repeats the one before.
    func add(_ text: String) {
        guard !text.isEmpty, entries.last != text else { return }
        entries.append(text)
        guard let path else { return }
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        // One write, so that lines of two sessions do not mix.
        var line = Self.escaped(text) + "\n"
        line.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for c in text.unicodeScalars {
            switch c {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(c)
            }
        }
        return result
    }

    private static func unescaped(_ text: String) -> String {
        var result = String.UnicodeScalarView(), after = false
        for c in text.unicodeScalars {
            if after {
                result.append(c == "n" ? "\n" : c)
                after = false
            } else if c == "\\" {
                after = true
            } else {
                result.append(c)
            }
        }
        return String(result)
    }
}
