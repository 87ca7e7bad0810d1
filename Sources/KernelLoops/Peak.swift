import CKernels

/// Multiply–adds that wait for nothing but each other: what the processor's arithmetic can do at most.
@inline(__always)
private func sums(_ n: Int, _ factor: V16, _ addend: V16, _ out: Out, _ turns: Int) {
    var s0 = load16(out + 0), s1 = load16(out + 16), s2 = load16(out + 32), s3 = load16(out + 48)
    var s4 = load16(out + 64), s5 = load16(out + 80), s6 = load16(out + 96), s7 = load16(out + 112)
    var s8 = load16(out + 128), s9 = load16(out + 144), s10 = load16(out + 160), s11 = load16(out + 176)
    var turn = 0
    while turn < turns {
        if n > 0 { s0 = fma(s0, factor, addend) }
        if n > 1 { s1 = fma(s1, factor, addend) }
        if n > 2 { s2 = fma(s2, factor, addend) }
        if n > 3 { s3 = fma(s3, factor, addend) }
        if n > 4 { s4 = fma(s4, factor, addend) }
        if n > 5 { s5 = fma(s5, factor, addend) }
        if n > 6 { s6 = fma(s6, factor, addend) }
        if n > 7 { s7 = fma(s7, factor, addend) }
        if n > 8 { s8 = fma(s8, factor, addend) }
        if n > 9 { s9 = fma(s9, factor, addend) }
        if n > 10 { s10 = fma(s10, factor, addend) }
        if n > 11 { s11 = fma(s11, factor, addend) }
        turn += 1
    }
    store(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11, out)
}

/// `count` multiply–adds on each of 12 × 16 lanes, with a and b of 16 lanes; `out` has 12 × 16. As many sums are at work at once as fit the registers.
@inline(__always)
func peak(_ r: SKFlat) {
    let factor = load16(r.a.unsafelyUnwrapped), addend = load16(r.b.unsafelyUnwrapped)
    var done = 0
    while done < 12 {
        sums(widestTile, factor, addend, r.out, Int(r.count))
        done += widestTile
    }
}
