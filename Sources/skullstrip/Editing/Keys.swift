import Glibc
import Support

/// What somebody does at the keyboard.
enum Key: Equatable {
    case text(Unicode.Scalar)
    /// With the letter that is held down with Ctrl: "A" to "Z", "_" and the like; Tab is "I", Enter "M".
    case control(Character)
    /// With the letter that is held down with Alt, or typed after Escape.
    case alt(Character)
    case up, down, left, right, home, end, delete, backspace, wordLeft, wordRight, enter, escape
    /// What the terminal pastes.
    case paste(String)
    /// The window has another size.
    case resized
    /// The terminal is gone.
    case closed
    /// A sequence that means nothing here.
    case unknown
}

/// A terminal that gives every key as it is pressed, for as long as a line is edited.
final class KeyReader {
    private var saved = termios()
    /// A byte that was read too early.
    private var unread: UInt8?
    /// Longer pastes are cut.
    private static let longestPaste = 1 << 22

    /// False where standard input is no terminal.
    func begin() -> Bool {
        guard tcgetattr(STDIN_FILENO, &saved) == 0 else { return false }
        var raw = saved
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR | IGNCR | ISTRIP | BRKINT)
        withUnsafeMutableBytes(of: &raw.c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
        return tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0
    }

    /// Gives the terminal back as it was.
    func finish() { tcsetattr(STDIN_FILENO, TCSANOW, &saved) }

    /// Whether another key has been pressed already.
    var isWaiting: Bool { unread != nil || isReady(within: 0) }

    private func isReady(within milliseconds: Int32) -> Bool {
        var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&ready, 1, milliseconds) > 0
    }

    /// Waits for a key. A Ctrl-C that comes as a signal, from another program, counts as the key.
    func next() -> Key {
        while unread == nil {
            var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let n = poll(&ready, 1, 500)
            if Signals.takeResized() { return .resized }
            if Interrupt.isRaised {
                Interrupt.clear()
                return .control("C")
            }
            if n > 0 { break }
            if n < 0, errno != EINTR { return .closed }
        }
        guard let first = byte() else { return .closed }
        switch first {
        case 13, 10: return .enter
        case 8, 127: return .backspace
        case 27: return escape()
        case 0..<32: return .control(Character(Unicode.Scalar(first + 64)))
        case 32..<127: return .text(Unicode.Scalar(first))
        default: return .text(scalar(first))
        }
    }

    /// The next byte; nil at the end of the input.
    private func byte() -> UInt8? {
        if let byte = unread {
            unread = nil
            return byte
        }
        var b: UInt8 = 0
        while true {
            let n = read(STDIN_FILENO, &b, 1)
            if n == 1 { return b }
            if n == 0 || errno != EINTR { return nil }
        }
    }

    /// The rest of a character in UTF-8. One that is cut short leaves the keys after it alone.
    private func scalar(_ first: UInt8) -> Unicode.Scalar {
        let length = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 1
        var bytes = [first]
        while bytes.count < length, let next = byte() {
            guard next & 0xC0 == 0x80 else {
                unread = next
                break
            }
            bytes.append(next)
        }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
    }

    /// What follows an Escape: nothing for the key itself, a letter for Alt, or a terminal's code.
    private func escape() -> Key {
        guard isReady(within: 50), let first = byte() else { return .escape }
        switch first {
        case UInt8(ascii: "["): return sequence()
        case UInt8(ascii: "O"):
            guard isReady(within: 50), let final = byte() else { return .unknown }
            return named(final, [])
        case 8, 127: return .alt("\u{7F}")
        case 13, 10: return .alt("\n")
        case 27:
            unread = first
            return .escape
        case 32..<127: return .alt(Character(Unicode.Scalar(first)))
        default:
            if first >= 128 { _ = scalar(first) }
            return .unknown
        }
    }

    /// `ESC [ numbers final`.
    private func sequence() -> Key {
        var digits: [UInt8] = []
        while digits.count < 32 {
            guard isReady(within: 50), let next = byte() else { return .unknown }
            switch next {
            case 0x30...0x3F: digits.append(next)
            case 0x20...0x2F: break
            case 0x40...0x7E:
                let numbers = digits.split(separator: UInt8(ascii: ";")).map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
                return named(next, numbers)
            default:
                // No part of a sequence: a key of its own.
                unread = next
                return .unknown
            }
        }
        return .unknown
    }

    private func named(_ final: UInt8, _ numbers: [Int]) -> Key {
        // The second number tells the keys held down: 3 Alt, 5 Ctrl.
        let isModified = numbers.count > 1 && [3, 5, 7].contains(numbers[1])
        switch (final, numbers.first) {
        case (UInt8(ascii: "A"), _): return .up
        case (UInt8(ascii: "B"), _): return .down
        case (UInt8(ascii: "C"), _): return isModified ? .wordRight : .right
        case (UInt8(ascii: "D"), _): return isModified ? .wordLeft : .left
        case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), 1), (UInt8(ascii: "~"), 7): return .home
        case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), 4), (UInt8(ascii: "~"), 8): return .end
        case (UInt8(ascii: "~"), 3): return .delete
        case (UInt8(ascii: "~"), 200): return .paste(paste())
        default: return .unknown
        }
    }

    /// Everything up to the terminal's end-of-paste code. A paste that does not end is left with Ctrl-C.
    private func paste() -> String {
        let end = Array("\u{1B}[201~".utf8)
        var bytes: [UInt8] = [], matched = 0
        func keep(_ byte: UInt8) { if bytes.count < Self.longestPaste { bytes.append(byte) } }
        while matched < end.count, let next = byte() {
            if next == end[matched] {
                matched += 1
                continue
            }
            for byte in end[..<matched] { keep(byte) }
            matched = next == end[0] ? 1 : 0
            if matched > 0 { continue }
            if next == 3, !isReady(within: 50) { break }
            keep(next)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
