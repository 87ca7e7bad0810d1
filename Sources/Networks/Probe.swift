import Glibc
import Support

/// Runs a model's passes on plain arrays, with everything that training hides in view: for tests and benchmarks.
package final class Probe {
    private let model: Model
    private let engine: Engine
    private var adam: AdamState?

    package init(_ model: Model, shape: SIMD3<Int>, batch: Int = 1, training: Bool = true, inputGradient: Bool = true) throws {
        self.model = model
        engine = try Engine(model, plan: Plan(model.graph, shape: shape, batch: batch, training: training, inputGradient: inputGradient))
    }

    package var operations: [String] {
        engine.plan.operations.map { "\($0.entry).\(engine.graph.entries[$0.entry].layer.kind)" + ($0.relu ? "+relu" : "") }
    }

    /// Multiply–adds × 2 of each operation's forward pass, whole batch.
    package var flops: [Double] {
        engine.plan.operations.map {
            engine.graph.entries[$0.entry].layer.flops(
                inputs: engine.graph.inputChannels(of: $0.entry), output: engine.plan.slots[$0.output].shape)
                * Double(engine.plan.batch)
        }
    }
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
        return try loss.evaluate(engine.output, target: engine.target, gradient: engine.outputGradient).loss
    }

    package func backwardFromLoss(seed: UInt64 = 0, step: UInt64 = 0) throws { try engine.backward(seed: seed, step: step) }

    /// One whole step as `fit` takes it, sample and target being in memory: forward, loss, backward, Adam. Returns the batch's loss.
    package func trainingStep(_ input: [Float], _ target: [Float], step: UInt64) throws -> Double {
        let adam = try self.adam ?? AdamState(.adam(), weights: model.parameters.values.count)
        self.adam = adam
        fill(engine.input, input)
        fill(engine.target, target)
        try engine.forward(seed: 0, step: step)
        let score = try Loss.dice.evaluate(engine.output, target: engine.target, gradient: engine.outputGradient)
        try engine.backward(seed: 0, step: step)
        guard let gradients = engine.weightGradients else { return score.loss }
        guard score.firstNotFinite == nil, AdamState.isFinite(gradients) else {
            throw NetworkError.diverged(what: "gradient", epoch: 1, step: Int(step), sample: "the benchmark")
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
        for _ in 0..<repeats {
            try engine.forward(seed: 1, step: 1, clock: processor ? { Clock.processorSeconds } : { Clock.seconds }) { k, seconds in
                best[k].forward = min(best[k].forward, seconds)
            }
            if engine.plan.training {
                try engine.backward(seed: 1, step: 1, clock: processor ? { Clock.processorSeconds } : { Clock.seconds }) { k, seconds in
                    best[k].backward = min(best[k].backward, seconds)
                }
            }
        }
        return best
    }

    /// Weights after steps of an optimiser with given gradients.
    package static func adam(_ weights: [Float], gradients: [[Float]], _ optimizer: Optimizer) throws -> [Float] {
        let size = (weights.count + 15) / 16 * 16
        let values = try Buffer(count: size, for: "a test"), gradient = try Buffer(count: size, for: "a test")
        for (i, w) in weights.enumerated() { values.base[i] = w }
        let state = try AdamState(optimizer, weights: size)
        for step in gradients {
            for (i, g) in step.enumerated() { gradient.base[i] = g }
            state.update(values, gradient: gradient)
        }
        return weights.indices.map { values.base[$0] }
    }

    /// The first samples of the training order, and how often an order had to be shuffled for them.
    package static func draws(_ positions: Int, count: Int, seed: UInt64) -> (samples: [Int], shuffles: Int) {
        var order = SampleOrder(count: count, seed: seed)
        let samples = (0..<positions).map { order.sample(at: $0) }
        return (samples, order.shuffles)
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

extension Node {
    /// An input of any number of channels, so that a wide layer can be run by itself; images have at most 64.
    package static func input(unlimited channels: Int) throws -> Node { try Node(InputLayer(unlimited: channels), []) }
}
