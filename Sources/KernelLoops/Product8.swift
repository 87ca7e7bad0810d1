// Written by scripts/make-kernels.py.
import CKernels

/// Products of `n` tiles of one frequency. `n` and `width` are constants wherever this is inlined.
@inline(__always)
private func tile(_ n: Int, _ width: Int, _ source: In, _ weights: In, _ out: Out, _ blocks: Int, _ tiles: Int) {
    var s0 = V8(), s1 = V8(), s2 = V8(), s3 = V8()
    var s4 = V8(), s5 = V8(), s6 = V8(), s7 = V8()
    var s8 = V8(), s9 = V8(), s10 = V8(), s11 = V8()
    var w = weights, block = source
    for _ in 0..<blocks {
        var p = block
        let end = p + width
        while p < end {
            let v = load8(w)
            if n > 0 { s0 = fma(v, V8(repeating: p[0 * width]), s0) }
            if n > 1 { s1 = fma(v, V8(repeating: p[1 * width]), s1) }
            if n > 2 { s2 = fma(v, V8(repeating: p[2 * width]), s2) }
            if n > 3 { s3 = fma(v, V8(repeating: p[3 * width]), s3) }
            if n > 4 { s4 = fma(v, V8(repeating: p[4 * width]), s4) }
            if n > 5 { s5 = fma(v, V8(repeating: p[5 * width]), s5) }
            if n > 6 { s6 = fma(v, V8(repeating: p[6 * width]), s6) }
            if n > 7 { s7 = fma(v, V8(repeating: p[7 * width]), s7) }
            if n > 8 { s8 = fma(v, V8(repeating: p[8 * width]), s8) }
            if n > 9 { s9 = fma(v, V8(repeating: p[9 * width]), s9) }
            if n > 10 { s10 = fma(v, V8(repeating: p[10 * width]), s10) }
            if n > 11 { s11 = fma(v, V8(repeating: p[11 * width]), s11) }
            w += 8
            p += 1
        }
        block += tiles * width
    }
    if n > 0 { store(s0, out + 0) }
    if n > 1 { store(s1, out + 8) }
    if n > 2 { store(s2, out + 16) }
    if n > 3 { store(s3, out + 24) }
    if n > 4 { store(s4, out + 32) }
    if n > 5 { store(s5, out + 40) }
    if n > 6 { store(s6, out + 48) }
    if n > 7 { store(s7, out + 56) }
    if n > 8 { store(s8, out + 64) }
    if n > 9 { store(s9, out + 72) }
    if n > 10 { store(s10, out + 80) }
    if n > 11 { store(s11, out + 88) }
}

@inline(never) private func tile1By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 1 { tile(1, 16, p, w, o, b, t) } }
@inline(never) private func tile2By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 2 { tile(2, 16, p, w, o, b, t) } }
@inline(never) private func tile3By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 3 { tile(3, 16, p, w, o, b, t) } }
@inline(never) private func tile4By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 4 { tile(4, 16, p, w, o, b, t) } }
@inline(never) private func tile5By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 5 { tile(5, 16, p, w, o, b, t) } }
@inline(never) private func tile6By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 6 { tile(6, 16, p, w, o, b, t) } }
@inline(never) private func tile7By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 7 { tile(7, 16, p, w, o, b, t) } }
@inline(never) private func tile8By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 8 { tile(8, 16, p, w, o, b, t) } }
@inline(never) private func tile9By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 9 { tile(9, 16, p, w, o, b, t) } }
@inline(never) private func tile10By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 10 { tile(10, 16, p, w, o, b, t) } }
@inline(never) private func tile11By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 11 { tile(11, 16, p, w, o, b, t) } }
@inline(never) private func tile12By16(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 12 { tile(12, 16, p, w, o, b, t) } }
@inline(never) private func tile1By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 1 { tile(1, 8, p, w, o, b, t) } }
@inline(never) private func tile2By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 2 { tile(2, 8, p, w, o, b, t) } }
@inline(never) private func tile3By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 3 { tile(3, 8, p, w, o, b, t) } }
@inline(never) private func tile4By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 4 { tile(4, 8, p, w, o, b, t) } }
@inline(never) private func tile5By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 5 { tile(5, 8, p, w, o, b, t) } }
@inline(never) private func tile6By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 6 { tile(6, 8, p, w, o, b, t) } }
@inline(never) private func tile7By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 7 { tile(7, 8, p, w, o, b, t) } }
@inline(never) private func tile8By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 8 { tile(8, 8, p, w, o, b, t) } }
@inline(never) private func tile9By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 9 { tile(9, 8, p, w, o, b, t) } }
@inline(never) private func tile10By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 10 { tile(10, 8, p, w, o, b, t) } }
@inline(never) private func tile11By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 11 { tile(11, 8, p, w, o, b, t) } }
@inline(never) private func tile12By8(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) { if widestTile8 >= 12 { tile(12, 8, p, w, o, b, t) } }

