import Glibc

/// Exponentials of many values at once, from additions and products alone (the same on every processor).
package enum FastExp {
    /// exp(x) to within 2e-7 of itself; x is clamped to −80 … 80, so the result is finite and above 0.
    @inline(__always)
    package static func exp(_ x: SIMD8<Float>) -> SIMD8<Float> {
        let t = pointwiseMin(pointwiseMax(x, SIMD8(repeating: -80)), SIMD8(repeating: 80))
        // 1.5 · 2²³ added leaves the nearest whole number in the lowest bits; a conversion of vectors goes through generic code.
        let shifted = t * 1.4426950408889634 + 12_582_912
        let n = shifted - 12_582_912
        // ln 2 in two parts: the first has few bits, so that n times it is exact.
        let r = (t - n * 0.693359375) - n * -2.12194440e-4
        var p = r * (1 / 5040) + (1 / 720)
        p = p * r + (1 / 120)
        p = p * r + (1 / 24)
        p = p * r + (1 / 6)
        p = p * r + 0.5
        p = p * r + 1
        p = p * r + 1
        let bits = (unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- 0x4B40_0000 &+ 127) &<< 23
        return p * unsafeBitCast(bits, to: SIMD8<Float>.self)
    }

    /// exp(x) − 1; a polynomial near 0, where turns of an iteration lie.
    @inline(__always)
    package static func minusOne(_ x: Float) -> Float {
        if abs(x) > 0.05 { return expm1f(x) }
        return x * (1 + x * (0.5 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120)))))
    }
}
