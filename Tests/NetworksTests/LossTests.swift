import CKernels
import Glibc
import Kernels
import Networks
import Support
import Testing

/// Losses and their gradients against PyTorch's and MONAI's, finite differences, and at the ends of the numbers.
@Suite struct LossTests {
    static let oneByOne: [(String, Loss)] = [
        ("dice", .dice), ("bce", .bce), ("dice+bce", .diceBCE), ("tversky", .tversky(alpha: 0.3, beta: 0.7)), ("focal 2", .focal(gamma: 2)),
        ("focal 1.5 0.25", .focal(gamma: 1.5, alpha: 0.25)),
    ]
    static let ofClasses: [(String, Loss)] = [
        ("ce", .crossEntropy), ("dice+ce", .diceCrossEntropy), ("focal classes 2", Loss(voxels: .classes(gamma: 2))), ("dice", .dice),
    ]

    private func model(_ channels: Int, classes: Bool) throws -> Model {
        let x = try Node.input(channels: channels)
        return try Model(input: x, output: classes ? x.softmax() : x.sigmoid())
    }

    @Test(arguments: [("one", 1, false), ("three", 3, false), ("seventeen", 17, true), ("two", 2, true)])
    func agreeWithPyTorch(_ name: String, _ channels: Int, _ classes: Bool) throws {
        let file = try ReferenceFile("losses")
        let stored = try JSON(file.metadata("losses") ?? "")
        for (loss, value) in classes ? Self.ofClasses : Self.oneByOne {
            let expected = try #require(stored["\(name).\(loss)"]?.number)
            let probe = try Probe(model(channels, classes: classes), shape: file.volume, batch: file.batch)
            _ = try probe.forward(file.values("\(name).logits"))
            // By the logits, and by way of the probabilities and the last layer's own backward pass.
            for byProbabilities in [false, true] {
                probe.byProbabilities = byProbabilities
                let found = try probe.loss(file.values("\(name).targets"), value)
                #expect(abs(found - expected) < 1e-6 * expected, "\(name) \(loss): \(found), not \(expected)")
                try probe.backwardFromLoss()
                let error = relativeError(probe.inputGradient, try file.values("\(name).\(loss).gradient"))
                #expect(error < 3e-6, "\(name) \(loss): \(error)")
            }
        }
    }

