extension Model {
    /// A table of layers with output shapes and parameters for an input shape.
    public func summaryTable(shape: SIMD3<Int>) throws -> String { _ = try graph.shapes(input: shape); return describe }
    /// Probabilities for an image of any shape.
    public func predict(_ image: [Float], shape: SIMD3<Int>) throws -> [Float] { throw NetworkError.graph("prediction is not built yet") }
    public func save(to path: String, metadata: [String: String] = [:]) throws { throw NetworkError.graph("saving is not built yet") }
    public static func load(_ path: String) throws -> Model { throw NetworkError.graph("loading is not built yet") }
}
/// Trains a model.
public func fit(
    _ model: Model, train: any SampleSource, valid: (any SampleSource)?, options: FitOptions,
    onStep: (StepReport) -> Void = { _ in }, onEpoch: (EpochReport) -> Void = { _ in }
) throws -> History { throw NetworkError.graph("training is not built yet") }
