import Networks
import Support

extension Value {
    /// As JSON: numbers that are not finite become null; images, models and the like become an object with their kind and their fields.
    /// Throws `Interrupted`.
    package func json() throws -> JSON {
        switch self {
        case .none: return .null
        case .boolean(let b): return .bool(b)
        case .number(let x): return x.isFinite ? .number(x) : .null
        case .string(let s): return .string(s)
        case .list(let list): return .array(try Interrupt.map(list) { try $0.json() })
        case .record(let record): return .object(try Interrupt.map(record.fields) { ($0.key, try $0.value.json()) })
        case .function(let function): return .object([("kind", .string(kind)), ("signature", .string(function.signature))])
        case .range(let range):
            return .array(try Interrupt.map(0..<min(range.count, List.longest)) { .number(Double(range.start + $0)) })
        case .volume, .mask, .transform, .tensor, .model, .figure, .pending:
            let fields = try Fields.names(of: self).compactMap { name in try Fields.get(name, of: self).map { (name, try $0.json()) } }
            return .object([("kind", .string(kind))] + fields)
        }
    }
}
