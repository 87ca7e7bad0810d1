import Support

/// A graph of layers with its weights. One thread may use a model at a time.
public final class Model: @unchecked Sendable {
    let graph: Graph
    let parameters: ParameterStore
    /// What the file that the model came from says about it.
    public internal(set) var metadata: [String: String] = [:]
    /// What turns a raw image into a mask around the network; nil for a bare network.
    public internal(set) var pipeline: Pipeline?
    /// The program that wrote the file which the model came from: "skullstrip 0.1.0".
    public internal(set) var program: String?
    /// Training steps since the weights were drawn; nil for a model from a file.
    var trainedSteps: Int?
    var keptEngine: Engine?

    /// Builds the model between two nodes and draws its weights: he-normal (truncated) for convolutions, zeros for biases.
    /// Throws `NetworkError` where the output does not depend on the input alone, or has another size; `MemoryError`; `Interrupted`.
    public convenience init(input: Node, output: Node, seed: UInt64 = 0) throws {
        try self.init(graph: Graph(input: input, output: output), seed: seed)
    }

    init(graph: Graph, seed: UInt64?) throws {
        self.graph = graph
        parameters = try ParameterStore(graph)
        trainedSteps = seed == nil ? nil : 0
        if let seed { try parameters.initialise(seed: seed) }
    }

    /// The same network, its weights shared, with a pipeline around it. Throws `NetworkError.option` for numbers that make no sense, and `.mismatch` for a
    /// network that `requireForeground` refuses.
    public func with(_ pipeline: Pipeline) throws -> Model {
        try pipeline.validate()
        try requireForeground(for: "pipeline")
        return Model(self, pipeline)
    }

    private init(_ other: Model, _ pipeline: Pipeline) {
        (graph, parameters, metadata, trainedSteps) = (other.graph, other.parameters, other.metadata, other.trainedSteps)
        self.pipeline = pipeline
    }

    /// Number of weights and running statistics.
    public var parameterCount: Int { parameters.slots.reduce(0) { $0 + $1.spec.count } }
    /// Number of weights that training changes.
    public var trainableCount: Int { parameters.slots.reduce(0) { $0 + ($1.spec.trainable ? $1.spec.count : 0) } }
    /// Shapes that training takes are divisible by this; `predict` pads others.
    public var requiredMultiple: SIMD3<Int> { graph.requiredMultiple }
    /// Channels of the image that enters.
    public var inputChannels: Int { graph.entries[0].channels }
    /// Channels of the prediction.
    public var outputChannels: Int { graph.entries[graph.entries.count - 1].channels }

    /// One line: "model · 10,019,185 parameters · 1 → 1 channels · shapes divisible by 16".
    public var describe: String {
        let m = requiredMultiple
        let divisible = m == .one ? "any shape" : "shapes divisible by " + (m == SIMD3(repeating: m.x) ? "\(m.x)" : Text.sizes(m))
        return "model · \(Text.grouped(parameterCount)) parameters · \(inputChannels) → \(outputChannels) channels · \(divisible)"
            + (pipeline == nil ? "" : pipeline?.recipe == nil ? " · with a pipeline" : " · takes raw images")
    }
}
