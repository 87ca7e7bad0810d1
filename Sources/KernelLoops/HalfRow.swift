// Written by scripts/make-kernels.py.
import CKernels

#if arch(x86_64)

private typealias Call = UnsafePointer<SKConvRow>

/// `n` neighbouring outputs from `first` on. `n` and `step` are constants wherever this is inlined, so that sums which are not used vanish
/// and addresses are known.
@inline(__always)
private func tile(_ n: Int, _ step: Int, _ call: Call, _ first: Int) {
    let r = call.pointee
    let outStep = Int(r.outStep), length = Int(r.length), groups = Int(r.groups), skip = Int(r.weightSkip)
    let source = r.source + first * step
    let out = r.out + first * outStep
    var start = V16()
    if r.accumulate == 0, let bias = r.bias { start = load16(bias) }
    var s0 = start, s1 = start, s2 = start, s3 = start
    var s4 = start, s5 = start, s6 = start, s7 = start
    var s8 = start, s9 = start, s10 = start, s11 = start
    if r.accumulate != 0 {
        if n > 0 { s0 = load16(out + 0 * outStep) }
        if n > 1 { s1 = load16(out + 1 * outStep) }
        if n > 2 { s2 = load16(out + 2 * outStep) }
        if n > 3 { s3 = load16(out + 3 * outStep) }
        if n > 4 { s4 = load16(out + 4 * outStep) }
        if n > 5 { s5 = load16(out + 5 * outStep) }
        if n > 6 { s6 = load16(out + 6 * outStep) }
        if n > 7 { s7 = load16(out + 7 * outStep) }
        if n > 8 { s8 = load16(out + 8 * outStep) }
        if n > 9 { s9 = load16(out + 9 * outStep) }
        if n > 10 { s10 = load16(out + 10 * outStep) }
        if n > 11 { s11 = load16(out + 11 * outStep) }
    }
    var weights = r.weights
    for g in 0..<groups {
        var p = source + Int(r.offsets[g])
        let end = p + length
        while p < end {
            let w = load16(weights)
            if n > 0 { s0 = dot(s0, w, V16(repeating: p[0 * step])) }
            if n > 1 { s1 = dot(s1, w, V16(repeating: p[1 * step])) }
            if n > 2 { s2 = dot(s2, w, V16(repeating: p[2 * step])) }
            if n > 3 { s3 = dot(s3, w, V16(repeating: p[3 * step])) }
            if n > 4 { s4 = dot(s4, w, V16(repeating: p[4 * step])) }
            if n > 5 { s5 = dot(s5, w, V16(repeating: p[5 * step])) }
            if n > 6 { s6 = dot(s6, w, V16(repeating: p[6 * step])) }
            if n > 7 { s7 = dot(s7, w, V16(repeating: p[7 * step])) }
            if n > 8 { s8 = dot(s8, w, V16(repeating: p[8 * step])) }
            if n > 9 { s9 = dot(s9, w, V16(repeating: p[9 * step])) }
            if n > 10 { s10 = dot(s10, w, V16(repeating: p[10 * step])) }
            if n > 11 { s11 = dot(s11, w, V16(repeating: p[11 * step])) }
            weights += 16
            p += 1
        }
        weights += skip
    }
    if let scale = r.scale, let shift = r.shift {
        let m = load16(scale), c = load16(shift)
        if n > 0 { s0 = fma(s0, m, c) }
        if n > 1 { s1 = fma(s1, m, c) }
        if n > 2 { s2 = fma(s2, m, c) }
        if n > 3 { s3 = fma(s3, m, c) }
        if n > 4 { s4 = fma(s4, m, c) }
        if n > 5 { s5 = fma(s5, m, c) }
        if n > 6 { s6 = fma(s6, m, c) }
        if n > 7 { s7 = fma(s7, m, c) }
        if n > 8 { s8 = fma(s8, m, c) }
        if n > 9 { s9 = fma(s9, m, c) }
        if n > 10 { s10 = fma(s10, m, c) }
        if n > 11 { s11 = fma(s11, m, c) }
    }
    if r.relu != 0 {
        if n > 0 { s0 = positive(s0) }
        if n > 1 { s1 = positive(s1) }
        if n > 2 { s2 = positive(s2) }
        if n > 3 { s3 = positive(s3) }
        if n > 4 { s4 = positive(s4) }
        if n > 5 { s5 = positive(s5) }
        if n > 6 { s6 = positive(s6) }
        if n > 7 { s7 = positive(s7) }
        if n > 8 { s8 = positive(s8) }
        if n > 9 { s9 = positive(s9) }
        if n > 10 { s10 = positive(s10) }
        if n > 11 { s11 = positive(s11) }
    }
    if n > 0 { store(s0, out + 0 * outStep) }
    if n > 1 { store(s1, out + 1 * outStep) }
    if n > 2 { store(s2, out + 2 * outStep) }
    if n > 3 { store(s3, out + 3 * outStep) }
    if n > 4 { store(s4, out + 4 * outStep) }
    if n > 5 { store(s5, out + 5 * outStep) }
    if n > 6 { store(s6, out + 6 * outStep) }
    if n > 7 { store(s7, out + 7 * outStep) }
    if n > 8 { store(s8, out + 8 * outStep) }
    if n > 9 { store(s9, out + 9 * outStep) }
    if n > 10 { store(s10, out + 10 * outStep) }
    if n > 11 { store(s11, out + 11 * outStep) }
}