@inline(__always)
private func frequencies16(_ r: SKProduct) {
    let tiles = Int(r.tiles), blocks = Int(r.blocks)
    let turns = (tiles + widestTile8 - 1) / widestTile8
    let size = tiles / turns, larger = tiles - size * turns
    for f in 0..<Int(r.frequencies) {
        var p = r.in + f * blocks * tiles * 16
        var out = r.out + f * tiles * 8
        let w = r.weights + f * blocks * 128
        for turn in 0..<turns {
            let n = turn < larger ? size + 1 : size
            switch n {
            case 1: tile1By16(p, w, out, blocks, tiles)
            case 2: tile2By16(p, w, out, blocks, tiles)
            case 3: tile3By16(p, w, out, blocks, tiles)
            case 4: tile4By16(p, w, out, blocks, tiles)
            case 5: tile5By16(p, w, out, blocks, tiles)
            case 6: tile6By16(p, w, out, blocks, tiles)
            case 7: tile7By16(p, w, out, blocks, tiles)
            case 8: tile8By16(p, w, out, blocks, tiles)
            case 9: tile9By16(p, w, out, blocks, tiles)
            case 10: tile10By16(p, w, out, blocks, tiles)
            case 11: tile11By16(p, w, out, blocks, tiles)
            default: tile12By16(p, w, out, blocks, tiles)
            }
            p += n * 16
            out += n * 8
        }
    }
}

@inline(__always)
private func frequencies8(_ r: SKProduct) {
    let tiles = Int(r.tiles), blocks = Int(r.blocks)
    let turns = (tiles + widestTile8 - 1) / widestTile8
    let size = tiles / turns, larger = tiles - size * turns
    for f in 0..<Int(r.frequencies) {
        var p = r.in + f * blocks * tiles * 8
        var out = r.out + f * tiles * 8
        let w = r.weights + f * blocks * 64
        for turn in 0..<turns {
            let n = turn < larger ? size + 1 : size
            switch n {
            case 1: tile1By8(p, w, out, blocks, tiles)
            case 2: tile2By8(p, w, out, blocks, tiles)
            case 3: tile3By8(p, w, out, blocks, tiles)
            case 4: tile4By8(p, w, out, blocks, tiles)
            case 5: tile5By8(p, w, out, blocks, tiles)
            case 6: tile6By8(p, w, out, blocks, tiles)
            case 7: tile7By8(p, w, out, blocks, tiles)
            case 8: tile8By8(p, w, out, blocks, tiles)
            case 9: tile9By8(p, w, out, blocks, tiles)
            case 10: tile10By8(p, w, out, blocks, tiles)
            case 11: tile11By8(p, w, out, blocks, tiles)
            default: tile12By8(p, w, out, blocks, tiles)
            }
            p += n * 8
            out += n * 8
        }
    }
}

func product8(_ call: UnsafePointer<SKProduct>) {
    if call.pointee.tiles == 0 { return }
    if call.pointee.width == 16 { frequencies16(call.pointee) } else { frequencies8(call.pointee) }
}

