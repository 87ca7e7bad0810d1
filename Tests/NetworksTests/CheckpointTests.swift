import Glibc
import Networks
import Support
import Testing

@Suite struct CheckpointTests {
    private func temporary(_ name: String) -> String { "/tmp/skullstrip-\(getpid())-\(name).safetensors" }

    private func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = temporary(name)
        try AtomicFile.write(bytes, to: path)
        return path
    }

    /// A file with the given header and as many bytes of data.
    private func file(_ header: String, data: Int, _ name: String) throws -> String {
        let text = Array(header.utf8)
        return try write((0..<8).map { UInt8(text.count >> (8 * $0) & 255) } + text + [UInt8](repeating: 0, count: data), name)
    }

    @Test func roundTripIsExact() throws {
        let path = temporary("round")
        defer { unlink(path) }
        let model = try unet(filters: 3, depth: 2, dropout: 0.1, seed: 9)
        try model.save(to: path, metadata: ["dataset": "Ünïcode \"quoted\"\n", "graph": "cannot be replaced"])
        let loaded = try Model.load(path)
        #expect(loaded.arrays.map(\.name) == model.arrays.map(\.name))
        #expect(loaded.arrays.map(\.values) == model.arrays.map(\.values))
        #expect(loaded.metadata == ["dataset": "Ünïcode \"quoted\"\n"])
        let image = (0..<512).map { Float($0 % 13) }
        #expect(try loaded.predict(image, shape: SIMD3(8, 8, 8)) == model.predict(image, shape: SIMD3(8, 8, 8)))
        // What a reader of the layout sees.
        let reference = try ReferenceFile(path: path)
        #expect(reference.shape("layer.1.conv3d.weight") == [3, 1, 3, 3, 3])
        #expect(try reference.values("layer.1.conv3d.weight") == model.arrays[0].values)
        #expect(reference.names.contains("layer.2.batchnorm.running_var"))
    }

    @Test func bestModelIsKept() throws {
        let path = temporary("best")
        defer { unlink(path) }
        let model = try unet(filters: 3, depth: 1)
        let history = try fit(
            model, train: Balls(count: 3, shape: SIMD3(8, 8, 8)), valid: Balls(count: 2, shape: SIMD3(8, 8, 8), first: 50),
            options: FitOptions(epochs: 4, checkpoint: path, metadata: ["who": "test"]))
        let best = try Model.load(path)
        #expect(best.metadata["epoch"] == "\(history.bestEpoch)")
        #expect(best.metadata["who"] == "test")
        let training = try JSON(try #require(best.metadata["training"]))
        #expect(training["steps_taken"]?.integer == history.bestEpoch * 3 && training["optimizer"]?.string?.hasPrefix("adam") == true)
        if history.bestEpoch == 4 { #expect(best.arrays.map(\.values) == model.arrays.map(\.values)) }
        #expect(throws: FileError.self) {
            try fit(
                model, train: Balls(count: 1, shape: SIMD3(8, 8, 8)), valid: nil,
                options: FitOptions(epochs: 1, checkpoint: "/nowhere/at/all.safetensors"))
        }
    }

    @Test func missingFilesAndFoldersAreNamed() {
        #expect(throws: FileError.missing(path: "/nowhere/x")) { try Model.load("/nowhere/x") }
        #expect(throws: FileError.isDirectory(path: "/tmp")) { try Model.load("/tmp") }
        #expect(throws: FileError.self) { try Model.load("/dev/zero") }
    }

    @Test func hostileHeadersAreErrors() throws {
        let headers: [(String, Int)] = [
            ("", 0), ("{", 0), ("[]", 0), ("null", 0), ("{\"a\":1}", 0), ("{\"a\":{}}", 0),
            (String(repeating: "[", count: 100_000), 0),
            ("{\"__metadata__\":{\"format\":3}}", 0),
            ("{\"__metadata__\":{\"format\":\"skullstrip-model\"}}", 0),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 0),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,4]}}", 8),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 8),
            ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1e300],\"data_offsets\":[0,4]}}", 8),
            (
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
                8
            ),
            (
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                8
            ),
            ("{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 8),
        ]
        for (i, (header, data)) in headers.enumerated() {
            let path = try file(header, data: data, "hostile\(i)")
            defer { unlink(path) }
            #expect(throws: NetworkError.self, "\(header.prefix(80))") { try Model.load(path) }
        }
        // Lengths that lie.
        for length: UInt64 in [0, 1, 100, 1 << 40, .max] {
            let path = try write((0..<8).map { UInt8(length >> (8 * UInt64($0)) & 255) } + Array("{}".utf8), "length\(length)")
            defer { unlink(path) }
            #expect(throws: NetworkError.self) { try Model.load(path) }
        }
    }

    @Test func hostileGraphsAreErrors() throws {
        let graphs = [
            "[]", "{}", "[{}]", "[{\"kind\":\"input\",\"inputs\":[]}]", "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"relu\",\"inputs\":[1]}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"relu\",\"inputs\":[2]},{\"kind\":\"relu\",\"inputs\":[1]}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"relu\",\"inputs\":[]}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"relu\",\"inputs\":[0,0]}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"sorcery\",\"inputs\":[0]}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"relu\",\"inputs\":[0]},{\"kind\":\"relu\",\"inputs\":[0]}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"dropout\",\"inputs\":[0],\"rate\":7}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"conv3d\",\"inputs\":[0],\"filters\":9e15,\"kernel\":[3,3,3],\"stride\":[1,1,1],\"dilation\":[1,1,1],\"bias\":true}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"conv3d\",\"inputs\":[0],\"filters\":65536,\"kernel\":[31,31,31],\"stride\":[1,1,1],\"dilation\":[1,1,1],\"bias\":true}]",
            "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"maxpool\",\"inputs\":[0],\"size\":[2,2,2]}]",
        ]
        for (i, graph) in graphs.enumerated() {
            let metadata = JSON.object([("format", .string("skullstrip-model")), ("version", .string("1")), ("graph", .string(graph))])
            let path = try file(JSON.object([("__metadata__", metadata)]).text, data: 0, "graph\(i)")
            defer { unlink(path) }
            #expect(throws: NetworkError.self, "\(graph)") { try Model.load(path) }
        }
    }

    @Test func damagedFilesAreErrors() throws {
        let path = temporary("damage")
        defer { unlink(path) }
        try unet(filters: 2, depth: 1).save(to: path)
        let bytes = try #require(readBytes(path))
        let random = CounterRandom(seed: 4)
        // Cut anywhere: an error, never a model.
        for i in 0..<40 {
            let cut = try write(Array(bytes.prefix(Int(random.uniform(at: UInt64(i)) * Double(bytes.count)))), "cut")
            defer { unlink(cut) }
            #expect(throws: NetworkError.self) { try Model.load(cut) }
        }
        // Bytes of the header changed: an error or a model that was not told apart, never a crash.
        let header = 8 + (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        var errors = 0
        for i in 0..<300 {
            var changed = bytes
            changed[Int(random.uniform(at: UInt64(1000 + i)) * Double(header))] = UInt8(
                truncatingIfNeeded: random.bits(at: UInt64(5000 + i)))
            let file = try write(changed, "changed")
            defer { unlink(file) }
            do { _ = try Model.load(file) } catch { errors += 1 }
        }
        #expect(errors > 250)
        // Weights that are not numbers.
        var poisoned = bytes
        for k in 0..<4 { poisoned[bytes.count - 8 + k] = 0xFF }
        let file = try write(poisoned, "nan")
        defer { unlink(file) }
        #expect(throws: NetworkError.self) { try Model.load(file) }
    }
}
