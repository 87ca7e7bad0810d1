import Support

/// Smooth random patterns: sixteen plane waves of random direction and phase. With wavelengths drawn from a narrow band the
/// zero set of their sum is a labyrinth of even width, which is what cortical folds look like; sums of four lanes each are
/// four independent slow patterns.
package struct Waves {
    private let kx, ky, kz, phase, amplitude: SIMD16<Float>

    /// Wavelengths in mm; amplitudes make a sum of `lanesPerSum` waves have variance one.
    init(_ random: inout CounterRandom, wavelength: ClosedRange<Double>, lanesPerSum: Int = 16) {
        var kx = SIMD16<Float>(), ky = kx, kz = kx, phase = kx
        for lane in 0..<16 {
            var d = SIMD3<Double>(random.normal(), random.normal(), random.normal())
            d /= max((d * d).sum().squareRoot(), 1e-9)
            let turns = 1 / random.uniform(wavelength.lowerBound, wavelength.upperBound)
            kx[lane] = Float(d.x * turns)
            ky[lane] = Float(d.y * turns)
            kz[lane] = Float(d.z * turns)
            phase[lane] = Float(random.uniform())
        }
        (self.kx, self.ky, self.kz, self.phase) = (kx, ky, kz, phase)
        amplitude = SIMD16(repeating: (2 / Float(lanesPerSum)).squareRoot())
    }

    /// sin(2πt) of each lane to within 2e-4: only additions and products, so the same on every processor.
    @inline(__always)
    package static func sine(turns t: SIMD16<Float>) -> SIMD16<Float> {
        // Triangle wave in -0.5 … 0.5, where sine is odd about its middle, then its polynomial.
        let r = t - t.rounded(.toNearestOrEven)
        let quarter = SIMD16<Float>(repeating: 0.25)
        let folded = (SIMD16(repeating: 0.5) - r).replacing(with: r, where: r .< quarter)
        let y = folded.replacing(with: SIMD16(repeating: -0.5) - r, where: r .< -quarter)
        let z = y * y
        return y * (6.2831853 + z * (-41.341702 + z * (81.605249 + z * -76.705859 + z * z * 39.0)))
    }

    @inline(__always)
    private func turns(_ p: SIMD3<Float>) -> SIMD16<Float> { kx * p.x + ky * p.y + kz * p.z + phase }

    /// The sum of all waves, and its gradient per mm.
    @inline(__always)
    func valueAndGradient(_ p: SIMD3<Float>) -> (value: Float, gradient: SIMD3<Float>) {
        let t = turns(p)
        let s = Self.sine(turns: t) * amplitude
        let c = Self.sine(turns: t + SIMD16(repeating: 0.25)) * amplitude * 6.2831853
        return (s.sum(), [(c * kx).sum(), (c * ky).sum(), (c * kz).sum()])
    }

    /// Four independent patterns of four waves each.
    @inline(__always)
    func four(_ p: SIMD3<Float>) -> SIMD4<Float> {
        let s = Self.sine(turns: turns(p)) * amplitude
        let h = s.lowHalf + s.highHalf
        return h.lowHalf + h.highHalf
    }
}
