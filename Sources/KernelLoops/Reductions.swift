import CKernels

// Sums are kept in double precision: over two million voxels float sums would lose the small differences that gradients are.

typealias D8 = SIMD8<Double>

@inline(__always) func low(_ v: V16) -> D8 { sk_doubles8(v.lowHalf) }
@inline(__always) func high(_ v: V16) -> D8 { sk_doubles8(v.highHalf) }

/// Adds a vector's sums to one row of 16.
@inline(__always)
func addTo(_ sums: UnsafeMutablePointer<Double>, _ row: Int, _ l: D8, _ h: D8) {
    let p = UnsafeMutableRawPointer(sums + row * 16)
    p.storeBytes(of: UnsafeRawPointer(p).loadUnaligned(as: D8.self) + l, as: D8.self)
    p.storeBytes(of: UnsafeRawPointer(p).loadUnaligned(fromByteOffset: 64, as: D8.self) + h, toByteOffset: 64, as: D8.self)
}

/// A vector at i, lanes at or beyond `count` zero.
@inline(__always)
func loadWithin(_ p: In, _ i: Int, _ count: Int) -> V16 {
    let v = load16(p + i)
    if i + 16 <= count { return v }
    let lanes = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    return v.replacing(with: 0, where: lanes .>= Int32(truncatingIfNeeded: count - i))
}

/// Rows: a, a².
@inline(__always)
func sums(_ r: SKFlat) {
    guard let a = r.a, let out = r.sums else { return }
    var l1 = D8(), h1 = D8(), l2 = D8(), h2 = D8()
    var i = 0
    let count = Int(r.count)
    while i < count {
        let v = loadWithin(a, i, count)
        let l = low(v), h = high(v)
        l1 += l
        h1 += h
        l2 += l * l
        h2 += h * h
        i += 16
    }
    addTo(out, 0, l1, h1)
    addTo(out, 1, l2, h2)
}

/// Rows: g, g · (x − p0); g = a, or 0 where flag is set and x · p1 + p2 ≤ 0; x = b.
@inline(__always)
func normGradientSums(_ r: SKFlat) {
    guard let a = r.a, let b = r.b, let p = r.p, let out = r.sums else { return }
    let centre = load16(p), masked = r.flag != 0
    let scale = masked ? load16(p + 16) : V16(), shift = masked ? load16(p + 32) : V16()
    var l1 = D8(), h1 = D8(), l2 = D8(), h2 = D8()
    var i = 0
    let count = Int(r.count)
    while i < count {
        var g = loadWithin(a, i, count)
        // What lies beyond the end in b may be anything, so it is masked as well.
        let x = loadWithin(b, i, count)
        if masked { g = g.replacing(with: 0, where: fma(x, scale, shift) .<= 0) }
        let d = x - centre
        let l = low(g), h = high(g)
        l1 += l
        h1 += h
        l2 += l * low(d)
        h2 += h * high(d)
        i += 16
    }
    addTo(out, 0, l1, h1)
    addTo(out, 1, l2, h2)
}
