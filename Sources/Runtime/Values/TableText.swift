import Support
import Syntax

/// A list of records as a table: one line a record, under the names of the fields.
struct TableText {
    /// Rows beyond these are left out of the middle.
    private static let head = 20, tail = 5
    private static let gap = 2

    private struct Column {
        let title: String
        let cells: [String]
        let isNumeric: Bool
        /// Of the widest of them, in columns of a terminal.
        let width: Int
    }

    private let columns: [Column]
    /// After which row others are left out, and how many.
    private let cut: (after: Int, count: Int)?

    /// Nil for what is no list of records. `isWhole` leaves no row out. Throws `Interrupted`.
    init?(_ value: Value, isWhole: Bool = false) throws {
        guard case .list(let list) = value, !list.isEmpty else { return nil }
        var records: [Record] = []
        for item in list {
            guard case .record(let record) = item, !record.fields.isEmpty else { return nil }
            records.append(record)
            if records.count & 4095 == 0 { try Interrupt.check() }
        }
        var titles: [String] = [], known: Set<String> = []
        for (i, record) in records.enumerated() {
            for name in record.names where known.insert(name).inserted { titles.append(name) }
            if i & 4095 == 0 { try Interrupt.check() }
        }
        if !isWhole, records.count > Self.head + Self.tail + 1 {
            cut = (Self.head, records.count - Self.head - Self.tail)
            records.removeSubrange(Self.head..<records.count - Self.tail)
        } else {
            cut = nil
        }
        columns = try titles.map { title in try Self.column(title, Interrupt.map(records) { $0[title] }) }
    }

    /// Numbers of a column have equally many decimals, as many as show four digits of the smallest.
    private static func column(_ title: String, _ values: [Value?]) throws -> Column {
        func decimals(_ x: Double) -> Int {
            let text = Text.short(x, 4)
            return text.firstIndex(of: ".").map { text.distance(from: $0, to: text.endIndex) - 1 } ?? 0
        }
        var isPlain = true, isWhole = true, digits = 0, filled = 0, numbers = 0
        for (i, value) in values.enumerated() {
            if i & 4095 == 0 { try Interrupt.check() }
            if value != nil { filled += 1 }
            guard case .number(let x)? = value else { continue }
            numbers += 1
            isWhole = isWhole && x == x.rounded()
            guard x.isFinite, x != 0 else { continue }
            isPlain = isPlain && abs(x) >= 1e-4 && abs(x) < 1e9
            if isPlain, digits < Self.most, abs(x) < 1000, x != x.rounded() { digits = min(Self.most, max(digits, decimals(x))) }
        }
        if !isPlain { digits = 0 }
        let cells = try Interrupt.map(values) { value -> String in
            switch value {
            case nil, Value.none?: ""
            case .number(let x)?: isWhole ? Text.number(x) : isPlain || x == 0 ? Text.fixed(x, digits) : Text.short(x, 4)
            case .string(let s)?: shortened(String(s.unicodeScalars.prefix(200).map { $0.value < 32 ? " " : Character($0) }))
            case let value?: shortened(value.described(columns: widest))
            }
        }
        let title = shortened(title)
        var width = Width.of(title)
        for (i, cell) in cells.enumerated() {
            width = max(width, Width.of(cell))
            if i & 4095 == 0 { try Interrupt.check() }
        }
        return Column(title: title, cells: cells, isNumeric: numbers > 0 && numbers == filled, width: width)
    }

    private static let widest = 40
    /// Decimals of a column, at most.
    private static let most = 6

    private static func shortened(_ text: String) -> String {
        if Width.of(text) <= widest { return text }
        var out = "", width = 1
        for character in text {
            width += Width.of(character)
            if width > widest { break }
            out.append(character)
        }
        return out + "…"
    }

    /// Lines without a last line end, none longer than the columns of the terminal: fields that have no room are told by number. Throws
    /// `Interrupted`.
    func text(columns limit: Int) throws -> String {
        var shown: [Column] = [], used = 0
        for (i, column) in columns.enumerated() {
            let width = column.width + (i > 0 ? Self.gap : 0)
            let reserve = i + 1 < columns.count ? 12 : 0
            if i > 0, used + width + reserve > limit { break }
            shown.append(column)
            used += width
        }
        let hidden = columns.count - shown.count
        var lines = [line(shown.map { ($0.title, $0) }) + (hidden > 0 ? "  … \(hidden) more" : "")]
        for row in 0..<(shown.first?.cells.count ?? 0) {
            if row & 1023 == 0 { try Interrupt.check() }
            if let cut, row == cut.after { lines.append("… \(cut.count) more …") }
            lines.append(line(shown.map { ($0.cells[row], $0) }))
        }
        return lines.joined(separator: "\n")
    }

    private func line(_ cells: [(text: String, column: Column)]) -> String {
        var out = ""
        for (i, cell) in cells.enumerated() {
            let blanks = String(repeating: " ", count: cell.column.width - Width.of(cell.text))
            if i > 0 { out += String(repeating: " ", count: Self.gap) }
            out += cell.column.isNumeric ? blanks + cell.text : cell.text + blanks
        }
        while out.last == " " { out.removeLast() }
        return out
    }
}
