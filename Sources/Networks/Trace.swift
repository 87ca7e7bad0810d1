import Support

/// What a layer made of an image.
public struct LayerTrace: Sendable, Equatable {
    /// Place in the graph, from 0, the input's.
    public var index: Int
    /// "conv3d".
    public var kind: String
    /// Places of the layers that it reads.
    public var inputs: [Int]
    /// Voxels of its output along x, y and z.
    public var shape: SIMD3<Int>
    /// Channels of its output.
    public var channels: Int
    /// Its weights, those of running averages left out.
    public var parameters: Int
    /// Multiply–adds × 2.
    public var flops: Double
    /// Voxels of the image that a voxel of this layer depends on along each axis.
    public var field: SIMD3<Double>
    /// Of all values of the layer.
    public var low, high, mean, deviation: Double
    /// Values that are NaN or infinite, which the others leave out.
    public var notFinite: Int
}

extension Model {
    /// Runs an image through the network, layer after layer, as in prediction, and tells what each made of it.
    ///
    /// - Parameters:
    ///   - image: inputChannels × voxels values, channel after channel, x fastest.
    ///   - shape: (x, y, z), divisible by `requiredMultiple`.
    /// - Throws: `NetworkError.shape`, `.axisLength`, `.count`; `MemoryError`; `Interrupted`.
    public func trace(_ image: [Float], shape: SIMD3<Int>) throws -> [LayerTrace] {
        let plan = try Plan(graph, shape: shape, batch: 1, training: false, folding: false)
        guard image.count == inputChannels * shape.product else {
            throw NetworkError.count(name: "the image", found: image.count, expected: inputChannels * shape.product)
        }
        let engine = try Engine(self, plan: plan)
        image.withUnsafeBufferPointer { if let base = $0.baseAddress { engine.input.fill(sample: 0, from: base) } }
        var spreads = [Spread?](repeating: nil, count: plan.slots.count)
        spreads[0] = Spread(engine.input)
        // Right after it was written: the memory may be another tensor's later.
        try engine.forward(
            timing: Engine.Timing(note: { k, _ in
                let slot = plan.operations[k].output
                spreads[slot] = Spread(engine.tensor(slot))
            }))
        let shapes = try graph.shapes(input: shape), fields = graph.receptiveFields
        return graph.entries.indices.map { i in
            let entry = graph.entries[i]
            let spread = plan.places[i].compactMap { spreads[$0] }.reduce(Spread()) { $0.joined($1) }
            return LayerTrace(
                index: i, kind: entry.layer.kind, inputs: entry.inputs, shape: shapes[i], channels: entry.channels,
                parameters: parameters.ofLayer[i].reduce(0) { $0 + parameters.slots[$1].spec.count },
                flops: entry.layer.flops(inputs: graph.inputChannels(of: i), output: shapes[i]), field: fields[i], low: spread.low,
                high: spread.high, mean: spread.mean, deviation: spread.deviation, notFinite: spread.notFinite)
        }
    }

    /// As `summaryTable`, with what `trace` found instead of memory. `spacing` in mm. Throws as `trace`.
    public func traceTable(_ image: [Float], shape: SIMD3<Int>, spacing: SIMD3<Double> = SIMD3(repeating: 1)) throws -> String {
        let layers = try trace(image, shape: shape)
        var rows = [["", "layer", "output", "channels", "parameters", "GFLOP", "field mm", "min", "max", "mean", "std", "from"]]
        for layer in layers {
            rows.append(
                LayerTable.cells(layer.index, layer.kind, layer.shape, layer.channels, layer.parameters, layer.flops, layer.field * spacing)
                    + [layer.low, layer.high, layer.mean, layer.deviation].map { Text.short($0, 4) }
                    + [
                        LayerTable.from(layer.inputs, layer.index)
                            + (layer.notFinite > 0 ? "  \(Text.grouped(layer.notFinite)) not finite" : "")
                    ])
        }
        return LayerTable.text(rows, rightAligned: [0, 3, 4, 5, 6, 7, 8, 9, 10]).joined(separator: "\n")
    }
}

/// Sums over a tensor's values.
private struct Spread {
    var low = Double.infinity, high = -Double.infinity
    var sum = 0.0, squares = 0.0
    var count = 0, notFinite = 0

    init() {}

    init(_ tensor: Tensor) {
        let source = Unchecked(tensor)
        var parts = [Spread](repeating: Spread(), count: tensor.channels)
        parts.withUnsafeMutableBufferPointer { parts in
            let out = Unchecked(parts)
            Parallel.forEach(tensor.channels) { c in
                let t = source.value
                let from = t.base + c / t.width * t.blockFloats + c % t.width
                var part = Spread()
                for v in 0..<t.voxels { part.add(from[v * t.width]) }
                out.value[c] = part
            }
        }
        self = parts.reduce(Spread()) { $0.joined($1) }
    }

    private mutating func add(_ x: Float) {
        guard x.isFinite else {
            notFinite += 1
            return
        }
        let x = Double(x)
        low = min(low, x)
        high = max(high, x)
        sum += x
        squares += x * x
        count += 1
    }

    func joined(_ other: Spread) -> Spread {
        var all = self
        all.low = min(low, other.low)
        all.high = max(high, other.high)
        all.sum += other.sum
        all.squares += other.squares
        all.count += other.count
        all.notFinite += other.notFinite
        return all
    }

    var mean: Double { count == 0 ? .nan : sum / Double(count) }
    var deviation: Double { count == 0 ? .nan : max(0, squares / Double(count) - mean * mean).squareRoot() }
}
