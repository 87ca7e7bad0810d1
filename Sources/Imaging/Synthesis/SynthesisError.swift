import Support

/// What can be wrong with a request for an image that is drawn: a phantom's or a synthetic head's, which the first value names.
public enum SynthesisError: ExplainedError, Equatable {
    /// Voxel sizes in mm.
    case spacing(String, SIMD3<Double>, allowed: ClosedRange<Double>)
    /// More voxels than the most that are drawn.
    case tooLarge(String, SIMD3<Int>, most: Int)
    case option(name: String, value: Double, allowed: ClosedRange<Double>)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .spacing(_, let s, let allowed):
            "`spacing` must be \(Self.text(allowed)) mm, got (\(Text.short(s.x)), \(Text.short(s.y)), \(Text.short(s.z)))"
        case .tooLarge(let subject, let s, let most):
            "\(subject) of \(Text.sizes(s)) voxels is beyond the largest, \(Text.grouped(most)) voxels"
        case .option(let name, let value, let allowed): "`\(name)` must be \(Self.text(allowed)), got \(Text.short(value))"
        }
    }

    /// The message, beginning with the name that a user called.
    public func message(in operation: String) -> String {
        switch self {
        case .spacing, .option: "\(operation): \(message)"
        case .tooLarge: message
        }
    }

    /// The parameter that was wrong.
    public var argument: String? {
        switch self {
        case .spacing: "spacing"
        case .tooLarge: "shape"
        case .option(let name, _, _): name
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        if case .tooLarge = self { "take fewer voxels with a larger spacing" } else { nil }
    }

    private static func text(_ range: ClosedRange<Double>) -> String {
        "\(Text.short(range.lowerBound)) to \(Text.short(range.upperBound))"
    }

    /// Throws `.option` for a value out of range, NaN included.
    static func check(_ name: String, _ value: Double, within range: ClosedRange<Double>) throws(SynthesisError) {
        guard range.contains(value) else { throw .option(name: name, value: value, allowed: range) }
    }

    /// Throws `.spacing` for a voxel size in mm out of range, NaN included.
    static func check(_ spacing: SIMD3<Double>, within range: ClosedRange<Double>, of subject: String) throws(SynthesisError) {
        for axis in 0..<3 where !range.contains(spacing[axis]) { throw .spacing(subject, spacing, allowed: range) }
    }
}
