import CKernels

// Passes over all voxels of an image. Doubles throughout, without fused operations, so that results are one on every processor.

@inline(__always)
func moments(_ r: inout SKMoments) {
    let p = r.in, n = Int(r.count)
    let pivot = D8(repeating: r.pivot)
    // Two sums at once: one would wait for its own addition each time.
    var sumA = D8.zero, sumB = D8.zero, squaresA = D8.zero, squaresB = D8.zero
    var i = 0
    while i &+ 16 <= n {
        let a = sk_widen8(load8(p + i)) - pivot, b = sk_widen8(load8(p + i + 8)) - pivot
        sumA += a
        sumB += b
        squaresA += a * a
        squaresB += b * b
        i &+= 16
    }
    let sums = sumA + sumB, squares = squaresA + squaresB
    var sum = 0.0, square = 0.0
    for lane in 0..<8 {
        sum += sums[lane]
        square += squares[lane]
    }
    while i < n {
        let d = Double(p[i]) - r.pivot
        sum += d
        square += d * d
        i &+= 1
    }
    (r.sum, r.squares) = (sum, square)
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
