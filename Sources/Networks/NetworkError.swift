import Support

/// What can be wrong with a graph, a shape, a batch or a model file, with the numbers that disagree.
public enum NetworkError: ExplainedError, Equatable {
    /// An argument of a layer outside what the layer can do.
    case argument(layer: String, name: String, value: String, expected: String)
    /// Tensors that a layer cannot join.
    case mismatch(layer: String, detail: String)
    /// The graph as a whole is not one that can run.
    case graph(String)
    /// A volume whose shape the model cannot take.
    case shape(SIMD3<Int>, multiple: SIMD3<Int>)
    /// A volume with an axis that is empty, or longer than any that a network takes.
    case axisLength(SIMD3<Int>, most: Int)
    /// An image whose number of values does not equal channels × voxels.
    case count(name: String, found: Int, expected: Int)
    /// A sample whose shape differs from the others of its batch.
    case batchShapes(SIMD3<Int>, String, SIMD3<Int>, String)
    /// More samples a step than there are.
    case batchTooLarge(batch: Int, samples: Int)
    /// An empty cohort; says what for.
    case noSamples(String)
    /// An option of `fit` that makes no sense.
    case option(name: String, value: String, expected: String)
    /// A bound on the memory of a training below what it takes even if everything that can be is computed again; in bytes.
    case memoryBound(bound: Int, least: Int, shape: SIMD3<Int>, batch: Int)
    /// A loss of probabilities, and a model whose outputs may lie outside 0 … 1.
    case notProbabilities(loss: String, lastLayer: String)
    /// A sample with NaN or infinite values.
    case notFinite(sample: String, what: String)
    /// Training diverged.
    case diverged(Divergence)
    /// A training that cannot go on as it was begun: what was and what is, by name.
    case resume(path: String, changes: [String])
    /// A file of a training's state that is damaged, or something else.
    case state(path: String, reason: String)
    /// A model file that is damaged, or not one of ours.
    case file(path: String, reason: String)
    /// A model that another format cannot hold; with the kind of the layer where it is one layer's fault.
    case export(layer: String?, reason: String)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .argument(let layer, let name, let value, let expected): "\(layer): `\(name)` must be \(expected), got \(value)"
        case .mismatch(let layer, let detail): "\(layer): \(detail)"
        case .graph(let reason): reason
        case .shape(let shape, let multiple):
            "the model needs shapes divisible by \(Text.sizes(multiple)), but the shape is \(Text.sizes(shape))"
        case .axisLength(let shape, let most): "the shape is \(Text.sizes(shape)), but an axis must have 1 to \(Text.grouped(most)) voxels"
        case .count(let name, let found, let expected): "\(name) has \(found) values, but its shape needs \(expected)"
        case .batchShapes(let a, let nameA, let b, let nameB):
            "samples of one batch differ in shape: \(nameA) is \(Text.sizes(a)), \(nameB) is \(Text.sizes(b))"
        case .batchTooLarge(let batch, let samples): "a batch of \(batch) is larger than the cohort of \(samples)"
        case .noSamples(let what): "there are no samples \(what)"
        case .option(let name, let value, let expected): "`\(name)` must be \(expected), got \(value)"
        case .memoryBound(let bound, let least, let shape, let batch):
            "training at \(Text.sizes(shape)) in batches of \(batch) takes at least \(Text.bytes(least)), and may take \(Text.bytes(bound))"
        case .notProbabilities(let loss, let last):
            "the \(loss) loss compares probabilities, but the model ends with \(last), whose values may lie outside 0 to 1"
        case .notFinite(let sample, let what): "\(what) of \(sample) holds NaN or infinite values"
        case .diverged(let divergence): divergence.message
        case .resume(let path, let changes): "the training in \"\(path)\" cannot go on with other options: \(changes.joined(separator: "; "))"
        case .state(let path, let reason): "\"\(path)\" is not a usable state of a training: \(reason)"
        case .file(let path, let reason): "\"\(path)\" is not a usable model: \(reason)"
        case .export(let layer, let reason): "the model cannot be exported: " + (layer.map { "of its layer \($0), " } ?? "") + reason
        }
    }

    /// The message for one who called `operation`, which may go by another name than the layer that it makes.
    public func message(in operation: String) -> String {
        switch self {
        case .argument(let layer, let name, let value, let expected) where layer.hasPrefix(operation):
            NetworkError.argument(layer: operation, name: name, value: value, expected: expected).message
        case .mismatch(let layer, let detail) where layer.hasPrefix(operation): "\(operation): \(detail)"
        case .option: "\(operation): \(message)"
        default: message
        }
    }

    /// The parameter that was wrong, where it was one of a call.
    public var argument: String? {
        switch self {
        case .argument(_, let name, _, _), .option(let name, _, _): name
        case .batchTooLarge: "batch"
        case .batchShapes, .noSamples: "train"
        case .memoryBound: "memory"
        case .notProbabilities: "loss"
        default: nil
        }
    }

    /// What to do about it, where that can be said.
    public var hint: String? {
        switch self {
        case .shape: "pad or resample to such a shape"
        case .axisLength(let shape, _): shape.min() < 1 ? "use a volume that is not empty" : "crop or resample the volume"
        case .memoryBound: "use a smaller batch or shape, fewer filters, or a larger bound"
        case .notProbabilities: "end the network with sigmoid or softmax"
        case .batchShapes: "resample all samples to one shape, or use batch=1"
        case .batchTooLarge(_, let samples): "use a batch of at most \(samples)"
        case .notFinite: "replace or mask such voxels first"
        case .diverged(let divergence): divergence.hint
        case .resume: "use the options that it was begun with (epochs and minutes may grow), or leave out resume to begin anew"
        case .state: "delete it to begin anew, or leave out resume"
        default: nil
        }
    }
}
