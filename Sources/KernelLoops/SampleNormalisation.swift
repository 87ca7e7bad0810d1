import CKernels

// Samples of few channels need not start at whole vectors, and the next one may be another thread's: these write exactly their count.

/// out = a · p0 + p1, then max(0, …) where flag is set.
@inline(__always)
func sampleAffine(_ r: SKFlat) {
    let a = operand(r.a), scale = parameters(r, 0), shift = parameters(r, 1)
    let floor = V16(repeating: r.flag != 0 ? 0 : -.infinity)
    var i = 0
    while i < Int(r.count) {
        putExactly(bounded(fma(loadExactly(a, i, Int(r.count)), scale, shift), floor), r, i)
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
        let x = loadExactly(b, i, Int(r.count))
        var g = loadExactly(a, i, Int(r.count))
        if r.flag != 0 { g = g.replacing(with: 0, where: fma(x, forward, shift) .<= 0) }
        putExactly(fma(g, scale, fma(x - centre, slope, offset)), r, i)
        i += 16
    }
}
