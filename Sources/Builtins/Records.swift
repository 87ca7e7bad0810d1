import Runtime
import Support

extension Catalog {
    static let records: [Builtin] = [
        Builtin(
            "keys", "The names of a record's fields.", theme: .lists,
            Param<Record>("record", "the record"), returns: "a list of strings", examples: [Example("keys({a: 1, b: 2})", "[\"a\", \"b\"]")]
        ) { _, record in record.names },

        Builtin(
            "values", "What a record's fields hold.", theme: .lists,
            Param<Record>("record", "the record"), returns: "a list, in the order of the fields", examples: [Example("values({a: 1, b: 2})", "[1, 2]")]
        ) { _, record in Array(record.fields.values) },

        Builtin(
            "entries", "A record's fields, each as a list of its name and its value.", theme: .lists,
            Param<Record>("record", "the record"), returns: "a list of lists [name, value]",
            examples: [
                Example("entries({a: 1, b: 2})", "[[\"a\", 1], [\"b\", 2]]"),
                Example("for [name, x] in entries({a: 1, b: 2}) { print(name, x) }", "a 1\nb 2"),
            ]
        ) { _, record -> [[Value]] in record.fields.map { [.string($0.key), $0.value] } },

        Builtin(
            "record", "A record from names and values.", theme: .lists,
            Param<[Value]>("entries", "a list of lists [name, value], as `entries` and `zip` give; of two with one name the later counts"),
            returns: "a record", examples: [Example("record(zip([\"a\", \"b\"], [1, 2]))", "{a: 1, b: 2}")]
        ) { context, entries -> Record in
            Record(
                try entries.enumerated().map { i, entry in
                    guard case .list(let pair) = entry, pair.count == 2, case .string(let name) = pair[0] else {
                        throw context.reject("entries", expected: "a list of lists [name, value]", found: "one whose item \(i) is \(entry.mention)")
                    }
                    return (name, pair[1])
                })
        },

        Builtin(
            "get", "A field of a record, or something else where it has none of that name.", theme: .lists,
            Param<Record>("record", "the record"), Param<String>("name", "the field's name"),
            Param<Value>("default", "what is given where there is no such field", default: .none),
            returns: "the field's value or the default", examples: [Example("get({a: 1}, \"b\", 0)", "0"), Example("get({a: 1}, \"a\", 0)", "1")]
        ) { _, record, name, fallback -> Value in record[name] ?? fallback },

        Builtin(
            "with", "A record with one field set, whose name is a string.", theme: .lists,
            details: "Where the name is known, `{...record, name: value}` says the same.",
            Param<Record>("record", "the record"), Param<String>("name", "the field's name"), Param<Value>("value", "what it holds"),
            returns: "a record", examples: [Example("name = \"age\"\nwith({id: \"a\"}, name, 31)", "{id: \"a\", age: 31}")]
        ) { _, record, name, value in record.with(name, value) },

        Builtin(
            "without", "A record without some of its fields.", theme: .lists,
            Param<Record>("record", "the record"), Param<Rest<String>>("names", "the fields to leave out, which it need not have"),
            returns: "a record", examples: [Example("without({id: \"a\", age: 31, sex: \"f\"}, \"age\", \"sex\")", "{id: \"a\"}")]
        ) { _, record, names in Record(record.fields.filter { !names.items.contains($0.key) }.map { ($0.key, $0.value) }) },

        Builtin(
            "table", "The text of a list of records as a table, one line a record under the names of the fields.", theme: .lists,
            details: "`print` shows a list of records in the same way, and so does the prompt.",
            Param<[Record]>("rows", "the records"),
            Param<[String]?>("fields", "which fields, in this order; all without it", default: nil),
            returns: "a string",
            examples: [
                Example(
                    "print(table([{id: \"a\", dice: 0.9312, n: 3}, {id: \"b\", dice: 0.88, n: 12}], fields=[\"id\", \"dice\"]))", "id    dice\na   0.9312\nb   0.8800")
            ]
        ) { context, rows, fields -> String in
            guard let fields else { return try rows.value.table() ?? "" }
            var known: Set<String> = []
            for (i, row) in rows.enumerated() {
                known.formUnion(row.fields.keys)
                if i & 4095 == 0 { try Interrupt.check() }
            }
            if let unknown = fields.first(where: { !known.contains($0) }) {
                throw context.reject(
                    "fields", expected: "names of fields", found: "\"\(unknown)\", which no record has",
                    hint: Text.nearest(to: unknown, among: known.sorted()).map { "did you mean \"\($0)\"?" })
            }
            return try Interrupt.map(rows) { row in Record(fields.map { ($0, row[$0] ?? .none) }) }.value.table() ?? ""
        },
    ]
}
