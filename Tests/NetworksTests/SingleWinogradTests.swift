import Networks
import Support
import Testing

/// First layers, of a single input channel; their errors are bounded in WinogradTests, and their sums in FusedEndsTests.
@Suite struct SingleWinogradTests {
    private func draw(_ count: Int, _ seed: UInt64) -> [Float] {
        let random = CounterRandom(seed: seed)
        return (0..<count).map { Float(random.normal(at: UInt64($0))) }
    }

    /// A normalisation and its ReLU within the convolution against the same as layers of their own, with whole tiles and with parts of tiles.
    @Test(arguments: [SIMD3(40, 8, 6), SIMD3(41, 9, 7)]) func foldsWhatFollows(_ shape: SIMD3<Int>) throws {
        func run(_ keep: (Node) throws -> Node) throws -> [Float] {
            let input = try Node.input(channels: 1)
            let model = try Model(input: input, output: keep(keep(input.conv3d(filters: 20)).batchnorm()).relu(), seed: 1)
            for (k, array) in model.arrays.enumerated() {
                // Variances are positive.
                try model.set(array.name, draw(array.values.count, UInt64(k)).map { array.name.contains("var") ? 0.5 + abs($0) : $0 })
            }
            return try model.predict(draw(shape.x * shape.y * shape.z, 50), shape: shape)
        }
        let folded = try run { $0 }, separate = try run { try $0.leakyrelu(slope: 1) }
        #expect(relativeError(folded, separate) < 1e-5)
        #expect(separate.contains(0) && Set(separate).count > 1000)
    }

    /// Outputs of more than 64 MB are written past the caches: their corner equals that of a small volume, up to where this one ends.
    @Test func streamsWhatIsLarge() throws {
        let large = SIMD3(128, 96, 88), small = SIMD3(32, 16, 8)
        let image = draw(large.x * large.y * large.z, 3)
        func place(_ x: Int, _ y: Int, _ z: Int, _ shape: SIMD3<Int>) -> Int { (z * shape.y + y) * shape.x + x }
        var corner: [Float] = []
        for z in 0..<small.z { for y in 0..<small.y { for x in 0..<small.x { corner.append(image[place(x, y, z, large)]) } } }
        let weights = draw(16 * 27, 4)
        func run(_ image: [Float], _ shape: SIMD3<Int>) throws -> [Float] {
            try ConvolutionProbe.layer(input: 1, output: 16, stride: SIMD3(1, 1, 1), transposed: false, shape: shape, batch: 1, weights: weights).forward(image)
        }
        let whole = try run(image, large), part = try run(corner, small)
        var different = 0
        for channel in 0..<16 {
            for z in 0..<6 {
                for y in 0..<12 {
                    for x in 0..<28 {
                        let a = whole[channel * image.count + place(x, y, z, large)], b = part[channel * corner.count + place(x, y, z, small)]
                        if a != b { different += 1 }
                    }
                }
            }
        }
        #expect(different == 0)
        #expect(Set(part).count > 10_000)
    }

    /// Neither outputs nor gradients depend on the number of threads.
    @Test func repeatsOnAnyNumberOfThreads() throws {
        let shape = SIMD3(40, 70, 20), before = Parallel.threads
        defer { Parallel.threads = before }
        let results = try [1, 3].map { threads in
            Parallel.threads = threads
            let probe = try ConvolutionProbe.layer(
                input: 1, output: 16, stride: SIMD3(1, 1, 1), transposed: false, shape: shape, batch: 1, weights: draw(16 * 27, 4))
            return try [probe.forward(draw(56_000, 1)), probe.backward(draw(16 * 56_000, 2))] + probe.weightGradients.map(\.values)
        }
        #expect(results[0] == results[1])
    }
}
