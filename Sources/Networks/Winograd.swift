import CKernels
import Kernels
import Support

/// 3×3×3 convolutions by Winograd's minimal filtering (Lavin and Gray 2016, arXiv:1509.09308), nested over the three axes: a tile of
/// m outputs along an axis takes m + 2 products instead of 3m, so F(4, 3) in three dimensions takes 216 products for 64 outputs instead of 1,728.
///
/// A thread works on a box of tiles that lie side by side along x and y. Lines of its input are loaded, padded and transformed axis after axis (z first, while
/// whole lines are contiguous; x last, where it spreads the values over the frequencies); each frequency is a small matrix product
/// [tiles × input channels] · [input channels × 16 output channels]; and the products are transformed back, x first.
struct Winograd {
    /// Outputs of a tile along each axis: 2 or 4.
    let m: SIMD3<Int>
    let shape: SIMD3<Int>
    let batch: Int
    /// Tiles of a box along x and y.
    let box: SIMD2<Int>

    /// Points of a tile along each axis.
    var n: SIMD3<Int> { m &+ 2 }
    var frequencies: Int { n.product }
    /// Tiles along each axis; the last may reach beyond the volume.
    var tiles: SIMD3<Int> { (shape &+ m &- 1) / m }
    var boxes: SIMD3<Int> { SIMD3((tiles.x + box.x - 1) / box.x, (tiles.y + box.y - 1) / box.y, tiles.z) }
    var boxTiles: Int { box.x * box.y }

    /// `boxTiles`: about how many tiles a box shall have.
    init(m: SIMD3<Int>, shape: SIMD3<Int>, batch: Int, boxTiles wanted: Int) {
        (self.m, self.shape, self.batch) = (m, shape, batch)
        let tiles = (shape &+ m &- 1) / m
        // Whole rows where they fit, else equal parts of a row; then as many rows as fill the box.
        let parts = (tiles.x + wanted - 1) / wanted
        let x = (tiles.x + parts - 1) / parts
        let rows = min(tiles.y, max(1, wanted / x))
        box = SIMD2(x, (tiles.y + (tiles.y + rows - 1) / rows - 1) / ((tiles.y + rows - 1) / rows))
    }

    static func table(_ m: Int) -> SKWinograd { m == 4 ? Kernels.table.winograd4 : Kernels.table.winograd2 }

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

    // MARK: Memory of one box, in floats

    /// Floats of a line of the input with its border, and what loading may write beyond it.
    private func inputLine(_ width: Int) -> Int { (box.x * m.x + 2) * width + 16 }
    private func outputLine(_ lanes: Int) -> Int { box.x * m.x * lanes }

    /// Working memory of `transformInput`.
    func inputScratch(_ width: Int) -> Int {
        let line = inputLine(width)
        return (n.z + n.z * (box.y * m.y + 2) + box.y * n.y) * line
    }
    func productFloats(_ blocks: Int, _ width: Int) -> Int { frequencies * blocks * boxTiles * width }
    func outputScratch(_ lanes: Int) -> Int {
        (box.y * n.y + n.z * box.y * m.y + m.z) * outputLine(lanes) + 16
    }
    func gradientScratch(_ lanes: Int) -> Int { (m.z + n.z * box.y * m.y + box.y * n.y) * (outputLine(lanes) + 16) }

    // MARK: Transforms of one box

