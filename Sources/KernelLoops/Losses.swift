import CKernels

// Probabilities may be exactly 0 or 1: logarithms end at −100 there, and no quotient has a divisor of 0.

/// log of values from 0 on; −100 at 0. To about two units in the last place: the series of Cephes' logf on √½ … √2.
@inline(__always)
func logarithm(_ value: V16) -> V16 {
    var x = value
    x.replace(with: 1.175_494_35e-38, where: x .< 1.175_494_35e-38)
    let bits = unsafeBitCast(x, to: SIMD16<Int32>.self)
    // Mantissa in ½ … 1, and the exponent that goes with it.
    var exponent = sk_floats16((bits &>> 23) &- 126)
    var m = unsafeBitCast((bits & 0x007F_FFFF) | 0x3F00_0000, to: V16.self)
    let small = m .< 0.707_106_77
    exponent.replace(with: exponent - 1, where: small)
    m = m.replacing(with: m + m, where: small) - 1
    var y = V16(repeating: 7.037_683_6e-2)
    y = fma(y, m, V16(repeating: -1.151_461_03e-1))
    y = fma(y, m, V16(repeating: 1.167_699_87e-1))
    y = fma(y, m, V16(repeating: -1.242_014_08e-1))
    y = fma(y, m, V16(repeating: 1.424_932_28e-1))
    y = fma(y, m, V16(repeating: -1.666_805_77e-1))
    y = fma(y, m, V16(repeating: 2.000_071_48e-1))
    y = fma(y, m, V16(repeating: -2.499_999_39e-1))
    y = fma(y, m, V16(repeating: 3.333_333_11e-1))
    let square = m * m
    var z = m * square * y
    z = fma(exponent, V16(repeating: -2.121_944_4e-4), z)
    z = fma(square, V16(repeating: -0.5), z)
    z = fma(exponent, V16(repeating: 0.693_359_375), m + z)
    return z.replacing(with: -100, where: value .<= 0)
}

/// log(1 − p) for p in 0 … 1, with what 1 − p rounds off put back; −100 at 1.
@inline(__always)
private func logarithmOfRest(_ p: V16) -> V16 {
    let q = 1 - p
    let divisor = q.replacing(with: 1, where: q .<= 0)
    return logarithm(q) + ((1 - q) - p) / divisor
}

/// xᵞ for x in 0 … 1, of whose logarithm `log` is.
@inline(__always)
private func power(_ x: V16, _ log: V16, _ gamma: Float) -> V16 {
    if gamma == 0 { return V16(repeating: 1) }
    if gamma == 1 { return x }
    if gamma == 2 { return x * x }
    let exponent = log * gamma
    return exponential(bounded(exponent, V16(repeating: -87)))
}

/// The loss of each voxel and channel. Binary: −a t (1 − p)ᵞ log p − b (1 − t) pᵞ log(1 − p); classes: −a t (1 − p)ᵞ log p.
@inline(__always)
private func voxelLoss(_ r: SKLoss, _ p: V16, _ t: V16) -> V16 {
    let logP = logarithm(p), logQ = logarithmOfRest(p)
    let found = t * power(1 - p, logQ, r.gamma) * logP * r.positive
    if r.kind == Int32(SKLossClasses) { return -found }
    return -(found + (1 - t) * power(p, logP, r.gamma) * logQ * r.negative)
}

/// The derivative of the binary loss by the logit x, p = 1 / (1 + exp(−x)).
@inline(__always)
private func binarySlope(_ r: SKLoss, _ p: V16, _ t: V16) -> V16 {
    // Cross-entropy needs no logarithm.
    if r.gamma == 0 { return (1 - t) * p * r.negative - t * (1 - p) * r.positive }
    let q = 1 - p, logP = logarithm(p), logQ = logarithmOfRest(p)
    let found = t * power(q, logQ, r.gamma) * (p * logP * r.gamma - q) * r.positive
    return found + (1 - t) * power(p, logP, r.gamma) * (p - q * logQ * r.gamma) * r.negative
}

