import Support

/// Where a training left the finite numbers.
public struct Divergence: Sendable, Equatable {
    /// What is not finite.
    public enum What: Sendable, Equatable {
        case loss, gradient, weights
        /// A part of a sample, as it was given: "the image".
        case input(String)
    }

    /// What is not finite.
    public var what: What
    /// From 1.
    public var epoch: Int
    /// From 1; nil in the validation after the epoch.
    public var step: Int?
    /// The sample in which it began, or all of the batch where they cannot be told apart; nil where it is the weights.
    public var sample: String?
    /// The first layer whose values or weights, or for a gradient the last whose gradients, are not finite; nil where no layer alone is.
    public var layer: String?
    /// The epoch whose weights the model has now; 0 where there was none before.
    public var kept = 0

    package init(what: What, epoch: Int, step: Int?, sample: String? = nil, layer: String? = nil) {
        (self.what, self.epoch, self.step, self.sample, self.layer) = (what, epoch, step, sample, layer)
    }

    /// Whether the samples rather than the network are at fault.
    var isOfInput: Bool { if case .input = what { true } else { false } }

    var message: String {
        let place = step.map { "in epoch \(epoch), step \($0)" } ?? "in the validation after epoch \(epoch)"
        let at = sample.map { ", at \($0)" } ?? ""
        switch what {
        case .loss: return "the loss is no longer finite \(place)\(at)\(layer.map { ", which begins in \($0)" } ?? "")"
        case .gradient: return "the gradient is no longer finite \(place)\(at)\(layer.map { ", at \($0)" } ?? "")"
        case .weights: return "the weights are no longer finite after epoch \(epoch)\(layer.map { ", in \($0)" } ?? "")"
        case .input(let part): return "\(part) of \(sample ?? "a sample") holds NaN or infinite values, \(place)"
        }
    }

    var hint: String {
        let remedy = isOfInput ? "replace or mask such voxels first" : "try a smaller learning rate, clip=1 or a longer warm-up"
        if kept > 0 { return "the model keeps the best weights, those of epoch \(kept); \(remedy)" }
        if what == .weights { return "the model is of no use now; \(remedy)" }
        return "the model keeps the weights before this \(step == nil ? "validation" : "step"); \(remedy)"
    }
}

extension Graph {
    /// A layer as messages name it.
    func mention(of entry: Int) -> String { "layer \(entry) (\(entries[entry].layer.kind))" }
}
