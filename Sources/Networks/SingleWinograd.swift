import CKernels
import Kernels
import Support

/// 3×3×3 convolutions of a single input channel into blocks of 16: Winograd's F(4, 3) along x and y and F(2, 3) along z.
///
/// With one channel there is nothing to sum at a frequency, so that products do not hide transforms of the outputs: F(2, 3) along z, which costs two additions,
/// is better than F(4, 3). What a tile of 4 × 4 × 2 outputs needs between its 144 products and its outputs stays in the first-level cache, and its
/// transformed input is shared by all filters.
struct SingleWinograd {
    let layout: WeightLayout
    let shape: SIMD3<Int>
    let batch: Int

    /// nil where direct sweeps are used: with the baseline's instructions, and for other layers.
    init?(_ geometry: Geometry, _ layout: WeightLayout, shape: SIMD3<Int>, batch: Int) {
        guard [.avx2, .avx512].contains(Kernels.instructionSet), layout.input == 1, layout.lanes == 16, layout.order == geometry.gatherOrder,
            geometry.kernel == SIMD3(3, 3, 3), geometry.stride == .one, geometry.dilation == .one,
            // Thin volumes would be computed mostly beyond their ends, and a thread's transformed planes shall stay within a few megabytes.
            shape.x >= 8, shape.x <= 4096, shape.y >= 4, shape.z >= 2
        else { return nil }
        (self.layout, self.shape, self.batch) = (layout, shape, batch)
    }

    /// Points of a tile along x and y.
    private static let points = 36
    /// Planes of outputs of a task, which transforms two planes of inputs more.
    private static let planes = 16
    /// Tiles whose outputs, 512 floats each, stay in the first-level cache until `LineStorer` takes them.
    private static let piece = 8

    /// Floats of the transformed weights, [block][6 y][6 x][4 z][16].
    var weightFloats: Int { layout.outputBlocks * Self.points * 64 }

    /// Computes all outputs. Throws `Interrupted`.
    func run(_ reading: Reading, weights: UnsafePointer<Float>, into writing: Writing, workspace: UnsafeMutablePointer<Float>) throws {
        transform(weights, into: workspace)
        let strips = (shape.y + 3) / 4, chunks = (shape.z + Self.planes - 1) / Self.planes
        let tasks = strips * chunks * batch
        let sums = writing.sums.map { _ in SumTable(tasks: tasks, blocks: layout.outputBlocks) }
        let shared = Unchecked((reading, writing, sums, UnsafePointer(workspace)))
        try Parallel.slabs(tasks) { task in
            let (reading, writing, sums, weights) = shared.value
            let sample = task / strips / chunks, first = task / strips % chunks * Self.planes
            let strip = Strip(
                weights: weights, writing: writing, loader: LineLoader(reading.blocks[0], sample: sample),
                stores: (0..<layout.outputBlocks).map {
                    LineStorer(writing, block: $0, sample: sample, sums: sums?.of(task: task, block: $0))
                }, sample: sample, y: task % strips * 4, shape: shape)
            strip.run(first..<min(shape.z, first + Self.planes))
        }
        if let sums, let target = writing.sums { sums.finish(into: target, channels: writing.channels, width: writing.width) }
    }

    /// Transforms the weights along z, y and x.
    private func transform(_ weights: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        Scratch.with(floats: 4 * 144 + 6 * 48) { alongZ in
            let alongY = alongZ + 4 * 144
            for block in 0..<layout.outputBlocks {
                var call = SKTransform(
                    in: weights + block * layout.pairStride, inStep: 144, out: alongZ, outStep: 144, lines: 1, inLine: 0, outLine: 0, run: 144)
                Kernels.table.winograd2.kernel(&call)
                for z in 0..<4 {
                    call = SKTransform(in: alongZ + z * 144, inStep: 48, out: alongY, outStep: 48, lines: 1, inLine: 0, outLine: 0, run: 48)
                    Kernels.table.winograd4.kernel(&call)
                    call = SKTransform(
                        in: alongY, inStep: 16, out: out + block * Self.points * 64 + z * 16, outStep: 64, lines: 6, inLine: 48, outLine: 384, run: 16)
                    Kernels.table.winograd4.kernel(&call)
                }
            }
        }
    }