/// The derivative of the classes' loss by the probability, times the probability.
@inline(__always)
private func classSlope(_ r: SKLoss, _ p: V16, _ t: V16) -> V16 {
    let share = t * r.positive
    if r.gamma == 0 { return -share }
    let q = 1 - p, weight = power(q, logarithmOfRest(p), r.gamma)
    return weight * share * (p * logarithm(p) / bounded(q, V16(repeating: 1e-12)) * r.gamma - 1)
}

@inline(__always)
private func lossSums(_ r: SKLoss, voxels: Bool) {
    guard let out = r.sums else { return }
    let a = r.probabilities, b = r.targets
    var l0 = D8(), h0 = D8(), l1 = D8(), h1 = D8(), l2 = D8(), h2 = D8(), l6 = D8(), h6 = D8()
    var both = V16(), first = V16(), second = V16()
    var i = 0
    var sinceFold = 0
    let count = Int(r.count)
    let one = V16(repeating: 1)
    while i < count {
        let p = loadWithin(a, i, count), t = loadWithin(b, i, count)
        l0 += low(p) * low(t)
        h0 += high(p) * high(t)
        l1 += low(p)
        h1 += high(p)
        l2 += low(t)
        h2 += high(t)
        if voxels {
            let loss = voxelLoss(r, p, t)
            l6 += low(loss)
            h6 += high(loss)
        }
        let ph = one.replacing(with: 0, where: .!(p .>= 0.5)), th = one.replacing(with: 0, where: .!(t .>= 0.5))
        both += ph * th
        first += ph
        second += th
        i += 16
        // Counts in float are exact up to 2²⁴.
        sinceFold += 1
        if sinceFold == 1 << 20 {
            addTo(out, 3, low(both), high(both))
            addTo(out, 4, low(first), high(first))
            addTo(out, 5, low(second), high(second))
            (both, first, second, sinceFold) = (V16(), V16(), V16(), 0)
        }
    }
    addTo(out, 0, l0, h0)
    addTo(out, 1, l1, h1)
    addTo(out, 2, l2, h2)
    addTo(out, 3, low(both), high(both))
    addTo(out, 4, low(first), high(first))
    addTo(out, 5, low(second), high(second))
    if voxels { addTo(out, 6, l6, h6) }
}

/// See `SKLoss.sums`.
@inline(__always)
func lossSums(_ r: SKLoss) { if r.kind == Int32(SKLossNone) { lossSums(r, voxels: false) } else { lossSums(r, voxels: true) } }

/// out = t · p0 + p1 and p2 times the slope of the loss of voxels, each by what `r.by` says.
@inline(__always)
func lossGradient(_ r: SKLoss) {
    guard let out = r.out, let rows = r.p else { return }
    let slope = load16(rows), offset = load16(rows + 16), weight = load16(rows + 32)
    let count = Int(r.count)
    var i = 0
    while i < count {
        let p = loadWithin(r.probabilities, i, count), t = loadWithin(r.targets, i, count)
        var g = fma(t, slope, offset)
        let spread = p * (1 - p)
        if r.by == Int32(SKBySigmoid) { g *= spread }
        if r.by == Int32(SKBySoftmax) { g *= p }
        if r.kind == Int32(SKLossBinary) {
            var own = binarySlope(r, p, t)
            if r.by != Int32(SKBySigmoid) { own /= bounded(spread, V16(repeating: 1e-12)) }
            if r.by == Int32(SKBySoftmax) { own *= p }
            g = fma(weight, own, g)
        } else if r.kind == Int32(SKLossClasses) {
            var own = classSlope(r, p, t)
            if r.by != Int32(SKBySoftmax) { own /= bounded(p, V16(repeating: 1.175_494_35e-38)) }
            if r.by == Int32(SKBySigmoid) { own *= spread }
            g = fma(weight, own, g)
        }
        if i + 16 <= count { store(g, out + i) } else { for lane in 0..<count - i { out[i + lane] = g[lane] } }
        i += 16
    }
}
