/// A table as text: one line a row, the first with the columns' names; tab-separated (`.tsv`, as the Brain Imaging Data Structure has it)
/// or comma-separated (`.csv`, RFC 4180). Fields may be in double quotes in both, a quote within doubled.
public struct TextTable: Sendable, Equatable {
    /// What stands between fields.
    public enum Separator: Character, Sendable {
        case tab = "\t"
        case comma = ","

        /// By the ending of a file's name, tabs for standard output; nil for others.
        public init?(path: String) {
            let name = path.lowercased()
            if name.hasSuffix(".tsv") || name == StandardInput.path { self = .tab } else if name.hasSuffix(".csv") { self = .comma } else { return nil }
        }

        /// How a missing value is written.
        var missing: String { self == .tab ? "n/a" : "" }
    }

    /// A field of a row.
    public enum Cell: Sendable, Equatable {
        case missing
        case number(Double)
        case truth(Bool)
        case text(String)
    }

    /// The columns' names, in order; no two are the same.
    public let columns: [String]
    /// Each as long as `columns`.
    public let rows: [[Cell]]

    /// `rows` must be as long as `columns`.
    public init(columns: [String], rows: [[Cell]]) {
        precondition(rows.allSatisfy { $0.count == columns.count })
        (self.columns, self.rows) = (columns, rows)
    }

    /// Reads a text. Empty fields and "n/a" are missing; a column all of whose other fields spell numbers holds numbers, unless one has a
    /// leading zero, as identifiers do. One all of whose other fields are true or false, without quotes, holds truths. In any other column a
    /// field in quotes is text, be it empty or "n/a".
    ///
    /// Throws `TableError`, which names the line, for a row of another length, an unclosed quote, and names of columns that are empty or
    /// the same; and `Interrupted`.
    public init(parsing text: String, separator: Separator) throws {
        var lines = try Self.fields(text, separator)
        guard !lines.isEmpty else { throw TableError.empty }
        let head = lines.removeFirst()
        columns = head.fields.map(\.text)
        var known: Set<String> = []
        for (i, name) in columns.enumerated() {
            if name.isEmpty { throw TableError.noName(column: i + 1) }
            if !known.insert(name).inserted { throw TableError.sameName(name) }
        }
        for line in lines where line.fields.count != columns.count {
            throw TableError.length(line: line.number, found: line.fields.count, expected: columns.count)
        }
        func isMissing(_ field: Field) -> Bool { field.text.isEmpty || field.text == "n/a" }
        enum Kind { case numbers, truths, texts }
        let kinds = try columns.indices.map { c -> Kind in
            try Interrupt.check()
            func all(_ fits: (Field) -> Bool) -> Bool { lines.allSatisfy { isMissing($0.fields[c]) || fits($0.fields[c]) } }
            guard lines.contains(where: { !isMissing($0.fields[c]) }) else { return .texts }
            return all { Self.number($0.text) != nil } ? .numbers : all { !$0.isQuoted && Self.truth($0.text) != nil } ? .truths : .texts
        }
        rows = try Interrupt.map(lines) { line in
            line.fields.enumerated().map { c, field in
                switch kinds[c] {
                case .texts where field.isQuoted: .text(field.text)
                case _ where isMissing(field): .missing
                case .numbers: .number(Self.number(field.text) ?? .nan)
                case .truths: .truth(Self.truth(field.text) ?? false)
                case .texts: .text(field.text)
                }
            }
        }
    }

    /// A field as it was read.
    private struct Field {
        let text: String
        let isQuoted: Bool
    }

