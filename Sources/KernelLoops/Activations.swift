import CKernels

// Activations: elementwise, on whole vectors of 16 (see Elementwise.swift). Each gives 0 for 0, so that padding lanes stay 0.

@inline(__always)
func leakyRelu(_ r: SKFlat) {
    let a = operand(r.a), slope = parameters(r, 0)
    var i = 0
    while i < Int(r.count) {
        let x = load16(a + i)
        put(x.replacing(with: x * slope, where: x .<= 0), r, i)
        i += 16
    }
}

@inline(__always)
func leakyReluGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b), slope = parameters(r, 0)
    var i = 0
    while i < Int(r.count) {
        let g = load16(a + i)
        put(g.replacing(with: g * slope, where: load16(b + i) .<= 0), r, i)
        i += 16
    }
}

/// exp(x) − 1 for −87 ≤ x ≤ 0, without cancellation near 0.
@inline(__always)
private func exponentialMinusOne(_ x: V16) -> V16 {
    let (r, power) = exponentParts(x)
    var e = V16(repeating: 1 / 5040)
    e = fma(e, r, V16(repeating: 1 / 720))
    e = fma(e, r, V16(repeating: 1 / 120))
    e = fma(e, r, V16(repeating: 1 / 24))
    e = fma(e, r, V16(repeating: 1 / 6))
    e = fma(e, r, V16(repeating: 0.5))
    e = fma(e * r, r, r)
    return fma(e, power, power - 1)
}

@inline(__always)
func elu(_ r: SKFlat) {
    let a = operand(r.a), alpha = parameters(r, 0)
    var i = 0
    while i < Int(r.count) {
        let x = load16(a + i)
        // Where x is positive the other value is taken; there 0 keeps the exponential finite.
        let bounded = x.replacing(with: -87, where: x .< -87).replacing(with: 0, where: x .> 0)
        put(x.replacing(with: alpha * exponentialMinusOne(bounded), where: x .<= 0), r, i)
        i += 16
    }
}

@inline(__always)
func eluGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b), alpha = parameters(r, 0)
    var i = 0
    while i < Int(r.count) {
        let g = load16(a + i), y = load16(b + i)
        put(g.replacing(with: g * (y + alpha), where: y .<= 0), r, i)
        i += 16
    }
}

/// The standard normal's distribution and density at x. With z = |x|, Φ(−z) = exp(−z² / 2) · R(z), where R is a polynomial in (z − 3) / (z + 3),
/// fitted to erfc(z / √2) · exp(z² / 2) / 2 on [0, 13.25] with a relative error of at most 7e-9 (4e-7 in single precision); beyond, Φ(−z) is 0 in
/// single precision.
@inline(__always)
private func normal(_ x: V16) -> (distribution: V16, density: V16) {
    let z = x.replacing(with: -x, where: x .< 0)
    let far = z .> 13.2
    let near = z.replacing(with: 13.2, where: far)
    let t = (near - 3) / (near + 3)
    var p = V16(repeating: 5.415_087_1e-5)
    p = fma(p, t, V16(repeating: 1.160_374_0e-4))
    p = fma(p, t, V16(repeating: -3.399_113_4e-4))
    p = fma(p, t, V16(repeating: -9.841_827_9e-4))
    p = fma(p, t, V16(repeating: 2.904_702_6e-3))
    p = fma(p, t, V16(repeating: 6.132_183_07e-3))
    p = fma(p, t, V16(repeating: -4.621_331_38e-2))
    p = fma(p, t, V16(repeating: 0.123_225_022))
    p = fma(p, t, V16(repeating: -0.206_402_618))
    p = fma(p, t, V16(repeating: 0.121_513_948))
    let e = exponential(-0.5 * near * near).replacing(with: 0, where: far)
    let tail = e * p
    return (tail.replacing(with: 1 - tail, where: x .> 0), e * 0.398_942_28)
}

@inline(__always)
func gelu(_ r: SKFlat) {
    let a = operand(r.a)
    var i = 0
    while i < Int(r.count) {
        let x = load16(a + i)
        put(x * normal(x).distribution, r, i)
        i += 16
    }
}

@inline(__always)
func geluGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    var i = 0
    while i < Int(r.count) {
        let x = load16(b + i)
        let (distribution, density) = normal(x)
        put(load16(a + i) * fma(x, density, distribution), r, i)
        i += 16
    }
}

/// 1 / (1 + exp(−x)); exactly 0 below −87. NaN stays NaN.
@inline(__always)
private func logistic(_ x: V16) -> V16 {
    let bounded = (-x).replacing(with: 87, where: x .< -87).replacing(with: -87, where: x .> 87)
    return (1 / (1 + exponential(bounded))).replacing(with: 0, where: x .< -87)
}

@inline(__always)
func silu(_ r: SKFlat) {
    let a = operand(r.a)
    var i = 0
    while i < Int(r.count) {
        let x = load16(a + i)
        put(x * logistic(x), r, i)
        i += 16
    }
}

@inline(__always)
func siluGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    var i = 0
    while i < Int(r.count) {
        let x = load16(b + i), s = logistic(x)
        put(load16(a + i) * s * fma(x, 1 - s, V16(repeating: 1)), r, i)
        i += 16
    }
}
