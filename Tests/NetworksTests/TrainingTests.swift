import Glibc
import Networks
import Support
import Testing

/// Heads so simple that a small network learns them quickly: bright balls on noise.
struct Balls: SampleSource {
    let count: Int
    var shape = SIMD3(16, 16, 16)
    var first = 0

    func sample(_ index: Int, draw: UInt64) throws -> Sample {
        var random = CounterRandom(seed: UInt64(first + index), stream: 3)
        let centre = SIMD3(random.uniform(5, 11), random.uniform(5, 11), random.uniform(5, 11))
        let radius = random.uniform(3, 5)
        var image: [Float] = [], target: [Float] = []
        for z in 0..<shape.z {
            for y in 0..<shape.y {
                for x in 0..<shape.x {
                    let d = SIMD3(Double(x), Double(y), Double(z)) - centre
                    let inside = (d * d).sum() < radius * radius
                    image.append(Float((inside ? 1 : 0) + 0.5 * random.normal()))
                    target.append(inside ? 1 : 0)
                }
            }
        }
        return Sample(image: image, target: target, shape: shape, name: "ball \(index)")
    }
}

@Suite(.serialized) struct TrainingTests {
    @Test func learnsAndGeneralises() throws {
        let model = try unet(filters: 4, depth: 2, dropout: 0.05)
        var reports: [EpochReport] = []
        let history = try fit(
            model, train: Balls(count: 8), valid: Balls(count: 4, first: 100),
            options: FitOptions(epochs: 14, steps: 12, batch: 2, optimizer: .adam(rate: 5e-3)), onEpoch: { reports.append($0) })
        #expect(history.epochs == reports && reports.count == 14 && !history.stopped)
        let last = try #require(reports.last)
        #expect(last.loss < reports[0].loss)
        let best = try #require(reports.compactMap(\.validDice).max())
        #expect(best > 0.9)
        let bestIoU = reports.compactMap(\.validIoU)
        #expect(history.bestEpoch == 1 + (bestIoU.firstIndex(of: bestIoU.max() ?? 0) ?? -1))
        #expect(reports.filter(\.best).last?.epoch == history.bestEpoch)
    }

    @Test func repeatsBitForBit() throws {
        func run(threads: Int, seed: UInt64) throws -> (losses: [Double], weights: [[Float]]) {
            let before = Parallel.threads
            Parallel.threads = threads
            defer { Parallel.threads = before }
            let model = try unet(filters: 3, depth: 2, dropout: 0.2)
            var losses: [Double] = []
            _ = try fit(
                model, train: Balls(count: 5), valid: nil, options: FitOptions(epochs: 2, steps: 3, batch: 2, seed: seed),
                onStep: { losses.append($0.loss) })
            return (losses, model.arrays.map(\.values))
        }
        let a = try run(threads: 2, seed: 5), b = try run(threads: 2, seed: 5), c = try run(threads: 1, seed: 5),
            d = try run(threads: 2, seed: 6)
        #expect(a.losses == b.losses && a.weights == b.weights)
        // The number of threads does not matter either.
        #expect(a.losses == c.losses && a.weights == c.weights)
        #expect(a.losses != d.losses)
    }

    @Test func everySampleIsDrawnOnceAPass() {
        let (samples, shuffles) = Probe.draws(21, count: 7, seed: 4)
        let passes = (0..<3).map { Array(samples[7 * $0..<7 * $0 + 7]) }
        for (pass, drawn) in passes.enumerated() {
            var random = CounterRandom(seed: 4, stream: UInt64(pass) &+ 0x5EED)
            #expect(drawn == Array(0..<7).shuffled(using: &random))
            #expect(Set(drawn) == Set(0..<7))
        }
        #expect(passes[0] != passes[1] && passes[1] != passes[2])
        // One shuffle a pass, not one a sample.
        #expect(shuffles == 3)
    }

    @Test func dropoutKeepsTheMeanAndItsShare() throws {
        let input = try Node.input(channels: 3)
        let model = try Model(input: input, output: input.dropout(rate: 0.3))
        let shape = SIMD3(20, 20, 20)
        let probe = try Probe(model, shape: shape)
        let ones = [Float](repeating: 1, count: 3 * shape.x * shape.y * shape.z)
        let out = try probe.forward(ones, seed: 1, step: 1)
        #expect(Set(out) == [0, Float(1 / 0.7)])
        #expect(abs(Double(out.filter { $0 == 0 }.count) / Double(out.count) - 0.3) < 0.01)
        // The gradient passes where the value did.
        #expect(try probe.backward(ones, seed: 1, step: 1) == out)
        #expect(try probe.forward(ones, seed: 1, step: 2) != out)
        #expect(try model.predict(ones, shape: shape) == ones)
    }

