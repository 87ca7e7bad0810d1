// Written by scripts/make-kernels.py.
import CKernels

private typealias Call = UnsafePointer<SKDepthwiseRow>

/// `n` neighbouring voxels from the first on, by runs of 3 taps. `n` is a constant wherever this is inlined.
@inline(__always)
private func tile3(_ n: Int, _ call: Call, _ first: Int) {
    let r = call.pointee
    let source = r.source + first * 16, out = r.out + first * 16, start = load16(r.start)
    var s0 = start, s1 = start, s2 = start, s3 = start
    var s4 = start, s5 = start, s6 = start, s7 = start
    var s8 = start, s9 = start, s10 = start, s11 = start
    var weights = UnsafePointer(r.weights), offset = r.offsets
    for _ in 0..<Int(r.taps) / 3 {
        let p = source + Int(offset.pointee)
        let w0 = load16(weights + 0)
        let w1 = load16(weights + 16)
        let w2 = load16(weights + 32)
        do {
            let v = load16(p + 0)
            s0 = fma(w0, v, s0)
        }
        do {
            let v = load16(p + 16)
            if n > 1 { s1 = fma(w0, v, s1) }
            s0 = fma(w1, v, s0)
        }
        do {
            let v = load16(p + 32)
            if n > 2 { s2 = fma(w0, v, s2) }
            if n > 1 { s1 = fma(w1, v, s1) }
            s0 = fma(w2, v, s0)
        }
        if n > 1 {
            let v = load16(p + 48)
            if n > 3 { s3 = fma(w0, v, s3) }
            if n > 2 { s2 = fma(w1, v, s2) }
            s1 = fma(w2, v, s1)
        }
        if n > 2 {
            let v = load16(p + 64)
            if n > 4 { s4 = fma(w0, v, s4) }
            if n > 3 { s3 = fma(w1, v, s3) }
            s2 = fma(w2, v, s2)
        }
        if n > 3 {
            let v = load16(p + 80)
            if n > 5 { s5 = fma(w0, v, s5) }
            if n > 4 { s4 = fma(w1, v, s4) }
            s3 = fma(w2, v, s3)
        }
        if n > 4 {
            let v = load16(p + 96)
            if n > 6 { s6 = fma(w0, v, s6) }
            if n > 5 { s5 = fma(w1, v, s5) }
            s4 = fma(w2, v, s4)
        }
        if n > 5 {
            let v = load16(p + 112)
            if n > 7 { s7 = fma(w0, v, s7) }
            if n > 6 { s6 = fma(w1, v, s6) }
            s5 = fma(w2, v, s5)
        }
        if n > 6 {
            let v = load16(p + 128)
            if n > 8 { s8 = fma(w0, v, s8) }
            if n > 7 { s7 = fma(w1, v, s7) }
            s6 = fma(w2, v, s6)
        }
        if n > 7 {
            let v = load16(p + 144)
            if n > 9 { s9 = fma(w0, v, s9) }
            if n > 8 { s8 = fma(w1, v, s8) }
            s7 = fma(w2, v, s7)
        }
        if n > 8 {
            let v = load16(p + 160)
            if n > 10 { s10 = fma(w0, v, s10) }
            if n > 9 { s9 = fma(w1, v, s9) }
            s8 = fma(w2, v, s8)
        }
        if n > 9 {
            let v = load16(p + 176)
            if n > 11 { s11 = fma(w0, v, s11) }
            if n > 10 { s10 = fma(w1, v, s10) }
            s9 = fma(w2, v, s9)
        }
        if n > 10 {
            let v = load16(p + 192)
            if n > 11 { s11 = fma(w1, v, s11) }
            s10 = fma(w2, v, s10)
        }
        if n > 11 {
            let v = load16(p + 208)
            s11 = fma(w2, v, s11)
        }
        weights += 48
        offset += 3
    }
    if n > 0 { store(s0, out + 0) }
    if n > 1 { store(s1, out + 16) }
    if n > 2 { store(s2, out + 32) }
    if n > 3 { store(s3, out + 48) }
    if n > 4 { store(s4, out + 64) }
    if n > 5 { store(s5, out + 80) }
    if n > 6 { store(s6, out + 96) }
    if n > 7 { store(s7, out + 112) }
    if n > 8 { store(s8, out + 128) }
    if n > 9 { store(s9, out + 144) }
    if n > 10 { store(s10, out + 160) }
    if n > 11 { store(s11, out + 176) }
}

