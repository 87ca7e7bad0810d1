import Support

extension Mask {
    /// The mean position of the mask's voxels in the world, in mm. Throws `IntensityError.emptyMask` where there is none, and `Interrupted`.
    public func centroid() throws -> SIMD3<Double> { grid.affine(try centre()) }

    /// The mean position in voxels.
    func centre() throws -> SIMD3<Double> {
        let shape = grid.shape
        let parts = try voxels.withUnsafeBufferPointer { voxels in
            let p = Unchecked(voxels.baseAddress!)
            return try Parallel.mapSlabs(shape.z, grain: 4) { planes in
                var count = 0, sum = SIMD3<Int>.zero
                for k in planes {
                    for j in 0..<shape.y {
                        let row = p.value + (k * shape.y + j) * shape.x
                        var n: Int32 = 0, x: Int64 = 0
                        for i in 0..<shape.x {
                            n &+= Int32(row[i])
                            x &+= Int64(row[i]) &* Int64(i)
                        }
                        count += Int(n)
                        sum &+= SIMD3(Int(x), j * Int(n), k * Int(n))
                    }
                }
                return (count, sum)
            }
        }
        let (count, sum) = parts.reduce((0, SIMD3<Int>.zero)) { ($0.0 + $1.0, $0.1 &+ $1.1) }
        if count == 0 { throw IntensityError.emptyMask(operation: "centroid") }
        return SIMD3<Double>(sum) / Double(count)
    }
}
