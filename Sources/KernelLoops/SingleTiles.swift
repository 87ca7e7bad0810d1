import CKernels

// Convolutions of a single input channel: Winograd's F(4, 3) along x and y with the points of Transforms4.swift, and F(2, 3) along z.

/// Six products to four outputs.
@inline(__always)
private func outputs(_ m0: V16, _ m1: V16, _ m2: V16, _ m3: V16, _ m4: V16, _ m5: V16) -> (V16, V16, V16, V16) {
    // Powers of a = 1/√2 and b = √2.
    let a = V16(repeating: 0.707_106_78), b = V16(repeating: 1.414_213_56)
    let half = V16(repeating: 0.5), two = V16(repeating: 2), aCubed = V16(repeating: 0.353_553_39), bCubed = V16(repeating: 2.828_427_12)
    let s1 = m1 + m2, d1 = m1 - m2, s2 = m3 + m4, d2 = m3 - m4
    return (m0 + s1 + s2, fma(d2, b, d1 * a), fma(s2, two, s1 * half), fma(d2, bCubed, fma(d1, aCubed, m5)))
}

/// The six points of a tile along x for one along y: their products, brought back along z and x to [2 planes][4 outputs].
@inline(__always)
private func row(_ points: In, _ weights: In, _ out: Out) {
    @inline(__always) func point(_ x: Int) -> (V16, V16) {
        let p = points + x * 64, w = weights + x * 64
        let m1 = load16(w + 16) * V16(repeating: p[16]), m2 = load16(w + 32) * V16(repeating: p[32])
        return (fma(load16(w), V16(repeating: p[0]), m1 + m2), fma(load16(w + 48), V16(repeating: p[48]), m1 - m2))
    }
    let m0 = point(0), m1 = point(1), m2 = point(2), m3 = point(3), m4 = point(4), m5 = point(5)
    let lower = outputs(m0.0, m1.0, m2.0, m3.0, m4.0, m5.0), upper = outputs(m0.1, m1.1, m2.1, m3.1, m4.1, m5.1)
    store(lower.0, out)
    store(lower.1, out + 16)
    store(lower.2, out + 32)
    store(lower.3, out + 48)
    store(upper.0, out + 64)
    store(upper.1, out + 80)
    store(upper.2, out + 96)
    store(upper.3, out + 112)
}

/// `finishing` and `streaming` are constants wherever this is inlined.
@inline(__always)
private func tiles(_ r: SKSingleTiles, finishing: Bool, streaming: Bool) {
    let step = Int(r.row), plane = Int(r.plane)
    let bias = r.bias.map { load16($0) } ?? V16()
    let scale = r.scale.map { load16($0) } ?? V16(repeating: 1), shift = r.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: r.relu != 0 ? 0 : -Float.infinity)
    @inline(__always) func put(_ sum: V16, _ out: Out) {
        let v = finishing ? bounded(fma(sum + bias, scale, shift), floor) : sum + bias
        if streaming { stream(v, out) } else { store(v, out) }
    }
    for tile in 0..<Int(r.tiles) {
        var p = r.points + tile, w = r.weights, q = r.scratch
        for _ in 0..<6 {
            row(p, w, q)
            p += 384
            w += 384
            q += 128
        }
        for z in 0..<2 {
            let out = r.out + tile * 64 + z * plane
            for x in 0..<4 {
                let q = UnsafePointer(r.scratch) + z * 64 + x * 16
                let v = outputs(load16(q), load16(q + 128), load16(q + 256), load16(q + 384), load16(q + 512), load16(q + 640))
                put(v.0, out + x * 16)
                put(v.1, out + x * 16 + step)
                put(v.2, out + x * 16 + 2 * step)
                put(v.3, out + x * 16 + 3 * step)
            }
        }
    }
}

@inline(never) private func plain(_ r: SKSingleTiles) { tiles(r, finishing: false, streaming: false) }
@inline(never) private func plainStreaming(_ r: SKSingleTiles) { tiles(r, finishing: false, streaming: true) }
@inline(never) private func finishing(_ r: SKSingleTiles) { tiles(r, finishing: true, streaming: false) }
@inline(never) private func finishingStreaming(_ r: SKSingleTiles) { tiles(r, finishing: true, streaming: true) }

func singleTiles(_ r: SKSingleTiles) {
    switch (r.scale != nil || r.relu != 0, r.stream != 0) {
    case (false, false): plain(r)
    case (false, true): plainStreaming(r)
    case (true, false): finishing(r)
    case (true, true): finishingStreaming(r)
    }
}

/// Every fourth of 64 values.
@inline(__always)
private func phases(_ p: In) -> (V16, V16, V16, V16) {
    let v0 = load16(p), v1 = load16(p + 16), v2 = load16(p + 32), v3 = load16(p + 48)
    let e0 = sk_even16(v0, v1), e1 = sk_even16(v2, v3), o0 = sk_odd16(v0, v1), o1 = sk_odd16(v2, v3)
    return (sk_even16(e0, e1), sk_even16(o0, o1), sk_odd16(e0, e1), sk_odd16(o0, o1))
}

/// Tile t reads values 4t to 4t + 5 of a line; 64 values beyond those of the last tile are loaded.
func spread4(_ r: SKTransform) {
    let outStep = Int(r.outStep)
    let a = V16(repeating: 0.707_106_78), b = V16(repeating: 1.414_213_56)
    let minusHalf = V16(repeating: -0.5), minusTwo = V16(repeating: -2), minusFiveHalves = V16(repeating: -2.5)
    for line in 0..<Int(r.lines) {
        var p = r.in + line * Int(r.inLine), q = r.out + line * Int(r.outLine)
        var d = phases(p)
        var tile = 0
        while tile < Int(r.run) {
            p += 64
            let next = phases(p)
            let d4 = sk_next16(d.0, next.0), d5 = sk_next16(d.1, next.1)
            store(fma(d.2, minusFiveHalves, d.0 + d4), q)
            let e1 = fma(d.2, minusTwo, d4), o1 = fma(d.1, minusTwo, d.3) * a
            store(e1 + o1, q + outStep)
            store(e1 - o1, q + 2 * outStep)
            let e2 = fma(d.2, minusHalf, d4), o2 = fma(d.1, minusHalf, d.3) * b
            store(e2 + o2, q + 3 * outStep)
            store(e2 - o2, q + 4 * outStep)
            store(fma(d.3, minusFiveHalves, d.1 + d5), q + 5 * outStep)
            d = next
            q += 16
            tile += 16
        }
    }
}
