import Glibc
import Support

/// White matter's part of a brain's histogram (Shinohara et al. 2014, doi:10.1016/j.nicl.2014.08.008).
public struct WhiteStripe: Sendable, Equatable {
    /// Which peak is white matter's: in T1-weighted images the brightest tissue's, in T2-weighted and FLAIR the highest.
    public enum Contrast: String, Sendable, CaseIterable { case t1, t2, flair }

    /// The intensity of the peak.
    public let peak: Double
    /// The intensities of the stripe: the quantiles `width` below and above the peak's.
    public let low, high: Double
    /// Mean and population standard deviation of the voxels in the stripe.
    public let mean, std: Double
}

extension Volume {
    /// Finds the stripe of normal-appearing white matter.
    ///
    /// The density of the values is their histogram of 1024 bins up to the 99.9th percentile, smoothed by a Gaussian of Silverman's width;
    /// a peak is a maximum of at least a fifth of the highest one's density.
    /// - Parameters:
    ///   - mask: the brain; without one, above Otsu's threshold, which is only as good as the share of other tissue allows.
    ///   - width: the stripe's half-width as a share of all voxels, above 0, below 0.5.
    /// Throws `IntensityError` for an empty mask, values that are not finite or all one, a width out of range, `GridError.mismatch` for a mask
    /// elsewhere, and `Interrupted`.
    public func whiteStripe(in mask: Mask? = nil, contrast: WhiteStripe.Contrast = .t1, width: Double = 0.05) throws -> WhiteStripe {
        guard width > 0, width < 0.5 else { throw IntensityError.argument(name: "width", value: width, allowed: "above 0 and below 0.5") }
        let mask = try mask ?? otsu()
        let moments = try moments(in: mask, operation: "white_stripe")
        let ends = try percentiles([0, 99.9], in: mask)
        guard ends[1] > ends[0], moments.deviation > 0 else { throw IntensityError.flat(value: ends[0], operation: "white_stripe") }
        let inside = try histogram(bins: 1024, range: ends[0]...ends[1], in: mask)
        let bin = (ends[1] - ends[0]) / 1024
        // Silverman's rule of thumb for a normal density: 1.06 σ n^(−1/5), with 0.9 for densities of several peaks.
        let density = Self.smoothed(inside.counts, sigma: 0.9 * moments.deviation * pow(Double(moments.count), -0.2) / bin)
        let highest = density.max() ?? 0
        let peaks = density.indices.filter { b in
            density[b] >= highest / 5 && (b == 0 || density[b] > density[b - 1]) && (b == 1023 || density[b] >= density[b + 1])
        }
        let at = (contrast == .t1 ? peaks.last : peaks.max { density[$0] < density[$1] }) ?? 0
        let peak = ends[0] + (Double(at) + 0.5) * bin
        let rank = try share(below: peak, in: mask)
        let stripe = try percentiles([max(0, rank - width) * 100, min(1, rank + width) * 100], in: mask)
        let chosen = try with(voxels, mask: mask, within: Float(stripe[0])...Float(stripe[1]))
        let s = try self.moments(in: chosen, operation: "white_stripe")
        guard s.deviation > 0 else { throw IntensityError.flat(value: s.mean, operation: "white_stripe") }
        return WhiteStripe(peak: peak, low: stripe[0], high: stripe[1], mean: s.mean, std: s.deviation)
    }

    /// (v − mean) / std with the mean and the standard deviation of the stripe. Throws `Interrupted`.
    public func whiteStriped(_ stripe: WhiteStripe) throws -> Volume { try stretched(from: stripe.mean, by: 1 / stripe.std, to: 0) }

    private static func smoothed(_ counts: [Int], sigma: Double) -> [Double] {
        let radius = min(counts.count, max(1, Int(4 * sigma + 0.5)))
        let weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / max(sigma * sigma, 1e-6)) }
        return counts.indices.map { b in
            var sum = 0.0
            for (t, w) in weights.enumerated() {
                let from = b + t - radius
                if counts.indices.contains(from) { sum += w * Double(counts[from]) }
            }
            return sum
        }
    }

    /// The share of a mask's voxels below a value.
    private func share(below value: Double, in mask: Mask) throws -> Double {
        let inside = try Selection.gather(voxels, mask.voxels)
        let below = try Voxels.total(inside) { x, n in
            var count: Int32 = 0
            for i in 0..<n { count &+= Double(x[i]) < value ? 1 : 0 }
            return Int(count)
        }
        return Double(below) / Double(max(inside.count, 1))
    }

    private func with(_ voxels: [Float], mask: Mask, within range: ClosedRange<Float>) throws -> Mask {
        let (low, high) = (range.lowerBound, range.upperBound)
        return mask.with(
            try Voxels.map(voxels, mask.voxels) { x, inside, out, n in
                for i in 0..<n { out[i] = inside[i] != 0 && x[i] >= low && x[i] <= high ? 1 : 0 }
            })
    }
}
