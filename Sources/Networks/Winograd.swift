import CKernels
import Kernels
import Support

/// 3×3×3 convolutions by Winograd's minimal filtering (Lavin and Gray 2016, arXiv:1509.09308), nested over the three axes: a tile of
/// m outputs along an axis takes m + 2 products instead of 3m, so F(4, 3) in three dimensions takes 216 products for 64 outputs instead of 1,728.
///
/// A thread works on a box of tiles that lie side by side along x and y. Lines of its input are loaded, padded and transformed axis after axis (z first, while
/// whole lines are contiguous; x last, where it spreads the values over the frequencies); each frequency is a small matrix product
/// [tiles × input channels] · [input channels × 16 output channels]; and the products are transformed back, x first. Everything between the two
/// transforms along z is done for one slice of the frequencies after the other, so that it stays in the second-level cache.
///
/// Convolutions of stride 2, and those transposed, run the same way along each axis of stride 2: of 27 products for three coarse voxels, 7³ / 3³ remain.
struct Winograd {
    /// How one axis is cut into tiles.
    struct Axis {
        /// Points of the input from one tile to the next, points that a tile reads, and those of them that come before its first output's own.
        let from, reach, before: Int
        /// Frequencies, and outputs of a tile.
        let n, to: Int
        let table: SKWinograd

        /// F(m, 3), m = 2 or 4.
        static func same(_ m: Int) -> Axis {
            Axis(from: m, reach: m + 2, before: 1, n: m + 2, to: m, table: m == 4 ? Kernels.table.winograd4 : Kernels.table.winograd2)
        }
        /// Stride 2, from the coarse grid to the fine one: out[2i] = w₀ x[i] + w₂ x[i − 1], out[2i + 1] = w₁ x[i].
        static let up = Axis(from: 3, reach: 4, before: 1, n: 7, to: 6, table: Kernels.table.winogradUp)
        /// Stride 2, from the fine grid to the coarse one: out[i] = w₀ x[2i] + w₁ x[2i + 1] + w₂ x[2i + 2].
        static let down = Axis(from: 6, reach: 7, before: 0, n: 7, to: 3, table: Kernels.table.winogradDown)
    }

    let x, y, z: Axis
    /// Of the output.
    let shape: SIMD3<Int>
    let batch: Int
    /// Tiles of a box along x and y.
    let box: SIMD2<Int>

    /// The axes' numbers: see `Axis`.
    var from: SIMD3<Int> { SIMD3(x.from, y.from, z.from) }
    var reach: SIMD3<Int> { SIMD3(x.reach, y.reach, z.reach) }
    var n: SIMD3<Int> { SIMD3(x.n, y.n, z.n) }
    var to: SIMD3<Int> { SIMD3(x.to, y.to, z.to) }
    /// Points that a tile reads beyond those of its own.
    var border: SIMD3<Int> { reach &- from }
    var frequencies: Int { n.product }
    /// Frequencies of one slice.
    var slice: Int { n.x * n.y }
    /// Tiles along each axis; the last may reach beyond the volume.
    var tiles: SIMD3<Int> { (shape &+ to &- 1) / to }
    var boxes: SIMD3<Int> { SIMD3((tiles.x + box.x - 1) / box.x, (tiles.y + box.y - 1) / box.y, tiles.z) }
    var boxTiles: Int { box.x * box.y }

    /// `shape` is that of the output, `boxTiles` about how many tiles a box shall have.
    init(_ x: Axis, _ y: Axis, _ z: Axis, shape: SIMD3<Int>, batch: Int, boxTiles wanted: Int) {
        (self.x, self.y, self.z, self.shape, self.batch) = (x, y, z, shape, batch)
        let tiles = SIMD2((shape.x + x.to - 1) / x.to, (shape.y + y.to - 1) / y.to)
        // Whole rows where they fit, else equal parts of a row; then as many rows as fill the box.
        let row = Self.even(tiles.x, most: wanted)
        box = SIMD2(row, Self.even(tiles.y, most: max(1, wanted / row)))
    }

    /// The size of equal parts of at most `most`.
    private static func even(_ count: Int, most: Int) -> Int {
        let parts = (count + most - 1) / most
        return (count + parts - 1) / parts
    }

