import CEditLine
import Glibc
import Support

/// Lines typed at a terminal, through libedit.
final class LineEditor {
    enum Input {
        case line(String)
        /// Ctrl-C.
        case cancelled
        /// Ctrl-D on an empty line.
        case end
    }

    private let editor: OpaquePointer
    private let history: OpaquePointer
    /// What Tab offers for the text before the cursor.
    var complete: (String) -> Completion?
    private var prompts: [String: UnsafeMutablePointer<wchar_t>] = [:]
    private var prompt: UnsafeMutablePointer<wchar_t>
    private var isCancelled = false
    /// Called once, when the first prompt is on the screen and before the first key is looked at.
    var onFirstPrompt: (() -> Void)?

    /// Nil when there is no terminal to edit on.
    init?(complete: @escaping (String) -> Completion?) {
        guard let editor = skullstrip_el_init("skullstrip"), let history = history_winit() else { return nil }
        self.editor = editor
        self.history = history
        self.complete = complete
        prompt = Self.wide("")
        skullstrip_history_size(history, Int32(HistoryFile.limit))
        skullstrip_history_unique(history)
        skullstrip_el_data(editor, Unmanaged.passUnretained(self).toOpaque())
        skullstrip_el_signals(editor, 0)
        skullstrip_el_emacs(editor)
        skullstrip_el_history(editor, history)
        skullstrip_el_keys_not_signals(editor)
        skullstrip_el_prompt(editor) { editor in LineEditor.of(editor)?.prompt }
        skullstrip_el_reader(editor) { editor, character in LineEditor.read(editor, character) }
        add("strip-complete", "complete the word before the cursor", keys: ["^I"]) { editor, _ in
            LineEditor.of(editor)?.completeWord() ?? UInt8(CC_ERROR)
        }
        add("strip-cancel", "drop the line", keys: ["^C"]) { editor, _ in LineEditor.of(editor)?.cancel() ?? UInt8(CC_ERROR) }
        add("strip-suspend", "stop the program until fg", keys: ["^Z"]) { editor, _ in
            LineEditor.of(editor)?.suspend() ?? UInt8(CC_ERROR)
        }
        add("strip-paste", "insert what the terminal pastes", keys: ["\\e[200~"]) { editor, _ in
            LineEditor.of(editor)?.paste() ?? UInt8(CC_ERROR)
        }
        for (key, command) in [
            ("^R", "em-inc-search-prev"), ("^S", "em-inc-search-next"), ("\\e[A", "ed-search-prev-history"),
            ("\\eOA", "ed-search-prev-history"),
            ("\\e[B", "ed-search-next-history"), ("\\eOB", "ed-search-next-history"), ("\\e[C", "ed-next-char"), ("\\e[D", "ed-prev-char"),
            ("\\e[H", "ed-move-to-beg"), ("\\e[F", "ed-move-to-end"), ("\\e[1~", "ed-move-to-beg"), ("\\e[4~", "ed-move-to-end"),
            ("\\e[3~", "ed-delete-next-char"), ("\\e[1;5C", "em-next-word"), ("\\e[1;5D", "ed-prev-word"),
            ("\\e[201~", "ed-ignore"), ("\\e[1;3C", "em-next-word"), ("\\e[1;3D", "ed-prev-word"),
        ] { bind(key, command) }
    }

    deinit {
        el_end(editor)
        history_wend(history)
        for text in prompts.values { text.deallocate() }
    }

    /// Makes an input reachable with the arrow keys and Ctrl-R.
    func remember(_ text: String) {
        let wide = Self.wide(text)
        defer { wide.deallocate() }
        skullstrip_history_enter(history, wide)
    }

    /// Reads one line; pasted text may hold several.
    func read(prompt text: String, _ style: Style) -> Input {
        // What stands between two \u{1} takes no room on the line.
        let shown = style.isOn ? "\u{1}\u{1B}[1;36m\u{1}\(text)\u{1}\u{1B}[0m\u{1} " : text + " "
        if let known = prompts[shown] {
            prompt = known
        } else {
            prompt = Self.wide(shown)
            prompts[shown] = prompt
        }
        isCancelled = false
        Signals.watchWindow(true)
        Output.write("\u{1B}[?2004h")
        el_resize(editor)
        defer {
            Output.write("\u{1B}[?2004l")
            Signals.watchWindow(false)
        }
        var count: Int32 = 0
        let line = el_wgets(editor, &count)
        if isCancelled { return .cancelled }
        guard let line, count > 0 else { return .end }
        return .line(Self.text(line, Int(count)).trimmingNewline)
    }

    // MARK: - Keys

    private static func of(_ editor: OpaquePointer?) -> LineEditor? {
        guard let editor, let data = skullstrip_el_get_data(editor) else { return nil }
        return Unmanaged<LineEditor>.fromOpaque(data).takeUnretainedValue()
    }

    private func add(_ name: String, _ help: String, keys: [String], _ body: @escaping skullstrip_key) {
        let wideName = Self.wide(name), wideHelp = Self.wide(help)
        // Kept: libedit holds on to the help text.
        skullstrip_el_add(editor, wideName, wideHelp, body)
        for key in keys { bind(key, name) }
    }

    private func bind(_ key: String, _ command: String) {
        let wideKey = Self.wide(key), wideCommand = Self.wide(command)
        defer {
            wideKey.deallocate()
            wideCommand.deallocate()
        }
        skullstrip_el_bind(editor, wideKey, wideCommand)
    }

