import CKernels

// The gradient of the weights from a single input channel: Winograd's F(2, 3) along y and z, direct along x, so that two times 24 sums stay in registers while
// all gradients of some lines go over them.

/// The sums of one point along y and z: those of the three taps along x.
private typealias Taps = (V16, V16, V16)

@inline(__always) private func load(_ p: Out) -> Taps { (load16(p), load16(p + 16), load16(p + 32)) }

@inline(__always)
private func store(_ taps: Taps, _ p: Out) {
    store(taps.0, p)
    store(taps.1, p + 16)
    store(taps.2, p + 32)
}

@inline(__always)
private func add(_ gradient: V16, _ p: In, _ sum: inout Taps) {
    sum.0 = fma(gradient, V16(repeating: p[0]), sum.0)
    sum.1 = fma(gradient, V16(repeating: p[1]), sum.1)
    sum.2 = fma(gradient, V16(repeating: p[2]), sum.2)
}

/// The outer points along z or, with `mixed`, the inner ones, which read the sum and the difference of the two planes. `mixed` is a constant wherever
/// this is inlined.
@inline(__always)
private func points(_ r: SKSingleSums, mixed: Bool) {
    let first = mixed ? 1 : 0, second = mixed ? 2 : 3
    let sumA = r.sum + first * 192, sumB = r.sum + second * 192
    var a0 = load(sumA), a1 = load(sumA + 48), a2 = load(sumA + 96), a3 = load(sumA + 144)
    var b0 = load(sumB), b1 = load(sumB + 48), b2 = load(sumB + 96), b3 = load(sumB + 144)
    var v = 0
    while v < Int(r.count) {
        let p = r.in + first * 384 + v, q = r.in + second * 384 + v
        let g00 = load16(r.gradient00 + 16 * v), g01 = load16(r.gradient01 + 16 * v)
        let g10 = load16(r.gradient10 + 16 * v), g11 = load16(r.gradient11 + 16 * v)
        let u0 = mixed ? g00 + g10 : g00, u1 = mixed ? g01 + g11 : g01
        add(u0, p, &a0)
        add(u0 + u1, p + 96, &a1)
        add(u0 - u1, p + 192, &a2)
        add(u1, p + 288, &a3)
        let w0 = mixed ? g00 - g10 : g10, w1 = mixed ? g01 - g11 : g11
        add(w0, q, &b0)
        add(w0 + w1, q + 96, &b1)
        add(w0 - w1, q + 192, &b2)
        add(w1, q + 288, &b3)
        v += 1
    }
    store(a0, sumA)
    store(a1, sumA + 48)
    store(a2, sumA + 96)
    store(a3, sumA + 144)
    store(b0, sumB)
    store(b1, sumB + 48)
    store(b2, sumB + 96)
    store(b3, sumB + 144)
}

func singleSums(_ r: SKSingleSums) {
    points(r, mixed: false)
    points(r, mixed: true)
}
