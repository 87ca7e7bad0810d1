import CKernels

// Each weight is read and written once a step, with all that belongs to it. Counts are multiples of 16.

/// Moves the average of weights towards the new value.
@inline(__always)
private func follow(_ r: SKUpdate, _ i: Int, _ value: V16) {
    guard let average = r.average else { return }
    store(fma(V16(repeating: r.keep), load16(average + i), value * (1 - r.keep)), average + i)
}

/// Adam, and with `shrink` below 1 AdamW.
@inline(__always)
func adam(_ r: SKUpdate) {
    let b1 = V16(repeating: r.beta1), c1 = V16(repeating: 1 - r.beta1)
    let b2 = V16(repeating: r.beta2), c2 = V16(repeating: 1 - r.beta2)
    let rate = V16(repeating: -r.rate), correction = V16(repeating: r.correction), epsilon = V16(repeating: r.epsilon)
    var i = 0
    while i < Int(r.count) {
        let g = load16(r.gradient + i) * r.scale
        let m = fma(b1, load16(r.first + i), c1 * g)
        let v = fma(b2, load16(r.second + i), c2 * g * g)
        store(m, r.first + i)
        store(v, r.second + i)
        let value = fma(rate, m / fma(v.squareRoot(), correction, epsilon), load16(r.values + i) * r.shrink)
        store(value, r.values + i)
        follow(r, i, value)
        i += 16
    }
}

/// Gradient descent with momentum (`beta1`), Nesterov's or plain, and decay as a part of the gradient.
@inline(__always)
func sgd(_ r: SKUpdate) {
    let momentum = V16(repeating: r.beta1), rate = V16(repeating: -r.rate), decay = V16(repeating: r.decay)
    var i = 0
    while i < Int(r.count) {
        let old = load16(r.values + i)
        let g = fma(decay, old, load16(r.gradient + i) * r.scale)
        let m = fma(momentum, load16(r.first + i), g)
        store(m, r.first + i)
        let value = fma(rate, r.nesterov != 0 ? fma(momentum, m, g) : m, old)
        store(value, r.values + i)
        follow(r, i, value)
        i += 16
    }
}

/// Row: a². In double precision no square of a float overflows, so that the sum is finite where all values are.
@inline(__always)
func squares(_ r: SKFlat) {
    guard let a = r.a, let out = r.sums else { return }
    var l = D8(), h = D8()
    var i = 0
    let count = Int(r.count)
    while i < count {
        let v = loadWithin(a, i, count)
        let x = low(v), y = high(v)
        l += x * x
        h += y * y
        i += 16
    }
    addTo(out, 0, l, h)
}