// Each size is a function of its own, or the compiler would join them into one that asks for the size in its innermost loop.

@inline(never) private func tile1By32(_ call: Call, _ first: Int) { if widestTile >= 1 { tile(1, 32, call, first) } }
@inline(never) private func tile2By32(_ call: Call, _ first: Int) { if widestTile >= 2 { tile(2, 32, call, first) } }
@inline(never) private func tile3By32(_ call: Call, _ first: Int) { if widestTile >= 3 { tile(3, 32, call, first) } }
@inline(never) private func tile4By32(_ call: Call, _ first: Int) { if widestTile >= 4 { tile(4, 32, call, first) } }
@inline(never) private func tile5By32(_ call: Call, _ first: Int) { if widestTile >= 5 { tile(5, 32, call, first) } }
@inline(never) private func tile6By32(_ call: Call, _ first: Int) { if widestTile >= 6 { tile(6, 32, call, first) } }
@inline(never) private func tile7By32(_ call: Call, _ first: Int) { if widestTile >= 7 { tile(7, 32, call, first) } }
@inline(never) private func tile8By32(_ call: Call, _ first: Int) { if widestTile >= 8 { tile(8, 32, call, first) } }
@inline(never) private func tile9By32(_ call: Call, _ first: Int) { if widestTile >= 9 { tile(9, 32, call, first) } }
@inline(never) private func tile10By32(_ call: Call, _ first: Int) { if widestTile >= 10 { tile(10, 32, call, first) } }
@inline(never) private func tile11By32(_ call: Call, _ first: Int) { if widestTile >= 11 { tile(11, 32, call, first) } }
@inline(never) private func tile12By32(_ call: Call, _ first: Int) { if widestTile >= 12 { tile(12, 32, call, first) } }
@inline(never) private func tile1By16(_ call: Call, _ first: Int) { if widestTile >= 1 { tile(1, 16, call, first) } }
@inline(never) private func tile2By16(_ call: Call, _ first: Int) { if widestTile >= 2 { tile(2, 16, call, first) } }
@inline(never) private func tile3By16(_ call: Call, _ first: Int) { if widestTile >= 3 { tile(3, 16, call, first) } }
@inline(never) private func tile4By16(_ call: Call, _ first: Int) { if widestTile >= 4 { tile(4, 16, call, first) } }
@inline(never) private func tile5By16(_ call: Call, _ first: Int) { if widestTile >= 5 { tile(5, 16, call, first) } }
@inline(never) private func tile6By16(_ call: Call, _ first: Int) { if widestTile >= 6 { tile(6, 16, call, first) } }
@inline(never) private func tile7By16(_ call: Call, _ first: Int) { if widestTile >= 7 { tile(7, 16, call, first) } }
@inline(never) private func tile8By16(_ call: Call, _ first: Int) { if widestTile >= 8 { tile(8, 16, call, first) } }
@inline(never) private func tile9By16(_ call: Call, _ first: Int) { if widestTile >= 9 { tile(9, 16, call, first) } }
@inline(never) private func tile10By16(_ call: Call, _ first: Int) { if widestTile >= 10 { tile(10, 16, call, first) } }
@inline(never) private func tile11By16(_ call: Call, _ first: Int) { if widestTile >= 11 { tile(11, 16, call, first) } }
@inline(never) private func tile12By16(_ call: Call, _ first: Int) { if widestTile >= 12 { tile(12, 16, call, first) } }
@inline(never) private func tile1By8(_ call: Call, _ first: Int) { if widestTile >= 1 { tile(1, 8, call, first) } }
@inline(never) private func tile2By8(_ call: Call, _ first: Int) { if widestTile >= 2 { tile(2, 8, call, first) } }
@inline(never) private func tile3By8(_ call: Call, _ first: Int) { if widestTile >= 3 { tile(3, 8, call, first) } }
@inline(never) private func tile4By8(_ call: Call, _ first: Int) { if widestTile >= 4 { tile(4, 8, call, first) } }
@inline(never) private func tile5By8(_ call: Call, _ first: Int) { if widestTile >= 5 { tile(5, 8, call, first) } }
@inline(never) private func tile6By8(_ call: Call, _ first: Int) { if widestTile >= 6 { tile(6, 8, call, first) } }
@inline(never) private func tile7By8(_ call: Call, _ first: Int) { if widestTile >= 7 { tile(7, 8, call, first) } }
@inline(never) private func tile8By8(_ call: Call, _ first: Int) { if widestTile >= 8 { tile(8, 8, call, first) } }
@inline(never) private func tile9By8(_ call: Call, _ first: Int) { if widestTile >= 9 { tile(9, 8, call, first) } }
@inline(never) private func tile10By8(_ call: Call, _ first: Int) { if widestTile >= 10 { tile(10, 8, call, first) } }
@inline(never) private func tile11By8(_ call: Call, _ first: Int) { if widestTile >= 11 { tile(11, 8, call, first) } }
@inline(never) private func tile12By8(_ call: Call, _ first: Int) { if widestTile >= 12 { tile(12, 8, call, first) } }
@inline(never) private func tile1By1(_ call: Call, _ first: Int) { if widestTile >= 1 { tile(1, 1, call, first) } }
@inline(never) private func tile2By1(_ call: Call, _ first: Int) { if widestTile >= 2 { tile(2, 1, call, first) } }
@inline(never) private func tile3By1(_ call: Call, _ first: Int) { if widestTile >= 3 { tile(3, 1, call, first) } }
@inline(never) private func tile4By1(_ call: Call, _ first: Int) { if widestTile >= 4 { tile(4, 1, call, first) } }
@inline(never) private func tile5By1(_ call: Call, _ first: Int) { if widestTile >= 5 { tile(5, 1, call, first) } }
@inline(never) private func tile6By1(_ call: Call, _ first: Int) { if widestTile >= 6 { tile(6, 1, call, first) } }
@inline(never) private func tile7By1(_ call: Call, _ first: Int) { if widestTile >= 7 { tile(7, 1, call, first) } }
@inline(never) private func tile8By1(_ call: Call, _ first: Int) { if widestTile >= 8 { tile(8, 1, call, first) } }
@inline(never) private func tile9By1(_ call: Call, _ first: Int) { if widestTile >= 9 { tile(9, 1, call, first) } }
@inline(never) private func tile10By1(_ call: Call, _ first: Int) { if widestTile >= 10 { tile(10, 1, call, first) } }
@inline(never) private func tile11By1(_ call: Call, _ first: Int) { if widestTile >= 11 { tile(11, 1, call, first) } }
@inline(never) private func tile12By1(_ call: Call, _ first: Int) { if widestTile >= 12 { tile(12, 1, call, first) } }
@inline(never) private func anyTile(_ n: Int, _ call: Call, _ first: Int) {
    let step = Int(call.pointee.step)
    if n == widestTile {
        tile(widestTile, step, call, first)
    } else {
        for i in 0..<n { tile(1, step, call, first + i) }
    }
}