/// `n` neighbouring voxels from the first on, by runs of 5 taps. `n` is a constant wherever this is inlined.
@inline(__always)
private func tile5(_ n: Int, _ call: Call, _ first: Int) {
    let r = call.pointee
    let source = r.source + first * 16, out = r.out + first * 16, start = load16(r.start)
    var s0 = start, s1 = start, s2 = start, s3 = start
    var s4 = start, s5 = start, s6 = start, s7 = start
    var s8 = start, s9 = start, s10 = start, s11 = start
    var weights = UnsafePointer(r.weights), offset = r.offsets
    for _ in 0..<Int(r.taps) / 5 {
        let p = source + Int(offset.pointee)
        let w0 = load16(weights + 0)
        let w1 = load16(weights + 16)
        let w2 = load16(weights + 32)
        let w3 = load16(weights + 48)
        let w4 = load16(weights + 64)
        do {
            let v = load16(p + 0)
            s0 = fma(w0, v, s0)
        }
        do {
            let v = load16(p + 16)
            if n > 1 { s1 = fma(w0, v, s1) }
            s0 = fma(w1, v, s0)
        }
        do {
            let v = load16(p + 32)
            if n > 2 { s2 = fma(w0, v, s2) }
            if n > 1 { s1 = fma(w1, v, s1) }
            s0 = fma(w2, v, s0)
        }
        do {
            let v = load16(p + 48)
            if n > 3 { s3 = fma(w0, v, s3) }
            if n > 2 { s2 = fma(w1, v, s2) }
            if n > 1 { s1 = fma(w2, v, s1) }
            s0 = fma(w3, v, s0)
        }
        do {
            let v = load16(p + 64)
            if n > 4 { s4 = fma(w0, v, s4) }
            if n > 3 { s3 = fma(w1, v, s3) }
            if n > 2 { s2 = fma(w2, v, s2) }
            if n > 1 { s1 = fma(w3, v, s1) }
            s0 = fma(w4, v, s0)
        }
        if n > 1 {
            let v = load16(p + 80)
            if n > 5 { s5 = fma(w0, v, s5) }
            if n > 4 { s4 = fma(w1, v, s4) }
            if n > 3 { s3 = fma(w2, v, s3) }
            if n > 2 { s2 = fma(w3, v, s2) }
            s1 = fma(w4, v, s1)
        }
        if n > 2 {
            let v = load16(p + 96)
            if n > 6 { s6 = fma(w0, v, s6) }
            if n > 5 { s5 = fma(w1, v, s5) }
            if n > 4 { s4 = fma(w2, v, s4) }
            if n > 3 { s3 = fma(w3, v, s3) }
            s2 = fma(w4, v, s2)
        }
        if n > 3 {
            let v = load16(p + 112)
            if n > 7 { s7 = fma(w0, v, s7) }
            if n > 6 { s6 = fma(w1, v, s6) }
            if n > 5 { s5 = fma(w2, v, s5) }
            if n > 4 { s4 = fma(w3, v, s4) }
            s3 = fma(w4, v, s3)
        }
        if n > 4 {
            let v = load16(p + 128)
            if n > 8 { s8 = fma(w0, v, s8) }
            if n > 7 { s7 = fma(w1, v, s7) }
            if n > 6 { s6 = fma(w2, v, s6) }
            if n > 5 { s5 = fma(w3, v, s5) }
            s4 = fma(w4, v, s4)
        }
        if n > 5 {
            let v = load16(p + 144)
            if n > 9 { s9 = fma(w0, v, s9) }
            if n > 8 { s8 = fma(w1, v, s8) }
            if n > 7 { s7 = fma(w2, v, s7) }
            if n > 6 { s6 = fma(w3, v, s6) }
            s5 = fma(w4, v, s5)
        }
        if n > 6 {
            let v = load16(p + 160)
            if n > 10 { s10 = fma(w0, v, s10) }
            if n > 9 { s9 = fma(w1, v, s9) }
            if n > 8 { s8 = fma(w2, v, s8) }
            if n > 7 { s7 = fma(w3, v, s7) }
            s6 = fma(w4, v, s6)
        }
        if n > 7 {
            let v = load16(p + 176)
            if n > 11 { s11 = fma(w0, v, s11) }
            if n > 10 { s10 = fma(w1, v, s10) }
            if n > 9 { s9 = fma(w2, v, s9) }
            if n > 8 { s8 = fma(w3, v, s8) }
            s7 = fma(w4, v, s7)
        }
        if n > 8 {
            let v = load16(p + 192)
            if n > 11 { s11 = fma(w1, v, s11) }
            if n > 10 { s10 = fma(w2, v, s10) }
            if n > 9 { s9 = fma(w3, v, s9) }
            s8 = fma(w4, v, s8)
        }
        if n > 9 {
            let v = load16(p + 208)
            if n > 11 { s11 = fma(w2, v, s11) }
            if n > 10 { s10 = fma(w3, v, s10) }
            s9 = fma(w4, v, s9)
        }
        if n > 10 {
            let v = load16(p + 224)
            if n > 11 { s11 = fma(w3, v, s11) }
            s10 = fma(w4, v, s10)
        }
        if n > 11 {
            let v = load16(p + 240)
            s11 = fma(w4, v, s11)
        }
        weights += 80
        offset += 5
    }
    if n > 0 { store(s0, out + 0) }
    if n > 1 { store(s1, out + 16) }
    if n > 2 { store(s2, out + 32) }
    if n > 3 { store(s3, out + 48) }
    if n > 4 { store(s4, out + 64) }
    if n > 5 { store(s5, out + 80) }
    if n > 6 { store(s6, out + 96) }
    if n > 7 { store(s7, out + 112) }
    if n > 8 { store(s8, out + 128) }
    if n > 9 { store(s9, out + 144) }
    if n > 10 { store(s10, out + 160) }
    if n > 11 { store(s11, out + 176) }
}

