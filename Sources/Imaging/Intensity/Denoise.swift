import CKernels
import Kernels
import Support

/// Non-local means: each voxel becomes a mean of the voxels around it, weighted by how alike the patches around the two are
/// (Buades, Coll, Morel 2005, doi:10.1137/040616024), with the weights of Coupé et al. 2008 (doi:10.1109/TMI.2007.906087):
/// exp(−‖difference of patches‖² / (2 σ² · voxels of a patch)), σ the noise, and for the voxel itself the greatest of the others' weights.
///
/// In a magnitude image noise raises dark voxels (Rician noise). Then squares are averaged, and twice the noise's variance, by which it
/// raises their mean, is taken off (Wiest-Daesslé et al. 2008, doi:10.1007/978-3-540-85990-1_21).
public enum NonLocalMeans {
    /// What is sought, and how alike it must be.
    public struct Options: Sendable {
        /// Standard deviation of the noise, in the image's units; nil estimates it (`Volume.noiseLevel`).
        public var sigma: Double?
        /// Voxels to each side in which others are sought, 1 … 10.
        public var search = 3
        /// Voxels to each side of a patch's middle, 1 … 4.
        public var patch = 1
        /// Whether the noise is that of a magnitude image.
        public var rician = true
        /// Factor on the noise's variance in the weights: above 1 smooths more.
        public var strength = 1.0

        /// The defaults.
        public init() {}
    }

    /// Rows and planes of a tile: small enough for its sums to stay in the second-level cache, large enough that the patches around it are
    /// a small part of the work.
    private static let tile = (rows: 16, planes: 16)

    /// - Parameters:
    ///   - mask: what is changed; voxels outside keep their values, but count as neighbours. Beyond the border the outermost voxel repeats.
    /// Throws `IntensityError` for options out of range, voxels that are not finite, and where the noise cannot be estimated or is not that of a
    /// magnitude image, `GridError.mismatch` for a mask elsewhere, `MemoryError`, `Interrupted`.
    public static func denoise(
        _ image: Volume, mask: Mask? = nil, options: Options = Options(), onProgress: (Double) -> Void = { _ in }
    ) throws -> Volume {
        let sigma = try check(image, mask, options)
        if sigma == 0 { return image.with(image.voxels) }
        let margin = options.search + options.patch
        let shape = image.grid.shape
        // Room for a kernel's whole vectors at both ends of each row.
        let row = (shape.x + 15) / 16 * 16 + 2 * margin + 16
        let padded = SIMD3(row, shape.y + 2 * margin, shape.z + 2 * margin)
        try Memory.check((padded.x * padded.y * padded.z + image.grid.count) * 4, for: "denoising \(Text.sizes(shape)) voxels")
        let source = try Self.padded(image, to: padded, margin: margin)
        let tiles = SIMD2((shape.y + tile.rows - 1) / tile.rows, (shape.z + tile.planes - 1) / tile.planes)
        let voxels = try [Float](unsafeUninitializedCapacity: image.grid.count) { out, count in
            Voxels.useLargePages(out.baseAddress!, image.grid.count)
            let out = Unchecked(out.baseAddress!)
            try source.withUnsafeBufferPointer { source in
                let source = Unchecked(source.baseAddress!)
                // A wave of tiles at a time, so that there is something to tell between them.
                let all = tiles.x * tiles.y, wave = max(Parallel.threads, 1) * 8
                for first in stride(from: 0, to: all, by: wave) {
                    onProgress(Double(first) / Double(all))
                    try Parallel.slabs(min(wave, all - first)) { n in
                        let place = SIMD2((first + n) % tiles.x * tile.rows, (first + n) / tiles.x * tile.planes)
                        let work = Tile(
                            image: image, mask: mask, options: options, sigma: sigma, padded: padded, margin: margin,
                            rows: place.x..<min(place.x + tile.rows, shape.y), planes: place.y..<min(place.y + tile.planes, shape.z))
                        work.run(from: source.value, to: out.value)
                    }
                }
            }
            count = image.grid.count
        }
        return image.with(voxels)
    }

