import CKernels
import Glibc
import Kernels
import Networks
import Support
import Testing

/// The tutorial's network: two convolutions a block, two blocks at the bottom, transposed convolutions, skips.
func unet(filters: Int, depth: Int, dropout: Double = 0.05, seed: UInt64 = 1) throws -> Model {
    func block(_ x: Node, _ n: Int) throws -> Node {
        try x.conv3d(filters: n).batchnorm().relu().conv3d(filters: n).batchnorm().relu()
    }
    let input = try Node.input(channels: 1)
    var x = input
    var skips: [Node] = []
    for level in 0..<depth {
        x = try block(x, filters << level)
        skips.append(x)
        x = try x.maxpool().dropout(rate: dropout)
    }
    x = try block(block(x, filters << depth), filters << depth)
    for level in (0..<depth).reversed() {
        x = try x.upconv3d(filters: filters << level).relu()
        x = try block(Node.concat([x, skips[level]]).dropout(rate: dropout), filters << level)
    }
    return try Model(input: input, output: x.conv3d(filters: 1, kernel: SIMD3(1, 1, 1)).sigmoid(), seed: seed)
}

@Suite struct GraphTests {
    @Test func tutorialNetworkHasItsParameters() throws {
        let model = try unet(filters: 16, depth: 4)
        #expect(model.parameterCount == 10_019_185)
        #expect(model.trainableCount == 10_015_217)
        #expect(model.requiredMultiple == SIMD3(16, 16, 16))
        #expect(model.describe == "model · 10,019,185 parameters · 1 → 1 channels · shapes divisible by 16")
        let table = try model.summaryTable(shape: SIMD3(96, 128, 160))
        #expect(table.contains("10,019,185"))
        #expect(table.contains("6×8×10"))
        // A training step of batch 1 at full size stays well below 6 GB.
        #expect(try model.estimatedMemory(shape: SIMD3(96, 128, 160), batch: 1).training < 4_000_000_000)
    }

