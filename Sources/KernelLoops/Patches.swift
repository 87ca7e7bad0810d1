import CKernels

// The three steps of non-local means for one candidate displacement: squared differences summed along rows, rows summed across, and the
// candidate's weight.

@inline(__always)
func patchRow(_ r: SKPatchRow) {
    let n = Int(r.count), radius = Int(r.radius)
    var i = 0
    while i < n + 2 * radius {
        let d = load16(r.a - radius + i) - load16(r.b - radius + i)
        store(d * d, r.scratch + i)
        i &+= 16
    }
    i = 0
    while i < n {
        var sum = load16(r.scratch + i)
        var t = 1
        while t <= 2 * radius {
            sum += load16(r.scratch + i + t)
            t &+= 1
        }
        store(sum, r.out + i)
        i &+= 16
    }
}

@inline(__always)
private func sumOfRows(_ rows: UnsafePointer<UnsafePointer<Float>>, _ count: Int, _ i: Int) -> V16 {
    var sum = load16(rows[0] + i)
    var t = 1
    while t < count {
        sum += load16(rows[t] + i)
        t &+= 1
    }
    return sum
}

@inline(__always)
func rowSum(_ r: SKRowSum) {
    var i = 0
    while i < Int(r.count) {
        store(sumOfRows(r.in, Int(r.rows), i), r.out + i)
        i &+= 16
    }
}

@inline(__always)
func candidate(_ r: SKCandidate) {
    let scale = V16(repeating: -r.scale), least = V16(repeating: -87)
    var i = 0
    while i < Int(r.count) {
        // exp(−87) is 1e-38: as good as no weight.
        let w = exponential(sk_greatest16(sumOfRows(r.in, Int(r.rows), i) * scale, least))
        let v = load16(r.value + i)
        store(fma(r.square != 0 ? v * v : v, w, load16(r.sum + i)), r.sum + i)
        store(load16(r.weight + i) + w, r.weight + i)
        store(sk_greatest16(w, load16(r.greatest + i)), r.greatest + i)
        i &+= 16
    }
}
