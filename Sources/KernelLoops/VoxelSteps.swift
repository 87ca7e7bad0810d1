import CKernels

// The steps of voxel expressions over strips in the first-level cache. Every result is rounded as if it were alone: no fused operations, so that results are one on every processor.

@inline(__always)
func voxelStep(_ s: SKVoxelStep) {
    switch s.operation {
    case .add: numbers(s) { $0 + $1 }
    case .subtract: numbers(s) { $0 - $1 }
    case .multiply: numbers(s) { $0 * $1 }
    case .divide: numbers(s) { $0 / $1 }
    case .least: numbers(s) { sk_least16($0, $1) }
    case .greatest: numbers(s) { sk_greatest16($0, $1) }
    case .square: numbers(s) { a in a * a }
    case .negate: numbers(s) { sk_negate16($0) }
    case .abs: numbers(s) { sk_abs16($0) }
    case .sqrt: numbers(s) { sk_root16($0) }
    case .round: numbers(s) { sk_rint16($0) }
    case .floor: numbers(s) { sk_floor16($0) }
    case .ceil: numbers(s) { sk_ceil16($0) }
    case .less: comparison(s) { sk_less16($0, $1) }
    case .lessOrEqual: comparison(s) { sk_less_equal16($0, $1) }
    case .greater: comparison(s) { sk_less16($1, $0) }
    case .greaterOrEqual: comparison(s) { sk_less_equal16($1, $0) }
    case .equal: comparison(s) { sk_equal16($0, $1) }
    case .notEqual: comparison(s) { sk_not_equal16($0, $1) }
    case .and: truths(s) { $0 & $1 }
    case .or: truths(s) { $0 | $1 }
    case .exclusiveOr: truths(s) { $0 ^ $1 }
    case .complement: truths(s) { a, _ in a ^ SKBytes16(repeating: 1) }
    case .widen:
        var i = 0
        while i < Int(s.count) {
            put(sk_widen16(s.a.loadUnaligned(fromByteOffset: i, as: SKBytes16.self)), i, s)
            i &+= 16
        }
    // There is no other; a switch without this names the type to the reporter of an impossible value, and its description, compiled for wide vectors, would be
    // every module's.
    default: break
    }
}

@inline(__always)
private func put(_ v: V16, _ i: Int, _ s: SKVoxelStep) {
    let out = s.out.assumingMemoryBound(to: Float.self) + i
    if s.streams != 0 { sk_stream16(out, v) } else { store(v, out) }
}

@inline(__always)
private func put(_ b: SKBytes16, _ i: Int, _ s: SKVoxelStep) {
    if s.streams != 0 { sk_stream_bytes16(s.out + i, b) } else { s.out.storeBytes(of: b, toByteOffset: i, as: SKBytes16.self) }
}

@inline(__always)
private func numbers(_ s: SKVoxelStep, _ body: (V16, V16) -> V16) { eachPair(s) { i, a, b in put(body(a, b), i, s) } }

@inline(__always)
private func numbers(_ s: SKVoxelStep, _ body: (V16) -> V16) {
    let a = s.a.assumingMemoryBound(to: Float.self)
    var i = 0
    while i < Int(s.count) {
        put(body(load16(a + i)), i, s)
        i &+= 16
    }
}

@inline(__always)
private func comparison(_ s: SKVoxelStep, _ body: (V16, V16) -> SKBytes16) { eachPair(s) { i, a, b in put(body(a, b), i, s) } }

/// Hands out the operands 16 at a time. A number for all is loaded once.
@inline(__always)
private func eachPair(_ s: SKVoxelStep, _ body: (Int, V16, V16) -> Void) {
    let a = s.a.assumingMemoryBound(to: Float.self), b = s.b.assumingMemoryBound(to: Float.self), n = Int(s.count)
    var i = 0
    if s.bStep == 0 {
        let number = load16(b)
        while i < n {
            body(i, load16(a + i), number)
            i &+= 16
        }
    } else if s.aStep == 0 {
        let number = load16(a)
        while i < n {
            body(i, number, load16(b + i))
            i &+= 16
        }
    } else {
        while i < n {
            body(i, load16(a + i), load16(b + i))
            i &+= 16
        }
    }
}

@inline(__always)
private func truths(_ s: SKVoxelStep, _ body: (SKBytes16, SKBytes16) -> SKBytes16) {
    var i = 0
    while i < Int(s.count) {
        let a = s.a.loadUnaligned(fromByteOffset: i, as: SKBytes16.self), b = s.b.loadUnaligned(fromByteOffset: i, as: SKBytes16.self)
        put(body(a, b), i, s)
        i &+= 16
    }
}
