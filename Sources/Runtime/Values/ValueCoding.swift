import Imaging
import Support

/// Values as bytes and back, bit for bit: numbers, text, booleans, none, lists, records, ranges, volumes, masks and transforms. Of a volume's or mask's file nothing is
/// kept but what computing sees: grid, voxels, datatype.
enum ValueCoding {
    /// Throws `ValueCodingError.kind` for functions, tensors, models and figures.
    static func encode(_ value: Value) throws(ValueCodingError) -> [UInt8] {
        var bytes: [UInt8] = []
        try append(value, to: &bytes)
        return bytes
    }

    /// Throws `ValueCodingError.damaged` for bytes that `encode` did not write.
    static func decode(_ bytes: UnsafeRawBufferPointer) throws(ValueCodingError) -> Value {
        var reader = Reader(bytes: bytes)
        let value = try reader.value(depth: 0)
        guard reader.at == bytes.count else { throw .damaged }
        return value
    }

    private enum Tag: UInt8 {
        case none, no, yes, number, string, list, record, range, volume, mask, transform
    }

    private static func append(_ value: Value, to bytes: inout [UInt8]) throws(ValueCodingError) {
        func tag(_ tag: Tag) { bytes.append(tag.rawValue) }
        switch value {
        case .none: tag(.none)
        case .boolean(let b): tag(b ? .yes : .no)
        case .number(let x):
            tag(.number)
            append(x.bitPattern, to: &bytes)
        case .string(let text):
            tag(.string)
            append(text, to: &bytes)
        case .list(let list):
            tag(.list)
            append(UInt64(list.count), to: &bytes)
            for item in list { try append(item, to: &bytes) }
        case .record(let record):
            tag(.record)
            append(UInt64(record.fields.count), to: &bytes)
            for (name, field) in record.fields {
                append(name, to: &bytes)
                try append(field, to: &bytes)
            }
        case .range(let range):
            tag(.range)
            append(UInt64(bitPattern: Int64(range.start)), to: &bytes)
            append(UInt64(bitPattern: Int64(range.end)), to: &bytes)
        case .volume(let volume):
            tag(.volume)
            append(volume.datatype.rawValue, to: &bytes)
            append(volume.grid, to: &bytes)
            volume.voxels.withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .mask(let mask):
            tag(.mask)
            append(mask.grid, to: &bytes)
            bytes.append(contentsOf: packed(mask.voxels))
        case .transform(let transform):
            tag(.transform)
            append(transform.matrix, to: &bytes)
        case .function, .tensor, .model, .figure, .pending: throw .kind(value.mention)
        }
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(UInt64(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    private static func append(_ affine: Affine, to bytes: inout [UInt8]) {
        for row in [affine.rows.0, affine.rows.1, affine.rows.2] { for i in 0..<4 { append(row[i].bitPattern, to: &bytes) } }
    }

    private static func append(_ grid: Grid, to bytes: inout [UInt8]) {
        for axis in 0..<3 { append(UInt64(grid.shape[axis]), to: &bytes) }
        append(grid.affine, to: &bytes)
    }

    /// Eight voxels a byte, the first in the lowest bit.
    private static func packed(_ voxels: [UInt8]) -> [UInt8] {
        (0..<(voxels.count + 7) / 8).map { byte in
            var bits: UInt8 = 0
            for bit in 0..<min(8, voxels.count - 8 * byte) { bits |= voxels[8 * byte + bit] << UInt8(bit) }
            return bits
        }
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var at = 0

        mutating func take(_ count: Int) throws(ValueCodingError) -> UnsafeRawBufferPointer {
            guard count >= 0, count <= bytes.count - at else { throw .damaged }
            defer { at += count }
            return UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
        }

        mutating func word() throws(ValueCodingError) -> UInt64 { UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self)) }

        mutating func count(_ most: Int) throws(ValueCodingError) -> Int {
            let n = try word()
            guard n <= UInt64(most) else { throw .damaged }
            return Int(n)
        }

        mutating func text() throws(ValueCodingError) -> String { String(decoding: try take(try count(bytes.count)), as: UTF8.self) }

        mutating func affine() throws(ValueCodingError) -> Affine {
            var rows = [SIMD4<Double>](repeating: .zero, count: 3)
            for r in 0..<3 { for i in 0..<4 { rows[r][i] = Double(bitPattern: try word()) } }
            return Affine(rows[0], rows[1], rows[2])
        }

        mutating func grid() throws(ValueCodingError) -> Grid {
            var shape = SIMD3<Int>.zero
            for axis in 0..<3 { shape[axis] = try count(Grid.largestCount) }
            let affine = try affine()
            guard let grid = try? Grid(shape: shape, affine: affine) else { throw .damaged }
            return grid
        }

        mutating func value(depth: Int) throws(ValueCodingError) -> Value {
            guard depth <= Value.deepest, let tag = Tag(rawValue: try take(1)[0]) else { throw .damaged }
            switch tag {
            case .none: return .none
            case .no: return .boolean(false)
            case .yes: return .boolean(true)
            case .number: return .number(Double(bitPattern: try word()))
            case .string: return .string(try text())
            case .list:
                var items: [Value] = []
                for _ in 0..<(try count(bytes.count)) { items.append(try value(depth: depth + 1)) }
                return Value(items)
            case .record:
                var fields: [(String, Value)] = []
                for _ in 0..<(try count(bytes.count)) {
                    let name = try text()
                    fields.append((name, try value(depth: depth + 1)))
                }
                return .record(Record(fields))
            case .range:
                let start = Int(Int64(bitPattern: try word())), end = Int(Int64(bitPattern: try word()))
                guard abs(Double(start)) <= 0x1p53, abs(Double(end)) <= 0x1p53 else { throw .damaged }
                return .range(IndexRange(start, end))
            case .volume:
                guard let type = Datatype(rawValue: try text()) else { throw .damaged }
                let grid = try grid(), raw = try take(4 * grid.count)
                let voxels = [Float](unsafeUninitializedCapacity: grid.count) { out, done in
                    UnsafeMutableRawBufferPointer(out).copyMemory(from: raw)
                    done = grid.count
                }
                return .volume(Volume(grid: grid, voxels: voxels, datatype: type))
            case .mask:
                let grid = try grid(), raw = try take((grid.count + 7) / 8)
                return .mask(Mask(grid: grid, voxels: (0..<grid.count).map { raw[$0 / 8] >> UInt8($0 % 8) & 1 }))
            case .transform:
                guard let transform = try? Transform(try affine()) else { throw .damaged }
                return .transform(transform)
            }
        }
    }
}

/// Why a value is not kept, or not to be had.
public enum ValueCodingError: ExplainedError {
    case kind(String)
    case damaged

    public var message: String {
        switch self {
        case .kind(let what): "\(what) cannot be kept in a file of results"
        case .damaged: "the file of a result is damaged"
        }
    }

    public var hint: String? {
        switch self {
        case .kind: "results may be numbers, text, lists, records, volumes, masks and transforms"
        case .damaged: nil
        }
    }
}