    @Test func interruptedTrainingKeepsAUsableModel() throws {
        defer { Interrupt.clear() }
        let model = try unet(filters: 4, depth: 2)
        var steps = 0
        var weights: [[Float]] = []
        let history = try fit(
            model, train: Balls(count: 4), valid: nil, options: FitOptions(epochs: 3, steps: 4, batch: 1),
            onStep: { _ in
                steps += 1
                if steps == 6 {
                    weights = model.arrays.map(\.values)
                    Interrupt.raise()
                }
            })
        #expect(history.stopped && steps == 6 && history.epochs.count == 1)
        Interrupt.clear()
        #expect(model.arrays.map(\.values) == weights)
        let p = try model.predict(Balls(count: 1).sample(0).image, shape: SIMD3(16, 16, 16))
        #expect(p.allSatisfy { $0 >= 0 && $0 <= 1 })
    }

    @Test func interruptedBuildingThrows() throws {
        defer { Interrupt.clear() }
        Interrupt.raise()
        #expect(throws: Interrupted.self) { try unet(filters: 4, depth: 2) }
    }

    @Test func aCheckpointThatCannotBeWrittenIsAnErrorAtOnce() throws {
        let model = try unet(filters: 2, depth: 1)
        let folder = "/tmp/skullstrip-checkpoint-\(getpid())"
        let before = model.arrays.map(\.values)
        func attempt(_ path: String) throws {
            _ = try fit(
                model, train: Balls(count: 2), valid: nil, options: FitOptions(epochs: 1, checkpoint: path),
                onStep: { _ in Issue.record("a step was made") })
        }
        #expect(throws: FileError.self) { try attempt(folder + "/best.safetensors") }
        #expect(throws: FileError.isDirectory(path: "/tmp")) { try attempt("/tmp") }
        #expect(model.arrays.map(\.values) == before)
        // The check leaves nothing behind, even where the training then fails.
        #expect(mkdir(folder, 0o755) == 0)
        #expect(throws: NetworkError.self) {
            try fit(
                model, train: Balls(count: 1, shape: SIMD3(7, 8, 8)), valid: nil,
                options: FitOptions(epochs: 1, checkpoint: folder + "/best.safetensors"))
        }
        #expect(rmdir(folder) == 0)
    }

    @Test func diceNeedsProbabilities() throws {
        let x = try Node.input(channels: 1)
        func attempt(_ output: Node) throws {
            _ = try fit(Model(input: x, output: output), train: Balls(count: 1), valid: nil, options: FitOptions(epochs: 1, steps: 1))
        }
        let plain = NetworkError.notProbabilities(loss: "dice", lastLayer: "conv3d")
        #expect(throws: plain) { try attempt(x.conv3d(filters: 1)) }
        #expect(plain.hint == "end the network with sigmoid or softmax")
        #expect(throws: NetworkError.notProbabilities(loss: "dice", lastLayer: "relu")) { try attempt(x.conv3d(filters: 1).relu()) }
        #expect(throws: NetworkError.notProbabilities(loss: "dice", lastLayer: "dropout")) { try attempt(x.sigmoid().dropout(rate: 0.5)) }
        try attempt(x.conv3d(filters: 1).sigmoid())
        try attempt(x.conv3d(filters: 1).sigmoid().maxpool(size: SIMD3(1, 1, 1)))
    }

    @Test func optimizersCheckThemselves() throws {
        try Optimizer.adam().validate()
        try Optimizer.adam(rate: 1e-5, beta1: 0, beta2: 0).validate()
        let bad: [(Optimizer, String)] = [
            (.adam(rate: -1), "rate"), (.adam(rate: .nan), "rate"), (.adam(rate: .infinity), "rate"), (.adam(rate: 1e300), "rate"),
            (.adam(rate: 1e-3, beta1: 1), "beta1"), (.adam(beta1: -0.1), "beta1"), (.adam(beta2: .nan), "beta2"),
            // 1 after rounding, so that nothing would ever be learned.
            (.adam(beta2: 0.999_999_999_99), "beta2"),
            (.adam(epsilon: 0), "epsilon"), (.adam(epsilon: 1e-300), "epsilon"),
        ]
        for (optimizer, name) in bad {
            let error = #expect(throws: NetworkError.self) { try optimizer.validate() }
            #expect(error?.message.hasPrefix("`\(name)` must be ") == true)
        }
    }

    /// Ctrl-C in the middle of a step: nothing of the step may reach the weights or the running averages.
    @Test func aStepThatIsDroppedChangesNothing() throws {
        final class Late: SampleSource, @unchecked Sendable {
            let count = 4
            private var asked = 0
            func sample(_ index: Int, draw: UInt64) throws -> Sample {
                asked += 1
                // The third batch raises the flag from the loader's thread a little later, while a step is running.
                if asked == 3 {
                    var thread = pthread_t()
                    pthread_create(
                        &thread, nil,
                        { _ in
                            // The first only asks for an end after the step.
                            usleep(3000); Interrupt.raise(); Interrupt.raise(); return nil
                        }, nil)
                    pthread_detach(thread)
                }
                return try Balls(count: 4, shape: SIMD3(32, 32, 32)).sample(index)
            }
        }
        defer { Interrupt.clear() }
        let model = try unet(filters: 8, depth: 2)
        var after = model.arrays.map(\.values)
        let history = try fit(
            model, train: Late(), valid: nil, options: FitOptions(epochs: 1, steps: 1000, batch: 1),
            onStep: { _ in after = model.arrays.map(\.values) })
        #expect(history.stopped)
        #expect(model.arrays.map(\.values) == after)
    }

    @Test func badInputIsNamed() throws {
        let model = try unet(filters: 2, depth: 1)
        func attempt(_ samples: [Sample], batch: Int = 1, epochs: Int = 1, rate: Double = 1e-3) throws {
            _ = try fit(
                model, train: SampleArray(samples), valid: nil,
                options: FitOptions(epochs: epochs, batch: batch, optimizer: .adam(rate: rate)))
        }
        let good = try Balls(count: 1, shape: SIMD3(8, 8, 8)).sample(0)
        var nan = good, short = good, odd = good, other = good
        nan.image[100] = .nan
        short.target.removeLast()
        (odd.shape, odd.image, odd.target) = (SIMD3(7, 8, 8), [Float](good.image[..<448]), [Float](good.target[..<448]))
        other.shape = SIMD3(4, 8, 16)
        #expect(throws: NetworkError.diverged(Divergence(what: .input("the image"), epoch: 1, step: 1, sample: "ball 0"))) { try attempt([nan]) }
        #expect(throws: NetworkError.count(name: "the target of ball 0", found: 511, expected: 512)) { try attempt([short]) }
        #expect(throws: NetworkError.shape(SIMD3(7, 8, 8), multiple: SIMD3(2, 2, 2))) { try attempt([odd]) }
        #expect(throws: NetworkError.self) { try attempt([good, other], batch: 2) }
        #expect(throws: NetworkError.batchTooLarge(batch: 3, samples: 1)) { try attempt([good], batch: 3) }
        #expect(throws: NetworkError.self) { try attempt([]) }
        for epochs in [0, 1 << 53] {
            #expect(throws: NetworkError.option(name: "epochs", value: "\(epochs)", expected: "1 to 1,073,741,824")) {
                try attempt([good], epochs: epochs)
            }
        }
        #expect(throws: NetworkError.self) { try attempt([good], rate: -1) }
        #expect(throws: NetworkError.self) { try attempt([good], rate: .nan) }
        #expect(throws: NetworkError.self) {
            try fit(model, train: SampleArray([good]), valid: SampleArray([]), options: FitOptions(epochs: 1))
        }
    }

    @Test func divergenceIsAnErrorAndKeepsTheWeights() throws {
        let input = try Node.input(channels: 1)
        let model = try Model(input: input, output: input.conv3d(filters: 8).conv3d(filters: 1).sigmoid())
        // Values whose products overflow.
        var sample = try Balls(count: 1, shape: SIMD3(4, 4, 4)).sample(0)
        sample.image = sample.image.map { _ in 3e38 }
        let before = model.arrays.map(\.values)
        let error = #expect(throws: NetworkError.self) {
            try fit(model, train: SampleArray([sample]), valid: nil, options: FitOptions(epochs: 1))
        }
        if case .diverged = error {} else { Issue.record("not diverged: \(String(describing: error))") }
        #expect(model.arrays.map(\.values) == before)
    }

    @Test func predictionPadsAndCrops() throws {
        let model = try unet(filters: 3, depth: 2)
        let shape = SIMD3(9, 7, 5), padded = SIMD3(12, 8, 8)
        let random = CounterRandom(seed: 2)
        let image = (0..<315).map { Float(random.normal(at: UInt64($0))) }
        var big = [Float](repeating: 0, count: 12 * 8 * 8)
        for z in 0..<5 { for y in 0..<7 { for x in 0..<9 { big[(z * 8 + y) * 12 + x] = image[(z * 7 + y) * 9 + x] } } }
        let whole = try model.predict(big, shape: padded), part = try model.predict(image, shape: shape)
        #expect(part.count == 315)
        for z in 0..<5 { for y in 0..<7 { for x in 0..<9 { #expect(part[(z * 7 + y) * 9 + x] == whole[(z * 8 + y) * 12 + x]) } } }
    }
}
