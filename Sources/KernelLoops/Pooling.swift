import CKernels

/// A row of outputs, each the largest of its window, lane by lane.
@inline(__always)
func pool(_ r: SKPoolRow) {
    let width = Int(r.width)
    for v in 0..<Int(r.count) {
        let base = r.in + v * Int(r.wx) * width
        let out = r.out + v * width
        if width == 16 {
            var m = load16(base)
            for z in 0..<Int(r.wz) {
                for y in 0..<Int(r.wy) {
                    let p = base + z * Int(r.plane) + y * Int(r.row)
                    for x in 0..<Int(r.wx) {
                        let c = load16(p + x * 16)
                        m.replace(with: c, where: c .> m)
                    }
                }
            }
            store(m, out)
        } else {
            for lane in 0..<width {
                var m = base[lane]
                for z in 0..<Int(r.wz) {
                    for y in 0..<Int(r.wy) {
                        let p = base + z * Int(r.plane) + y * Int(r.row) + lane
                        for x in 0..<Int(r.wx) where p[x * width] > m { m = p[x * width] }
                    }
                }
                out[lane] = m
            }
        }
    }
}

/// Hands each output's gradient to the first place of its window that holds the largest value.
@inline(__always)
func poolGradient(_ r: SKPoolRow) {
    guard let gradient = r.gradient, let into = r.gradientIn else { return }
    let width = Int(r.width)
    for v in 0..<Int(r.count) {
        let start = v * Int(r.wx) * width
        if width == 16 {
            let m = load16(UnsafePointer(r.out) + v * 16)
            var rest = load16(gradient + v * 16)
            for z in 0..<Int(r.wz) {
                for y in 0..<Int(r.wy) {
                    let at = start + z * Int(r.plane) + y * Int(r.row)
                    for x in 0..<Int(r.wx) {
                        let hit = load16(r.in + at + x * 16) .== m
                        var g = V16()
                        g.replace(with: rest, where: hit)
                        rest.replace(with: 0, where: hit)
                        let p = into + at + x * 16
                        store(r.accumulate != 0 ? load16(p) + g : g, p)
                    }
                }
            }
        } else {
            for lane in 0..<width {
                let m = r.out[v * width + lane]
                var rest = gradient[v * width + lane]
                for z in 0..<Int(r.wz) {
                    for y in 0..<Int(r.wy) {
                        let at = start + z * Int(r.plane) + y * Int(r.row) + lane
                        for x in 0..<Int(r.wx) {
                            let p = at + x * width
                            let hit = r.in[p] == m
                            let g = hit ? rest : 0
                            if hit { rest = 0 }
                            into[p] = r.accumulate != 0 ? into[p] + g : g
                        }
                    }
                }
            }
        }
    }
}
