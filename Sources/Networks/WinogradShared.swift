import CKernels
import Kernels
import Support

/// Layers of few boxes and many filters: the boxes alone would not keep all threads busy, so the filters are split as well. Their inputs are transformed once,
/// for all parts of the filters together.
extension Winograd {
    var boxCount: Int { boxes.product * batch }

    /// Floats of the transformed input of a box: [f][block][tile][channel].
    private func boxInputs(_ layout: WeightLayout) -> Int { frequencies * layout.inputBlocks * boxTiles * layout.width }

    /// Floats of the transformed inputs of all boxes where the blocks of filters are to share them, else 0: where boxes are few and all stay in the cache.
    /// The rule knows nothing of threads, whose number may change after memory was planned.
    func sharedInputs(_ layout: WeightLayout) -> Int {
        let floats = boxCount * boxInputs(layout)
        return layout.outputBlocks > 1 && boxCount < 64 && floats <= 1 << 21 ? floats : 0
    }

    /// Where slice kz of a box begins, one block after the other within each frequency.
    func sharedSlice(_ inputs: UnsafeMutablePointer<Float>, box: Int, _ kz: Int, _ layout: WeightLayout, tiles: Int) -> UnsafeMutablePointer<Float> {
        inputs + box * boxInputs(layout) + kz * slice * layout.inputBlocks * tiles * layout.width
    }

    /// Transforms the inputs of all boxes. Throws `Interrupted`.
    func transformInputs(_ reading: Reading, _ layout: WeightLayout, into out: UnsafeMutablePointer<Float>) throws {
        let width = layout.width, blocks = layout.inputBlocks, zFloats = inputLines(width)
        let shared = Unchecked((reading, out))
        try Parallel.slabs(boxCount * blocks) { task in
            let (reading, out) = shared.value
            let box = task / blocks, block = task % blocks
            let place = place(box)
            Scratch.with(floats: zFloats + inputScratch(width)) { lines in
                let scratch = lines + zFloats
                transformInputZ(reading.blocks[block], place, into: lines, scratch: scratch)
                for kz in 0..<n.z {
                    transformInputSlice(
                        lines, kz, width, place,
                        into: sharedSlice(out, box: box, kz, layout, tiles: place.count) + block * place.count * width,
                        step: blocks * place.count * width, scratch: scratch)
                }
            }
        }
    }

    /// Computes all outputs from inputs that `transformInputs` made: one block of filters after the other, whose transformed weights stay in the second-level
    /// cache until all boxes have used them. Throws `Interrupted`.
    func runShared(_ inputs: UnsafeMutablePointer<Float>, weights: Weights, into writing: Writing, sums: SumTable?) throws {
        let layout = weights.layout
        let lanes = layout.lanes, width = layout.width, blocks = layout.inputBlocks
        // More threads than blocks of filters: groups of boxes, each of which transforms the weights anew.
        let groups = min(boxCount, max(1, (Parallel.threads + layout.outputBlocks - 1) / layout.outputBlocks))
        let boxesEach = (boxCount + groups - 1) / groups
        let blockFloats = blockFloats(layout), outFloats = outputLines(lanes), productFloats = sliceFloats(1, lanes)
        let transform = weightTransform(weights)
        let shared = Unchecked((inputs, writing, sums))
        try Parallel.slabs(layout.outputBlocks * groups) { task in
            let (inputs, writing, sums) = shared.value
            let o = task / groups, group = task % groups
            let boxes = group * boxCount / groups..<(group + 1) * boxCount / groups
            Scratch.with(floats: blockFloats + boxesEach * outFloats + productFloats + outputScratch(lanes)) { transformed in
                let back = transformed + blockFloats, products = back + boxesEach * outFloats, scratch = products + productFloats
                for b in 0..<blocks { transform(o * blocks + b, transformed) }
                let kernel = lanes == 16 ? Kernels.table.product16 : Kernels.table.product8
                for kz in 0..<n.z {
                    for box in boxes {
                        let place = place(box)
                        var call = SKProduct(
                            in: sharedSlice(inputs, box: box, kz, layout, tiles: place.count), weights: transformed + kz * slice * blocks * width * lanes,
                            out: products, frequencies: Int64(slice), blocks: Int64(blocks), tiles: Int64(place.count), width: Int64(width))
                        kernel(&call)
                        transformOutputSlice(products, kz, lanes, place, into: back + (box - boxes.lowerBound) * outFloats, scratch: scratch)
                    }
                }
                for box in boxes {
                    let place = place(box)
                    let store = LineStorer(writing, block: o, sample: place.sample, sums: sums?.of(task: box, block: o))
                    transformOutputZ(back + (box - boxes.lowerBound) * outFloats, lanes, place, to: store, scratch: scratch)
                }
            }
        }
    }

    /// Sets the gradient of the weights from inputs that `transformInputs` made: the sums of one block of filters stay in the second-level cache from the first
    /// box to their transform back. Throws `Interrupted`.
    func sharedWeightGradient(
        _ gradient: UnsafeMutablePointer<Float>, layout: WeightLayout, inputs: UnsafeMutablePointer<Float>, output: Reading
    ) throws {
        let lanes = layout.lanes, width = layout.width, blocks = layout.inputBlocks
        let blockFloats = blockFloats(layout), zFloats = gradientLines(lanes), sliceGradient = sliceFloats(1, lanes)
        let back = weightGradientTransform(gradient, layout)
        let shared = Unchecked(inputs)
        try Parallel.slabs(layout.outputBlocks) { o in
            Scratch.with(floats: blockFloats + zFloats + sliceGradient + gradientScratch(lanes)) { sums in
                let lines = sums + blockFloats, gradients = lines + zFloats, scratch = gradients + sliceGradient
                let kernel = lanes == 16 ? Kernels.table.weightProduct16 : Kernels.table.weightProduct8
                sums.update(repeating: 0, count: blockFloats)
                for box in 0..<boxCount where !Interrupt.isRaised {
                    let place = place(box)
                    transformGradientZ(output.blocks[o], place, into: lines, scratch: scratch)
                    for kz in 0..<n.z {
                        transformGradientSlice(lines, kz, lanes, place, into: gradients, step: place.count * lanes, scratch: scratch)
                        var call = SKWeightProduct(
                            in: sharedSlice(shared.value, box: box, kz, layout, tiles: place.count), gradient: gradients,
                            sum: sums + kz * slice * blocks * width * lanes, frequencies: Int64(slice), blocks: Int64(blocks),
                            tiles: Int64(place.count), width: Int64(width))
                        kernel(&call)
                    }
                }
                for b in 0..<blocks { back(o * blocks + b, sums) }
            }
        }
    }
}
