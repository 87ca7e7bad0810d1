import Glibc
import Support

/// Lines typed at a terminal: editing in the manner of Emacs, history with search, completion, pastes of several lines.
final class LineEditor {
    enum Input {
        case line(String)
        /// Ctrl-C.
        case cancelled
        /// Ctrl-D on an empty line.
        case end
    }

    /// What Tab offers for the text before the cursor.
    private let complete: (String) -> Completion
    private let keys = KeyReader()
    private var past = PastInputs()
    private var buffer = EditBuffer()
    private var screen = Screen(Style(isOn: false))
    private var prompt = ""
    /// What was cut last, for Ctrl-Y.
    private var cut = ""
    private var undo: [EditBuffer] = []
    /// Terminals that cannot move the cursor edit lines by themselves.
    private let isPlain: Bool
    /// Called once, when the first prompt is on the screen and before the first key is looked at.
    var onFirstPrompt: (() -> Void)?

    /// Nil when there is no terminal to edit on.
    init?(complete: @escaping (String) -> Completion) {
        guard isatty(STDIN_FILENO) != 0 else { return nil }
        self.complete = complete
        let name = getenv("TERM").map { String(cString: $0) } ?? ""
        isPlain = ["", "dumb", "unknown"].contains(name)
    }

    /// Makes an input reachable with the arrow keys and Ctrl-R.
    func remember(_ text: String) { past.add(text) }

    /// Reads one input; pasted or recalled text may hold several lines.
    func read(prompt text: String, _ style: Style) -> Input {
        prompt = text + " "
        if isPlain { return readPlain() }
        guard keys.begin() else { return .end }
        screen = Screen(style)
        buffer = EditBuffer()
        undo = []
        past.finish()
        Signals.watchWindow(true)
        Output.write("\u{1B}[?2004h")
        defer {
            Output.write("\u{1B}[?2004l")
            Signals.watchWindow(false)
            keys.finish()
        }
        draw()
        begin()
        while true {
            if let input = take(keys.next()) { return input }
            // Of keys that come faster than they can be shown, the last is drawn.
            if !keys.isWaiting { draw() }
        }
    }

    private func begin() {
        let first = onFirstPrompt
        onFirstPrompt = nil
        first?()
    }

    private func draw() { screen.draw(.init(prompt: prompt, more: "  ...> ", buffer: buffer)) }

