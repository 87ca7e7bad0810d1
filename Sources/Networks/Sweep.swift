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
    /// Products may be of bfloat16.
    var half = false

    /// Lines along y or z that a row of outputs reads. With dilation, outputs fall into classes that share no lines: a tile's rows are of one class, and only lines
    /// that the class reads are packed.
    struct Lines {
        /// Distance of lines that a class reads, in voxels, and the number of classes, which is also the distance of its outputs.
        let step, classes: Int
        /// Packed lines from one output of a class to the next.
        let advance: Int
        /// The packed line of each read, for the first output of a tile.
        let reads: [Int]
        private let axis: Geometry.Axis

        init(_ axis: Geometry.Axis) {
            self.axis = axis
            let common = axis.reads.reduce(0) { gcd($0, $1.offset - axis.first) }
            // A single read needs the lines of the outputs themselves.
            let step = common == 0 ? axis.inStep : common
            self.step = step
            classes = step / gcd(step, axis.inStep)
            advance = classes * axis.inStep / step
            reads = axis.reads.map { ($0.offset - axis.first) / step }
        }

        /// Packed lines of n outputs of a class.
        func span(_ n: Int) -> Int { max(0, (n - 1) * advance + (reads.last ?? 0) + 1) }
        /// Outputs of the largest class.
        var longest: Int { (axis.outCount + classes - 1) / classes }
        /// Tiles of `n` outputs in all classes.
        func tiles(_ n: Int) -> Int { classes * ((longest + n - 1) / n) }
        /// The outputs of a tile: the first, and how many there are, which may be none; and the first line that they read.
        func tile(_ index: Int, of n: Int) -> (first: Int, count: Int, line: Int) {
            let own = index % classes, place = index / classes * n
            let count = min(n, (axis.outCount - own + classes - 1) / classes - place)
            let first = own + place * classes
            return (first, max(0, count), first * axis.inStep + axis.first)
        }
        /// Where output `n` of a tile is along the axis.
        func place(_ first: Int, _ n: Int) -> Int { axis.outStart + (first + n * classes) * axis.outStep }
    }

    /// Tile of outputs (rows, planes) and the size of its padded input.
    struct Tile {
        let rows, planes: Int
        let y, z: Lines
        let spanX, spanY, spanZ: Int
        let rowTiles, planeTiles: Int
        let floats: Int
    }

    /// Floats of a tile's input that stay in the second-level cache beside weights and outputs.
    static let budget = 56_000

    var tile: Tile { Self.tile(pass, width: source.width) }

    static func tile(_ pass: Geometry.Pass, width: Int) -> Tile {
        let spanX = (pass.x.outCount - 1) * pass.x.inStep + max(1, pass.x.span)
        let y = Lines(pass.y), z = Lines(pass.z)
        var rows = 1, planes = 1
        // Grow where it saves most copying of overlapping rows.
        while true {
            func cost(_ r: Int, _ p: Int) -> (copies: Double, fits: Bool) {
                let area = y.span(r) * z.span(p)
                return (Double(area) / Double(r * p), area * spanX * width <= budget)
            }
            let now = cost(rows, planes).copies
            let full = (copies: now, fits: false)
            let more = rows < y.longest ? cost(rows + 1, planes) : full
            let deeper = planes < z.longest ? cost(rows, planes + 1) : full
            if more.fits, more.copies <= deeper.copies || !deeper.fits {
                rows += 1
            } else if deeper.fits {
                planes += 1
            } else {
                break
            }
        }
        let spanY = y.span(rows), spanZ = z.span(planes)
        return Tile(
            rows: rows, planes: planes, y: y, z: z, spanX: spanX, spanY: spanY, spanZ: spanZ, rowTiles: y.tiles(rows),
            planeTiles: z.tiles(planes), floats: spanX * spanY * spanZ * width)
    }

    /// Copies the padded input of a tile: voxels outside the volume are zero.
    func pack(_ tile: Tile, sample: Int, block: Int, line: Int, plane: Int, into out: UnsafeMutablePointer<Float>) {
        let loader = LineLoader(source.blocks[block], sample: sample)
        var to = out
        for z in 0..<tile.spanZ {
            for y in 0..<tile.spanY {
                loader.load(
                    x: pass.x.first, y: line + y * tile.y.step, z: plane + z * tile.z.step, count: tile.spanX, into: to)
                to += tile.spanX * source.width
            }
        }
    }

    /// Where each group of consecutive weights reads, relative to an output's place in the packed tile, the length of a group, and the weights to be skipped
    /// after it: those of channels that a block of `used` channels does not have.
    func groups(_ tile: Tile, used: Int) -> (offsets: [Int64], length: Int, skipped: Int) {
        let width = source.width
        // Groups over several taps are longer, but go over the missing channels as well.
        let joined = pass.x.dense && width - used < 3
        var offsets: [Int64] = []
        for z in tile.z.reads {
            for y in tile.y.reads {
                let line = (z * tile.spanY + y) * tile.spanX
                if joined {
                    if !pass.x.reads.isEmpty { offsets.append(Int64(line * width)) }
                } else {
                    for x in pass.x.reads { offsets.append(Int64((line + x.offset - pass.x.first) * width)) }
                }
            }
        }
        if joined { return (offsets, pass.x.reads.count * width, 0) }
        return (offsets, used, width - used)
    }

    /// Channels of a block of the source.
    func used(_ block: Int) -> Int { min(source.width, source.channels - block * source.width) }

    /// Computes all outputs of the pass. `weights` is laid out as `layout` says, whose tap order contains this pass's taps in their order.
    func run(weights: UnsafePointer<Float>, layout: WeightLayout, into out: Writing) throws {
        let tile = tile
        // Few outputs from whole blocks: one channel after the other, its weights gathered.
        let narrow = source.width == 16 && out.channels <= 4 && out.channels == out.width
        let bf16 = half && !narrow && layout.lanes == 16 && source.width > 1 ? Kernels.half : nil
        let gathered = try narrow ? gather(weights, layout) : bf16 != nil ? pairs(weights, layout) : [0]
        // All blocks but the last are full. Where channels are summed in vectors or pairs, missing ones count as zeros.
        let whole = narrow || bf16 != nil
        let full = groups(tile, used: whole ? source.width : used(0)),
            end = groups(tile, used: whole ? source.width : used(layout.inputBlocks - 1))
        // A pass without taps has no groups, but there has to be a pointer.
        // Values of the packed tile in a float.
        let unit = bf16 == nil ? 1 : 2
        let offsets = (full.offsets + end.offsets + [0]).map { $0 / Int64(unit) }
        let lanes = layout.lanes
        let kernel = lanes == 16 ? Kernels.table.conv16 : Kernels.table.conv8
        let tiles = source.batch * tile.planeTiles * tile.rowTiles
        // Few tiles and many filters: split the filters too.
        let wanted = min(layout.outputBlocks, max(1, (8 * Parallel.threads + tiles - 1) / max(1, tiles)))
        let blocksEach = (layout.outputBlocks + wanted - 1) / wanted
        let split = (layout.outputBlocks + blocksEach - 1) / blocksEach
        // Dropped values, gates and sums need the finished value of a line, before what it is added to: such blocks are collected in the thread's own memory.
        let outWidth = out.width
        let collects = out.needsLines
        let lineFloats = pass.x.outCount * outWidth
        let collected = collects ? tile.rows * tile.planes * lineFloats + 16 : 0
        let sums = out.sums.map { _ in SumTable(tasks: tiles, blocks: out.blocks.count) }
        // Memory beyond the packed tile may be written by the loading of its last line.
        let packedFloats = (tile.floats + 31) / 16 * 16
        let convertible = Unchecked(bf16)
        try offsets.withUnsafeBufferPointer { offsets in
            try gathered.withUnsafeBufferPointer { gathered in
                guard let start = offsets.baseAddress, let own = gathered.baseAddress else { return }
                let shared = Unchecked((start, whole ? own : weights, out, sums))
                try Parallel.slabs(tiles * split) { task in
                    let (offsets, weights, out, sums) = shared.value, bf16 = convertible.value
                    let part = task % split
                    let (firstRow, rows, line) = tile.y.tile(task / split % tile.rowTiles, of: tile.rows)
                    let (firstPlane, planes, plane) = tile.z.tile(task / split / tile.rowTiles % tile.planeTiles, of: tile.planes)
                    let sample = task / split / tile.rowTiles / tile.planeTiles
                    if rows == 0 || planes == 0 { return }
                    let outputBlocks = part * blocksEach..<min(layout.outputBlocks, (part + 1) * blocksEach)
                    Scratch.with(floats: packedFloats + collected * outputBlocks.count) { packed in
                        for inputBlock in 0..<layout.inputBlocks {
                            pack(tile, sample: sample, block: inputBlock, line: line, plane: plane, into: packed)
                            bf16?.convert(packed, packed, packedFloats)
                            let last = inputBlock == layout.inputBlocks - 1, groups = last ? end : full
                            for outputBlock in outputBlocks {
                                let block = out.blocks[outputBlock]
                                // A half tensor is written through lines alone, and this address is not used.
                                let target = block.base(sample: sample)
                                let own = packed + packedFloats + (outputBlock - outputBlocks.lowerBound) * collected
                                let pair =
                                    (outputBlock * layout.inputBlocks + inputBlock) * layout.pairStride + pass.firstTap * layout.width
                                    * lanes
                                let finishes = last && !collects
                                var call = SKConvRow(
                                    source: packed, offsets: offsets + (last ? full.offsets.count : 0), groups: Int64(groups.offsets.count),
                                    length: Int64(groups.length / unit),
                                    step: Int64(pass.x.inStep * source.width / unit), weights: weights + pair / unit,
                                    weightSkip: Int64(groups.skipped * lanes), out: target,
                                    outStep: Int64(collects ? outWidth : pass.x.outStep * outWidth), count: Int64(pass.x.outCount),
                                    bias: collects ? nil : out.bias.map { $0 + outputBlock * lanes },
                                    scale: finishes ? out.scale.map { $0 + outputBlock * 16 } : nil,
                                    shift: finishes ? out.shift.map { $0 + outputBlock * 16 } : nil,
                                    accumulate: inputBlock > 0 || !collects && block.accumulate ? 1 : 0, relu: finishes && out.relu ? 1 : 0,
                                    width: Int32(outWidth))
                                let store = LineStorer(
                                    out, block: outputBlock, sample: sample, sums: sums?.of(task: task / split, block: outputBlock))
                                for z in 0..<planes {
                                    let outZ = tile.z.place(firstPlane, z)
                                    for y in 0..<rows {
                                        let outY = tile.y.place(firstRow, y)
                                        call.source =
                                            UnsafePointer(packed) + (z * tile.z.advance * tile.spanY + y * tile.y.advance) * tile.spanX
                                            * source.width / unit
                                        call.out =
                                            collects
                                            ? own + (z * tile.rows + y) * lineFloats
                                            : target + ((outZ * out.shape.y + outY) * out.shape.x + pass.x.outStart) * outWidth
                                        if narrow {
                                            row(call, out, weights + inputBlock * pass.taps * 16, layout.inputBlocks * pass.taps * 16)
                                        } else if let bf16 {
                                            bf16.row(&call)
                                        } else {
                                            kernel(&call)
                                        }
                                        if collects && last {
                                            store.store(
                                                call.out, x: pass.x.outStart, y: outY, z: outZ, count: pass.x.outCount, step: pass.x.outStep
                                            )
                                        }
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

    /// The weights of this pass for a few outputs from blocks of 16: [output][input block][tap][input].
    private func gather(_ weights: UnsafePointer<Float>, _ layout: WeightLayout) -> [Float] {
        var out: [Float] = []
        for o in 0..<layout.output {
            for block in 0..<layout.inputBlocks {
                let pair = block * layout.pairStride + pass.firstTap * layout.width * layout.lanes + o
                for i in 0..<pass.taps * 16 { out.append(weights[pair + i * layout.lanes]) }
            }
        }
        return out
    }

    /// The weights of this pass as bfloat16, where they are in the layout: two inputs next to each other for each lane.
    private func pairs(_ weights: UnsafePointer<Float>, _ layout: WeightLayout) throws -> [Float] {
        func bits(_ x: Float) -> UInt32 {
            if x.isNaN { return 0x7FC0 }
            return (x.bitPattern &+ 0x7FFF &+ ((x.bitPattern >> 16) & 1)) >> 16
        }
        var out = [Float](repeating: 0, count: layout.storedCount / 2)
        let lanes = layout.lanes
        try out.withUnsafeMutableBufferPointer { out in
            let shared = Unchecked((weights, out.baseAddress))
            try Parallel.slabs(layout.pairs) { pair in
                guard let out = shared.value.1 else { return }
                let first = pair * layout.pairStride + pass.firstTap * layout.width * lanes
                for row in 0..<pass.taps * layout.width / 2 {
                    let from = shared.value.0 + first + 2 * row * lanes, to = out + (first / 2 + row * lanes)
                    for lane in 0..<lanes { to[lane] = Float(bitPattern: bits(from[lane]) | bits(from[lane + lanes]) << 16) }
                }
            }
        }
        return out
    }

    /// A row of each of a few outputs; `weights` are those of the first, `next` floats before those of the second.
    private func row(_ call: SKConvRow, _ out: Writing, _ weights: UnsafePointer<Float>, _ next: Int) {
        var call = call
        for o in 0..<out.channels {
            call.weights = weights + o * next
            Kernels.table.narrow(&call)
            call.out += 1
            call.bias = call.bias.map { $0 + 1 }
            call.scale = call.scale.map { $0 + 1 }
            call.shift = call.shift.map { $0 + 1 }
        }
    }
}
