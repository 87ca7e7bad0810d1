import Kernels
import Support

/// Runs a plan: forward, loss, backward. Allocates the plan's memory once.
final class Engine {
    let plan: Plan
    let graph: Graph
    let parameters: ParameterStore
    private let arena: Buffer
    let tensors: [Tensor]
    /// The tensors as the backward pass finds them: those that were computed again are elsewhere.
    private let renewed: [Tensor]
    private let gradients: [Tensor?]
    let statistics: [BatchStatistics]
    /// Sums of each tensor's channels, where its writer took them, and of its gradient's.
    private var sums, gradientSums: [ChannelSums?]
    /// Backward passes so far.
    private var passes = 0
    /// Passes after which memory that lay on small pages is moved onto large ones: a step then takes a thirtieth less, and the move as long as a step or two.
    private static let manyPasses = 50
    /// Gradients of all weights, laid out as the weights; training only.
    let weightGradients: Buffer?
    /// The sum of the squares of all gradients of weights that the last backward pass wrote.
    private(set) var gradientSquares = 0.0
    /// The layer in the graph whose gradients of weights were not finite, the first that the backward pass met.
    private(set) var gradientNotFinite: Int?

    init(_ model: Model, plan: Plan) throws {
        self.plan = plan
        graph = model.graph
        parameters = model.parameters
        let purpose =
            (plan.training ? "training" : "prediction") + " at \(Text.sizes(plan.shape))" + (plan.batch > 1 ? " in batches of \(plan.batch)" : "")
        arena = try Buffer(count: plan.arenaFloats, for: purpose)
        weightGradients = plan.training ? try Buffer(count: parameters.values.count, for: purpose) : nil
        let base = arena.base
        func tensor(_ slot: Plan.Slot, at place: Int, half: Bool) -> Tensor {
            Tensor(base: base + place, batch: plan.batch, channels: slot.channels, shape: slot.shape, half: half)
        }
        tensors = plan.slots.map { tensor($0, at: $0.values, half: $0.half) }
        renewed = plan.slots.map { tensor($0, at: $0.again ?? $0.values, half: $0.half) }
        gradients = plan.slots.map { slot in slot.gradient.map { tensor(slot, at: $0, half: false) } }
        statistics = plan.operations.map { _ in BatchStatistics() }
        sums = plan.slots.map { _ in nil }
        gradientSums = sums
    }

    func tensor(_ slot: Int) -> Tensor { tensors[slot] }
    var input: Tensor { tensors[0] }
    var output: Tensor { tensors[plan.output] }
    var outputGradient: Tensor? { gradients[plan.output] }
    /// Where the loss writes its gradient: before a last sigmoid or softmax, where that takes the memory of the output's; else at the output.
    var lossTarget: Loss.Target? {
        guard let gradient = outputGradient else { return nil }
        var by = Loss.Target.By.probabilities
        if let last = plan.operations.last, last.kind == .layer, last.output == plan.output, gradients[last.slots[0]]?.base == gradient.base {
            let layer = graph.entries[last.entry].layer
            by = layer is Sigmoid ? .sigmoid : layer is Softmax ? .softmax : .probabilities
        }
        return Loss.Target(tensor: gradient, by: by)
    }
    var inputGradient: Tensor? { gradients[0] }
    /// Where a batch's targets go.
    var target: Tensor {
        Tensor(base: arena.base + plan.target, batch: plan.batch, channels: output.channels, shape: output.shape)
    }

    /// A step's number and seed, on which what it draws depends.
    private struct Draw {
        let seed, step: UInt64
    }

    private func call(_ k: Int, _ draw: Draw, backward: Bool) -> LayerCall {
        let op = plan.operations[k]
        let from = backward ? renewed : tensors
        let whole = op.kind != .layer || !graph.entries[op.entry].layer.readsViews
        var call = LayerCall(
            index: op.entry, inputs: whole ? op.slots.map { from[$0] } : [], source: reading(op.inputs[0], draw, from), output: from[op.output],
            parameters: parameters.ofLayer[op.entry].map { parameters.pointer($0) }, training: plan.training, relu: op.relu,
            seed: draw.seed, step: draw.step, statistics: statistics[k], workspace: arena.base + plan.workspace,
            outputGradient: gradients[op.output] ?? tensors[op.output], centred: op.centred)
        call.half = plan.precision == .bfloat16
        return call
    }

    // MARK: Views

