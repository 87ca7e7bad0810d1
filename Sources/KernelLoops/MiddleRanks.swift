import CKernels

/// The place of the bit that `below` bits of a set are below. Eight words at a time: their counts do not wait for each other.
@inline(__always)
private func place(_ set: UnsafePointer<UInt64>, below: Int) -> Int32 {
    var left = below, w = 0
    while true {
        @inline(__always) func bits(_ n: Int) -> Int { set[w &+ n].nonzeroBitCount }
        let low = (bits(0) &+ bits(1)) &+ (bits(2) &+ bits(3)), high = (bits(4) &+ bits(5)) &+ (bits(6) &+ bits(7))
        if left < low &+ high { break }
        left &-= low &+ high
        w &+= 8
    }
    while true {
        let bits = set[w].nonzeroBitCount
        if left < bits { break }
        left &-= bits
        w &+= 1
    }
    var word = set[w]
    while left > 0 {
        word &= word &- 1
        left &-= 1
    }
    return Int32(truncatingIfNeeded: w &* 64 &+ word.trailingZeroBitCount)
}

/// Ranks in the middle of windows along a row: the window's set gains one cross-section and loses another at each step.
@inline(__always)
func middleRanks(_ r: SKMiddleRanks) {
    let words = Int(r.words), width = Int(r.width), window = r.window
    var w = 0
    while w < words {
        window[w] = r.sets[w]
        w &+= 1
    }
    // The cross-sections are disjoint, and there is an odd number of them.
    var t = 1
    while t < width {
        let a = r.sets + t &* words, b = a + words
        w = 0
        while w < words {
            window[w] |= a[w] | b[w]
            w &+= 1
        }
        t &+= 2
    }
    r.out[0] = place(window, below: Int(r.below))
    var x = 1
    while x < Int(r.count) {
        let gone = r.sets + (x &- 1) &* words, come = gone + width &* words
        w = 0
        while w < words {
            window[w] ^= gone[w] ^ come[w]
            w &+= 1
        }
        r.out[x] = place(window, below: Int(r.below))
        x &+= 1
    }
}
