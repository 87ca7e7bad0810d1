import Glibc
import Syntax

/// Draws a prompt with the text after it, over as many rows as it takes, and knows where the cursor stands. Every row is ended by itself, so that
/// nothing depends on how a terminal wraps; of a text that is longer than the window, the rows about the cursor are shown.
struct Screen {
    /// What is drawn.
    struct Content: Equatable {
        var prompt: String
        /// Stands before lines after the first.
        var more: String
        var buffer: EditBuffer
    }

    private var columns = 80, height = 24
    /// Widths of the rows on the terminal, and the cursor's place among them.
    private var drawn: [Int] = []
    private var row = 0, column = 0
    private var last: Content?
    private let style: Style

    init(_ style: Style) {
        self.style = style
        measure()
    }

    private mutating func measure() {
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        columns = known && size.ws_col > 0 ? max(2, Int(size.ws_col)) : 80
        height = known && size.ws_row > 0 ? Int(size.ws_row) : 24
    }

    /// A row of the picture, and its width.
    private struct Row {
        var text = ""
        var width = 0
    }

    private func layout(_ content: Content) -> (rows: [Row], row: Int, column: Int) {
        var rows = [Row()]
        func put(_ character: Character, _ code: String) {
            let width = min(columns, Width.of(character))
            if rows[rows.count - 1].width + width > columns { rows.append(Row()) }
            rows[rows.count - 1].text += style.isOn && !code.isEmpty ? style(code, String(character)) : String(character)
            rows[rows.count - 1].width += width
        }
        func put(prompt: String) { for character in prompt { put(character, character == " " ? "" : "1;36") } }
        put(prompt: content.prompt)
        var place = (row: 0, column: 0)
        func note() {
            // At the right edge the cursor stands on the next row.
            if rows[rows.count - 1].width >= columns { rows.append(Row()) }
            place = (rows.count - 1, rows[rows.count - 1].width)
        }
        for (i, character) in content.buffer.characters.enumerated() {
            if i == content.buffer.cursor { note() }
            if character.isNewline {
                rows.append(Row())
                put(prompt: content.more)
            } else {
                put(character, "")
            }
        }
        if content.buffer.isAtEnd { note() }
        return (rows, place.row, place.column)
    }

    /// Draws over what was drawn before.
    mutating func draw(_ content: Content) {
        if let last, append(content, to: last) { return }
        let (rows, cursorRow, cursorColumn) = layout(content)
        let first = min(max(0, cursorRow - height + 1), max(0, rows.count - height))
        let shown = rows[first..<min(rows.count, first + height)]
        var out = home() + "\u{1B}[J" + shown.map(\.text).joined(separator: "\r\n")
        let up = shown.count - 1 - (cursorRow - first)
        if up > 0 || cursorColumn != shown.last?.width {
            out += (up > 0 ? "\u{1B}[\(up)A" : "") + "\r" + (cursorColumn > 0 ? "\u{1B}[\(cursorColumn)C" : "")
        }
        Output.write(out)
        (drawn, row, column) = (shown.map(\.width), cursorRow - first, cursorColumn)
        last = content
    }

    /// A character typed at the end of a row with room is merely written.
    private mutating func append(_ content: Content, to last: Content) -> Bool {
        let new = content.buffer, old = last.buffer
        guard content.prompt == last.prompt, new.isAtEnd, old.isAtEnd, new.characters.count == old.characters.count + 1,
            let character = new.characters.last, !character.isNewline, row == drawn.count - 1,
            new.characters.dropLast().elementsEqual(old.characters)
        else { return false }
        let width = Width.of(character)
        guard width > 0, column + width < columns else { return false }
        Output.write(String(character))
        column += width
        drawn[row] += width
        self.last = content
        return true
    }

    /// To the beginning of what is drawn.
    private func home() -> String { (row > 0 ? "\u{1B}[\(row)A" : "") + "\r" }

    /// The window has another size: rows that are wider than it now take several.
    mutating func resize() {
        measure()
        let above = drawn.prefix(row).reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        row = min(above + column / columns, height - 1)
        last = nil
    }

    /// Leaves what is drawn, for what is written below it.
    mutating func leave() {
        let down = drawn.count - 1 - row
        Output.write((down > 0 ? "\u{1B}[\(down)B" : "") + "\r\n")
        forget()
    }

    /// The next drawing begins where the cursor stands.
    mutating func forget() { (drawn, row, column, last) = ([], 0, 0, nil) }

    mutating func clear() {
        Output.write("\u{1B}[H\u{1B}[2J")
        forget()
    }
}
