import Glibc
import Networks
import Support
import Testing

/// What a training does besides learning: ends in time, stops early, says where it broke, averages, looks for a rate.
@Suite(.serialized) struct FitTests {
    private func small(seed: UInt64 = 1) throws -> Model {
        let x = try Node.input(channels: 1)
        return try Model(input: x, output: x.conv3d(filters: 8).batchnorm().relu().conv3d(filters: 1).sigmoid(), seed: seed)
    }

    @Test func theTimeIsKept() throws {
        var options = FitOptions(epochs: nil, steps: 1_000_000, batch: 2, optimizer: .adamw(rate: 1e-2))
        (options.minutes, options.schedule) = (0.02, Schedule(.cosine(), warmup: 0.1))
        var rates: [Double] = []
        let start = Clock.seconds
        let history = try fit(
            small(), train: Balls(count: 8), valid: Balls(count: 3, first: 50), options: options, onStep: { rates.append($0.rate) })
        let seconds = Clock.seconds - start
        // 1.2 seconds, in which the rate rises and falls to nearly nothing; a busy machine may be late by a step and a validation.
        #expect(seconds > 0.5 && seconds < 2.5, "\(seconds)")
        #expect(history.epochs.count == 1 && history.epochs[0].validIoU != nil && !history.stopped)
        #expect(rates.count > 10 && rates[0] < 5e-3 && rates.max() ?? 0 > 9e-3 && rates[rates.count - 1] < 2e-3, "\(rates)")
    }

    @Test func patienceEndsIt() throws {
        // Nothing is learned at such a rate, so that the first epoch stays the best.
        var options = FitOptions(epochs: 50, steps: 2, optimizer: .sgd(rate: 1e-30))
        options.patience = 3
        let x = try Node.input(channels: 1)
        let history = try fit(
            Model(input: x, output: x.conv3d(filters: 1).sigmoid()), train: Balls(count: 2), valid: Balls(count: 2, first: 9),
            options: options)
        #expect(history.epochs.count == 4 && history.bestEpoch == 1)
    }

    @Test func metricsAreReported() throws {
        var options = FitOptions(epochs: 2, optimizer: .adam(rate: 1e-2))
        options.metrics = Metric.allCases
        let history = try fit(small(), train: Balls(count: 4), valid: Balls(count: 2, first: 9), options: options)
        for epoch in history.epochs {
            #expect(epoch.metrics.count == 7 && epoch.metrics[0] == epoch.dice && epoch.metrics[1] == epoch.iou)
            let valid = try #require(epoch.validMetrics)
            #expect(valid[0] == epoch.validDice && valid[1] == epoch.validIoU && valid.allSatisfy { (0...1).contains($0) })
        }
    }

