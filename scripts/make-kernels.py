"""Writes the register-tiled kernels, whose sums have to be variables of their own: Sources/KernelLoops/{Convolution,WeightGradient}{16,8}.swift.

Run: python3 scripts/make-kernels.py [FOLDER]
"""
import os
import sys

N = 12  # the widest tile of any instruction set
def conv(lanes):
    V=f"V{lanes}"; W="widestTile" if lanes==16 else "widestTile8"
    ld = f"load{lanes}" if lanes==16 else "loadPart"
    st = "store" if lanes==16 else "storePart"
    tail = "" if lanes==16 else ", r.width"
    o=[f"""// Written by scripts/make-kernels.py.
import CKernels

private typealias Call = UnsafePointer<SKConvRow>

/// `n` neighbouring outputs from `first` on. `n` and `step` are constants wherever this is inlined, so that sums which are not used vanish
/// and addresses are known.
@inline(__always)
private func tile(_ n: Int, _ step: Int, _ call: Call, _ first: Int) {{
    let r = call.pointee
    let outStep = Int(r.outStep), length = Int(r.length), groups = Int(r.groups)
    let source = r.source + first * step
    let out = r.out + first * outStep
    var start = {V}()
    if r.accumulate == 0, let bias = r.bias {{ start = load{lanes}(bias) }}"""]
    for i in range(0,N,4): o.append("    var "+", ".join(f"s{k} = start" for k in range(i,i+4)))
    o.append("    if r.accumulate != 0 {")
    for i in range(N): o.append(f"        if n > {i} {{ s{i} = {ld}(out + {i} * outStep{tail}) }}")
    o.append(f"""    }}
    var weights = r.weights
    for g in 0..<groups {{
        var p = source + Int(r.offsets[g])
        let end = p + length
        while p < end {{
            let w = load{lanes}(weights)""")
    for i in range(N): o.append(f"            if n > {i} {{ s{i} = fma(w, {V}(repeating: p[{i} * step]), s{i}) }}")
    o.append(f"            weights += {lanes}\n            p += 1\n        }}\n    }}\n    if let scale = r.scale, let shift = r.shift {{\n        let m = load{lanes}(scale), c = load{lanes}(shift)")
    for i in range(N): o.append(f"        if n > {i} {{ s{i} = fma(s{i}, m, c) }}")
    o.append("    }\n    if r.relu != 0 {")
    for i in range(N): o.append(f"        if n > {i} {{ s{i} = positive(s{i}) }}")
    o.append("    }")
    for i in range(N): o.append(f"    if n > {i} {{ {st}(s{i}, out + {i} * outStep{tail}) }}")
    o.append(f"""}}

// Each size is a function of its own, or the compiler would join them into one that asks for the size in its innermost loop.
""")
    for step,name in ((32,"32"),(16,"16"),(8,"8"),(1,"1")):
        for n in range(1,N+1):
            o.append(f"@inline(never) private func tile{n}By{name}(_ call: Call, _ first: Int) {{ if {W} >= {n} {{ tile({n}, {step}, call, first) }} }}")
    o.append(f"@inline(never) private func anyTile(_ n: Int, _ call: Call, _ first: Int) {{\n    let step = Int(call.pointee.step)\n    if n == {W} {{\n        tile({W}, step, call, first)\n    }} else {{\n        for i in 0..<n {{ tile(1, step, call, first + i) }}\n    }}\n}}")
    o.append("")
    for name in ("32","16","8","1"):
        o.append(f"@inline(__always)\nprivate func tileBy{name}(_ n: Int, _ call: Call, _ first: Int) {{\n    switch n {{")
        for n in range(1,N): o.append(f"    case {n}: tile{n}By{name}(call, first)")
        o.append(f"    default: tile{N}By{name}(call, first)\n    }}\n}}\n")
    o.append(f"""/// A row, in tiles as equal as they can be. The usual distances between voxels are compiled on their own.
func convRow{lanes}(_ call: UnsafePointer<SKConvRow>) {{
    let count = Int(call.pointee.count)
    let tiles = (count + {W} - 1) / {W}
    if tiles == 0 {{ return }}
    let size = count / tiles
    var larger = count - size * tiles
    var first = 0
    while first < count {{
        let n = larger > 0 ? size + 1 : size
        larger -= 1
        switch call.pointee.step {{
        case 32: tileBy32(n, call, first)
        case 16: tileBy16(n, call, first)
        case 8: tileBy8(n, call, first)
        case 1: tileBy1(n, call, first)
        default: anyTile(n, call, first)
        }}
        first += n
    }}
}}
""")
    return "\n".join(o)