    /// A line as the terminal itself edits it.
    private func readPlain() -> Input {
        Output.write(prompt)
        begin()
        var bytes: [UInt8] = []
        while true {
            var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let n = poll(&ready, 1, 500)
            if Interrupt.isRaised {
                Interrupt.clear()
                Output.write("\n")
                return .cancelled
            }
            if n <= 0 { continue }
            var b: UInt8 = 0
            let count = Glibc.read(STDIN_FILENO, &b, 1)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return bytes.isEmpty ? .end : .line(String(decoding: bytes, as: UTF8.self)) }
            if b == 10 { return .line(String(decoding: bytes, as: UTF8.self)) }
            bytes.append(b)
        }
    }

    // MARK: - Keys

    /// Does what a key asks for; an input where it ends one.
    private func take(_ key: Key) -> Input? {
        let before = buffer
        let isRecall = key == .up || key == .down || key == .control("P") || key == .control("N") || key == .resized
        switch key {
        case .enter: return submit()
        case .closed: return .end
        case .control("C"):
            buffer.move(to: buffer.characters.count)
            draw()
            Output.write("^C")
            screen.leave()
            return .cancelled
        case .control("D") where buffer.isEmpty: return .end
        case .control("Z"): suspend()
        case .control("R"), .control("S"):
            if let next = search(backward: key == .control("R")) { return take(next) }
        case .control("I"): completeWord()
        case .control("L"): screen.clear()
        case .control("_"): if let earlier = undo.popLast() { buffer = earlier }
        case .resized: screen.resize()
        // Within several lines, unless they have just been recalled on the way through the history.
        case .up, .control("P"): if past.isUnderWay || !buffer.moveLine(down: false) { recall(older: true) }
        case .down, .control("N"): if past.isUnderWay || !buffer.moveLine(down: true) { recall(older: false) }
        default: edit(key)
        }
        if !isRecall, buffer != before { past.finish() }
        if !isRecall, key != .control("_"), buffer.characters != before.characters {
            undo.append(before)
            if undo.count > 1000 { undo.removeFirst(500) }
        }
        return nil
    }

    private func submit() -> Input {
        buffer.move(to: buffer.characters.count)
        draw()
        screen.leave()
        return .line(buffer.text)
    }

    /// Keys that move the cursor or change the text.
    private func edit(_ key: Key) {
        let cursor = buffer.cursor, end = buffer.characters.count
        switch key {
        case .text(let scalar): buffer.insert(String(Character(scalar)))
        case .paste(let text): buffer.insert(Self.plain(text))
        case .alt("\n"): buffer.insert("\n")
        case .left, .control("B"): buffer.move(to: cursor - 1)
        case .right, .control("F"): buffer.move(to: cursor + 1)
        case .home, .control("A"): buffer.move(to: buffer.lineStart)
        case .end, .control("E"): buffer.move(to: buffer.lineEnd)
        case .wordLeft, .alt("b"): buffer.move(to: buffer.wordStart)
        case .wordRight, .alt("f"): buffer.move(to: buffer.wordEnd)
        case .alt("<"): buffer.move(to: 0)
        case .alt(">"): buffer.move(to: end)
        case .backspace: if cursor > 0 { buffer.remove(cursor - 1..<cursor) }
        case .delete, .control("D"): if cursor < end { buffer.remove(cursor..<cursor + 1) }
        case .control("K"): kill(cursor..<(buffer.lineEnd > cursor ? buffer.lineEnd : min(cursor + 1, end)))
        case .control("U"): kill(buffer.lineStart..<cursor)
        case .control("W"): kill(buffer.blankStart..<cursor)
        case .alt("\u{7F}"): kill(buffer.wordStart..<cursor)
        case .alt("d"): kill(cursor..<buffer.wordEnd)
        case .control("Y"): buffer.insert(cut)
        case .control("T"): buffer.transpose()
        case .escape, .control("G"), .control("Q"), .unknown: break
        default: Output.write("\u{07}")
        }
    }

    private func kill(_ range: Range<Int>) { if !range.isEmpty { cut = buffer.remove(range) } }

    /// What is pasted as text: line ends of all kinds, blanks for tabs, no control characters.
    private static func plain(_ text: String) -> String {
        var view = String.UnicodeScalarView(), previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\r": view.append("\n")
            case "\n" where previous == "\r": break
            case "\t": view.append(contentsOf: "    ".unicodeScalars)
            default: if scalar == "\n" || scalar.value >= 32 && scalar.value != 127 { view.append(scalar) }
            }
            previous = scalar
        }
        while view.last == "\n" { view.removeLast() }
        return String(view)
    }

    private func suspend() {
        screen.leave()
        keys.finish()
        Glibc.kill(0, SIGTSTP)
        _ = keys.begin()
    }

    // MARK: - History

    private func recall(older: Bool) {
        guard let text = older ? past.older(than: buffer) : past.newer() else { return Output.write("\u{07}") }
        buffer = EditBuffer(text)
    }

    /// Ctrl-R: the newest input that holds what is typed; Ctrl-R again for older ones, Ctrl-S for newer. Gives the key that ended it, where that
    /// is more than the end.
    private func search(backward: Bool) -> Key? {
        let before = buffer
        var query = "", place = past.entries.count, isFound = true
        func look(_ backward: Bool, from start: Int) {
            isFound = false
            var i = start
            while past.entries.indices.contains(i) {
                if !query.isEmpty, past.entries[i].contains(query), past.entries[i] != buffer.text || i == place {
                    (place, isFound, buffer) = (i, true, EditBuffer(past.entries[i]))
                    return
                }
                i += backward ? -1 : 1
            }
            if query.isEmpty { isFound = true }
        }
        func show() {
            screen.draw(.init(prompt: (isFound ? "search" : "not found") + " \"\(query)\" ", more: "  ...> ", buffer: buffer))
        }
        show()
        while true {
            let key = keys.next()
            switch key {
            case .text(let scalar):
                query.unicodeScalars.append(scalar)
                look(true, from: min(place, past.entries.count - 1))
            case .backspace:
                if !query.isEmpty { query.removeLast() }
                place = past.entries.count
                look(true, from: place - 1)
            case .control("R"): look(true, from: place - 1)
            case .control("S"): look(false, from: place + 1)
            case .control("G"), .control("C"):
                buffer = before
                return nil
            case .resized: screen.resize()
            case .escape, .unknown, .paste: return nil
            default: return key
            }
            if !keys.isWaiting { show() }
        }
    }

    // MARK: - Completion

    private func completeWord() {
        let before = buffer.beforeCursor
        if before.allSatisfy({ $0 == " " }) { return buffer.insert("    ") }
        let offer = complete(before)
        if offer.candidates.isEmpty, offer.note == nil { return Output.write("\u{07}") }
        let single = offer.candidates.count == 1
        let text = single ? offer.candidates[0] + offer.closing : offer.common
        if !offer.candidates.isEmpty, text.count > offer.replaced.count || (single && text != offer.replaced) {
            buffer.remove(max(0, buffer.cursor - offer.replaced.count)..<buffer.cursor)
            return buffer.insert(text)
        }
        if single, offer.note == nil { return }
        var list = offer.note.map { Text.wrapped($0, to: Output.columns()) + "\n" } ?? ""
        let shown = offer.candidates.prefix(300)
        list += Columns.table(Array(shown), width: Output.columns())
        if shown.count < offer.candidates.count { list += "… \(offer.candidates.count - shown.count) more\n" }
        draw()
        screen.leave()
        Output.write(list.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"))
    }
}

/// Earlier inputs, and the way back and forth among those that begin as the line did.
struct PastInputs {
    private(set) var entries: [String] = []
    private static let most = 2 * HistoryFile.limit
    /// Where the way has led, what the inputs on it begin with, and the line that it set out from; nil where none is under way.
    private var way: (place: Int, prefix: String, draft: String)?

    /// The same input again is kept once.
    mutating func add(_ text: String) {
        if text.isEmpty || entries.last == text { return }
        entries.append(text)
        if entries.count > Self.most { entries.removeFirst(entries.count - HistoryFile.limit) }
    }

    var isUnderWay: Bool { way != nil }

    /// The line was changed, or taken.
    mutating func finish() { way = nil }

    mutating func older(than buffer: EditBuffer) -> String? {
        let (place, prefix, draft) = way ?? (entries.count, buffer.beforeCursor, buffer.text)
        let shown = place < entries.count ? entries[place] : draft
        guard let found = entries[..<place].lastIndex(where: { $0.hasPrefix(prefix) && $0 != shown }) else { return nil }
        way = (found, prefix, draft)
        return entries[found]
    }

    /// At the end the line that the way set out from.
    mutating func newer() -> String? {
        guard let (place, prefix, draft) = way else { return nil }
        guard place < entries.count else { return nil }
        let shown = entries[place]
        guard let found = entries[(place + 1)...].firstIndex(where: { $0.hasPrefix(prefix) && $0 != shown }) else {
            way = nil
            return draft
        }
        way = (found, prefix, draft)
        return entries[found]
    }
}
