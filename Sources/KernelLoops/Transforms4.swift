// Written by scripts/make-kernels.py.
import CKernels

// Winograd's transforms along one axis (Lavin and Gray 2016, arXiv:1509.09308),
// for F(4, 3) with the points 0, ±a, ±b and infinity,
// a = 1/√2 and b = √2: its error is about a seventh of that with the customary 0, ±1, ±2 (bench/winograd_points.py).

@inline(__always)
private func transformInput4By8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V8(repeating: -0.5)
    let minusTwo = V8(repeating: -2)
    let minusFiveHalves = V8(repeating: -2.5)
    let a = V8(repeating: 0.707_106_78)
    let minusA = V8(repeating: -0.707_106_78)
    let b = V8(repeating: 1.414_213_56)
    let minusB = V8(repeating: -1.414_213_56)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            let d2 = load8(p + 2 * inStep)
            let d3 = load8(p + 3 * inStep)
            let d4 = load8(p + 4 * inStep)
            let d5 = load8(p + 5 * inStep)
            store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
            let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
            store(fma(o1, a, e1), q + 1 * outStep)
            store(fma(o1, minusA, e1), q + 2 * outStep)
            let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
            store(fma(o2, b, e2), q + 3 * outStep)
            store(fma(o2, minusB, e2), q + 4 * outStep)
            store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformInput4By16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V16(repeating: -0.5)
    let minusTwo = V16(repeating: -2)
    let minusFiveHalves = V16(repeating: -2.5)
    let a = V16(repeating: 0.707_106_78)
    let minusA = V16(repeating: -0.707_106_78)
    let b = V16(repeating: 1.414_213_56)
    let minusB = V16(repeating: -1.414_213_56)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            let d2 = load16(p + 2 * inStep)
            let d3 = load16(p + 3 * inStep)
            let d4 = load16(p + 4 * inStep)
            let d5 = load16(p + 5 * inStep)
            store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
            let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
            store(fma(o1, a, e1), q + 1 * outStep)
            store(fma(o1, minusA, e1), q + 2 * outStep)
            let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
            store(fma(o2, b, e2), q + 3 * outStep)
            store(fma(o2, minusB, e2), q + 4 * outStep)
            store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradInput4(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformInput4By16(call.pointee) }
    #endif
    transformInput4By8(call.pointee)
}

