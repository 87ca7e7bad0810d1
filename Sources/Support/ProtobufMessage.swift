/// A message in the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), written field by field: enough for
/// the formats of others that are messages, without a schema compiler.
public struct ProtobufMessage: Sendable {
    /// The encoded fields so far.
    public private(set) var bytes: [UInt8] = []

    /// A message without fields.
    public init() {}

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func key(_ field: Int, wire: UInt64) { varint(UInt64(field) << 3 | wire) }

    /// An `int32`, `int64`, `bool` or enumeration.
    public mutating func add(_ field: Int, _ value: Int) {
        key(field, wire: 0)
        varint(UInt64(bitPattern: Int64(value)))
    }

    /// A `float`.
    public mutating func add(_ field: Int, _ value: Float) {
        key(field, wire: 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A `double`.
    public mutating func add(_ field: Int, _ value: Double) {
        key(field, wire: 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A `bytes` field.
    public mutating func add(_ field: Int, _ value: [UInt8]) {
        key(field, wire: 2)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A `string`.
    public mutating func add(_ field: Int, _ value: String) { add(field, Array(value.utf8)) }

    /// A message within this one.
    public mutating func add(_ field: Int, _ value: ProtobufMessage) { add(field, value.bytes) }

    /// A packed list of integers.
    public mutating func add(_ field: Int, packed values: [Int]) {
        var list = ProtobufMessage()
        for value in values { list.varint(UInt64(bitPattern: Int64(value))) }
        add(field, list.bytes)
    }
}
