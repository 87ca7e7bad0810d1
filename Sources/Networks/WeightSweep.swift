import CKernels
import Kernels
import Support

/// The gradient of a convolution's weights: for each tap, the products of what the tap read with the gradient of what it wrote to, summed over all outputs of the pass.
extension Sweep {
    /// How the sum is split into tasks whose partial sums are added in a fixed order, whatever the number of threads.
    private func parts(_ layout: WeightLayout, _ tile: Tile) -> Int {
        let pairs = layout.inputBlocks * layout.outputBlocks
        return max(1, min((32 + pairs - 1) / pairs, source.batch * tile.planeTiles * tile.rowTiles))
    }

    /// Floats of working memory for `weightGradient`.
    func weightWorkspace(_ layout: WeightLayout) -> Int {
        let parts = parts(layout, tile)
        return parts == 1 && used(layout.inputBlocks - 1) == layout.width
            ? 0 : parts * layout.inputBlocks * layout.outputBlocks * pass.taps * layout.width * layout.lanes
    }

    /// Sets this pass's taps of `gradient`, laid out as the weights are. `out` is the gradient of what the pass writes to, read
    /// as it is.
    func weightGradient(_ gradient: UnsafeMutablePointer<Float>, layout: WeightLayout, out: Reading, workspace: UnsafeMutablePointer<Float>)
        throws
    {
        let tile = tile
        let width = source.width, lanes = layout.lanes, outWidth = out.width
        let narrow = outWidth < 8
        let parts = parts(layout, tile)
        let pairs = layout.inputBlocks * layout.outputBlocks
        let tiles = source.batch * tile.planeTiles * tile.rowTiles
        let entryFloats = pass.taps * width * lanes
        if pass.taps == 0 { return }
        func places(_ used: Int) -> [Int64] {
            var entries: [Int64] = []
            for z in tile.z.reads {
                for y in tile.y.reads {
                    for x in pass.x.reads {
                        let voxel = (z * tile.spanY + y) * tile.spanX + x.offset - pass.x.first
                        for c in 0..<used { entries.append(Int64(voxel * width + c)) }
                    }
                }
            }
            return entries
        }
        // The last block may have fewer channels than its width: there are no sums for those that it lacks.
        let usedLast = used(layout.inputBlocks - 1)
        let entries = places(width) + (usedLast < width ? places(usedLast) : [])
        let direct = parts == 1 && usedLast == width
        let kernel = lanes == 16 ? Kernels.table.weights16 : Kernels.table.weights8
        // Rows that are summed at once: input and gradient should stay in the first-level cache while all entries go over them.
        let rowsAtOnce = max(1, 5_000 / max(1, pass.x.outCount * outWidth + tile.spanX * width))
        // Memory beyond the packed tile may be written by the loading of its last line.
        let packedFloats = tile.floats + 16
        let tileGradient = narrow ? tile.rows * tile.planes * pass.x.outCount * 8 : 0
        try entries.withUnsafeBufferPointer { entries in
            guard let offsets = entries.baseAddress else { return }
            let shared = Unchecked((offsets, gradient, workspace))
            try Parallel.slabs(pairs * parts) { task in
                let (offsets, gradient, workspace) = shared.value
                let pair = task / parts, part = task % parts
                let outputBlock = pair / layout.inputBlocks, inputBlock = pair % layout.inputBlocks
                let own = gradient + pair * layout.pairStride + pass.firstTap * width * lanes
                let sum = direct ? own : workspace + task * entryFloats
                let partial = usedLast < width && inputBlock == layout.inputBlocks - 1
                sum.update(repeating: 0, count: entryFloats)
                Scratch.with(floats: packedFloats + tileGradient) { packed in
                    for t in part * tiles / parts..<(part + 1) * tiles / parts {
                        let (firstRow, rows, firstLine) = tile.y.tile(t % tile.rowTiles, of: tile.rows)
                        let (firstPlane, planes, plane) = tile.z.tile(t / tile.rowTiles % tile.planeTiles, of: tile.planes)
                        let sample = t / tile.rowTiles / tile.planeTiles
                        if rows == 0 || planes == 0 { continue }
                        pack(tile, sample: sample, block: inputBlock, line: firstLine, plane: plane, into: packed)
                        let g = out.blocks[outputBlock].base(sample: sample)
                        for z in 0..<planes {
                            let outZ = tile.z.place(firstPlane, z)
                            var y = 0
                            while y < rows {
                                let n = min(rowsAtOnce, rows - y)
                                let outY = tile.y.place(firstRow, y)
                                var line = g + ((outZ * out.shape.y + outY) * out.shape.x + pass.x.outStart) * outWidth
                                var step = pass.x.outStep * outWidth, row = pass.y.outStep * tile.y.classes * out.shape.x * outWidth
                                if narrow {
                                    line = widen(line, rows: n, row: row, step: step, width: outWidth, into: packed + packedFloats)
                                    (step, row) = (8, pass.x.outCount * 8)
                                }
                                var call = SKWeightRows(
                                    x: UnsafePointer(packed) + (z * tile.z.advance * tile.spanY + y * tile.y.advance) * tile.spanX * width,
                                    offsets: offsets + (partial ? pass.taps * width : 0),
                                    entries: Int64(pass.taps * (partial ? usedLast : width)), xStep: Int64(pass.x.inStep * width),
                                    xRow: Int64(tile.y.advance * tile.spanX * width), g: line, gStep: Int64(step), gRow: Int64(row),
                                    count: Int64(pass.x.outCount), rows: Int64(n), sum: sum)
                                kernel(&call)
                                y += n
                            }
                        }
                    }
                }
            }
            if direct { return }
            // Add the parts, in their order.
            let total = pairs * entryFloats, grain = 1 << 13
            try Parallel.slabs((total + grain - 1) / grain) { piece in
                let (_, gradient, workspace) = shared.value
                for i in piece * grain..<min(total, (piece + 1) * grain) {
                    let pair = i / entryFloats, place = i % entryFloats
                    var from = place
                    var sum: Float = 0
                    if usedLast < width, pair % layout.inputBlocks == layout.inputBlocks - 1 {
                        let channel = place / lanes % width
                        from = (place / (width * lanes) * usedLast + channel) * lanes + place % lanes
                        if channel >= usedLast { from = -1 }
                    }
                    if from >= 0 { for part in 0..<parts { sum += workspace[(pair * parts + part) * entryFloats + from] } }
                    gradient[pair * layout.pairStride + pass.firstTap * width * lanes + place] = sum
                }
            }
        }
    }

