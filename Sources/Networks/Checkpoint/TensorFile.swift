import Glibc
import Support

/// How numbers lie in a tensor file; the names are the format's own.
public enum StoredNumber: String, Sendable, CaseIterable {
    case float32 = "F32"
    /// IEEE 754 binary16: 3 digits, up to 65,504.
    case float16 = "F16"
    /// The upper half of a float32: 2 to 3 digits, the range of float32.
    case bfloat16 = "BF16"

    /// Bytes that a number takes.
    var size: Int { self == .float32 ? 4 : 2 }

    /// Numbers as they lie in a file, little-endian. What float16 cannot hold becomes infinite there.
    package func bytes(_ values: [Float]) -> [UInt8] {
        func pack<T: FixedWidthInteger>(_ bits: (Float) -> T) -> [UInt8] {
            values.map { bits($0).littleEndian }.withUnsafeBytes { Array($0) }
        }
        return switch self {
        case .float32: pack { $0.bitPattern }
        case .float16: pack { Float16($0).bitPattern }
        case .bfloat16: pack { Self.upperHalf($0) }
        }
    }

    /// The nearest bfloat16, of two the even one.
    private static func upperHalf(_ x: Float) -> UInt16 {
        let bits = x.bitPattern
        return x.isNaN ? 0x7FC0 : UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
    }

    /// The numbers that stored bytes of this type stand for, little-endian; a rest too short for a number is left out.
    package func values(_ bytes: [UInt8]) -> [Float] {
        bytes.withUnsafeBytes { raw in
            func unpack<T: FixedWidthInteger>(_ type: T.Type, _ value: (T) -> Float) -> [Float] {
                let n = MemoryLayout<T>.size
                return (0..<raw.count / n).map { value(T(littleEndian: raw.loadUnaligned(fromByteOffset: n * $0, as: T.self))) }
            }
            return switch self {
            case .float32: unpack(UInt32.self) { Float(bitPattern: $0) }
            case .float16: unpack(UInt16.self) { Float(Float16(bitPattern: $0)) }
            case .bfloat16: unpack(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
            }
        }
    }
}

/// A file in the safetensors layout: eight bytes with the length of a JSON header (little-endian), the header, then the tensors. What is known besides is
/// strings in the header's "__metadata__".
struct TensorFile {
    /// A tensor's entry in the header.
    struct Entry {
        /// "F32"; what other programs write need not be among `StoredNumber`.
        let type: String
        let shape: [Int]
        let from, to: Int

        var json: JSON {
            .object([
                ("dtype", .string(type)), ("shape", .array(shape.map { .number(Double($0)) })),
                ("data_offsets", .array([.number(Double(from)), .number(Double(to))])),
            ])
        }
    }

    let path: String
    private(set) var tensors: [String: Entry] = [:]
    private(set) var metadata: [String: String] = [:]
    private let descriptor: Descriptor
    private let dataStart: Int

    /// More than any real header: 10,000 layers take about 2 MB.
    private static let longestHeader = 64 << 20

    private final class Descriptor {
        let number: Int32
        init(_ number: Int32) { self.number = number }
        deinit { close(number) }
    }

    func fail(_ reason: String) -> NetworkError { .file(path: path, reason: reason) }

    /// Opens a file and reads its header. Throws `FileError`, or `NetworkError.file` where the header is damaged or names places beyond the file's end; nothing
    /// is allocated for sizes that the file does not have.
    init(_ path: String) throws {
        do {
            try self.init(checking: path)
        } catch let error as JSON.Malformed {
            throw NetworkError.file(path: path, reason: error.reason)
        }
    }