    /// One box of tiles.
    struct Place {
        let sample: Int
        /// First tile.
        let tile: SIMD3<Int>
        /// Tiles along x and y.
        let x, y: Int
        var count: Int { x * y }
    }

    func place(_ index: Int) -> Place {
        let boxes = boxes
        let bx = index % boxes.x, by = index / boxes.x % boxes.y, z = index / boxes.x / boxes.y % boxes.z
        return Place(
            sample: index / boxes.product, tile: SIMD3(bx * box.x, by * box.y, z), x: min(box.x, tiles.x - bx * box.x),
            y: min(box.y, tiles.y - by * box.y))
    }

    // MARK: Convolution

    /// Floats of working memory for `run`.
    func runWorkspace(_ layout: WeightLayout) -> Int {
        let shared = sharedInputs(layout)
        return shared > 0 ? shared : weightFloats(layout)
    }

    /// Computes all outputs. Throws `Interrupted`.
    func run(_ reading: Reading, weights: Weights, into writing: Writing, workspace: UnsafeMutablePointer<Float>) throws {
        let layout = weights.layout
        let sums = writing.sums.map { _ in SumTable(tasks: boxCount, blocks: layout.outputBlocks) }
        if sharedInputs(layout) > 0 {
            try transformInputs(reading, layout, into: workspace)
            try runShared(workspace, weights: weights, into: writing, sums: sums)
        } else {
            try transform(weights, into: workspace)
            try runBoxes(reading, weights: workspace, layout: layout, into: writing, sums: sums)
        }
        if let sums, let target = writing.sums { sums.finish(into: target, channels: writing.channels, width: writing.width) }
    }

    /// One box after the other; `transformed` is what `transform` made. Throws `Interrupted`.
    private func runBoxes(
        _ reading: Reading, weights transformed: UnsafePointer<Float>, layout: WeightLayout, into writing: Writing, sums: SumTable?
    ) throws {
        let lanes = layout.lanes, width = layout.width, blocks = layout.inputBlocks
        // Few boxes and many filters: the filters are split as well, though each part transforms the input anew.
        let split = min(layout.outputBlocks, max(1, (4 * Parallel.threads + boxCount - 1) / boxCount))
        let zFloats = inputLines(width), outFloats = outputLines(lanes)
        let inputFloats = sliceFloats(blocks, width), productFloats = sliceFloats(1, lanes)
        let outputsEach = (layout.outputBlocks + split - 1) / split
        let floats =
            blocks * zFloats + outputsEach * outFloats + inputFloats + productFloats + max(inputScratch(width), outputScratch(lanes))
        let shared = Unchecked((transformed, writing, sums))
        try Parallel.slabs(boxCount * split) { task in
            let (transformed, writing, sums) = shared.value
            let place = place(task / split), part = task % split
            let count = place.count
            let outputs = part * layout.outputBlocks / split..<(part + 1) * layout.outputBlocks / split
            Scratch.with(floats: floats) { memory in
                let lines = memory, back = lines + blocks * zFloats, inputs = back + outputsEach * outFloats
                let products = inputs + inputFloats, scratch = products + productFloats
                for (b, block) in reading.blocks.enumerated() {
                    transformInputZ(block, place, into: lines + b * zFloats, scratch: scratch)
                }
                let kernel = lanes == 16 ? Kernels.table.product16 : Kernels.table.product8
                for kz in 0..<n.z {
                    for b in 0..<blocks {
                        transformInputSlice(
                            lines + b * zFloats, kz, width, place, into: inputs + b * count * width, step: blocks * count * width,
                            scratch: scratch)
                    }
                    for (i, o) in outputs.enumerated() {
                        var call = SKProduct(
                            in: inputs, weights: transformed + (o * frequencies + kz * slice) * blocks * width * lanes, out: products,
                            frequencies: Int64(slice), blocks: Int64(blocks), tiles: Int64(count), width: Int64(width))
                        kernel(&call)
                        transformOutputSlice(products, kz, lanes, place, into: back + i * outFloats, scratch: scratch)
                    }
                }
                for o in outputs {
                    let store = LineStorer(writing, block: o, sample: place.sample, sums: sums?.of(task: task / split, block: o))
                    transformOutputZ(back + (o - outputs.lowerBound) * outFloats, lanes, place, to: store, scratch: scratch)
                }
            }
        }
    }
}
