import Networks
import Runtime
import Support

/// Values as JSON (RFC 8259) and back.
enum JSONText {
    /// Throws `NoJSON`, which says where, for a value that JSON cannot hold.
    static func write(_ value: Value, indented: Bool = false) throws(NoJSON) -> String {
        try require(value, at: "")
        return indented ? value.json.indented : value.json.text
    }

    /// Throws `BadJSON`; `name` stands for the text in messages.
    static func read(_ bytes: [UInt8], name: String) throws -> Value {
        do {
            return value(try JSON(bytes: bytes))
        } catch let error as JSON.Malformed {
            throw BadJSON(name: name, reason: error.reason)
        }
    }

    private static func require(_ value: Value, at place: String) throws(NoJSON) {
        switch value {
        case .none, .boolean, .number, .string, .range: return
        case .list(let list): for (i, item) in list.enumerated() { try require(item, at: "\(place)[\(i)]") }
        case .record(let record): for (name, field) in record.fields { try require(field, at: "\(place).\(name)") }
        default: throw NoJSON(place: place, found: value.mention)
        }
    }

    private static func value(_ json: JSON) -> Value {
        switch json {
        case .null: .none
        case .bool(let b): .boolean(b)
        case .number(let x): .number(x)
        case .string(let s): .string(s)
        case .array(let items): Value(items.map(value))
        case .object(let members): .record(Record(members.map { ($0.key, value($0.value)) }))
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
