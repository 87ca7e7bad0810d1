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
    private static let tile = (rows: 16, planes: 8)

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
        let source = Self.padded(image, to: padded, margin: margin)
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
        let bad = image.countNonFinite()
        if bad > 0 { throw IntensityError.notFinite(count: bad, of: image.voxels.count, operation: "denoise") }
        return try options.sigma ?? image.noiseLevel(in: mask)
    }

    private static func padded(_ image: Volume, to padded: SIMD3<Int>, margin: Int) -> [Float] {
        let shape = image.grid.shape
        let area = padded.x * padded.y
        return [Float](unsafeUninitializedCapacity: area * padded.z) { out, count in
            Voxels.useLargePages(out.baseAddress!, area * padded.z)
            image.voxels.withUnsafeBufferPointer { voxels in
                let p = Unchecked((voxels.baseAddress!, out.baseAddress!))
                Parallel.forEach(padded.z) { k in
                    for j in 0..<padded.y {
                        let y = min(shape.y - 1, max(0, j - margin)), z = min(shape.z - 1, max(0, k - margin))
                        let from = p.value.0 + image.grid.index(0, y, z), to = p.value.1 + k * area + j * padded.x
                        to.initialize(repeating: from[0], count: margin)
                        (to + margin).initialize(from: from, count: shape.x)
                        (to + margin + shape.x).initialize(repeating: from[shape.x - 1], count: padded.x - margin - shape.x)
                    }
                }
            }
            count = area * padded.z
        }
    }

    /// One box of rows and planes, in all candidates: squared differences are summed over patches one axis after the other.
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
            let width = (nx + 15) / 16 * 16, r = options.patch, side = 2 * r + 1
            let cells = rows.count * planes.count
            // Sums, weights and greatest weights; then a difference's scratch, its rows, and a ring of planes.
            let ringRows = rows.count + 2 * r
            let floats = width * (3 * cells + ringRows + side * rows.count) + width + 32
            let space = UnsafeMutablePointer<Float>.allocate(capacity: floats)
            defer { space.deallocate() }
            space.initialize(repeating: 0, count: floats)
            let sum = space, weight = sum + width * cells, greatest = weight + width * cells
            let summedRows = greatest + width * cells, ring = summedRows + width * ringRows
            let scratch = ring + width * side * rows.count

            // A patch of n voxels: the exponent is the summed difference over 2 σ² n.
            let scale = Float(1 / (2 * options.strength * sigma * sigma * Double(side * side * side)))
            let area = padded.x * padded.y
            let reach = -options.search...options.search
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: side) { pointers in
                for dz in reach {
                    for dy in reach {
                        if Interrupt.isRaised { return }
                        for dx in reach where dx != 0 || dy != 0 || dz != 0 {
                            let shift = dx + dy * padded.x + dz * area
                            for k in planes.lowerBound - r..<planes.upperBound + r {
                                let slot = ring + (k + r) % side * rows.count * width
                                let plane = source + (k + margin) * area + margin
                                for j in 0..<ringRows {
                                    let p = plane + (rows.lowerBound - r + j + margin) * padded.x
                                    var call = SKPatchRow(
                                        a: p, b: p + shift, scratch: scratch, out: summedRows + j * width, count: Int64(width),
                                        radius: Int64(r))
                                    Kernels.images.patchRow(&call)
                                }
                                for j in 0..<rows.count {
                                    for t in 0..<side { pointers[t] = UnsafePointer(summedRows + (j + t) * width) }
                                    var call = SKRowSum(
                                        in: UnsafePointer(pointers.baseAddress!), rows: Int64(side), count: Int64(width),
                                        out: slot + j * width)
                                    Kernels.images.rowSum(&call)
                                }
                                // The plane in the middle of the ring is complete.
                                let middle = k - r
                                guard middle >= planes.lowerBound else { continue }
                                let values = source + (middle + margin) * area + margin + shift
                                for j in 0..<rows.count {
                                    for t in 0..<side { pointers[t] = UnsafePointer(ring + (t * rows.count + j) * width) }
                                    let cell = ((middle - planes.lowerBound) * rows.count + j) * width
                                    var call = SKCandidate(
                                        in: UnsafePointer(pointers.baseAddress!), rows: Int64(side), count: Int64(width),
                                        value: values + (rows.lowerBound + j + margin) * padded.x, scale: scale,
                                        square: options.rician ? 1 : 0, sum: sum + cell, weight: weight + cell, greatest: greatest + cell)
                                    Kernels.images.candidate(&call)
                                }
                            }
                        }
                    }
                }
            }
            for k in planes {
                for j in rows {
                    let cell = ((k - planes.lowerBound) * rows.count + j - rows.lowerBound) * width
                    finish(to: out, row: image.grid.index(0, j, k), nx, sum + cell, weight + cell, greatest + cell)
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
}