    /// By hand: 6 of 10 voxels true, 5 found, 4 of them rightly.
    @Test func metricsByHand() {
        let found = Dictionary(uniqueKeysWithValues: Metric.allCases.map { ($0, Probe.metric($0, both: 4, found: 5, true: 6, all: 10)) })
        let expected: [Metric: Double] = [
            .dice: 8.0 / 11, .iou: 4.0 / 7, .sensitivity: 4.0 / 6, .specificity: 3.0 / 4, .precision: 4.0 / 5, .accuracy: 7.0 / 10,
            .volumeSimilarity: 10.0 / 11,
        ]
        for (metric, value) in expected { #expect(abs((found[metric] ?? 0) - value) < 1e-12, "\(metric)") }
        for metric in Metric.allCases { #expect(Probe.metric(metric, both: 0, found: 0, true: 0, all: 10) == 1, "\(metric)") }
        for metric in [Metric.dice, .iou, .sensitivity, .precision] {
            #expect(Probe.metric(metric, both: 0, found: 3, true: 0, all: 10) == 0)
        }
    }

    /// In the third epoch one image holds nothing but a value.
    private final class Late: SampleSource, @unchecked Sendable {
        let count = 4, value: Float
        private var asked = 0
        init(_ value: Float) { self.value = value }

        func sample(_ index: Int, draw: UInt64) throws -> Sample {
            var sample = try Balls(count: 4).sample(index)
            asked += 1
            if asked == 11 {
                sample.image = sample.image.map { _ in value }
                sample.name = "the bad one"
            }
            return sample
        }
    }

    /// A sample whose values overflow within the network's first sums, or are none: the step, the sample and the layer are named, and the model has its best weights.
    @Test(arguments: [
        (3e38, .loss, "layer 1 (conv3d)", "the loss is no longer finite in epoch 3, step 2, at the bad one, which begins in layer 1 (conv3d)"),
        (.nan, .input("the image"), nil, "the image of the bad one holds NaN or infinite values, in epoch 3, step 2"),
    ] as [(Float, Divergence.What, String?, String)])
    func divergenceIsNamed(value: Float, what: Divergence.What, layer: String?, message: String) throws {
        let x = try Node.input(channels: 1)
        func made() throws -> Model { try Model(input: x, output: x.conv3d(filters: 4).relu().conv3d(filters: 1).sigmoid(), seed: 3) }
        let path = "/tmp/skullstrip-diverged-\(getpid()).safetensors"
        defer { for p in [path, path.replacing(".safetensors", with: ".training.safetensors")] { unlink(p) } }
        for checkpoint in [nil, path] {
            let model = try made()
            var best: [[Float]] = []
            let options = FitOptions(epochs: 5, batch: 2, optimizer: .adam(rate: 1e-2), checkpoint: checkpoint)
            let error = #expect(throws: NetworkError.self) {
                try fit(model, train: Late(value), valid: nil, options: options, onEpoch: { if $0.best { best = model.arrays.map(\.values) } })
            }
            guard case .diverged(let found) = error else {
                Issue.record("not diverged: \(String(describing: error))")
                return
            }
            #expect(found.what == what && found.epoch == 3 && found.step == 2 && found.sample == "the bad one" && found.layer == layer)
            #expect(found.kept == 2)
            #expect(error?.message == message)
            #expect(model.arrays.map(\.values) == best)
        }
    }

    /// Validation and the weights themselves are watched as well: a validation sample that is NaN, one that overflows in the network, a step so long that it overflows.
    @Test func divergenceBesideTheStepsIsNamed() throws {
        func end(rate: Double, brightness: Float = 1, valid value: Float?) throws -> Divergence? {
            let x = try Node.input(channels: 1)
            let model = try Model(input: x, output: x.conv3d(filters: 4).relu().conv3d(filters: 1).sigmoid(), seed: 3)
            var sample = try Balls(count: 4).sample(1)
            if let value { sample.image = sample.image.indices.map { $0 % 2 == 0 ? value : -value } }
            var bright = try Balls(count: 4).sample(0)
            bright.image = bright.image.map { brightness * $0 }
            let error = #expect(throws: NetworkError.self) {
                try fit(
                    model, train: SampleArray([bright]), valid: value.map { _ in SampleArray([sample]) },
                    options: FitOptions(epochs: 1, steps: 1, loss: .bce, optimizer: .sgd(rate: rate, momentum: 0)))
            }
            if case .diverged(let found) = error { return found }
            return nil
        }
        let missing = try #require(try end(rate: 1e-3, valid: .nan))
        #expect(missing.what == .input("the image") && missing.epoch == 1 && missing.step == nil && missing.sample == "ball 1")
        let over = try #require(try end(rate: 1e-3, valid: 3e38))
        #expect(over.what == .loss && over.step == nil && over.sample == "ball 1" && over.layer == "layer 1 (conv3d)")
        let weights = try #require(try end(rate: 3e38, brightness: 1e6, valid: nil))
        #expect(weights.what == .weights && weights.layer?.hasSuffix("(conv3d)") == true && weights.kept == 0)
    }

