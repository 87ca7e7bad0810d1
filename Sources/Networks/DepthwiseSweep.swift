import CKernels
import Kernels
import Support

/// The place of a depthwise convolution's weights in memory: [block][tap][lane], blocks as those of a tensor of so many channels; a channel's
/// taps are in PyTorch's order (z, y, x).
struct LaneLayout: Sendable, Equatable {
    let channels, taps: Int

    var width: Int { blockWidth(channels) }
    var blocks: Int { (channels + width - 1) / width }
    var storedCount: Int { (blocks * taps * width + 15) / 16 * 16 }

    func place(_ channel: Int, _ tap: Int) -> Int { (channel / width * taps + tap) * width + channel % width }
}

/// Runs one pass of a depthwise convolution: `Sweep` for the case that every output lane reads its own channel only. The padded input of a tile is
/// copied into a thread's own memory with the lanes that the outputs have, and where outputs step over voxels along x, voxels of one residue lie together.
/// So every tap of a row is one run of floats in the order of the outputs' own, whatever stride, dilation and number of channels are.
struct DepthwiseSweep {
    let pass: Geometry.Pass
    let geometry: Geometry
    /// Of the tensor with the most channels, which is the output of the layer.
    let lanes: Int
    /// Output channels for each input channel.
    let multiplier: Int

    private var width: Int { blockWidth(lanes) }
    private var blocks: Int { (lanes + width - 1) / width }

    /// A tile of `Sweep`'s, and how its lines are packed.
    private struct Packing {
        let tile: Sweep.Tile
        /// Residues along x, voxels of each in a line, floats of a line.
        let residues, run, line: Int
        /// Floats from one vector of outputs' voxels to the next, and neighbouring taps that lie one voxel apart.
        let step, taps: Int
        /// Where each tap reads, relative to an output row's place.
        let offsets: [Int64]
        /// Floats of a packed tile, with room for whole vectors after the last one.
        let floats: Int
    }

    private var packing: Packing {
        let tile = Sweep.tile(pass, width: width)
        // A vector that is one voxel can step over others.
        let residues = width == 16 ? 1 : pass.x.inStep, run = (tile.spanX + residues - 1) / residues, line = residues * run * width
        var offsets: [Int64] = []
        for z in tile.z.reads {
            for y in tile.y.reads {
                for x in pass.x.reads {
                    let d = x.offset - pass.x.first
                    offsets.append(Int64((z * tile.spanY + y) * line + (d % residues * run + d / residues) * width))
                }
            }
        }
        let taps = width == 16 && pass.x.inStep == 1 && pass.x.dense && [3, 5].contains(pass.x.reads.count) ? pass.x.reads.count : 1
        return Packing(
            tile: tile, residues: residues, run: run, line: line, step: residues == 1 ? pass.x.inStep * 16 : 16, taps: taps,
            offsets: offsets, floats: line * tile.spanY * tile.spanZ + 32)
    }

    /// Copies a tile's input for one block of lanes. `spread`: the source has a channel for `multiplier` lanes, else one for each.
    private func pack(
        _ p: Packing, _ source: Tensor, spread: Bool, sample: Int, block: Int, line: Int, plane: Int, into out: UnsafeMutablePointer<Float>
    ) {
        let shape = source.shape, from = source.base + sample * source.sampleFloats, plain = !spread || multiplier == 1
        let x0 = pass.x.first
        let used = min(width, lanes - block * width)
        var to = out
        for lineZ in 0..<p.tile.spanZ {
            for lineY in 0..<p.tile.spanY {
                let y = line + lineY * p.tile.y.step, z = plane + lineZ * p.tile.z.step
                defer { to += p.line }
                guard z >= 0, z < shape.z, y >= 0, y < shape.y else {
                    to.update(repeating: 0, count: p.line)
                    continue
                }
                let first = (z * shape.y + y) * shape.x
                if plain, p.residues == 1 {
                    let left = min(p.run, max(0, -x0)), right = max(left, min(p.run, shape.x - x0))
                    to.update(repeating: 0, count: left * width)
                    (to + left * width).update(
                        from: from + block * source.blockFloats + (first + x0 + left) * width, count: (right - left) * width)
                    (to + right * width).update(repeating: 0, count: (p.run - right) * width)
                    continue
                }
                to.update(repeating: 0, count: p.line)
                for residue in 0..<p.residues {
                    for i in 0..<p.run {
                        let x = x0 + residue + i * p.residues
                        if x < 0 || x >= shape.x { continue }
                        let voxel = to + (residue * p.run + i) * width
                        if plain {
                            let s = from + block * source.blockFloats + (first + x) * width
                            if width == 16 { voxel.update(from: s, count: 16) } else { for l in 0..<width { voxel[l] = s[l] } }
                        } else {
                            for l in 0..<used {
                                let c = (block * width + l) / multiplier
                                voxel[l] = from[c / source.width * source.blockFloats + (first + x) * source.width + c % source.width]
                            }
                        }
                    }
                }
            }
        }
    }

