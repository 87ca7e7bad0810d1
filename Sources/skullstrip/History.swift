import Glibc
import Support

/// What was typed, kept between runs: one input a line, line breaks inside written as `\n`. Inputs are appended one by one, so that
/// sessions side by side keep each other's; a file that has grown to twice the limit is cut at the next start, while nobody else writes.
final class HistoryFile {
    static let limit = 5000
    /// Longer inputs are remembered by the session alone.
    private static let longest = 1 << 16
    /// Of a file that is larger, for whatever reason, the end is read.
    private static let largest = 16 << 20

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
    }

    /// Reads what earlier sessions left. Apart from the start, so that the prompt need not wait for it.
    func load() {
        guard let path, let bytes = Self.read(path) else { return }
        let lines = bytes.split(separator: 10)
        entries = lines.suffix(Self.limit).compactMap { line in
            guard line.count <= 2 * Self.longest, !line.contains(0) else { return nil }
            let text =
                line.contains(UInt8(ascii: "\\"))
                ? Self.unescaped(String(decoding: line, as: UTF8.self)) : String(decoding: line, as: UTF8.self)
            return text.isEmpty ? nil : text
        }
        if lines.count > 2 * Self.limit || bytes.count == Self.largest { cut(path) }
    }

    /// Nil for what is no plain file.
    private static func read(_ path: String) -> [UInt8]? {
        // A pipe in the file's place must not hold up the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let size = Int(status.st_size), start = max(0, size - largest)
        return [UInt8](unsafeUninitializedCapacity: size - start) { buffer, count in
            while count < buffer.count {
                let n = pread(descriptor, buffer.baseAddress! + count, buffer.count - count, off_t(start + count))
                if n <= 0 { break }
                count += n
            }
        }
    }

    /// Keeps the newest inputs. Another session may have added some since this one looked.
    private func cut(_ path: String) {
        locked(path) {
            guard let bytes = Self.read(path) else { return }
            let kept = bytes.split(separator: 10).suffix(Self.limit)
            try? AtomicFile.write(Array(kept.joined(separator: [10])) + [10], to: path)
            chmod(path, 0o600)
        }
    }

    /// Runs `body` while no other session writes. A lock that cannot be had is no reason to lose an input.
    private func locked(_ path: String, _ body: () -> Void) {
        let lock = open(path + ".lock", O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        if lock >= 0 {
            // A session that was stopped with the lock in hand holds up nobody for long.
            var tries = 0
            while flock(lock, LOCK_EX | LOCK_NB) != 0, tries < 50 {
                usleep(2000)
                tries += 1
            }
        }
        body()
        if lock >= 0 { close(lock) }
    }

    /// Keeps an input, unless it repeats the one before.
    func add(_ text: String) {
        guard !text.isEmpty, entries.last != text else { return }
        entries.append(text)
        guard let path, text.utf8.count <= Self.longest else { return }
        locked(path) {
            let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
            guard descriptor >= 0 else { return }
            // One write, so that lines of two sessions do not mix.
            var line = Self.escaped(text) + "\n"
            line.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
            close(descriptor)
        }
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
