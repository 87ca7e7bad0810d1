import Support

// A model file is a tensor file whose tensors have PyTorch's axis order and whose metadata holds the graph, the pipeline around it, and what else is known.

private let formatName = "skullstrip-model"
private let formatVersion = "1"
/// Metadata that the model itself stands for.
private let ownKeys: Set<String> = ["format", "version", "program", "graph", "pipeline"]

extension Model {
    /// Writes the model so that a reader sees the old file or the new one.
    ///
    /// `storing` says how the weights of convolutions are stored: half of the bytes for float16 and bfloat16, at the price of digits. Vectors (biases, normalisations)
    /// stay float32. Throws `FileError`, and `NetworkError.option` for weights beyond float16.
    public func save(to path: String, metadata: [String: String] = [:], storing type: StoredNumber = .float32) throws {
        var own = [
            ("format", formatName), ("version", formatVersion), ("program", Release.text), ("graph", GraphText.encode(graph).text),
        ]
        if let pipeline { own.append(("pipeline", pipeline.json.text)) }
        let extra = metadata.merging(self.metadata) { new, _ in new }.filter { !ownKeys.contains($0.key) }.sorted { $0.key < $1.key }
        try TensorFile.write(
            to: path, metadata: own.map { (key: $0.0, value: $0.1) } + extra.map { (key: $0.key, value: $0.value) },
            tensors: parameters.slots.map { (name: $0.name, shape: $0.spec.shape, type: $0.spec.storage == .vector ? .float32 : type) }
        ) { index in
            let values = parameters.read(slot: index)
            if type == .float16, let large = values.first(where: { abs($0) > Float(Float16.greatestFiniteMagnitude) }) {
                throw NetworkError.option(
                    name: "weights", value: "float16",
                    expected: "float32 or bfloat16, as \(parameters.slots[index].name) holds \(Text.short(Double(large)))")
            }
            return values
        }
    }

    /// Reads a model that `save` wrote. Throws `FileError`, `NetworkError.file` where the file is damaged or something else, `MemoryError`,
    /// `Interrupted`; sizes in the file are checked against the file's length before anything is allocated.
    public static func load(_ path: String) throws -> Model {
        do {
            return try read(TensorFile(path))
        } catch let error as JSON.Malformed {
            throw NetworkError.file(path: path, reason: error.reason)
        } catch let error as Attributes.Missing {
            throw NetworkError.file(path: path, reason: error.reason)
        } catch let error as NetworkError {
            if case .file = error { throw error }
            throw NetworkError.file(path: path, reason: error.message)
        }
    }

    private static func read(_ file: TensorFile) throws -> Model {
        guard file.metadata["format"] == formatName, let text = file.metadata["graph"] else {
            throw file.fail("it does not hold a network of this program")
        }
        guard file.metadata["version"] == formatVersion else {
            throw file.fail("it was written by a newer version (format \(file.metadata["version"] ?? "unknown"))")
        }
        let graph = try GraphText.decode(JSON(text))
        let pipeline = try file.metadata["pipeline"].map { try Pipeline(json: JSON($0)) }
        // The weights must be in the file before memory is taken for them.
        for (index, entry) in graph.entries.enumerated() {
            for spec in entry.layer.parameters(graph.inputChannels(of: index)) {
                let name = ParameterStore.name(layer: index, kind: entry.layer.kind, spec)
                if let problem = file.problem(name, shape: spec.shape) { throw file.fail(problem) }
            }
        }
        let model = try Model(graph: graph, seed: nil)
        for (index, slot) in model.parameters.slots.enumerated() {
            try Interrupt.check()
            try model.parameters.write(slot: index, file.values(slot.name))
        }
        if pipeline != nil { try model.requireForeground(for: "its pipeline") }
        model.pipeline = pipeline
        model.metadata = file.metadata.filter { !ownKeys.contains($0.key) }
        model.program = file.metadata["program"]
        return model
    }
}
