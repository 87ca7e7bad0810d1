import CKernels

private typealias Words = SIMD8<UInt64>

/// The finaliser of SplitMix64, as `CounterRandom` mixes.
@inline(__always)
private func mix(_ x: Words) -> Words {
    var z = x
    z = (z ^ (z &>> Words(repeating: 30))) &* Words(repeating: 0xBF58_476D_1CE4_E5B9)
    z = (z ^ (z &>> Words(repeating: 27))) &* Words(repeating: 0x94D0_49BB_1331_11EB)
    return z ^ (z &>> Words(repeating: 31))
}

/// c₀ + s (c₁ + s (c₂ + …)) with rounding after each product and each sum, as scalars have it.
@inline(__always)
private func polynomial(_ s: D8, _ c4: Double, _ c3: Double, _ c2: Double, _ c1: Double, _ c0: Double) -> D8 {
    (((D8(repeating: c4) * s + c3) * s + c2) * s + c1) * s + c0
}

/// Bit for bit `CounterRandom.truncatedNormal(at:)` times the scale, eight at a time: a first training step waits for ten million of them.
@inline(__always)
func draws(_ r: SKDraws) {
    let key = Words(repeating: r.key), places = Words(0, 1, 2, 3, 4, 5, 6, 7)
    let count = Int(r.count)
    var i = 0
    while i < count {
        let counters = Words(repeating: r.counter &+ UInt64(i)) &+ places
        let bits = mix(mix(key &+ counters &* Words(repeating: 0x9E37_79B9_7F4A_7C15)) &+ key)
        let uniform = sk_doublesOfLong8(unsafeBitCast(bits &>> Words(repeating: 11), to: SIMD8<Int64>.self)) * 0x1p-53
        let q = (2 * uniform - 1) * 0.477_249_868_051_820_85
        let s = q * q
        let above = polynomial(s, 25.62287748536628, -95.5438437703777, 79.89332360269381, -24.410341380608422, 2.506628444708735)
        let below = polynomial(s, 29.85931767956456, -62.30384767310508, 40.86355158300778, -10.785496281296224, 1)
        let value = sk_floatsOfDoubles8(D8(repeating: r.scale) * (q * above / below))
        if i + 8 <= count {
            store(value, r.out + i)
        } else {
            for lane in 0..<count - i { r.out[i + lane] = value[lane] }
        }
        i += 8
    }
}
