import Glibc
import Networks
import Support
import Testing

@Suite struct PipelineFileTests {
    private func temporary(_ name: String) -> String { "/tmp/skullstrip-\(getpid())-pipeline-\(name).safetensors" }

    private var pipeline: Pipeline {
        var p = Pipeline(recipe: "v -> v |> normalize()  # é \"脑\"\n")
        p.signatures = ["normalize": "normalize(image: volume)"]
        (p.threshold, p.largest, p.fill, p.window, p.overlap, p.flips) = (0.37, false, true, SIMD3(32, 48, 64), 0.25, true)
        p.limits.volume = 900...1900
        p.limits.entropy = 0.75
        return p
    }

    @Test func filesHoldTheWholePipeline() throws {
        let path = temporary("whole")
        defer { unlink(path) }
        let net = try unet(filters: 3, depth: 1), model = try net.with(pipeline)
        #expect(net.pipeline == nil)
        try model.save(to: path, metadata: ["trained": "yes"])
        let loaded = try Model.load(path)
        #expect(loaded.pipeline == pipeline)
        #expect(loaded.metadata == ["trained": "yes"])
        #expect(loaded.program == Release.text)
        #expect(loaded.arrays.map(\.values) == net.arrays.map(\.values))
        // Saved again, nothing is lost.
        try loaded.save(to: path)
        #expect(try Model.load(path).pipeline == pipeline)
        #expect(try Model.load(path).metadata == ["trained": "yes"])
    }

    @Test(arguments: [(StoredNumber.float16, 0x1p-11), (.bfloat16, 0x1p-8)]) func halvesOfWeights(_ type: StoredNumber, _ unit: Double)
        throws
    {
        let whole = temporary("whole-\(type.rawValue)"), half = temporary("half-\(type.rawValue)")
        defer {
            unlink(whole)
            unlink(half)
        }
        let model = try unet(filters: 8, depth: 1, seed: 4)
        try model.save(to: whole)
        try model.save(to: half, storing: type)
        #expect(Double(try #require(readBytes(half)).count) < 0.6 * Double(try #require(readBytes(whole)).count))
        for (a, b) in zip(model.arrays, try Model.load(half).arrays) {
            if a.shape.count == 1 { #expect(a.values == b.values, "\(a.name)") }
            for (x, y) in zip(a.values, b.values) { #expect(abs(Double(x - y)) <= unit * abs(Double(x)) + 6e-8, "\(a.name)") }
        }
    }

    @Test func numbersThatFloat16CannotHold() throws {
        let path = temporary("large")
        defer { unlink(path) }
        let model = try unet(filters: 2, depth: 1)
        var values = model.arrays[0].values
        values[3] = 70_000
        try model.set(model.arrays[0].name, values)
        #expect {
            try model.save(to: path, storing: .float16)
        } throws: { "\($0)".contains("layer.1.conv3d.weight holds 70000") }
        #expect(readBytes(path) == nil)
        try model.save(to: path, storing: .bfloat16)
        #expect(try Model.load(path).arrays[0].values[3] == 70_144)
    }

    /// Every value that two bytes can hold, there and back.
    @Test(arguments: [StoredNumber.float16, .bfloat16]) func everyNumberComesBack(_ type: StoredNumber) {
        let all = (0...UInt16.max).map { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        for bytes in all {
            let value = type.values(bytes)[0]
            #expect(value.isNaN || type.bytes([value]) == bytes)
        }
        // Between two neighbours, of two equally near the even one.
        for (low, bits) in [(Float(1), type == .float16 ? 0x1p-10 : 0x1p-7 as Float), (0.75, type == .float16 ? 0x1p-11 : 0x1p-8)] {
            #expect(type.values(type.bytes([low + bits * 0.499])) == [low])
            #expect(type.values(type.bytes([low + bits * 0.501])) == [low + bits])
            #expect(type.values(type.bytes([low + bits * 0.5])) == [low])
            #expect(type.values(type.bytes([low + bits * 1.5])) == [low + 2 * bits])
        }
    }

    @Test func hostilePipelinesAreErrors() throws {
        let path = temporary("hostile")
        defer { unlink(path) }
        let graph = "[{\"kind\":\"input\",\"inputs\":[],\"channels\":1},{\"kind\":\"relu\",\"inputs\":[0]}]"
        func load(_ pipeline: String) throws -> Model {
            let metadata = JSON.object([
                ("format", .string("skullstrip-model")), ("version", .string("1")), ("graph", .string(graph)),
                ("pipeline", .string(pipeline)),
            ])
            let header = Array(JSON.object([("__metadata__", metadata)]).text.utf8)
            try AtomicFile.write((0..<8).map { UInt8(header.count >> (8 * $0) & 255) } + header, to: path)
            return try Model.load(path)
        }
        #expect(try load(pipeline.json.text).pipeline == pipeline)
        #expect(try load("{\"version\":1,\"later\":[1,2]}").pipeline == Pipeline())
        for (text, told) in [
            ("", "JSON"), ("[]", "not a JSON object"), ("{}", "newer version (unknown)"), ("{\"version\":2}", "newer version (2)"),
            ("{\"version\":1,\"recipe\":3}", "\"recipe\" is not a function's text"),
            ("{\"version\":1,\"recipe\":\"\"}", "\"recipe\" is not"),
            ("{\"version\":1,\"threshold\":\"x\"}", "\"threshold\" is not a number"),
            ("{\"version\":1,\"threshold\":1.5}", "`threshold` must be from 0 to 1, got 1.5"),
            ("{\"version\":1,\"threshold\":1e999}", "byte 25 of the JSON"),
            ("{\"version\":1,\"largest\":1}", "\"largest\" is not true or false"),
            ("{\"version\":1,\"window\":[1,2]}", "\"window\" is not"), ("{\"version\":1,\"window\":[0,8,8]}", "along each axis, got 0×8×8"),
            ("{\"version\":1,\"window\":[1e15,8,8]}", "window"), ("{\"version\":1,\"overlap\":0.99}", "`overlap` must be from 0 to 0.9, got 0.99"),
            ("{\"version\":1,\"volume\":[5,1]}", "\"volume\" is not"), ("{\"version\":1,\"volume\":[-5,1]}", "`volume` must be from 0, got -5"),
            ("{\"version\":1,\"limits\":{\"flip\":\"no\"}}", "\"limits.flip\" is not"),
            ("{\"version\":1,\"limits\":{\"flip\":7}}", "`flip` must be from 0 to 1, got 7"),
            ("{\"version\":1,\"builtins\":[]}", "\"builtins\" is not"), ("{\"version\":1,\"builtins\":{\"n4\":4}}", "\"builtins\" is not"),
            (String(repeating: "[", count: 100_000), ""),
        ] {
            #expect {
                try load(text)
            } throws: { error in
                guard case .file(path, let reason)? = error as? NetworkError else { return false }
                return reason.contains(told)
            }
        }
    }

    @Test func networksOfSeveralChannelsHaveNone() throws {
        let image = try Node.input(channels: 2)
        let model = try Model(input: image, output: image.conv3d(filters: 1).sigmoid())
        #expect(throws: NetworkError.self) { try model.with(Pipeline()) }
    }
}