    /// Transforms a block of the input: out[f][…][tile][channel], `step` floats from one frequency to the next.
    func transformInput(
        _ block: Reading.Block, _ place: Place, into out: UnsafeMutablePointer<Float>, step: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        let width = block.tensor.width
        let line = inputLine(width)
        let loaded = scratch, inZ = loaded + n.z * line, inY = inZ + n.z * (box.y * m.y + 2) * line
        let rows = place.y * m.y + 2
        let loader = LineLoader(block, sample: place.sample)
        let x0 = place.tile.x * m.x - 1, y0 = place.tile.y * m.y - 1, z0 = place.tile.z * m.z - 1
        let points = place.x * m.x + 2
        let used = points * width
        var z = SKTransform(
            in: loaded, inStep: Int64(line), out: inZ, outStep: Int64(rows * line), lines: 1, inLine: 0, outLine: 0, run: Int64(used))
        let tableY = Self.table(m.y).input, tableX = Self.table(m.x).input
        for y in 0..<rows {
            if y0 + y < 0 || y0 + y >= shape.y {
                for kz in 0..<n.z { (inZ + (kz * rows + y) * line).update(repeating: 0, count: used) }
                continue
            }
            transformLines(loader, x: x0, y: y0 + y, z: z0, count: points, planes: n.z, call: &z, into: inZ + y * line)
        }
        spread(
            inZ, rows: rows, line: line, used: used, width: width, place, tables: (tableX, tableY), scratch: inY, into: out, step: step)
    }

    /// The last two axes of a transform from voxels to frequencies: lines that are transformed along z already, then y, then x, where each tile's values
    /// go to the tile's place within its frequencies.
    private func spread(
        _ inZ: UnsafeMutablePointer<Float>, rows: Int, line: Int, used: Int, width: Int, _ place: Place,
        tables: (x: SKTransformFunction, y: SKTransformFunction), scratch inY: UnsafeMutablePointer<Float>,
        into out: UnsafeMutablePointer<Float>, step: Int
    ) {
        for kz in 0..<n.z {
            var y = SKTransform(
                in: inZ + kz * rows * line, inStep: Int64(line), out: inY, outStep: Int64(line), lines: Int64(place.y),
                inLine: Int64(m.y * line), outLine: Int64(n.y * line), run: Int64(used))
            tables.y(&y)
            for ty in 0..<place.y {
                for ky in 0..<n.y {
                    var x = SKTransform(
                        in: inY + (ty * n.y + ky) * line, inStep: Int64(width),
                        out: out + (kz * n.y + ky) * n.x * step + ty * place.x * width, outStep: Int64(step), lines: Int64(place.x),
                        inLine: Int64(m.x * width), outLine: Int64(width), run: Int64(width))
                    tables.x(&x)
                }
            }
        }
    }

    /// Transforms lines above each other along z: in place where they can be read so, else through the buffer that `call` names.
    @inline(__always)
    private func transformLines(
        _ loader: LineLoader, x: Int, y: Int, z: Int, count: Int, planes: Int, gradient: Bool = false, call: inout SKTransform,
        into out: UnsafeMutablePointer<Float>
    ) {
        let table = Self.table(m.z)
        guard let (start, left, right) = loader.inPlace(x: x, y: y, z: z, count: count, planes: planes) else {
            let buffer = UnsafeMutablePointer(mutating: call.in)
            for k in 0..<planes { loader.load(x: x, y: y, z: z + k, count: count, into: buffer + k * Int(call.inStep)) }
            call.out = out
            if gradient { table.gradient(&call) } else { table.input(&call) }
            return
        }
        let width = loader.width
        var direct = call
        direct.in = start
        direct.inStep = Int64(loader.plane)
        direct.out = out + left * width
        direct.run = Int64((right - left) * width)
        if gradient { table.gradient(&direct) } else { loader.transform(direct, table) }
        if left == 0, right == count { return }
        for k in 0..<n.z {
            let line = out + k * Int(call.outStep)
            line.update(repeating: 0, count: left * width)
            (line + right * width).update(repeating: 0, count: (count - right) * width)
        }
    }

