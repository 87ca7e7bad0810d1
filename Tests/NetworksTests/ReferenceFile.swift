import Glibc
import Networks
import Testing

/// A file of reference numbers: the safetensors layout, read with nothing but the JSON reader.
struct ReferenceFile {
    let path: String
    private let header: JSON
    private let data: [UInt8]

    static var folder: String {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return parts.joined(separator: "/") + "/Reference/networks"
    }

    init(_ name: String) throws { try self.init(path: "\(Self.folder)/\(name).safetensors") }

    init(path: String) throws {
        self.path = path
        let bytes = try #require(readBytes(path), "there is no \(path)")
        let length = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        header = try JSON(bytes: Array(bytes[8..<8 + length]))
        data = Array(bytes[(8 + length)...])
    }

    var names: [String] {
        guard case .object(let members) = header else { return [] }
        return members.map(\.key).filter { $0 != "__metadata__" }
    }

    func metadata(_ key: String) -> String? { header["__metadata__"]?[key]?.string }

    func shape(_ name: String) -> [Int] { header[name]?["shape"]?.array?.compactMap(\.integer) ?? [] }

    func values(_ name: String) throws -> [Float] {
        let found = header[name]?["data_offsets"]?.array?.compactMap(\.integer)
        let offsets = try #require(found, "\(path) has no \(name)")
        return stride(from: offsets[0], to: offsets[1], by: 4).map { i in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[i + $1]) << UInt32(8 * $1) })
        }
    }

    /// The test's volume shape (x, y, z) and batch.
    var volume: SIMD3<Int> {
        let s = (try? JSON(metadata("shape") ?? "[]"))?.array?.compactMap(\.integer) ?? [0, 0, 0]
        return SIMD3(s[0], s[1], s[2])
    }
    var batch: Int { Int(metadata("batch") ?? "") ?? 0 }
}

func readBytes(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    var bytes = [UInt8](repeating: 0, count: ftell(file))
    rewind(file)
    return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : nil
}

/// ‖a − b‖ / ‖b‖; infinite where the sizes differ or a value is not finite.
func relativeError(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count, !b.isEmpty else { return .infinity }
    var difference = 0.0, size = 0.0
    for (x, y) in zip(a, b) {
        difference += (Double(x) - Double(y)) * (Double(x) - Double(y))
        size += Double(y) * Double(y)
    }
    let error = (difference / max(size, 1e-300)).squareRoot()
    return error.isNaN ? .infinity : error
}
