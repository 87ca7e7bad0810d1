import Glibc
import Support

/// Runs a model's passes on plain arrays, with everything that training hides in view: for tests and benchmarks.
package final class Probe {
    private let model: Model
    private let engine: Engine
    private var adam: OptimizerState?

    /// Plans and allocates for inputs of one shape (voxels along x, y, z). With `renewing` every other value that the backward pass could
    /// compute again is computed again, as under a bound on memory. Throws `NetworkError` for a shape that the graph cannot take and
    /// `MemoryError`.
    package init(_ model: Model, shape: SIMD3<Int>, batch: Int = 1, training: Bool = true, inputGradient: Bool = true, renewing: Bool = false,
        precision: Precision = .float32
    ) throws {
        self.model = model
        func plan(_ renewing: Set<Int>) throws -> Plan {
            try Plan(model.graph, shape: shape, batch: batch, training: training, inputGradient: inputGradient, renewing: renewing,
                precision: precision)
        }
        // Every other one, as a bound on memory would choose them: each is computed from its neighbour.
        let some = try plan([]).renewable.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        engine = try Engine(model, plan: plan(renewing ? Set(some) : []))
    }

    /// Each step of the plan in order: "3.conv3d+relu", "7.copy".
    package var operations: [String] {
        engine.plan.operations.map {
            $0.kind == .copy ? "\($0.entry).copy" : "\($0.entry).\(engine.graph.entries[$0.entry].layer.kind)" + ($0.relu ? "+relu" : "")
        }
    }

    /// Multiply–adds × 2 of each operation's forward pass, whole batch.
    package var flops: [Double] {
        engine.plan.operations.map {
            $0.kind == .copy
                ? 0
                : engine.graph.entries[$0.entry].layer.flops(
                inputs: engine.graph.inputChannels(of: $0.entry), output: engine.plan.slots[$0.output].shape)
                * Double(engine.plan.batch)
        }
    }
    /// Bytes of all values and gradients together, those that share memory counted once.
    package var arenaBytes: Int { engine.plan.arenaFloats * 4 }

    /// Sample after sample, channel after channel; returns the output likewise.
    package func forward(_ input: [Float], seed: UInt64 = 0, step: UInt64 = 0) throws -> [Float] {
        for n in 0..<engine.plan.batch {
            input.withUnsafeBufferPointer {
                engine.input.fill(sample: n, from: $0.baseAddress! + n * engine.input.channels * engine.input.voxels)
            }
        }
        try engine.forward(seed: seed, step: step)
        return read(engine.output)
    }

    /// Gradient of the image for a gradient of the output.
    package func backward(_ gradient: [Float], seed: UInt64 = 0, step: UInt64 = 0) throws -> [Float] {
        guard let out = engine.outputGradient else { return [] }
        for n in 0..<engine.plan.batch {
            gradient.withUnsafeBufferPointer { out.fill(sample: n, from: $0.baseAddress! + n * out.channels * out.voxels) }
        }
        try engine.backward(seed: seed, step: step)
        return engine.inputGradient.map(read) ?? []
    }

    /// Loss of the last output against targets; leaves the gradient for `backwardFromLoss`.
    package func loss(_ target: [Float], _ loss: Loss = .dice) throws -> Double {
        for n in 0..<engine.plan.batch {
            target.withUnsafeBufferPointer {
                engine.target.fill(sample: n, from: $0.baseAddress! + n * engine.target.channels * engine.target.voxels)
            }
        }
        let place = byProbabilities ? engine.outputGradient.map { Loss.Target(tensor: $0, by: .probabilities) } : engine.lossTarget
        skipsLast = place?.skipsLast == true
        return try loss.evaluate(engine.output, target: engine.target, gradient: place).loss
    }

    private var skipsLast = false
    /// Whether the loss's gradient is the one by the probabilities, and the last layer has a backward pass of its own.
    package var byProbabilities = false

    /// The gradient of the image that the last backward pass left.
    package var inputGradient: [Float] { engine.inputGradient.map(read) ?? [] }

    /// The gradient that the loss left, by the probabilities or by the logits.
    package var lossGradient: [Float] { engine.outputGradient.map(read) ?? [] }

    /// The backward pass from the gradient that the loss left. Throws `Interrupted`.
    package func backwardFromLoss(seed: UInt64 = 0, step: UInt64 = 0) throws { try engine.backward(seed: seed, step: step, fromLoss: skipsLast) }

    /// One whole step as `fit` takes it, sample and target being in memory: forward, loss, backward, Adam. Returns the batch's loss.
    package func trainingStep(_ input: [Float], _ target: [Float], step: UInt64) throws -> Double {
        let adam = try self.adam ?? OptimizerState(.adam(), weights: model.parameters.values.count)
        self.adam = adam
        fill(engine.input, input)
        fill(engine.target, target)
        try engine.forward(seed: 0, step: step)
        let place = engine.lossTarget
        let score = try Loss.dice.evaluate(engine.output, target: engine.target, gradient: place)
        try engine.backward(seed: 0, step: step, fromLoss: place?.skipsLast == true)
        guard let gradients = engine.weightGradients else { return score.loss }
        guard score.firstNotFinite == nil, engine.gradientSquares.isFinite else {
            throw NetworkError.diverged(Divergence(what: .gradient, epoch: 1, step: Int(step), sample: "the benchmark"))
        }
        adam.update(model.parameters.values, gradient: gradients)
        engine.commitStatistics(steps: Int(step))
        return score.loss
    }

    private func fill(_ tensor: Tensor, _ values: [Float]) {
        values.withUnsafeBufferPointer {
            guard let base = $0.baseAddress else { return }
            for n in 0..<tensor.batch { tensor.fill(sample: n, from: base + n * tensor.channels * tensor.voxels) }
        }
    }

    /// Takes the batch's statistics into the running averages, as a step of training does at its end.
    package func commit() { engine.commitStatistics(steps: nil) }

    /// Name, shape and gradient of each trainable array, in PyTorch's order.
    package var weightGradients: [(name: String, shape: [Int], values: [Float])] {
        guard let run = engine.weightGradients else { return [] }
        return model.parameters.slots.indices.filter { model.parameters.slots[$0].spec.trainable }.map {
            (model.parameters.slots[$0].name, model.parameters.slots[$0].spec.shape, model.parameters.read(slot: $0, from: run.base))
        }
    }

    /// Seconds of each operation's forward and backward pass, the least of `repeats`. With `processor` the time that all threads worked, which
    /// other programs disturb less.
    package func timings(repeats: Int, processor: Bool = false) throws -> [(forward: Double, backward: Double)] {
        var best = [(forward: Double, backward: Double)](repeating: (.infinity, .infinity), count: engine.plan.operations.count)
        var timing = Engine.Timing(clock: processor ? { Clock.processorSeconds } : { Clock.seconds })
        for _ in 0..<repeats {
            timing.note = { k, seconds in best[k].forward = min(best[k].forward, seconds) }
            try engine.forward(seed: 1, step: 1, timing: timing)
            if engine.plan.training {
                timing.note = { k, seconds in best[k].backward = min(best[k].backward, seconds) }
                try engine.backward(seed: 1, step: 1, timing: timing)
            }
        }
        return best
    }

    /// Weights after steps of an optimiser with given gradients.
    package static func steps(
        of optimizer: Optimizer, from weights: [Float], gradients: [[Float]], schedule: (Int) -> Double = { _ in 1 }
    ) throws -> [Float] {
        let size = (weights.count + 15) / 16 * 16
        let values = try Buffer(count: size, for: "a test"), gradient = try Buffer(count: size, for: "a test")
        for (i, w) in weights.enumerated() { values.base[i] = w }
        let state = try OptimizerState(optimizer, weights: size)
        for (n, step) in gradients.enumerated() {
            for (i, g) in step.enumerated() { gradient.base[i] = g }
            state.update(values, gradient: gradient, factor: schedule(n))
        }
        return weights.indices.map { values.base[$0] }
    }

    /// The factor of a step's learning rate.
    package static func factor(of schedule: Schedule, step: Int, steps: Int?, time: Double? = nil) -> Double {
        schedule.factor(at: Schedule.Position(step: step, steps: steps, time: time))
    }

    /// What a plateau has made of the rate after each epoch.
    package static func plateau(_ schedule: Schedule, losses: [Double]) -> [Double] {
        var plateau = Plateau()
        return losses.map {
            plateau.add($0, schedule)
            return plateau.factor
        }
    }

    /// A metric of given numbers of voxels.
    package static func metric(_ metric: Metric, both: Double, found: Double, true: Double, all: Double) -> Double {
        metric.value(Metric.Counts(both: both, found: found, true: `true`, all: all))
    }

    /// The piece of a sample that a training draws at a position.
    package static func patch(of sample: Sample, _ size: SIMD3<Int>, seed: UInt64, position: UInt64) -> Sample {
        sample.patch(of: size, seed: seed, position: position)
    }

    /// The first samples of the training order, and how often an order had to be shuffled for them.
    package static func draws(_ positions: Int, count: Int, seed: UInt64) -> (samples: [Int], shuffles: Int) {
        var order = SampleOrder(count: count, seed: seed)
        let samples = (0..<positions).map { order.sample(at: $0) }
        return (samples, order.shuffles)
    }

    /// Whether the lanes beyond the channels are zero in the output and in the image's gradient.
    package var paddingIsZero: Bool {
        [engine.output, engine.inputGradient].compactMap { $0 }.allSatisfy { t in
            let used = t.channels - (t.blocks - 1) * t.width
            return (0..<t.batch).allSatisfy { n in
                let block = t.base + n * t.sampleFloats + (t.blocks - 1) * t.blockFloats
                return (0..<t.voxels).allSatisfy { v in (used..<t.width).allSatisfy { block[v * t.width + $0] == 0 } }
            }
        }
    }

    private func read(_ tensor: Tensor) -> [Float] {
        var out = [Float](repeating: 0, count: tensor.batch * tensor.channels * tensor.voxels)
        out.withUnsafeMutableBufferPointer {
            for n in 0..<tensor.batch { tensor.read(sample: n, into: $0.baseAddress! + n * tensor.channels * tensor.voxels) }
        }
        return out
    }
}

extension Model {
    /// All arrays by name in PyTorch's order.
    package var arrays: [(name: String, shape: [Int], values: [Float])] {
        parameters.slots.indices.map { (parameters.slots[$0].name, parameters.slots[$0].spec.shape, parameters.read(slot: $0)) }
    }

    /// Replaces an array, which must have as many values as the model's.
    package func set(_ name: String, _ values: [Float]) throws {
        for (i, slot) in parameters.slots.enumerated() where slot.name == name && slot.spec.count == values.count {
            try parameters.write(slot: i, values)
        }
    }
}
