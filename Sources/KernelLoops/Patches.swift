import CKernels

// The steps of non-local means for a displacement: squared differences summed over the rows of patches, then over their planes, and the weights of a row; then what the weights of several displacements add.

/// Column by column of vectors, so that every difference is taken once and what the next sums need of it stays at hand.
@inline(__always)
func differenceSums(_ r: SKDifferenceSums) {
    let rows = Int(r.rows), side = Int(r.side), stride = Int(r.stride)
    var i = 0
    while i < Int(r.count) {
        let a = r.a + i, b = r.b + i
        var out = r.out + i
        @inline(__always) func squared(_ j: Int) -> V16 {
            let d = load16(a + j &* stride) - load16(b + j &* stride)
            return d * d
        }
        if side == 3 {
            var first = squared(0), second = squared(1), j = 0
            while j < rows {
                let third = squared(j &+ 2)
                store(first + second + third, out)
                (first, second) = (second, third)
                out += Int(r.outStride)
                j &+= 1
            }
        } else {
            var j = 0, place = 0
            while j < rows &+ side &- 1 {
                store(squared(j), r.ring + 16 &* place)
                place = place &+ 1 == side ? 0 : place &+ 1
                j &+= 1
                if j < side { continue }
                var sum = load16(r.ring), t = 1
                while t < side {
                    sum += load16(r.ring + 16 &* t)
                    t &+= 1
                }
                store(sum, out)
                out += Int(r.outStride)
            }
        }
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
    let sets = Int(r.sets)
    var i = 0
    while i < Int(r.count) {
        var sum = load16(r.sum + i), weight = load16(r.weight + i), greatest = load16(r.greatest + i)
        var s = 0
        while s < sets {
            let w = load16(r.weights[s] + i), v = load16(r.values[s] + i)
            sum = fma(r.square != 0 ? v * v : v, w, sum)
            weight += w
            greatest = sk_greatest16(w, greatest)
            s &+= 1
        }
        store(sum, r.sum + i)
        store(weight, r.weight + i)
        store(greatest, r.greatest + i)
        i &+= 16
    }
}
