// Written by scripts/make-kernels.py.
import CKernels

private typealias Call = UnsafePointer<SKWeightRows>

/// Sums of `n` neighbouring entries; with `run`, their offsets are consecutive. `n`, `run` and the steps are constants wherever this is inlined.
@inline(__always)
private func tile(_ n: Int, _ run: Bool, _ xStep: Int, _ gStep: Int, _ call: Call, _ first: Int) {
    let r = call.pointee
    let offsets = r.offsets + first
    let sum = r.sum + first * 16
    let o0 = Int(offsets[0])
    let o1 = run ? o0 + 1 : (n > 1 ? Int(offsets[1]) : 0)
    let o2 = run ? o0 + 2 : (n > 2 ? Int(offsets[2]) : 0)
    let o3 = run ? o0 + 3 : (n > 3 ? Int(offsets[3]) : 0)
    let o4 = run ? o0 + 4 : (n > 4 ? Int(offsets[4]) : 0)
    let o5 = run ? o0 + 5 : (n > 5 ? Int(offsets[5]) : 0)
    let o6 = run ? o0 + 6 : (n > 6 ? Int(offsets[6]) : 0)
    let o7 = run ? o0 + 7 : (n > 7 ? Int(offsets[7]) : 0)
    let o8 = run ? o0 + 8 : (n > 8 ? Int(offsets[8]) : 0)
    let o9 = run ? o0 + 9 : (n > 9 ? Int(offsets[9]) : 0)
    let o10 = run ? o0 + 10 : (n > 10 ? Int(offsets[10]) : 0)
    let o11 = run ? o0 + 11 : (n > 11 ? Int(offsets[11]) : 0)
    var s0 = n > 0 ? load16(sum + 0) : V16()
    var s1 = n > 1 ? load16(sum + 16) : V16()
    var s2 = n > 2 ? load16(sum + 32) : V16()
    var s3 = n > 3 ? load16(sum + 48) : V16()
    var s4 = n > 4 ? load16(sum + 64) : V16()
    var s5 = n > 5 ? load16(sum + 80) : V16()
    var s6 = n > 6 ? load16(sum + 96) : V16()
    var s7 = n > 7 ? load16(sum + 112) : V16()
    var s8 = n > 8 ? load16(sum + 128) : V16()
    var s9 = n > 9 ? load16(sum + 144) : V16()
    var s10 = n > 10 ? load16(sum + 160) : V16()
    var s11 = n > 11 ? load16(sum + 176) : V16()
    var xRow = r.x, gRow = r.g
    for _ in 0..<Int(r.rows) {
        var x = xRow, g = gRow
        for _ in 0..<Int(r.count) {
            let d = load16(g)
            if n > 0 { s0 = fma(d, V16(repeating: x[o0]), s0) }
            if n > 1 { s1 = fma(d, V16(repeating: x[o1]), s1) }
            if n > 2 { s2 = fma(d, V16(repeating: x[o2]), s2) }
            if n > 3 { s3 = fma(d, V16(repeating: x[o3]), s3) }
            if n > 4 { s4 = fma(d, V16(repeating: x[o4]), s4) }
            if n > 5 { s5 = fma(d, V16(repeating: x[o5]), s5) }
            if n > 6 { s6 = fma(d, V16(repeating: x[o6]), s6) }
            if n > 7 { s7 = fma(d, V16(repeating: x[o7]), s7) }
            if n > 8 { s8 = fma(d, V16(repeating: x[o8]), s8) }
            if n > 9 { s9 = fma(d, V16(repeating: x[o9]), s9) }
            if n > 10 { s10 = fma(d, V16(repeating: x[o10]), s10) }
            if n > 11 { s11 = fma(d, V16(repeating: x[o11]), s11) }
            x += xStep
            g += gStep
        }
        xRow += Int(r.xRow)
        gRow += Int(r.gRow)
    }
    if n > 0 { store(s0, sum + 0) }
    if n > 1 { store(s1, sum + 16) }
    if n > 2 { store(s2, sum + 32) }
    if n > 3 { store(s3, sum + 48) }
    if n > 4 { store(s4, sum + 64) }
    if n > 5 { store(s5, sum + 80) }
    if n > 6 { store(s6, sum + 96) }
    if n > 7 { store(s7, sum + 112) }
    if n > 8 { store(s8, sum + 128) }
    if n > 9 { store(s9, sum + 144) }
    if n > 10 { store(s10, sum + 160) }
    if n > 11 { store(s11, sum + 176) }
}

// Each size is a function of its own, or the compiler would join them into one that asks for the size in its innermost loop.

@inline(never) private func tile1(_ call: Call, _ first: Int) { if widestTile >= 1 { tile(1, false, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) } }
@inline(never) private func tile2(_ call: Call, _ first: Int) { if widestTile >= 2 { tile(2, false, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) } }
@inline(never) private func tile3(_ call: Call, _ first: Int) { if widestTile >= 3 { tile(3, false, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) } }
@inline(never) private func tile4(_ call: Call, _ first: Int) { if widestTile >= 4 { tile(4, false, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) } }
@inline(never) private func tile5(_ call: Call, _ first: Int) { if widestTile >= 5 { tile(5, false, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) } }
@inline(never) private func tile6(_ call: Call, _ first: Int) { if widestTile >= 6 { tile(6, false, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) } }
@inline(never) private func run(_ call: Call, _ first: Int) { tile(widestTile, true, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) }

func weightRows16(_ call: UnsafePointer<SKWeightRows>) {
    let count = Int(call.pointee.entries), offsets = call.pointee.offsets
    var first = 0
    while first < count {
        if first + widestTile <= count, offsets[first + widestTile - 1] - offsets[first] == Int64(widestTile - 1) {
            run(call, first)
            first += widestTile
            continue
        }
        // Without a run, at most six addresses fit into registers.
        let widest = min(6, widestTile)
        let tiles = (count - first + widest - 1) / widest
        let n = (count - first + tiles - 1) / tiles
        switch n {
        case 1: tile1(call, first)
        case 2: tile2(call, first)
        case 3: tile3(call, first)
        case 4: tile4(call, first)
        case 5: tile5(call, first)
        default: tile6(call, first)
        }
        first += n
    }
}
