import Glibc
import Support

/// Histogram sharpening of Sled, Zijdenbos and Evans (1998): the histogram of log intensities is deconvolved by a Gaussian, and each
/// intensity is replaced by what the deconvolved histogram makes one expect in its place.
package struct Sharpening {
    let low, inverseWidth: Float
    /// The expected log intensity at each bin's position low + i / inverseWidth.
    package let expected: [Float]

    /// Nil when all samples have one intensity (within rounding), so that there is nothing to sharpen.
    package init?(_ samples: N4Samples, range: ClosedRange<Float>, bins: Int, fwhm: Double, wiener: Double) {
        let width = (Double(range.upperBound) - Double(range.lowerBound)) / Double(bins - 1)
        guard width > 1e-7 else { return nil }
        low = range.lowerBound
        inverseWidth = Float(1 / width)
        let histogram = Self.histogram(samples, low: low, inverseWidth: inverseWidth, bins: bins)
        expected = Self.expectation(histogram, low: Double(low), width: width, fwhm: fwhm, wiener: wiener)
    }

    /// The expected value at an intensity, linear between bins.
    @inline(__always)
    package func sharpened(_ value: Float, _ table: UnsafeBufferPointer<Float>) -> Float {
        let t = max((value - low) * inverseWidth, 0)
        let bin = min(Int(t), table.count - 2)
        let e = table[bin]
        return e + (table[bin + 1] - e) * min(t - Float(bin), 1)
    }

    /// Each sample is shared by the two bins beside it (a triangular Parzen window).
    private static func histogram(_ samples: N4Samples, low: Float, inverseWidth: Float, bins: Int) -> [Double] {
        let grain = max(1 << 14, bins * 4)
        let parts = samples.logCorrected.withUnsafeBufferPointer { log in
            let log = Unchecked(log)
            return Parallel.mapRanges(samples.count, grain: grain) { range in
                var part = [Float](repeating: 0, count: bins + 1)
                part.withUnsafeMutableBufferPointer { part in
                    for s in range {
                        let t = max((log.value[s] - low) * inverseWidth, 0)
                        let bin = min(Int(t), bins - 1)
                        let upper = min(t - Float(bin), 1)
                        part[bin] += 1 - upper
                        part[bin + 1] += upper
                    }
                    part[bins - 1] += part[bins]
                }
                return part
            }
        }
        var sum = [Double](repeating: 0, count: bins)
        for part in parts {
            for b in 0..<bins { sum[b] += Double(part[b]) }
        }
        return sum
    }

    /// E[true | observed] at each bin.
    package static func expectation(_ histogram: [Double], low: Double, width: Double, fwhm: Double, wiener: Double) -> [Float] {
        let bins = histogram.count
        // Padded to twice the next power of two, the histogram in the middle, so that nothing wraps around.
        var size = 2
        while size < bins { size *= 2 }
        size *= 2
        let offset = (size - bins) / 2
        let fourier = Fourier(size)

        var observed = [Double](repeating: 0, count: size)
        for b in 0..<bins { observed[offset + b] = histogram[b] }
        // A Gaussian of area 1 about place 0, in bins.
        let scaled = fwhm / width
        let height = 2 * (log(2.0) / .pi).squareRoot() / scaled, decay = 4 * log(2.0) / (scaled * scaled)
        let gaussian = (0..<size).map { n in
            let d = Double(min(n, size - n))
            return height * exp(-d * d * decay)
        }
        let observedSpectrum = fourier.forward(observed)
        // The Gaussian is even, so its spectrum is real.
        let blur = fourier.forward(gaussian).real
        var restored = observedSpectrum
        for n in 0..<size {
            let gain = blur[n] / (blur[n] * blur[n] + wiener)
            restored.real[n] *= gain
            restored.imaginary[n] *= gain
        }
        let sharp = fourier.inverse(restored).map { max($0, 0) }
        func blurred(_ values: [Double]) -> [Double] {
            var spectrum = fourier.forward(values)
            for n in 0..<size {
                spectrum.real[n] *= blur[n]
                spectrum.imaginary[n] *= blur[n]
            }
            return fourier.inverse(spectrum)
        }
        // Moments are taken about the first bin, where rounding is least.
        let above = blurred(sharp.indices.map { sharp[$0] * Double($0 - offset) })
        let below = blurred(sharp)
        let floor = (below.max() ?? 0) * 1e-12
        return (0..<bins).map { b in
            let own = Double(b)
            // Where the deconvolved histogram holds nothing, an intensity stays what it is.
            let place = below[offset + b] > floor ? above[offset + b] / below[offset + b] : own
            return Float(low + place * width)
        }
    }
}

/// A small fast Fourier transform (Cooley and Tukey 1965, radix 2), for power-of-two sizes.
package struct Fourier {
    package struct Spectrum { package var real, imaginary: [Double] }
    package let size: Int
    private let cosines, sines: [Double]

    /// `size` must be a power of two.
    package init(_ size: Int) {
        self.size = size
        cosines = (0..<max(1, size / 2)).map { cos(2 * .pi * Double($0) / Double(size)) }
        sines = (0..<max(1, size / 2)).map { -sin(2 * .pi * Double($0) / Double(size)) }
    }

    /// Σ x_n exp(−2πi·kn/N).
    package func forward(_ values: [Double]) -> Spectrum {
        var spectrum = Spectrum(real: values, imaginary: [Double](repeating: 0, count: size))
        transform(&spectrum.real, &spectrum.imaginary)
        return spectrum
    }

    /// The real part of the inverse transform, divided by the size.
    package func inverse(_ spectrum: Spectrum) -> [Double] {
        // Real part of conj(F(conj X)).
        var real = spectrum.real, imaginary = spectrum.imaginary.map { -$0 }
        transform(&real, &imaginary)
        return real.map { $0 / Double(size) }
    }

    private func transform(_ real: inout [Double], _ imaginary: inout [Double]) {
        var j = 0
        for i in 1..<max(size, 1) {
            var bit = size >> 1
            while j & bit != 0 {
                j ^= bit
                bit >>= 1
            }
            j |= bit
            if i < j {
                real.swapAt(i, j)
                imaginary.swapAt(i, j)
            }
        }
        var half = 1
        while half < size {
            let step = size / (2 * half)
            for start in stride(from: 0, to: size, by: 2 * half) {
                for k in 0..<half {
                    let (c, s) = (cosines[k * step], sines[k * step])
                    let a = start + k, b = a + half
                    let re = real[b] * c - imaginary[b] * s, im = real[b] * s + imaginary[b] * c
                    real[b] = real[a] - re
                    imaginary[b] = imaginary[a] - im
                    real[a] += re
                    imaginary[a] += im
                }
            }
            half *= 2
        }
    }
}
