import CKernels
import Kernels
import Support

extension Volume {
    /// Zero mean and unit variance: (v − mean) / std over all voxels, or the mask's mean and std applied to all voxels. float32.
    ///
    /// Throws `IntensityError` for NaN or infinite voxels, an empty mask, or values that are all one, `GridError.mismatch` for a mask elsewhere,
    /// and `Interrupted`.
    public func normalized(in mask: Mask? = nil) throws -> Volume {
        let m = try moments(in: mask, operation: "normalize")
        let scale = 1 / m.deviation
        guard m.deviation > 0, scale.isFinite else { throw IntensityError.flat(value: m.mean, operation: "normalize") }
        return try stretched(from: m.mean, by: scale, to: 0)
    }

    /// Values mapped linearly so that the least becomes `range.lowerBound` and the greatest `range.upperBound`. float32.
    ///
    /// Throws `IntensityError` for bounds that are not finite, NaN or infinite voxels, or values that are all one, and `Interrupted`.
    public func rescaled(to range: ClosedRange<Float> = 0...1) throws -> Volume {
        for (name, bound) in [("low", range.lowerBound), ("high", range.upperBound)] where !bound.isFinite {
            throw IntensityError.argument(name: name, value: Double(bound), allowed: "a finite number")
        }
        let own = try extent(operation: "rescale")
        let low = Double(own.lowerBound), to = Double(range.lowerBound)
        guard own.upperBound > own.lowerBound else { throw IntensityError.flat(value: low, operation: "rescale") }
        let scale = (Double(range.upperBound) - to) / (Double(own.upperBound) - low)
        return try stretched(from: low, by: scale, to: to, within: range)
    }

    /// (v − pivot) · scale + offset in doubles, held within `range`.
    func stretched(
        from pivot: Double, by scale: Double, to offset: Double, within range: ClosedRange<Float> = -.infinity ... .infinity
    ) throws -> Volume {
        with(
            try Voxels.map(voxels) { x, out, n in
                var call = SKStretch(
                    in: x, out: out, count: Int64(n), pivot: pivot, scale: scale, offset: offset, low: range.lowerBound,
                    high: range.upperBound)
                Kernels.images.stretch(&call)
            })
    }
}