    /// Transforms the products in[f][tile][lane] back and stores a block of the output.
    func transformOutput(
        _ products: UnsafeMutablePointer<Float>, _ place: Place, to store: LineStorer, lanes: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        let line = place.x * m.x * lanes
        let count = place.count
        let inX = scratch, inY = inX + place.y * n.y * line, outZ = inY + n.z * place.y * m.y * line
        let tableZ = Self.table(m.z).output, tableY = Self.table(m.y).output, tableX = Self.table(m.x).output
        for kz in 0..<n.z {
            for ky in 0..<n.y {
                for ty in 0..<place.y {
                    var x = SKTransform(
                        in: products + ((kz * n.y + ky) * n.x * count + ty * place.x) * lanes, inStep: Int64(count * lanes),
                        out: inX + (ty * n.y + ky) * line, outStep: Int64(lanes), lines: Int64(place.x), inLine: Int64(lanes),
                        outLine: Int64(m.x * lanes), run: Int64(lanes))
                    tableX(&x)
                }
            }
            var y = SKTransform(
                in: inX, inStep: Int64(line), out: inY + kz * place.y * m.y * line, outStep: Int64(line), lines: Int64(place.y),
                inLine: Int64(n.y * line), outLine: Int64(m.y * line), run: Int64(line))
            tableY(&y)
        }
        let x0 = place.tile.x * m.x, y0 = place.tile.y * m.y, z0 = place.tile.z * m.z
        let points = min(place.x * m.x, shape.x - x0)
        for y in 0..<min(place.y * m.y, shape.y - y0) {
            var z = SKTransform(
                in: inY + y * line, inStep: Int64(place.y * m.y * line), out: outZ, outStep: Int64(line), lines: 1, inLine: 0, outLine: 0,
                run: Int64(line))
            tableZ(&z)
            for k in 0..<min(m.z, shape.z - z0) { store.store(outZ + k * line, x: x0, y: y0 + y, z: z0 + k, count: points) }
        }
    }

    /// Transforms a block of an output's gradient: out[f][tile][lane], `step` floats from one frequency to the next.
    func transformGradient(
        _ block: Reading.Block, _ place: Place, into out: UnsafeMutablePointer<Float>, step: Int, scratch: UnsafeMutablePointer<Float>
    ) {
        let lanes = block.tensor.width
        let line = outputLine(lanes) + 16
        let rows = place.y * m.y
        let loaded = scratch, inZ = loaded + m.z * line, inY = inZ + n.z * box.y * m.y * line
        let loader = LineLoader(block, sample: place.sample)
        let x0 = place.tile.x * m.x, y0 = place.tile.y * m.y, z0 = place.tile.z * m.z
        let points = place.x * m.x
        let used = points * lanes
        let tableY = Self.table(m.y).gradient, tableX = Self.table(m.x).gradient
        for y in 0..<rows {
            var z = SKTransform(
                in: loaded, inStep: Int64(line), out: inZ + y * line, outStep: Int64(rows * line), lines: 1, inLine: 0, outLine: 0,
                run: Int64(used))
            transformLines(loader, x: x0, y: y0 + y, z: z0, count: points, planes: m.z, gradient: true, call: &z, into: inZ + y * line)
        }
        spread(
            inZ, rows: rows, line: line, used: used, width: lanes, place, tables: (tableX, tableY), scratch: inY, into: out, step: step)
    }

    // MARK: Weights

    /// Floats of the transformed weights: [output block][f][input channel][lane].
    func weightFloats(_ layout: WeightLayout) -> Int { frequencies * layout.pairs * layout.width * layout.lanes }