    /// Copies rows of fewer than 8 lanes into rows of 8, the rest zero.
    private func widen(
        _ from: UnsafeMutablePointer<Float>, rows: Int, row: Int, step: Int, width: Int, into out: UnsafeMutablePointer<Float>
    ) -> UnsafeMutablePointer<Float> {
        out.update(repeating: 0, count: rows * pass.x.outCount * 8)
        for r in 0..<rows {
            for v in 0..<pass.x.outCount {
                for lane in 0..<width { out[(r * pass.x.outCount + v) * 8 + lane] = from[r * row + v * step + lane] }
            }
        }
        return out
    }
}

extension WeightLayout {
    /// The layout for running the convolution the other way: inputs and outputs exchanged, taps in the other sweep's order.
    func reversed(order: [Int]) -> WeightLayout {
        WeightLayout(input: output, output: input, order: order, inputFirst: !inputFirst, kernel: kernel)
    }

    /// Copies weights into the reversed layout. Throws `Interrupted`.
    func reverse(_ weights: UnsafePointer<Float>, to other: WeightLayout, _ out: UnsafeMutablePointer<Float>) throws {
        let reversal = WeightReversal(from: self, to: other)
        let shared = Unchecked((weights, out))
        try Parallel.slabs(other.pairs) { pair in
            reversal.copy(pair: pair, shared.value.0, into: shared.value.1 + pair * other.pairStride)
        }
    }
}

/// How weights are copied from a layout into that of the same convolution run the other way.
struct WeightReversal: Sendable {
    let from, to: WeightLayout
    /// For each tap to be written, its place among those stored.
    private let taps: [Int]

    init(from: WeightLayout, to: WeightLayout) {
        self.init(from, to, to.order.map { from.order.firstIndex(of: $0)! })
    }

    private init(_ from: WeightLayout, _ to: WeightLayout, _ taps: [Int]) { (self.from, self.to, self.taps) = (from, to, taps) }

    /// The same with other taps: `places[i]` is the place in `to` of the one written i-th.
    func reordered(_ places: [Int]) -> WeightReversal { WeightReversal(from, to, places.map { taps[$0] }) }

    /// Copies one pair of blocks of `to`, which has its inputs and outputs exchanged and its taps in the other order.
    func copy(pair: Int, _ weights: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        // A block of inputs here may be narrower than the lanes there (and the other way round); both start at the same channel.
        let inputBlock = pair / to.inputBlocks, outputBlock = pair % to.inputBlocks
        let block = weights + (outputBlock * from.inputBlocks + inputBlock) * from.pairStride
        let width = from.width, lanes = from.lanes
        let square = width == 16 && lanes == 16 && to.width == 16 && to.lanes == 16
        for (place, tap) in taps.enumerated() {
            let source = block + tap * width * lanes, target = out + place * to.width * to.lanes
            if square {
                transpose16(source, into: target)
                continue
            }
            for o in 0..<to.width {
                for i in 0..<to.lanes { target[o * to.lanes + i] = i < width && o < lanes ? source[i * lanes + o] : 0 }
            }
        }
    }
}

/// Exchanges rows and columns of a square of 16 by 16, the usual case of a reversal: ten million weights a step. Four by four at a time, which any processor's
/// registers hold.
@inline(__always)
private func transpose16(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    typealias Four = SIMD4<Float>
    @inline(__always) func row(_ r: Int, _ c: Int) -> Four { UnsafeRawPointer(source + (16 &* r &+ c)).loadUnaligned(as: Four.self) }
    @inline(__always) func store(_ v: Four, _ r: Int, _ c: Int) { UnsafeMutableRawPointer(target + (16 &* r &+ c)).storeBytes(of: v, as: Four.self) }
    @inline(__always) func low(_ a: Four, _ b: Four) -> Four { Four(a[0], b[0], a[1], b[1]) }
    @inline(__always) func high(_ a: Four, _ b: Four) -> Four { Four(a[2], b[2], a[3], b[3]) }
    for r in stride(from: 0, to: 16, by: 4) {
        for c in stride(from: 0, to: 16, by: 4) {
            let a = row(r, c), b = row(r &+ 1, c), d = row(r &+ 2, c), e = row(r &+ 3, c)
            let ad = low(a, d), be = low(b, e), adHigh = high(a, d), beHigh = high(b, e)
            store(low(ad, be), c, r)
            store(high(ad, be), c &+ 1, r)
            store(low(adHigh, beHigh), c &+ 2, r)
            store(high(adHigh, beHigh), c &+ 3, r)
        }
    }
}