    /// Calls `body` for each channel block of a view, in the order of the joined tensor, with what dropout keeps of it.
    private func forEachBlock(_ view: View, _ draw: Draw, _ body: (View.Part, _ index: Int, DropoutMask?) -> Void) {
        var place = 0
        let blocks = view.parts.reduce(0) { $0 + tensors[$1.slot].blocks }
        for part in view.parts {
            let tensor = tensors[part.slot]
            for index in 0..<tensor.blocks {
                let mask = view.dropout.flatMap { entry in
                    (graph.entries[entry].layer as? Dropout)?.mask(
                        index: entry, seed: draw.seed, step: draw.step, place: place, sampleStep: blocks * tensor.blockFloats)
                }
                body(part, index, mask)
                place += tensor.blockFloats
            }
        }
    }

    private func channels(_ view: View) -> Int { view.parts.reduce(0) { $0 + tensors[$1.slot].channels } }

    private func reading(_ view: View, _ draw: Draw, _ from: [Tensor]) -> Reading {
        var blocks: [Reading.Block] = []
        forEachBlock(view, draw) { part, index, mask in
            var pointwise = Pointwise(relu: part.relu, dropout: mask)
            if let norm = part.norm {
                pointwise.scale = Array(statistics[norm].scale[index * 16..<index * 16 + 16])
                pointwise.shift = Array(statistics[norm].shift[index * 16..<index * 16 + 16])
            }
            blocks.append(Reading.Block(tensor: from[part.slot], index: index, pointwise: pointwise))
        }
        return Reading(blocks: blocks, channels: channels(view))
    }

    /// Where the gradient of a view goes; nil where nobody needs it. What is `written` already is added to.
    private func writing(_ view: View, _ draw: Draw, _ written: inout [Bool]) -> Writing? {
        var blocks: [Writing.Block] = []
        forEachBlock(view, draw) { part, index, mask in
            guard let gradient = gradients[part.slot] else { return }
            blocks.append(
                Writing.Block(
                    tensor: gradient, index: index, accumulate: written[part.slot], dropout: mask, gate: gate(part, index)))
        }
        for part in view.parts { written[part.slot] = true }
        if blocks.isEmpty { return nil }
        var writing = Writing(blocks: blocks, channels: channels(view))
        if view.parts.contains(where: { plan.slots[$0.slot].gated }) { writing.sums = ChannelSums() }
        return writing
    }

    /// What holds back the gradient of a block of a view: the ReLU that its readers apply, or else the one that was applied when it was stored.
    private func gate(_ part: View.Part, _ index: Int) -> Gate? {
        guard plan.slots[part.slot].gated else { return nil }
        if let norm = part.norm {
            let own = statistics[norm], range = index * 16..<index * 16 + 16
            return Gate(
                tensor: renewed[part.slot], relu: part.relu, scale: Array(own.scale[range]), shift: Array(own.shift[range]),
                centre: Array(own.centre[range]))
        }
        return storedRelu[part.slot] ? Gate(tensor: renewed[part.slot], relu: true) : nil
    }

    /// Adds the sums of a view's gradient to those of its parts.
    private func keepSums(_ taken: ChannelSums?, of view: View) {
        guard let taken, !taken.sum.isEmpty else { return }
        var first = 0
        for part in view.parts {
            let channels = tensors[part.slot].channels
            if plan.slots[part.slot].gated {
                let own = gradientSums[part.slot] ?? ChannelSums()
                func add(_ a: [Double], _ b: [Double]) -> [Double] {
                    let range = first..<first + channels
                    return a.isEmpty ? Array(b[range]) : zip(a, b[range]).map { $0 + $1 }
                }
                (own.sum, own.products) = (add(own.sum, taken.sum), add(own.products, taken.products))
                gradientSums[part.slot] = own
            }
            first += channels
        }
    }

    // MARK: Passes

    /// What times each operation, if anything does: a clock, and where its readings go.
    struct Timing {
        var clock: () -> Double = { Clock.seconds }
        var note: ((Int, Double) -> Void)?
    }

    /// Computes the output from the input. Throws `Interrupted`.
    func forward(seed: UInt64 = 0, step: UInt64 = 0, timing: Timing = Timing()) throws {
        for k in plan.operations.indices {
            let start = timing.note == nil ? 0 : timing.clock()
            try forward(k, Draw(seed: seed, step: step), again: false)
            timing.note?(k, timing.clock() - start)
        }
    }

