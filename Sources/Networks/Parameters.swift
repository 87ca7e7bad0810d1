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
        var name: String { "layer.\(layer).\(kind).\(spec.name)" }
    }

    let slots: [Slot]
    let values: Buffer
    let states: Buffer
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

    func pointer(_ slot: Int) -> UnsafeMutablePointer<Float> {
        (slots[slot].spec.trainable ? values : states).base + slots[slot].offset
    }

    /// Draws all weights. Every value depends on the seed and its own place alone. Throws `Interrupted`.
    func initialise(seed: UInt64) throws {
        for (index, slot) in slots.enumerated() {
            switch slot.spec.start {
            case .zeros: try fill(slot: index) { _ in 0 }
            case .ones: try fill(slot: index) { _ in 1 }
            case .heNormal(let fanIn):
                let random = CounterRandom(seed: seed, stream: UInt64(index))
                // A normal cut at two deviations has 0.87962566 of its deviation left.
                let deviation = (2 / Double(max(1, fanIn))).squareRoot() / 0.879_625_661_034_239_78
                try fill(slot: index) { Float(deviation * random.truncatedNormal(at: UInt64($0))) }
            }
        }
    }

    /// Puts `value(index in PyTorch's order)` in each place, on all cores. Throws `Interrupted`, with some of the values written.
    @inline(__always)
    private func fill(slot index: Int, _ value: (Int) -> Float) throws {
        let p = pointer(index)
        switch slots[index].spec.storage {
        case .vector:
            try Interrupt.check()
            for i in 0..<slots[index].spec.count { p[i] = value(i) }
        case .blocked(let layout):
            try Parallel.slabs(layout.pairs) { pair in layout.forEach(pair: pair) { logical, place in p[place] = value(logical) } }
        case .grouped(let layout, let groups):
            let each = slots[index].spec.count / groups
            try Parallel.slabs(groups * layout.pairs) { task in
                let group = task / layout.pairs
                layout.forEach(pair: task % layout.pairs) { logical, place in
                    p[group * layout.storedCount + place] = value(group * each + logical)
                }
            }
        case .lanes(let layout):
            try Parallel.slabs(layout.channels) { c in
                for tap in 0..<layout.taps { p[layout.place(c, tap)] = value(c * layout.taps + tap) }
            }
        }
    }

    /// Copies values in PyTorch's order, as many as the slot has, into their places. Throws `Interrupted`.
    func write(slot index: Int, _ source: [Float]) throws {
        try source.withUnsafeBufferPointer { source in try fill(slot: index) { source[$0] } }
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
