import OrderedCollections

/// Named values in the order in which they were written.
public final class Record: Sendable {
    public let fields: OrderedDictionary<String, Value>
    let depth: Int

    public init(_ fields: OrderedDictionary<String, Value>) {
        self.fields = fields
        var deepest = 0
        for value in fields.values { deepest = max(deepest, value.depth) }
        depth = deepest + 1
    }

    /// Pairs of a name and a value; of two with one name the later counts.
    public convenience init(_ pairs: [(String, Value)]) {
        self.init(OrderedDictionary(pairs, uniquingKeysWith: { $1 }))
    }

    public subscript(name: String) -> Value? { fields[name] }
    public var names: [String] { Array(fields.keys) }

    /// A copy with one field set.
    public func with(_ name: String, _ value: Value) -> Record {
        var copy = fields
        copy[name] = value
        return Record(copy)
    }
}
