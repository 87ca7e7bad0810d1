import Glibc
import Networks
import Support
import Testing

/// Optimisers, schedules and whole steps against PyTorch's.
@Suite struct OptimizerTests {
    @Test(arguments: [
        ("adam", Optimizer.adam(rate: 1e-2, beta1: 0.8, beta2: 0.99, epsilon: 1e-7)), ("adamw", .adamw(rate: 1e-2, decay: 0.05)),
        ("sgd", .sgd(rate: 1e-2, momentum: 0.9, nesterov: false, decay: 0.01)), ("nesterov", .sgd(rate: 1e-2)),
    ])
    func fiftySteps(_ name: String, _ optimizer: Optimizer) throws {
        let file = try ReferenceFile("optimisers")
        let gradients = try file.values("gradients")
        let steps = (0..<50).map { Array(gradients[$0 * 40..<($0 + 1) * 40]) }
        let schedule = Schedule(.cosine())
        let after = try Probe.steps(
            of: optimizer, from: file.values("before"), gradients: steps, schedule: { Probe.factor(of: schedule, step: $0, steps: 50) })
        #expect(relativeError(after, try file.values(name)) < 2e-6)
    }

    @Test(arguments: [
        ("cosine", Schedule(.cosine(floor: 0.1))), ("poly", Schedule(.poly())), ("onecycle", Schedule(.oneCycle())),
        ("warm cosine", Schedule(.cosine(), warmup: 8)), ("warm cosine", Schedule(.cosine(), warmup: 0.16)),
    ])
    func schedules(_ name: String, _ schedule: Schedule) throws {
        let expected = try ReferenceFile("optimisers").values(name)
        let found = (0..<50).map { Float(Probe.factor(of: schedule, step: $0, steps: 50)) }
        for (i, (a, b)) in zip(found, expected).enumerated() { #expect(abs(a - b) < 1e-6, "\(name) at \(i): \(a) \(b)") }
    }

    @Test func plateau() throws {
        let file = try ReferenceFile("optimisers")
        let found = Probe.plateau(
            Schedule(.plateau(factor: 0.5, patience: 3)), losses: try file.values("plateau losses").map { Double($0) })
        let expected = try file.values("plateau").map { Double($0) }
        #expect(found == expected)
        #expect(Set(expected).count > 2)
    }

    /// By the clock a schedule runs from its beginning to its end, whatever the steps; where steps are bounded as well, whichever is farther counts.
    @Test func schedulesStretchToTheTime() {
        let schedule = Schedule(.cosine(), warmup: 0.1)
        func at(_ time: Double, step: Int = 5, steps: Int? = nil) -> Double {
            Probe.factor(of: schedule, step: step, steps: steps, time: time)
        }
        #expect(abs(at(0.05) - 0.5) < 1e-3 && abs(at(0.1) - 1) < 1e-3 && abs(at(0.55) - 0.5) < 1e-3 && at(1) < 1e-9)
        #expect(abs(at(0.2, step: 55, steps: 100) - 0.5) < 0.02)
        #expect(abs(at(0.55, step: 2, steps: 100) - 0.5) < 0.02)
    }

    @Test func checkThemselves() throws {
        for schedule: Schedule in [
            Schedule(.cosine(floor: 2)), Schedule(.poly(power: 0)), Schedule(.plateau(factor: 1)), Schedule(warmup: -1),
            Schedule(warmup: .nan),
            Schedule(.oneCycle(share: 1)),
        ] { #expect(throws: NetworkError.self) { try schedule.validate() } }
        for optimizer: Optimizer in [.adamw(decay: 2), .sgd(momentum: 1), .sgd(rate: 0), .sgd(decay: -1), .adamw(rate: 10, decay: 0.5)] {
            #expect(throws: NetworkError.self) { try optimizer.validate() }
        }
    }

    /// Batch normalisation, Dice and cross-entropy, AdamW, a clipped gradient, a warm-up and the average of weights: eight steps as PyTorch takes them.
    @Test func wholeStepsAgreeWithPyTorch() throws {
        let file = try ReferenceFile("training")
        let x = try Node.input(channels: 1)
        let model = try Model(
            input: x, output: x.conv3d(filters: 4, bias: false).batchnorm().relu().conv3d(filters: 1, kernel: SIMD3(1, 1, 1)).sigmoid())
        for (name, _, _) in model.arrays { try model.set(name, file.values("before." + name)) }
        let image = try file.values("image"), target = try file.values("target")
        let samples = (0..<2).map { n in
            Sample(
                image: Array(image[n * 192..<(n + 1) * 192]), target: Array(target[n * 192..<(n + 1) * 192]), shape: SIMD3(8, 6, 4),
                name: "\(n)")
        }
        var options = FitOptions(epochs: 1, steps: 8, batch: 2, loss: .diceBCE, optimizer: .adamw(rate: 0.05, decay: 0.05))
        (options.schedule, options.clip, options.ema) = (Schedule(.cosine(), warmup: 3), 0.2, 0.8)
        var losses: [Double] = [], norms: [Double] = []
        _ = try fit(
            model, train: SampleArray(samples), valid: nil, options: options,
            onStep: {
                losses.append($0.loss)
                norms.append($0.norm)
            })
        func numbers(_ name: String) throws -> [Double] { try JSON(file.metadata(name) ?? "").array?.compactMap(\.number) ?? [] }
        for (found, expected) in [(losses, try numbers("losses")), (norms, try numbers("norms"))] {
            #expect(found.count == 8 && expected.count == 8)
            for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-4 * b, "\(found) \(expected)") }
        }
        // The clipped steps were clipped.
        #expect(norms.contains { $0 > 0.2 })
        for (name, _, values) in model.arrays {
            let error = relativeError(values, try file.values("average." + name))
            #expect(error < 2e-3, "\(name): \(error)")
        }
    }

    /// Without batch normalisation, two batches of two are one of four.
    @Test func accumulatedBatchesAreOneLargeOne() throws {
        func train(batch: Int, accumulate: Int) throws -> (losses: [Double], weights: [[Float]]) {
            let x = try Node.input(channels: 1)
            let model = try Model(input: x, output: x.conv3d(filters: 5).relu().conv3d(filters: 1).sigmoid(), seed: 4)
            var options = FitOptions(epochs: 2, batch: batch, loss: .diceBCE, optimizer: .sgd(rate: 0.1))
            (options.accumulate, options.clip) = (accumulate, 0.5)
            var losses: [Double] = []
            _ = try fit(model, train: Balls(count: 8), valid: nil, options: options, onStep: { losses.append($0.loss) })
            return (losses, model.arrays.map(\.values))
        }
        let large = try train(batch: 4, accumulate: 1), small = try train(batch: 2, accumulate: 2)
        #expect(large.losses.count == 4 && small.losses.count == 4)
        for (a, b) in zip(large.losses, small.losses) { #expect(abs(a - b) < 1e-6) }
        for (a, b) in zip(large.weights, small.weights) { #expect(relativeError(a, b) < 1e-5) }
    }
}