    private func forward(_ k: Int, _ draw: Draw, again: Bool) throws {
        let op = plan.operations[k], layer = graph.entries[op.entry].layer
        var call = call(k, draw, backward: again)
        switch op.kind {
        case .layer:
            if let norm = op.norm, let layer = graph.entries[norm].layer as? BatchNorm {
                let own = parameters.ofLayer[norm].map { parameters.pointer($0) }
                (call.scale, call.shift) = layer.running(own, like: call.output)
            }
            if op.sums, !again {
                call.sums = ChannelSums()
                sums[op.output] = call.sums
            }
            try layer.forward(call)
        case .normalise:
            call.sums = sums[op.output]
            try (layer as? BatchNorm)?.measure(call, call.inputs[0])
        case .copy: try call.source.copy(to: Writing(call.output))
        }
    }

    /// Computes the gradients of all weights from the loss's, which must have been written to `lossTarget`; or without `fromLoss`, which says that the last layer's pass is done, from the output's. Throws
    /// `Interrupted`.
    func backward(seed: UInt64 = 0, step: UInt64 = 0, fromLoss: Bool = false, timing: Timing = Timing()) throws {
        guard let weightGradients else { return }
        passes += 1
        if passes == Self.manyPasses { for memory in [arena, weightGradients, parameters.values] { memory.gather() } }
        let draw = Draw(seed: seed, step: step)
        var written = [Bool](repeating: false, count: tensors.count)
        gradientSums = tensors.map { _ in nil }
        (gradientSquares, gradientNotFinite) = (0, nil)
        var operations = Array(plan.operations.enumerated())
        if fromLoss, let last = plan.operations.last {
            written[last.slots[0]] = true
            operations.removeLast()
        }
        for (k, op) in operations.reversed() {
            let start = timing.note == nil ? 0 : timing.clock()
            for earlier in plan.again[k] { try forward(earlier, draw, again: true) }
            let layer = graph.entries[op.entry].layer
            var call = call(k, draw, backward: true)
            call.gradients = op.kind == .copy
                ? []
                : parameters.ofLayer[op.entry].filter { parameters.slots[$0].spec.trainable }
                    .map { weightGradients.base + parameters.slots[$0].offset }
            switch op.kind {
            case .layer where layer.readsViews:
                call.sourceGradient = writing(op.inputs[0], draw, &written)
                (call.gated, call.sums) = (plan.slots[op.output].gated, gradientSums[op.output])
                try layer.backward(call)
                keepSums(call.sourceGradient?.sums, of: op.inputs[0])
            case .layer:
                call.inputGradients = op.slots.map { gradients[$0] }
                // The same tensor may come in twice; its gradients add up.
                for slot in op.slots {
                    call.accumulate.append(written[slot])
                    written[slot] = true
                }
                try layer.backward(call)
            case .normalise:
                // The ReLU of the readers has held the gradient back where it was written.
                call.sums = gradientSums[op.output]
                try (layer as? BatchNorm)?.backward(call, x: call.inputs[0], into: call.outputGradient, accumulate: false)
            case .copy:
                guard let target = writing(op.inputs[0], draw, &written) else { break }
                try Reading(call.outputGradient).copy(to: target)
                keepSums(target.sums, of: op.inputs[0])
            }
            // While they are in the cache.
            if op.kind != .copy { measureGradients(of: op.entry, weightGradients) }
            timing.note?(k, timing.clock() - start)
        }
    }

    private func measureGradients(of entry: Int, _ run: Buffer) {
        for slot in parameters.ofLayer[entry].map({ parameters.slots[$0] }) where slot.spec.trainable {
            let squares = Flat.squares(run.base + slot.offset, slot.stored)
            gradientSquares += squares
            if !squares.isFinite { gradientNotFinite = gradientNotFinite ?? entry }
        }
    }

    /// Whether each tensor was cut at zero when it was stored.
    private lazy var storedRelu: [Bool] = {
        var relu = [Bool](repeating: false, count: plan.slots.count)
        for op in plan.operations where op.kind == .layer { relu[op.output] = op.relu }
        return relu
    }()

    /// Moves the running averages after a step that was completed; `steps` were before it, nil for plain momentum.
    func commitStatistics(steps: Int?) {
        for (k, op) in plan.operations.enumerated() where op.kind != .copy {
            if let layer = graph.entries[op.entry].layer as? BatchNorm {
                layer.commit(statistics[k], parameters.ofLayer[op.entry].map { parameters.pointer($0) }, steps: steps)
            }
        }
    }
}
