import Runtime
import Support

/// Lists of records as tables in files.
enum RecordTable {
    private static let largest = 256 << 20

    static func read(_ path: String) throws -> [Record] {
        guard let separator = TextTable.Separator(path: path) else { throw TableError.ending(path: path) }
        let file = try MappedFile(path)
        guard file.bytes.count <= largest else { throw FileError.cannotRead(path: path, reason: "more than \(Text.bytes(largest)) are no table") }
        guard let text = withExtendedLifetime(file, { String(validating: file.bytes, as: UTF8.self) }) else {
            throw FileError.cannotRead(path: path, reason: "it is not text in UTF-8")
        }
        let table = try TextTable(parsing: text, separator: separator)
        return try Interrupt.map(table.rows) { row in
            Record(
                zip(table.columns, row).map { name, cell -> (String, Value) in
                    switch cell {
                    case .missing: (name, .none)
                    case .number(let x): (name, .number(x))
                    case .truth(let truth): (name, .boolean(truth))
                    case .text(let text): (name, .string(text))
                    }
                })
        }
    }

    /// The columns are the fields of all records, in order of appearance. Throws `RecordTableError` for a field that no table holds.
    static func write(_ records: [Record], to path: String) throws {
        guard let separator = TextTable.Separator(path: path) else { throw TableError.ending(path: path) }
        var columns: [String] = [], known: Set<String> = []
        for (i, record) in records.enumerated() {
            for name in record.names where known.insert(name).inserted { columns.append(name) }
            if i & 4095 == 0 { try Interrupt.check() }
        }
        let rows = try Interrupt.map(records.enumerated()) { i, record in try columns.map { try cell(record[$0], row: i, field: $0) } }
        try AtomicFile.write(Array(try TextTable(columns: columns, rows: rows).text(separator: separator).utf8), to: path)
    }

    private static func cell(_ value: Value?, row: Int, field: String) throws(RecordTableError) -> TextTable.Cell {
        guard let value else { return .missing }
        switch value {
        case .none: return .missing
        case .number(let x): return .number(x)
        case .string(let text): return .text(text)
        case .boolean(let b): return .truth(b)
        case .list, .range, .record: return .text(value.literal)
        default: throw RecordTableError(row: row, field: field, found: value.mention)
        }
    }
}

/// A field that no table holds.
struct RecordTableError: ExplainedError {
    let row: Int
    let field: String
    let found: String
    var message: String { "field `\(field)` of item \(row) is \(found), which no table holds" }
    var hint: String? { "save volumes to files of their own, and put their paths into the table" }
}