    /// By central differences of the loss, which know nothing of how the gradient is computed. Odd sizes: samples begin within vectors.
    @Test func gradientsAreDifferences() throws {
        let random = CounterRandom(seed: 3), shape = SIMD3(3, 5, 1)
        for (channels, classes) in [(1, false), (5, false), (3, true)] {
            let count = 2 * channels * 15
            let logits = (0..<count).map { Float(random.normal(at: UInt64($0))) }
            let target = (0..<count).map { i in
                classes
                    ? Float(random.bits(at: UInt64(i / (channels * 15) * 15 + i % 15)) % 3 == i / 15 % channels ? 1 : 0)
                    : Float(random.uniform(at: UInt64(1000 + i)))
            }
            for (name, loss) in classes ? Self.ofClasses : Self.oneByOne {
                let probe = try Probe(model(channels, classes: classes), shape: shape, batch: 2)
                func value(_ x: [Float]) throws -> Double {
                    _ = try probe.forward(x)
                    return try probe.loss(target, loss)
                }
                _ = try value(logits)
                try probe.backwardFromLoss()
                let gradient = probe.inputGradient
                for i in stride(from: 0, to: count, by: 7) {
                    var (up, down) = (logits, logits)
                    up[i] += 0.01
                    down[i] -= 0.01
                    let slope = try (value(up) - value(down)) / Double(up[i] - down[i])
                    #expect(
                        abs(slope - Double(gradient[i])) < 2e-5 + 2e-3 * abs(slope), "\(name) \(channels) \(i): \(slope) \(gradient[i])")
                }
            }
        }
    }

    /// Certain and right, certain and wrong: everything is finite, and what is wrong still has a gradient.
    @Test func endsOfTheNumbers() throws {
        for x: Float in [20, 200, 1e30] {
            let probe = try Probe(model(1, classes: false), shape: SIMD3(4, 1, 1))
            let p = try probe.forward([x, x, -x, -x])
            #expect(p[0] == 1 && p[3] < 1e-8)
            for (name, loss) in Self.oneByOne {
                let value = try probe.loss([0, 1, 0, 1], loss)
                try probe.backwardFromLoss()
                let gradient = probe.inputGradient
                #expect(value.isFinite && gradient.allSatisfy(\.isFinite), "\(name) at \(x): \(value) \(gradient)")
                if name == "bce" {
                    #expect(relativeError(gradient, [0.25, 0, 0, -0.25]) < 1e-6, "\(gradient)")
                    // −log of what single precision makes of the probability: 100 where that is 0.
                    let missed = x == 20 ? 20.0 : 87.0
                    #expect(abs(value - (100 + missed) / 4) < 0.1, "\(value)")
                }
                // By the probabilities as well, where nothing may be divided by 0.
                probe.byProbabilities = true
                _ = try probe.loss([0, 1, 0, 1], loss)
                let direct = probe.lossGradient
                #expect(direct.allSatisfy { $0.isFinite }, "\(name): \(direct)")
                probe.byProbabilities = false
            }
            let classes = try Probe(model(2, classes: true), shape: SIMD3(2, 1, 1))
            _ = try classes.forward([x, -x, -x, x])
            for (name, loss) in Self.ofClasses {
                let value = try classes.loss([0, 0, 1, 1], loss)
                try classes.backwardFromLoss()
                let gradient = classes.inputGradient
                #expect(value.isFinite && gradient.allSatisfy(\.isFinite), "\(name) at \(x): \(value) \(gradient)")
                if name == "ce" { #expect(relativeError(gradient, [0.5, 0, -0.5, 0]) < 1e-5, "\(gradient)") }
            }
        }
    }

    /// An empty prediction of an empty target costs nothing.
    @Test func emptyTargets() throws {
        let probe = try Probe(model(1, classes: false), shape: SIMD3(5, 1, 1))
        _ = try probe.forward([Float](repeating: -100, count: 5))
        for (name, loss) in Self.oneByOne { #expect(try abs(probe.loss([0, 0, 0, 0, 0], loss)) < 1e-6, "\(name)") }
    }

    @Test func onlyNumbersThatMakeSense() {
        let bad: [(Loss, String)] = [
            (.tversky(alpha: -1, beta: 1), "`alpha` must be"), (.tversky(alpha: 0, beta: 0), "`alpha + beta` must be"),
            (.tversky(alpha: 0.5, beta: .nan), "`beta` must be"),
            (.focal(gamma: -1), "`gamma` must be"), (.focal(gamma: .infinity), "`gamma` must be"), (.focal(gamma: 2, alpha: 2), "`alpha` must be"),
            (Loss(), "`loss` must be"),
        ]
        for (loss, start) in bad {
            let error = #expect(throws: NetworkError.self) { try loss.validate() }
            #expect(error?.message.hasPrefix(start) == true, "\(error?.message ?? "")")
        }
    }

    /// Classes need softmax; a map of classes is the same as a channel for each.
    @Test func classMapsTrainLikeChannels() throws {
        let random = CounterRandom(seed: 8), shape = SIMD3(4, 4, 2)
        let image = (0..<32).map { Float(random.normal(at: UInt64($0))) }
        let map = (0..<32).map { Float(random.bits(at: UInt64($0)) % 3) }
        let channels = (0..<3).flatMap { c in map.map { $0 == Float(c) ? Float(1) : 0 } }
        func losses(_ target: [Float], softmax: Bool = true) throws -> [Double] {
            let x = try Node.input(channels: 1), y = try x.conv3d(filters: 3)
            var losses: [Double] = []
            _ = try fit(
                Model(input: x, output: softmax ? y.softmax() : y.sigmoid()),
                train: SampleArray([Sample(image: image, target: target, shape: shape, name: "one")]), valid: nil,
                options: FitOptions(epochs: 1, steps: 3, loss: .crossEntropy), onStep: { losses.append($0.loss) })
            return losses
        }
        #expect(try losses(map) == losses(channels))
        let error = #expect(throws: NetworkError.self) { try losses(channels, softmax: false) }
        #expect(error?.message.contains("softmax") == true)
        var odd = map
        odd[5] = 3
        #expect(throws: NetworkError.self) { try losses(odd) }
    }

    /// Each instruction set's logarithm, by way of the loss that it is for.
    @Test(arguments: Kernels.available)
    func sumsOfEachInstructionSet(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.training(set))
        let random = CounterRandom(seed: 4)
        for count in [1, 16, 37] {
            let p = (0..<count + 16).map { Float(pow(random.uniform(at: UInt64($0)), 8)) }
            let t = (0..<count + 16).map { Float(random.uniform(at: UInt64(100 + $0))) }
            for gamma: Float in [0, 1.5] {
                var sums = [Double](repeating: 0, count: 7 * 16)
                sums.withUnsafeMutableBufferPointer { sums in
                    p.withUnsafeBufferPointer { p in
                        t.withUnsafeBufferPointer { t in
                            var call = SKLoss(
                                probabilities: p.baseAddress!, targets: t.baseAddress!, out: nil, count: Int64(count), p: nil,
                                sums: sums.baseAddress, kind: Int32(SKLossBinary), by: 0, gamma: gamma, positive: 0.25, negative: 0.75)
                            table.lossSums(&call)
                        }
                    }
                }
                var expected = [Double](repeating: 0, count: 7)
                for i in 0..<count {
                    let p = Double(p[i]), t = Double(t[i])
                    let hits = [p >= 0.5 ? 1.0 : 0, t >= 0.5 ? 1.0 : 0]
                    let loss = -0.25 * t * pow(1 - p, Double(gamma)) * log(p) - 0.75 * (1 - t) * pow(p, Double(gamma)) * log1p(-p)
                    for (row, x) in [p * t, p, t, hits[0] * hits[1], hits[0], hits[1], loss].enumerated() { expected[row] += x }
                }
                for row in 0..<7 {
                    let found = sums[row * 16..<row * 16 + 16].reduce(0, +)
                    #expect(
                        abs(found - expected[row]) < 1e-6 * max(1, expected[row]),
                        "\(set) \(count) \(gamma) row \(row): \(found) \(expected[row])")
                }
            }
        }
    }
}
