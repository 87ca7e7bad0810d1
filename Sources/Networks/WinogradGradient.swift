import CKernels
import Kernels
import Support

extension Winograd {
    // MARK: Gradient of the weights

    /// How the sum over boxes is split into parts, whose sums are added in order, and how the filters are.
    private func parts(_ layout: WeightLayout) -> (parts: Int, split: Int) {
        let floats = weightFloats(layout)
        // A part's sums are as large as the transformed weights; large layers have few boxes and many filters.
        // The number of parts must not depend on that of the threads, or the order of the sum would.
        let wanted = 16
        let parts = max(1, min(boxCount, wanted, (1 << 22) / max(1, floats)))
        return (parts, max(1, min(layout.outputBlocks, wanted / parts)))
    }

    /// Floats of the inputs that blocks of filters share, if there are enough of them to keep some threads busy.
    private func sharedForGradient(_ layout: WeightLayout) -> Int { layout.outputBlocks >= 4 ? sharedInputs(layout) : 0 }

    /// Floats of working memory for `weightGradient`.
    func weightWorkspace(_ layout: WeightLayout) -> Int {
        let shared = sharedForGradient(layout)
        return shared > 0 ? shared : parts(layout).parts * weightFloats(layout)
    }

    /// Sets `gradient`, laid out as the weights are. Throws `Interrupted`.
    func weightGradient(
        _ gradient: UnsafeMutablePointer<Float>, layout: WeightLayout, input: Reading, output: Reading,
        workspace: UnsafeMutablePointer<Float>
    ) throws {
        if sharedForGradient(layout) > 0 {
            try transformInputs(input, layout, into: workspace)
            try sharedWeightGradient(gradient, layout: layout, inputs: workspace, output: output)
        } else {
            try weightGradientOfBoxes(gradient, layout: layout, input: input, output: output, workspace: workspace)
        }
    }

    /// Box after box, in parts.
    private func weightGradientOfBoxes(
        _ gradient: UnsafeMutablePointer<Float>, layout: WeightLayout, input: Reading, output: Reading,
        workspace: UnsafeMutablePointer<Float>
    ) throws {
        let lanes = layout.lanes, width = layout.width
        let (parts, split) = parts(layout)
        let blockFloats = blockFloats(layout)
        let zFloats = inputLines(width), zGradient = gradientLines(lanes)
        let inputFloats = sliceFloats(layout.inputBlocks, width), sliceGradient = sliceFloats(1, lanes)
        let outputsEach = (layout.outputBlocks + split - 1) / split
        let floats =
            layout.inputBlocks * zFloats + outputsEach * zGradient + inputFloats + sliceGradient
            + max(inputScratch(width), gradientScratch(lanes))
        let shared = Unchecked(workspace)
        try Parallel.slabs(parts * split) { task in
            let workspace = shared.value
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
        let back = weightGradientTransform(gradient, layout)
        try Parallel.slabs(layout.pairs) { pair in
            let step = layout.inputBlocks * run
            let block = shared.value + pair / layout.inputBlocks * blockFloats, from = block + pair % layout.inputBlocks * run
            for part in 1..<max(1, parts) {
                let other = from + part * layout.outputBlocks * blockFloats
                for f in 0..<frequencies {
                    let sum = from + f * step, more = other + f * step
                    for i in 0..<run { sum[i] += more[i] }
                }
            }
            back(pair, block)
        }
    }
}
