import CKernels

// Depthwise convolution: every lane is a channel of its own, so that a tap is one product of two vectors. Rows are flat: with fewer than 16 channels a vector
// holds several voxels, and the weights of a tap repeat in it.

/// `n` vectors of a row from float i on. `n` is a constant wherever this is inlined.
@inline(__always)
private func tile(_ n: Int, _ r: SKDepthwiseRow, _ i: Int) {
    var s0 = V16(), s1 = V16(), s2 = V16(), s3 = V16()
    let source = r.source + i
    for t in 0..<Int(r.taps) {
        let w = load16(UnsafePointer(r.weights) + t * 16), p = source + Int(r.offsets[t])
        s0 = fma(w, load16(p), s0)
        if n > 1 { s1 = fma(w, load16(p + 16), s1) }
        if n > 2 { s2 = fma(w, load16(p + 32), s2) }
        if n > 3 { s3 = fma(w, load16(p + 48), s3) }
    }
    store(s0, r.out + i)
    if n > 1 { store(s1, r.out + i + 16) }
    if n > 2 { store(s2, r.out + i + 32) }
    if n > 3 { store(s3, r.out + i + 48) }
}

@inline(__always)
func depthwise(_ r: SKDepthwiseRow) {
    var i = 0
    while i + 48 < Int(r.count) {
        tile(4, r, i)
        i += 64
    }
    while i < Int(r.count) {
        tile(1, r, i)
        i += 16
    }
}

/// A vector at i, lanes at or beyond `count` zero.
@inline(__always)
private func bounded(_ p: In, _ i: Int, _ count: Int) -> V16 {
    let v = load16(p + i)
    if i + 16 <= count { return v }
    let lanes = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    return v.replacing(with: 0, where: lanes .>= Int32(truncatingIfNeeded: count - i))
}

/// Sums of `n` taps from the first on.
@inline(__always)
private func sums(_ n: Int, _ r: SKDepthwiseRow, _ first: Int, _ g: In) {
    let count = Int(r.count), row = Int(r.row), gradientRow = Int(r.gradientRow)
    let p0 = r.source + Int(r.offsets[first]), p1 = r.source + (n > 1 ? Int(r.offsets[first + 1]) : 0)
    let p2 = r.source + (n > 2 ? Int(r.offsets[first + 2]) : 0), p3 = r.source + (n > 3 ? Int(r.offsets[first + 3]) : 0)
    let sum = r.weights + first * 16
    var s0 = load16(sum), s1 = n > 1 ? load16(sum + 16) : V16()
    var s2 = n > 2 ? load16(sum + 32) : V16(), s3 = n > 3 ? load16(sum + 48) : V16()
    for y in 0..<Int(r.rows) {
        let d = g + y * gradientRow, at = y * row
        var i = 0
        while i + 16 <= count {
            let v = load16(d + i)
            s0 = fma(v, load16(p0 + at + i), s0)
            if n > 1 { s1 = fma(v, load16(p1 + at + i), s1) }
            if n > 2 { s2 = fma(v, load16(p2 + at + i), s2) }
            if n > 3 { s3 = fma(v, load16(p3 + at + i), s3) }
            i += 16
        }
        if i < count {
            // What lies beyond the end may be anything, so both factors are masked.
            let v = bounded(d, i, count)
            s0 = fma(v, bounded(p0 + at, i, count), s0)
            if n > 1 { s1 = fma(v, bounded(p1 + at, i, count), s1) }
            if n > 2 { s2 = fma(v, bounded(p2 + at, i, count), s2) }
            if n > 3 { s3 = fma(v, bounded(p3 + at, i, count), s3) }
        }
    }
    store(s0, sum)
    if n > 1 { store(s1, sum + 16) }
    if n > 2 { store(s2, sum + 32) }
    if n > 3 { store(s3, sum + 48) }
}

@inline(__always)
func depthwiseWeights(_ r: SKDepthwiseRow) {
    guard let g = r.gradient else { return }
    var t = 0
    while t + 4 <= Int(r.taps) {
        sums(4, r, t, g)
        t += 4
    }
    while t < Int(r.taps) {
        sums(1, r, t, g)
        t += 1
    }
}
