import CKernels

// The helpers of this folder are compiled once for each instruction set. They are internal and always inlined, so that no
// function of a wider instruction set can take the place of another's at link time. Only top-level functions, raw pointers
// and fixed SIMD types are used: no generics of our own, no arrays, no globals.

typealias V16 = SIMD16<Float>
typealias V8 = SIMD8<Float>
typealias In = UnsafePointer<Float>
typealias Out = UnsafeMutablePointer<Float>

/// Voxels (or weights' rows) whose sums are held in registers at once: 16 lanes × tile sums, the operands beside them.
#if KERNEL_x86_64_v4
@inline(__always) var widestTile: Int { 12 }
#elseif KERNEL_x86_64_v3
@inline(__always) var widestTile: Int { 6 }
#elseif arch(x86_64)
@inline(__always) var widestTile: Int { 3 }
#else
@inline(__always) var widestTile: Int { 6 }
#endif

/// Voxels of a depthwise convolution whose sums are held at once, beside a run of weights.
#if KERNEL_x86_64_v4
@inline(__always) var depthwiseTile: Int { 12 }
#elseif KERNEL_x86_64_v3
@inline(__always) var depthwiseTile: Int { 4 }
#elseif arch(x86_64)
@inline(__always) var depthwiseTile: Int { 2 }
#else
@inline(__always) var depthwiseTile: Int { 4 }
#endif

@inline(__always) func load16(_ p: In) -> V16 { UnsafeRawPointer(p).loadUnaligned(as: V16.self) }
@inline(__always) func load8(_ p: In) -> V8 { UnsafeRawPointer(p).loadUnaligned(as: V8.self) }
@inline(__always) func store(_ v: V16, _ p: Out) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: V16.self) }
@inline(__always) func store(_ v: V8, _ p: Out) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: V8.self) }
/// Past the caches where the processor does so in one instruction, to a multiple of 64 bytes; see `sk_stream_fence`.
@inline(__always) func stream(_ v: V16, _ p: Out) {
    #if KERNEL_x86_64_v4
    sk_stream16(p, v)
    #else
    store(v, p)
    #endif
}

/// a · b + c, in one rounding where the processor can.
@inline(__always) func fma(_ a: V16, _ b: V16, _ c: V16) -> V16 {
    #if arch(x86_64) && !KERNEL_x86_64_v3 && !KERNEL_x86_64_v4
    return a * b + c
    #else
    return sk_fma16(a, b, c)
    #endif
}
@inline(__always) func fma(_ a: V8, _ b: V8, _ c: V8) -> V8 {
    #if arch(x86_64) && !KERNEL_x86_64_v3 && !KERNEL_x86_64_v4
    return a * b + c
    #else
    return sk_fma8(a, b, c)
    #endif
}

/// Sums of 8 lanes take half the registers, but where the vectors are wider than that, no more of them fit.
#if KERNEL_x86_64_v4
@inline(__always) var widestTile8: Int { 12 }
#elseif arch(x86_64) && !KERNEL_x86_64_v3
@inline(__always) var widestTile8: Int { 6 }
#else
@inline(__always) var widestTile8: Int { 12 }
#endif

/// bfloat16: `i` counts values of 2 bytes from `p`.
@inline(__always) func loadHalf16(_ p: In, _ i: Int) -> V16 {
    sk_from_half16(UnsafeRawPointer(p).loadUnaligned(fromByteOffset: 2 * i, as: SIMD16<UInt16>.self))
}
@inline(__always) func loadHalf8(_ p: In, _ i: Int) -> V8 {
    sk_from_half8(UnsafeRawPointer(p).loadUnaligned(fromByteOffset: 2 * i, as: SIMD8<UInt16>.self))
}

@inline(__always) func positive(_ v: V16) -> V16 { v.replacing(with: 0, where: v .<= 0) }
@inline(__always) func positive(_ v: V8) -> V8 { v.replacing(with: 0, where: v .<= 0) }
/// The larger of a value and a floor, below which NaN does not fall.
@inline(__always) func bounded(_ v: V16, _ floor: V16) -> V16 { v.replacing(with: floor, where: v .<= floor) }
@inline(__always) func bounded(_ v: V8, _ floor: V8) -> V8 { v.replacing(with: floor, where: v .<= floor) }

/// The first `width` (8, 4, 2 or 1) lanes, the others zero.
@inline(__always) func loadPart(_ p: In, _ width: Int32) -> V8 {
    if width == 8 { return load8(p) }
    var v = V8()
    v[0] = p[0]
    if width > 1 { v[1] = p[1] }
    if width > 2 {
        v[2] = p[2]
        v[3] = p[3]
    }
    return v
}

@inline(__always) func storePart(_ v: V8, _ p: Out, _ width: Int32) {
    if width == 8 { return store(v, p) }
    p[0] = v[0]
    if width > 1 { p[1] = v[1] }
    if width > 2 {
        p[2] = v[2]
        p[3] = v[3]
    }
}
