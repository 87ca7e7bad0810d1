import Support

/// What a training takes in memory, and how it is made to fit: values that the backward pass needs are given up after the forward pass and computed again
/// (Chen et al. 2016, arXiv:1604.06174), those first that free the most bytes for the fewest operations.
struct MemoryBudget {
    let model: Model
    let shape: SIMD3<Int>
    let batch: Int
    /// Whether validation samples are predicted in between, whose memory comes on top.
    let validates: Bool
    let precision: Precision
    /// Runs of memory of the weights' size: weights, gradients, the optimiser's two moments and the best weights so far, unless told otherwise.
    var copies = 5

    init(_ model: Model, shape: SIMD3<Int>, batch: Int, validates: Bool, precision: Precision) {
        (self.model, self.shape, self.batch, self.validates, self.precision) = (model, shape, batch, validates, precision)
    }

    /// Bytes of everything besides the planned memory: weights with what belongs to them, the batch in hand and the one being loaded,
    /// what validation takes.
    func besides() throws -> Int {
        let weights = copies * model.parameters.values.count + model.parameters.states.count
        let samples = 2 * batch * (model.inputChannels + model.outputChannels) * shape.product
        let prediction = validates ? try Plan(model.graph, shape: shape, batch: 1, training: false, precision: precision).arenaFloats : 0
        return 4 * (weights + samples + prediction)
    }

    /// The plan that takes the least time within `bound` bytes; nil bounds it by the memory that is free. Throws `NetworkError.memoryBound`, or
    /// `MemoryError` where there is no bound and the machine has not enough.
    func plan(within bound: Int?) throws -> Plan {
        let besides = try besides()
        let free = bound ?? Memory.available
        func plan(_ renewing: Set<Int>) throws -> Plan {
            try Plan(model.graph, shape: shape, batch: batch, training: true, renewing: renewing, precision: precision)
        }
        var best = try plan([])
        var least = best.arenaFloats
        var renewing = Set<Int>()
        while besides + 4 * best.arenaFloats > free {
            let candidates = candidates(best, not: renewing)
            // The bytes that a step frees may only show once others went too: then the largest tensor goes first.
            var chosen: (slot: Int, plan: Plan, worth: Double)?
            for slot in candidates {
                try Interrupt.check()
                let tried = try plan(renewing.union([slot]))
                let worth = Double(best.arenaFloats - tried.arenaFloats) / cost(best, slot)
                if chosen.map({ worth > $0.worth }) ?? true { chosen = (slot, tried, worth) }
            }
            guard let chosen else {
                // Not the last plan is the smallest: computing a tensor again keeps what it is computed from.
                let least = besides + 4 * least
                if let bound { throw NetworkError.memoryBound(bound: bound, least: least, shape: shape, batch: batch) }
                throw MemoryError(needed: least, available: free, purpose: "training at \(Text.sizes(shape)) in batches of \(batch)")
            }
            renewing.insert(chosen.slot)
            best = chosen.plan
            least = min(least, best.arenaFloats)
        }
        return best
    }

    /// Values that may still be given up, largest first; no more than a few dozen, since each is tried.
    private func candidates(_ plan: Plan, not renewing: Set<Int>) -> [Int] {
        let left = plan.renewable.filter { !renewing.contains($0) }
        func floats(_ slot: Int) -> Int { plan.slots[slot].channels * plan.slots[slot].shape.product }
        return Array(left.sorted { (floats($0), $1) > (floats($1), $0) }.prefix(32))
    }

    /// About the operations that computing a tensor again takes.
    private func cost(_ plan: Plan, _ slot: Int) -> Double {
        let voxels = Double(plan.slots[slot].shape.product)
        guard let op = plan.operations.first(where: { $0.output == slot && $0.kind != .normalise }), op.kind == .layer else { return voxels }
        return voxels + model.graph.entries[op.entry].layer.flops(
            inputs: model.graph.inputChannels(of: op.entry), output: plan.slots[slot].shape)
    }
}
