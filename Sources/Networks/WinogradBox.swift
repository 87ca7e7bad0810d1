import CKernels
import Kernels

/// The transforms of one box of tiles: along z for whole lines, then slice after slice of the frequencies along y and x, and back.
extension Winograd {
    // MARK: Memory, in floats

    /// Floats of a line of the input with its border, and what loading may write beyond it.
    private func inputLine(_ width: Int) -> Int { (box.x * from.x + border.x) * width + 16 }
    private func outputLine(_ lanes: Int) -> Int { box.x * to.x * lanes }
    private func gradientLine(_ lanes: Int) -> Int { outputLine(lanes) + 16 }

    /// A block of the input after the transform along z.
    func inputLines(_ width: Int) -> Int { n.z * (box.y * from.y + border.y) * inputLine(width) }
    /// A block of an output's gradient after the transform along z.
    func gradientLines(_ lanes: Int) -> Int { n.z * box.y * to.y * gradientLine(lanes) }
    /// A block of the output before the transform along z.
    func outputLines(_ lanes: Int) -> Int { n.z * box.y * to.y * outputLine(lanes) }
    /// A slice of the frequencies of `blocks` blocks.
    func sliceFloats(_ blocks: Int, _ width: Int) -> Int { slice * blocks * boxTiles * width }

    /// Working memory of the transforms of the input, of the output, and of its gradient.
    func inputScratch(_ width: Int) -> Int { max(reach.z, n.y) * inputLine(width) }
    func outputScratch(_ lanes: Int) -> Int { max(to.z, n.y) * outputLine(lanes) + 16 }
    func gradientScratch(_ lanes: Int) -> Int { max(to.z, n.y) * gradientLine(lanes) }

    // MARK: To the frequencies

    /// Loads lines of a block of the input with their border and transforms them along z: [kz][y][x][channel].
    func transformInputZ(_ block: Reading.Block, _ place: Place, into out: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>) {
        let width = block.tensor.width
        let line = inputLine(width), rows = place.y * from.y + border.y
        let loader = LineLoader(block, sample: place.sample)
        let x0 = place.tile.x * from.x - x.before, y0 = place.tile.y * from.y - y.before, z0 = place.tile.z * from.z - z.before
        let points = place.x * from.x + border.x
        var call = SKTransform(
            in: scratch, inStep: Int64(line), out: out, outStep: Int64(rows * line), lines: 1, inLine: 0, outLine: 0,
            run: Int64(points * width))
        for y in 0..<rows {
            if y0 + y < 0 || y0 + y >= block.tensor.shape.y {
                for kz in 0..<n.z { (out + (kz * rows + y) * line).update(repeating: 0, count: points * width) }
                continue
            }
            transformLines(loader, x: x0, y: y0 + y, z: z0, count: points, planes: reach.z, call: &call, into: out + y * line)
        }
    }

    /// Transforms slice kz of what `transformInputZ` made along y and x: out[f][…][tile][channel], `step` floats from one frequency to the next.
    func transformInputSlice(
        _ lines: UnsafeMutablePointer<Float>, _ kz: Int, _ width: Int, _ place: Place, into out: UnsafeMutablePointer<Float>, step: Int,
        scratch: UnsafeMutablePointer<Float>
    ) {
        spread(
            lines + kz * (place.y * from.y + border.y) * inputLine(width), line: inputLine(width), steps: from, run: (place.x * from.x + border.x) * width,
            width: width, place, tables: (x.table.input, y.table.input), scratch: scratch, into: out, step: step)
    }

    /// As `transformInputZ`, of a block of an output's gradient, which nothing may be pending on.
    func transformGradientZ(
        _ block: Reading.Block, _ place: Place, into out: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let lanes = block.tensor.width
        let line = gradientLine(lanes), rows = place.y * to.y
        let loader = LineLoader(block, sample: place.sample)
        let x0 = place.tile.x * to.x, y0 = place.tile.y * to.y, z0 = place.tile.z * to.z
        let points = place.x * to.x
        var call = SKTransform(
            in: scratch, inStep: Int64(line), out: out, outStep: Int64(rows * line), lines: 1, inLine: 0, outLine: 0,
            run: Int64(points * lanes))
        for y in 0..<rows {
            transformLines(loader, x: x0, y: y0 + y, z: z0, count: points, planes: to.z, gradient: true, call: &call, into: out + y * line)
        }
    }

    /// As `transformInputSlice`, of an output's gradient.
    func transformGradientSlice(
        _ lines: UnsafeMutablePointer<Float>, _ kz: Int, _ lanes: Int, _ place: Place, into out: UnsafeMutablePointer<Float>, step: Int,
        scratch: UnsafeMutablePointer<Float>
    ) {
        spread(
            lines + kz * place.y * to.y * gradientLine(lanes), line: gradientLine(lanes), steps: to, run: place.x * to.x * lanes, width: lanes, place,
            tables: (x.table.gradient, y.table.gradient), scratch: scratch, into: out, step: step)
    }

