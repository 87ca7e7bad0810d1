import CKernels
import Kernels
import Support

/// Non-local means: each voxel becomes a mean of the voxels around it, weighted by how alike the patches around the two are
/// (Buades, Coll, Morel 2005, doi:10.1137/040616024), with the weights of Coupé et al. 2008 (doi:10.1109/TMI.2007.906087):
/// exp(−‖difference of patches‖² / (2 σ² · voxels of a patch)), σ the noise, and for the voxel itself the greatest of the others' weights.
///
/// In a magnitude image noise raises dark voxels (Rician noise). Then squares are averaged, and twice the noise's variance, by which it raises their
/// mean, is taken off (Wiest-Daesslé et al. 2008, doi:10.1007/978-3-540-85990-1_21).
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

        public init() {}
    }

    /// Rows and planes of a tile: small enough for its sums to stay in the second-level cache, large enough that the patches around it are a
    /// small part of the work.
    private static let tile = (rows: 16, planes: 16)

    /// - Parameters:
    ///   - mask: what is changed; voxels outside keep their values, but count as neighbours. Beyond the border the outermost voxel repeats.
    /// Throws `IntensityError` for options out of range or voxels that are not finite, `GridError.mismatch` for a mask elsewhere.
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

    /// One box of rows and planes, in all displacements: squared differences are summed over patches one axis after the other (Darbon et al. 2008,
    /// doi:10.1109/ISBI.2008.4541250), along x last. Two voxels are as alike seen from the one as from the other, so that a displacement and its opposite share their weights.
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
                    for dx in dz == 0 && dy == 0 ? 1...reach : -reach...reach {
                        if Interrupt.isRaised { return }
                        add(SIMD3(dx, dy, dz), source, totals)
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

        /// What the voxels at a displacement and at its opposite add. The weights of a plane are those of its voxels towards the displacement, for the rows (and columns) of
        /// the tile and of the tile moved back by the displacement; the latter count for the voxels that they point to.
        private func add(_ d: SIMD3<Int>, _ source: UnsafePointer<Float>, _ totals: Totals) {
            let r = options.patch, side = 2 * r + 1, area = padded.x * padded.y
            let shift = d.x + d.y * padded.x + d.z * area
            let firstRow = rows.lowerBound - max(0, d.y), lines = rows.count + abs(d.y), wide = totals.wide
            // A patch of n voxels: the exponent is the summed difference over 2 σ² n.
            let scale = Float(1 / (2 * options.strength * sigma * sigma * Double(side * side * side)))
            func values(_ j: Int, _ k: Int) -> UnsafePointer<Float> { source + ((k + margin) * area + (j + margin) * padded.x + margin) }
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: side) { pointers in
                func summed(_ out: UnsafeMutablePointer<Float>, _ line: (Int) -> UnsafeMutablePointer<Float>) {
                    for t in 0..<side { pointers[t] = UnsafePointer(line(t)) }
                    var call = SKRowSum(in: UnsafePointer(pointers.baseAddress!), rows: Int64(side), count: Int64(wide), out: out)
                    Kernels.images.rowSum(&call)
                }
                for newest in planes.lowerBound - d.z - r..<planes.upperBound + r {
                    for j in 0..<lines + 2 * r {
                        let a = values(firstRow - r + j, newest) - margin
                        var call = SKSquaredDifferences(a: a, b: a + shift, out: totals.differences + j * wide, count: Int64(wide))
                        Kernels.images.squaredDifferences(&call)
                    }
                    let slot = totals.ring + (newest + side * padded.z) % side * totals.lines * wide
                    for j in 0..<lines { summed(slot + j * wide) { totals.differences + (j + $0) * wide } }
                    // The plane in the middle of the ring is complete.
                    let k = newest - r
                    guard k >= planes.lowerBound - d.z else { continue }
                    for line in 0..<lines {
                        summed(totals.patches) { totals.ring + ($0 * totals.lines + line) * wide }
                        var call = SKPatchWeights(
                            in: totals.patches, out: totals.weights, count: Int64(totals.weightCount), radius: Int64(r), scale: scale)
                        Kernels.images.patchWeights(&call)
                        let j = firstRow + line
                        if planes.contains(k), rows.contains(j) { totals.take(from: 0, values(j, k) + shift, to: (j, k), of: self) }
                        if planes.contains(k + d.z), rows.contains(j + d.y) {
                            totals.take(from: -d.x, values(j, k) - d.x, to: (j + d.y, k + d.z), of: self)
                        }
                    }
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
        /// Floats of a row of voxels; of differences, which reach over the search and the patch; and weights of a row, which reach over the search.
        let width, wide, weightCount: Int
        let rows: Int
        /// Rows of a plane of the ring, at most.
        let lines: Int
        private let search: Int
        private let square: Bool
        let sum, weight, greatest, differences, ring, patches, weights: UnsafeMutablePointer<Float>

        init(rows: Int, planes: Int, width: Int, _ options: Options) {
            func whole(_ n: Int) -> Int { (n + 15) / 16 * 16 }
            let r = options.patch
            search = options.search
            square = options.rician
            (self.rows, lines) = (rows, rows + search)
            self.width = whole(width)
            wide = whole(width + 2 * (search + r))
            weightCount = whole(width + 2 * search)
            let cells = rows * planes * self.width, differenceCount = (lines + 2 * r) * wide, ringCount = (2 * r + 1) * lines * wide
            let all = 3 * cells + differenceCount + ringCount + wide + 32 + weightCount + 32
            let space = UnsafeMutableRawPointer.allocate(byteCount: 4 * all, alignment: 64).bindMemory(to: Float.self, capacity: all)
            space.initialize(repeating: 0, count: all)
            (sum, weight, greatest) = (space, space + cells, space + 2 * cells)
            differences = space + 3 * cells
            ring = differences + differenceCount
            patches = ring + ringCount
            weights = patches + wide + 32
        }

        func free() { UnsafeMutableRawPointer(sum).deallocate() }

        /// Where a row of the tile begins.
        func row(_ j: Int, _ k: Int) -> Int { (k * rows + j) * width }

        /// Adds a row of values with the weights as they stand, of the columns that begin `from` columns after the voxels' own.
        func take(from: Int, _ values: UnsafePointer<Float>, to place: (Int, Int), of tile: Tile) {
            let cell = row(place.0 - tile.rows.lowerBound, place.1 - tile.planes.lowerBound)
            var call = SKWeighted(
                weights: weights + search + from, value: values, count: Int64(width), square: square ? 1 : 0, sum: sum + cell, weight: weight + cell,
                greatest: greatest + cell)
            Kernels.images.weighted(&call)
        }
    }
}