@inline(__always)
private func transformRead4By8(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V8(repeating: -0.5)
    let minusTwo = V8(repeating: -2)
    let minusFiveHalves = V8(repeating: -2.5)
    let a = V8(repeating: 0.707_106_78)
    let minusA = V8(repeating: -0.707_106_78)
    let b = V8(repeating: 1.414_213_56)
    let minusB = V8(repeating: -1.414_213_56)
    var scale = c.scale.map { load8($0) } ?? V8(repeating: 1), shift = c.shift.map { load8($0) } ?? V8()
    var nextScale = c.scale.map { load8($0 + 8) } ?? V8(repeating: 1), nextShift = c.shift.map { load8($0 + 8) } ?? V8()
    let floor = V8(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let p = r.in + i, q = r.out + i
        let d0 = bounded(fma(load8(p + 0 * inStep), scale, shift), floor)
        let d1 = bounded(fma(load8(p + 1 * inStep), scale, shift), floor)
        let d2 = bounded(fma(load8(p + 2 * inStep), scale, shift), floor)
        let d3 = bounded(fma(load8(p + 3 * inStep), scale, shift), floor)
        let d4 = bounded(fma(load8(p + 4 * inStep), scale, shift), floor)
        let d5 = bounded(fma(load8(p + 5 * inStep), scale, shift), floor)
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformRead4By8Dropping(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V8(repeating: -0.5)
    let minusTwo = V8(repeating: -2)
    let minusFiveHalves = V8(repeating: -2.5)
    let a = V8(repeating: 0.707_106_78)
    let minusA = V8(repeating: -0.707_106_78)
    let b = V8(repeating: 1.414_213_56)
    let minusB = V8(repeating: -1.414_213_56)
    var scale = c.scale.map { load8($0) } ?? V8(repeating: 1), shift = c.shift.map { load8($0) } ?? V8()
    var nextScale = c.scale.map { load8($0 + 8) } ?? V8(repeating: 1), nextShift = c.shift.map { load8($0 + 8) } ?? V8()
    let floor = V8(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let p = r.in + i, q = r.out + i
        var d0 = bounded(fma(load8(p + 0 * inStep), scale, shift), floor)
        var d1 = bounded(fma(load8(p + 1 * inStep), scale, shift), floor)
        var d2 = bounded(fma(load8(p + 2 * inStep), scale, shift), floor)
        var d3 = bounded(fma(load8(p + 3 * inStep), scale, shift), floor)
        var d4 = bounded(fma(load8(p + 4 * inStep), scale, shift), floor)
        var d5 = bounded(fma(load8(p + 5 * inStep), scale, shift), floor)
        d0 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep))
        d1 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep))
        d2 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep))
        d3 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep))
        d4 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 4 * c.indexStep))
        d5 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 5 * c.indexStep))
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformRead4By8Half(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V8(repeating: -0.5)
    let minusTwo = V8(repeating: -2)
    let minusFiveHalves = V8(repeating: -2.5)
    let a = V8(repeating: 0.707_106_78)
    let minusA = V8(repeating: -0.707_106_78)
    let b = V8(repeating: 1.414_213_56)
    let minusB = V8(repeating: -1.414_213_56)
    var scale = c.scale.map { load8($0) } ?? V8(repeating: 1), shift = c.shift.map { load8($0) } ?? V8()
    var nextScale = c.scale.map { load8($0 + 8) } ?? V8(repeating: 1), nextShift = c.shift.map { load8($0 + 8) } ?? V8()
    let floor = V8(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let q = r.out + i
        let d0 = bounded(fma(loadHalf8(r.in, i + 0 * inStep), scale, shift), floor)
        let d1 = bounded(fma(loadHalf8(r.in, i + 1 * inStep), scale, shift), floor)
        let d2 = bounded(fma(loadHalf8(r.in, i + 2 * inStep), scale, shift), floor)
        let d3 = bounded(fma(loadHalf8(r.in, i + 3 * inStep), scale, shift), floor)
        let d4 = bounded(fma(loadHalf8(r.in, i + 4 * inStep), scale, shift), floor)
        let d5 = bounded(fma(loadHalf8(r.in, i + 5 * inStep), scale, shift), floor)
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformRead4By8DroppingHalf(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V8(repeating: -0.5)
    let minusTwo = V8(repeating: -2)
    let minusFiveHalves = V8(repeating: -2.5)
    let a = V8(repeating: 0.707_106_78)
    let minusA = V8(repeating: -0.707_106_78)
    let b = V8(repeating: 1.414_213_56)
    let minusB = V8(repeating: -1.414_213_56)
    var scale = c.scale.map { load8($0) } ?? V8(repeating: 1), shift = c.shift.map { load8($0) } ?? V8()
    var nextScale = c.scale.map { load8($0 + 8) } ?? V8(repeating: 1), nextShift = c.shift.map { load8($0 + 8) } ?? V8()
    let floor = V8(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let q = r.out + i
        var d0 = bounded(fma(loadHalf8(r.in, i + 0 * inStep), scale, shift), floor)
        var d1 = bounded(fma(loadHalf8(r.in, i + 1 * inStep), scale, shift), floor)
        var d2 = bounded(fma(loadHalf8(r.in, i + 2 * inStep), scale, shift), floor)
        var d3 = bounded(fma(loadHalf8(r.in, i + 3 * inStep), scale, shift), floor)
        var d4 = bounded(fma(loadHalf8(r.in, i + 4 * inStep), scale, shift), floor)
        var d5 = bounded(fma(loadHalf8(r.in, i + 5 * inStep), scale, shift), floor)
        d0 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep))
        d1 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep))
        d2 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep))
        d3 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep))
        d4 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 4 * c.indexStep))
        d5 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 5 * c.indexStep))
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformRead4By16(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V16(repeating: -0.5)
    let minusTwo = V16(repeating: -2)
    let minusFiveHalves = V16(repeating: -2.5)
    let a = V16(repeating: 0.707_106_78)
    let minusA = V16(repeating: -0.707_106_78)
    let b = V16(repeating: 1.414_213_56)
    let minusB = V16(repeating: -1.414_213_56)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let p = r.in + i, q = r.out + i
        let d0 = bounded(fma(load16(p + 0 * inStep), scale, shift), floor)
        let d1 = bounded(fma(load16(p + 1 * inStep), scale, shift), floor)
        let d2 = bounded(fma(load16(p + 2 * inStep), scale, shift), floor)
        let d3 = bounded(fma(load16(p + 3 * inStep), scale, shift), floor)
        let d4 = bounded(fma(load16(p + 4 * inStep), scale, shift), floor)
        let d5 = bounded(fma(load16(p + 5 * inStep), scale, shift), floor)
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        i += 16
    }
}
@inline(__always)
private func transformRead4By16Dropping(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V16(repeating: -0.5)
    let minusTwo = V16(repeating: -2)
    let minusFiveHalves = V16(repeating: -2.5)
    let a = V16(repeating: 0.707_106_78)
    let minusA = V16(repeating: -0.707_106_78)
    let b = V16(repeating: 1.414_213_56)
    let minusB = V16(repeating: -1.414_213_56)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let p = r.in + i, q = r.out + i
        var d0 = bounded(fma(load16(p + 0 * inStep), scale, shift), floor)
        var d1 = bounded(fma(load16(p + 1 * inStep), scale, shift), floor)
        var d2 = bounded(fma(load16(p + 2 * inStep), scale, shift), floor)
        var d3 = bounded(fma(load16(p + 3 * inStep), scale, shift), floor)
        var d4 = bounded(fma(load16(p + 4 * inStep), scale, shift), floor)
        var d5 = bounded(fma(load16(p + 5 * inStep), scale, shift), floor)
        d0 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep)
        d1 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep)
        d2 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep)
        d3 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep)
        d4 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 4 * c.indexStep)
        d5 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 5 * c.indexStep)
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        i += 16
    }
}
@inline(__always)
private func transformRead4By16Half(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V16(repeating: -0.5)
    let minusTwo = V16(repeating: -2)
    let minusFiveHalves = V16(repeating: -2.5)
    let a = V16(repeating: 0.707_106_78)
    let minusA = V16(repeating: -0.707_106_78)
    let b = V16(repeating: 1.414_213_56)
    let minusB = V16(repeating: -1.414_213_56)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let q = r.out + i
        let d0 = bounded(fma(loadHalf16(r.in, i + 0 * inStep), scale, shift), floor)
        let d1 = bounded(fma(loadHalf16(r.in, i + 1 * inStep), scale, shift), floor)
        let d2 = bounded(fma(loadHalf16(r.in, i + 2 * inStep), scale, shift), floor)
        let d3 = bounded(fma(loadHalf16(r.in, i + 3 * inStep), scale, shift), floor)
        let d4 = bounded(fma(loadHalf16(r.in, i + 4 * inStep), scale, shift), floor)
        let d5 = bounded(fma(loadHalf16(r.in, i + 5 * inStep), scale, shift), floor)
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        i += 16
    }
}
@inline(__always)
private func transformRead4By16DroppingHalf(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let minusHalf = V16(repeating: -0.5)
    let minusTwo = V16(repeating: -2)
    let minusFiveHalves = V16(repeating: -2.5)
    let a = V16(repeating: 0.707_106_78)
    let minusA = V16(repeating: -0.707_106_78)
    let b = V16(repeating: 1.414_213_56)
    let minusB = V16(repeating: -1.414_213_56)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let q = r.out + i
        var d0 = bounded(fma(loadHalf16(r.in, i + 0 * inStep), scale, shift), floor)
        var d1 = bounded(fma(loadHalf16(r.in, i + 1 * inStep), scale, shift), floor)
        var d2 = bounded(fma(loadHalf16(r.in, i + 2 * inStep), scale, shift), floor)
        var d3 = bounded(fma(loadHalf16(r.in, i + 3 * inStep), scale, shift), floor)
        var d4 = bounded(fma(loadHalf16(r.in, i + 4 * inStep), scale, shift), floor)
        var d5 = bounded(fma(loadHalf16(r.in, i + 5 * inStep), scale, shift), floor)
        d0 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep)
        d1 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep)
        d2 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep)
        d3 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep)
        d4 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 4 * c.indexStep)
        d5 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 5 * c.indexStep)
        store(fma(d2, minusFiveHalves, d0 + d4), q + 0 * outStep)
        let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
        store(fma(o1, a, e1), q + 1 * outStep)
        store(fma(o1, minusA, e1), q + 2 * outStep)
        let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
        store(fma(o2, b, e2), q + 3 * outStep)
        store(fma(o2, minusB, e2), q + 4 * outStep)
        store(fma(d3, minusFiveHalves, d1 + d5), q + 5 * outStep)
        i += 16
    }
}
#endif

