// Written by scripts/make-kernels.py.
import CKernels

// Winograd's transforms along one axis (Lavin and Gray 2016, arXiv:1509.09308),
// for F(2, 3) with the points 0, ±1 and infinity.

@inline(__always)
private func transformInput2By8(_ r: SKTransform) {
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
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformInput2By16(_ r: SKTransform) {
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
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradInput2(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformInput2By16(call.pointee) }
    #endif
    transformInput2By8(call.pointee)
}

@inline(__always)
private func transformRead2By8(_ c: SKReadTransform) {
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
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformRead2By8Dropping(_ c: SKReadTransform) {
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
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformRead2By8Half(_ c: SKReadTransform) {
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
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
@inline(__always)
private func transformRead2By8DroppingHalf(_ c: SKReadTransform) {
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
        (scale, nextScale) = (nextScale, scale)
        (shift, nextShift) = (nextShift, shift)
        i += 8
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformRead2By16(_ c: SKReadTransform) {
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
        i += 16
    }
}
@inline(__always)
private func transformRead2By16Dropping(_ c: SKReadTransform) {
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
        i += 16
    }
}
@inline(__always)
private func transformRead2By16Half(_ c: SKReadTransform) {
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
        i += 16
    }
}
@inline(__always)
private func transformRead2By16DroppingHalf(_ c: SKReadTransform) {
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
        i += 16
    }
}
#endif

func winogradRead2(_ call: UnsafePointer<SKReadTransform>) {
    let r = call.pointee
    #if KERNEL_x86_64_v4
    if r.transform.run % 16 == 0 {
        switch (r.half != 0, r.keep != 0) {
        case (false, false): return transformRead2By16(r)
        case (false, true): return transformRead2By16Dropping(r)
        case (true, false): return transformRead2By16Half(r)
        case (true, true): return transformRead2By16DroppingHalf(r)
        }
    }
    #endif
    switch (r.half != 0, r.keep != 0) {
    case (false, false): transformRead2By8(r)
    case (false, true): transformRead2By8Dropping(r)
    case (true, false): transformRead2By8Half(r)
    case (true, true): transformRead2By8DroppingHalf(r)
    }
}

@inline(__always)
private func transformOutput2By8(_ r: SKTransform) {
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
            store(d0 + d1 + d2, q + 0 * outStep)
            store(d1 - d2 + d3, q + 1 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformOutput2By16(_ r: SKTransform) {
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
            store(d0 + d1 + d2, q + 0 * outStep)
            store(d1 - d2 + d3, q + 1 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradOutput2(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformOutput2By16(call.pointee) }
    #endif
    transformOutput2By8(call.pointee)
}

@inline(__always)
private func transformGradient2By8(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load8(p + 0 * inStep)
            let d1 = load8(p + 1 * inStep)
            store(d0, q + 0 * outStep)
            store(d0 + d1, q + 1 * outStep)
            store(d0 - d1, q + 2 * outStep)
            store(d1, q + 3 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformGradient2By16(_ r: SKTransform) {
    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)
    var line = r.in, target = r.out
    for _ in 0..<Int(r.lines) {
        var i = 0
        while i < run {
            let p = line + i, q = target + i
            let d0 = load16(p + 0 * inStep)
            let d1 = load16(p + 1 * inStep)
            store(d0, q + 0 * outStep)
            store(d0 + d1, q + 1 * outStep)
            store(d0 - d1, q + 2 * outStep)
            store(d1, q + 3 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradGradient2(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformGradient2By16(call.pointee) }
    #endif
    transformGradient2By8(call.pointee)
}

@inline(__always)
private func transformKernel2By8(_ r: SKTransform) {
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
            let even = (d0 + d2) * half, odd = d1 * half
            store(d0, q + 0 * outStep)
            store(even + odd, q + 1 * outStep)
            store(even - odd, q + 2 * outStep)
            store(d2, q + 3 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformKernel2By16(_ r: SKTransform) {
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
            let even = (d0 + d2) * half, odd = d1 * half
            store(d0, q + 0 * outStep)
            store(even + odd, q + 1 * outStep)
            store(even - odd, q + 2 * outStep)
            store(d2, q + 3 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradKernel2(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformKernel2By16(call.pointee) }
    #endif
    transformKernel2By8(call.pointee)
}

@inline(__always)
private func transformKernelGradient2By8(_ r: SKTransform) {
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
            let even = (d1 + d2) * half, odd = (d1 - d2) * half
            store(d0 + even, q + 0 * outStep)
            store(odd, q + 1 * outStep)
            store(even + d3, q + 2 * outStep)
            i += 8
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#if KERNEL_x86_64_v4
@inline(__always)
private func transformKernelGradient2By16(_ r: SKTransform) {
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
            let even = (d1 + d2) * half, odd = (d1 - d2) * half
            store(d0 + even, q + 0 * outStep)
            store(odd, q + 1 * outStep)
            store(even + d3, q + 2 * outStep)
            i += 16
        }
        line += Int(r.inLine)
        target += Int(r.outLine)
    }
}
#endif

func winogradKernelGradient2(_ call: UnsafePointer<SKTransform>) {
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 { return transformKernelGradient2By16(call.pointee) }
    #endif
    transformKernelGradient2By8(call.pointee)
}
