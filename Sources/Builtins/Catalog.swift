import Runtime

/// All builtins, theme by theme. A new one is added to its theme's list; help, completion, the argument check, the reference and the
/// tests of examples follow from the declaration.
public enum Catalog {
    /// In the order of help.
    public static let all: [Builtin] = [
        files, paths, space, transforms, intensity, standardising, filters, statistics, masks, morphology, layers, normLayers, joiningLayers, planning,
        training, optimisation, pipelines, prediction, evaluation, pictures, cohorts, caching, synthesis, augmenting, peeking, mathematics, lists,
        records, text, system,
    ].flatMap { $0 }
}