    @Test func initialWeightsAreHeNormal() throws {
        let input = try Node.input(channels: 8)
        let model = try Model(input: input, output: input.conv3d(filters: 300), seed: 7)
        let weights = try #require(model.arrays.first { $0.name.hasSuffix("weight") }).values.map(Double.init)
        let mean = weights.reduce(0, +) / Double(weights.count)
        let deviation = (weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)).squareRoot()
        let expected = (2.0 / (8 * 27)).squareRoot()
        #expect(abs(mean) < 0.01 * expected)
        #expect(abs(deviation - expected) < 0.01 * expected)
        // Cut at two deviations of the uncut normal.
        #expect(weights.allSatisfy { abs($0) <= 2 * expected / 0.8796 })
        let same = try Model(input: input, output: input.conv3d(filters: 300), seed: 7)
        let other = try Model(input: input, output: input.conv3d(filters: 300), seed: 8)
        #expect(same.arrays.map(\.values) == model.arrays.map(\.values))
        #expect(other.arrays[0].values != model.arrays[0].values)
    }

    /// Each value is a draw of its own place in PyTorch's order, wherever it lies in memory.
    @Test func initialWeightsAreTheDrawsOfTheirPlaces() throws {
        let input = try Node.input(channels: 19)
        let model = try Model(input: input, output: input.conv3d(filters: 21, kernel: SIMD3(3, 2, 1)).sigmoid(), seed: 11)
        let random = CounterRandom(seed: 11, stream: 0)
        let deviation = (2 / Double(19 * 6)).squareRoot() / 0.879_625_661_034_239_78
        let expected = (0..<21 * 19 * 6).map { Float(deviation * random.truncatedNormal(at: UInt64($0))) }
        #expect(model.arrays[0].values == expected)
    }

    /// Eight at a time, with each instruction set and to any count, they are the draws one by one, and nothing is written beyond them.
    @Test func drawsInVectorsAreTheDraws() throws {
        let random = CounterRandom(seed: 29, stream: 3), scale = 0.087
        for set in Kernels.available {
            let table = try #require(Kernels.training(set))
            for (first, count) in [(0, 1), (5, 7), (1 << 40, 8), (17, 27), (1000, 432), (3, 100_001)] {
                var out = [Float](repeating: -9, count: count + 8)
                out.withUnsafeMutableBufferPointer {
                    var call = SKDraws(key: random.key, counter: UInt64(first), count: Int64(count), scale: scale, out: $0.baseAddress!)
                    table.draws(&call)
                }
                let expected = (0..<count).map { Float(scale * random.truncatedNormal(at: UInt64(first + $0))) }
                #expect(out == expected + [Float](repeating: -9, count: 8))
            }
        }
    }

    /// Against the error function: Φ of a draw is its uniform number again, to the error of the quantile times the density.
    @Test func truncatedNormalsAreQuantiles() {
        let random = CounterRandom(seed: 5, stream: 4)
        for i in 0..<10_000 {
            let z = random.truncatedNormal(at: UInt64(i)), q = (2 * random.uniform(at: UInt64(i)) - 1) * 0.477_249_868_051_820_85
            let density = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
            #expect(abs(0.5 * erf(z / 2.0.squareRoot()) - q) <= 1e-7 * abs(z) * density + 1e-15)
        }
    }

    /// The share of draws below each z is that of a normal cut at ±2, and none lies outside.
    @Test func truncatedNormalsHaveTheirDistribution() {
        let random = CounterRandom(seed: 5, stream: 3)
        let draws = (0..<200_000).map { random.truncatedNormal(at: $0) }.sorted()
        let normal = { (z: Double) in 0.5 * erfc(-z / 2.0.squareRoot()) }
        // Kolmogorov's distance of 200,000 true draws is under 0.0044 but once in a thousand.
        let distance = draws.enumerated().map { i, z in abs((normal(z) - normal(-2)) / (normal(2) - normal(-2)) - Double(i) / 200_000) }.max()!
        #expect(distance < 0.0044)
        #expect(abs(draws.first!) <= 2 && abs(draws.last!) <= 2 && draws.first! < -1.999 && draws.last! > 1.999)
    }

    @Test func badArgumentsAreErrors() throws {
        let x = try Node.input(channels: 2)
        #expect(throws: NetworkError.self) { try Node.input(channels: 0) }
        #expect(throws: NetworkError.self) { try x.conv3d(filters: 0) }
        #expect(throws: NetworkError.self) { try x.conv3d(filters: 1 << 40) }
        #expect(throws: NetworkError.self) { try x.conv3d(filters: 8, kernel: SIMD3(3, 0, 3)) }
        #expect(throws: NetworkError.self) { try x.conv3d(filters: 8, stride: SIMD3(1, 1, .max)) }
        #expect(throws: NetworkError.self) { try x.batchnorm(momentum: 1) }
        #expect(throws: NetworkError.self) { try x.batchnorm(epsilon: .nan) }
        #expect(throws: NetworkError.self) { try x.dropout(rate: 1) }
        #expect(throws: NetworkError.self) { try x.maxpool(size: SIMD3(0, 1, 1)) }
        #expect(throws: NetworkError.self) { try Node.concat([]) }
        // Another input, no layers, another size, sizes that do not meet.
        #expect(throws: NetworkError.self) { try Model(input: Node.input(channels: 2), output: x.relu()) }
        #expect(throws: NetworkError.self) { try Model(input: x, output: x) }
        #expect(throws: NetworkError.self) { try Model(input: x.relu(), output: x.relu().relu()) }
        #expect(throws: NetworkError.self) { try Model(input: x, output: x.maxpool()) }
        #expect(throws: NetworkError.self) { try Model(input: x, output: Node.concat([x, x.maxpool()])) }
        // Far too many weights, without taking memory for them.
        #expect(throws: NetworkError.self) {
            try Model(input: x, output: x.conv3d(filters: 60000, kernel: SIMD3(9, 9, 9)).conv3d(filters: 60000, kernel: SIMD3(9, 9, 9)))
        }
    }

    @Test func veryDeepGraphsAreErrorsNotCrashes() throws {
        var x = try Node.input(channels: 1)
        #expect(throws: NetworkError.self) { for _ in 0..<100_000 { x = try x.relu() } }
    }

    @Test func shapesAreChecked() throws {
        let model = try unet(filters: 2, depth: 2)
        #expect(throws: NetworkError.shape(SIMD3(12, 10, 8), multiple: SIMD3(4, 4, 4))) { try model.summaryTable(shape: SIMD3(12, 10, 8)) }
        #expect(throws: NetworkError.self) { try model.predict([1, 2, 3], shape: SIMD3(2, 2, 2)) }
        #expect(throws: NetworkError.axisLength(SIMD3(0, 2, 2), most: 16384)) { try model.predict([], shape: SIMD3(0, 2, 2)) }
        let long = NetworkError.axisLength(SIMD3(60010, 8, 6), most: 16384)
        #expect(throws: long) { try model.predict([Float](repeating: 0, count: 60010 * 48), shape: SIMD3(60010, 8, 6)) }
        #expect(throws: long) { try model.summaryTable(shape: SIMD3(60010, 8, 6)) }
        #expect(long.message == "the shape is 60010×8×6, but an axis must have 1 to 16,384 voxels")
        #expect(throws: NetworkError.self) { try model.predict([.nan], shape: SIMD3(1, 1, 1)) }
        // Sizes that no memory holds are refused by the plan.
        #expect(throws: MemoryError.self) { try model.estimatedMemory(shape: SIMD3(16384, 16384, 16384), batch: 60000) }
    }
}
