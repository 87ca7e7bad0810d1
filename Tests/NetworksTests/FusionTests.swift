import Networks
import Support
import Testing

/// Graphs whose values are views, against the same graphs in which layers that change nothing keep every value a tensor of its own.
@Suite struct FusionTests {
    /// Builds a graph, with a function that is put around values.
    typealias Build = @Sendable (_ input: Node, _ keep: (Node) throws -> Node) throws -> Node

    static let graphs: [(name: String, channels: Int, build: Build)] = [
        ("relu before a normalisation", 1, { x, keep in try keep(keep(x.conv3d(filters: 16)).relu()).batchnorm().conv3d(filters: 3) }),
        (
            "transposed, relu, normalisation", 1,
            { x, keep in try keep(keep(x.maxpool().conv3d(filters: 8).upconv3d(filters: 16)).relu()).batchnorm().conv3d(filters: 3) }
        ),
        (
            "two convolutions read one", 1,
            { x, keep in
                let y = try keep(x.conv3d(filters: 16))
                return try Node.add([y.conv3d(filters: 4), y.conv3d(filters: 4, kernel: SIMD3(1, 1, 1))])
            }
        ),
        (
            "a pooling and a convolution read one", 1,
            { x, keep in
                let y = try keep(x.conv3d(filters: 16))
                return try Node.add([y.conv3d(filters: 4), y.maxpool().upconv3d(filters: 4)])
            }
        ),
        (
            "a convolution and a sum read a normalised one", 1,
            { x, keep in
                let y = try keep(keep(x.conv3d(filters: 16).batchnorm()).relu())
                return try Node.add([y, y.conv3d(filters: 16)]).conv3d(filters: 2)
            }
        ),
        (
            "joined with the image", 16,
            { x, keep in try keep(Node.concat([x, keep(x.conv3d(filters: 16).batchnorm().relu())])).conv3d(filters: 3) }
        ),
        (
            "joined, normalised, pooled", 1,
            { x, keep in
                let a = try keep(keep(x.conv3d(filters: 16).batchnorm()).relu()), b = try keep(x.conv3d(filters: 32).relu())
                return try keep(Node.concat([a, b])).maxpool().upconv3d(filters: 2)
            }
        ),
        ("ends in a normalisation", 1, { x, keep in try keep(keep(x.conv3d(filters: 5)).batchnorm()) }),
        (
            "channels 3 and 17 joined", 1,
            { x, keep in try keep(Node.concat([keep(x.conv3d(filters: 17).batchnorm()), x.conv3d(filters: 3)])).conv3d(filters: 2) }
        ),
    ]

    @Test(arguments: graphs.indices)
    func viewsEqualTensors(_ index: Int) throws {
        let (name, channels, build) = Self.graphs[index]
        let shape = SIMD3(10, 8, 6), random = CounterRandom(seed: 2)
        func run(_ keep: (Node) throws -> Node) throws -> (output: [Float], gradients: [[Float]]) {
            let input = try Node.input(channels: channels)
            let model = try Model(input: input, output: build(input, keep), seed: 1)
            // Weights by their order, since an inserted layer moves the numbers by which they are drawn.
            for (k, array) in model.arrays.filter({ !$0.name.contains("running") }).enumerated() {
                try model.set(array.name, array.values.indices.map { Float(0.4 * random.normal(at: UInt64(k * 100_000 + $0)) + 0.05) })
            }
            let probe = try Probe(model, shape: shape, batch: 2, inputGradient: false)
            let x = (0..<2 * channels * 480).map { Float(random.normal(at: UInt64(1 << 40 + $0))) }
            let output = try probe.forward(x)
            _ = try probe.backward(output.indices.map { Float(random.normal(at: UInt64(1 << 41 + $0))) })
            return (output, probe.weightGradients.map(\.values))
        }
        let views = try run { $0 }, tensors = try run { try $0.leakyrelu(slope: 1) }
        #expect(relativeError(views.output, tensors.output) < 1e-5, "\(name)")
        #expect(views.gradients.count == tensors.gradients.count)
        let largest = tensors.gradients.joined().reduce(0) { max($0, abs($1)) }
        for (k, (a, b)) in zip(views.gradients, tensors.gradients).enumerated() {
            // A bias before a normalisation has a gradient of rounding alone.
            let size = b.reduce(0) { max($0, abs($1)) }
            if size > 1e-4 * largest { #expect(relativeError(a, b) < 1e-4, "\(name), array \(k)") }
        }
    }

    /// Values that are written out from views are computed again before the gradient passes back through them.
    @Test func computingAgainReachesCopies() throws {
        let input = try Node.input(channels: 1)
        var x = try input.conv3d(filters: 8).batchnorm().relu()
        for _ in 0..<6 { x = try Node.add([x, x.conv3d(filters: 8).batchnorm().relu()]).conv3d(filters: 8).batchnorm().relu() }
        let model = try Model(input: input, output: x.conv3d(filters: 1).sigmoid(), seed: 4)
        let shape = SIMD3(12, 8, 8), random = CounterRandom(seed: 3)
        let image = (0..<768).map { Float(random.normal(at: UInt64($0))) }
        let kept = try Probe(model, shape: shape), renewed = try Probe(model, shape: shape, renewing: true)
        for probe in [kept, renewed] {
            _ = try probe.forward(image)
            _ = try probe.loss(image.map { $0 > 0 ? 1 : 0 })
            try probe.backwardFromLoss()
        }
        let same = kept.weightGradients.map(\.values) == renewed.weightGradients.map(\.values)
        #expect(same)
    }
}
