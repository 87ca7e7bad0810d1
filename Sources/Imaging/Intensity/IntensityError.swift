import Support

/// What can be wrong with the values of an image.
public enum IntensityError: ExplainedError, Equatable {
    case notFinite(count: Int, of: Int, operation: String)
    case emptyMask(operation: String)
    case flat(value: Double, operation: String)
    /// The level of noise is measured in cubes of 2 × 2 × 2 voxels.
    case noCube(masked: Bool, operation: String)
    case argument(name: String, value: Double, allowed: String)
    case twoNumbers
    /// A magnitude image cannot hold negative values beyond its noise.
    case negative(least: Double, operation: String)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .notFinite(_, _, let operation), .emptyMask(let operation), .flat(_, let operation), .negative(_, let operation),
            .noCube(_, let operation):
            "\(operation): \(explanation)"
        case .argument(let name, let value, let allowed): "\(name) is \(Text.short(value)); it must be \(allowed)"
        case .twoNumbers: explanation
        }
    }

    /// What the caller knows is one operation may be made of others, which found what is wrong.
    public func message(in operation: String) -> String { "\(operation): \(explanation)" }

    /// The parameter that the value was given for, where it was one of a call.
    public var argument: String? {
        if case .argument(let name, _, _) = self { name } else { nil }
    }

    private var explanation: String {
        switch self {
        case .notFinite(let count, let total, _):
            "\(Text.grouped(count)) of \(Text.grouped(total)) voxels \(count == 1 ? "is" : "are") NaN or infinite"
        case .emptyMask: "the mask has no voxel"
        case .noCube(let masked, _):
            "no cube of 2×2×2 voxels, of which noise is measured, lies \(masked ? "in the mask" : "above Otsu's threshold") as a whole"
        case .flat(let value, _): "every voxel has the value \(Text.short(value))"
        case .argument(let name, let value, let allowed): "`\(name)` must be \(allowed), got \(Text.short(value))"
        case .negative(let least, _):
            "Rician noise is that of magnitude images, and this one goes down to \(Text.short(least)), farther below 0 than its noise"
        case .twoNumbers: "both operands are numbers; at least one must be a volume or a mask"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .notFinite: "replace them first, as with replace_nonfinite(image, 0)"
        case .emptyMask: "check the threshold or file that the mask came from"
        case .noCube: "say how strong it is, as in denoise(image, sigma=20), or give noise_level a larger mask"
        case .flat: "check that the image holds a head"
        case .negative: "take Gaussian noise (rician=false for denoise, kind=\"gaussian\" for noise), or do this before normalize"
        case .argument, .twoNumbers: nil
        }
    }
}
