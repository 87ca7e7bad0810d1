import Support

/// Values in order, for sorting.
public enum ValueOrder {
    /// Whether one value comes before another: numbers by size, strings by their characters, false before true, lists item by item.
    /// Throws `NoOrder` for other kinds and for two of different kinds.
    public static func precedes(_ a: Value, _ b: Value) throws(NoOrder) -> Bool {
        switch (a, b) {
        case (.none, .none): return false
        case (.number(let x), .number(let y)): return x < y
        case (.string(let x), .string(let y)): return x < y
        case (.boolean(let x), .boolean(let y)): return !x && y
        case (.list(let x), .list(let y)):
            for (p, q) in zip(x, y) {
                if try precedes(p, q) { return true }
                if try precedes(q, p) { return false }
            }
            return x.count < y.count
        default: throw NoOrder(a: a.mention, b: b.mention)
        }
    }

    /// What stands at the end in either order: nan, and none after it.
    private static func missing(_ value: Value) -> Int {
        switch value {
        case .none: 2
        case .number(let x): x.isNaN ? 1 : 0
        default: 0
        }
    }

    /// The places of values in ascending or descending order, nan and none last in both; equal ones keep theirs. Throws `NoOrder`, `Interrupted`.
    public static func places(_ keys: [Value], descending: Bool) throws -> [Int] {
        if let numbers = numbers(in: keys) { return try places(numbers, descending: descending) }
        var turns = 0
        return try keys.indices.sorted { i, j in
            turns += 1
            if turns & 4095 == 0 { try Interrupt.check() }
            let (a, b) = (missing(keys[i]), missing(keys[j]))
            if a > 0 || b > 0 { return (a, i) < (b, j) }
            if try precedes(keys[i], keys[j]) { return !descending }
            if try precedes(keys[j], keys[i]) { return descending }
            return i < j
        }
    }

    /// Keys that are all numbers, none of them nan, with their places; nil for others.
    private static func numbers(in keys: [Value]) -> [(key: Double, place: Int)]? {
        var out: [(key: Double, place: Int)] = []
        out.reserveCapacity(keys.count)
        for (i, key) in keys.enumerated() {
            guard case .number(let x) = key, !x.isNaN else { return nil }
            out.append((x, i))
        }
        return out
    }

    /// The same for numbers, which lie beside each other in memory as they are compared.
    private static func places(_ numbers: [(key: Double, place: Int)], descending: Bool) throws -> [Int] {
        var turns = 0
        return try numbers.sorted { a, b in
            turns += 1
            if turns & 4095 == 0 { try Interrupt.check() }
            if a.key != b.key { return (a.key < b.key) != descending }
            return a.place < b.place
        }.map(\.place)
    }
}

/// Two values of which none comes first.
public struct NoOrder: ExplainedError {
    let a: String
    let b: String
    public var message: String { "\(a) and \(b) have no order" }
    public var argument: String? { "xs" }
    public var hint: String? { "numbers, strings, booleans and lists of one kind can be sorted; of records say by which field: sort(xs, by=\"age\")" }
}

/// What a value is told from others by, where that takes no comparison with each of them: of numbers, strings, booleans, none, and lists and records of such.
public enum PlainKey: Hashable, Sendable {
    case none
    case boolean(Bool)
    case number(Double)
    case string(String)
    case list([PlainKey])
    case record([String: PlainKey])

    /// Throws `NoKey` for functions, images, models and the like.
    public init(_ value: Value) throws(NoKey) {
        switch value {
        case .none: self = .none
        case .boolean(let b): self = .boolean(b)
        case .number(let x): self = .number(x == 0 ? 0 : x)
        case .string(let s): self = .string(s)
        case .range(let r):
            guard r.count <= 1_000_000 else { throw NoKey(found: value.mention) }
            self = .list((0..<r.count).map { .number(Double(r.start + $0)) })
        case .list(let list):
            var items: [PlainKey] = []
            items.reserveCapacity(list.count)
            for item in list { items.append(try PlainKey(item)) }
            self = .list(items)
        case .record(let record):
            var fields: [String: PlainKey] = [:]
            for (name, field) in record.fields { fields[name] = try PlainKey(field) }
            self = .record(fields)
        default: throw NoKey(found: value.mention)
        }
    }
}

/// Numbers the kinds of values that come, from 0 in the order of their first ones.
public struct Kinds {
    /// Divided by the hash, so that no growth moves so many at a time that Ctrl-C would have to wait for it.
    private var parts = [[PlainKey: Int]](repeating: [:], count: 256)
    private var count = 0

    public init() {}

    /// The number of a value's kind; of a new one, how many there were before. Throws `NoKey` as `PlainKey` does.
    public mutating func number(of value: Value) throws(NoKey) -> Int {
        let key = try PlainKey(value)
        let part = key.hashValue & 255
        if let known = parts[part][key] { return known }
        parts[part][key] = count
        count += 1
        return count - 1
    }
}

/// A value that cannot be told from others by its content.
public struct NoKey: ExplainedError {
    let found: String
    public var message: String { "\(found) cannot be told from others by its content" }
    public var argument: String? { "xs" }
    public var hint: String? { "say by what: a field's name, or a function of an item" }
}