/// Sums of `n` channels over all tiles of one frequency and block.
@inline(__always)
private func sums(_ n: Int, _ width: Int, _ source: In, _ gradient: In, _ sum: Out, _ tiles: Int) {
    var s0 = n > 0 ? load8(sum + 0) : V8()
    var s1 = n > 1 ? load8(sum + 8) : V8()
    var s2 = n > 2 ? load8(sum + 16) : V8()
    var s3 = n > 3 ? load8(sum + 24) : V8()
    var s4 = n > 4 ? load8(sum + 32) : V8()
    var s5 = n > 5 ? load8(sum + 40) : V8()
    var s6 = n > 6 ? load8(sum + 48) : V8()
    var s7 = n > 7 ? load8(sum + 56) : V8()
    var s8 = n > 8 ? load8(sum + 64) : V8()
    var s9 = n > 9 ? load8(sum + 72) : V8()
    var s10 = n > 10 ? load8(sum + 80) : V8()
    var s11 = n > 11 ? load8(sum + 88) : V8()
    var p = source, g = gradient
    for _ in 0..<tiles {
        let d = load8(g)
        if n > 0 { s0 = fma(d, V8(repeating: p[0]), s0) }
        if n > 1 { s1 = fma(d, V8(repeating: p[1]), s1) }
        if n > 2 { s2 = fma(d, V8(repeating: p[2]), s2) }
        if n > 3 { s3 = fma(d, V8(repeating: p[3]), s3) }
        if n > 4 { s4 = fma(d, V8(repeating: p[4]), s4) }
        if n > 5 { s5 = fma(d, V8(repeating: p[5]), s5) }
        if n > 6 { s6 = fma(d, V8(repeating: p[6]), s6) }
        if n > 7 { s7 = fma(d, V8(repeating: p[7]), s7) }
        if n > 8 { s8 = fma(d, V8(repeating: p[8]), s8) }
        if n > 9 { s9 = fma(d, V8(repeating: p[9]), s9) }
        if n > 10 { s10 = fma(d, V8(repeating: p[10]), s10) }
        if n > 11 { s11 = fma(d, V8(repeating: p[11]), s11) }
        p += width
        g += 8
    }
    if n > 0 { store(s0, sum + 0) }
    if n > 1 { store(s1, sum + 8) }
    if n > 2 { store(s2, sum + 16) }
    if n > 3 { store(s3, sum + 24) }
    if n > 4 { store(s4, sum + 32) }
    if n > 5 { store(s5, sum + 40) }
    if n > 6 { store(s6, sum + 48) }
    if n > 7 { store(s7, sum + 56) }
    if n > 8 { store(s8, sum + 64) }
    if n > 9 { store(s9, sum + 72) }
    if n > 10 { store(s10, sum + 80) }
    if n > 11 { store(s11, sum + 88) }
}

@inline(never) private func sums1By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 1 { sums(1, 16, p, g, s, t) } }
@inline(never) private func sums2By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 2 { sums(2, 16, p, g, s, t) } }
@inline(never) private func sums3By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 3 { sums(3, 16, p, g, s, t) } }
@inline(never) private func sums4By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 4 { sums(4, 16, p, g, s, t) } }
@inline(never) private func sums5By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 5 { sums(5, 16, p, g, s, t) } }
@inline(never) private func sums6By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 6 { sums(6, 16, p, g, s, t) } }
@inline(never) private func sums7By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 7 { sums(7, 16, p, g, s, t) } }
@inline(never) private func sums8By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 8 { sums(8, 16, p, g, s, t) } }
@inline(never) private func sums9By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 9 { sums(9, 16, p, g, s, t) } }
@inline(never) private func sums10By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 10 { sums(10, 16, p, g, s, t) } }
@inline(never) private func sums11By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 11 { sums(11, 16, p, g, s, t) } }
@inline(never) private func sums12By16(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 12 { sums(12, 16, p, g, s, t) } }
@inline(never) private func sums1By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 1 { sums(1, 8, p, g, s, t) } }
@inline(never) private func sums2By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 2 { sums(2, 8, p, g, s, t) } }
@inline(never) private func sums3By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 3 { sums(3, 8, p, g, s, t) } }
@inline(never) private func sums4By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 4 { sums(4, 8, p, g, s, t) } }
@inline(never) private func sums5By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 5 { sums(5, 8, p, g, s, t) } }
@inline(never) private func sums6By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 6 { sums(6, 8, p, g, s, t) } }
@inline(never) private func sums7By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 7 { sums(7, 8, p, g, s, t) } }
@inline(never) private func sums8By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 8 { sums(8, 8, p, g, s, t) } }
@inline(never) private func sums9By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 9 { sums(9, 8, p, g, s, t) } }
@inline(never) private func sums10By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 10 { sums(10, 8, p, g, s, t) } }
@inline(never) private func sums11By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 11 { sums(11, 8, p, g, s, t) } }
@inline(never) private func sums12By8(_ p: In, _ g: In, _ s: Out, _ t: Int) { if widestTile8 >= 12 { sums(12, 8, p, g, s, t) } }