def wg(lanes):
    V=f"V{lanes}"; W="widestTile" if lanes==16 else "widestTile8"
    o=[f"""// Written by scripts/make-kernels.py.
import CKernels

private typealias Call = UnsafePointer<SKWeightRows>

/// Sums of `n` neighbouring entries; with `run`, their offsets are consecutive. `n`, `run` and the steps are constants wherever this is inlined.
@inline(__always)
private func tile(_ n: Int, _ run: Bool, _ xStep: Int, _ gStep: Int, _ call: Call, _ first: Int) {{
    let r = call.pointee
    let offsets = r.offsets + first
    let sum = r.sum + first * {lanes}
    let o0 = Int(offsets[0])"""]
    for i in range(1,N): o.append(f"    let o{i} = run ? o0 + {i} : (n > {i} ? Int(offsets[{i}]) : 0)")
    for i in range(N): o.append(f"    var s{i} = n > {i} ? load{lanes}(sum + {i*lanes}) : {V}()")
    o.append(f"""    var xRow = r.x, gRow = r.g
    for _ in 0..<Int(r.rows) {{
        var x = xRow, g = gRow
        for _ in 0..<Int(r.count) {{
            let d = load{lanes}(g)""")
    for i in range(N): o.append(f"            if n > {i} {{ s{i} = fma(d, {V}(repeating: x[o{i}]), s{i}) }}")
    o.append("""            x += xStep
            g += gStep
        }
        xRow += Int(r.xRow)
        gRow += Int(r.gRow)
    }""")
    for i in range(N): o.append(f"    if n > {i} {{ store(s{i}, sum + {i*lanes}) }}")
    o.append(f"""}}

// Each size is a function of its own, or the compiler would join them into one that asks for the size in its innermost loop.
""")
    for n in range(1,7): o.append(f"@inline(never) private func tile{n}(_ call: Call, _ first: Int) {{ if {W} >= {n} {{ tile({n}, false, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) }} }}")
    o.append(f"""@inline(never) private func run(_ call: Call, _ first: Int) {{ tile({W}, true, Int(call.pointee.xStep), Int(call.pointee.gStep), call, first) }}

func weightRows{lanes}(_ call: UnsafePointer<SKWeightRows>) {{
    let count = Int(call.pointee.entries), offsets = call.pointee.offsets
    var first = 0
    while first < count {{
        if first + {W} <= count, offsets[first + {W} - 1] - offsets[first] == Int64({W} - 1) {{
            run(call, first)
            first += {W}
            continue
        }}
        // Without a run, at most six addresses fit into registers.
        let widest = min(6, {W})
        let tiles = (count - first + widest - 1) / widest
        let n = (count - first + tiles - 1) / tiles
        switch n {{""")
    for n in range(1,6): o.append(f"        case {n}: tile{n}(call, first)")
    o.append(f"""        default: tile6(call, first)
        }}
        first += n
    }}
}}
""")
    return "\n".join(o)
d = sys.argv[1] + "/" if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Sources", "KernelLoops", "")
for l in (16,8):
    open(d+f"Convolution{l}.swift","w").write(conv(l))
    open(d+f"WeightGradient{l}.swift","w").write(wg(l))
