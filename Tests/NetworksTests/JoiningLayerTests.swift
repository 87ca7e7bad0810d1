import Glibc
import Networks
import Support
import Testing

/// Layers that pool, add, multiply and convolve by groups: gradients against central differences, sizes, arguments, files.
@Suite struct JoiningLayerTests {
    static let networks: [(name: String, channels: Int, shape: SIMD3<Int>, build: @Sendable (Node) throws -> Node)] = [
        (
            "strided maximum", 3, SIMD3(6, 4, 4),
            { x in
                try x.maxpool(size: SIMD3(3, 3, 2), stride: SIMD3(2, 1, 2)).upconv3d(filters: 2, stride: SIMD3(2, 1, 2))
            }
        ),
        (
            "average", 9, SIMD3(6, 4, 4),
            { x in
                try x.avgpool(size: SIMD3(3, 2, 2), stride: SIMD3(2, 2, 1)).upconv3d(filters: 2, stride: SIMD3(2, 2, 1))
            }
        ),
        ("global mean", 5, SIMD3(3, 4, 2), { x in try x.multiply(x.globalpool().conv3d(filters: 5, kernel: SIMD3(1, 1, 1)).sigmoid()) }),
        ("sum", 4, SIMD3(5, 3, 2), { x in try Node.add([x, x.conv3d(filters: 4), x]).sigmoid() }),
        ("product", 3, SIMD3(5, 3, 2), { x in try x.conv3d(filters: 3).multiply(x) }),
        ("channel gate", 9, SIMD3(5, 3, 2), { x in try x.multiply(x.conv3d(filters: 1).sigmoid()) }),
        (
            "depthwise", 3, SIMD3(5, 4, 3),
            { x in
                try x.conv3d(filters: 6, kernel: SIMD3(3, 2, 3), dilation: SIMD3(1, 2, 1), groups: 3).conv3d(filters: 6, groups: 6)
            }
        ),
        (
            "depthwise of stride 2", 9, SIMD3(6, 4, 4),
            { x in
                try x.conv3d(filters: 9, stride: SIMD3(2, 2, 1), groups: 9).upconv3d(filters: 1, stride: SIMD3(2, 2, 1))
            }
        ),
        ("groups", 6, SIMD3(5, 4, 3), { x in try x.conv3d(filters: 4, groups: 2) }),
        ("groups of blocks", 32, SIMD3(4, 3, 2), { x in try x.conv3d(filters: 32, groups: 2).conv3d(filters: 34, groups: 2) }),
    ]

    /// The change of Σ output · g along a random direction of the input and of each array against the gradients. A fourth-order difference, since values are floats.
    @Test(arguments: networks.map(\.name))
    func gradientsAreFiniteDifferences(_ name: String) throws {
        let network = try #require(Self.networks.first { $0.name == name })
        let input = try Node.input(channels: network.channels)
        let model = try Model(input: input, output: network.build(input), seed: 3)
        let probe = try Probe(model, shape: network.shape, batch: 2)
        let voxels = network.shape.x * network.shape.y * network.shape.z
        let random = CounterRandom(seed: 8)
        func draw(_ n: Int, _ stream: UInt64) -> [Float] {
            let random = CounterRandom(seed: 8, stream: stream)
            return (0..<n).map { Float(random.normal(at: UInt64($0))) }
        }
        // Steps of the maximum's place would show: values are a quarter apart, steps far smaller.
        let order = (0..<2 * network.channels * voxels).sorted { random.bits(at: UInt64($0)) < random.bits(at: UInt64($1)) }
        let x = order.map { Float($0) / Float(order.count) * 4 - 2 }
        let g = draw(2 * model.outputChannels * voxels, 1)
        func value(_ x: [Float]) throws -> Double { zip(try probe.forward(x), g).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        func check(_ expected: Double, _ what: String, _ at: (Float) throws -> Double) throws {
            let h: Float = 0.25 / Float(order.count)
            let step = what == "input" ? h : 0.005
            let slope = try (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * Double(step))
            let scale = max(abs(expected), 1)
            #expect(abs(slope - expected) < (what == "input" ? 5e-3 : 2e-3) * scale, "\(name), \(what): \(slope) against \(expected)")
        }
        _ = try probe.forward(x)
        let gradient = try probe.backward(g)
        let direction = draw(x.count, 2).map { $0 > 0 ? Float(1) : -1 }
        try check(zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }, "input") { h in
            try value(zip(x, direction).map { $0 + h * $1 })
        }
        let slopes = probe.weightGradients
        for (name, _, values) in model.arrays {
            guard let slope = slopes.first(where: { $0.name == name }) else { continue }
            let direction = draw(values.count, 3)
            try check(zip(slope.values, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }, name) { h in
                try model.set(name, zip(values, direction).map { $0 + h * $1 })
                defer { try? model.set(name, values) }
                return try value(x)
            }
        }
    }