// Each size is a function of its own; of the wider ones there are as many as the registers hold.

@inline(never) private func tile3Of1(_ call: Call, _ first: Int) { if depthwiseTile >= 1 { tile3(1, call, first) } }
@inline(never) private func tile3Of2(_ call: Call, _ first: Int) { if depthwiseTile >= 2 { tile3(2, call, first) } }
@inline(never) private func tile3Of3(_ call: Call, _ first: Int) { if depthwiseTile >= 3 { tile3(3, call, first) } }
@inline(never) private func tile3Of4(_ call: Call, _ first: Int) { if depthwiseTile >= 4 { tile3(4, call, first) } }
@inline(never) private func tile3Of5(_ call: Call, _ first: Int) { if depthwiseTile >= 5 { tile3(5, call, first) } }
@inline(never) private func tile3Of6(_ call: Call, _ first: Int) { if depthwiseTile >= 6 { tile3(6, call, first) } }
@inline(never) private func tile3Of7(_ call: Call, _ first: Int) { if depthwiseTile >= 7 { tile3(7, call, first) } }
@inline(never) private func tile3Of8(_ call: Call, _ first: Int) { if depthwiseTile >= 8 { tile3(8, call, first) } }
@inline(never) private func tile3Of9(_ call: Call, _ first: Int) { if depthwiseTile >= 9 { tile3(9, call, first) } }
@inline(never) private func tile3Of10(_ call: Call, _ first: Int) { if depthwiseTile >= 10 { tile3(10, call, first) } }
@inline(never) private func tile3Of11(_ call: Call, _ first: Int) { if depthwiseTile >= 11 { tile3(11, call, first) } }
@inline(never) private func tile3Of12(_ call: Call, _ first: Int) { if depthwiseTile >= 12 { tile3(12, call, first) } }
@inline(never) private func tile5Of1(_ call: Call, _ first: Int) { if depthwiseTile >= 1 { tile5(1, call, first) } }
@inline(never) private func tile5Of2(_ call: Call, _ first: Int) { if depthwiseTile >= 2 { tile5(2, call, first) } }
@inline(never) private func tile5Of3(_ call: Call, _ first: Int) { if depthwiseTile >= 3 { tile5(3, call, first) } }
@inline(never) private func tile5Of4(_ call: Call, _ first: Int) { if depthwiseTile >= 4 { tile5(4, call, first) } }
@inline(never) private func tile5Of5(_ call: Call, _ first: Int) { if depthwiseTile >= 5 { tile5(5, call, first) } }
@inline(never) private func tile5Of6(_ call: Call, _ first: Int) { if depthwiseTile >= 6 { tile5(6, call, first) } }
@inline(never) private func tile5Of7(_ call: Call, _ first: Int) { if depthwiseTile >= 7 { tile5(7, call, first) } }
@inline(never) private func tile5Of8(_ call: Call, _ first: Int) { if depthwiseTile >= 8 { tile5(8, call, first) } }
@inline(never) private func tile5Of9(_ call: Call, _ first: Int) { if depthwiseTile >= 9 { tile5(9, call, first) } }
@inline(never) private func tile5Of10(_ call: Call, _ first: Int) { if depthwiseTile >= 10 { tile5(10, call, first) } }
@inline(never) private func tile5Of11(_ call: Call, _ first: Int) { if depthwiseTile >= 11 { tile5(11, call, first) } }
@inline(never) private func tile5Of12(_ call: Call, _ first: Int) { if depthwiseTile >= 12 { tile5(12, call, first) } }

