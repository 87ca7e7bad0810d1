import Support

/// Where a training left the finite numbers.
public struct Divergence: Sendable, Equatable {
    /// "loss" or "gradient".
    public var what: String
    /// From 1.
    public var epoch, step: Int
    /// The sample in which it began, or all of the batch where they cannot be told apart.
    public var sample: String
    /// The first layer whose values, or for a gradient the last whose gradients, are not finite; nil where no layer alone is.
    public var layer: String?
    /// The epoch whose weights the model has now; 0 where it has those before the step.
    public var kept = 0

    var message: String {
        let place = layer.map { what == "loss" ? ", which begins in \($0)" : ", at \($0)" } ?? ""
        return "the \(what) is no longer finite in epoch \(epoch), step \(step), at \(sample)\(place)"
    }

    var hint: String {
        let weights = kept > 0 ? "the best weights, those of epoch \(kept)" : "the weights before this step"
        return "the model keeps \(weights); try a smaller learning rate, clip=1 or a longer warm-up"
    }
}
