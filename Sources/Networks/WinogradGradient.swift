import CKernels
import Kernels
import Support

extension Winograd {
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
        let zFloats = inputLines(width), zGradient = gradientLines(lanes)
        let inputFloats = sliceFloats(layout.inputBlocks, width), sliceGradient = sliceFloats(1, lanes)
        let outputsEach = (layout.outputBlocks + split - 1) / split
        let floats =
            layout.inputBlocks * zFloats + outputsEach * zGradient + inputFloats + sliceGradient
            + max(inputScratch(width), gradientScratch(lanes))
        let shared = Unchecked((gradient, workspace))
        try Parallel.slabs(parts * split) { task in
            let (_, workspace) = shared.value
            let part = task / split
            let outputs = task % split * layout.outputBlocks / split..<(task % split + 1) * layout.outputBlocks / split
            let sums = workspace + part * layout.outputBlocks * blockFloats
            (sums + outputs.lowerBound * blockFloats).update(repeating: 0, count: outputs.count * blockFloats)
            let kernel = lanes == 16 ? Kernels.table.weightProduct16 : Kernels.table.weightProduct8
            let blocks = layout.inputBlocks
            Scratch.with(floats: floats) { memory in
                let lines = memory, linesG = lines + blocks * zFloats, inputs = linesG + outputsEach * zGradient
                let gradients = inputs + inputFloats, scratch = gradients + sliceGradient
                for index in part * boxCount / parts..<(part + 1) * boxCount / parts where !Interrupt.isRaised {
                    let place = place(index), count = place.count
                    for (b, block) in input.blocks.enumerated() {
                        transformInputZ(block, place, into: lines + b * zFloats, scratch: scratch)
                    }
                    for (i, o) in outputs.enumerated() {
                        transformGradientZ(output.blocks[o], place, into: linesG + i * zGradient, scratch: scratch)
                    }
                    for kz in 0..<n.z {
                        for b in 0..<blocks {
                            transformInputSlice(
                                lines + b * zFloats, kz, width, place, into: inputs + b * count * width, step: blocks * count * width,
                                scratch: scratch)
                        }
                        for (i, o) in outputs.enumerated() {
                            transformGradientSlice(
                                linesG + i * zGradient, kz, lanes, place, into: gradients, step: count * lanes, scratch: scratch)
                            var call = SKWeightProduct(
                                in: inputs, gradient: gradients, sum: sums + o * blockFloats + kz * slice * blocks * width * lanes,
                                frequencies: Int64(slice), blocks: Int64(blocks), tiles: Int64(count), width: Int64(width))
                            kernel(&call)
                        }
                    }
                }
            }
        }
        // Add the parts in their order, and transform back.
        let run = width * lanes
        let stored = storedTaps(layout)
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
            Scratch.with(floats: (27 + 3 * n.y * n.x + 9 * n.x) * run) { scratch in
                let inZ = scratch + 27 * run, inY = inZ + 3 * n.y * n.x * run
                var callZ = SKTransform(
                    in: from, inStep: Int64(n.y * n.x * step), out: inZ, outStep: Int64(n.y * n.x * run), lines: Int64(n.y * n.x),
                    inLine: Int64(step), outLine: Int64(run), run: Int64(run))
                z.table.kernelGradient(&callZ)
                for k in 0..<3 {
                    var callY = SKTransform(
                        in: inZ + k * n.y * n.x * run, inStep: Int64(n.x * run), out: inY + k * 3 * n.x * run, outStep: Int64(n.x * run),
                        lines: 1, inLine: 0, outLine: 0, run: Int64(n.x * run))
                    y.table.kernelGradient(&callY)
                }
                let target = gradient + pair * layout.pairStride
                var callX = SKTransform(
                    in: inY, inStep: Int64(run), out: stored == nil ? target : scratch, outStep: Int64(run), lines: 9,
                    inLine: Int64(n.x * run), outLine: Int64(3 * run), run: Int64(run))
                x.table.kernelGradient(&callX)
                if let stored {
                    for (tap, place) in stored.enumerated() { (target + place * run).update(from: scratch + tap * run, count: run) }
                }
            }
        }
    }
}
