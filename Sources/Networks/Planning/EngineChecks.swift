extension Engine {
    /// Runs forward once more and finds the first layer whose values, weights or statistics are not finite, and the first sample in which they are not. nil where all
    /// are finite. Throws `Interrupted`.
    func firstNotFinite(seed: UInt64, step: UInt64) throws -> (entry: Int, sample: Int?)? {
        var found: (entry: Int, sample: Int?)?
        let timing = Timing(
            clock: { 0 },
            note: { [self] k, _ in
                if found != nil { return }
                let op = plan.operations[k]
                for slot in parameters.ofLayer[op.entry] where !Finite.all(parameters.pointer(slot), parameters.slots[slot].stored) {
                    found = (op.entry, nil)
                    return
                }
                if op.kind == .normalise {
                    if !Finite.all(statistics[k].scale) || !Finite.all(statistics[k].shift) { found = (op.entry, nil) }
                    return
                }
                let tensor = tensors[op.output]
                if let sample = (0..<tensor.batch).first(where: { !tensor.isFinite(sample: $0) }) { found = (op.entry, sample) }
            })
        try forward(seed: seed, step: step, timing: timing)
        return found
    }
}

extension ParameterStore {
    /// The first layer of which a weight or a running statistic is not finite.
    var firstNotFinite: Int? { slots.indices.first { !Finite.all(pointer($0), slots[$0].stored) }.map { slots[$0].layer } }
}

extension Tensor {
    /// Whether all values of a sample are finite, its padding left out.
    func isFinite(sample: Int) -> Bool {
        let start = sample * sampleFloats
        guard half else { return Finite.all(base + start, sampleFloats) }
        // The exponent of bfloat16 is where that of the upper half of a float is.
        let halves = UnsafeRawPointer(base).assumingMemoryBound(to: UInt16.self)
        return !(start..<start + sampleFloats).contains { halves[$0] & 0x7F80 == 0x7F80 }
    }
}
