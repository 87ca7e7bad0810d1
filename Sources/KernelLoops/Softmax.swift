import CKernels

// Softmax over channels. The lanes of a voxel are neighbours within a vector: 16 / width voxels at once, each reduced by exchanging lanes at distances
// 8, 4, 2, 1 as far as they are its own; then every lane of a voxel has the voxel's maximum or sum.

@inline(__always)
private func maximum(_ v: V16, _ width: Int32) -> V16 {
    var m = v
    if width > 8 { m = sk_max16(m, sk_swap8(m)) }
    if width > 4 { m = sk_max16(m, sk_swap4(m)) }
    if width > 2 { m = sk_max16(m, sk_swap2(m)) }
    if width > 1 { m = sk_max16(m, sk_swap1(m)) }
    return m
}

@inline(__always)
private func sum(_ v: V16, _ width: Int32) -> V16 {
    var s = v
    if width > 8 { s += sk_swap8(s) }
    if width > 4 { s += sk_swap4(s) }
    if width > 2 { s += sk_swap2(s) }
    if width > 1 { s += sk_swap1(s) }
    return s
}

/// exp(x) for x ≤ 0; 0 below −87.
@inline(__always)
private func decay(_ x: V16) -> V16 {
    let low = x .< -87
    return exponential(x.replacing(with: -87, where: low)).replacing(with: 0, where: low)
}

/// Where all channels of a voxel are in one block.
@inline(__always)
func softmaxWithin(_ r: SKSoftmax) {
    let padding = sk_padding16(r.width, r.last), width = r.width
    let floats = Int(r.voxels) * Int(width)
    var i = 0
    while i < floats {
        let x = load16(r.a + i) + padding
        let e = decay(x - maximum(x, width))
        store(e / sum(e, width), r.out + i)
        i += 16
    }
}

/// Over several blocks of 16 lanes.
@inline(__always)
func softmaxAcross(_ r: SKSoftmax) {
    let padding = sk_padding16(16, r.last)
    let floats = Int(r.voxels) * 16, last = (Int(r.blocks) - 1) * Int(r.blockStep), step = Int(r.blockStep)
    var i = 0
    while i < floats {
        var m = load16(r.a + last + i) + padding
        var at = 0
        while at < last {
            m = sk_max16(m, load16(r.a + at + i))
            at += step
        }
        m = maximum(m, 16)
        var total = V16()
        at = 0
        while at <= last {
            var x = load16(r.a + at + i)
            if at == last { x += padding }
            let e = decay(x - m)
            store(e, r.out + at + i)
            total += e
            at += step
        }
        let share = 1 / sum(total, 16)
        at = 0
        while at <= last {
            store(load16(r.out + at + i) * share, r.out + at + i)
            at += step
        }
        i += 16
    }
}

/// out = y · (g − Σ g · y), the sum over a voxel's channels; of u = g · y, u − y · Σ u.
@inline(__always)
func softmaxGradient(_ r: SKSoftmax) {
    guard let b = r.b else { return }
    let floats = Int(r.voxels) * Int(r.width), last = (Int(r.blocks) - 1) * Int(r.blockStep), step = Int(r.blockStep)
    var i = 0
    while i < floats {
        var products = V16()
        var at = 0
        while at <= last {
            let a = load16(r.a + at + i)
            products = r.products != 0 ? products + a : fma(a, load16(b + at + i), products)
            at += step
        }
        let total = sum(products, r.width)
        at = 0
        while at <= last {
            let a = load16(r.a + at + i), y = load16(b + at + i)
            let v = r.products != 0 ? a - y * total : y * (a - total)
            store(r.accumulate != 0 ? load16(r.out + at + i) + v : v, r.out + at + i)
            at += step
        }
        i += 16
    }
}
