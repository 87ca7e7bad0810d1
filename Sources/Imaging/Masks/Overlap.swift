import Support

extension Mask {
    /// The number of voxels in the mask.
    public var count: Int { Voxels.total(voxels) { Int($0) } }

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
        return (Voxels.total(a.voxels, b.voxels) { Int($0 & $1) }, a.count, b.count)
    }
}
