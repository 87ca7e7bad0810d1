import Glibc
import Runtime
import Support
import Synchronization
import Syntax

/// Unbuffered writing: what a script has printed is out when it stops, for whatever reason.
enum Output {
    /// What is written at a time, in bytes.
    private static let longest = 1 << 16

    static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
        if descriptor == STDOUT_FILENO { StatusLine.shared.hide() }
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                // Ctrl-C ends a long text, which a terminal may take seconds to show.
                if done >= longest, descriptor == STDOUT_FILENO, Interrupt.isRaised { return }
                let n = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, longest))
                if n >= 0 {
                    done += n
                } else if errno == EAGAIN {
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, 1000)
                } else if errno != EINTR {
                    // A reader that has left (`| head`) is no news; anything else, a full disk say, is.
                    let reason = errno
                    if descriptor == STDOUT_FILENO, reason != EPIPE {
                        write("error: cannot write to standard output: \(String(cString: strerror(reason)))\n", to: STDERR_FILENO)
                    }
                    if descriptor == STDOUT_FILENO { _exit(1) }
                    return
                }
            }
        }
    }

    /// Help and the like, in lines that fit the terminal.
    static func write(wrapped text: String) { write(Text.wrapped(text, to: columns())) }

    static let isTerminal = isatty(STDOUT_FILENO) != 0

    /// Colour for people who look at a terminal and have not declined it (no-color.org).
    static func wantsColour(_ descriptor: Int32) -> Bool {
        guard isatty(descriptor) != 0 else { return false }
        if let no = getenv("NO_COLOR"), no.pointee != 0 { return false }
        if let term = getenv("TERM") { return String(cString: term) != "dumb" }
        return false
    }

    /// Width of the terminal behind a descriptor; 80 where there is none.
    static func columns(_ descriptor: Int32 = STDOUT_FILENO) -> Int {
        var size = winsize()
        return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}

/// Ways to set text off, empty where there is no colour.
struct Style {
    let isOn: Bool

    func callAsFunction(_ code: String, _ text: String) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

    /// An error as rendered, with the words that its lines begin with set off.
    func error(_ text: String) -> String {
        let codes = ["error:": "1;31", "help:": "36"]
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            for (word, code) in codes where line.hasPrefix(word) { return self(code, word) + line.dropFirst(word.count) }
            return String(line)
        }.joined(separator: "\n")
    }
}

/// The line on standard error that shows how far long work has come: drawn over at most ten times a second, cut to the terminal's width,
/// out of the way while other text is written, and gone at the end.
final class StatusLine: @unchecked Sendable {
    static let shared = StatusLine()

    private struct State {
        var line = ""
        var isDrawn = false
        var drawnAt = 0.0
    }
    private let state = Mutex(State())
    private let isVisible = isatty(STDERR_FILENO) != 0

    /// The sink that a session reports to. It speaks in terminal codes: carriage return and erase before a line, newline to keep one.
    var sink: ProgressSink {
        ProgressSink(isVisible: isVisible) { [self] text in
            let erase = "\r\u{1B}[2K"
            if text == erase {
                clear()
            } else if text.hasPrefix(erase) {
                update(String(text.dropFirst(erase.count)))
            } else if text == "\n" {
                keep()
            } else {
                Output.write(text, to: STDERR_FILENO)
            }
        }
    }

    private func update(_ line: String) {
        state.withLock { s in
            s.line = line
            let now = Clock.seconds
            guard !s.isDrawn || now - s.drawnAt >= 0.1 else { return }
            draw(&s, now)
        }
    }

    private func draw(_ s: inout State, _ now: Double) {
        // One column is left free: a full line would make the cursor wrap.
        let cut = Columns.cut(s.line, to: Output.columns(STDERR_FILENO) - 1)
        Output.write("\r\u{1B}[2K\(cut)", to: STDERR_FILENO)
        s.isDrawn = true
        s.drawnAt = now
    }

    /// Leaves the last line standing.
    private func keep() {
        state.withLock { s in
            if !s.line.isEmpty {
                draw(&s, Clock.seconds)
                Output.write("\n", to: STDERR_FILENO)
            }
            s = State()
        }
    }

    func clear() {
        hide()
        state.withLock { $0 = State() }
    }

    /// Takes the line off the screen; the next update brings it back.
    func hide() {
        state.withLock { s in
            if s.isDrawn { Output.write("\r\u{1B}[2K", to: STDERR_FILENO) }
            s.isDrawn = false
        }
    }
}

/// Text measured in the columns of a terminal.
enum Columns {
    static func width(_ scalar: Unicode.Scalar) -> Int { Width.of(Character(scalar)) }

    static func width(_ text: String) -> Int {
        var total = 0, inCode = false
        for scalar in text.unicodeScalars {
            if inCode {
                if scalar.properties.isAlphabetic { inCode = false }
            } else if scalar == "\u{1B}" {
                inCode = true
            } else {
                total += width(scalar)
            }
        }
        return total
    }

    /// The text up to a number of columns. Colour codes take none, and are closed when the cut falls between them.
    static func cut(_ text: String, to columns: Int) -> String {
        if width(text) <= columns { return text }
        var result = String.UnicodeScalarView(), used = 0, inCode = false, coloured = false
        for scalar in text.unicodeScalars {
            if inCode {
                if scalar.properties.isAlphabetic { inCode = false }
            } else if scalar == "\u{1B}" {
                inCode = true
                coloured = true
            } else {
                used += width(scalar)
                if used > columns - 1 { break }
            }
            result.append(scalar)
        }
        return String(result) + (coloured ? "\u{1B}[0m" : "") + (columns > 0 ? "…" : "")
    }

    /// Words in columns, down first, as `ls` shows names.
    static func table(_ words: [String], width total: Int) -> String {
        guard let widest = words.map(width).max() else { return "" }
        let across = max(1, total / (widest + 2)), rows = (words.count + across - 1) / across
        var text = ""
        for row in 0..<rows {
            var line = ""
            for n in stride(from: row, to: words.count, by: rows) {
                line += words[n]
                if n + rows < words.count { line += String(repeating: " ", count: widest + 2 - width(words[n])) }
            }
            text += line + "\n"
        }
        return text
    }
}
