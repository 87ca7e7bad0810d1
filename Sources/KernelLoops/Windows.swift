import CKernels

// Pooling over windows that may overlap or leave gaps. Eight lanes at a time, or all of a narrower block; `part` is a constant wherever these are inlined.

/// The part of output v's window along x that lies inside.
@inline(__always)
private func inside(_ r: SKWindowRow, _ v: Int) -> (first: Int, end: Int) {
    let start = Int(r.start) + v * Int(r.step)
    return (max(0, start), min(Int(r.length), start + Int(r.wx)))
}

@inline(__always)
private func largest(_ r: SKWindowRow, _ part: Int32) {
    let width = Int(r.width)
    for v in 0..<Int(r.count) {
        let (first, end) = inside(r, v)
        var lane = 0
        while lane < width {
            var m = loadPart(r.in + first * width + lane, part)
            for z in 0..<Int(r.wz) {
                for y in 0..<Int(r.wy) {
                    let line = r.in + z * Int(r.plane) + y * Int(r.row) + lane
                    for x in first..<end {
                        let c = loadPart(line + x * width, part)
                        m.replace(with: c, where: c .> m)
                    }
                }
            }
            storePart(m, r.out + v * width + lane, part)
            lane += 8
        }
    }
}

/// Hands each output's gradient to the first place of its window that holds the largest value, where that lies in the planes to be written.
@inline(__always)
private func largestGradient(_ r: SKWindowRow, _ part: Int32) {
    guard let gradient = r.gradient, let into = r.gradientIn else { return }
    let width = Int(r.width)
    for v in 0..<Int(r.count) {
        let (first, end) = inside(r, v)
        var lane = 0
        while lane < width {
            let m = loadPart(UnsafePointer(r.out) + v * width + lane, part)
            var rest = loadPart(gradient + v * width + lane, part)
            for z in 0..<Int(r.lastPlane) {
                let writes = z >= Int(r.firstPlane)
                for y in 0..<Int(r.wy) {
                    let line = z * Int(r.plane) + y * Int(r.row) + lane
                    for x in first..<end {
                        let hit = loadPart(r.in + line + x * width, part) .== m
                        if writes {
                            let p = into + line + x * width
                            storePart(loadPart(UnsafePointer(p), part) + V8().replacing(with: rest, where: hit), p, part)
                        }
                        rest.replace(with: 0, where: hit)
                    }
                }
            }
            lane += 8
        }
    }
}

@inline(__always)
private func mean(_ r: SKWindowRow, _ part: Int32) {
    let width = Int(r.width)
    for v in 0..<Int(r.count) {
        let (first, end) = inside(r, v)
        let share = 1 / Float((end - first) * Int(r.wy * r.wz))
        var lane = 0
        while lane < width {
            var sum = V8()
            for z in 0..<Int(r.wz) {
                for y in 0..<Int(r.wy) {
                    let line = r.in + z * Int(r.plane) + y * Int(r.row) + lane
                    for x in first..<end { sum += loadPart(line + x * width, part) }
                }
            }
            storePart(sum * share, r.out + v * width + lane, part)
            lane += 8
        }
    }
}

@inline(__always)
private func meanGradient(_ r: SKWindowRow, _ part: Int32) {
    guard let gradient = r.gradient, let into = r.gradientIn else { return }
    let width = Int(r.width)
    for v in 0..<Int(r.count) {
        let (first, end) = inside(r, v)
        let share = 1 / Float((end - first) * Int(r.wy * r.wz))
        var lane = 0
        while lane < width {
            let g = loadPart(gradient + v * width + lane, part) * share
            for z in Int(r.firstPlane)..<Int(r.lastPlane) {
                for y in 0..<Int(r.wy) {
                    let line = into + z * Int(r.plane) + y * Int(r.row) + lane
                    for x in first..<end { storePart(loadPart(UnsafePointer(line) + x * width, part) + g, line + x * width, part) }
                }
            }
            lane += 8
        }
    }
}

@inline(__always) func windowMax(_ r: SKWindowRow) { if r.width >= 8 { largest(r, 8) } else { largest(r, Int32(r.width)) } }
@inline(__always) func windowMaxGradient(_ r: SKWindowRow) {
    if r.width >= 8 { largestGradient(r, 8) } else { largestGradient(r, Int32(r.width)) }
}
@inline(__always) func windowMean(_ r: SKWindowRow) { if r.width >= 8 { mean(r, 8) } else { mean(r, Int32(r.width)) } }
@inline(__always) func windowMeanGradient(_ r: SKWindowRow) {
    if r.width >= 8 { meanGradient(r, 8) } else { meanGradient(r, Int32(r.width)) }
}
