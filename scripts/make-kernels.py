"""Writes the kernels whose sums have to be variables of their own, or which are wanted for two widths of vectors:
Sources/KernelLoops/{Convolution,WeightGradient,Product}{16,8}.swift, Depthwise16.swift, HalfRow.swift and Transforms{2,4,Up,Down}.swift.

Run: python3 scripts/make-kernels.py [FOLDER]
"""
import os
import re
import sys

N = 12  # the widest tile of any instruction set
def conv(lanes, half=False):
    """Direct convolutions. With `half` a float stands for a pair of bfloat16, two inputs next to each other, of input and weights."""
    V=f"V{lanes}"; W="widestTile" if lanes==16 else "widestTile8"
    ld = f"load{lanes}" if lanes==16 else "loadPart"
    st = "store" if lanes==16 else "storePart"
    tail = "" if lanes==16 else ", r.width"
    product = "dot(s{i}, w, {V}(repeating: p[{i} * step]))" if half else "fma(w, {V}(repeating: p[{i} * step]), s{i})"
    head = "// Written by scripts/make-kernels.py.\nimport CKernels\n" + ("\n#if arch(x86_64)\n" if half else "")
    o=[head + f"""
private typealias Call = UnsafePointer<SKConvRow>

/// `n` neighbouring outputs from `first` on. `n` and `step` are constants wherever this is inlined, so that sums which are not used vanish
/// and addresses are known.
@inline(__always)
private func tile(_ n: Int, _ step: Int, _ call: Call, _ first: Int) {{
    let r = call.pointee
    let outStep = Int(r.outStep), length = Int(r.length), groups = Int(r.groups), skip = Int(r.weightSkip)
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
    for i in range(N): o.append(f"            if n > {i} {{ s{i} = " + product.format(i=i, V=V) + " }")
    o.append(f"            weights += {lanes}\n            p += 1\n        }}\n        weights += skip\n    }}\n    if let scale = r.scale, let shift = r.shift {{\n        let m = load{lanes}(scale), c = load{lanes}(shift)")
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
{"public " if half else ""}func {"halfRow" if half else f"convRow{lanes}"}(_ call: UnsafePointer<SKConvRow>) {{
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
    if half: o.append("""/// The float's bits as two bfloat16 each: sum + a₀ · b₀ + a₁ · b₁.
@inline(__always) private func dot(_ sum: V16, _ a: V16, _ b: V16) -> V16 { sk_dot_bf16(sum, a, b) }

/// Rounds floats to bfloat16; a multiple of 16 is written.
public func toHalf(_ values: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
    var i = 0
    while i < count {
        (UnsafeMutableRawPointer(out) + 2 * i).storeBytes(of: sk_to_half16(load16(values + i)), as: SIMD16<UInt16>.self)
        i += 16
    }
}
#endif
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


def product(lanes):
    V = f"V{lanes}"
    W = "widestTile" if lanes == 16 else "widestTile8"
    o = [f"""// Written by scripts/make-kernels.py.
import CKernels

/// Products of `n` tiles of one frequency. `n` and `width` are constants wherever this is inlined.
@inline(__always)
private func tile(_ n: Int, _ width: Int, _ source: In, _ weights: In, _ out: Out, _ blocks: Int, _ tiles: Int) {{"""]
    for i in range(0, N, 4):
        o.append("    var " + ", ".join(f"s{k} = {V}()" for k in range(i, i + 4)))
    o.append("""    var w = weights, block = source
    for _ in 0..<blocks {
        var p = block
        let end = p + width
        while p < end {""")
    o.append(f"            let v = load{lanes}(w)")
    for i in range(N):
        o.append(f"            if n > {i} {{ s{i} = fma(v, {V}(repeating: p[{i} * width]), s{i}) }}")
    o.append(f"            w += {lanes}\n            p += 1\n        }}\n        block += tiles * width\n    }}")
    for i in range(N):
        o.append(f"    if n > {i} {{ store(s{i}, out + {i * lanes}) }}")
    o.append("}\n")
    for width in (16, 8):
        for n in range(1, N + 1):
            o.append(f"@inline(never) private func tile{n}By{width}(_ p: In, _ w: In, _ o: Out, _ b: Int, _ t: Int) {{ if {W} >= {n} {{ tile({n}, {width}, p, w, o, b, t) }} }}")
    for width in (16, 8):
        o.append(f"""
@inline(__always)
private func frequencies{width}(_ r: SKProduct) {{
    let tiles = Int(r.tiles), blocks = Int(r.blocks)
    let turns = (tiles + {W} - 1) / {W}
    let size = tiles / turns, larger = tiles - size * turns
    for f in 0..<Int(r.frequencies) {{
        var p = r.in + f * blocks * tiles * {width}
        var out = r.out + f * tiles * {lanes}
        let w = r.weights + f * blocks * {width * lanes}
        for turn in 0..<turns {{
            let n = turn < larger ? size + 1 : size
            switch n {{""")
        for n in range(1, N):
            o.append(f"            case {n}: tile{n}By{width}(p, w, out, blocks, tiles)")
        o.append(f"""            default: tile{N}By{width}(p, w, out, blocks, tiles)
            }}
            p += n * {width}
            out += n * {lanes}
        }}
    }}
}}""")
    o.append(f"""
func product{lanes}(_ call: UnsafePointer<SKProduct>) {{
    if call.pointee.tiles == 0 {{ return }}
    if call.pointee.width == 16 {{ frequencies16(call.pointee) }} else {{ frequencies8(call.pointee) }}
}}

/// Sums of `n` channels over all tiles of one frequency and block.
@inline(__always)
private func sums(_ n: Int, _ width: Int, _ source: In, _ gradient: In, _ sum: Out, _ tiles: Int) {{""")
    for i in range(N):
        o.append(f"    var s{i} = n > {i} ? load{lanes}(sum + {i * lanes}) : {V}()")
    o.append("""    var p = source, g = gradient
    for _ in 0..<tiles {""")
    o.append(f"        let d = load{lanes}(g)")
    for i in range(N):
        o.append(f"        if n > {i} {{ s{i} = fma(d, {V}(repeating: p[{i}]), s{i}) }}")
    o.append(f"        p += width\n        g += {lanes}\n    }}")
    for i in range(N):
        o.append(f"    if n > {i} {{ store(s{i}, sum + {i * lanes}) }}")
    o.append("}\n")
    for width in (16, 8):
        for n in range(1, N + 1):
            o.append(f"@inline(never) private func sums{n}By{width}(_ p: In, _ g: In, _ s: Out, _ t: Int) {{ if {W} >= {n} {{ sums({n}, {width}, p, g, s, t) }} }}")
    for width in (16, 8):
        o.append(f"""
@inline(__always)
private func sumFrequencies{width}(_ r: SKWeightProduct) {{
    let tiles = Int(r.tiles), blocks = Int(r.blocks)
    let turns = ({width} + {W} - 1) / {W}
    let size = {width} / turns, larger = {width} - size * turns
    for f in 0..<Int(r.frequencies) {{
        let g = r.gradient + f * tiles * {lanes}
        for b in 0..<blocks {{
            var p = r.in + (f * blocks + b) * tiles * {width}
            var sum = r.sum + (f * blocks + b) * {width * lanes}
            for turn in 0..<turns {{
                let n = turn < larger ? size + 1 : size
                switch n {{""")
        for n in range(1, N):
            o.append(f"                case {n}: sums{n}By{width}(p, g, sum, tiles)")
        o.append(f"""                default: sums{N}By{width}(p, g, sum, tiles)
                }}
                p += n
                sum += n * {lanes}
            }}
        }}
    }}
}}""")
    o.append(f"""
func weightProduct{lanes}(_ call: UnsafePointer<SKWeightProduct>) {{
    if call.pointee.width == 16 {{ sumFrequencies16(call.pointee) }} else {{ sumFrequencies8(call.pointee) }}
}}""")
    return "\n".join(o) + "\n"


def depthwise():
    """Rows of blocks of 16 channels, whose taps come in runs of neighbouring voxels: an input is loaded once for all taps of a run."""
    o = ["""// Written by scripts/make-kernels.py.
import CKernels

private typealias Call = UnsafePointer<SKDepthwiseRow>
"""]
    for run in (3, 5):
        o.append(f"""/// `n` neighbouring voxels from the first on, by runs of {run} taps. `n` is a constant wherever this is inlined.
@inline(__always)
private func tile{run}(_ n: Int, _ call: Call, _ first: Int) {{
    let r = call.pointee
    let source = r.source + first * 16, out = r.out + first * 16, start = load16(r.start)""")
        for i in range(0, N, 4):
            o.append("    var " + ", ".join(f"s{k} = start" for k in range(i, i + 4)))
        o.append(f"""    var weights = UnsafePointer(r.weights), offset = r.offsets
    for _ in 0..<Int(r.taps) / {run} {{
        let p = source + Int(offset.pointee)""")
        for k in range(run):
            o.append(f"        let w{k} = load16(weights + {16 * k})")
        for j in range(N + run - 1):
            # Input j is read by outputs j - run + 1 to j.
            least = max(0, j - run + 1)
            o.append(f"        if n > {least} {{" if least else "        do {")
            o.append(f"            let v = load16(p + {16 * j})")
            for k in range(run):
                i = j - k
                if 0 <= i < N:
                    o.append(f"            if n > {i} {{ s{i} = fma(w{k}, v, s{i}) }}" if i > least else f"            s{i} = fma(w{k}, v, s{i})")
            o.append("        }")
        o.append(f"""        weights += {16 * run}
        offset += {run}
    }}""")
        for i in range(N):
            o.append(f"    if n > {i} {{ store(s{i}, out + {16 * i}) }}")
        o.append("}\n")
    o.append("// Each size is a function of its own; of the wider ones there are as many as the registers hold.\n")
    for run in (3, 5):
        for n in range(1, N + 1):
            o.append(f"@inline(never) private func tile{run}Of{n}(_ call: Call, _ first: Int) {{ if depthwiseTile >= {n} {{ tile{run}({n}, call, first) }} }}")
    for run in (3, 5):
        o.append(f"""
/// A row, in tiles as equal as they can be.
func depthwiseBy{run}(_ call: UnsafePointer<SKDepthwiseRow>) {{
    let count = Int(call.pointee.count) / 16
    let tiles = (count + depthwiseTile - 1) / depthwiseTile
    if tiles == 0 {{ return }}
    let size = count / tiles
    var larger = count - size * tiles
    var first = 0
    while first < count {{
        let n = larger > 0 ? size + 1 : size
        larger -= 1
        switch n {{""")
        for n in range(1, N):
            o.append(f"        case {n}: tile{run}Of{n}(call, first)")
        o.append(f"""        default: tile{run}Of{N}(call, first)
        }}
        first += n
    }}
}}""")
    return "\n".join(o) + "\n"


# F(2, 3) has the points 0, ±1 and infinity; F(4, 3) has 0, ±1/√2, ±√2 and infinity, with which its error is about a seventh of that with
# the customary 0, ±1, ±2 (a² b² = 1 spares two multiplications as well).
TRANSFORMS = {
    "Input2": (4, """put(0, d0 - d2)
put(1, d1 + d2)
put(2, d2 - d1)
put(3, d3 - d1)"""),
    "Output2": (4, """put(0, d0 + d1 + d2)
put(1, d1 - d2 + d3)"""),
    "Gradient2": (2, """put(0, d0)
put(1, d0 + d1)
put(2, d0 - d1)
put(3, d1)"""),
    "Kernel2": (3, """let even = (d0 + d2) * half, odd = d1 * half
put(0, d0)
put(1, even + odd)
put(2, even - odd)
put(3, d2)"""),
    "KernelGradient2": (4, """let even = (d1 + d2) * half, odd = (d1 - d2) * half
put(0, d0 + even)
put(1, odd)
put(2, even + d3)"""),
    "Input4": (6, """put(0, fma(d2, minusFiveHalves, d0 + d4))
let e1 = fma(d2, minusTwo, d4), o1 = fma(d1, minusTwo, d3)
put(1, fma(o1, a, e1))
put(2, fma(o1, minusA, e1))
let e2 = fma(d2, minusHalf, d4), o2 = fma(d1, minusHalf, d3)
put(3, fma(o2, b, e2))
put(4, fma(o2, minusB, e2))
put(5, fma(d3, minusFiveHalves, d1 + d5))"""),
    "Output4": (6, """let s1 = d1 + d2, s2 = d3 + d4, t1 = d1 - d2, t2 = d3 - d4
put(0, d0 + s1 + s2)
put(1, fma(t2, b, t1 * a))
put(2, fma(s1, half, s2 * two))
put(3, fma(t2, bCubed, fma(t1, aCubed, d5)))"""),
    "Gradient4": (4, """put(0, d0)
let e1 = fma(d2, half, d0), o1 = fma(d3, half, d1)
put(1, fma(o1, a, e1))
put(2, fma(o1, minusA, e1))
let e2 = fma(d2, two, d0), o2 = fma(d3, two, d1)
put(3, fma(o2, b, e2))
put(4, fma(o2, minusB, e2))
put(5, d3)"""),
    "Kernel4": (3, """put(0, d0)
let e1 = fma(d2, half, d0) * minusTwoThirds, e2 = fma(d2, two, d0) * sixth
put(1, fma(d1, minusTwoThirdsA, e1))
put(2, fma(d1, twoThirdsA, e1))
put(3, fma(d1, sixthB, e2))
put(4, fma(d1, minusSixthB, e2))
put(5, d2)"""),
    "KernelGradient4": (6, """let s1 = (d1 + d2) * minusTwoThirds, s2 = (d3 + d4) * sixth
put(0, d0 + s1 + s2)
put(1, fma(d1 - d2, minusTwoThirdsA, (d3 - d4) * sixthB))
put(2, fma(s1, half, fma(s2, two, d5)))"""),
    # Stride 2, three coarse voxels a tile: the even voxels of the fine grid by F(3, 2) with the points 0, ±1 and infinity (frequencies 0 to 3), the
    # odd ones by products of their own (frequencies 4 to 6). Up: from the coarse grid to the fine one. Down: the other way.
    "InputUp": (4, """put(0, d0 - d2)
put(1, d1 + d2)
put(2, d2 - d1)
put(3, d3 - d1)
put(4, d1)
put(5, d2)
put(6, d3)"""),
    "OutputUp": (7, """let sum = d1 + d2
put(0, d0 + sum)
put(1, d4)
put(2, d1 - d2)
put(3, d5)
put(4, sum + d3)
put(5, d6)"""),
    "GradientUp": (6, """let sum = d0 + d4
put(0, d0)
put(1, sum + d2)
put(2, sum - d2)
put(3, d4)
put(4, d1)
put(5, d3)
put(6, d5)"""),
    "KernelUp": (3, """let even = d2 * half, odd = d0 * half
put(0, d2)
put(1, even + odd)
put(2, even - odd)
put(3, d0)
put(4, d1)
put(5, d1)
put(6, d1)"""),
    "KernelGradientUp": (7, """put(0, fma(d1 - d2, half, d3))
put(1, d4 + d5 + d6)
put(2, fma(d1 + d2, half, d0))"""),
    "InputDown": (7, """put(0, d0 - d4)
put(1, d2 + d4)
put(2, d4 - d2)
put(3, d6 - d2)
put(4, d1)
put(5, d3)
put(6, d5)"""),
    "OutputDown": (7, """let sum = d1 + d2
put(0, d0 + sum + d4)
put(1, d1 - d2 + d5)
put(2, sum + d3 + d6)"""),
    "GradientDown": (3, """let sum = d0 + d2
put(0, d0)
put(1, sum + d1)
put(2, sum - d1)
put(3, d2)
put(4, d0)
put(5, d1)
put(6, d2)"""),
    "KernelDown": (3, """let even = d0 * half, odd = d2 * half
put(0, d0)
put(1, even + odd)
put(2, even - odd)
put(3, d2)
put(4, d1)
put(5, d1)
put(6, d1)"""),
    "KernelGradientDown": (7, """put(0, fma(d1 + d2, half, d0))
put(1, d4 + d5 + d6)
put(2, fma(d1 - d2, half, d3))"""),
}
CONSTANTS = {
    "half": "0.5", "minusHalf": "-0.5", "two": "2", "minusTwo": "-2", "minusFiveHalves": "-2.5",
    "a": "0.707_106_78", "minusA": "-0.707_106_78", "b": "1.414_213_56", "minusB": "-1.414_213_56",
    "aCubed": "0.353_553_39", "bCubed": "2.828_427_12", "minusTwoThirds": "-0.666_666_67", "sixth": "0.166_666_67",
    "minusTwoThirdsA": "-0.471_404_52", "twoThirdsA": "0.471_404_52", "sixthB": "0.235_702_26", "minusSixthB": "-0.235_702_26",
}


def transforms(m):
    stride = """// from the {} grid to the {} one: even voxels of the fine grid by F(3, 2) with the points 0, ±1 and infinity, odd ones by
// products of their own."""
    what = {
        "2": "// for F(2, 3) with the points 0, ±1 and infinity.",
        "4": """// for F(4, 3) with the points 0, ±a, ±b and infinity,
// a = 1/√2 and b = √2: its error is about a seventh of that with the customary 0, ±1, ±2 (bench/winograd_points.py).""",
        "Up": stride.format("coarse", "fine"),
        "Down": stride.format("fine", "coarse"),
    }
    o = [f"""// Written by scripts/make-kernels.py.
import CKernels

// Winograd's transforms along one axis (Lavin and Gray 2016, arXiv:1509.09308),
{what[m]}
"""]
    for name, (points, body) in TRANSFORMS.items():
        if not re.fullmatch(f"(Input|Output|Gradient|Kernel|KernelGradient){m}", name):
            continue
        for lanes in (8, 16):
            if lanes == 16:
                o.append("#if KERNEL_x86_64_v4")
            o.append(f"@inline(__always)\nprivate func transform{name}By{lanes}(_ r: SKTransform) {{")
            o.append("    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)")
            for c, value in CONSTANTS.items():
                if re.search(rf"\b{c}\b", body):
                    o.append(f"    let {c} = V{lanes}(repeating: {value})")
            o.append("    var line = r.in, target = r.out\n    for _ in 0..<Int(r.lines) {\n        var i = 0\n        while i < run {")
            o.append("            let p = line + i, q = target + i")
            for k in range(points):
                o.append(f"            let d{k} = load{lanes}(p + {k} * inStep)")
            for text in body.split("\n"):
                o.append("            " + re.sub(r"put\((\d), (.*)\)$", rf"store(\2, q + \1 * outStep)", text))
            o.append(f"            i += {lanes}\n        }}\n        line += Int(r.inLine)\n        target += Int(r.outLine)\n    }}\n}}")
            if lanes == 16:
                o.append("#endif")
        o.append(f"""
func winograd{name}(_ call: UnsafePointer<SKTransform>) {{
    #if KERNEL_x86_64_v4
    if call.pointee.run % 16 == 0 {{ return transform{name}By16(call.pointee) }}
    #endif
    transform{name}By8(call.pointee)
}}
""")
        if name == f"Input{m}":
            o += read(m, points, body)
    return "\n".join(o)


def read(m, points, body):
    """The transform of an input that a pointwise step comes before: of one line, whose first float is lane 0 of the step's pattern."""
    o = []
    for lanes in (8, 16):
        if lanes == 16:
            o.append("#if KERNEL_x86_64_v4")
        for drop, half in ((False, False), (True, False), (False, True), (True, True)):
            name = f"transformRead{m}By{lanes}" + ("Dropping" if drop else "") + ("Half" if half else "")
            o.append(f"@inline(__always)\nprivate func {name}(_ c: SKReadTransform) {{")
            o.append("    let r = c.transform\n    let inStep = Int(r.inStep), outStep = Int(r.outStep), run = Int(r.run)")
            for constant, value in CONSTANTS.items():
                if re.search(rf"\b{constant}\b", body):
                    o.append(f"    let {constant} = V{lanes}(repeating: {value})")
            if lanes == 16:
                o.append("    let scale = c.scale.map { load16($0) } ?? V16(repeating: 1), shift = c.shift.map { load16($0) } ?? V16()")
            else:
                # The pattern is of 16: each half in turn.
                o.append("    var scale = c.scale.map { load8($0) } ?? V8(repeating: 1), shift = c.shift.map { load8($0) } ?? V8()")
                o.append("    var nextScale = c.scale.map { load8($0 + 8) } ?? V8(repeating: 1), nextShift = c.shift.map { load8($0 + 8) } ?? V8()")
            o.append(f"    let floor = V{lanes}(repeating: c.relu != 0 ? 0 : -Float.infinity)")
            o.append("    var i = 0\n    while i < run {")
            o.append("        let q = r.out + i" if half else "        let p = r.in + i, q = r.out + i")
            for k in range(points):
                value = f"loadHalf{lanes}(r.in, i + {k} * inStep)" if half else f"load{lanes}(p + {k} * inStep)"
                o.append(f"        {'var' if drop else 'let'} d{k} = bounded(fma({value}, scale, shift), floor)")
            if drop:
                for k in range(points):
                    factor = f"dropoutFactor(c.key, c.key2, c.threshold, c.keep, c.index + Int64(i) + {k} * c.indexStep)"
                    o.append(f"        d{k} *= " + (f"sk_low8({factor})" if lanes == 8 else factor))
            for text in body.split("\n"):
                o.append("        " + re.sub(r"put\((\d), (.*)\)$", r"store(\2, q + \1 * outStep)", text))
            if lanes == 8:
                o.append("        (scale, nextScale) = (nextScale, scale)\n        (shift, nextShift) = (nextShift, shift)")
            o.append(f"        i += {lanes}\n    }}\n}}")
        if lanes == 16:
            o.append("#endif")
    o.append(f"""
func winogradRead{m}(_ call: UnsafePointer<SKReadTransform>) {{
    let r = call.pointee
    #if KERNEL_x86_64_v4
    if r.transform.run % 16 == 0 {{
        switch (r.half != 0, r.keep != 0) {{
        case (false, false): return transformRead{m}By16(r)
        case (false, true): return transformRead{m}By16Dropping(r)
        case (true, false): return transformRead{m}By16Half(r)
        case (true, true): return transformRead{m}By16DroppingHalf(r)
        }}
    }}
    #endif
    switch (r.half != 0, r.keep != 0) {{
    case (false, false): transformRead{m}By8(r)
    case (false, true): transformRead{m}By8Dropping(r)
    case (true, false): transformRead{m}By8Half(r)
    case (true, true): transformRead{m}By8DroppingHalf(r)
    }}
}}
""")
    return o


d = sys.argv[1] + "/" if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Sources", "KernelLoops", "")
for l in (16,8):
    open(d+f"Convolution{l}.swift","w").write(conv(l))
    open(d+f"WeightGradient{l}.swift","w").write(wg(l))
    open(d+f"Product{l}.swift","w").write(product(l))
open(d+"HalfRow.swift","w").write(conv(16, half=True))
open(d+"Depthwise16.swift","w").write(depthwise())
for m in ("2", "4", "Up", "Down"):
    open(d+f"Transforms{m}.swift","w").write(transforms(m))
