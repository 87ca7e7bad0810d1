import Glibc
import Support

// A mask needs one probability a voxel. Networks of several classes, of which the first is by custom what belongs to none, give it too.

extension Model {
    /// Throws `NetworkError.mismatch` for a network that takes another image than one channel, or has several outputs that are no classes.
    public func requireForeground(for what: String) throws {
        guard inputChannels == 1 else {
            throw NetworkError.mismatch(layer: what, detail: "the model has \(inputChannels) input channels, a volume has 1")
        }
        if outputChannels > 1, let last = graph.entries.last?.layer, last is Sigmoid {
            throw NetworkError.mismatch(
                layer: what, detail: "the model has \(outputChannels) outputs that do not exclude one another, a mask has 1")
        }
    }

    /// The probability of each voxel to belong to what is looked for, from what `predict` gave: of a network of one output that output itself; of one of several classes
    /// 1 minus the probability of the first. Where the network does not end with softmax, its outputs are taken for what enters one.
    public func foreground(_ output: [Float]) -> [Float] {
        let classes = outputChannels
        if classes == 1 { return output }
        let voxels = output.count / classes, isProbability = graph.givesProbabilities
        return [Float](unsafeUninitializedCapacity: voxels) { out, initialised in
            output.withUnsafeBufferPointer { values in
                let p = Unchecked((values, out))
                Parallel.ranges(voxels) { range in
                    let (values, out) = p.value
                    for v in range {
                        guard !isProbability else {
                            out.initializeElement(at: v, to: max(0, min(1, 1 - values[v])))
                            continue
                        }
                        // The others' share: 1 / (1 + exp(first) / Σ exp(others)), with the greatest of them taken out of the sum.
                        var top = values[voxels + v]
                        for c in 2..<max(2, classes) { top = max(top, values[c * voxels + v]) }
                        var sum: Float = 0
                        for c in 1..<classes { sum += expf(values[c * voxels + v] - top) }
                        out.initializeElement(at: v, to: 1 / (1 + expf(values[v] - top) / sum))
                    }
                }
            }
            initialised = voxels
        }
    }
}