@inline(__always)
private func tileBy32(_ n: Int, _ call: Call, _ first: Int) {
    switch n {
    case 1: tile1By32(call, first)
    case 2: tile2By32(call, first)
    case 3: tile3By32(call, first)
    case 4: tile4By32(call, first)
    case 5: tile5By32(call, first)
    case 6: tile6By32(call, first)
    case 7: tile7By32(call, first)
    case 8: tile8By32(call, first)
    case 9: tile9By32(call, first)
    case 10: tile10By32(call, first)
    case 11: tile11By32(call, first)
    default: tile12By32(call, first)
    }
}

@inline(__always)
private func tileBy16(_ n: Int, _ call: Call, _ first: Int) {
    switch n {
    case 1: tile1By16(call, first)
    case 2: tile2By16(call, first)
    case 3: tile3By16(call, first)
    case 4: tile4By16(call, first)
    case 5: tile5By16(call, first)
    case 6: tile6By16(call, first)
    case 7: tile7By16(call, first)
    case 8: tile8By16(call, first)
    case 9: tile9By16(call, first)
    case 10: tile10By16(call, first)
    case 11: tile11By16(call, first)
    default: tile12By16(call, first)
    }
}

@inline(__always)
private func tileBy8(_ n: Int, _ call: Call, _ first: Int) {
    switch n {
    case 1: tile1By8(call, first)
    case 2: tile2By8(call, first)
    case 3: tile3By8(call, first)
    case 4: tile4By8(call, first)
    case 5: tile5By8(call, first)
    case 6: tile6By8(call, first)
    case 7: tile7By8(call, first)
    case 8: tile8By8(call, first)
    case 9: tile9By8(call, first)
    case 10: tile10By8(call, first)
    case 11: tile11By8(call, first)
    default: tile12By8(call, first)
    }
}

