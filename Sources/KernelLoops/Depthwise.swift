import CKernels

// Depthwise convolution: every lane is a channel of its own, so that a tap is one product of two vectors. Rows are flat: with fewer than 16 channels a vector
// holds several voxels, and the weights of a tap repeat in it.

/// `n` vectors of a row from float i on, the voxels that they start at `step` floats apart. `n` and `step` are constants wherever this is inlined.
@inline(__always)
private func tile(_ n: Int, _ step: Int, _ r: SKDepthwiseRow, _ i: Int) {
    let source = r.source + i / 16 * step, start = load16(r.start)
    var s0 = start, s1 = start, s2 = start, s3 = start
    for t in 0..<Int(r.taps) {
        let w = load16(UnsafePointer(r.weights) + t * 16), p = source + Int(r.offsets[t])
        s0 = fma(w, load16(p), s0)
        if n > 1 { s1 = fma(w, load16(p + step), s1) }
        if n > 2 { s2 = fma(w, load16(p + 2 * step), s2) }
        if n > 3 { s3 = fma(w, load16(p + 3 * step), s3) }
    }
    store(s0, r.out + i)
    if n > 1 { store(s1, r.out + i + 16) }
    if n > 2 { store(s2, r.out + i + 32) }
    if n > 3 { store(s3, r.out + i + 48) }
}

@inline(__always)
private func row(_ step: Int, _ r: SKDepthwiseRow) {
    var i = 0
    while i + 48 < Int(r.count) {
        tile(4, step, r, i)
        i += 64
    }
    while i < Int(r.count) {
        tile(1, step, r, i)
        i += 16
    }
}

func depthwise(_ call: UnsafePointer<SKDepthwiseRow>) {
    let r = call.pointee
    if r.run == 3 { return depthwiseBy3(call) }
    if r.run == 5 { return depthwiseBy5(call) }
    switch r.step {
    case 16: row(16, r)
    case 32: row(32, r)
    default: row(Int(r.step), r)
    }
}

/// A vector at i, lanes at or beyond `count` zero, without reading them.
@inline(__always)
private func bounded(_ p: In, _ i: Int, _ count: Int) -> V16 {
    var v = V16()
    for lane in 0..<min(16, count - i) { v[lane] = p[i + lane] }
    return v
}

/// Sums of `n` taps from the first on. `n` and `step` are constants wherever this is inlined.
@inline(__always)
private func sums(_ n: Int, _ step: Int, _ r: SKDepthwiseRow, _ first: Int, _ g: In) {
    let count = Int(r.count), row = Int(r.row), gradientRow = Int(r.gradientRow)
    let p0 = r.source + Int(r.offsets[first]), p1 = r.source + (n > 1 ? Int(r.offsets[first + 1]) : 0)
    let p2 = r.source + (n > 2 ? Int(r.offsets[first + 2]) : 0), p3 = r.source + (n > 3 ? Int(r.offsets[first + 3]) : 0)
    let sum = r.weights + first * 16
    var s0 = load16(sum), s1 = n > 1 ? load16(sum + 16) : V16()
    var s2 = n > 2 ? load16(sum + 32) : V16(), s3 = n > 3 ? load16(sum + 48) : V16()
    for y in 0..<Int(r.rows) {
        let d = g + y * gradientRow
        var i = 0, at = y * row
        while i + 16 <= count {
            let v = load16(d + i)
            s0 = fma(v, load16(p0 + at), s0)
            if n > 1 { s1 = fma(v, load16(p1 + at), s1) }
            if n > 2 { s2 = fma(v, load16(p2 + at), s2) }
            if n > 3 { s3 = fma(v, load16(p3 + at), s3) }
            i += 16
            at += step
        }
        if i < count {
            // What lies beyond the end may be anything, so both factors are cut.
            let v = bounded(d, i, count)
            s0 = fma(v, bounded(p0 + at - i, i, count), s0)
            if n > 1 { s1 = fma(v, bounded(p1 + at - i, i, count), s1) }
            if n > 2 { s2 = fma(v, bounded(p2 + at - i, i, count), s2) }
            if n > 3 { s3 = fma(v, bounded(p3 + at - i, i, count), s3) }
        }
    }
    store(s0, sum)
    if n > 1 { store(s1, sum + 16) }
    if n > 2 { store(s2, sum + 32) }
    if n > 3 { store(s3, sum + 48) }
}

@inline(__always)
private func allSums(_ step: Int, _ r: SKDepthwiseRow) {
    guard let g = r.gradient else { return }
    var t = 0
    while t + 4 <= Int(r.taps) {
        sums(4, step, r, t, g)
        t += 4
    }
    while t < Int(r.taps) {
        sums(1, step, r, t, g)
        t += 1
    }
}

@inline(__always)
func depthwiseWeights(_ r: SKDepthwiseRow) {
    if r.step == 16 { allSums(16, r) } else { allSums(Int(r.step), r) }
}
