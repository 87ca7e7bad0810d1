import CKernels

// Each works on whole vectors of 16: tensors are padded to that, and what lands in the padding is never read.

@inline(__always)
func put(_ v: V16, _ r: SKFlat, _ i: Int) {
    store(r.accumulate != 0 ? load16(r.out + i) + v : v, r.out + i)
}

@inline(__always) func parameters(_ r: SKFlat, _ row: Int) -> V16 { r.p.map { load16($0 + row * 16) } ?? V16() }
@inline(__always) func operand(_ p: In?) -> In { p.unsafelyUnwrapped }

@inline(__always)
func affine(_ r: SKFlat) {
    let a = operand(r.a), scale = parameters(r, 0), shift = parameters(r, 1)
    var i = 0
    while i < Int(r.count) {
        var v = fma(load16(a + i), scale, shift)
        if r.flag != 0 { v = positive(v) }
        put(v, r, i)
        i += 16
    }
}

@inline(__always)
func relu(_ r: SKFlat) {
    let a = operand(r.a)
    var i = 0
    while i < Int(r.count) {
        put(positive(load16(a + i)), r, i)
        i += 16
    }
}

@inline(__always)
func reluGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    var i = 0
    while i < Int(r.count) {
        put(load16(a + i).replacing(with: 0, where: load16(b + i) .<= 0), r, i)
        i += 16
    }
}

/// out = p0 · (g − p1 − (x − p2) · p3), with g = a (or 0 where flag is set and x · p4 + p5 ≤ 0) and x = b.
@inline(__always)
func normGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    let scale = parameters(r, 0), mean = parameters(r, 1), centre = parameters(r, 2), slope = parameters(r, 3)
    let forward = parameters(r, 4), shift = parameters(r, 5)
    var i = 0
    while i < Int(r.count) {
        let x = r.half != 0 ? loadHalf16(b, i) : load16(b + i)
        var g = load16(a + i)
        if r.flag != 0 { g = g.replacing(with: 0, where: fma(x, forward, shift) .<= 0) }
        put(scale * (g - mean - (x - centre) * slope), r, i)
        i += 16
    }
}

/// x as n · ln 2 + r with |r| ≤ ln 2 / 2: r, and 2ⁿ. For |x| ≤ 87.
@inline(__always)
func exponentParts(_ x: V16) -> (r: V16, power: V16) {
    let magic = V16(repeating: 12_582_912)  // 1.5 · 2²³: adding it rounds to an integer in the low bits.
    let shifted = fma(x, V16(repeating: 1.442_695_04), magic)
    let n = shifted - magic
    let r = fma(n, V16(repeating: 2.121_944_4e-4), fma(n, V16(repeating: -0.693_359_375), x))
    let power = (unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- unsafeBitCast(magic, to: SIMD16<Int32>.self) &+ 127) &<< 23
    return (r, unsafeBitCast(power, to: V16.self))
}

/// exp for |x| ≤ 87, by 2ⁿ · exp(r) with |r| ≤ ln 2 / 2 and the series of exp to the seventh power.
@inline(__always)
func exponential(_ x: V16) -> V16 {
    let (r, power) = exponentParts(x)
    var e = V16(repeating: 1 / 5040)
    e = fma(e, r, V16(repeating: 1 / 720))
    e = fma(e, r, V16(repeating: 1 / 120))
    e = fma(e, r, V16(repeating: 1 / 24))
    e = fma(e, r, V16(repeating: 1 / 6))
    e = fma(e, r, V16(repeating: 0.5))
    e = fma(e, r, V16(repeating: 1))
    e = fma(e, r, V16(repeating: 1))
    return e * power
}

/// out = p0 / (1 + exp(−a)): p0 is 1 for channels and 0 for padding lanes. NaN stays NaN.
@inline(__always)
func sigmoid(_ r: SKFlat) {
    let a = operand(r.a), mask = parameters(r, 0)
    var i = 0
    while i < Int(r.count) {
        let raw = load16(a + i)
        var x = -raw
        x.replace(with: 87, where: x .> 87)
        x.replace(with: -87, where: x .< -87)
        put(mask / (1 + exponential(x)), r, i)
        i += 16
    }
}

@inline(__always)
func sigmoidGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    var i = 0
    while i < Int(r.count) {
        let y = load16(b + i)
        put(load16(a + i) * y * (1 - y), r, i)
        i += 16
    }
}

/// Keeps a value where the hash of its index is at least `threshold`, times p0[0].
@inline(__always)
func dropout(_ r: SKFlat) {
    let a = operand(r.a), keep = parameters(r, 0)[0]
    var i = 0
    while i < Int(r.count) {
        put(load16(a + i) * dropoutFactor(r.key, r.key2, r.threshold, keep, r.index + Int64(i)), r, i)
        i += 16
    }
}

@inline(__always)
func add(_ r: SKFlat) {
    let a = operand(r.a)
    var i = 0
    while i < Int(r.count) {
        put(load16(a + i), r, i)
        i += 16
    }
}

/// out = a · p0 + p1.
@inline(__always)
func linear(_ r: SKFlat) {
    let a = operand(r.a), scale = parameters(r, 0), shift = parameters(r, 1)
    var i = 0
    while i < Int(r.count) {
        put(fma(load16(a + i), scale, shift), r, i)
        i += 16
    }
}