    /// Four lines of outputs in each of some planes.
    private struct Strip {
        let weights: UnsafePointer<Float>
        let writing: Writing
        let loader: LineLoader
        /// One a block.
        let stores: [LineStorer]
        let sample, y: Int
        let shape: SIMD3<Int>

        private var tiles: Int { (shape.x + 3) / 4 }
        /// Floats from one point to the next, and from one transformed plane to the next.
        private var step: Int { (tiles + 15) / 16 * 16 }
        private var plane: Int { points * step }

        func run(_ range: Range<Int>) {
            let line = 4 * step + 64, pairs = (range.count + 1) / 2
            Scratch.with(floats: 6 * line + plane + (2 * pairs + 2) * plane + points * 64 + 48 * 16 + 512 * piece) { lines in
                let alongX = lines + 6 * line, planes = alongX + plane, group = planes + (2 * pairs + 2) * plane
                let scratch = group + points * 64, outputs = scratch + 48 * 16
                lines.update(repeating: 0, count: 6 * line)
                for z in 0..<2 * pairs + 2 {
                    for row in 0..<6 { loader.load(x: -1, y: y + row - 1, z: range.lowerBound + z - 1, count: 4 * tiles + 2, into: lines + row * line) }
                    var call = SKTransform(
                        in: lines, inStep: 0, out: alongX, outStep: Int64(step), lines: 6, inLine: Int64(line), outLine: Int64(6 * step), run: Int64(step))
                    Kernels.table.spread4(&call)
                    call = SKTransform(
                        in: alongX, inStep: Int64(6 * step), out: planes + z * plane, outStep: Int64(6 * step), lines: 1, inLine: 0, outLine: 0,
                        run: Int64(6 * step))
                    Kernels.table.winograd4.input(&call)
                }
                for pair in 0..<pairs {
                    for first in stride(from: 0, to: tiles, by: 16) {
                        var call = SKTransform(
                            in: planes + 2 * pair * plane + first, inStep: Int64(plane), out: group, outStep: 16, lines: Int64(points), inLine: Int64(step),
                            outLine: 64, run: 16)
                        Kernels.table.winograd2.input(&call)
                        for tile in stride(from: first, to: min(tiles, first + 16), by: piece) {
                            for block in stores.indices {
                                put(group + (tile - first), block, tile, range.lowerBound + 2 * pair, scratch, outputs)
                            }
                        }
                    }
                }
            }
            sk_stream_fence()
        }

        /// The outputs of a piece of tiles from `tile` on: into the tensor where they lie inside it and need nothing but what the kernel does to them, else
        /// through `outputs`.
        private func put(
            _ group: UnsafePointer<Float>, _ block: Int, _ tile: Int, _ z: Int, _ scratch: UnsafeMutablePointer<Float>,
            _ outputs: UnsafeMutablePointer<Float>
        ) {
            let tiles = min(piece, tiles - tile), x = 4 * tile, target = writing.blocks[block]
            var call = SKSingleTiles(
                points: group, weights: weights + block * points * 64, scratch: scratch, out: outputs, tiles: Int64(tiles), row: Int64(64 * piece),
                plane: Int64(256 * piece), bias: nil, scale: nil, shift: nil, relu: 0, stream: 0)
            let inside = x + 4 * tiles <= shape.x && y + 4 <= shape.y && z + 2 <= shape.z
            if inside, !writing.needsLines, !target.accumulate {
                call.out = target.base(sample: sample) + ((z * shape.y + y) * shape.x + x) * 16
                (call.row, call.plane) = (Int64(shape.x * 16), Int64(shape.x * shape.y * 16))
                call.bias = writing.bias.map { $0 + block * 16 }
                call.scale = writing.scale.map { $0 + block * 16 }
                call.shift = writing.shift.map { $0 + block * 16 }
                call.relu = writing.relu ? 1 : 0
                call.stream = target.tensor.streams ? 1 : 0
                return Kernels.table.singleTiles(&call)
            }
            Kernels.table.singleTiles(&call)
            for plane in 0..<min(2, shape.z - z) {
                for row in 0..<min(4, shape.y - y) {
                    stores[block].store(
                        outputs + plane * 256 * piece + row * 64 * piece, x: x, y: y + row, z: z + plane, count: min(4 * tiles, shape.x - x))
                }
            }
        }
    }
}
