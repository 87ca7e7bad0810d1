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

    /// A tile of outputs, and how the lines that it reads are packed. Its planes run one after the other over a ring of packed planes, so that each is
    /// packed once.
    private struct Packing {
        let y, z: Sweep.Lines
        let rows, planes: Int
        let rowTiles, planeTiles: Int
        /// Packed lines of a plane, planes of the ring.
        let spanY, ring: Int
        /// Residues along x, voxels of each in a line, floats of a line.
        let residues, run, line: Int
        /// Floats from one vector of outputs' voxels to the next, and neighbouring taps that lie one voxel apart.
        let step, joined: Int
        /// For each place in the ring of the first plane that an output reads, where each tap reads relative to the output's row.
        let offsets: [Int64]
        /// Floats of the ring, with room for whole vectors after the last one.
        var floats: Int { line * spanY * ring + 32 }

        init(_ pass: Geometry.Pass, width: Int) {
            y = Sweep.Lines(pass.y)
            z = Sweep.Lines(pass.z)
            // A vector that is one voxel can step over others.
            residues = width == 16 ? 1 : pass.x.inStep
            let spanX = (pass.x.outCount - 1) * pass.x.inStep + max(1, pass.x.span)
            run = (spanX + residues - 1) / residues
            line = residues * run * width
            step = width == 16 ? pass.x.inStep * 16 : 16
            let taps = pass.x.reads.count
            joined = step == 16 && width == 16 && pass.x.dense && (taps == 3 || taps == 5) ? taps : 1
            ring = (z.reads.last ?? 0) + 1
            planes = max(1, min(z.longest, max(8, 2 * ring)))
            // As many rows as stay in the second-level cache, in tiles as equal as they can be.
            var most = 1
            while most < y.longest, y.span(most + 1) * ring * line <= Sweep.budget { most += 1 }
            let tiles = max(1, (y.longest + most - 1) / most)
            rows = max(1, (y.longest + tiles - 1) / tiles)
            spanY = y.span(rows)
            rowTiles = y.tiles(rows)
            planeTiles = z.tiles(planes)
            var offsets: [Int64] = []
            for turn in 0..<ring {
                for z in z.reads {
                    for y in y.reads {
                        for x in pass.x.reads {
                            let d = x.offset - pass.x.first
                            offsets.append(Int64(((z + turn) % ring * spanY + y) * line + (d % residues * run + d / residues) * width))
                        }
                    }
                }
            }
            // Without taps no offset is read, but there has to be a pointer.
            self.offsets = offsets + [0]
        }

        /// Where the offsets of the taps of a tile's plane begin.
        func turn(_ plane: Int) -> Int { plane * z.advance % ring * ((offsets.count - 1) / ring) }
    }

    private var packing: Packing { Packing(pass, width: width) }

    /// Packs what plane `plane` of a tile reads and the ring does not hold yet; `packed` counts the planes so far.
    private func fill(
        _ p: Packing, _ source: Tensor, spread: Bool, sample: Int, block: Int, firstLine: Int, firstPlane: Int, plane: Int,
        packed: inout Int, _ ring: UnsafeMutablePointer<Float>
    ) {
        let end = plane * p.z.advance + p.ring
        for k in max(packed, end - p.ring)..<end {
            pack(
                p, source, spread: spread, sample: sample, block: block, line: firstLine, z: firstPlane + k * p.z.step,
                into: ring + k % p.ring * p.spanY * p.line)
        }
        packed = end
    }

    /// Copies a plane of a tile's input for one block of lanes. `spread`: the source has a channel for `multiplier` lanes, else one for each.
    private func pack(
        _ p: Packing, _ source: Tensor, spread: Bool, sample: Int, block: Int, line: Int, z: Int, into out: UnsafeMutablePointer<Float>
    ) {
        let shape = source.shape, from = source.base + sample * source.sampleFloats, plain = !spread || multiplier == 1
        let x0 = pass.x.first
        let used = min(width, lanes - block * width)
        for index in 0..<p.spanY {
            let y = line + index * p.y.step, to = out + index * p.line
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
                        for l in 0..<width { voxel[l] = s[l] }
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

    /// Floats of working memory for `run`, any pass of the layer.
    var workspace: Int { blocks * (geometry.kernel.product + 1) * 16 }

    /// Writes the pass's weights, 16 for each tap, repeating with the width, block after block; then 16 biases a block, or zeros.
    /// Returns where the latter begin.
    private func spread(
        _ weights: UnsafePointer<Float>, _ layout: LaneLayout, bias: UnsafePointer<Float>?, into out: UnsafeMutablePointer<Float>
    ) -> Int {
        let order = tapOrder, starts = blocks * order.count * 16
        for block in 0..<blocks {
            for (i, tap) in order.enumerated() {
                let from = weights + (block * layout.taps + tap) * width, to = out + (block * order.count + i) * 16
                for lane in 0..<16 { to[lane] = from[lane % width] }
            }
            for lane in 0..<16 { out[starts + block * 16 + lane] = bias?[block * width + lane % width] ?? 0 }
        }
        return starts
    }

    /// Index in the kernel of each of the pass's taps.
    private var tapOrder: [Int] {
        pass.z.reads.flatMap { z in
            pass.y.reads.flatMap { y in pass.x.reads.map { (z.tap * geometry.kernel.y + y.tap) * geometry.kernel.x + $0.tap } }
        }
    }

    /// Computes all outputs of the pass. With `reduces` what is written has one channel for each `multiplier` lanes, whose sum it is (the gradient
    /// of the input); then `out` must not ask for anything but accumulation.
    func run(
        _ source: Tensor, weights: UnsafePointer<Float>, layout: LaneLayout, into out: Writing, reduces: Bool,
        workspace: UnsafeMutablePointer<Float>
    ) throws {
        let p = packing
        // Where nothing is left to be done to a row of whole vectors, the kernel stores it itself.
        let direct = width == 16 && pass.x.outStep == 1 && out.scale == nil && !out.relu && out.sums == nil && !out.blocks[0].accumulate
        let starts = spread(weights, layout, bias: direct ? out.bias : nil, into: workspace)
        let gathers = reduces && multiplier > 1
        let tasks = source.batch * p.planeTiles * p.rowTiles, each = gathers ? 1 : blocks
        try p.offsets.withUnsafeBufferPointer { offsets in
            guard let offsets = offsets.baseAddress else { return }
            let shared = Unchecked((source, out, offsets, workspace))
            try Parallel.slabs(tasks * each) { task in
                let (source, out, offsets, patterns) = shared.value
                let at = task / each
                let (firstRow, rows, firstLine) = p.y.tile(at % p.rowTiles, of: p.rows)
                let (firstPlane, planes, planeZ) = p.z.tile(at / p.rowTiles % p.planeTiles, of: p.planes)
                let sample = at / p.rowTiles / p.planeTiles
                if rows == 0 || planes == 0 { return }
                // Storing reads whole vectors from any voxel on.
                let lineFloats = pass.x.outCount * width + 32
                Scratch.with(floats: p.floats + lineFloats) { ring in
                    let line = ring + p.floats
                    for block in gathers ? 0..<blocks : task % each..<task % each + 1 {
                        var call = SKDepthwiseRow(
                            source: ring, offsets: offsets, taps: Int64(pass.taps), run: Int64(p.joined), step: Int64(p.step),
                            weights: patterns + block * pass.taps * 16, start: patterns + starts + block * 16, out: line,
                            count: Int64(pass.x.outCount * width), gradient: nil,
                            row: 0, gradientRow: 0, rows: 1)
                        let storer = gathers ? nil : LineStorer(out, block: block, sample: sample, sums: nil)
                        var packed = 0
                        for z in 0..<planes {
                            fill(
                                p, source, spread: !reduces, sample: sample, block: block, firstLine: firstLine, firstPlane: planeZ,
                                plane: z, packed: &packed, ring)
                            call.offsets = offsets + p.turn(z)
                            for y in 0..<rows {
                                call.source = UnsafePointer(ring) + y * p.y.advance * p.line
                                let outY = p.y.place(firstRow, y), outZ = p.z.place(firstPlane, z)
                                if direct, !gathers {
                                    call.out =
                                        out.blocks[block].base(sample: sample) + (outZ * out.shape.y + outY) * out.shape.x * 16
                                }
                                Kernels.table.depthwise(&call)
                                if direct, !gathers { continue }
                                if gathers {
                                    gather(line, block: block, into: out, sample: sample, y: outY, z: outZ)
                                } else if reduces, pass.x.outStep > 1 {
                                    scatter(line, block: block, into: out, sample: sample, y: outY, z: outZ)
                                } else {
                                    storer?.store(
                                        line, x: pass.x.outStart, y: outY, z: outZ, count: pass.x.outCount, step: pass.x.outStep)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Stores the voxels of a line where the pass's outputs are.
    private func scatter(_ line: UnsafePointer<Float>, block: Int, into out: Writing, sample: Int, y: Int, z: Int) {
        let adds = out.blocks[block].accumulate, step = pass.x.outStep * width
        var to = out.blocks[block].base(sample: sample) + ((z * out.shape.y + y) * out.shape.x + pass.x.outStart) * width
        var from = line
        for _ in 0..<pass.x.outCount {
            for lane in 0..<width { to[lane] = adds ? to[lane] + from[lane] : from[lane] }
            from += width
            to += step
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
    private func parts(_ batch: Int, _ p: Packing) -> Int {
        max(1, min((32 + blocks - 1) / blocks, batch * p.planeTiles * p.rowTiles))
    }

    /// Floats of working memory for `weightGradient`.
    func weightWorkspace(batch: Int) -> Int { parts(batch, packing) * blocks * pass.taps * 16 }

    /// Sets the gradient of the weights from the layer's input and the gradient of its output. The pass must be the one that gathers.
    func weightGradient(
        _ result: UnsafeMutablePointer<Float>, layout: LaneLayout, input: Tensor, gradient: Tensor, workspace: UnsafeMutablePointer<Float>
    ) throws {
        let p = packing, parts = parts(input.batch, p), taps = pass.taps
        let tiles = input.batch * p.planeTiles * p.rowTiles
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
                Scratch.with(floats: p.floats) { ring in
                    for t in part * tiles / parts..<(part + 1) * tiles / parts {
                        let (firstRow, rows, firstLine) = p.y.tile(t % p.rowTiles, of: p.rows)
                        let (firstPlane, planes, planeZ) = p.z.tile(t / p.rowTiles % p.planeTiles, of: p.planes)
                        let sample = t / p.rowTiles / p.planeTiles
                        if rows == 0 || planes == 0 { continue }
                        let g = gradient.base + sample * gradient.sampleFloats + block * gradient.blockFloats
                        let row = gradient.shape.x * width
                        var packed = 0
                        for z in 0..<planes {
                            fill(
                                p, input, spread: true, sample: sample, block: block, firstLine: firstLine, firstPlane: planeZ, plane: z,
                                packed: &packed, ring)
                            var y = 0
                            while y < rows {
                                let n = min(rowsAtOnce, rows - y)
                                var call = SKDepthwiseRow(
                                    source: UnsafePointer(ring) + y * p.y.advance * p.line, offsets: offsets + p.turn(z),
                                    taps: Int64(taps), run: 1, step: Int64(p.step), weights: sum, start: sum, out: sum,
                                    count: Int64(pass.x.outCount * width),
                                    gradient: UnsafePointer(g)
                                        + (p.z.place(firstPlane, z) * gradient.shape.y + p.y.place(firstRow, y)) * row,
                                    row: Int64(p.y.advance * p.line), gradientRow: Int64(p.y.classes * row), rows: Int64(n))
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
