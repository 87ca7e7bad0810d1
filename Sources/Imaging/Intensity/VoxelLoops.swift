/// Loops over blocks of voxels in the first-level cache. `out` may be where an operand lies: each value is read before it is written.
enum VoxelLoops {
    typealias Vector = SIMD8<Float>
    static let width = 8

    /// Values of a block, or one number for all of them.
    struct Operand: BitwiseCopyable {
        let values: UnsafePointer<Float>
        /// 0 for a number, which stands at the first `width` places.
        let step: Int

        @inline(__always) init(_ values: UnsafePointer<Float>) { (self.values, step) = (values, 1) }
        @inline(__always) init(_ values: UnsafeMutablePointer<Float>) { self.init(UnsafePointer(values)) }
        @inline(__always) init(number: UnsafeMutablePointer<Float>) { (values, step) = (UnsafePointer(number), 0) }

        @inline(__always) func vector(_ i: Int) -> Vector {
            UnsafeRawPointer(values + i &* step).loadUnaligned(as: Vector.self)
        }
        @inline(__always) func single(_ i: Int) -> Float { values[i &* step] }
    }

    /// `vector` and `single` must do the same.
    @inline(__always)
    static func vectors(
        _ x: Operand, _ y: Operand, _ out: UnsafeMutablePointer<Float>, _ n: Int, _ vector: (Vector, Vector) -> Vector,
        _ single: (Float, Float) -> Float
    ) {
        var i = 0
        while i &+ width <= n {
            UnsafeMutableRawPointer(out + i).storeBytes(of: vector(x.vector(i), y.vector(i)), as: Vector.self)
            i &+= width
        }
        while i < n {
            out[i] = single(x.single(i), y.single(i))
            i &+= 1
        }
    }

    /// 1 where a comparison holds, else 0.
    @inline(__always)
    static func truths(
        _ x: Operand, _ y: Operand, _ out: UnsafeMutablePointer<Float>, _ n: Int, _ vector: (Vector, Vector) -> SIMDMask<SIMD8<Int32>>,
        _ single: (Float, Float) -> Bool
    ) {
        vectors(x, y, out, n, { Vector.zero.replacing(with: 1, where: vector($0, $1)) }, { single($0, $1) ? 1 : 0 })
    }

    /// For functions that there are no vectors of.
    @inline(__always)
    static func singles(
        _ x: Operand, _ y: Operand, _ out: UnsafeMutablePointer<Float>, _ n: Int, _ single: (Float, Float) -> Float
    ) {
        var i = 0
        while i < n {
            out[i] = single(x.single(i), y.single(i))
            i &+= 1
        }
    }

    /// A mask's bytes as 0.0 and 1.0.
    static func floats(_ mask: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>, _ n: Int) {
        var i = 0
        while i < n {
            out[i] = Float(mask[i])
            i &+= 1
        }
    }

    /// 0.0 and 1.0 as a mask's bytes.
    static func bytes(_ x: UnsafePointer<Float>, _ mask: UnsafeMutablePointer<UInt8>, _ n: Int) {
        var i = 0
        while i < n {
            mask[i] = x[i] != 0 ? 1 : 0
            i &+= 1
        }
    }
}