    private static func check(_ image: Volume, _ mask: Mask?, _ options: Options) throws -> Double {
        func need(_ name: String, _ value: Double, _ fine: Bool, _ allowed: String) throws {
            if !fine { throw IntensityError.argument(name: name, value: value, allowed: allowed) }
        }
        try need("search", Double(options.search), (1...10).contains(options.search), "1 … 10 voxels")
        try need("patch", Double(options.patch), (1...4).contains(options.patch), "1 … 4 voxels")
        try need("strength", options.strength, options.strength > 0 && options.strength <= 1000, "above 0 and at most 1000")
        if let sigma = options.sigma { try need("sigma", sigma, sigma >= 0 && sigma.isFinite, "0 or more") }
        if let mask { try image.grid.require(same: mask.grid) }
        let bad = try image.countNonFinite()
        if bad > 0 { throw IntensityError.notFinite(count: bad, of: image.voxels.count, operation: "denoise") }
        let sigma = try options.sigma ?? image.noiseLevel(in: mask)
        if options.rician { try image.requireMagnitudes(sigma: sigma, operation: "denoise") }
        return sigma
    }

    private static func padded(_ image: Volume, to padded: SIMD3<Int>, margin: Int) throws -> [Float] {
        let shape = image.grid.shape
        let area = padded.x * padded.y
        // The last row's vectors end in the slack.
        let slack = 64
        return try [Float](unsafeUninitializedCapacity: area * padded.z + slack) { out, count in
            Voxels.useLargePages(out.baseAddress!, area * padded.z)
            (out.baseAddress! + area * padded.z).initialize(repeating: 0, count: slack)
            try image.voxels.withUnsafeBufferPointer { voxels in
                let p = Unchecked((voxels.baseAddress!, out.baseAddress!))
                try Parallel.slabs(padded.z) { k in
                    for j in 0..<padded.y {
                        let y = min(shape.y - 1, max(0, j - margin)), z = min(shape.z - 1, max(0, k - margin))
                        let from = p.value.0 + image.grid.index(0, y, z), to = p.value.1 + k * area + j * padded.x
                        to.initialize(repeating: from[0], count: margin)
                        (to + margin).initialize(from: from, count: shape.x)
                        (to + margin + shape.x).initialize(repeating: from[shape.x - 1], count: padded.x - margin - shape.x)
                    }
                }
            }
            count = area * padded.z + slack
        }
    }

    /// One box of rows and planes, in all displacements: squared differences are summed over patches one axis after the other (Darbon et
    /// al. 2008, doi:10.1109/ISBI.2008.4541250), along x last. Two voxels are as alike seen from the one as from the other, so that a
    /// displacement and its opposite share their weights.
    private struct Tile {
        let image: Volume
        let mask: Mask?
        let options: Options
        let sigma: Double
        let padded: SIMD3<Int>
        let margin: Int
        let rows, planes: Range<Int>

        func run(from source: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>) {
            let nx = image.grid.shape.x
            if let mask, !anyVoxel(of: mask) {
                for k in planes {
                    for j in rows { copy(to: out, row: image.grid.index(0, j, k), nx) }
                }
                return
            }
            let totals = Totals(rows: rows.count, planes: planes.count, width: nx, options)
            defer { totals.free() }
            let reach = options.search
            for dz in 0...reach {
                for dy in dz == 0 ? 0...reach : -reach...reach {
                    let along = dz == 0 && dy == 0 ? 1...reach : -reach...reach
                    for first in stride(from: along.lowerBound, through: along.upperBound, by: Totals.sets) {
                        if Interrupt.isRaised { return }
                        add(first...min(first + Totals.sets - 1, reach), dy, dz, source, totals)
                    }
                }
            }
            for k in planes {
                for j in rows {
                    let cell = totals.row(j - rows.lowerBound, k - planes.lowerBound)
                    finish(to: out, row: image.grid.index(0, j, k), nx, totals.sum + cell, totals.weight + cell, totals.greatest + cell)
                }
            }
        }

