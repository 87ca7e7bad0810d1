import CKernels

// The steps of non-local means for a displacement: squared differences, sums of rows across patches, and the weights of a row; then what the weights add.

@inline(__always)
func squaredDifferences(_ r: SKSquaredDifferences) {
    var i = 0
    while i < Int(r.count) {
        let d = load16(r.a + i) - load16(r.b + i)
        store(d * d, r.out + i)
        i &+= 16
    }
}

/// Four vectors at a time, as far as they go: their sums do not wait for each other.
@inline(__always)
func rowSum(_ r: SKRowSum) {
    let n = Int(r.count), rows = Int(r.rows)
    var i = 0
    while i &+ 64 <= n {
        var p = r.in[0] + i
        var a = load16(p), b = load16(p + 16), c = load16(p + 32), d = load16(p + 48)
        var t = 1
        while t < rows {
            p = r.in[t] + i
            a += load16(p)
            b += load16(p + 16)
            c += load16(p + 32)
            d += load16(p + 48)
            t &+= 1
        }
        let q = r.out + i
        store(a, q)
        store(b, q + 16)
        store(c, q + 32)
        store(d, q + 48)
        i &+= 64
    }
    while i < n {
        var sum = load16(r.in[0] + i)
        var t = 1
        while t < rows {
            sum += load16(r.in[t] + i)
            t &+= 1
        }
        store(sum, r.out + i)
        i &+= 16
    }
}

@inline(__always)
func patchWeights(_ r: SKPatchWeights) {
    let n = Int(r.count), last = 2 * Int(r.radius)
    let scale = V16(repeating: -r.scale), least = V16(repeating: -87)
    // exp(−87) is 1e-38: as good as no weight.
    @inline(__always) func weight(_ sum: V16) -> V16 { exponential(sk_greatest16(sum * scale, least)) }
    var i = 0
    while i &+ 32 <= n {
        var a = load16(r.in + i), b = load16(r.in + i + 16)
        var t = 1
        while t <= last {
            let p = r.in + i + t
            a += load16(p)
            b += load16(p + 16)
            t &+= 1
        }
        store(weight(a), r.out + i)
        store(weight(b), r.out + i + 16)
        i &+= 32
    }
    while i < n {
        var sum = load16(r.in + i)
        var t = 1
        while t <= last {
            sum += load16(r.in + i + t)
            t &+= 1
        }
        store(weight(sum), r.out + i)
        i &+= 16
    }
}

@inline(__always)
func weighted(_ r: SKWeighted) {
    var i = 0
    while i < Int(r.count) {
        let w = load16(r.weights + i), v = load16(r.value + i)
        store(fma(r.square != 0 ? v * v : v, w, load16(r.sum + i)), r.sum + i)
        store(load16(r.weight + i) + w, r.weight + i)
        store(sk_greatest16(w, load16(r.greatest + i)), r.greatest + i)
        i &+= 16
    }
}
