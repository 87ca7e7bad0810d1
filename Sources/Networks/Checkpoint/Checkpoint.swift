import Glibc
import Support

// Model files follow the safetensors layout: eight bytes with the length of a JSON header (little-endian), the header, then the tensors. Tensors are float32
// in PyTorch's axis order; the graph and what else is known are strings in the header's "__metadata__".

private let formatName = "skullstrip-model"
private let formatVersion = "1"

extension Model {
    /// Writes the model so that a reader sees the old file or the new one. Throws `FileError`.
    public func save(to path: String, metadata: [String: String] = [:]) throws {
        let own = [("format", formatName), ("version", formatVersion), ("graph", GraphText.encode(graph).text)]
        let extra = metadata.merging(self.metadata) { new, _ in new }.sorted { $0.key < $1.key }
            .filter { pair in !own.contains { $0.0 == pair.key } }.map { ($0.key, $0.value) }
        let arrays = parameters.slots.indices.map { index in
            (name: parameters.slots[index].name, shape: parameters.slots[index].spec.shape, values: { self.parameters.read(slot: index) })
        }
        try TensorWriter.write(arrays, metadata: own + extra, to: path)
    }

    /// Reads a model that `save` wrote. Throws `FileError`, or `NetworkError.file` where the file is damaged or something else; sizes in the
    /// file are checked against the file's length before anything is allocated.
    public static func load(_ path: String) throws -> Model {
        do {
            return try ModelFile(path).model()
        } catch let error as JSON.Malformed {
            throw NetworkError.file(path: path, reason: error.reason)
        } catch let error as Attributes.Missing {
            throw NetworkError.file(path: path, reason: error.reason)
        } catch let error as NetworkError {
            if case .file = error { throw error }
            throw NetworkError.file(path: path, reason: error.message)
        }
    }
}

/// A tensor's entry in the header.
struct TensorInfo {
    let shape: [Int]
    let from, to: Int

    static func json(shape: [Int], from: Int, to: Int) -> JSON {
        .object([
            ("dtype", .string("F32")), ("shape", .array(shape.map { .number(Double($0)) })),
            ("data_offsets", .array([.number(Double(from)), .number(Double(to))])),
        ])
    }
}

/// An open model file with its checked header.
struct ModelFile {
    let path: String
    private let descriptor: Descriptor
    private let dataStart: Int
    private var tensors: [String: TensorInfo] = [:]
    private(set) var metadata: [String: String] = [:]

    /// More than any real header: 10,000 layers take about 2 MB.
    static let longestHeader = 64 << 20

    private final class Descriptor {
        let number: Int32
        init(_ number: Int32) { self.number = number }
        deinit { close(number) }
    }

    func fail(_ reason: String) -> NetworkError { .file(path: path, reason: reason) }

    init(_ path: String) throws {
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
            guard let dtype = value["dtype"]?.string, let dimensions = value["shape"]?.array, let offsets = value["data_offsets"]?.array,
                offsets.count == 2, let from = offsets[0].integer, let to = offsets[1].integer
            else { throw wrong("tensor \"\(name)\" has no valid dtype, shape and data_offsets") }
            guard dtype == "F32" else { throw wrong("tensor \"\(name)\" is \(dtype), not F32") }
            let shape = dimensions.compactMap(\.integer)
            guard shape.count == dimensions.count, shape.allSatisfy({ $0 >= 0 }) else {
                throw wrong("tensor \"\(name)\" has no valid shape")
            }
            guard from >= 0, from <= to, to <= dataSize else {
                throw wrong("tensor \"\(name)\" lies at bytes \(from) to \(to), outside the data of \(dataSize) bytes")
            }
            tensors[name] = TensorInfo(shape: shape, from: from, to: to)
        }
        let ordered = tensors.sorted { ($0.value.from, $0.value.to) < ($1.value.from, $1.value.to) }
        for (a, b) in zip(ordered, ordered.dropFirst()) where b.value.from < a.value.to {
            throw wrong("tensors \"\(a.key)\" and \"\(b.key)\" overlap")
        }
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

    /// The values of a tensor of a shape. Throws `NetworkError.file` where it is missing, of another shape, or not finite.
    func values(_ name: String, shape: [Int]) throws -> [Float] {
        guard let info = tensors[name] else { throw fail("tensor \"\(name)\" is missing") }
        guard info.shape == shape, info.to - info.from == shape.reduce(4, *) else {
            throw fail("tensor \"\(name)\" has shape \(info.shape) in \(info.to - info.from) bytes, but \(shape) is needed")
        }
        let bytes = try Self.read(descriptor.number, path, at: dataStart + info.from, count: info.to - info.from)
        let values = bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
        guard Finite.all(values) else { throw fail("tensor \"\(name)\" holds NaN or infinite values") }
        return values
    }

    func model() throws -> Model {
        guard metadata["format"] == formatName, let text = metadata["graph"] else {
            throw fail("it does not hold a network of this program")
        }
        guard metadata["version"] == formatVersion else {
            throw fail("it was written by a newer version (format \(metadata["version"] ?? "unknown"))")
        }
        let graph = try GraphText.decode(JSON(text))
        // The weights must be in the file before memory is taken for them.
        for (index, entry) in graph.entries.enumerated() {
            for spec in entry.layer.parameters(graph.inputChannels(of: index)) {
                let name = "layer.\(index).\(entry.layer.kind).\(spec.name)"
                guard let info = tensors[name] else { throw fail("tensor \"\(name)\" is missing") }
                guard info.shape == spec.shape else {
                    throw fail("tensor \"\(name)\" has shape \(info.shape), but the graph needs \(spec.shape)")
                }
                guard info.to - info.from == spec.count * 4 else {
                    throw fail("tensor \"\(name)\" has \(info.to - info.from) bytes, but its shape needs \(spec.count * 4)")
                }
            }
        }
        let model = try Model(graph: graph, seed: nil)
        for (index, slot) in model.parameters.slots.enumerated() {
            try Interrupt.check()
            try model.parameters.write(slot: index, values(slot.name, shape: slot.spec.shape))
        }
        model.metadata = metadata.filter { !["format", "version", "graph"].contains($0.key) }
        return model
    }
}
