import Support
import Synchronization

/// The distances between the surfaces of two masks on one grid, in mm.
///
/// A mask's surface is its voxels that touch, through a face, a voxel outside of it, and the image's edge is outside; the distance of a
/// surface voxel is that to the nearest voxel centre of the other surface, exact and Euclidean on voxels of any shape (axes are taken as
/// orthogonal). These are MONAI's definitions and those of most papers that count voxels; tools that weigh pieces of surface by their area
/// give slightly other means (Nikolov 2021, doi:10.2196/26151).
///
/// **Empty masks.** Where both are empty, they agree: all distances are 0 and the surface Dice is 1. Where one is, no distance is
/// defined: `hausdorff`, `percentile` and `mean` are infinite, and the surface Dice is 0.
public struct SurfaceDistances: Sendable {
    /// From each surface voxel of the first mask to the second's surface.
    let forward: [Float]
    /// From each surface voxel of the second mask to the first's surface.
    let backward: [Float]

    /// Throws `GridError.mismatch` for masks on different grids, `MemoryError`, `Interrupted`.
    public init(_ a: Mask, _ b: Mask) throws {
        try a.grid.require(same: b.grid)
        let extent = a.grid.shape, spacing = a.grid.spacing
        let boxA = try Box(around: a.voxels, shape: extent), boxB = try Box(around: b.voxels, shape: extent)
        if boxA.isEmpty || boxB.isEmpty {
            // The surface of the one that is left, infinitely far from the other's.
            func far(_ mask: Mask) throws -> [Float] { [Float](repeating: .infinity, count: try mask.boundary().count) }
            (forward, backward) = (try far(a), try far(b))
            return
        }
        // Nothing beyond the box around both is surface or asks for a distance.
        let box = boxA.union(boxB), shape = box.shape
        try Memory.check(7 * shape.x * shape.y * shape.z, for: "the surfaces of two masks")
        func surface(_ mask: Mask) throws -> [UInt8] {
            try Surface.voxels(of: Crop(extent: extent, from: box.from, shape: shape).apply(to: mask.voxels, outside: 0), shape: shape)
        }
        let first = try surface(a), second = try surface(b)
        let innerA = Box(from: boxA.from &- box.from, to: boxA.to &- box.from)
        let innerB = Box(from: boxB.from &- box.from, to: boxB.to &- box.from)
        func distances(from asking: [UInt8], in asked: Box, to set: [UInt8], in inner: Box) throws -> [Float] {
            let map = try EuclideanDistance.toSet(set, shape: shape, spacing: spacing, box: inner, asked: asked, squared: false)
            return try Surface.gather(map, where: asking)
        }
        forward = try distances(from: first, in: innerA, to: second, in: innerB)
        backward = try distances(from: second, in: innerB, to: first, in: innerA)
    }

    /// As `init`, and the last pair's distances are kept for the next call: `hausdorff`, `percentile` and `mean` of two masks, asked for
    /// one by one, search their surfaces once. Masks never change, so a pair is known by identity, in either order; what is kept holds
    /// neither mask, and is at most `mostKept` numbers. Throws as `init`.
    public static func between(_ a: Mask, _ b: Mask) throws -> SurfaceDistances {
        if let known = last.withLock({ $0.distances(a, b) }) { return known }
        let found = try SurfaceDistances(a, b)
        last.withLock { $0 = found.count <= mostKept ? LastPair(a: a, b: b, found: found) : LastPair() }
        return found
    }

    /// 16 MB: the surfaces of a brain are some hundred thousand voxels.
    private static let mostKept = 1 << 22
    private static let last = Mutex(LastPair())

    /// Distances of two masks that may be gone by now.
    private struct LastPair: Sendable {
        weak let a: Mask?
        weak let b: Mask?
        let found: SurfaceDistances?

        init(a: Mask? = nil, b: Mask? = nil, found: SurfaceDistances? = nil) { (self.a, self.b, self.found) = (a, b, found) }

        func distances(_ x: Mask, _ y: Mask) -> SurfaceDistances? {
            guard let a, let b, (a === x && b === y) || (a === y && b === x) else { return nil }
            return found
        }
    }

    private var count: Int { forward.count + backward.count }

    /// The largest of all distances (Huttenlocher 1993, doi:10.1109/34.232073, between the surfaces).
    public var hausdorff: Double { Double(max(forward.max() ?? 0, backward.max() ?? 0)) }

