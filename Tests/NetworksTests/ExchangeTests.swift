import Glibc
import Networks
import Support
import Testing

/// Models to and from other programs; reference numbers by Tests/Reference/exchange/make.py.
@Suite struct ExchangeTests {
    static let folder = ReferenceFile.folder.dropLast("networks".count) + "exchange"
    /// The folder of real data beside the checkout.
    static let data: String = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return root + "/../shared/data"
    }()

    private func check(_ model: Model, _ name: String) throws {
        let reference = try ReferenceFile(path: "\(Self.folder)/\(name).safetensors")
        let input = try reference.values("input"), expected = try reference.values("output"), size = reference.shape("input").suffix(3)
        let shape = SIMD3(size[size.endIndex - 1], size[size.endIndex - 2], size[size.endIndex - 3])
        let output = try model.predict(input, shape: shape)
        #expect(output.count == expected.count)
        let worst = zip(output, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-5, "differs by \(worst)")
        // A constant output would agree with anything nearly constant.
        #expect(expected.max()! - expected.min()! > 0.01)
    }

    /// onnxruntime computes from the exported file what this program computes; and the file is the one that is exported now.
    @Test func everyLayerIsExported() throws {
        let model = try Model.load("\(Self.folder)/every_layer.safetensors")
        try check(model, "every_layer_output")
        let file = try ReferenceFile(path: "\(Self.folder)/every_layer.safetensors")
        let kinds = try JSON(try #require(file.metadata("graph"))).array?.compactMap { $0["kind"]?.string } ?? []
        #expect(Model.layerKinds.subtracting(kinds) == ["channeldropout"], "a kind of layer is not in every_layer.ss")
        let path = "/tmp/skullstrip-export-\(getpid()).onnx"
        defer { unlink(path) }
        try model.exportONNX(to: path)
        #expect(readBytes(path) == readBytes("\(Self.folder)/every_layer.onnx"), "run Tests/Reference/exchange/make.py")
    }

    @Test func whatTheStandardCannotSayIsNamed() throws {
        let x = try Node.input()
        let model = try Model(
            input: x, output: x.conv3d(filters: 2, stride: SIMD3(2, 2, 2), bias: false).conv3d(filters: 2, stride: SIMD3(1, 1, 1)).upsample().sigmoid())
        try model.exportONNX(to: "/tmp/skullstrip-export-\(getpid())-ok.onnx")
        unlink("/tmp/skullstrip-export-\(getpid())-ok.onnx")
        let both = try Model(
            input: x, output: x.conv3d(filters: 2, stride: SIMD3(2, 1, 1), dilation: SIMD3(1, 2, 1)).upsample(size: SIMD3(2, 1, 1)))
        #expect(throws: NetworkError.export(layer: "conv3d", reason: "ONNX has no padding \"same\" for a convolution with both stride and dilation")) {
            try both.exportONNX(to: "/tmp/skullstrip-export-\(getpid()).onnx")
        }
    }

    @Test func kerasLayersAreImported() throws {
        let model = try TensorFlowModel.load("\(Self.folder)/keras/model.json")
        #expect(model.outputChannels == 3)
        try check(model, "keras_output")
    }

    @Test(
        .enabled(if: FileSystem.exists(data + "/models"), "skipped: no published models in ../shared/data/models"),
        arguments: ["mindgrab", "model5_gw_ae", "model11_gw_ae"])
    func publishedNetworksAreImported(name: String) throws {
        try check(TensorFlowModel.load("\(Self.data)/models/\(name)/model.json"), "meshnet_\(name)")
    }

    /// Every damage is an error that names the file, never a crash or a wrong network.
    @Test func damagedImportsAreErrors() throws {
        let folder = "/tmp/skullstrip-import-\(getpid())"
        try FileSystem.makeFolder(folder)
        let good = try #require(readBytes("\(Self.folder)/keras/model.json")), weights = try #require(readBytes("\(Self.folder)/keras/weights.bin"))
        defer {
            unlink(folder + "/model.json")
            unlink(folder + "/weights.bin")
            rmdir(folder)
        }
        func load(_ json: [UInt8], _ weights: [UInt8]) throws {
            try AtomicFile.write(weights, to: folder + "/weights.bin")
            try AtomicFile.write(json, to: folder + "/model.json")
            _ = try TensorFlowModel.load(folder + "/model.json")
        }
        try load(good, weights)
        #expect(throws: NetworkError.self) { try load(good, Array(weights.dropLast())) }
        #expect(throws: NetworkError.self) { try load(Array(good.dropLast(40)), weights) }
        #expect(throws: NetworkError.self) { try load(Array("[]".utf8), weights) }
        let text = String(decoding: good, as: UTF8.self)
        for (from, to) in [
            ("\"Conv3D\"", "\"Conv9D\""), ("weights.bin", "../weights.bin"), ("\"same\"", "\"causal\""), ("\"relu\"", "\"mystery\""),
            ("\"float32\"", "\"uint8\""), ("first/kernel", "first/kernal"), ("\"filters\": 4", "\"filters\": -4"),
            ("\"filters\": 4", "\"filters\": 1e300"), ("\"pool_size\"", "\"pool_shape\""), ("layers-model", "graph-model"),
        ] {
            let parts = text.split(separator: from, maxSplits: 1, omittingEmptySubsequences: false)
            try #require(parts.count == 2, "\(from)")
            #expect(throws: NetworkError.self, "\(from) → \(to)") { try load(Array((parts[0] + to + parts[1]).utf8), weights) }
        }
        // Any single changed byte: an error or a network, and no crash.
        var random = CounterRandom(seed: 9)
        for _ in 0..<400 {
            var json = good
            json[Int(random.next() % UInt64(json.count))] = UInt8(truncatingIfNeeded: random.next())
            do { try load(json, weights) } catch is NetworkError {} catch is FileError {} catch is MemoryError {}
        }
    }
}
