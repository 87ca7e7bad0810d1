// Written by scripts/make-kernels.py.
import CKernels

// Winograd's transforms along one axis (Lavin and Gray 2016, arXiv:1509.09308),
// from the coarse grid to the fine one: even voxels of the fine grid by F(3, 2) with the points 0, ±1 and infinity, odd ones by
// products of their own.

@inline(__always)
private func transformInputUpBy8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            let d2 = load8(p + 2 * inStep)
            let d3 = load8(p + 3 * inStep)
            store(d0 - d2, q + 0 * outStep)
            store(d1 + d2, q + 1 * outStep)
            store(d2 - d1, q + 2 * outStep)
            store(d3 - d1, q + 3 * outStep)
            store(d1, q + 4 * outStep)
            store(d2, q + 5 * outStep)
            store(d3, q + 6 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformInputUpBy16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            let d2 = load16(p + 2 * inStep)
            let d3 = load16(p + 3 * inStep)
            store(d0 - d2, q + 0 * outStep)
            store(d1 + d2, q + 1 * outStep)
            store(d2 - d1, q + 2 * outStep)
            store(d3 - d1, q + 3 * outStep)
            store(d1, q + 4 * outStep)
            store(d2, q + 5 * outStep)
            store(d3, q + 6 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradInputUp(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformInputUpBy16(call.pointee) }
    #endif
    transformInputUpBy8(call.pointee)
}

@inline(__always)
private func transformReadUpBy8(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformReadUpBy8Dropping(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
        d0 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep))
        d1 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep))
        d2 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep))
        d3 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep))
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformReadUpBy8Half(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformReadUpBy8DroppingHalf(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
        d0 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep))
        d1 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep))
        d2 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep))
        d3 *= sk_low8(dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep))
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformReadUpBy16(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let p = r.in + i, q = r.out + i
        let d0 = bounded(fma(load16(p + 0 * inStep), scale, shift), floor)
        let d1 = bounded(fma(load16(p + 1 * inStep), scale, shift), floor)
        let d2 = bounded(fma(load16(p + 2 * inStep), scale, shift), floor)
        let d3 = bounded(fma(load16(p + 3 * inStep), scale, shift), floor)
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        i += 16
    }
}
@inline(__always)
private func transformReadUpBy16Dropping(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let p = r.in + i, q = r.out + i
        var d0 = bounded(fma(load16(p + 0 * inStep), scale, shift), floor)
        var d1 = bounded(fma(load16(p + 1 * inStep), scale, shift), floor)
        var d2 = bounded(fma(load16(p + 2 * inStep), scale, shift), floor)
        var d3 = bounded(fma(load16(p + 3 * inStep), scale, shift), floor)
        d0 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep)
        d1 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep)
        d2 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep)
        d3 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep)
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        i += 16
    }
}
@inline(__always)
private func transformReadUpBy16Half(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let q = r.out + i
        let d0 = bounded(fma(loadHalf16(r.in, i + 0 * inStep), scale, shift), floor)
        let d1 = bounded(fma(loadHalf16(r.in, i + 1 * inStep), scale, shift), floor)
        let d2 = bounded(fma(loadHalf16(r.in, i + 2 * inStep), scale, shift), floor)
        let d3 = bounded(fma(loadHalf16(r.in, i + 3 * inStep), scale, shift), floor)
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        i += 16
    }
}
@inline(__always)
private func transformReadUpBy16DroppingHalf(_ c: SKReadTransform) {
    let r = c.transform
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()
    let floor = V16(repeating: c.relu != 0 ? 0 : -Float.infinity)
    var i = 0
    while i < run {
        let q = r.out + i
        var d0 = bounded(fma(loadHalf16(r.in, i + 0 * inStep), scale, shift), floor)
        var d1 = bounded(fma(loadHalf16(r.in, i + 1 * inStep), scale, shift), floor)
        var d2 = bounded(fma(loadHalf16(r.in, i + 2 * inStep), scale, shift), floor)
        var d3 = bounded(fma(loadHalf16(r.in, i + 3 * inStep), scale, shift), floor)
        d0 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 0 * c.indexStep)
        d1 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 1 * c.indexStep)
        d2 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 2 * c.indexStep)
        d3 *= dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + 3 * c.indexStep)
        store(d0 - d2, q + 0 * outStep)
        store(d1 + d2, q + 1 * outStep)
        store(d2 - d1, q + 2 * outStep)
        store(d3 - d1, q + 3 * outStep)
        store(d1, q + 4 * outStep)
        store(d2, q + 5 * outStep)
        store(d3, q + 6 * outStep)
        i += 16
    }
}
#endif

