import Networks
import Support
import Testing

/// What a training takes in memory and time, and values that are computed again to fit.
@Suite(.serialized) struct PlanningTests {
    /// Many layers of one size, where values that wait for the backward pass take most of the memory.
    private func chain(seed: UInt64 = 1) throws -> Model {
        let input = try Node.input(channels: 1)
        var x = input
        for _ in 0..<8 { x = try x.conv3d(filters: 8).batchnorm().relu().dropout(rate: 0.2) }
        return try Model(input: input, output: x.conv3d(filters: 1, kernel: SIMD3(1, 1, 1)).sigmoid(), seed: seed)
    }

    /// Values are given up after the forward pass: the gradients are the same bit for bit, in less memory.
    @Test func computingAgainChangesNoBit() throws {
        let model = try chain()
        let shape = SIMD3(16, 12, 20), random = CounterRandom(seed: 3)
        let x = (0..<2 * 16 * 12 * 20).map { Float(random.normal(at: UInt64($0))) }
        let kept = try Probe(model, shape: shape, batch: 2), renewed = try Probe(model, shape: shape, batch: 2, renewing: true)
        #expect(renewed.arenaBytes < kept.arenaBytes)
        for probe in [kept, renewed] {
            _ = try probe.forward(x, seed: 4, step: 5)
            _ = try probe.loss(x.map { $0 > 0 ? 1 : 0 })
            try probe.backwardFromLoss(seed: 4, step: 5)
        }
        #expect(kept.weightGradients.map(\.values) == renewed.weightGradients.map(\.values))
        #expect(kept.weightGradients.contains { $0.values.contains { $0 != 0 } })
    }

    @Test func aBoundIsKeptOrNamed() throws {
        func run(_ memory: Int?) throws -> [[Float]] {
            let model = try chain()
            let options = FitOptions(epochs: 1, steps: 3, batch: 2, memory: memory)
            _ = try fit(model, train: Balls(count: 3, shape: SIMD3(20, 16, 16)), valid: nil, options: options)
            return model.arrays.map(\.values)
        }
        var least = 0
        do {
            _ = try run(1)
            Issue.record("a byte is not enough")
        } catch NetworkError.memoryBound(let bound, let needed, let shape, let batch) {
            #expect(bound == 1 && shape == SIMD3(20, 16, 16) && batch == 2)
            least = needed
        }
        #expect(throws: NetworkError.self) { _ = try run(least - 1) }
        let same = try run(least) == run(nil)
        #expect(same)
    }

    /// The bound of the estimate's memory is that of the training, and less memory is paid for with operations.
    @Test func estimatesFollowTheBound() throws {
        let model = try chain()
        let shape = SIMD3(48, 48, 48)
        let free = try model.estimate(shape: shape, batch: 2)
        #expect(free.recomputed == 0 && free.secondsPerStep > free.secondsPerPrediction && free.secondsPerPrediction > 0)
        var least = 0
        do { _ = try model.estimate(shape: shape, batch: 2, memory: 1) } catch NetworkError.memoryBound(_, let needed, _, _) { least = needed }
        let tight = try model.estimate(shape: shape, batch: 2, memory: least)
        #expect(tight.recomputed > 0.05 && tight.recomputed < 0.34)
        #expect(tight.memory < free.memory)
    }

    @Test func receptiveFields() throws {
        // By hand: 3 + 2 = 5 voxels, pooling adds 1, a convolution at half size 4, the transposed one reaches 1 coarse voxel back (2), the last adds 2.
        let input = try Node.input(channels: 1)
        let x = try input.conv3d(filters: 2).conv3d(filters: 2).maxpool().conv3d(filters: 2).upconv3d(filters: 2).conv3d(filters: 1)
        let table = try Model(input: input, output: x).summaryTable(shape: SIMD3(8, 8, 8), spacing: SIMD3(1, 2, 0.5))
        let fields = table.split(separator: "\n").dropFirst(2).prefix(7).map { line in
            line.split(separator: " ").first { $0.contains("×") && $0 != "8×8×8" && $0 != "4×4×4" } ?? ""
        }
        #expect(fields == ["1×2×0.5", "3×6×1.5", "5×10×2.5", "6×12×3", "10×20×5", "12×24×6", "14×28×7"])
    }

    /// Deep layers of few voxels and many filters: their filters are split over the threads in uneven parts.
    @Test func manyFiltersOnFewVoxels() throws {
        let input = try Node.input(channels: 8)
        let x = try input.maxpool(size: SIMD3(4, 4, 4)).conv3d(filters: 250).upconv3d(filters: 17, stride: SIMD3(4, 4, 4))
        let model = try Model(input: input, output: x, seed: 2)
        let before = Parallel.threads
        defer { Parallel.threads = before }
        var found: [[Float]] = []
        for threads in [1, 2, 3, 5] {
            Parallel.threads = threads
            let probe = try Probe(model, shape: SIMD3(4, 8, 4))
            let y = try probe.forward((0..<8 * 128).map { Float($0 % 13) })
            found.append(try y + probe.backward((0..<17 * 128).map { Float($0 % 7) }))
        }
        #expect(found.allSatisfy { $0 == found[0] })
        #expect(found[0].contains { $0 != 0 })
    }
}
