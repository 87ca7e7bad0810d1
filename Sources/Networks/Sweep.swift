import CKernels
import Kernels
import Support

/// Runs one pass of a convolution over tensors: the padded input of a tile of outputs is copied into a thread's own memory, so that the kernels
/// need no border cases and stay in the cache, and the register-tiled kernels go over its rows.
///
/// `Convolver` decides which convolutions run so.
struct Sweep {
    let pass: Geometry.Pass
    /// What is read: the layer's input (gathering) or output gradient (scattering) and the like.
    let source: Reading

    /// Tile of outputs (rows, planes) and the size of its padded input.
    struct Tile {
        let rows, planes: Int
        let spanX, spanY, spanZ: Int
        let rowTiles, planeTiles: Int
        let floats: Int
    }

    /// Floats of a tile's input that stay in the second-level cache beside weights and outputs.
    static let budget = 56_000

    var tile: Tile { Self.tile(pass, width: source.width) }

    static func tile(_ pass: Geometry.Pass, width: Int) -> Tile {
        func extent(_ axis: Geometry.Axis, _ n: Int) -> Int { (n - 1) * axis.inStep + max(1, axis.span) }
        let spanX = extent(pass.x, pass.x.outCount)
        var rows = 1, planes = 1
        // Grow where it saves most copying of overlapping rows.
        while true {
            func cost(_ r: Int, _ p: Int) -> (copies: Double, fits: Bool) {
                let area = extent(pass.y, r) * extent(pass.z, p)
                return (Double(area) / Double(r * p), area * spanX * width <= budget)
            }
            let now = cost(rows, planes).copies
            let full = (copies: now, fits: false)
            let more = rows < pass.y.outCount ? cost(rows + 1, planes) : full
            let deeper = planes < pass.z.outCount ? cost(rows, planes + 1) : full
            if more.fits, more.copies <= deeper.copies || !deeper.fits {
                rows += 1
            } else if deeper.fits {
                planes += 1
            } else {
                break
            }
        }
        let spanY = extent(pass.y, rows), spanZ = extent(pass.z, planes)
        return Tile(
            rows: rows, planes: planes, spanX: spanX, spanY: spanY, spanZ: spanZ,
            rowTiles: (pass.y.outCount + rows - 1) / rows, planeTiles: (pass.z.outCount + planes - 1) / planes,
            floats: spanX * spanY * spanZ * width)
    }

    /// Copies the padded input of a tile: voxels outside the volume are zero.
    func pack(_ tile: Tile, sample: Int, block: Int, row: Int, plane: Int, into out: UnsafeMutablePointer<Float>) {
        let loader = LineLoader(source.blocks[block], sample: sample)
        let x0 = pass.x.first, y0 = row * pass.y.inStep + pass.y.first, z0 = plane * pass.z.inStep + pass.z.first
        var to = out
        for z in z0..<z0 + tile.spanZ {
            for y in y0..<y0 + tile.spanY {
                loader.load(x: x0, y: y, z: z, count: tile.spanX, into: to)
                to += tile.spanX * source.width
            }
        }
    }

    /// Where each group of consecutive weights reads, relative to an output's place in the packed tile, and the length of a group.
    func groups(_ tile: Tile) -> (offsets: [Int64], length: Int) {
        let width = source.width
        var offsets: [Int64] = []
        for z in pass.z.reads {
            for y in pass.y.reads {
                let line = ((z.offset - pass.z.first) * tile.spanY + (y.offset - pass.y.first)) * tile.spanX
                if pass.x.dense {
                    if !pass.x.reads.isEmpty { offsets.append(Int64(line * width)) }
                } else {
                    for x in pass.x.reads { offsets.append(Int64((line + x.offset - pass.x.first) * width)) }
                }
            }
        }
        if offsets.isEmpty { offsets.append(0) }  // never read: there are no groups
        return (offsets, pass.x.dense ? pass.x.reads.count * width : width)
    }

