import Kernels
import Support

/// Runs a plan: forward, loss, backward. Allocates the plan's memory once.
final class Engine {
    let plan: Plan
    let graph: Graph
    let parameters: ParameterStore
    private let arena: Buffer
    private let tensors: [Tensor]
    private let gradients: [Tensor?]
    private let statistics: [BatchStatistics]
    /// Gradients of all weights, laid out as the weights; training only.
    let weightGradients: Buffer?

    init(_ model: Model, plan: Plan) throws {
        self.plan = plan
        graph = model.graph
        parameters = model.parameters
        let purpose =
            (plan.training ? "training" : "prediction") + " at \(Text.sizes(plan.shape))" + (plan.batch > 1 ? " in batches of \(plan.batch)" : "")
        arena = try Buffer(count: plan.arenaFloats, for: purpose)
        weightGradients = plan.training ? try Buffer(count: parameters.values.count, for: purpose) : nil
        let base = arena.base
        tensors = plan.slots.map { Tensor(base: base + $0.values, batch: plan.batch, channels: $0.channels, shape: $0.shape) }
        gradients = plan.slots.map { slot in
            slot.gradient.map { Tensor(base: base + $0, batch: plan.batch, channels: slot.channels, shape: slot.shape) }
        }
        statistics = plan.operations.map { _ in BatchStatistics() }
    }

    var input: Tensor { tensors[0] }
    var output: Tensor { tensors[plan.output] }
    var outputGradient: Tensor? { gradients[plan.output] }
    var inputGradient: Tensor? { gradients[0] }
    /// Where a batch's targets go.
    var target: Tensor {
        Tensor(base: arena.base + plan.target, batch: plan.batch, channels: output.channels, shape: output.shape)
    }

    private func call(_ k: Int, seed: UInt64, step: UInt64) -> LayerCall {
        let op = plan.operations[k]
        return LayerCall(
            index: op.entry, inputs: op.inputs.map { tensors[$0] }, output: tensors[op.output],
            parameters: parameters.ofLayer[op.entry].map { parameters.pointer($0) }, training: plan.training, relu: op.relu, seed: seed,
            step: step, statistics: statistics[k], workspace: arena.base + plan.workspace,
            outputGradient: gradients[op.output] ?? tensors[op.output])
    }

    /// Computes the output from the input. Throws `Interrupted`.
    func forward(seed: UInt64 = 0, step: UInt64 = 0, clock: () -> Double = { Clock.seconds }, timed: ((Int, Double) -> Void)? = nil) throws {
        for (k, op) in plan.operations.enumerated() {
            var call = call(k, seed: seed, step: step)
            if let norm = op.norm, let layer = graph.entries[norm].layer as? BatchNorm {
                let own = parameters.ofLayer[norm].map { parameters.pointer($0) }
                (call.scale, call.shift) = layer.running(own, like: call.output)
            }
            let start = timed == nil ? 0 : clock()
            try graph.entries[op.entry].layer.forward(call)
            timed?(k, clock() - start)
        }
    }

    /// Computes the gradients of all weights from the output's gradient, which must have been set. Throws `Interrupted`.
    func backward(seed: UInt64 = 0, step: UInt64 = 0, clock: () -> Double = { Clock.seconds }, timed: ((Int, Double) -> Void)? = nil) throws
    {
        guard let weightGradients else { return }
        var written = [Bool](repeating: false, count: tensors.count)
        for (k, op) in plan.operations.enumerated().reversed() {
            var call = call(k, seed: seed, step: step)
            call.inputGradients = op.inputs.map { gradients[$0] }
            call.gradients = parameters.ofLayer[op.entry].filter { parameters.slots[$0].spec.trainable }
                .map { weightGradients.base + parameters.slots[$0].offset }
            // The same tensor may come in twice; its gradients add up.
            for input in op.inputs {
                call.accumulate.append(written[input])
                written[input] = true
            }
            let start = timed == nil ? 0 : clock()
            try graph.entries[op.entry].layer.backward(call)
            timed?(k, clock() - start)
        }
    }

    /// Moves the running averages after a step that was completed; `steps` were before it, nil for plain momentum.
    func commitStatistics(steps: Int?) {
        for (k, op) in plan.operations.enumerated() {
            if let layer = graph.entries[op.entry].layer as? BatchNorm {
                layer.commit(statistics[k], parameters.ofLayer[op.entry].map { parameters.pointer($0) }, steps: steps)
            }
        }
    }
}