    /// Transforms weights, whose taps lie in the order of ascending offsets.
    func transformWeights(_ weights: UnsafePointer<Float>, _ layout: WeightLayout, into out: UnsafeMutablePointer<Float>) throws {
        let run = layout.width * layout.lanes
        let shared = Unchecked((weights, out))
        try Parallel.slabs(layout.pairs) { pair in
            let (weights, out) = shared.value
            let outputBlock = pair / layout.inputBlocks, inputBlock = pair % layout.inputBlocks
            Scratch.with(floats: (9 * n.x + 3 * n.y * n.x) * run) { scratch in
                let inX = scratch, inY = inX + 9 * n.x * run
                var x = SKTransform(
                    in: weights + pair * layout.pairStride, inStep: Int64(run), out: inX, outStep: Int64(run), lines: 9,
                    inLine: Int64(3 * run), outLine: Int64(n.x * run), run: Int64(run))
                Self.table(m.x).kernel(&x)
                for z in 0..<3 {
                    var y = SKTransform(
                        in: inX + z * 3 * n.x * run, inStep: Int64(n.x * run), out: inY + z * n.y * n.x * run, outStep: Int64(n.x * run),
                        lines: 1, inLine: 0, outLine: 0, run: Int64(n.x * run))
                    Self.table(m.y).kernel(&y)
                }
                let step = layout.inputBlocks * run
                var z = SKTransform(
                    in: inY, inStep: Int64(n.y * n.x * run),
                    out: out + outputBlock * frequencies * step + inputBlock * run, outStep: Int64(n.y * n.x * step),
                    lines: Int64(n.y * n.x), inLine: Int64(run), outLine: Int64(step), run: Int64(run))
                Self.table(m.z).kernel(&z)
            }
        }
    }

    // MARK: Convolution

    /// Computes all outputs. `transformed` is what `transformWeights` made with the same layout.
    func run(_ reading: Reading, weights transformed: UnsafePointer<Float>, layout: WeightLayout, into writing: Writing) throws {
        let boxCount = boxes.product * batch
        let lanes = layout.lanes, width = layout.width
        // Few boxes and many filters: the filters are split as well, though each part transforms the input anew.
        let split = min(layout.outputBlocks, max(1, (4 * Parallel.threads + boxCount - 1) / boxCount))
        let sums = writing.sums.map { _ in SumTable(tasks: boxCount, blocks: layout.outputBlocks) }
        let inputFloats = productFloats(layout.inputBlocks, width), outputFloats = productFloats(1, lanes)
        let scratchFloats = max(inputScratch(width), outputScratch(lanes))
        let shared = Unchecked((transformed, writing, sums))
        try Parallel.slabs(boxCount * split) { task in
            let (transformed, writing, sums) = shared.value
            let place = place(task / split), part = task % split
            let count = place.count
            Scratch.with(floats: inputFloats + outputFloats + scratchFloats) { memory in
                let inputs = memory, products = memory + inputFloats, scratch = products + outputFloats
                for (b, block) in reading.blocks.enumerated() {
                    transformInput(
                        block, place, into: inputs + b * count * width, step: layout.inputBlocks * count * width, scratch: scratch)
                }
                let kernel = lanes == 16 ? Kernels.table.product16 : Kernels.table.product8
                for o in part * layout.outputBlocks / split..<(part + 1) * layout.outputBlocks / split {
                    var call = SKProduct(
                        in: inputs, weights: transformed + o * frequencies * layout.inputBlocks * width * lanes, out: products,
                        frequencies: Int64(frequencies), blocks: Int64(layout.inputBlocks), tiles: Int64(count), width: Int64(width))
                    kernel(&call)
                    let store = LineStorer(writing, block: o, sample: place.sample, sums: sums?.of(task: task / split, block: o))
                    transformOutput(products, place, to: store, lanes: lanes, scratch: scratch)
                }
            }
        }
        if let sums, let target = writing.sums { sums.finish(into: target, channels: writing.channels, width: writing.width) }
    }

    // MARK: Gradient of the weights

    /// How the sum over boxes is split into parts, whose sums are added in order, and how the filters are.
    private func parts(_ layout: WeightLayout) -> (parts: Int, split: Int) {
        let boxCount = boxes.product * batch
        let floats = weightFloats(layout)
        // A part's sums are as large as the transformed weights; large layers have few boxes and many filters.
        // The number of parts must not depend on that of the threads, or the order of the sum would.
        let wanted = 16
        let parts = max(1, min(boxCount, wanted, (1 << 22) / max(1, floats)))
        return (parts, max(1, min(layout.outputBlocks, wanted / parts)))
    }

    /// Floats of working memory for `weightGradient`.
    func weightWorkspace(_ layout: WeightLayout) -> Int { parts(layout).parts * weightFloats(layout) }