    /// Computes all outputs of the pass. `weights` is laid out as `layout` says, whose tap order contains this pass's taps in their order.
    func run(weights: UnsafePointer<Float>, layout: WeightLayout, into out: Writing) throws {
        let tile = tile
        let (offsets, length) = groups(tile)
        let lanes = layout.lanes
        let kernel = lanes == 16 ? Kernels.table.conv16 : Kernels.table.conv8
        let tiles = source.batch * tile.planeTiles * tile.rowTiles
        // Few tiles and many filters: split the filters too.
        let split = min(layout.outputBlocks, max(1, (8 * Parallel.threads + tiles - 1) / max(1, tiles)))
        let blocksEach = (layout.outputBlocks + split - 1) / split
        // Dropped values and sums need the finished value of a line, before what it is added to: such blocks are collected in the thread's own memory.
        let outWidth = out.width
        let collects = out.sums != nil || out.blocks.contains { $0.dropout != nil }
        let lineFloats = pass.x.outCount * outWidth
        let collected = collects ? tile.rows * tile.planes * lineFloats + 16 : 0
        let sums = out.sums.map { _ in SumTable(tasks: tiles, blocks: out.blocks.count) }
        // Memory beyond the packed tile may be written by the loading of its last line.
        let packedFloats = tile.floats + 16
        try offsets.withUnsafeBufferPointer { offsets in
            guard let start = offsets.baseAddress else { return }
            let shared = Unchecked((start, weights, out, sums))
            try Parallel.slabs(tiles * split) { task in
                let (offsets, weights, out, sums) = shared.value
                let part = task % split
                let firstRow = task / split % tile.rowTiles * tile.rows
                let firstPlane = task / split / tile.rowTiles % tile.planeTiles * tile.planes
                let sample = task / split / tile.rowTiles / tile.planeTiles
                let rows = min(tile.rows, pass.y.outCount - firstRow), planes = min(tile.planes, pass.z.outCount - firstPlane)
                let outputBlocks = part * blocksEach..<min(layout.outputBlocks, (part + 1) * blocksEach)
                Scratch.with(floats: packedFloats + collected * outputBlocks.count) { packed in
                    for inputBlock in 0..<layout.inputBlocks {
                        pack(tile, sample: sample, block: inputBlock, row: firstRow, plane: firstPlane, into: packed)
                        let last = inputBlock == layout.inputBlocks - 1
                        for outputBlock in outputBlocks {
                            let block = out.blocks[outputBlock]
                            let target = block.base(sample: sample)
                            let own = packed + packedFloats + (outputBlock - outputBlocks.lowerBound) * collected
                            let pair =
                                (outputBlock * layout.inputBlocks + inputBlock) * layout.pairStride + pass.firstTap * layout.width * lanes
                            let finishes = last && !collects
                            var call = SKConvRow(
                                source: packed, offsets: offsets, groups: Int64(self.groupCount), length: Int64(length),
                                step: Int64(pass.x.inStep * source.width), weights: weights + pair, out: target,
                                outStep: Int64(collects ? outWidth : pass.x.outStep * outWidth), count: Int64(pass.x.outCount),
                                bias: collects ? nil : out.bias.map { $0 + outputBlock * lanes },
                                scale: finishes ? out.scale.map { $0 + outputBlock * 16 } : nil,
                                shift: finishes ? out.shift.map { $0 + outputBlock * 16 } : nil,
                                accumulate: inputBlock > 0 || !collects && block.accumulate ? 1 : 0, relu: finishes && out.relu ? 1 : 0,
                                width: Int32(outWidth))
                            let store = LineStorer(
                                out, block: outputBlock, sample: sample, sums: sums?.of(task: task / split, block: outputBlock))
                            for z in 0..<planes {
                                let outZ = pass.z.outStart + (firstPlane + z) * pass.z.outStep
                                for y in 0..<rows {
                                    let outY = pass.y.outStart + (firstRow + y) * pass.y.outStep
                                    call.source =
                                        UnsafePointer(packed) + (z * pass.z.inStep * tile.spanY + y * pass.y.inStep) * tile.spanX
                                        * source.width
                                    call.out =
                                        collects
                                        ? own + (z * tile.rows + y) * lineFloats
                                        : target + ((outZ * out.shape.y + outY) * out.shape.x + pass.x.outStart) * outWidth
                                    kernel(&call)
                                    if collects && last {
                                        store.store(
                                            call.out, x: pass.x.outStart, y: outY, z: outZ, count: pass.x.outCount, step: pass.x.outStep)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        if let sums, let target = out.sums { sums.finish(into: target, channels: out.channels, width: outWidth) }
    }

    private var groupCount: Int {
        pass.z.reads.count * pass.y.reads.count * (pass.x.dense ? (pass.x.reads.isEmpty ? 0 : 1) : pass.x.reads.count)
    }
}