        /// What the voxels at displacements and at their opposites add; the displacements differ along x only. The weights of a plane are
        /// those of its voxels towards a displacement, for the rows (and columns) of the tile and of the tile moved back by it; the latter
        /// count for the voxels that they point to.
        private func add(_ along: ClosedRange<Int>, _ dy: Int, _ dz: Int, _ source: UnsafePointer<Float>, _ totals: Totals) {
            let r = options.patch, side = 2 * r + 1, area = padded.x * padded.y
            let firstRow = rows.lowerBound - max(0, dy), lines = rows.count + abs(dy), wide = totals.wide
            // A patch of n voxels: the exponent is the summed difference over 2 σ² n.
            let scale = Float(1 / (2 * options.strength * sigma * sigma * Double(side * side * side)))
            func values(_ j: Int, _ k: Int) -> UnsafePointer<Float> { source + ((k + margin) * area + (j + margin) * padded.x + margin) }
            func shift(_ dx: Int) -> Int { dx + dy * padded.x + dz * area }
            for newest in planes.lowerBound - dz - r..<planes.upperBound + r {
                for (set, dx) in along.enumerated() {
                    let a = values(firstRow - r, newest) - margin
                    var call = SKDifferenceSums(
                        a: a, b: a + shift(dx), stride: Int64(padded.x), rows: Int64(lines), side: Int64(side), count: Int64(wide),
                        outStride: Int64(wide), out: totals.sums(set, plane: newest + side * padded.z), ring: totals.scratch)
                    Kernels.images.differenceSums(&call)
                }
                // The plane in the middle of the last ones is complete.
                let k = newest - r
                guard k >= planes.lowerBound - dz else { continue }
                for line in 0..<lines {
                    let j = firstRow + line
                    let isHere = planes.contains(k) && rows.contains(j), isThere = planes.contains(k + dz) && rows.contains(j + dy)
                    guard isHere || isThere else { continue }
                    for set in 0..<along.count { totals.weigh(set, line, scale) }
                    let own = values(j, k)
                    if isHere { totals.take(along, to: (j, k), of: self) { (0, own + shift($0)) } }
                    if isThere { totals.take(along, to: (j + dy, k + dz), of: self) { (-$0, own - $0) } }
                }
            }
        }

        private func anyVoxel(of mask: Mask) -> Bool {
            for k in planes {
                for j in rows {
                    let row = image.grid.index(0, j, k)
                    for i in row..<row + image.grid.shape.x where mask.voxels[i] != 0 { return true }
                }
            }
            return false
        }

        private func copy(to out: UnsafeMutablePointer<Float>, row: Int, _ n: Int) {
            image.voxels.withUnsafeBufferPointer { (out + row).update(from: $0.baseAddress! + row, count: n) }
        }

        private func finish(
            to out: UnsafeMutablePointer<Float>, row: Int, _ n: Int, _ sum: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
            _ greatest: UnsafePointer<Float>
        ) {
            let raised = Float(2 * sigma * sigma)
            image.voxels.withUnsafeBufferPointer { voxels in
                for i in 0..<n {
                    let own = voxels[row + i]
                    // The voxel counts as much as the one most alike.
                    let total = weight[i] + greatest[i]
                    let mean = (sum[i] + greatest[i] * (options.rician ? own * own : own)) / total
                    let value = options.rician ? max(0, mean - raised).squareRoot() : mean
                    // Where nothing is alike, the voxel stays.
                    out[row + i] = total > 1e-30 && (mask == nil || mask!.voxels[row + i] != 0) ? value : own
                }
            }
        }
    }

    /// What a tile's voxels have gathered, and the room in which their weights are worked out. Rows begin at whole vectors.
    private struct Totals {
        /// Displacements that are added at once: what they add to is then loaded and stored once for all, and their sums still lie in the
        /// second-level cache.
        static let sets = 4

