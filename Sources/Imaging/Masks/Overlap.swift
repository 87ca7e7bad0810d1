import Support

extension Mask {
    /// The number of voxels in the mask.
    public var count: Int { Bytes.total(voxels, voxels).both }

    /// Its volume in millilitres.
    public var millilitres: Double { Double(count) * abs(grid.affine.determinant) / 1000 }
}

/// How much two masks agree. Both throw `GridError.mismatch` for masks on different grids.
public enum Overlap {
    /// 2·|A∩B| / (|A| + |B|) (Dice 1945). Two empty masks agree: 1.
    public static func dice(_ a: Mask, _ b: Mask) throws -> Double {
        let (both, left, right) = try counts(a, b)
        return left + right == 0 ? 1 : 2 * Double(both) / Double(left + right)
    }

    /// |A∩B| / |A∪B| (Jaccard 1912). Two empty masks agree: 1.
    public static func iou(_ a: Mask, _ b: Mask) throws -> Double {
        let (both, left, right) = try counts(a, b)
        return left + right == 0 ? 1 : Double(both) / Double(left + right - both)
    }

    private static func counts(_ a: Mask, _ b: Mask) throws -> (both: Int, left: Int, right: Int) {
        try a.grid.require(same: b.grid)
        return Bytes.total(a.voxels, b.voxels)
    }
}

/// Sums over bytes of 0 and 1, sixteen at a time.
enum Bytes {
    /// The numbers of places set in both arrays, in the left and in the right one. They have one length.
    static func total(_ a: [UInt8], _ b: [UInt8]) -> (both: Int, left: Int, right: Int) {
        a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                let sources = Unchecked((a, b))
                let parts = Parallel.mapRanges(min(a.count, b.count), grain: 1 << 18) { range in
                    var sums = (both: 0, left: 0, right: 0)
                    var i = range.lowerBound
                    while i < range.upperBound {
                        // At most 255 additions before a byte could overflow.
                        let end = min(range.upperBound, i + 255 * 16)
                        var both = SIMD16<UInt8>.zero, left = both, right = both
                        while i + 16 <= end {
                            let x = sources.value.0.loadUnaligned(fromByteOffset: i, as: SIMD16<UInt8>.self)
                            let y = sources.value.1.loadUnaligned(fromByteOffset: i, as: SIMD16<UInt8>.self)
                            both &+= x & y
                            left &+= x
                            right &+= y
                            i += 16
                        }
                        for lane in 0..<16 {
                            sums.both += Int(both[lane])
                            sums.left += Int(left[lane])
                            sums.right += Int(right[lane])
                        }
                        if end == range.upperBound {
                            while i < end {
                                sums.both += Int(sources.value.0[i] & sources.value.1[i])
                                sums.left += Int(sources.value.0[i])
                                sums.right += Int(sources.value.1[i])
                                i += 1
                            }
                        }
                    }
                    return sums
                }
                return parts.reduce((0, 0, 0)) { ($0.both + $1.both, $0.left + $1.left, $0.right + $1.right) }
            }
        }
    }
}