@inline(__always)
private func tileBy1(_ n: Int, _ call: Call, _ first: Int) {
    switch n {
    case 1: tile1By1(call, first)
    case 2: tile2By1(call, first)
    case 3: tile3By1(call, first)
    case 4: tile4By1(call, first)
    case 5: tile5By1(call, first)
    case 6: tile6By1(call, first)
    case 7: tile7By1(call, first)
    case 8: tile8By1(call, first)
    case 9: tile9By1(call, first)
    case 10: tile10By1(call, first)
    case 11: tile11By1(call, first)
    default: tile12By1(call, first)
    }
}

/// A row, in tiles as equal as they can be. The usual distances between voxels are compiled on their own.
public func halfRow(_ call: UnsafePointer<SKConvRow>) {
    let count = Int(call.pointee.count)
    let tiles = (count + widestTile - 1) / widestTile
    if tiles == 0 { return }
    let size = count / tiles
    var larger = count - size * tiles
    var first = 0
    while first < count {
        let n = larger > 0 ? size + 1 : size
        larger -= 1
        switch call.pointee.step {
        case 32: tileBy32(n, call, first)
        case 16: tileBy16(n, call, first)
        case 8: tileBy8(n, call, first)
        case 1: tileBy1(n, call, first)
        default: anyTile(n, call, first)
        }
        first += n
    }
}

/// The float's bits as two bfloat16 each: sum + a₀ · b₀ + a₁ · b₁.
@inline(__always) private func dot(_ sum: V16, _ a: V16, _ b: V16) -> V16 { sk_dot_bf16(sum, a, b) }

/// Rounds floats to bfloat16; a multiple of 16 is written.
public func toHalf(_ values: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
    var i = 0
    while i < count {
        (UnsafeMutableRawPointer(out) + 2 * i).storeBytes(of: sk_to_half16(load16(values + i)), as: SIMD16<UInt16>.self)
        i += 16
    }
}
#endif
