import Glibc
import Networks
import Support
import Testing

@Suite struct WeightImportTests {
    private let weights = "\(ReferenceFile.folder)/import_weights.safetensors"
    /// From PyTorch's names to layers: input 0, conv3d 1, batchnorm 2, relu 3, maxpool 4, conv3d 5, relu 6, upconv3d 7, relu 8, concat 9, conv3d 10, sigmoid 11.
    private let map = ["encoder.0": "1", "encoder.1": "layer.2", "down": "5", "up": "7", "head": "layer.10.conv3d"]

    private func net(head: SIMD3<Int> = SIMD3(1, 1, 1), seed: UInt64 = 3) throws -> Model {
        let image = try Node.input()
        let skip = try image.conv3d(filters: 5, bias: false).batchnorm(epsilon: 1e-3).relu()
        let low = try skip.maxpool().conv3d(filters: 6).relu()
        let up = try low.upconv3d(filters: 5, kernel: SIMD3(2, 2, 2)).relu()
        return try Model(input: image, output: Node.concat([up, skip]).conv3d(filters: 1, kernel: head).sigmoid(), seed: seed)
    }

    private func rename(_ name: String) -> String? { TensorNames.renamed(name) { map[$0].map { $0 } } }

    @Test func equalsPyTorch() throws {
        let net = try net()
        #expect(try net.loadWeights(weights) { rename($0) } == net.weightNames.count)
        let run = try ReferenceFile("import_run")
        let found = try net.predict(run.values("input"), shape: run.volume)
        #expect(relativeError(found, try run.values("output")) < 1e-5)
    }

    @Test func allThatDoesNotFitIsTold() throws {
        let net = try net()
        let before = net.arrays.map(\.values)
        #expect {
            try net.loadWeights(weights) { (name: String) -> String? in
                name == "down.bias" ? nil : name == "up.bias" ? name : rename(name)
            }
        } throws: { error in
            error as? WeightMismatch
                == WeightMismatch(path: weights, missing: ["layer.5.conv3d.bias", "layer.7.upconv3d.bias"], unexpected: ["up.bias"])
        }
        // A kernel of another size, and names that are one.
        let wide = try self.net(head: SIMD3(3, 1, 1))
        #expect {
            try wide.loadWeights(weights) { rename($0) }
        } throws: { error in
            (error as? WeightMismatch)?.unfit == ["tensor \"head.weight\" has shape [1, 10], but the graph needs [1, 10, 1, 1, 3]"]
        }
        #expect {
            try net.loadWeights(weights) { name in rename(name == "up.bias" ? "down.bias" : name) }
        } throws: { error in
            (error as? WeightMismatch)?.unfit.contains { $0.contains("\"down.bias\" and \"up.bias\" both go to layer.5.conv3d.bias") }
                ?? false
        }
        #expect(throws: WeightMismatch.self) { try net.loadWeights(weights) }
        #expect(net.arrays.map(\.values) == before)
    }

    @Test func partsCanBeTaken() throws {
        let net = try net(), other = try self.net(seed: 8)
        let names = Set(["encoder.0.weight", "up.bias"])
        #expect(try net.loadWeights(weights, partial: true) { (name: String) -> String? in names.contains(name) ? rename(name) : nil } == 2)
        try other.loadWeights(weights) { rename($0) }
        for (a, b) in zip(net.arrays, other.arrays) {
            let taken = ["layer.1.conv3d.weight", "layer.7.upconv3d.bias"].contains(a.name)
            #expect((a.values == b.values) == taken || b.values.allSatisfy { $0 == 0 }, "\(a.name)")
        }
    }

    @Test func namesBecomeOthers() {
        let known = ["a": "1", "a.b": "2", "c.weight": "9.w"]
        func target(_ name: String) -> String?? { name == "drop" ? .some(nil) : known[name].map { .some($0) } }
        func renamed(_ name: String) -> String? { TensorNames.renamed(name, target) }
        #expect(renamed("a.weight") == "1.weight")
        #expect(renamed("a.b.c.weight") == "2.c.weight")
        #expect(renamed("ab.weight") == "ab.weight")
        #expect(renamed("c.weight") == "9.w")
        #expect(renamed("drop.weight") == nil)
        #expect(renamed("x") == "x")
    }
}