/// A row, in tiles as equal as they can be.
func depthwiseBy3(_ call: UnsafePointer<SKDepthwiseRow>) {
    let count = Int(call.pointee.count) / 16
    let tiles = (count + depthwiseTile - 1) / depthwiseTile
    if tiles == 0 { return }
    let size = count / tiles
    var larger = count - size * tiles
    var first = 0
    while first < count {
        let n = larger > 0 ? size + 1 : size
        larger -= 1
        switch n {
        case 1: tile3Of1(call, first)
        case 2: tile3Of2(call, first)
        case 3: tile3Of3(call, first)
        case 4: tile3Of4(call, first)
        case 5: tile3Of5(call, first)
        case 6: tile3Of6(call, first)
        case 7: tile3Of7(call, first)
        case 8: tile3Of8(call, first)
        case 9: tile3Of9(call, first)
        case 10: tile3Of10(call, first)
        case 11: tile3Of11(call, first)
        default: tile3Of12(call, first)
        }
        first += n
    }
}

/// A row, in tiles as equal as they can be.
func depthwiseBy5(_ call: UnsafePointer<SKDepthwiseRow>) {
    let count = Int(call.pointee.count) / 16
    let tiles = (count + depthwiseTile - 1) / depthwiseTile
    if tiles == 0 { return }
    let size = count / tiles
    var larger = count - size * tiles
    var first = 0
    while first < count {
        let n = larger > 0 ? size + 1 : size
        larger -= 1
        switch n {
        case 1: tile5Of1(call, first)
        case 2: tile5Of2(call, first)
        case 3: tile5Of3(call, first)
        case 4: tile5Of4(call, first)
        case 5: tile5Of5(call, first)
        case 6: tile5Of6(call, first)
        case 7: tile5Of7(call, first)
        case 8: tile5Of8(call, first)
        case 9: tile5Of9(call, first)
        case 10: tile5Of10(call, first)
        case 11: tile5Of11(call, first)
        default: tile5Of12(call, first)
        }
        first += n
    }
}
