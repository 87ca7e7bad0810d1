import Support

/// A standard scale of intensities (Nyúl, Udupa, Zhang 2000, doi:10.1109/42.836373): the values at which percentiles of any image of one
/// kind are put.
public struct IntensityStandard: Sendable, Equatable {
    /// Ascending, 0 … 100.
    public let percents: [Double]
    /// Where each percentile goes; ascending.
    public let values: [Double]

    /// The percentiles of the paper's second method: the ends, and the tenths between them.
    public static let percents: [Double] = [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99]

    /// Throws `IntensityError` unless there are two or more, as many values as percentiles, and both ascend.
    public init(percents: [Double], values: [Double]) throws {
        guard percents.count >= 2, percents.count == values.count else {
            throw IntensityError.argument(
                name: "percents", value: Double(percents.count), allowed: "2 or more, and as many values as percentiles")
        }
        for n in percents.indices {
            guard percents[n] >= 0, percents[n] <= 100, n == 0 || percents[n] > percents[n - 1] else {
                throw IntensityError.argument(name: "percents", value: percents[n], allowed: "0 … 100 and above the one before")
            }
            guard values[n].isFinite, n == 0 || values[n] >= values[n - 1] else {
                throw IntensityError.argument(name: "values", value: values[n], allowed: "finite and not below the one before")
            }
        }
        (self.percents, self.values) = (percents, values)
    }

    /// Learns the scale: the percentiles of each image, mapped linearly so that the outer ones come to the ends of `range`, and averaged.
    ///
    /// - Parameter masks: where each image is looked at; without, above its Otsu threshold.
    /// Throws `IntensityError` for an image without contrast or with values that are not finite, an empty list, masks of another number or
    /// percentages that `init(percents:values:)` refuses, `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public init(
        learning images: [Volume], masks: [Mask]? = nil, percents: [Double] = IntensityStandard.percents,
        range: ClosedRange<Double> = 0...100
    ) throws {
        guard !images.isEmpty, masks == nil || masks!.count == images.count else {
            throw IntensityError.argument(
                name: masks == nil ? "images" : "masks", value: Double(masks?.count ?? 0),
                allowed: masks == nil ? "1 volume or more" : "\(images.count), one for each image")
        }
        // Checks the percentiles too.
        _ = try IntensityStandard(percents: percents, values: percents)
        var sums = [Double](repeating: 0, count: percents.count)
        for (n, image) in images.enumerated() {
            try Interrupt.check()
            let own = try image.percentiles(percents, in: masks?[n] ?? image.otsu())
            let low = own[0], high = own[own.count - 1]
            guard high > low else { throw IntensityError.flat(value: low, operation: "nyul") }
            for i in own.indices { sums[i] += range.lowerBound + (own[i] - low) / (high - low) * (range.upperBound - range.lowerBound) }
        }
        try self.init(percents: percents, values: sums.map { $0 / Double(images.count) })
    }
}

extension Volume {
    /// The image on a standard scale: its percentiles within the mask (without one: above Otsu's threshold) at the scale's values, linearly
    /// between them and beyond. Throws `IntensityError` where these percentiles are all one, for values that are not finite and an empty mask,
    /// `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func standardised(to standard: IntensityStandard, in mask: Mask? = nil) throws -> Volume {
        let own = try percentiles(standard.percents, in: mask ?? otsu())
        guard let curve = IntensityCurve(from: own, to: standard.values) else {
            throw IntensityError.flat(value: own[0], operation: "nyul")
        }
        return try curve.applied(to: self)
    }

    /// The image with another's distribution: `points` quantiles, evenly spaced between the least and the greatest value, go to those of
    /// `other`, linearly between them and beyond. As SimpleITK's HistogramMatching in the limit of many bins.
    ///
    /// - Parameters:
    ///   - mask: where this image's quantiles are taken; without one, above its Otsu threshold.
    ///   - otherMask: the same of the other image.
    /// Throws `IntensityError` for a number of points out of 1 … 10000, empty masks, values that are not finite, or an image without contrast,
    /// `GridError.mismatch` for a mask elsewhere, and `Interrupted`.
    public func matched(to other: Volume, points: Int = 64, in mask: Mask? = nil, otherMask: Mask? = nil) throws -> Volume {
        guard (1...10_000).contains(points) else {
            throw IntensityError.argument(name: "points", value: Double(points), allowed: "1 … 10000")
        }
        let percents = (0...(points + 1)).map { 100 * Double($0) / Double(points + 1) }
        let own = try percentiles(percents, in: mask ?? otsu())
        let theirs = try other.percentiles(percents, in: otherMask ?? other.otsu())
        guard let curve = IntensityCurve(from: own, to: theirs) else {
            throw IntensityError.flat(value: own[0], operation: "histogram_match")
        }
        return try curve.applied(to: self)
    }
}
