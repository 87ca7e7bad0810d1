import CKernels

// Passes over all voxels of an image. Doubles throughout, without fused operations, so that results are one on every processor.

@inline(__always)
func moments(_ r: SKMoments) {
    let p = r.in, n = Int(r.count), whole = n & ~15, pivot = D8(repeating: r.pivot)
    let rows = UnsafeMutableRawPointer(r.sums), line = 8 * MemoryLayout<Double>.stride
    // Two sums at once: one would wait for its own addition each time.
    var sumsA = rows.loadUnaligned(as: D8.self), sumsB = rows.loadUnaligned(fromByteOffset: line, as: D8.self)
    var squaresA = rows.loadUnaligned(fromByteOffset: 2 * line, as: D8.self), squaresB = rows.loadUnaligned(fromByteOffset: 3 * line, as: D8.self)
    var i = 0
    while i < whole {
        let a = sk_widen8(load8(p + i)) - pivot, b = sk_widen8(load8(p + i + 8)) - pivot
        sumsA += a
        sumsB += b
        squaresA += a * a
        squaresB += b * b
        i &+= 16
    }
    rows.storeBytes(of: sumsA, as: D8.self)
    rows.storeBytes(of: sumsB, toByteOffset: line, as: D8.self)
    rows.storeBytes(of: squaresA, toByteOffset: 2 * line, as: D8.self)
    rows.storeBytes(of: squaresB, toByteOffset: 3 * line, as: D8.self)
    while i < n {
        let d = Double(p[i]) - r.pivot
        r.sums[i &- whole] += d
        r.sums[16 &+ i &- whole] += d * d
        i &+= 1
    }
}

@inline(__always)
func extent(_ r: inout SKExtent) {
    let p = r.in, n = Int(r.count)
    var low = V16(repeating: .infinity), high = V16(repeating: -.infinity), check = V16.zero
    var i = 0
    while i &+ 16 <= n {
        let v = load16(p + i)
        low = sk_least16(v, low)
        high = sk_greatest16(v, high)
        // 0, unless a value is not finite.
        check += v * 0
        i &+= 16
    }
    (r.low, r.high, r.check) = (.infinity, -.infinity, 0)
    for lane in 0..<16 {
        if low[lane] < r.low { r.low = low[lane] }
        if high[lane] > r.high { r.high = high[lane] }
        r.check += check[lane]
    }
    while i < n {
        let v = p[i]
        if v < r.low { r.low = v }
        if v > r.high { r.high = v }
        r.check += v * 0
        i &+= 1
    }
}

@inline(__always)
func stretch(_ r: SKStretch) {
    let pivot = D8(repeating: r.pivot), scale = D8(repeating: r.scale), offset = D8(repeating: r.offset)
    let low = V16(repeating: r.low), high = V16(repeating: r.high)
    @inline(__always) func one(_ v: Float) -> Float {
        let x = Float((Double(v) - r.pivot) * r.scale + r.offset)
        return x < r.low ? r.low : x > r.high ? r.high : x
    }
    let p = r.in, out = r.out, n = Int(r.count)
    // Streaming stores need whole lines of 64 bytes.
    var i = 0
    while i < n, UInt(bitPattern: out + i) & 63 != 0 {
        out[i] = one(p[i])
        i &+= 1
    }
    while i &+ 16 <= n {
        let a = sk_narrow8((sk_widen8(load8(p + i)) - pivot) * scale + offset)
        let b = sk_narrow8((sk_widen8(load8(p + i + 8)) - pivot) * scale + offset)
        let v = V16(lowHalf: a, highHalf: b)
        sk_stream16(out + i, sk_greatest16(low, sk_least16(high, v)))
        i &+= 16
    }
    while i < n {
        out[i] = one(p[i])
        i &+= 1
    }
}

@inline(__always)
func binCounts(_ r: SKBinCounts) {
    let lowest = D8(repeating: r.low), highest = D8(repeating: r.high), width = D8(repeating: r.width), scale = D8(repeating: r.scale)
    let one = D8(repeating: 1), two = D8(repeating: 2), last = D8(repeating: Double(r.bins) + 1), none = D8(repeating: -.infinity)
    let p = r.in, n = Int(r.count), counts = r.counts, stride = Int(r.stride)
    // Places from 2 on are bins; 0 and 1 are for what lies outside, and for NaN. Neighbours are often of one bin: each lane of four has counts
    // of its own, or one would wait for another.
    @inline(__always) func count(_ values: V8) {
        let v = sk_upto8(sk_widen8(values), highest, none)
        let place = sk_doublesOf8(sk_whole8(sk_least8(sk_greatest8((v - lowest) * scale + two, one), last)))
        // A product's rounding may be one off: the borders decide.
        let decided = sk_whole8(sk_least8(sk_moved8(place, v, lowest + width * (place - two), lowest + width * (place - one)), last))
        for lane in 0..<8 { counts[(lane & 3) &* stride &+ Int(decided[lane])] &+= 1 }
    }
    var i = 0
    while i &+ 8 <= n {
        count(load8(p + i))
        i &+= 8
    }
    if i < n {
        var rest = V8(repeating: .nan)
        for lane in 0..<n - i { rest[lane] = p[i + lane] }
        count(rest)
    }
}