    /// The last two axes of a transform from voxels to frequencies, for one row of tiles after the other: y, then x, where each tile's values go to the
    /// tile's place within its frequencies.
    private func spread(
        _ lines: UnsafeMutablePointer<Float>, line: Int, steps: SIMD3<Int>, run: Int, width: Int, _ place: Place,
        tables: (x: SKTransformFunction, y: SKTransformFunction), scratch inY: UnsafeMutablePointer<Float>,
        into out: UnsafeMutablePointer<Float>, step: Int
    ) {
        let border = run - place.x * steps.x * width
        forEachPart(place, floats: n.y * steps.x * width) { ty, first, tiles in
            let run = tiles * steps.x * width + border
            var y = SKTransform(
                in: lines + ty * steps.y * line + first * steps.x * width, inStep: Int64(line), out: inY, outStep: Int64(run), lines: 1, inLine: 0,
                outLine: 0, run: Int64(run))
            tables.y(&y)
            var x = SKTransform(
                in: inY, inStep: Int64(width), out: out + (ty * place.x + first) * width, outStep: Int64(step), lines: Int64(tiles),
                inLine: Int64(steps.x * width), outLine: Int64(width), run: Int64(width))
            for _ in 0..<n.y {
                tables.x(&x)
                x.in += run
                x.out += n.x * step
            }
        }
    }

    /// Parts of each row of tiles, short enough for what is between the transforms along y and x, `floats` a tile, to stay in the first-level cache:
    /// row, first tile, tiles.
    @inline(__always)
    private func forEachPart(_ place: Place, floats: Int, _ body: (Int, Int, Int) -> Void) {
        let most = max(1, (1 << 12) / floats)
        for ty in 0..<place.y {
            for first in stride(from: 0, to: place.x, by: most) { body(ty, first, min(most, place.x - first)) }
        }
    }

    /// Transforms lines above each other along z: in place where they can be read so, else through the buffer that `call` names.
    @inline(__always)
    private func transformLines(
        _ loader: LineLoader, x: Int, y: Int, z: Int, count: Int, planes: Int, gradient: Bool = false, call: inout SKTransform,
        into out: UnsafeMutablePointer<Float>
    ) {
        let table = self.z.table
        guard let (place, left, right) = loader.inPlace(x: x, y: y, z: z, count: count, planes: planes) else {
            let buffer = UnsafeMutablePointer(mutating: call.in)
            for k in 0..<planes { loader.load(x: x, y: y, z: z + k, count: count, into: buffer + k * Int(call.inStep)) }
            call.out = out
            if gradient { table.gradient(&call) } else { table.input(&call) }
            return
        }
        let width = loader.width
        var direct = call
        direct.out = out + left * width
        direct.run = Int64((right - left) * width)
        if gradient { loader.transformGradient(direct, from: place, table) } else { loader.transform(direct, from: place, table) }
        if left == 0, right == count { return }
        for k in 0..<n.z {
            let line = out + k * Int(call.outStep)
            line.update(repeating: 0, count: left * width)
            (line + right * width).update(repeating: 0, count: (count - right) * width)
        }
    }

    // MARK: Back

    /// Transforms slice kz of the products in[f][tile][lane] back along x and y: out[kz][y][x][lane].
    func transformOutputSlice(
        _ products: UnsafeMutablePointer<Float>, _ kz: Int, _ lanes: Int, _ place: Place, into out: UnsafeMutablePointer<Float>,
        scratch inX: UnsafeMutablePointer<Float>
    ) {
        let line = place.x * to.x * lanes, count = place.count
        forEachPart(place, floats: n.y * to.x * lanes) { ty, first, tiles in
            let run = tiles * to.x * lanes
            var callX = SKTransform(
                in: products + (ty * place.x + first) * lanes, inStep: Int64(count * lanes), out: inX, outStep: Int64(lanes),
                lines: Int64(tiles), inLine: Int64(lanes), outLine: Int64(to.x * lanes), run: Int64(lanes))
            for _ in 0..<n.y {
                x.table.output(&callX)
                callX.in += n.x * count * lanes
                callX.out += run
            }
            var callY = SKTransform(
                in: inX, inStep: Int64(run), out: out + (kz * place.y + ty) * to.y * line + first * to.x * lanes, outStep: Int64(line),
                lines: 1, inLine: 0, outLine: 0, run: Int64(run))
            y.table.output(&callY)
        }
    }

    /// Transforms what `transformOutputSlice` made of all slices back along z, and stores it.
    func transformOutputZ(
        _ lines: UnsafeMutablePointer<Float>, _ lanes: Int, _ place: Place, to store: LineStorer, scratch outZ: UnsafeMutablePointer<Float>
    ) {
        let line = place.x * to.x * lanes
        let x0 = place.tile.x * to.x, y0 = place.tile.y * to.y, z0 = place.tile.z * to.z
        let points = min(place.x * to.x, shape.x - x0)
        for y in 0..<min(place.y * to.y, shape.y - y0) {
            var call = SKTransform(
                in: lines + y * line, inStep: Int64(place.y * to.y * line), out: outZ, outStep: Int64(line), lines: 1, inLine: 0, outLine: 0,
                run: Int64(line))
            z.table.output(&call)
            for k in 0..<min(to.z, shape.z - z0) { store.store(outZ + k * line, x: x0, y: y0 + y, z: z0 + k, count: points) }
        }
    }
}
