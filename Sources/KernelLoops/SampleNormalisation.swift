import CKernels

// Samples of few channels need not start at whole vectors, and the next one may be another thread's: these write exactly their count.

@inline(__always)
private func putExactly(_ v: V16, _ r: SKFlat, _ i: Int) {
    if i + 16 <= Int(r.count) {
        put(v, r, i)
    } else {
        for lane in 0..<Int(r.count) - i { r.out[i + lane] = r.accumulate != 0 ? r.out[i + lane] + v[lane] : v[lane] }
    }
}

/// A vector at i; lanes at or beyond the count are zero and not read.
@inline(__always)
private func loadExactly(_ p: In, _ r: SKFlat, _ i: Int) -> V16 {
    if i + 16 <= Int(r.count) { return load16(p + i) }
    var v = V16()
    for lane in 0..<Int(r.count) - i { v[lane] = p[i + lane] }
    return v
}

/// out = a · p0 + p1, then max(0, …) where flag is set.
@inline(__always)
func sampleAffine(_ r: SKFlat) {
    let a = operand(r.a), scale = parameters(r, 0), shift = parameters(r, 1)
    let floor = V16(repeating: r.flag != 0 ? 0 : -.infinity)
    var i = 0
    while i < Int(r.count) {
        putExactly(bounded(fma(loadExactly(a, r, i), scale, shift), floor), r, i)
        i += 16
    }
}

/// out = g · p0 + (x − p2) · p1 + p3, with g = a (or 0 where flag is set and x · p4 + p5 ≤ 0) and x = b.
@inline(__always)
func sampleNormGradient(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    let scale = parameters(r, 0), slope = parameters(r, 1), centre = parameters(r, 2), offset = parameters(r, 3)
    let forward = parameters(r, 4), shift = parameters(r, 5)
    var i = 0
    while i < Int(r.count) {
        let x = loadExactly(b, r, i)
        var g = loadExactly(a, r, i)
        if r.flag != 0 { g = g.replacing(with: 0, where: fma(x, forward, shift) .<= 0) }
        putExactly(fma(g, scale, fma(x - centre, slope, offset)), r, i)
        i += 16
    }
}
