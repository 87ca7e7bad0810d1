/// Turns a graph into operations: neighbours run as one where the value between them is used by nobody else, and what can be applied
/// while a tensor is read becomes a view of that tensor.
struct Fusion {
    private let graph: Graph
    private let shapes: [SIMD3<Int>]
    private let batch: Int
    private let training: Bool
    /// Whether normalisations and ReLUs run within the layer before them.
    private let folding: Bool
    /// How many layers use each entry's value, and which one where it is a single one.
    private var users: [Int]
    private var follower: [Int?]
    /// Where each entry's value is; nil until it is computed.
    private var views: [View?]

    private(set) var operations: [Plan.Operation] = []
    private(set) var slots: [Plan.Slot] = []
    /// The operation that writes each slot; nil for the image.
    private var producer: [Int?] = []
    private(set) var output = 0

    init(_ graph: Graph, shapes: [SIMD3<Int>], batch: Int, training: Bool, folding: Bool) {
        (self.graph, self.shapes, self.batch, self.training, self.folding) = (graph, shapes, batch, training, folding)
        users = [Int](repeating: 0, count: graph.entries.count)
        for entry in graph.entries { for input in entry.inputs { users[input] += 1 } }
        follower = [Int?](repeating: nil, count: graph.entries.count)
        for (i, entry) in graph.entries.enumerated() where entry.inputs.count == 1 && users[entry.inputs[0]] == 1 {
            follower[entry.inputs[0]] = i
        }
        views = [View?](repeating: nil, count: graph.entries.count)
    }

    mutating func run(_ precision: Precision) {
        for (i, entry) in graph.entries.enumerated() where views[i] == nil {
            if entry.inputs.isEmpty {
                views[i] = View(slot: addSlot(like: i))
            } else if !asView(i) {
                compute(i)
            }
        }
        output = plain(graph.entries.count - 1)
        markEnds(precision)
    }

    /// Finds the tensors that are written and read through lines alone: those of convolutions, where nothing reads the tensor as a whole. They can be stored in
    /// half of the memory, and their gradients are held back and summed while they are written. The loss writes the gradient of the output.
    private mutating func markEnds(_ precision: Precision) {
        var byLines = [Bool](repeating: false, count: slots.count)
        for operation in operations where operation.kind == .layer && graph.entries[operation.entry].layer.writesLines {
            byLines[operation.output] = operation.output != output
        }
        var normalised = [Bool](repeating: false, count: slots.count)
        for operation in operations {
            switch operation.kind {
            case .normalise: normalised[operation.output] = true
            case .layer where !graph.entries[operation.entry].layer.readsViews: for t in operation.slots { byLines[t] = false }
            default: break
            }
        }
        for t in slots.indices {
            slots[t].half = precision == .bfloat16 && byLines[t]
            slots[t].gated = training && (byLines[t] || normalised[t])
        }
    }

    /// A value that needs no computation of its own. False where it does.
    private mutating func asView(_ i: Int) -> Bool {
        let entry = graph.entries[i]
        switch entry.layer {
        case let dropout as Dropout:
            var view = value(entry.inputs[0])
            if training && dropout.rate > 0 {
                if view.dropout != nil { view = View(slot: plain(entry.inputs[0])) }
                view.dropout = i
            }
            views[i] = view
        case is Concat:
            var view = View(slot: 0)
            view.parts = []
            for input in entry.inputs {
                let part = value(input)
                view.parts += part.dropout == nil ? part.parts : [View.Part(slot: plain(input))]
            }
            guard joins(view) else { return false }
            views[i] = view
        case is BatchNorm where training:
            // Readers normalise the tensor themselves, if nobody needs it as it was. The image has no gradient that could be normalised.
            // An entry that only passes on another's tensor does not own it: others may read what came in.
            let passesOn = graph.entries[entry.inputs[0]].layer is Dropout || graph.entries[entry.inputs[0]].layer is Concat
            guard users[entry.inputs[0]] == 1, !passesOn, let slot = value(entry.inputs[0]).plain, slot != 0 else { return false }
            // What its writer has cut at zero already has a gate of its own, and a gradient passes one gate only.
            if let k = producer[slot], operations[k].relu { return false }
            var view = View(slot: slot)
            view.parts[0].norm = operations.count
            operations.append(Plan.Operation(kind: .normalise, entry: i, inputs: [View(slot: slot)], output: slot))
            if let k = producer[slot], operations[k].kind == .layer, graph.entries[operations[k].entry].layer.writesLines {
                operations[k].sums = true
                operations[k].centred = true
            }
            views[i] = view
            if let next = follower[i], graph.entries[next].layer is Relu {
                view.parts[0].relu = true
                views[next] = view
            }
        default: return false
        }
        return true
    }

    /// Whether blocks of these tensors, one after the other, are the blocks of the joined tensor.
    private func joins(_ view: View) -> Bool {
        let widths = view.parts.map { blockWidth(slots[$0.slot].channels) }
        let full = view.parts.dropLast().allSatisfy { slots[$0.slot].channels % 16 == 0 }
        // The image has no gradient, so nothing can be written to its blocks.
        if training, view.parts.contains(where: { $0.slot == 0 }) { return false }
        return full && widths.allSatisfy { $0 == widths[0] } && Set(view.parts.map(\.slot)).count == view.parts.count
    }

    /// An operation for a layer, and for what follows it and can be done while its output is stored.
    private mutating func compute(_ i: Int) {
        let entry = graph.entries[i]
        let layer = entry.layer
        let inputs = layer.readsViews ? entry.inputs.map { value($0) } : entry.inputs.map { View(slot: plain($0)) }
        var last = i
        var operation = Plan.Operation(
            kind: .layer, entry: i, inputs: inputs, output: slots.count,
            workspace: layer.workspace(input: shapes[entry.inputs[0]], channels: graph.inputChannels(of: i), batch: batch, training: training))
        if !training, folding, layer.foldsNorm, let next = follower[last], graph.entries[next].layer is BatchNorm { (operation.norm, last) = (next, next) }
        if folding, layer.fusesRelu, let next = follower[last], graph.entries[next].layer is Relu { (operation.relu, last) = (true, next) }
        let view = View(slot: addSlot(like: last, by: operations.count))
        operations.append(operation)
        var at = i
        while at != last {
            views[at] = view
            at = follower[at] ?? last
        }
        views[last] = view
    }

    /// The tensors that hold each layer's value.
    var places: [[Int]] { views.map { $0?.parts.map(\.slot) ?? [] } }

    private func value(_ i: Int) -> View { views[i] ?? View(slot: 0) }

    /// The stored tensor that holds an entry's value; written out once, at the first layer that needs it so.
    private mutating func plain(_ i: Int) -> Int {
        let view = value(i)
        if let slot = view.plain { return slot }
        let slot = addSlot(like: i, by: operations.count)
        operations.append(Plan.Operation(kind: .copy, entry: i, inputs: [view], output: slot))
        views[i] = View(slot: slot)
        return slot
    }

    private mutating func addSlot(like entry: Int, by operation: Int? = nil) -> Int {
        slots.append(Plan.Slot(channels: graph.entries[entry].channels, shape: shapes[entry]))
        producer.append(operation)
        return slots.count - 1
    }
}
