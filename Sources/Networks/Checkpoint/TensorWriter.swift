import Support

/// Writes files of the safetensors layout.
enum TensorWriter {
    /// Arrays in their order, each made when it is written; metadata in its order. A reader sees the old file or the new one. Throws `FileError`; is not interrupted.
    static func write(
        _ arrays: [(name: String, shape: [Int], values: () -> [Float])], metadata: [(key: String, value: String)], to path: String
    ) throws {
        var members: [(key: String, value: JSON)] = [
            ("__metadata__", .object(metadata.map { (key: $0.key, value: JSON.string($0.value)) }))
        ]
        var offset = 0
        for array in arrays {
            let bytes = array.shape.reduce(4, *)
            members.append((array.name, TensorInfo.json(shape: array.shape, from: offset, to: offset + bytes)))
            offset += bytes
        }
        var header = Array(JSON.object(members).text.utf8)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let file = try AtomicFile(path)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        try (length + header).withUnsafeBytes { try file.write($0) }
        for array in arrays {
            let values = array.values()
            #if _endian(big)
            try values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { try file.write($0) }
            #else
            try values.withUnsafeBytes { try file.write($0) }
            #endif
        }
        try file.commit()
    }
}
