import Support

/// What training minimises: a term of sums over regions, a term of single voxels, or both added up. Each is a mean over the samples of a batch. The
/// model's outputs must be probabilities.
public struct Loss: Sendable, Equatable {
    /// 1 − (Σpt + ½) / (Σpt + α Σp(1 − t) + β Σ(1 − p)t + ½), sums over the voxels of one sample and channel, the mean over channels: Tversky's index
    /// (Salehi et al. 2017, arXiv:1706.05721). With α = β = ½ it is the soft Dice 1 − (2Σpt + 1) / (Σp + Σt + 1) (Milletari et al. 2016,
    /// arXiv:1606.04797, with plain instead of squared sums, and smoothing 1: an empty prediction of an empty target is perfect).
    public struct Region: Sendable, Equatable {
        /// Weights of false positives and of false negatives.
        public var alpha, beta: Double
        static let smoothing = 0.5

        /// `Loss.validate` says what is allowed.
        public init(alpha: Double = 0.5, beta: Double = 0.5) { (self.alpha, self.beta) = (alpha, beta) }
    }

    /// The loss of single voxels.
    public enum Voxels: Sendable, Equatable {
        /// Each channel by itself: −a t (1 − p)ᵞ log p − b (1 − t) pᵞ log(1 − p), the mean over voxels and channels, with a = alpha and b = 1 − alpha, or both 1
        /// (Lin et al. 2017, arXiv:1708.02002). gamma 0 is binary cross-entropy. Logarithms end at −100.
        case binary(gamma: Double = 0, alpha: Double? = nil)
        /// Channels are classes that exclude each other: −Σ t (1 − p)ᵞ log p over the channels, the mean over voxels. gamma 0 is cross-entropy.
        case classes(gamma: Double = 0)
    }

    /// nil leaves the term out.
    public var region: Region?
    /// nil leaves the term out.
    public var voxels: Voxels?

    /// At least one of both.
    public init(region: Region? = nil, voxels: Voxels? = nil) { (self.region, self.voxels) = (region, voxels) }

    /// The soft Dice loss.
    public static let dice = Loss(region: Region())
    /// Binary cross-entropy.
    public static let bce = Loss(voxels: .binary())
    /// The sum of both, which learns fast at first and judges overlap in the end (Isensee et al. 2021, doi:10.1038/s41592-020-01008-z).
    public static let diceBCE = Loss(region: Region(), voxels: .binary())
    /// Cross-entropy over classes.
    public static let crossEntropy = Loss(voxels: .classes())
    /// Dice of each class and cross-entropy.
    public static let diceCrossEntropy = Loss(region: Region(), voxels: .classes())
    /// Tversky's: alpha weighs false positives, beta false negatives.
    public static func tversky(alpha: Double, beta: Double) -> Loss { Loss(region: Region(alpha: alpha, beta: beta)) }
    /// Focal loss of each channel by itself.
    public static func focal(gamma: Double, alpha: Double? = nil) -> Loss { Loss(voxels: .binary(gamma: gamma, alpha: alpha)) }

    /// In words, with all that sets it apart from others: "tversky(0.3, 0.7) + bce".
    public var name: String {
        var parts: [String] = []
        if let region {
            parts.append(region == Region() ? "dice" : "tversky(\(Text.short(region.alpha)), \(Text.short(region.beta)))")
        }
        switch voxels {
        case .binary(gamma: 0, alpha: nil): parts.append("bce")
        case .binary(let gamma, let alpha): parts.append("focal(\(Text.short(gamma))\(alpha.map { ", " + Text.short($0) } ?? ""))")
        case .classes(let gamma): parts.append(gamma == 0 ? "ce" : "focal(\(Text.short(gamma))) of classes")
        case nil: break
        }
        return parts.joined(separator: " + ")
    }

    /// Throws `NetworkError.option` for numbers that make no sense: alpha and beta of a region at least 0 and not both 0, gamma 0 to 10, alpha 0 to 1.
    public func validate() throws {
        func check(_ name: String, _ value: Double, _ isRight: Bool, _ expected: String) throws {
            guard isRight else { throw NetworkError.option(name: name, value: Text.short(value), expected: expected) }
        }
        if let region {
            for (name, value) in [("alpha", region.alpha), ("beta", region.beta)] {
                try check(name, value, (0...1000).contains(value), "from 0 to 1000")
            }
            try check("alpha + beta", region.alpha + region.beta, region.alpha + region.beta > 0, "above 0")
        }
        switch voxels {
        case .binary(let gamma, let alpha):
            try check("gamma", gamma, (0...10).contains(gamma), "from 0 to 10")
            if let alpha { try check("alpha", alpha, (0...1).contains(alpha), "from 0 to 1") }
        case .classes(let gamma): try check("gamma", gamma, (0...10).contains(gamma), "from 0 to 10")
        case nil: break
        }
        if region == nil && voxels == nil {
            throw NetworkError.option(name: "loss", value: "empty", expected: "a term of regions or of voxels")
        }
    }
}