    private init(checking path: String) throws {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw FileError.missing(path: path) }
            throw FileError.cannotRead(path: path, reason: String(cString: strerror(errno)))
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw FileError.isDirectory(path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError.cannotRead(path: path, reason: "not a regular file") }
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw FileError.cannotRead(path: path, reason: String(cString: strerror(errno))) }
        descriptor = Descriptor(number)
        let size = Int(status.st_size)
        func wrong(_ reason: String) -> NetworkError { .file(path: path, reason: reason) }
        guard size >= 8 else { throw wrong("it has only \(size) bytes") }
        let lengthBytes = try Self.read(number, path, at: 0, count: 8)
        var length: UInt64 = 0
        for i in 0..<8 { length |= UInt64(lengthBytes[i]) << UInt64(8 * i) }
        guard length >= 2, length <= UInt64(min(size - 8, Self.longestHeader)) else {
            throw wrong("its header would be \(length) bytes long, in a file of \(size)")
        }
        dataStart = 8 + Int(length)
        let header = try JSON(bytes: Self.read(number, path, at: 8, count: Int(length)))
        guard case .object(let members) = header else { throw wrong("its header is not a JSON object") }
        let dataSize = size - dataStart
        for (name, value) in members {
            if name == "__metadata__" {
                guard case .object(let strings) = value else { throw wrong("its metadata is not an object of strings") }
                for (key, value) in strings {
                    guard let text = value.string else { throw wrong("its metadata \"\(key)\" is not a string") }
                    metadata[key] = text
                }
                continue
            }
            guard let type = value["dtype"]?.string, let dimensions = value["shape"]?.array, let offsets = value["data_offsets"]?.array,
                offsets.count == 2, let from = offsets[0].integer, let to = offsets[1].integer
            else { throw wrong("tensor \"\(name)\" has no valid dtype, shape and data_offsets") }
            let shape = dimensions.compactMap(\.integer)
            guard shape.count == dimensions.count, shape.allSatisfy({ $0 >= 0 }) else {
                throw wrong("tensor \"\(name)\" has no valid shape")
            }
            guard from >= 0, from <= to, to <= dataSize else {
                throw wrong("tensor \"\(name)\" lies at bytes \(from) to \(to), outside the data of \(dataSize) bytes")
            }
            tensors[name] = Entry(type: type, shape: shape, from: from, to: to)
        }
        let ordered = tensors.sorted { ($0.value.from, $0.value.to) < ($1.value.from, $1.value.to) }
        for (a, b) in zip(ordered, ordered.dropFirst()) where b.value.from < a.value.to {
            throw wrong("tensors \"\(a.key)\" and \"\(b.key)\" overlap")
        }
    }

    /// What is wrong with a tensor that should have a shape; nil where it can be read. Ones at the end of a shape may be missing.
    func problem(_ name: String, shape: [Int]) -> String? {
        guard let entry = tensors[name] else { return "tensor \"\(name)\" is missing" }
        guard let type = StoredNumber(rawValue: entry.type) else {
            return "tensor \"\(name)\" is \(entry.type), not \(StoredNumber.allCases.map(\.rawValue).joined(separator: ", "))"
        }
        func trimmed(_ shape: [Int]) -> ArraySlice<Int> { shape.prefix { _ in true }.dropLast(shape.reversed().prefix { $0 == 1 }.count) }
        guard trimmed(entry.shape) == trimmed(shape) else {
            return "tensor \"\(name)\" has shape \(entry.shape), but the graph needs \(shape)"
        }
        let bytes = shape.reduce(type.size, *)
        return entry.to - entry.from == bytes
            ? nil : "tensor \"\(name)\" has \(entry.to - entry.from) bytes, but its shape needs \(bytes)"
    }

    /// A tensor's numbers, for which `problem` is nil. Throws `FileError`, and `NetworkError.file` for NaN and infinity.
    func values(_ name: String) throws -> [Float] {
        guard let entry = tensors[name], let type = StoredNumber(rawValue: entry.type) else { throw fail("tensor \"\(name)\" is missing") }
        let values = type.values(try Self.read(descriptor.number, path, at: dataStart + entry.from, count: entry.to - entry.from))
        guard Finite.all(values) else { throw fail("tensor \"\(name)\" holds NaN or infinite values") }
        return values
    }

    private static func read(_ descriptor: Int32, _ path: String, at offset: Int, count: Int) throws -> [UInt8] {
        var done = 0
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            guard let base = buffer.baseAddress else { return }
            while done < count {
                let n = pread(descriptor, base + done, min(count - done, 1 << 24), off_t(offset + done))
                if n < 0, errno == EINTR { continue }
                if n <= 0 {
                    failure = .cannotRead(path: path, reason: n == 0 ? "the file ended early" : String(cString: strerror(errno)))
                    break
                }
                done += n
            }
            initialised = done
        }
        if let failure { throw failure }
        return bytes
    }

    // MARK: - Writing

    /// Writes tensors, whose numbers `values` gives one after the other, so that a reader sees the old file or the new one. Throws `FileError`, and what `values` throws.
    static func write(
        to path: String, metadata: [(key: String, value: String)], tensors: [(name: String, shape: [Int], type: StoredNumber)],
        values: (Int) throws -> [Float]
    ) throws {
        var members: [(key: String, value: JSON)] = [("__metadata__", .object(metadata.map { ($0.key, .string($0.value)) }))]
        var offset = 0
        for tensor in tensors {
            let bytes = tensor.shape.reduce(tensor.type.size, *)
            members.append((tensor.name, Entry(type: tensor.type.rawValue, shape: tensor.shape, from: offset, to: offset + bytes).json))
            offset += bytes
        }
        var header = Array(JSON.object(members).text.utf8)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let file = try AtomicFile(path)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        try (length + header).withUnsafeBytes { try file.write($0) }
        for (i, tensor) in tensors.enumerated() {
            try tensor.type.bytes(try values(i)).withUnsafeBytes { try file.write($0) }
        }
        try file.commit()
    }
}