    /// The larger of the two masks' percentiles, each between two values linearly; 95 is the customary "HD95" (MONAI's definition).
    /// `percent` must be 0 … 100. Throws `Interrupted`.
    public func percentile(_ percent: Double) throws -> Double {
        precondition(percent >= 0 && percent <= 100)
        return try [forward, backward].map { side in
            // Only where one mask is empty.
            if side.isEmpty || side[0] == .infinity { return side.isEmpty ? 0 : Double.infinity }
            return try Selection(side).percentile(percent)
        }.max() ?? 0
    }

    /// The mean over both surfaces' voxels together: the average symmetric surface distance.
    public var mean: Double {
        count == 0 ? 0 : (forward + backward).reduce(0) { $0 + Double($1) } / Double(count)
    }

    /// The share of both surfaces' voxels that lie within `tolerance` mm of the other surface (Nikolov 2021, doi:10.2196/26151, by voxels).
    public func dice(tolerance: Double) -> Double {
        // A distance of exactly the tolerance counts, whatever its rounding.
        let limit = Float(tolerance * (1 + 1e-6))
        func near(_ side: [Float]) -> Int { side.reduce(0) { $0 + ($1 <= limit ? 1 : 0) } }
        return count == 0 ? 1 : Double(near(forward) + near(backward)) / Double(count)
    }
}

/// Surface voxels of masks held as bytes.
enum Surface {
    /// The set voxels that have an unset face neighbour; beyond the image is unset.
    static func voxels(of mask: [UInt8], shape: SIMD3<Int>) throws -> [UInt8] {
        let (nx, ny, nz) = (shape.x, shape.y, shape.z)
        return try mask.withUnsafeBufferPointer { buffer in
            try [UInt8](unsafeUninitializedCapacity: mask.count) { out, initialised in
                Voxels.useLargePages(out.baseAddress!, mask.count)
                let p = Unchecked((buffer.baseAddress!, out.baseAddress!))
                let nothing = Unchecked(UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: nx)))
                UnsafeMutablePointer(mutating: nothing.value).initialize(repeating: 0, count: nx)
                defer { nothing.value.deallocate() }
                try Parallel.slabs(nz) { k in
                    for j in 0..<ny {
                        let at = (k * ny + j) * nx
                        let row = p.value.0 + at
                        edge(
                            row, j > 0 ? row - nx : nothing.value, j < ny - 1 ? row + nx : nothing.value,
                            k > 0 ? row - nx * ny : nothing.value, k < nz - 1 ? row + nx * ny : nothing.value, p.value.1 + at, nx)
                    }
                }
                initialised = mask.count
            }
        }
    }

    private static func edge(
        _ row: UnsafePointer<UInt8>, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ c: UnsafePointer<UInt8>,
        _ d: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<UInt8>, _ n: Int
    ) {
        func load(_ p: UnsafePointer<UInt8>, _ i: Int) -> SIMD16<UInt8> {
            UnsafeRawPointer(p).loadUnaligned(fromByteOffset: i, as: SIMD16<UInt8>.self)
        }
        func one(_ i: Int) {
            let before = i > 0 ? row[i - 1] : 0, after = i < n - 1 ? row[i + 1] : 0
            out[i] = row[i] & ~(before & after & a[i] & b[i] & c[i] & d[i])
        }
        one(0)
        var i = 1
        while i + 17 <= n {
            let inner = load(row, i - 1) & load(row, i + 1) & load(a, i) & load(b, i) & load(c, i) & load(d, i)
            UnsafeMutableRawPointer(out).storeBytes(of: load(row, i) & ~inner, toByteOffset: i, as: SIMD16<UInt8>.self)
            i += 16
        }
        while i < n {
            one(i)
            i += 1
        }
    }

    /// The values of the set voxels, in the order of memory.
    static func gather(_ values: [Float], where set: [UInt8]) throws -> [Float] {
        try set.withUnsafeBytes { set in
            try values.withUnsafeBufferPointer { values in
                let p = Unchecked((set.baseAddress!, values.baseAddress!))
                let parts = try Parallel.mapSlabs(values.count, grain: 1 << 18) { range in
                    var found: [Float] = []
                    var i = range.lowerBound
                    while i < range.upperBound {
                        if i + 8 <= range.upperBound, p.value.0.loadUnaligned(fromByteOffset: i, as: UInt64.self) == 0 {
                            i += 8
                        } else {
                            if p.value.0.load(fromByteOffset: i, as: UInt8.self) != 0 { found.append(p.value.1[i]) }
                            i += 1
                        }
                    }
                    return found
                }
                return Array(parts.joined())
            }
        }
    }
}
