import Networks
import Runtime
import Support

/// Values as JSON (RFC 8259) and back.
enum JSONText {
    /// Throws `NoJSON`, which says where, for a value that JSON cannot hold, and `Interrupted`.
    static func write(_ value: Value, indented: Bool = false) throws -> String {
        try require(value, at: "")
        return try value.json().written(indented: indented, Interrupt.check)
    }

    /// Throws `BadJSON`, `Interrupted`; `name` stands for the text in messages.
    static func read(_ bytes: [UInt8], name: String) throws -> Value {
        do {
            return try value(try JSON(bytes: bytes))
        } catch let error as JSON.Malformed {
            throw BadJSON(name: name, reason: error.reason)
        }
    }

    /// The place is put together only where it is told: a list may have millions of items.
    private static func require(_ value: Value, at place: @autoclosure () -> String) throws {
        switch value {
        case .none, .boolean, .number, .string, .range: return
        case .list(let list):
            for (i, item) in list.enumerated() {
                try require(item, at: "\(place())[\(i)]")
                if i & 1023 == 0 { try Interrupt.check() }
            }
        case .record(let record): for (name, field) in record.fields { try require(field, at: "\(place()).\(name)") }
        default: throw NoJSON(place: place(), found: value.mention)
        }
    }

    private static func value(_ json: JSON) throws -> Value {
        switch json {
        case .null: .none
        case .bool(let b): .boolean(b)
        case .number(let x): .number(x)
        case .string(let s): .string(s)
        case .array(let items): Value(try Interrupt.map(items, value))
        case .object(let members): .record(Record(try Interrupt.map(members) { ($0.key, try value($0.value)) }))
        }
    }
}

/// A value that JSON cannot hold.
struct NoJSON: ExplainedError {
    let place: String
    let found: String
    var message: String { place.isEmpty ? "\(found) cannot be written as JSON" : "\(place) of the value is \(found), which cannot be written as JSON" }
    var hint: String? { "save it to a file of its own, and put the file's path into the record" }
}

/// A text that is no JSON.
struct BadJSON: ExplainedError {
    let name: String
    let reason: String
    var message: String { "\(name) is no JSON: \(reason)" }
    var hint: String? { nil }
}