func winogradReadUp(_ call: UnsafePointer<SKReadTransform>) {
    let r = call.pointee
    #if KERNEL_x86_64_v4
    if r.transform.run % 16 == 0 {
        switch (r.half != 0, r.keep != 0) {
        case (false, false): return transformReadUpBy16(r)
        case (false, true): return transformReadUpBy16Dropping(r)
        case (true, false): return transformReadUpBy16Half(r)
        case (true, true): return transformReadUpBy16DroppingHalf(r)
        }
    }
    #endif
    switch (r.half != 0, r.keep != 0) {
    case (false, false): transformReadUpBy8(r)
    case (false, true): transformReadUpBy8Dropping(r)
    case (true, false): transformReadUpBy8Half(r)
    case (true, true): transformReadUpBy8DroppingHalf(r)
    }
}

@inline(__always)
private func transformOutputUpBy8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
            let d6 = load8(p + 6 * inStep)
            let sum = d1 + d2
            store(d0 + sum, q + 0 * outStep)
            store(d4, q + 1 * outStep)
            store(d1 - d2, q + 2 * outStep)
            store(d5, q + 3 * outStep)
            store(sum + d3, q + 4 * outStep)
            store(d6, q + 5 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformOutputUpBy16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
            let d6 = load16(p + 6 * inStep)
            let sum = d1 + d2
            store(d0 + sum, q + 0 * outStep)
            store(d4, q + 1 * outStep)
            store(d1 - d2, q + 2 * outStep)
            store(d5, q + 3 * outStep)
            store(sum + d3, q + 4 * outStep)
            store(d6, q + 5 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradOutputUp(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformOutputUpBy16(call.pointee) }
    #endif
    transformOutputUpBy8(call.pointee)
}

@inline(__always)
private func transformGradientUpBy8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
            let sum = d0 + d4
            store(d0, q + 0 * outStep)
            store(sum + d2, q + 1 * outStep)
            store(sum - d2, q + 2 * outStep)
            store(d4, q + 3 * outStep)
            store(d1, q + 4 * outStep)
            store(d3, q + 5 * outStep)
            store(d5, q + 6 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformGradientUpBy16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
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
            let sum = d0 + d4
            store(d0, q + 0 * outStep)
            store(sum + d2, q + 1 * outStep)
            store(sum - d2, q + 2 * outStep)
            store(d4, q + 3 * outStep)
            store(d1, q + 4 * outStep)
            store(d3, q + 5 * outStep)
            store(d5, q + 6 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradGradientUp(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformGradientUpBy16(call.pointee) }
    #endif
    transformGradientUpBy8(call.pointee)
}

@inline(__always)
private func transformKernelUpBy8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V8(repeating: 0.5)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            let d2 = load8(p + 2 * inStep)
            let even = d2 * half, odd = d0 * half
            store(d2, q + 0 * outStep)
            store(even + odd, q + 1 * outStep)
            store(even - odd, q + 2 * outStep)
            store(d0, q + 3 * outStep)
            store(d1, q + 4 * outStep)
            store(d1, q + 5 * outStep)
            store(d1, q + 6 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformKernelUpBy16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V16(repeating: 0.5)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            let d2 = load16(p + 2 * inStep)
            let even = d2 * half, odd = d0 * half
            store(d2, q + 0 * outStep)
            store(even + odd, q + 1 * outStep)
            store(even - odd, q + 2 * outStep)
            store(d0, q + 3 * outStep)
            store(d1, q + 4 * outStep)
            store(d1, q + 5 * outStep)
            store(d1, q + 6 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradKernelUp(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformKernelUpBy16(call.pointee) }
    #endif
    transformKernelUpBy8(call.pointee)
}

@inline(__always)
private func transformKernelGradientUpBy8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V8(repeating: 0.5)
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
            let d6 = load8(p + 6 * inStep)
            store(fma(d1 - d2, half, d3), q + 0 * outStep)
            store(d4 + d5 + d6, q + 1 * outStep)
            store(fma(d1 + d2, half, d0), q + 2 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformKernelGradientUpBy16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    let half = V16(repeating: 0.5)
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
            let d6 = load16(p + 6 * inStep)
            store(fma(d1 - d2, half, d3), q + 0 * outStep)
            store(d4 + d5 + d6, q + 1 * outStep)
            store(fma(d1 + d2, half, d0), q + 2 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradKernelGradientUp(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformKernelGradientUpBy16(call.pointee) }
    #endif
    transformKernelGradientUpBy8(call.pointee)
}
