import Networks

extension Value {
    /// As JSON: numbers that are not finite become null; images, models and the like become an object with their kind and their fields.
    package var json: JSON {
        switch self {
        case .none: return .null
        case .boolean(let b): return .bool(b)
        case .number(let x): return x.isFinite ? .number(x) : .null
        case .string(let s): return .string(s)
        case .list(let list): return .array(list.map(\.json))
        case .record(let record): return .object(record.fields.map { ($0.key, $0.value.json) })
        case .function(let function): return .object([("kind", .string(kind)), ("signature", .string(function.signature))])
        case .range(let range):
            return .array((0..<min(range.count, List.longest)).map { .number(Double(range.start + $0)) })
        case .volume, .mask, .transform, .tensor, .model, .figure, .pending:
            let fields = Fields.names(of: self).compactMap { name in Fields.get(name, of: self).map { (name, $0.json) } }
            return .object([("kind", .string(kind))] + fields)
        }
    }
}