func winogradRead4(_ call: UnsafePointer<SKReadTransform>) {
    let r = call.pointee
    #if KERNEL_x86_64_v4
    if r.transform.run % 16 == 0 {
        switch (r.half != 0, r.keep != 0) {
        case (false, false): return transformRead4By16(r)
        case (false, true): return transformRead4By16Dropping(r)
        case (true, false): return transformRead4By16Half(r)
        case (true, true): return transformRead4By16DroppingHalf(r)
        }
    }
    #endif
    switch (r.half != 0, r.keep != 0) {
    case (false, false): transformRead4By8(r)
    case (false, true): transformRead4By8Dropping(r)
    case (true, false): transformRead4By8Half(r)
    case (true, true): transformRead4By8DroppingHalf(r)
    }
}

@inline(__always)
private func transformOutput4By8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V8(repeating: 0.5)
    let two = V8(repeating: 2)
    let a = V8(repeating: 0.707_106_78)
    let b = V8(repeating: 1.414_213_56)
    let aCubed = V8(repeating: 0.353_553_39)
    let bCubed = V8(repeating: 2.828_427_12)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            let d2 = load8(p + 2 * inStep)
            let d3 = load8(p + 3 * inStep)
            let d4 = load8(p + 4 * inStep)
            let d5 = load8(p + 5 * inStep)
            let s1 = d1 + d2, s2 = d3 + d4, t1 = d1 - d2, t2 = d3 - d4
            store(d0 + s1 + s2, q + 0 * outStep)
            store(fma(t2, b, t1 * a), q + 1 * outStep)
            store(fma(s1, half, s2 * two), q + 2 * outStep)
            store(fma(t2, bCubed, fma(t1, aCubed, d5)), q + 3 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformOutput4By16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V16(repeating: 0.5)
    let two = V16(repeating: 2)
    let a = V16(repeating: 0.707_106_78)
    let b = V16(repeating: 1.414_213_56)
    let aCubed = V16(repeating: 0.353_553_39)
    let bCubed = V16(repeating: 2.828_427_12)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            let d2 = load16(p + 2 * inStep)
            let d3 = load16(p + 3 * inStep)
            let d4 = load16(p + 4 * inStep)
            let d5 = load16(p + 5 * inStep)
            let s1 = d1 + d2, s2 = d3 + d4, t1 = d1 - d2, t2 = d3 - d4
            store(d0 + s1 + s2, q + 0 * outStep)
            store(fma(t2, b, t1 * a), q + 1 * outStep)
            store(fma(s1, half, s2 * two), q + 2 * outStep)
            store(fma(t2, bCubed, fma(t1, aCubed, d5)), q + 3 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradOutput4(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformOutput4By16(call.pointee) }
    #endif
    transformOutput4By8(call.pointee)
}

@inline(__always)
private func transformGradient4By8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V8(repeating: 0.5)
    let two = V8(repeating: 2)
    let a = V8(repeating: 0.707_106_78)
    let minusA = V8(repeating: -0.707_106_78)
    let b = V8(repeating: 1.414_213_56)
    let minusB = V8(repeating: -1.414_213_56)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            let d2 = load8(p + 2 * inStep)
            let d3 = load8(p + 3 * inStep)
            store(d0, q + 0 * outStep)
            let e1 = fma(d2, half, d0), o1 = fma(d3, half, d1)
            store(fma(o1, a, e1), q + 1 * outStep)
            store(fma(o1, minusA, e1), q + 2 * outStep)
            let e2 = fma(d2, two, d0), o2 = fma(d3, two, d1)
            store(fma(o2, b, e2), q + 3 * outStep)
            store(fma(o2, minusB, e2), q + 4 * outStep)
            store(d3, q + 5 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformGradient4By16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V16(repeating: 0.5)
    let two = V16(repeating: 2)
    let a = V16(repeating: 0.707_106_78)
    let minusA = V16(repeating: -0.707_106_78)
    let b = V16(repeating: 1.414_213_56)
    let minusB = V16(repeating: -1.414_213_56)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            let d2 = load16(p + 2 * inStep)
            let d3 = load16(p + 3 * inStep)
            store(d0, q + 0 * outStep)
            let e1 = fma(d2, half, d0), o1 = fma(d3, half, d1)
            store(fma(o1, a, e1), q + 1 * outStep)
            store(fma(o1, minusA, e1), q + 2 * outStep)
            let e2 = fma(d2, two, d0), o2 = fma(d3, two, d1)
            store(fma(o2, b, e2), q + 3 * outStep)
            store(fma(o2, minusB, e2), q + 4 * outStep)
            store(d3, q + 5 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradGradient4(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformGradient4By16(call.pointee) }
    #endif
    transformGradient4By8(call.pointee)
}

@inline(__always)
private func transformKernel4By8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V8(repeating: 0.5)
    let two = V8(repeating: 2)
    let minusTwoThirds = V8(repeating: -0.666_666_67)
    let sixth = V8(repeating: 0.166_666_67)
    let minusTwoThirdsA = V8(repeating: -0.471_404_52)
    let twoThirdsA = V8(repeating: 0.471_404_52)
    let sixthB = V8(repeating: 0.235_702_26)
    let minusSixthB = V8(repeating: -0.235_702_26)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            let d2 = load8(p + 2 * inStep)
            store(d0, q + 0 * outStep)
            let e1 = fma(d2, half, d0) * minusTwoThirds, e2 = fma(d2, two, d0) * sixth
            store(fma(d1, minusTwoThirdsA, e1), q + 1 * outStep)
            store(fma(d1, twoThirdsA, e1), q + 2 * outStep)
            store(fma(d1, sixthB, e2), q + 3 * outStep)
            store(fma(d1, minusSixthB, e2), q + 4 * outStep)
            store(d2, q + 5 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformKernel4By16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V16(repeating: 0.5)
    let two = V16(repeating: 2)
    let minusTwoThirds = V16(repeating: -0.666_666_67)
    let sixth = V16(repeating: 0.166_666_67)
    let minusTwoThirdsA = V16(repeating: -0.471_404_52)
    let twoThirdsA = V16(repeating: 0.471_404_52)
    let sixthB = V16(repeating: 0.235_702_26)
    let minusSixthB = V16(repeating: -0.235_702_26)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            let d2 = load16(p + 2 * inStep)
            store(d0, q + 0 * outStep)
            let e1 = fma(d2, half, d0) * minusTwoThirds, e2 = fma(d2, two, d0) * sixth
            store(fma(d1, minusTwoThirdsA, e1), q + 1 * outStep)
            store(fma(d1, twoThirdsA, e1), q + 2 * outStep)
            store(fma(d1, sixthB, e2), q + 3 * outStep)
            store(fma(d1, minusSixthB, e2), q + 4 * outStep)
            store(d2, q + 5 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradKernel4(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformKernel4By16(call.pointee) }
    #endif
    transformKernel4By8(call.pointee)
}

@inline(__always)
private func transformKernelGradient4By8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V8(repeating: 0.5)
    let two = V8(repeating: 2)
    let minusTwoThirds = V8(repeating: -0.666_666_67)
    let sixth = V8(repeating: 0.166_666_67)
    let minusTwoThirdsA = V8(repeating: -0.471_404_52)
    let sixthB = V8(repeating: 0.235_702_26)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            let d2 = load8(p + 2 * inStep)
            let d3 = load8(p + 3 * inStep)
            let d4 = load8(p + 4 * inStep)
            let d5 = load8(p + 5 * inStep)
            let s1 = (d1 + d2) * minusTwoThirds, s2 = (d3 + d4) * sixth
            store(d0 + s1 + s2, q + 0 * outStep)
            store(fma(d1 - d2, minusTwoThirdsA, (d3 - d4) * sixthB), q + 1 * outStep)
            store(fma(s1, half, fma(s2, two, d5)), q + 2 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformKernelGradient4By16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V16(repeating: 0.5)
    let two = V16(repeating: 2)
    let minusTwoThirds = V16(repeating: -0.666_666_67)
    let sixth = V16(repeating: 0.166_666_67)
    let minusTwoThirdsA = V16(repeating: -0.471_404_52)
    let sixthB = V16(repeating: 0.235_702_26)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            let d2 = load16(p + 2 * inStep)
            let d3 = load16(p + 3 * inStep)
            let d4 = load16(p + 4 * inStep)
            let d5 = load16(p + 5 * inStep)
            let s1 = (d1 + d2) * minusTwoThirds, s2 = (d3 + d4) * sixth
            store(d0 + s1 + s2, q + 0 * outStep)
            store(fma(d1 - d2, minusTwoThirdsA, (d3 - d4) * sixthB), q + 1 * outStep)
            store(fma(s1, half, fma(s2, two, d5)), q + 2 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradKernelGradient4(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformKernelGradient4By16(call.pointee) }
    #endif
    transformKernelGradient4By8(call.pointee)
}
