import Support

extension Volume {
    /// Zero mean and unit variance: (v − mean) / std over all voxels, or the mask's mean and std applied to all voxels. float32.
    ///
    /// Throws `IntensityError` for NaN or infinite voxels, an empty mask, or values that are all one.
    public func normalized(in mask: Mask? = nil) throws -> Volume {
        let s = try statistics(in: mask)
        guard s.std > 0, (1 / s.std).isFinite else { throw IntensityError.flat(value: s.mean, operation: "normalize") }
        let mean = s.mean, scale = 1 / s.std
        return with(
            Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = Float((Double(x[i]) - mean) * scale) }
            })
    }

    /// Values mapped linearly so that the least becomes `range.lowerBound` and the greatest `range.upperBound`. float32.
    ///
    /// Throws `IntensityError` for NaN or infinite voxels, or values that are all one.
    public func rescaled(to range: ClosedRange<Float> = 0...1) throws -> Volume {
        let s = try statistics()
        guard s.max > s.min else { throw IntensityError.flat(value: s.mean, operation: "rescale") }
        for bound in [range.lowerBound, range.upperBound] where !bound.isFinite {
            throw IntensityError.argument(name: "a bound of rescale", value: Double(bound), allowed: "a finite number")
        }
        let low = Double(s.min), to = Double(range.lowerBound)
        let scale = (Double(range.upperBound) - to) / (Double(s.max) - low)
        let (least, greatest) = (range.lowerBound, range.upperBound)
        return with(
            Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = Swift.min(greatest, Swift.max(least, Float((Double(x[i]) - low) * scale + to))) }
            })
    }
}