    /// As Python and R write it too.
    private static func truth(_ field: String) -> Bool? {
        switch field {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// The table as text; every row ends in a newline. Throws `Interrupted`.
    public func text(separator: Separator) throws -> String {
        func quoted(_ field: String) -> String {
            let needs = field.contains { $0 == separator.rawValue || $0 == "\"" || $0.isNewline } || field.isEmpty || field == "n/a"
                || Self.truth(field) != nil
            return needs ? "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\"" : field
        }
        var text = columns.map(quoted).joined(separator: String(separator.rawValue)) + "\n"
        for (i, row) in rows.enumerated() {
            if i & 1023 == 0 { try Interrupt.check() }
            let fields = row.map { cell in
                switch cell {
                case .missing: separator.missing
                case .number(let x): x == x.rounded() && abs(x) < 1e15 ? String(Int(x)) : "\(x)"
                case .truth(let truth): truth ? "true" : "false"
                case .text(let field): quoted(field)
                }
            }
            text += fields.joined(separator: String(separator.rawValue)) + "\n"
        }
        return text
    }

    /// The number that a field spells in decimal, without the leading zeros that identifiers have.
    private static func number(_ field: String) -> Double? {
        let letters = field.utf8, digits = letters.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        guard letters.count - digits.count <= 1, letters.allSatisfy(isOfNumber) else { return nil }
        if digits.first == UInt8(ascii: "0"), let second = digits.dropFirst().first, ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(second) { return nil }
        return Double(field)
    }

    private static func isOfNumber(_ letter: UInt8) -> Bool {
        switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): true
        default: false
        }
    }

    /// Lines of fields; empty lines are passed over. Lines end in a line feed, a carriage return, or both.
    private static func fields(_ text: String, _ separator: Separator) throws -> [(number: Int, fields: [Field])] {
        let quote = UInt8(ascii: "\""), feed = UInt8(ascii: "\n"), back = UInt8(ascii: "\r"), between = separator.rawValue.asciiValue
        var lines: [(Int, [Field])] = [], fields: [Field] = [], field: [UInt8] = []
        var isQuoted = false, wasQuoted = false, line = 1, start = 1
        func endField() {
            fields.append(Field(text: String(decoding: field, as: UTF8.self), isQuoted: wasQuoted))
            field.removeAll(keepingCapacity: true)
            wasQuoted = false
        }
        let bytes = Array(text.hasPrefix("\u{FEFF}") ? text.dropFirst().utf8 : text[...].utf8)
        var i = 0
        while i < bytes.count {
            let byte = bytes[i], endsLine = byte == feed || byte == back
            if endsLine, byte == back, i + 1 < bytes.count, bytes[i + 1] == feed {
                if isQuoted { field.append(back) }
                i += 1
            }
            if isQuoted {
                if byte == quote, i + 1 < bytes.count, bytes[i + 1] == quote {
                    field.append(quote)
                    i += 1
                } else if byte == quote {
                    isQuoted = false
                } else {
                    if endsLine { line += 1 }
                    field.append(bytes[i])
                }
            } else if byte == quote, field.isEmpty, !wasQuoted {
                (isQuoted, wasQuoted) = (true, true)
            } else if byte == between {
                endField()
            } else if endsLine {
                if !(fields.isEmpty && field.isEmpty && !wasQuoted) {
                    endField()
                    lines.append((start, fields))
                    fields = []
                    if lines.count & 1023 == 0 { try Interrupt.check() }
                }
                line += 1
                start = line
            } else {
                field.append(byte)
            }
            i += 1
        }
        if isQuoted { throw TableError.quote(line: start) }
        if !(fields.isEmpty && field.isEmpty && !wasQuoted) {
            endField()
            lines.append((start, fields))
        }
        return lines
    }
}

/// What can be wrong with a table's text.
public enum TableError: ExplainedError, Equatable {
    case empty
    case noName(column: Int)
    case sameName(String)
    case length(line: Int, found: Int, expected: Int)
    case quote(line: Int)
    case ending(path: String)

    public var message: String {
        switch self {
        case .empty: "the table is empty: not even names of columns"
        case .noName(let column): "column \(column) of the table has no name"
        case .sameName(let name): "two columns of the table are named \"\(name)\""
        case .length(let line, let found, let expected):
            "line \(line) of the table has \(found) field\(found == 1 ? "" : "s"), where its first line names \(expected)"
        case .quote(let line): "in the row that begins on line \(line) of the table a quote is opened and not closed"
        case .ending(let path): "\"\(path)\" is no name of a table"
        }
    }

    public var hint: String? {
        switch self {
        case .length, .noName:
            "fields stand between tabs in .tsv files and between commas in .csv files; what holds one itself is put in double quotes"
        case .quote: "a quote within quotes is doubled: \"\""
        case .ending: "tables end in .tsv (tabs) or .csv (commas)"
        case .empty, .sameName: nil
        }
    }
}
