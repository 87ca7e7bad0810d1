import Support

extension Model {
    /// A table of layers with output shapes, parameters, operations and receptive fields (in mm) for an input of a shape and spacing, then totals and the
    /// memory that training and prediction take. Throws `NetworkError.shape` where the model cannot take the shape.
    public func summaryTable(shape: SIMD3<Int>, spacing: SIMD3<Double> = SIMD3(repeating: 1)) throws -> String {
        let shapes = try graph.shapes(input: shape)
        let fields = graph.receptiveFields
        var rows = [["", "layer", "output", "channels", "parameters", "GFLOP", "field mm", "from"]]
        var flops = 0.0
        for (i, entry) in graph.entries.enumerated() {
            let count = parameters.ofLayer[i].reduce(0) { $0 + parameters.slots[$1].spec.count }
            let own = entry.layer.flops(inputs: graph.inputChannels(of: i), output: shapes[i])
            rows.append(
                LayerTable.cells(i, entry.layer.kind, shapes[i], entry.channels, count, own, fields[i] * spacing) + [LayerTable.from(entry.inputs, i)])
            flops += own
        }
        var lines = LayerTable.text(rows, rightAligned: [0, 3, 4, 5, 6])
        let memory = try estimatedMemory(shape: shape, batch: 1)
        let plan = try Plan(graph, shape: shape, batch: 1, training: true)
        let tensors = plan.slots.reduce(0) {
            $0 + Tensor.floats(batch: 1, channels: $1.channels, shape: $1.shape) * ($1.gradient == nil ? 1 : 2)
        }
        lines.append(lines[1])
        lines.append(
            "parameters \(Text.grouped(parameterCount)): \(Text.grouped(trainableCount)) trainable, \(Text.grouped(parameterCount - trainableCount)) running statistics"
        )
        lines.append(
            "forward pass \(Text.short(flops / 1e9, 3)) GFLOP · memory \(Text.bytes(memory.training)) for training (batch 1), \(Text.bytes(memory.prediction)) for prediction"
        )
        lines.append(
            "training: \(plan.operations.count) operations; values and gradients of \(Text.bytes(4 * tensors)) share \(Text.bytes(4 * plan.arenaFloats))")
        return lines.joined(separator: "\n")
    }

    /// Bytes that training and prediction take: the planned buffers, weights, gradients and optimiser state. Throws `NetworkError.option` for a batch outside
    /// 1 … 65,536, `.axisLength`, `.shape` and `.mismatch` for a shape that the model cannot take, and `MemoryError` beyond 64 TiB.
    public func estimatedMemory(shape: SIMD3<Int>, batch: Int) throws -> (training: Int, prediction: Int) {
        guard batch >= 1, batch <= 1 << 16 else { throw NetworkError.option(name: "batch", value: "\(batch)", expected: "1 to 65536") }
        let training = try Plan(graph, shape: shape, batch: batch, training: true).arenaFloats
        let prediction = try Plan(graph, shape: shape, batch: 1, training: false).arenaFloats
        let weights = parameters.values.count
        return (4 * (training + 4 * weights), 4 * (prediction + weights))
    }
}

/// Tables with a row a layer, as `summary` and `trace` print them.
enum LayerTable {
    /// The cells that all such tables begin with; `field` in mm.
    static func cells(
        _ index: Int, _ kind: String, _ shape: SIMD3<Int>, _ channels: Int, _ parameters: Int, _ flops: Double, _ field: SIMD3<Double>
    ) -> [String] {
        [
            "\(index)", kind, Text.sizes(shape), "\(channels)", parameters == 0 ? "" : Text.grouped(parameters),
            flops == 0 ? "" : Text.fixed(flops / 1e9, flops < 1e9 ? 3 : 1),
            field == SIMD3(repeating: field.x) ? Text.short(field.x) : (0..<3).map { Text.short(field[$0]) }.joined(separator: "×"),
        ]
    }

    /// Where a layer's input comes from, unless it is the layer before.
    static func from(_ inputs: [Int], _ index: Int) -> String { inputs == [index - 1] ? "" : inputs.map(String.init).joined(separator: ", ") }

    /// Rows of one width, the first being the head, with a line below it.
    static func text(_ rows: [[String]], rightAligned: Set<Int>) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return rightAligned.contains(column) ? space + cell : cell + space
            }
            return trimmedEnd(cells.joined(separator: "  "))
        }
        lines.insert(String(repeating: "─", count: widths.reduce(2 * (widths.count - 1), +)), at: 1)
        return lines
    }

    private static func trimmedEnd(_ s: String) -> String {
        var s = s
        while s.last == " " { s.removeLast() }
        return s
    }
}
