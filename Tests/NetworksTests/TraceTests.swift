import Networks
import Support
import Testing

@Suite struct TraceTests {
    private let shape = SIMD3(6, 4, 8)
    private var image: [Float] {
        let random = CounterRandom(seed: 3)
        return (0..<192).map { Float(random.uniform(at: UInt64($0)) - 0.5) }
    }

    /// Every layer's values are those of a network that ends with it: its weights depend on their own place alone.
    @Test func layersSayWhatShorterNetworksGive() throws {
        let input = try Node.input()
        let conv = try input.conv3d(filters: 3), norm = try conv.batchnorm(), relu = try norm.relu()
        let low = try relu.maxpool(), drop = try low.dropout(rate: 0.5), deep = try drop.conv3d(filters: 4).leakyrelu()
        let up = try deep.upconv3d(filters: 3), joined = try Node.concat([up, relu])
        let end = try joined.conv3d(filters: 1, kernel: SIMD3(1, 1, 1)).sigmoid()
        let model = try Model(input: input, output: end, seed: 5)
        let found = try model.trace(image, shape: shape)
        #expect(
            found.map(\.kind) == [
                "input", "conv3d", "batchnorm", "relu", "maxpool", "dropout", "conv3d", "leakyrelu", "upconv3d", "concat", "conv3d",
                "sigmoid",
            ])
        for (index, node) in [(1, conv), (2, norm), (3, relu), (8, up), (9, joined), (11, end)] {
            let short = try Model(input: input, output: node, seed: 5)
            let values = try short.predict(image, shape: shape).map(Double.init), layer = found[index]
            let mean = values.reduce(0, +) / Double(values.count)
            let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
            #expect(abs(layer.low - values.min()!) < 1e-5 && abs(layer.high - values.max()!) < 1e-5, "\(layer.kind)")
            #expect(abs(layer.mean - mean) < 1e-5 && abs(layer.deviation - deviation) < 1e-5, "\(layer.kind)")
            #expect(layer.channels * 192 == values.count)
        }
        #expect(found[5].low == found[4].low && found[5].mean == found[4].mean)
        #expect(found[4].shape == SIMD3(3, 2, 4) && found[9].inputs == [8, 3])
        #expect(found.map(\.parameters).reduce(0, +) == model.parameterCount)
        #expect(found[1].flops == 2 * 27 * 3 * 192)
        #expect(found[11].field == SIMD3(10, 10, 10) || found[11].field.x > found[1].field.x)
        #expect(found.allSatisfy { $0.notFinite == 0 })
    }

    @Test func infinityIsCounted() throws {
        let input = try Node.input()
        let model = try Model(input: input, output: input.conv3d(filters: 1, kernel: SIMD3(1, 1, 1)).relu())
        try model.set(model.arrays[0].name, [1e30])
        var image = image
        image[7] = 1e30
        let found = try model.trace(image, shape: shape)
        #expect(found[1].notFinite == 1 && found[0].notFinite == 0 && found[1].high.isFinite)
        #expect(try model.traceTable(image, shape: shape).contains("1 not finite"))
    }

    @Test func badShapesAreErrors() throws {
        let model = try unet(filters: 2, depth: 2)
        #expect(throws: NetworkError.self) { try model.trace(image, shape: shape) }
        #expect(throws: NetworkError.self) { try model.trace([1], shape: SIMD3(4, 4, 4)) }
    }
}
