import CKernels

@inline(__always)
private func finish(_ sum: Float, _ r: SKConvRow, _ out: Out) {
    var v = sum
    if r.accumulate != 0 { v += out[0] } else if let bias = r.bias { v += bias[0] }
    if let scale = r.scale, let shift = r.shift { v = v * scale[0] + shift[0] }
    out[0] = r.relu != 0 && v <= 0 ? 0 : v
}

/// A row of outputs of one channel from blocks of 16: the lanes are the inputs' channels, which are summed at the end, and not the outputs', of which 7 of 8 would
/// be computed for nothing. `length` is a multiple of 16, `weights` one value for each input.
func narrowRow(_ call: UnsafePointer<SKConvRow>) {
    let r = call.pointee
    let count = Int(r.count), step = Int(r.step), length = Int(r.length), groups = Int(r.groups)
    var v = 0
    while v + 8 <= count {
        var s0 = V16(), s1 = V16(), s2 = V16(), s3 = V16(), s4 = V16(), s5 = V16(), s6 = V16(), s7 = V16()
        var weights = r.weights
        for g in 0..<groups {
            let p = r.source + v * step + Int(r.offsets[g])
            var i = 0
            while i < length {
                let w = load16(weights)
                let q = p + i
                s0 = fma(w, load16(q), s0)
                s1 = fma(w, load16(q + step), s1)
                s2 = fma(w, load16(q + 2 * step), s2)
                s3 = fma(w, load16(q + 3 * step), s3)
                s4 = fma(w, load16(q + 4 * step), s4)
                s5 = fma(w, load16(q + 5 * step), s5)
                s6 = fma(w, load16(q + 6 * step), s6)
                s7 = fma(w, load16(q + 7 * step), s7)
                weights += 16
                i += 16
            }
        }
        let out = r.out + v * Int(r.outStep), next = Int(r.outStep)
        finish(sk_sum16(s0), r, out)
        finish(sk_sum16(s1), r, out + next)
        finish(sk_sum16(s2), r, out + 2 * next)
        finish(sk_sum16(s3), r, out + 3 * next)
        finish(sk_sum16(s4), r, out + 4 * next)
        finish(sk_sum16(s5), r, out + 5 * next)
        finish(sk_sum16(s6), r, out + 6 * next)
        finish(sk_sum16(s7), r, out + 7 * next)
        v += 8
    }
    while v < count {
        var sum = V16()
        var weights = r.weights
        for g in 0..<groups {
            let p = r.source + v * step + Int(r.offsets[g])
            var i = 0
            while i < length {
                sum = fma(load16(weights), load16(p + i), sum)
                weights += 16
                i += 16
            }
        }
        finish(sk_sum16(sum), r, r.out + v * Int(r.outStep))
        v += 1
    }
}
