import CKernels

@inline(__always)
private func order(_ a: inout V16, _ b: inout V16) {
    let least = sk_least16(a, b)
    b = sk_greatest16(a, b)
    a = least
}

/// Medians of 3 × 3 × 3 voxels, 16 at once.
///
/// The nine values of each x (its rows above, below, before, behind) are sorted once, by a network of 25 comparisons, and serve the three
/// windows that hold them. Sorting the three columns of a window rank by rank leaves a table that ascends along rows and columns; only 13 of its 27
/// places can hold the median, with seven values surely below and seven above, so the median of those 13 is that of all. Of a set
/// with an odd count the least and the greatest of more than half can be forgotten, until three are left.
@inline(__always)
func median27(_ r: SKMedian) {
    let stride = Int(r.stride)
    var i = 0
    while i < Int(r.count) + 16 {
        let p = r.lines + i
        var a = load16(p), b = load16(p + stride), c = load16(p + 2 * stride), d = load16(p + 3 * stride), e = load16(p + 4 * stride)
        var f = load16(p + 5 * stride), g = load16(p + 6 * stride), h = load16(p + 7 * stride), k = load16(p + 8 * stride)
        order(&a, &b); order(&d, &e); order(&g, &h)
        order(&b, &c); order(&e, &f); order(&h, &k)
        order(&a, &b); order(&d, &e); order(&g, &h)
        order(&a, &d); order(&d, &g); order(&a, &d)
        order(&b, &e); order(&e, &h); order(&b, &e)
        order(&c, &f); order(&f, &k); order(&c, &f)
        order(&b, &d); order(&f, &h)
        order(&c, &g); order(&e, &g); order(&c, &e); order(&c, &d); order(&f, &g)
        let q = r.sorted + i
        store(a, q)
        store(b, q + stride)
        store(c, q + 2 * stride)
        store(d, q + 3 * stride)
        store(e, q + 4 * stride)
        store(f, q + 5 * stride)
        store(g, q + 6 * stride)
        store(h, q + 7 * stride)
        store(k, q + 8 * stride)
        i &+= 16
    }
    i = 0
    while i < Int(r.count) {
        // Ranks of one x each: a is the least of three columns' values, b the middle, c the greatest.
        @inline(__always) func rank(_ n: Int) -> (V16, V16, V16) {
            let p = r.sorted + n * stride + i
            var a = load16(p), b = load16(p + 1), c = load16(p + 2)
            order(&a, &b)
            order(&b, &c)
            order(&a, &b)
            return (a, b, c)
        }
        var s0 = rank(0).2, s1 = rank(1).2
        var (_, s2, s3) = rank(2)
        var (_, s4, s5) = rank(3)
        var s6 = rank(4).1
        var (s7, s8, _) = rank(5)
        var (s9, s10, _) = rank(6)
        var s11 = rank(7).0, s12 = rank(8).0
        // The least of the first eight to s0, the greatest to s7; both are forgotten. Then one more comes in each time.
        order(&s0, &s1); order(&s2, &s3); order(&s4, &s5); order(&s6, &s7)
        order(&s0, &s2); order(&s4, &s6); order(&s0, &s4)
        order(&s1, &s3); order(&s5, &s7); order(&s3, &s7)
        // Seven: s1 … s6 and s8.
        order(&s1, &s2); order(&s3, &s4); order(&s5, &s6)
        order(&s1, &s3); order(&s1, &s5); order(&s1, &s8)
        order(&s2, &s4); order(&s4, &s6); order(&s6, &s8)
        // Six: s2 … s6 and s9.
        order(&s2, &s3); order(&s4, &s5); order(&s6, &s9)
        order(&s2, &s4); order(&s2, &s6)
        order(&s3, &s5); order(&s5, &s9)
        // Five: s3 … s6 and s10.
        order(&s3, &s4); order(&s5, &s6)
        order(&s3, &s5); order(&s3, &s10)
        order(&s4, &s6); order(&s6, &s10)
        // Four: s4 … s6 and s11.
        order(&s4, &s5); order(&s6, &s11)
        order(&s4, &s6)
        order(&s5, &s11)
        // Three: s5, s6 and s12.
        order(&s5, &s6); order(&s6, &s12); order(&s5, &s6)
        store(s6, r.out + i)
        i &+= 16
    }
}
