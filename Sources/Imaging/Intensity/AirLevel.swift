import Support

extension Volume {
    /// The image with the air around the head at 0, as magnitude images have it. What lies outside of a field of view is 0 in resampled images, which otherwise is neither
    /// as dark as the air nor alike in two copies of one image.
    ///
    /// - Voxels that hold no measurement become 0: those that are not finite, and padding, a value that at least half of the edges of the field of view have.
    /// - An image with its brightest 10 % on those edges and nothing above 0, or without padding, is turned over: its sign was lost, or its brightness inverted.
    /// - Where the darkest of the others (the 0.5th percentile) lies below 0 by more than a twentieth of their range up to the 99.5th percentile, or above it by more than
    ///   twice that range, it is moved there. (Tissue in a field of view without air lies nearer to 0.)
    ///
    /// A magnitude image with black air or none is given back as it is; else float32. Percentiles are of some 40,000 voxels far apart.
    ///
    /// Throws `IntensityError.notFinite` where no voxel is finite, and `Interrupted`.
    public func withAirAtZero() throws -> Volume {
        let isFinite = voxels.allSatisfy(\.isFinite)
        if !isFinite, !voxels.contains(where: \.isFinite) {
            throw IntensityError.notFinite(count: voxels.count, of: voxels.count, operation: "zero_air")
        }
        // Where most of the edges hold nothing, the rest of them says little of the air.
        let around = edges, known = Self.sorted(around), air = 2 * known.count >= around.count ? Self.median(known) : nil
        let padding = air.flatMap { value in 2 * known.count(where: { $0 == value }) >= around.count ? value : nil }
        let samples = Self.sorted(stride(from: 0, to: voxels.count, by: Self.step(voxels.count)).map { voxels[$0] })
        let others = samples.filter { $0 != padding }
        guard let low = Self.share(0.005, of: others), let high = Self.share(0.995, of: others), high > low else {
            // Of one value, or of one within padding.
            let pad = others.isEmpty ? nil : padding
            return isFinite && pad ?? 0 == 0 ? self : try mapped { $0 == pad ? 0 : $0 }
        }
        // Zeros of padding are 0 already, whatever becomes of the rest.
        let pad = padding ?? 0
        if let air, air >= low + 0.9 * (high - low), padding == nil || (samples.last ?? 0) <= 0 {
            return try mapped { air - $0 }
        }
        // Above air of 0 tissue is where it belongs.
        let isFar = low < -0.05 * (high - low) || (padding != 0 && low > 2 * (high - low))
        if isFar { return try mapped { $0 == padding ? 0 : $0 - low } }
        return isFinite && pad == 0 ? self : try mapped { $0 == padding ? 0 : $0 }
    }

    /// Voxels that are not finite become 0.
    private func mapped(_ change: @escaping (Float) -> Float) throws -> Volume {
        let change = Unchecked(change)
        return with(
            try Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i].isFinite ? change.value(x[i]) : 0 }
            })
    }

    private static func share(_ share: Float, of sorted: [Float]) -> Float? {
        sorted.isEmpty ? nil : sorted[Int(share * Float(sorted.count - 1))]
    }
}
