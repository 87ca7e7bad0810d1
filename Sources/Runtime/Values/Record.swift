import OrderedCollections

/// Named values in the order in which they were written.
public final class Record: @unchecked Sendable {
    /// Changed only by who holds the one reference to the record.
    @exclusivity(unchecked) public private(set) var fields: OrderedDictionary<String, Value>
    /// Levels of lists, records and closures, this one included.
    @exclusivity(unchecked) private(set) var depth: Int

    /// A record of these fields, in their order.
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

    /// The value of a field; nil where the record has none of that name.
    public subscript(name: String) -> Value? { fields[name] }
    /// The fields' names, in order.
    public var names: [String] { Array(fields.keys) }

    /// Sets a field, for who holds the only reference.
    func set(_ name: String, _ value: Value) {
        fields[name] = value
        depth = max(depth, value.depth + 1)
    }

    /// A copy with one field set.
    public func with(_ name: String, _ value: Value) -> Record {
        var copy = fields
        copy[name] = value
        return Record(copy)
    }
}