        /// Floats of a row of voxels; of differences, which reach over the search and the patch; and weights of a row, which reach over the
        /// search.
        let width, wide, weightCount: Int
        let rows: Int
        /// Rows of a plane of sums, at most.
        private let lines: Int
        private let search, radius: Int
        private let square: Bool
        let sum, weight, greatest: UnsafeMutablePointer<Float>
        let scratch: UnsafeMutablePointer<Float>
        private let ring, patches, weights: UnsafeMutablePointer<Float>

        init(rows: Int, planes: Int, width: Int, _ options: Options) {
            func whole(_ n: Int) -> Int { (n + 15) / 16 * 16 }
            (search, radius, square, self.rows) = (options.search, options.patch, options.rician, rows)
            lines = rows + search
            self.width = whole(width)
            wide = whole(width + 2 * (search + radius))
            weightCount = whole(width + 2 * search)
            let side = 2 * radius + 1, cells = rows * planes * self.width
            let sizes = [cells, cells, cells, Self.sets * side * lines * wide, wide + 32, Self.sets * (weightCount + 32), 16 * side]
            let all = sizes.reduce(0, +)
            let space = UnsafeMutableRawPointer.allocate(byteCount: 4 * all, alignment: 64).bindMemory(to: Float.self, capacity: all)
            space.initialize(repeating: 0, count: all)
            let places = sizes.indices.map { space + sizes[..<$0].reduce(0, +) }
            (sum, weight, greatest, ring, patches, weights, scratch) = (
                places[0], places[1], places[2], places[3], places[4], places[5], places[6]
            )
        }

        func free() { UnsafeMutableRawPointer(sum).deallocate() }

        /// Where a row of the tile begins.
        func row(_ j: Int, _ k: Int) -> Int { (k * rows + j) * width }

        /// The sums over rows of a displacement's plane; those of the last planes, as many as a patch has, are kept.
        func sums(_ set: Int, plane: Int) -> UnsafeMutablePointer<Float> {
            let side = 2 * radius + 1
            return ring + (set * side + plane % side) * lines * wide
        }

        /// Works out a displacement's weights of a line from the sums of all planes of its patches.
        func weigh(_ set: Int, _ line: Int, _ scale: Float) {
            let side = 2 * radius + 1
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: side) { pointers in
                for t in 0..<side { pointers[t] = UnsafePointer(sums(set, plane: t) + line * wide) }
                var call = SKRowSum(in: UnsafePointer(pointers.baseAddress!), rows: Int64(side), count: Int64(wide), out: patches)
                Kernels.images.rowSum(&call)
            }
            var call = SKPatchWeights(
                in: patches, out: weights + set * (weightCount + 32), count: Int64(weightCount), radius: Int64(radius), scale: scale)
            Kernels.images.patchWeights(&call)
        }

        /// Adds rows of values with the displacements' weights as they stand. `what` says how many columns after the voxels' own a
        /// displacement's weights begin, and where its values.
        func take(_ along: ClosedRange<Int>, to place: (Int, Int), of tile: Tile, what: (Int) -> (from: Int, values: UnsafePointer<Float>))
        {
            let cell = row(place.0 - tile.rows.lowerBound, place.1 - tile.planes.lowerBound)
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 2 * Self.sets) { pointers in
                for (set, dx) in along.enumerated() {
                    let (from, values) = what(dx)
                    pointers[set] = UnsafePointer(weights + (set * (weightCount + 32) + search + from))
                    pointers[Self.sets + set] = values
                }
                let base = UnsafePointer(pointers.baseAddress!)
                var call = SKWeighted(
                    weights: base, values: base + Self.sets, count: Int64(width), sets: Int64(along.count), square: square ? 1 : 0,
                    sum: sum + cell,
                    weight: weight + cell, greatest: greatest + cell)
                Kernels.images.weighted(&call)
            }
        }
    }
}
