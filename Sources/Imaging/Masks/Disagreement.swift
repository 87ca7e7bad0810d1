import Support

/// A connected region in which a prediction and the truth differ.
public struct Disagreement: Sendable, Equatable {
    /// How they differ.
    public enum Kind: String, Sendable {
        /// In the prediction alone.
        case extra
        /// In the truth alone.
        case missing
    }

    /// In which of the two the region is.
    public let kind: Kind
    /// Its voxels, which touch through faces.
    public let count: Int
    /// Its volume.
    public let millilitres: Double
    /// The voxel of the region that is farthest from all others: the place to look at. (A centroid may lie outside of a region that is a
    /// shell.)
    public let voxel: SIMD3<Int>
    /// The place of that voxel in the world, in mm.
    public let world: SIMD3<Double>
    /// How far it is from the nearest voxel that is not in error in the same way, in mm; beyond the image none is.
    public let depth: Double

    /// The largest regions of both kinds, by their number of voxels; at most `count` of them.
    ///
    /// Of regions of one size the extra ones come first, then those with the first voxel in memory. Throws `GridError.mismatch` for masks
    /// on different grids, `IntensityError.argument` for a count below 1, `MemoryError`, `Interrupted`.
    public static func largest(_ count: Int, of prediction: Mask, against truth: Mask) throws -> [Disagreement] {
        try prediction.grid.require(same: truth.grid)
        guard count >= 1 else { throw IntensityError.argument(name: "count", value: Double(count), allowed: "1 or more") }
        let grid = prediction.grid
        let regions = try [(Kind.extra, prediction, truth), (.missing, truth, prediction)].flatMap { kind, one, other in
            try Regions(kind, in: one, notIn: other, most: count).all
        }
        // A stable order: both lists are sorted already.
        let order = regions.indices.sorted { (-regions[$0].count, $0) < (-regions[$1].count, $1) }.prefix(count)
        let size = abs(grid.affine.determinant) / 1000
        return order.map { index in
            let region = regions[index]
            return Disagreement(
                kind: region.kind, count: region.count, millilitres: Double(region.count) * size, voxel: region.voxel,
                world: grid.affine(SIMD3<Double>(region.voxel)), depth: Double(region.depth))
        }
    }
}

/// The largest regions that are in one mask and not in another.
private struct Regions {
    struct Region {
        let kind: Disagreement.Kind
        let count: Int
        var voxel: SIMD3<Int>
        var depth: Float
    }

    var all: [Region] = []

    init(_ kind: Disagreement.Kind, in one: Mask, notIn other: Mask, most: Int) throws {
        let grid = one.grid
        let apart: [UInt8] = try Voxels.map(one.voxels, other.voxels) { a, b, out, n in
            for i in 0..<n { out[i] = a[i] & ~b[i] }
        }
        // One voxel around, so that the regions' outside is in the box wherever the image has any.
        let tight = try Box(around: apart, shape: grid.shape)
        if tight.isEmpty { return }
        let box = tight.grown(by: 1, within: grid.shape), shape = box.shape
        let inside = try Crop(extent: grid.shape, from: box.from, shape: shape).apply(to: apart, outside: 0)
        let runs = try Runs(inside, shape: shape, of: 1, connectivity: .faces)
        let sizes = try runs.sizes()
        let roots = sizes.indices.filter { sizes[$0] > 0 }.sorted { (-sizes[$0], $0) < (-sizes[$1], $1) }.prefix(most)
        let depths = try EuclideanDistance.toSet(
            try Voxels.complement(inside), shape: shape, spacing: grid.spacing, box: Box(whole: shape), squared: false, beyondEdge: true)
        var place = [Int](repeating: -1, count: sizes.count)
        for (i, root) in roots.enumerated() { place[root] = i }
        all = roots.map { Region(kind: kind, count: sizes[$0], voxel: .zero, depth: -1) }
        try runs.forEach { r, row, run in
            let region = place[Int(runs.roots[r])]
            guard region >= 0 else { return }
            for i in Int(run.start)..<Int(run.end) {
                let depth = depths[row * shape.x + i]
                if depth > all[region].depth {
                    all[region].depth = depth
                    all[region].voxel = box.from &+ SIMD3(i, row % shape.y, row / shape.y)
                }
            }
        }
    }
}