    /// The pass's weights, 16 for each tap, repeating with the width; block after block.
    private func patterns(_ weights: UnsafePointer<Float>, _ layout: LaneLayout) -> [Float] {
        var out = [Float](repeating: 0, count: layout.blocks * max(1, pass.taps) * 16)
        for block in 0..<layout.blocks {
            for (i, tap) in tapOrder.enumerated() {
                for lane in 0..<16 {
                    out[(block * pass.taps + i) * 16 + lane] = weights[(block * layout.taps + tap) * width + lane % width]
                }
            }
        }
        return out
    }

    /// Index in the kernel of each of the pass's taps.
    private var tapOrder: [Int] {
        pass.z.reads.flatMap { z in
            pass.y.reads.flatMap { y in pass.x.reads.map { (z.tap * geometry.kernel.y + y.tap) * geometry.kernel.x + $0.tap } }
        }
    }

    /// Computes all outputs of the pass. With `reduces` what is written has one channel for each `multiplier` lanes, whose sum it is (the gradient
    /// of the input); then `out` must not ask for anything but accumulation.
    func run(_ source: Tensor, weights: UnsafePointer<Float>, layout: LaneLayout, into out: Writing, reduces: Bool) throws {
        let p = packing, tile = p.tile
        let patterns = patterns(weights, layout)
        let gathers = reduces && multiplier > 1
        let tasks = source.batch * tile.planeTiles * tile.rowTiles
        let each = gathers ? 1 : blocks
        try p.offsets.withUnsafeBufferPointer { offsets in
            try patterns.withUnsafeBufferPointer { patterns in
                guard let patternBase = patterns.baseAddress else { return }
                // Without taps no offset is read, but there has to be a pointer.
                let none: [Int64] = [0]
                try none.withUnsafeBufferPointer { none in
                    guard let offsetBase = offsets.baseAddress ?? none.baseAddress else { return }
                    let shared = Unchecked((source, out, offsetBase, UnsafeMutablePointer(mutating: patternBase)))
                    try Parallel.slabs(tasks * each) { task in
                        let (source, out, offsets, patterns) = shared.value
                        let at = task / each
                        let (firstRow, rows, firstLine) = tile.y.tile(at % tile.rowTiles, of: tile.rows)
                        let (firstPlane, planes, plane) = tile.z.tile(at / tile.rowTiles % tile.planeTiles, of: tile.planes)
                        let sample = at / tile.rowTiles / tile.planeTiles
                        if rows == 0 || planes == 0 { return }
                        // Storing reads whole vectors from any voxel on.
                        let lineFloats = pass.x.outCount * width + 32
                        Scratch.with(floats: p.floats + lineFloats) { packed in
                            let line = packed + p.floats
                            for block in gathers ? 0..<blocks : task % each..<task % each + 1 {
                                pack(
                                    p, source, spread: !reduces, sample: sample, block: block, line: firstLine, plane: plane,
                                    into: packed)
                                var call = SKDepthwiseRow(
                                    source: packed, offsets: offsets, taps: Int64(pass.taps), run: Int64(p.taps), step: Int64(p.step),
                                    weights: patterns + block * pass.taps * 16,
                                    out: line, count: Int64(pass.x.outCount * width), gradient: nil, row: 0, gradientRow: 0, rows: 1)
                                let storer = gathers ? nil : LineStorer(out, block: block, sample: sample, sums: nil)
                                for z in 0..<planes {
                                    for y in 0..<rows {
                                        call.source =
                                            UnsafePointer(packed)
                                            + (z * tile.z.advance * tile.spanY + y * tile.y.advance) * p.line
                                        Kernels.table.depthwise(&call)
                                        let outY = tile.y.place(firstRow, y), outZ = tile.z.place(firstPlane, z)
                                        if let storer {
                                            storer.store(
                                                line, x: pass.x.outStart, y: outY, z: outZ, count: pass.x.outCount, step: pass.x.outStep)
                                        } else {
                                            gather(line, block: block, into: out, sample: sample, y: outY, z: outZ)
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Adds the lanes of a line to the channels that they belong to. The first block sets them.
    private func gather(_ line: UnsafePointer<Float>, block: Int, into out: Writing, sample: Int, y: Int, z: Int) {
        let target = out.blocks[0].tensor, adds = out.blocks[0].accumulate
        let base = target.base + sample * target.sampleFloats
        for i in 0..<pass.x.outCount {
            let v = (z * target.shape.y + y) * target.shape.x + pass.x.outStart + i * pass.x.outStep
            if block == 0, !adds {
                for b in 0..<target.blocks { (base + b * target.blockFloats + v * target.width).update(repeating: 0, count: target.width) }
            }
            for l in 0..<min(width, lanes - block * width) {
                let c = (block * width + l) / multiplier
                base[c / target.width * target.blockFloats + v * target.width + c % target.width] += line[i * width + l]
            }
        }
    }

    // MARK: Gradient of the weights

    /// How the sum over a block is split into tasks, whose partial sums are added in a fixed order whatever the number of threads.
    private func parts(_ batch: Int, _ tile: Sweep.Tile) -> Int {
        max(1, min((32 + blocks - 1) / blocks, batch * tile.planeTiles * tile.rowTiles))
    }

    /// Floats of working memory for `weightGradient`.
    func weightWorkspace(batch: Int) -> Int { parts(batch, packing.tile) * blocks * pass.taps * 16 }

    /// Sets the gradient of the weights from the layer's input and the gradient of its output. The pass must be the one that gathers.
    func weightGradient(
        _ result: UnsafeMutablePointer<Float>, layout: LaneLayout, input: Tensor, gradient: Tensor, workspace: UnsafeMutablePointer<Float>
    ) throws {
        let p = packing, tile = p.tile, parts = parts(input.batch, p.tile), taps = pass.taps
        let tiles = input.batch * tile.planeTiles * tile.rowTiles
        // Rows that are summed at once: input and gradient should stay in the first-level cache while all taps go over them.
        let rowsAtOnce = max(1, 5_000 / max(1, pass.x.outCount * width + p.line))
        try p.offsets.withUnsafeBufferPointer { offsets in
            guard let offsetBase = offsets.baseAddress else { return }
            let shared = Unchecked((input, gradient, workspace, offsetBase))
            try Parallel.slabs(blocks * parts) { task in
                let (input, gradient, workspace, offsets) = shared.value
                let block = task / parts, part = task % parts
                let sum = workspace + task * taps * 16
                sum.update(repeating: 0, count: taps * 16)
                Scratch.with(floats: p.floats) { packed in
                    for t in part * tiles / parts..<(part + 1) * tiles / parts {
                        let (firstRow, rows, firstLine) = tile.y.tile(t % tile.rowTiles, of: tile.rows)
                        let (firstPlane, planes, plane) = tile.z.tile(t / tile.rowTiles % tile.planeTiles, of: tile.planes)
                        let sample = t / tile.rowTiles / tile.planeTiles
                        if rows == 0 || planes == 0 { continue }
                        pack(p, input, spread: true, sample: sample, block: block, line: firstLine, plane: plane, into: packed)
                        let g = gradient.base + sample * gradient.sampleFloats + block * gradient.blockFloats
                        let row = gradient.shape.x * width
                        for z in 0..<planes {
                            var y = 0
                            while y < rows {
                                let n = min(rowsAtOnce, rows - y)
                                var call = SKDepthwiseRow(
                                    source: UnsafePointer(packed) + (z * tile.z.advance * tile.spanY + y * tile.y.advance) * p.line,
                                    offsets: offsets, taps: Int64(taps), run: 1, step: Int64(p.step), weights: sum, out: sum,
                                    count: Int64(pass.x.outCount * width),
                                    gradient: UnsafePointer(g)
                                        + (tile.z.place(firstPlane, z) * gradient.shape.y + tile.y.place(firstRow, y)) * row,
                                    row: Int64(tile.y.advance * p.line), gradientRow: Int64(tile.y.classes * row), rows: Int64(n))
                                Kernels.table.depthwiseWeights(&call)
                                y += n
                            }
                        }
                    }
                }
            }
        }
        // The parts in their order; of the 16 lanes those that are one channel's.
        for block in 0..<blocks {
            for (i, tap) in tapOrder.enumerated() {
                for lane in 0..<width {
                    var sum: Float = 0
                    for part in 0..<parts {
                        let own = workspace + ((block * parts + part) * taps + i) * 16
                        for place in stride(from: lane, to: 16, by: width) { sum += own[place] }
                    }
                    result[(block * layout.taps + tap) * width + lane] = sum
                }
            }
        }
    }
}
