import CKernels

// Lines of an upsampling: sums of lines, and of neighbours within a line.

@inline(__always)
func blend(_ r: SKBlend) {
    let floats = Int(r.floats), count = Int(r.count), step = Int(r.step)
    var i = 0
    while i + 16 <= floats {
        var sum = r.accumulate != 0 ? load16(UnsafePointer(r.out) + i) : V16()
        for k in 0..<count { sum = fma(load16(r.in + k * step + i), V16(repeating: r.weights[k]), sum) }
        store(sum, r.out + i)
        i += 16
    }
    while i < floats {
        var sum = r.accumulate != 0 ? r.out[i] : 0
        for k in 0..<count { sum += r.in[k * step + i] * r.weights[k] }
        r.out[i] = sum
        i += 1
    }
}

@inline(__always)
func resample(_ r: SKResample) {
    let width = Int(r.width), most = Int(r.most)
    for v in 0..<Int(r.voxels) {
        let p = r.in + Int(r.first[v]) * width, weights = r.weights + v * most, count = Int(r.counts[v])
        if width == 16 {
            var sum = load16(p) * weights[0]
            for k in 1..<max(1, count) { sum = fma(load16(p + k * 16), V16(repeating: weights[k]), sum) }
            store(sum, r.out + v * 16)
        } else {
            var sum = loadPart(p, r.width) * weights[0]
            for k in 1..<max(1, count) { sum = fma(loadPart(p + k * width, r.width), V8(repeating: weights[k]), sum) }
            storePart(sum, r.out + v * width, r.width)
        }
    }
}