    /// Sets `gradient`, laid out as the weights are.
    func weightGradient(
        _ gradient: UnsafeMutablePointer<Float>, layout: WeightLayout, input: Reading, output: Reading,
        workspace: UnsafeMutablePointer<Float>
    ) throws {
        let lanes = layout.lanes, width = layout.width
        let (parts, split) = parts(layout)
        let boxCount = boxes.product * batch
        let blockFloats = frequencies * layout.inputBlocks * width * lanes
        let inputFloats = productFloats(layout.inputBlocks, width), outputFloats = productFloats(1, lanes)
        let scratchFloats = max(inputScratch(width), gradientScratch(lanes))
        let shared = Unchecked((gradient, workspace))
        try Parallel.slabs(parts * split) { task in
            let (_, workspace) = shared.value
            let part = task / split
            let outputs = task % split * layout.outputBlocks / split..<(task % split + 1) * layout.outputBlocks / split
            let sums = workspace + part * layout.outputBlocks * blockFloats
            (sums + outputs.lowerBound * blockFloats).update(repeating: 0, count: outputs.count * blockFloats)
            let kernel = lanes == 16 ? Kernels.table.weightProduct16 : Kernels.table.weightProduct8
            Scratch.with(floats: inputFloats + outputFloats + scratchFloats) { memory in
                let inputs = memory, gradients = memory + inputFloats, scratch = gradients + outputFloats
                for index in part * boxCount / parts..<(part + 1) * boxCount / parts where !Interrupt.isRaised {
                    let place = place(index), count = place.count
                    for (b, block) in input.blocks.enumerated() {
                        transformInput(
                            block, place, into: inputs + b * count * width, step: layout.inputBlocks * count * width, scratch: scratch)
                    }
                    for o in outputs {
                        transformGradient(output.blocks[o], place, into: gradients, step: count * lanes, scratch: scratch)
                        var call = SKWeightProduct(
                            in: inputs, gradient: gradients, sum: sums + o * blockFloats, frequencies: Int64(frequencies),
                            blocks: Int64(layout.inputBlocks), tiles: Int64(count), width: Int64(width))
                        kernel(&call)
                    }
                }
            }
        }
        // Add the parts in their order, and transform back.
        let run = width * lanes
        try Parallel.slabs(layout.pairs) { pair in
            let (gradient, workspace) = shared.value
            let step = layout.inputBlocks * run
            let from = workspace + pair / layout.inputBlocks * blockFloats + pair % layout.inputBlocks * run
            for part in 1..<max(1, parts) {
                let other = from + part * layout.outputBlocks * blockFloats
                for f in 0..<frequencies {
                    let sum = from + f * step, more = other + f * step
                    for i in 0..<run { sum[i] += more[i] }
                }
            }
            Scratch.with(floats: (3 * n.y * n.x + 9 * n.x) * run) { scratch in
                let inZ = scratch, inY = inZ + 3 * n.y * n.x * run
                var z = SKTransform(
                    in: from, inStep: Int64(n.y * n.x * step), out: inZ, outStep: Int64(n.y * n.x * run), lines: Int64(n.y * n.x),
                    inLine: Int64(step), outLine: Int64(run), run: Int64(run))
                Self.table(m.z).kernelGradient(&z)
                for k in 0..<3 {
                    var y = SKTransform(
                        in: inZ + k * n.y * n.x * run, inStep: Int64(n.x * run), out: inY + k * 3 * n.x * run, outStep: Int64(n.x * run),
                        lines: 1, inLine: 0, outLine: 0, run: Int64(n.x * run))
                    Self.table(m.y).kernelGradient(&y)
                }
                var x = SKTransform(
                    in: inY, inStep: Int64(run), out: gradient + pair * layout.pairStride, outStep: Int64(run), lines: 9,
                    inLine: Int64(n.x * run), outLine: Int64(3 * run), run: Int64(run))
                Self.table(m.x).kernelGradient(&x)
            }
        }
    }
}
