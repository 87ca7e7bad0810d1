import CKernels

// Sums and products of tensors, and products whose factor is one value a channel or one value a voxel. What works on a part of a tensor that need
// not end at a multiple of 16 writes the count exactly: the next float may be another thread's.

@inline(__always)
func plus(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    var i = 0
    while i < Int(r.count) {
        var v = load16(a + i) + load16(b + i)
        if r.flag != 0 { v = positive(v) }
        store(v, r.out + i)
        i += 16
    }
}

@inline(__always)
func product(_ r: SKFlat) {
    let a = operand(r.a), b = operand(r.b)
    var i = 0
    while i < Int(r.count) {
        let v = load16(a + i) * load16(b + i)
        store(r.accumulate != 0 ? load16(r.out + i) + v : v, r.out + i)
        i += 16
    }
}

/// Stores a vector at i, or the part of it that lies before the count.
@inline(__always)
func putExactly(_ v: V16, _ r: SKFlat, _ i: Int) {
    if i + 16 <= Int(r.count) {
        store(r.accumulate != 0 ? load16(r.out + i) + v : v, r.out + i)
    } else {
        for lane in 0..<Int(r.count) - i { r.out[i + lane] = r.accumulate != 0 ? r.out[i + lane] + v[lane] : v[lane] }
    }
}

/// A vector at i, lanes at or beyond `count` zero, without reading them.
@inline(__always)
func loadExactly(_ p: In, _ i: Int, _ count: Int) -> V16 {
    if i + 16 <= count { return load16(p + i) }
    var v = V16()
    for lane in 0..<count - i { v[lane] = p[i + lane] }
    return v
}

/// out = a · p0.
@inline(__always)
func scaled(_ r: SKFlat) {
    let a = operand(r.a), scale = load16(operand(r.p))
    var i = 0
    while i < Int(r.count) {
        putExactly(loadExactly(a, i, Int(r.count)) * scale, r, i)
        i += 16
    }
}

/// out = p0.
@inline(__always)
func filled(_ r: SKFlat) {
    let value = load16(operand(r.p))
    var i = 0
    while i < Int(r.count) {
        putExactly(value, r, i)
        i += 16
    }
}

@inline(__always)
private func gated(_ r: SKFlat, _ part: Int32) {
    let a = operand(r.a), b = operand(r.b), width = Int(r.flag)
    for v in 0..<Int(r.count) {
        let factor = b[v]
        var lane = v * width
        let end = lane + width
        while lane < end {
            let y = loadPart(a + lane, part) * factor
            storePart(r.accumulate != 0 ? loadPart(UnsafePointer(r.out) + lane, part) + y : y, r.out + lane, part)
            lane += 8
        }
    }
}

@inline(__always) func gated(_ r: SKFlat) { if r.flag >= 8 { gated(r, 8) } else { gated(r, r.flag) } }

@inline(__always)
private func gateDots(_ r: SKFlat, _ part: Int32) {
    let a = operand(r.a), b = operand(r.b), width = Int(r.flag)
    for v in 0..<Int(r.count) {
        var lane = v * width
        let end = lane + width
        var sum = V8()
        while lane < end {
            sum = fma(loadPart(a + lane, part), loadPart(b + lane, part), sum)
            lane += 8
        }
        let total = sum.sum()
        r.out[v] = r.accumulate != 0 ? r.out[v] + total : total
    }
}

@inline(__always) func gateDots(_ r: SKFlat) { if r.flag >= 8 { gateDots(r, 8) } else { gateDots(r, r.flag) } }

/// Row: a · b, in double precision.
@inline(__always)
func productSums(_ r: SKFlat) {
    guard let a = r.a, let b = r.b, let out = r.sums else { return }
    var l = SIMD8<Double>(), h = SIMD8<Double>()
    var i = 0
    while i < Int(r.count) {
        let x = loadExactly(a, i, Int(r.count)), y = loadExactly(b, i, Int(r.count))
        l += sk_doubles8(x.lowHalf) * sk_doubles8(y.lowHalf)
        h += sk_doubles8(x.highHalf) * sk_doubles8(y.highHalf)
        i += 16
    }
    for lane in 0..<8 {
        out[lane] += l[lane]
        out[lane + 8] += h[lane]
    }
}
