import CKernels
import Kernels
import Support

/// All weights of a model in one run of memory, so that an optimiser step is one pass; running statistics in a second run.
final class ParameterStore {
    struct Slot {
        /// Index of the layer in the graph.
        let layer: Int
        let kind: String
        let spec: ParameterSpec
        /// Place of the first float in `values` (trainable) or `states`.
        let offset: Int
        let stored: Int
        /// As in files: "layer.3.conv3d.weight".
        var name: String { ParameterStore.name(layer: layer, kind: kind, spec) }
    }

    static func name(layer: Int, kind: String, _ spec: ParameterSpec) -> String { "layer.\(layer).\(kind).\(spec.name)" }

    let slots: [Slot]
    private(set) var values: Buffer
    private(set) var states: Buffer
    /// For each layer its slots, in the order of the layer's parameters.
    let ofLayer: [[Int]]

    init(_ graph: Graph) throws {
        var slots: [Slot] = []
        var ofLayer: [[Int]] = []
        var sizes = (values: 0, states: 0)
        for (index, entry) in graph.entries.enumerated() {
            var own: [Int] = []
            for spec in entry.layer.parameters(graph.inputChannels(of: index)) {
                let stored: Int
                switch spec.storage {
                case .vector: stored = (spec.count + 15) / 16 * 16
                case .blocked(let layout): stored = layout.storedCount
                case .grouped(let layout, let groups): stored = groups * layout.storedCount
                case .lanes(let layout): stored = layout.storedCount
                }
                own.append(slots.count)
                slots.append(
                    Slot(
                        layer: index, kind: entry.layer.kind, spec: spec, offset: spec.trainable ? sizes.values : sizes.states,
                        stored: stored))
                if spec.trainable { sizes.values += stored } else { sizes.states += stored }
            }
            ofLayer.append(own)
        }
        self.slots = slots
        self.ofLayer = ofLayer
        values = try Buffer(count: sizes.values, for: "the model's weights")
        states = try Buffer(count: sizes.states, for: "the model's running statistics")
    }

    /// Takes other memory of the same layout for its own, and gives back what it had.
    func exchange(values: Buffer, states: Buffer) -> (values: Buffer, states: Buffer) {
        defer { (self.values, self.states) = (values, states) }
        return (self.values, self.states)
    }

    func pointer(_ slot: Int) -> UnsafeMutablePointer<Float> {
        (slots[slot].spec.trainable ? values : states).base + slots[slot].offset
    }

    /// Draws all weights. Every value depends on the seed and its own place alone. Throws `Interrupted`.
    func initialise(seed: UInt64) throws {
        for (index, slot) in slots.enumerated() {
            switch slot.spec.start {
            case .zeros: try fill(slot: index) { _, out in out.update(repeating: 0) }
            case .ones: try fill(slot: index) { _, out in out.update(repeating: 1) }
            case .heNormal(let fanIn):
                let key = CounterRandom(seed: seed, stream: UInt64(index)).key
                // A normal cut at two deviations has 0.87962566 of its deviation left.
                let deviation = (2 / Double(max(1, fanIn))).squareRoot() / 0.879_625_661_034_239_78
                try fill(slot: index) { first, out in
                    guard let base = out.baseAddress else { return }
                    var call = SKDraws(key: key, counter: UInt64(first), count: Int64(out.count), scale: deviation, out: base)
                    Kernels.training.draws(&call)
                }
            }
        }
    }

    /// Asks for all values, some that follow each other in PyTorch's order at a time (the index of the first, and where they go), and puts each in its
    /// place, on all cores. Throws `Interrupted`, with some of the values written.
    private func fill(
        slot index: Int, in run: UnsafeMutablePointer<Float>? = nil, _ values: (_ first: Int, _ out: UnsafeMutableBufferPointer<Float>) -> Void
    ) throws {
        let p = run.map { $0 + slots[index].offset } ?? pointer(index)
        let count = slots[index].spec.count
        switch slots[index].spec.storage {
        case .vector:
            try Interrupt.check()
            values(0, UnsafeMutableBufferPointer(start: p, count: count))
        case .blocked(let layout): try fill(p, layout, groups: 1, each: count, values)
        case .grouped(let layout, let groups): try fill(p, layout, groups: groups, each: count / groups, values)
        case .lanes(let layout):
            try Parallel.slabs(layout.channels) { c in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: layout.taps) { taps in
                    values(c * layout.taps, taps)
                    for tap in 0..<layout.taps { p[layout.place(c, tap)] = taps[tap] }
                }
            }
        }
    }

    private func fill(
        _ p: UnsafeMutablePointer<Float>, _ layout: WeightLayout, groups: Int, each: Int, _ values: (Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) throws {
        try Parallel.slabs(groups * layout.pairs) { task in
            let group = task / layout.pairs
            withUnsafeTemporaryAllocation(of: Float.self, capacity: layout.kernel.product) { taps in
                layout.forEachKernel(pair: task % layout.pairs) { first, place in
                    values(group * each + first, taps)
                    var out = p + group * layout.storedCount + place
                    for tap in layout.order {
                        out.pointee = taps[tap]
                        out += layout.tapStride
                    }
                }
            }
        }
    }

    /// Copies values in PyTorch's order, as many as the slot has, into their places, or those of another run laid out like the weights. Throws `Interrupted`.
    func write(slot index: Int, _ source: [Float], to run: UnsafeMutablePointer<Float>? = nil) throws {
        try source.withUnsafeBufferPointer { source in
            try fill(slot: index, in: run) { first, out in
                if let from = source.baseAddress { out.baseAddress?.update(from: from + first, count: out.count) }
            }
        }
    }

    /// Values in PyTorch's order, of the weights themselves or of another run laid out like them (gradients).
    func read(slot index: Int, from run: UnsafeMutablePointer<Float>? = nil) -> [Float] {
        let p = run.map { $0 + slots[index].offset } ?? pointer(index)
        var out = [Float](repeating: 0, count: slots[index].spec.count)
        switch slots[index].spec.storage {
        case .vector: for i in out.indices { out[i] = p[i] }
        case .blocked(let layout):
            out.withUnsafeMutableBufferPointer { out in
                let out = out
                Parallel.forEach(layout.pairs) { pair in layout.forEach(pair: pair) { logical, place in out[logical] = p[place] } }
            }
        case .grouped(let layout, let groups):
            let each = out.count / groups
            for group in 0..<groups {
                let own = p + group * layout.storedCount
                for pair in 0..<layout.pairs {
                    layout.forEach(pair: pair) { logical, place in out[group * each + logical] = own[place] }
                }
            }
        case .lanes(let layout):
            for c in 0..<layout.channels {
                for tap in 0..<layout.taps { out[c * layout.taps + tap] = p[layout.place(c, tap)] }
            }
        }
        return out
    }
}