    /// Gradients do not depend on the number of threads.
    @Test(.serialized, arguments: networks.map(\.name))
    func resultsRepeatForAnyNumberOfThreads(_ name: String) throws {
        let network = try #require(Self.networks.first { $0.name == name })
        let input = try Node.input(channels: network.channels)
        let model = try Model(input: input, output: network.build(input), seed: 3)
        // Several slabs and tiles.
        let shape = network.shape &* SIMD3(2, 4, 8), voxels = shape.x * shape.y * shape.z
        let random = CounterRandom(seed: 2)
        let x = (0..<network.channels * voxels).map { Float(random.normal(at: UInt64($0))) }
        let g = (0..<model.outputChannels * voxels).map { Float(random.normal(at: UInt64($0 + 1 << 30))) }
        let before = Parallel.threads
        defer { Parallel.threads = before }
        let results = try [1, 3].map { threads in
            Parallel.threads = threads
            let probe = try Probe(model, shape: shape)
            return [try probe.forward(x), try probe.backward(g)] + probe.weightGradients.map(\.values)
        }
        #expect(results[0] == results[1])
    }

    @Test func argumentsAndSizesAreChecked() throws {
        let x = try Node.input(channels: 4), two = SIMD3(2, 2, 2)
        #expect(throws: NetworkError.self) { try x.maxpool(size: two, stride: SIMD3(0, 1, 1)) }
        #expect(throws: NetworkError.self) { try x.maxpool(size: SIMD3(17, 1, 1), stride: two) }
        #expect(throws: NetworkError.self) { try x.avgpool(size: two, stride: SIMD3(1, 1, .max)) }
        #expect(throws: NetworkError.self) { try Node.add([x]) }
        #expect(throws: NetworkError.self) { try Node.add([]) }
        #expect(throws: NetworkError.self) { try Node.add([x, x.conv3d(filters: 3)]) }
        #expect(throws: NetworkError.self) { try x.multiply(x.conv3d(filters: 2)) }
        for groups in [0, -1, 3, 8, .max] { #expect(throws: NetworkError.self) { try x.conv3d(filters: 4, groups: groups) } }
        #expect(throws: NetworkError.self) { try x.conv3d(filters: 6, groups: 4) }
        #expect(throws: NetworkError.self) { try x.conv3d(filters: 4, kernel: SIMD3(0, 1, 1), groups: 4) }
        // Sizes meet in the graph.
        func model(_ build: (Node) throws -> Node) throws { _ = try Model(input: x, output: build(x)) }
        #expect(throws: NetworkError.self) { try model { try Node.add([$0, $0.maxpool()]) } }
        #expect(throws: NetworkError.self) { try model { try Node.concat([$0, $0.globalpool()]) } }
        #expect(throws: NetworkError.self) { try model { try $0.globalpool() } }
        #expect(throws: NetworkError.self) { try model { try $0.globalpool().upconv3d(filters: 1) } }
        #expect(throws: NetworkError.self) { try model { try $0.multiply($0.avgpool()) } }
        #expect {
            try model { try $0.globalpool().multiply($0) }
        } throws: { "\(($0 as? NetworkError)?.message ?? "")".hasSuffix("give the larger tensor first") }
        // Of one voxel, images too.
        let gate = try Model(input: x, output: x.multiply(x.globalpool()), seed: 0)
        #expect(try gate.predict([1, 2, 3, 4], shape: SIMD3(1, 1, 1)) == [1, 4, 9, 16])
        #expect(gate.requiredMultiple == SIMD3(1, 1, 1))
    }

    /// Averages, maxima and products of probabilities are probabilities, sums are not.
    @Test func probabilitiesAreKnown() throws {
        let x = try Node.input(channels: 1), p = try x.sigmoid(), one = SIMD3(1, 1, 1), three = SIMD3(3, 3, 3)
        let sample = SampleArray([Sample(image: [0, 1], target: [0, 1], shape: SIMD3(2, 1, 1), name: "a")])
        func train(_ output: Node) throws {
            _ = try fit(Model(input: x, output: output), train: sample, valid: nil, options: FitOptions(epochs: 1, batch: 1))
        }
        try train(p.avgpool(size: three, stride: one).maxpool(size: three, stride: one).multiply(p.globalpool()))
        #expect(throws: NetworkError.self) { try train(Node.add([p, p])) }
    }

    @Test(arguments: networks.map(\.name))
    func filesKeepLayers(_ name: String) throws {
        let network = try #require(Self.networks.first { $0.name == name })
        let input = try Node.input(channels: network.channels)
        let model = try Model(input: input, output: network.build(input), seed: 3)
        let path = "/tmp/skullstrip-layers-\(name.hashValue).safetensors"
        defer { unlink(path) }
        try model.save(to: path)
        let copy = try Model.load(path)
        #expect(copy.arrays.map(\.name) == model.arrays.map(\.name) && copy.arrays.map(\.values) == model.arrays.map(\.values))
        #expect(try copy.summaryTable(shape: network.shape) == model.summaryTable(shape: network.shape))
    }
}
