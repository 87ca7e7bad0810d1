import Networks
import Support
import Testing

/// Layers that pool, add, multiply and convolve by groups: gradients against central differences, sizes, arguments, files.
@Suite struct JoiningLayerTests {
    static let networks: [SmallNetwork] = [
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

    @Test(arguments: networks.map(\.name))
    func gradientsAreFiniteDifferences(_ name: String) throws {
        try checkGradients(of: #require(Self.networks.first { $0.name == name }))
    }

    @Test(.serialized, arguments: networks.map(\.name))
    func resultsRepeatForAnyNumberOfThreads(_ name: String) throws {
        try checkThreads(of: #require(Self.networks.first { $0.name == name }))
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
        try checkFile(of: #require(Self.networks.first { $0.name == name }))
    }
}