@inline(__always)
private func sumFrequencies16(_ r: SKWeightProduct) {
    let tiles = Int(r.tiles), blocks = Int(r.blocks)
    let turns = (16 + widestTile8 - 1) / widestTile8
    let size = 16 / turns, larger = 16 - size * turns
    for f in 0..<Int(r.frequencies) {
        let g = r.gradient + f * tiles * 8
        for b in 0..<blocks {
            var p = r.in + (f * blocks + b) * tiles * 16
            var sum = r.sum + (f * blocks + b) * 128
            for turn in 0..<turns {
                let n = turn < larger ? size + 1 : size
                switch n {
                case 1: sums1By16(p, g, sum, tiles)
                case 2: sums2By16(p, g, sum, tiles)
                case 3: sums3By16(p, g, sum, tiles)
                case 4: sums4By16(p, g, sum, tiles)
                case 5: sums5By16(p, g, sum, tiles)
                case 6: sums6By16(p, g, sum, tiles)
                case 7: sums7By16(p, g, sum, tiles)
                case 8: sums8By16(p, g, sum, tiles)
                case 9: sums9By16(p, g, sum, tiles)
                case 10: sums10By16(p, g, sum, tiles)
                case 11: sums11By16(p, g, sum, tiles)
                default: sums12By16(p, g, sum, tiles)
                }
                p += n
                sum += n * 8
            }
        }
    }
}

@inline(__always)
private func sumFrequencies8(_ r: SKWeightProduct) {
    let tiles = Int(r.tiles), blocks = Int(r.blocks)
    let turns = (8 + widestTile8 - 1) / widestTile8
    let size = 8 / turns, larger = 8 - size * turns
    for f in 0..<Int(r.frequencies) {
        let g = r.gradient + f * tiles * 8
        for b in 0..<blocks {
            var p = r.in + (f * blocks + b) * tiles * 8
            var sum = r.sum + (f * blocks + b) * 64
            for turn in 0..<turns {
                let n = turn < larger ? size + 1 : size
                switch n {
                case 1: sums1By8(p, g, sum, tiles)
                case 2: sums2By8(p, g, sum, tiles)
                case 3: sums3By8(p, g, sum, tiles)
                case 4: sums4By8(p, g, sum, tiles)
                case 5: sums5By8(p, g, sum, tiles)
                case 6: sums6By8(p, g, sum, tiles)
                case 7: sums7By8(p, g, sum, tiles)
                case 8: sums8By8(p, g, sum, tiles)
                case 9: sums9By8(p, g, sum, tiles)
                case 10: sums10By8(p, g, sum, tiles)
                case 11: sums11By8(p, g, sum, tiles)
                default: sums12By8(p, g, sum, tiles)
                }
                p += n
                sum += n * 8
            }
        }
    }
}

func weightProduct8(_ call: UnsafePointer<SKWeightProduct>) {
    if call.pointee.width == 16 { sumFrequencies16(call.pointee) } else { sumFrequencies8(call.pointee) }
}
