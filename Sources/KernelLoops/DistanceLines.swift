import CKernels

// One axis of an exact squared distance transform, 16 neighbouring lines at once.
//
// The site that is nearest to a position never moves back as the position moves on (Felzenszwalb and Huttenlocher 2012 draw the same fact as a lower
// envelope of parabolas). So the middle position's nearest site bounds those of both halves, and halving again and again looks at about
// n·log₂ n sites a line, with no branch that depends on a lane.

@inline(__always)
func distanceLines(_ r: SKDistanceLines) {
    let n = Int(r.outputs), last = Int(r.sites) - 1
    if n <= 0 { return }
    guard last >= 0, seek(r, 0, 0, last) else {
        let nothing = V16(repeating: .infinity)
        for p in 0..<n { store(nothing, r.out + p * Int(r.stride)) }
        return
    }
    var step = 1
    while step < n { step *= 2 }
    while step > 1 {
        let half = step / 2
        var p = half
        while p < n {
            let low = Int(r.nearest[2 * (p - half)])
            let high = p + half < n ? Int(r.nearest[2 * (p + half) + 1]) : last
            // Nothing lies between the positions of the last round, so nobody asks where their nearest sites are.
            if half > 1 { _ = seek(r, p, low, high) } else { settle(r, p, low, high) }
            p += step
        }
        step = half
    }
}

/// Sets position `p` and keeps the least and the greatest of its lanes' nearest sites; false where no lane has any.
@inline(__always)
private func seek(_ r: SKDistanceLines, _ p: Int, _ low: Int, _ high: Int) -> Bool {
    let squares = r.squares + (Int(r.first) - p), one = V16(repeating: 1)
    var best = V16(repeating: .infinity), site = V16(repeating: -1), index = V16(repeating: Float(low))
    var q = low
    while q <= high {
        let value = load16(r.in + q * 16) + V16(repeating: squares[q])
        site = site.replacing(with: index, where: value .< best)
        best = sk_min16(best, value)
        index += one
        q += 1
    }
    put(best, r, p)
    let without = site .< 0
    let least = lanesLeast(site.replacing(with: .infinity, where: without))
    if least == .infinity {
        r.nearest[2 * p] = Int32(low)
        r.nearest[2 * p + 1] = Int32(high)
        return false
    }
    r.nearest[2 * p] = Int32(least)
    // A lane without any site has -1, which is no greatest.
    r.nearest[2 * p + 1] = Int32(-lanesLeast(-site))
    return true
}

@inline(__always)
private func settle(_ r: SKDistanceLines, _ p: Int, _ low: Int, _ high: Int) {
    let squares = r.squares + (Int(r.first) - p)
    var best = load16(r.in + low * 16) + V16(repeating: squares[low])
    var q = low + 1
    while q <= high {
        best = sk_min16(best, load16(r.in + q * 16) + V16(repeating: squares[q]))
        q += 1
    }
    put(best, r, p)
}

@inline(__always)
private func put(_ squares: V16, _ r: SKDistanceLines, _ p: Int) {
    store(r.root != 0 ? sk_root16(squares) : squares, r.out + p * Int(r.stride))
}

@inline(__always)
private func lanesLeast(_ v: V16) -> Float {
    var m = sk_min16(v, sk_swap8(v))
    m = sk_min16(m, sk_swap4(m))
    m = sk_min16(m, sk_swap2(m))
    return sk_min16(m, sk_swap1(m))[0]
}
