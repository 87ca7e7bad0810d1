import CKernels

// The two ends of a convolution: lines of values on their way into a kernel's buffer, with the pointwise step that precedes the
// convolution, and out of it, with those that follow. What would each be a pass over the whole tensor happens here while a line is in the cache.

/// The factor of each lane: `keep`, or 0 where the hash of its index is below `threshold`.
@inline(__always)
func dropoutFactor(_ key: UInt32, _ key2: UInt32, _ threshold: UInt32, _ keep: Float, _ place: Int64) -> V16 {
    let lanes = SIMD16<UInt32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    // Every value of a tensor is hashed up to seven times in a step, so one round has to do.
    let h = mix((lanes &+ UInt32(truncatingIfNeeded: place)) ^ key, key2 &+ UInt32(truncatingIfNeeded: place >> 32))
    return V16(repeating: keep).replacing(with: 0, where: h .< SIMD16<UInt32>(repeating: threshold))
}

/// The finaliser of MurmurHash3 (Appleby), a bijection of 32-bit words, with a second key between its two multiplications.
@inline(__always)
func mix(_ x: SIMD16<UInt32>, _ key: UInt32) -> SIMD16<UInt32> {
    var h = x
    h = (h ^ (h &>> 16)) &* 0x85EB_CA6B
    h = ((h ^ (h &>> 13)) &+ key) &* 0xC2B2_AE35
    return h ^ (h &>> 16)
}

/// out = dropout(max(0, in · scale + shift)); each part only where it is given.
@inline(__always)
func loadLine(_ r: SKLine) {
    let count = Int(r.count)
    var i = 0
    if r.half != 0 {
        let scale = r.scale.map { load16($0) } ?? V16(repeating: 1), shift = r.shift.map { load16($0) } ?? V16()
        while i < count {
            var v = fma(loadHalf16(r.in, i), scale, shift)
            if r.relu != 0 { v = positive(v) }
            if r.keep != 0 { v *= dropoutFactor(r.key, r.key2, r.threshold, r.keep, r.index + Int64(i)) }
            store(v, r.out + i)
            i += 16
        }
        return
    }
    guard let p = r.scale, let q = r.shift else {
        while i < count {
            var v = load16(r.in + i)
            if r.relu != 0 { v = positive(v) }
            if r.keep != 0 { v *= dropoutFactor(r.key, r.key2, r.threshold, r.keep, r.index + Int64(i)) }
            store(v, r.out + i)
            i += 16
        }
        return
    }
    let scale = load16(p), shift = load16(q)
    if r.relu != 0, r.keep == 0 {
        // The usual case: a normalisation and its ReLU.
        while i < count {
            store(positive(fma(load16(r.in + i), scale, shift)), r.out + i)
            i += 16
        }
        return
    }
    while i < count {
        var v = fma(load16(r.in + i), scale, shift)
        if r.relu != 0 { v = positive(v) }
        if r.keep != 0 { v *= dropoutFactor(r.key, r.key2, r.threshold, r.keep, r.index + Int64(i)) }
        store(v, r.out + i)
        i += 16
    }
}

/// out = dropout(max(0, (in + bias) · scale + shift)), or out plus that; and the sums of what is stored or added.
@inline(__always)
func storeLine(_ r: SKLine) {
    let count = Int(r.count)
    var bias = V16()
    if let p = r.bias { for lane in 0..<16 { bias[lane] = p[lane & Int(r.width - 1)] } }
    let scale = r.scale.map { load16($0) } ?? V16(repeating: 1)
    let shift = r.shift.map { load16($0) } ?? V16()
    var l1 = SIMD8<Double>(), h1 = SIMD8<Double>(), l2 = SIMD8<Double>(), h2 = SIMD8<Double>()
    let summed = r.sums != nil
    var i = 0
    while i < count {
        var v = fma(load16(r.in + i) + bias, scale, shift)
        if r.relu != 0 { v = positive(v) }
        if r.keep != 0 { v *= dropoutFactor(r.key, r.key2, r.threshold, r.keep, r.index + Int64(i)) }
        if r.half != 0 {
            // Sums are of what is read again.
            let bits = sk_to_half16(v), whole = min(16, count - i)
            v = sk_from_half16(bits)
            let out = UnsafeMutableRawPointer(r.out) + 2 * i
            if whole == 16 {
                out.storeBytes(of: bits, as: SIMD16<UInt16>.self)
            } else {
                for lane in 0..<16 {
                    if lane < whole { out.storeBytes(of: bits[lane], toByteOffset: 2 * lane, as: UInt16.self) } else { v[lane] = 0 }
                }
            }
        } else if i + 16 <= count {
            store(r.accumulate != 0 ? load16(r.out + i) + v : v, r.out + i)
        } else {
            // The rest of the vector belongs to the next line, which another thread may be writing.
            for lane in 0..<16 {
                if i + lane < count {
                    r.out[i + lane] = r.accumulate != 0 ? r.out[i + lane] + v[lane] : v[lane]
                } else {
                    v[lane] = 0
                }
            }
        }
        if summed {
            let l = sk_doubles8(v.lowHalf), h = sk_doubles8(v.highHalf)
            l1 += l
            h1 += h
            l2 += l * l
            h2 += h * h
        }
        i += 16
    }
    guard let sums = r.sums else { return }
    addTo(sums, 0, l1, h1)
    addTo(sums, 1, l2, h2)
}

/// out = g or out + g, with g = dropout(in), or 0 where relu is set and value · scale + shift ≤ 0; and the sums of g and g · (value − centre).
@inline(__always)
func storeGradient(_ r: SKLine) {
    let count = Int(r.count)
    let scale = r.scale.map { load16($0) } ?? V16(repeating: 1)
    let shift = r.shift.map { load16($0) } ?? V16()
    let centre = r.centre.map { load16($0) } ?? V16()
    let values = r.values ?? r.in
    var l1 = SIMD8<Double>(), h1 = SIMD8<Double>(), l2 = SIMD8<Double>(), h2 = SIMD8<Double>()
    let summed = r.sums != nil
    let lanes = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    var i = 0
    while i < count {
        var g = load16(r.in + i), x = r.half != 0 ? loadHalf16(values, i) : load16(values + i)
        if r.keep != 0 { g *= dropoutFactor(r.key, r.key2, r.threshold, r.keep, r.index + Int64(i)) }
        if r.relu != 0 { g = g.replacing(with: 0, where: fma(x, scale, shift) .<= 0) }
        if i + 16 <= count {
            store(r.accumulate != 0 ? load16(r.out + i) + g : g, r.out + i)
        } else {
            // The rest of the vector belongs to the next line, which another thread may be writing.
            let beyond = lanes .>= Int32(truncatingIfNeeded: count - i)
            g.replace(with: 0, where: beyond)
            x.replace(with: 0, where: beyond)
            for lane in 0..<count - i { r.out[i + lane] = r.accumulate != 0 ? r.out[i + lane] + g[lane] : g[lane] }
        }
        if summed {
            let d = x - centre
            let gl = sk_doubles8(g.lowHalf), gh = sk_doubles8(g.highHalf)
            l1 += gl
            h1 += gh
            l2 += gl * sk_doubles8(d.lowHalf)
            h2 += gh * sk_doubles8(d.highHalf)
        }
        i += 16
    }
    guard let sums = r.sums else { return }
    addTo(sums, 0, l1, h1)
    addTo(sums, 1, l2, h2)
}
