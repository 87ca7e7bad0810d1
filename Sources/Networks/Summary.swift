import Support

extension Model {
    /// A table of layers with output shapes and parameters for an input shape, then totals and the memory that training and prediction take.
    /// Throws `NetworkError.shape` where the model cannot take the shape.
    public func summaryTable(shape: SIMD3<Int>) throws -> String {
        let shapes = try graph.shapes(input: shape)
        var rows = [["", "layer", "output", "channels", "parameters", "from"]]
        var flops = 0.0
        for (i, entry) in graph.entries.enumerated() {
            let count = parameters.ofLayer[i].reduce(0) { $0 + parameters.slots[$1].spec.count }
            rows.append([
                "\(i)", entry.layer.kind, Text.sizes(shapes[i]), "\(entry.channels)", count == 0 ? "" : Text.grouped(count),
                entry.inputs == [i - 1] ? "" : entry.inputs.map(String.init).joined(separator: ", "),
            ])
            flops += entry.layer.flops(inputs: graph.inputChannels(of: i), output: shapes[i])
        }
        let widths = (0..<6).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let rightAligned: Set<Int> = [0, 3, 4]
        var lines = rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return rightAligned.contains(column) ? space + cell : cell + space
            }
            return trimmedEnd(cells.joined(separator: "  "))
        }
        lines.insert(String(repeating: "─", count: widths.reduce(10, +)), at: 1)
        let memory = try estimatedMemory(shape: shape, batch: 1)
        lines.append(lines[1])
        lines.append(
            "parameters \(Text.grouped(parameterCount)): \(Text.grouped(trainableCount)) trainable, \(Text.grouped(parameterCount - trainableCount)) running statistics"
        )
        lines.append(
            "forward pass \(Text.short(flops / 1e9, 3)) GFLOP · memory \(Text.bytes(memory.training)) for training (batch 1), \(Text.bytes(memory.prediction)) for prediction"
        )
        return lines.joined(separator: "\n")
    }

    /// Bytes that training and prediction take: the planned buffers, weights, gradients and optimiser state.
    public func estimatedMemory(shape: SIMD3<Int>, batch: Int) throws -> (training: Int, prediction: Int) {
        guard batch >= 1, batch <= 1 << 16 else { throw NetworkError.option(name: "batch", value: "\(batch)", expected: "1 to 65536") }
        let training = try Plan(graph, shape: shape, batch: batch, training: true).arenaFloats
        let prediction = try Plan(graph, shape: shape, batch: 1, training: false).arenaFloats
        let weights = parameters.values.count
        return (4 * (training + 4 * weights), 4 * (prediction + weights))
    }
}

private func trimmedEnd(_ s: String) -> String {
    var s = s
    while s.last == " " { s.removeLast() }
    return s
}