    private func completeWord() -> UInt8 {
        guard let info = el_wline(editor), let start = info.pointee.buffer else { return UInt8(CC_ERROR) }
        let before = Self.text(start, info.pointee.cursor - start)
        if before.allSatisfy({ $0 == " " }) {
            insert("    ")
            return UInt8(CC_REFRESH)
        }
        guard let offer = complete(before), !offer.candidates.isEmpty || offer.note != nil else { return UInt8(CC_REFRESH_BEEP) }
        let single = offer.candidates.count == 1
        let text = single ? offer.candidates[0] + offer.closing : offer.common
        if !offer.candidates.isEmpty, text.count > offer.replaced.count || (single && text != offer.replaced) {
            let length = offer.replaced.unicodeScalars.count
            if length > 0 { el_deletestr(editor, Int32(length)) }
            insert(text)
            return UInt8(CC_REFRESH)
        }
        if single, offer.note == nil { return UInt8(CC_REFRESH) }
        var list = offer.note.map { Text.wrapped($0, to: Output.columns()) + "\n" } ?? ""
        let shown = offer.candidates.prefix(300)
        list += Columns.table(Array(shown), width: Output.columns())
        if shown.count < offer.candidates.count { list += "… \(offer.candidates.count - shown.count) more\n" }
        // Below the line; libedit then draws prompt and line anew.
        Output.write("\n" + list)
        return UInt8(CC_REDISPLAY)
    }

    private func cancel() -> UInt8 {
        isCancelled = true
        Output.write("^C\n")
        return UInt8(CC_NEWLINE)
    }

    private func suspend() -> UInt8 {
        skullstrip_el_terminal(editor, 0)
        kill(0, SIGTSTP)
        skullstrip_el_terminal(editor, 1)
        return UInt8(CC_REDISPLAY)
    }

    /// Takes everything up to the terminal's end-of-paste code as text, line breaks too.
    private func paste() -> UInt8 {
        let end = Array("\u{1B}[201~".unicodeScalars)
        var text: [Unicode.Scalar] = []
        while text.count < 1 << 22, !text.suffix(end.count).elementsEqual(end) {
            var character: wchar_t = 0
            guard Self.read(editor, &character) == 1, let scalar = Unicode.Scalar(UInt32(bitPattern: character)) else { break }
            text.append(scalar)
        }
        if text.suffix(end.count).elementsEqual(end) { text.removeLast(end.count) }
        var view = String.UnicodeScalarView()
        for (n, scalar) in text.enumerated() {
            switch scalar {
            case "\r": view.append("\n")
            case "\n" where n > 0 && text[n - 1] == "\r": break
            case "\t": view.append(contentsOf: "    ".unicodeScalars)
            default: if scalar == "\n" || scalar.value >= 32 && scalar.value != 127 { view.append(scalar) }
            }
        }
        while view.last == "\n" { view.removeLast() }
        insert(String(view))
        return UInt8(CC_REFRESH)
    }

    private func insert(_ text: String) {
        let wide = Self.wide(text)
        defer { wide.deallocate() }
        el_winsertstr(editor, wide)
    }

    /// One character from the terminal, decoded from UTF-8. Follows the window's size while it waits; a Ctrl-C that comes as a signal
    /// (from another program) counts as the key.
    private static func read(_ editor: OpaquePointer?, _ result: UnsafeMutablePointer<wchar_t>?) -> Int32 {
        guard let result else { return -1 }
        if let this = LineEditor.of(editor), let first = this.onFirstPrompt {
            this.onFirstPrompt = nil
            first()
        }
        while unread == nil {
            var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let n = poll(&ready, 1, 500)
            if Signals.takeResized() { el_resize(editor) }
            if Interrupt.isRaised {
                Interrupt.clear()
                result.pointee = 3
                return 1
            }
            if n > 0 { break }
            if n < 0, errno != EINTR { return -1 }
        }
        guard let first = byte() else { return 0 }
        let length =
            first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 1
        var bytes = [first]
        while bytes.count < length, let next = byte() {
            // A character that is cut short leaves the keys after it alone.
            guard next & 0xC0 == 0x80 else {
                unread = next
                break
            }
            bytes.append(next)
        }
        result.pointee = wchar_t(bitPattern: String(decoding: bytes, as: UTF8.self).unicodeScalars.first?.value ?? 0xFFFD)
        return 1
    }

    /// A byte that was read too early.
    nonisolated(unsafe) private static var unread: UInt8?

    /// The next byte from the terminal; nil at its end.
    private static func byte() -> UInt8? {
        if let byte = unread {
            unread = nil
            return byte
        }
        var b: UInt8 = 0
        while true {
            let n = Glibc.read(STDIN_FILENO, &b, 1)
            if n == 1 { return b }
            if n == 0 || errno != EINTR { return nil }
        }
    }

    // MARK: - Wide text

    private static func wide(_ text: String) -> UnsafeMutablePointer<wchar_t> {
        let scalars = text.unicodeScalars
        let result = UnsafeMutablePointer<wchar_t>.allocate(capacity: scalars.count + 1)
        var n = 0
        for scalar in scalars {
            result[n] = wchar_t(bitPattern: scalar.value)
            n += 1
        }
        result[n] = 0
        return result
    }

    private static func text(_ start: UnsafePointer<wchar_t>, _ count: Int) -> String {
        var view = String.UnicodeScalarView()
        for i in 0..<max(0, count) { view.append(Unicode.Scalar(UInt32(bitPattern: start[i])) ?? "\u{FFFD}") }
        return String(view)
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
