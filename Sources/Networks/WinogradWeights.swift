import CKernels
import Kernels
import Support

/// Weights to the frequencies, and sums over frequencies back to the gradient of the weights.
extension Winograd {
    /// Weights as they are stored, and how a convolution reads them.
    struct Weights: @unchecked Sendable {
        let stored: UnsafePointer<Float>
        /// As the convolution reads them.
        let layout: WeightLayout
        /// Where they are stored the other way round.
        var reversal: WeightReversal?
    }

    /// Floats of the transformed weights: [output block][f][input channel][lane].
    func weightFloats(_ layout: WeightLayout) -> Int { layout.outputBlocks * blockFloats(layout) }
    /// Those of one block of outputs.
    func blockFloats(_ layout: WeightLayout) -> Int { frequencies * layout.inputBlocks * layout.width * layout.lanes }

    /// For each tap as the transforms want them, its place among the stored ones; nil where they are stored so: in the order of ascending offsets, or, along
    /// axes of stride 2, in that of the kernel itself.
    private func storedTaps(_ layout: WeightLayout) -> [Int]? {
        let axes = [x, y, z]
        if axes.allSatisfy({ $0.from == $0.to }) || layout.order == Array(0..<27) { return nil }
        // Scattered: along axes of stride 1 ascending offsets are descending taps.
        return (0..<27).map { index in
            var tap = SIMD3(index % 3, index / 3 % 3, index / 9)
            for axis in 0..<3 where axes[axis].from == axes[axis].to { tap[axis] = 2 - tap[axis] }
            return layout.order.firstIndex(of: (tap.z * 3 + tap.y) * 3 + tap.x) ?? 0
        }
    }

    /// Transforms all weights. Throws `Interrupted`.
    func transform(_ weights: Weights, into out: UnsafeMutablePointer<Float>) throws {
        let layout = weights.layout, block = blockFloats(layout)
        let pairs = weightTransform(weights)
        let shared = Unchecked(out)
        try Parallel.slabs(layout.pairs) { pair in pairs(pair, shared.value + pair / layout.inputBlocks * block) }
    }

    /// What transforms the weights of one pair of blocks (output, input), given the place of all of that output block's.
    func weightTransform(_ weights: Weights) -> @Sendable (_ pair: Int, _ block: UnsafeMutablePointer<Float>) -> Void {
        let layout = weights.layout, run = layout.width * layout.lanes
        let stored = storedTaps(layout)
        let reversal = stored.flatMap { weights.reversal?.reordered($0) } ?? weights.reversal
        return { [self] pair, block in
            Scratch.with(floats: (27 + 9 * n.x + 3 * n.y * n.x) * run) { scratch in
                let inX = scratch + 27 * run, inY = inX + 9 * n.x * run
                var taps = weights.stored + pair * layout.pairStride
                if let reversal {
                    reversal.copy(pair: pair, weights.stored, into: scratch)
                    taps = UnsafePointer(scratch)
                } else if let stored {
                    for (tap, place) in stored.enumerated() { (scratch + tap * run).update(from: taps + place * run, count: run) }
                    taps = UnsafePointer(scratch)
                }
                var callX = SKTransform(
                    in: taps, inStep: Int64(run), out: inX, outStep: Int64(run), lines: 9, inLine: Int64(3 * run), outLine: Int64(n.x * run),
                    run: Int64(run))
                x.table.kernel(&callX)
                for plane in 0..<3 {
                    var callY = SKTransform(
                        in: inX + plane * 3 * n.x * run, inStep: Int64(n.x * run), out: inY + plane * n.y * n.x * run,
                        outStep: Int64(n.x * run), lines: 1, inLine: 0, outLine: 0, run: Int64(n.x * run))
                    y.table.kernel(&callY)
                }
                let step = layout.inputBlocks * run
                var callZ = SKTransform(
                    in: inY, inStep: Int64(n.y * n.x * run), out: block + pair % layout.inputBlocks * run, outStep: Int64(n.y * n.x * step),
                    lines: Int64(n.y * n.x), inLine: Int64(run), outLine: Int64(step), run: Int64(run))
                z.table.kernel(&callZ)
            }
        }
    }

    /// What transforms the sums over all tiles of one pair of blocks back, given the place of all of that output block's, and stores them into `gradient`, laid
    /// out as the weights are.
    func weightGradientTransform(
        _ gradient: UnsafeMutablePointer<Float>, _ layout: WeightLayout
    ) -> @Sendable (_ pair: Int, _ block: UnsafePointer<Float>) -> Void {
        let run = layout.width * layout.lanes, step = layout.inputBlocks * run
        let stored = storedTaps(layout)
        let shared = Unchecked(gradient)
        return { [self] pair, block in
            Scratch.with(floats: (27 + 3 * n.y * n.x + 9 * n.x) * run) { scratch in
                let inZ = scratch + 27 * run, inY = inZ + 3 * n.y * n.x * run
                var callZ = SKTransform(
                    in: block + pair % layout.inputBlocks * run, inStep: Int64(n.y * n.x * step), out: inZ, outStep: Int64(n.y * n.x * run),
                    lines: Int64(n.y * n.x), inLine: Int64(step), outLine: Int64(run), run: Int64(run))
                z.table.kernelGradient(&callZ)
                for k in 0..<3 {
                    var callY = SKTransform(
                        in: inZ + k * n.y * n.x * run, inStep: Int64(n.x * run), out: inY + k * 3 * n.x * run, outStep: Int64(n.x * run),
                        lines: 1, inLine: 0, outLine: 0, run: Int64(n.x * run))
                    y.table.kernelGradient(&callY)
                }
                let target = shared.value + pair * layout.pairStride
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