    /// A finite loss of which the weights' gradient is not: the layer is named, and the weights stay.
    @Test func divergenceOfTheGradientIsNamed() throws {
        let x = try Node.input(channels: 1), one = SIMD3(1, 1, 1)
        let model = try Model(input: x, output: x.conv3d(filters: 1, kernel: one).conv3d(filters: 1, kernel: one).sigmoid())
        try model.set("layer.1.conv3d.weight", [1e-3])
        try model.set("layer.2.conv3d.weight", [100])
        let before = model.arrays.map(\.values)
        let image = [Float](repeating: 3e38, count: 64)
        let sample = Sample(image: image, target: image.map { _ in 0 }, shape: SIMD3(4, 4, 4), name: "bright")
        let error = #expect(throws: NetworkError.self) {
            try fit(model, train: SampleArray([sample]), valid: nil, options: FitOptions(epochs: 1, loss: .bce))
        }
        #expect(error?.message == "the gradient is no longer finite in epoch 1, step 1, at bright, at layer 1 (conv3d)")
        #expect(error?.hint?.hasPrefix("the model keeps the weights before this step") == true)
        #expect(model.arrays.map(\.values) == before)
    }

    /// With an average, that is what is validated, saved and left.
    @Test func theAverageIsWhatCounts() throws {
        let path = "/tmp/skullstrip-average-\(getpid()).safetensors"
        defer { for p in [path, path.replacing(".safetensors", with: ".training.safetensors")] { unlink(p) } }
        func train(_ ema: Double?) throws -> (Model, History) {
            let model = try small()
            var options = FitOptions(epochs: 3, steps: 4, optimizer: .adam(rate: 1e-2), checkpoint: path)
            options.ema = ema
            return (model, try fit(model, train: Balls(count: 4), valid: Balls(count: 2, first: 30), options: options))
        }
        let (plain, plainHistory) = try train(nil), (averaged, history) = try train(0.9)
        // The weights that are trained are the same ones, and what is validated is not.
        #expect(history.epochs.map(\.loss) == plainHistory.epochs.map(\.loss))
        #expect(history.epochs.map(\.validLoss) != plainHistory.epochs.map(\.validLoss))
        #expect(plain.arrays.map(\.values) != averaged.arrays.map(\.values))
        let saved = try Model.load(path)
        if history.bestEpoch == 3 { #expect(saved.arrays.map(\.values) == averaged.arrays.map(\.values)) }
        // No average to speak of is the weights themselves.
        let (same, sameHistory) = try train(0)
        #expect(
            same.arrays.map(\.values) == plain.arrays.map(\.values)
                && sameHistory.epochs.map(\.validLoss) == plainHistory.epochs.map(\.validLoss))
    }

    @Test func patchesAreOfTheSamples() throws {
        let shape = SIMD3(7, 5, 6), size = SIMD3(4, 5, 8)
        let image = (0..<210).map { Float($0 + 1) }
        let sample = Sample(image: image, target: image.map { $0 / 210 }, shape: shape, name: "a")
        var corners = Set<Int>()
        for position in 0..<50 {
            let patch = Probe.patch(of: sample, size, seed: 3, position: UInt64(position))
            #expect(patch.image == Probe.patch(of: sample, size, seed: 3, position: UInt64(position)).image)
            let first = Int(patch.image[0]) - 1
            let corner = SIMD3(first % 7, first / 7 % 5, first / 35)
            corners.insert(corner.x)
            #expect(corner.y == 0 && corner.z == 0 && corner.x <= 3)
            for z in 0..<8 {
                for y in 0..<5 {
                    for x in 0..<4 {
                        let expected = z < 6 ? image[(z * 5 + y) * 7 + x + corner.x] : 0
                        #expect(patch.image[(z * 5 + y) * 4 + x] == expected && patch.target[(z * 5 + y) * 4 + x] == expected / 210)
                    }
                }
            }
        }
        #expect(corners == [0, 1, 2, 3])
    }

    @Test func patchesTrain() throws {
        var options = FitOptions(epochs: 8, steps: 6, batch: 2, loss: .diceBCE, optimizer: .adam(rate: 1e-2))
        options.patch = SIMD3(8, 8, 8)
        let history = try fit(small(), train: Balls(count: 8), valid: Balls(count: 2, first: 70), options: options)
        #expect(history.epochs[7].validDice ?? 0 > 0.8, "\(history.epochs.map(\.validDice))")
        options.slides = true
        let slid = try fit(small(), train: Balls(count: 8), valid: Balls(count: 2, first: 70), options: options)
        // The same training, judged by boxes that do not see beyond their rims.
        #expect(slid.epochs.map(\.loss) == history.epochs.map(\.loss) && slid.epochs.map(\.validLoss) != history.epochs.map(\.validLoss))
        #expect(slid.epochs[7].validDice ?? 0 > 0.8)
    }

    @Test func findsARate() throws {
        let model = try small()
        let before = model.arrays.map(\.values)
        let found = try findRate(
            model, train: Balls(count: 8), options: FitOptions(epochs: 1, batch: 2, loss: .diceBCE, optimizer: .sgd()), from: 1e-5, to: 100,
            steps: 60)
        #expect(model.arrays.map(\.values) == before)
        #expect(found.rates.count == found.losses.count && found.losses.count == found.smoothed.count && found.rates.count > 20)
        for (a, b) in zip(found.rates, found.rates.dropFirst()) { #expect(abs(b / a - pow(1e7, 1.0 / 59)) < 1e-6) }
        let rate = try #require(found.suggestion)
        #expect(rate > 1e-3 && rate < 20, "\(rate)")
        for (from, to, steps) in [(0.0, 1.0, 10), (1, 1, 10), (1e-3, 1, 1)] {
            #expect(throws: NetworkError.self) {
                try findRate(model, train: Balls(count: 2), options: FitOptions(epochs: 1), from: from, to: to, steps: steps)
            }
        }
    }

    @Test func optionsAreChecked() throws {
        let changes: [(inout FitOptions) -> Void] = [
            { $0.clip = 0 }, { $0.clip = .nan }, { $0.ema = 1 }, { $0.ema = -0.1 }, { $0.minutes = 0 }, { $0.every = -1 },
            { $0.patience = 0 },
            { $0.accumulate = 0 }, { $0.epochs = nil }, { $0.resume = true }, { $0.loss = .focal(gamma: -1) },
            { $0.schedule = Schedule(warmup: -1) },
            { $0.patch = SIMD3(0, 4, 4) }, { $0.patch = SIMD3(96, 960, 96) }, { $0.slides = true },
        ]
        for (n, change) in changes.enumerated() {
            var options = FitOptions(epochs: 1)
            change(&options)
            #expect(throws: NetworkError.self, "change \(n)") { try fit(small(), train: Balls(count: 1), valid: nil, options: options) }
        }
    }
}
