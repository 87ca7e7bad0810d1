/// The three computations of a convolution, or of a transposed one, for one shape, each by the algorithm that is fastest for it: Winograd's for 3×3×3 layers of
/// stride 1 or 2 and at least 8 channels, and for the outputs and weights of a single one; direct sweeps for everything else.
struct Convolver {
    let geometry: Geometry
    let layout: WeightLayout
    /// Of the input.
    let shape: SIMD3<Int>
    let batch: Int
    /// The input is the coarse grid of the geometry, and the output the fine one.
    var transposed = false
    /// Direct sweeps may multiply bfloat16. Winograd's transforms would lose too much of its 8 bits.
    var half = false

    enum Direction { case forward, data, weights }

    private var fine: SIMD3<Int> { transposed ? shape &* geometry.stride : shape }
    private var output: SIMD3<Int> { transposed ? fine : (shape &+ geometry.stride &- 1) / geometry.stride }

    /// The weights as the gradient of the input reads them.
    private var reversed: WeightLayout {
        layout.reversed(order: transposed ? geometry.gatherOrder : geometry.scatterOrder(fine: fine))
    }

    /// The sweeps from the input's grid to the output's, or `back`.
    private func passes(back: Bool) -> [Geometry.Pass] {
        back == transposed ? [geometry.gatherPass(fine: fine)] : geometry.scatterPasses(fine: fine)
    }

    /// Winograd's algorithm with the tiles that were measured to be the fastest; nil where direct sweeps are.
    private func winograd(_ direction: Direction) -> Winograd? {
        guard geometry.kernel == SIMD3(3, 3, 3), geometry.dilation == .one else { return nil }
        let source = direction == .data ? layout.output : layout.input, target = direction == .data ? layout.input : layout.output
        guard blockWidth(source) >= 8, blockWidth(target) >= 8 else { return nil }
        for axis in 0..<3 where geometry.stride[axis] != 1 {
            // The kernel must begin at the even voxels.
            guard geometry.stride[axis] == 2, geometry.before(axis, fine: fine[axis]) == 0 else { return nil }
        }
        let end = direction == .data ? shape : output
        // The rule is fixed, not timed at start, so that results repeat; docs/performance.md has the measurements behind it.
        func axes(_ most: Int) -> (x: Winograd.Axis, y: Winograd.Axis, z: Winograd.Axis, tiles: Int) {
            func one(_ axis: Int) -> Winograd.Axis {
                if geometry.stride[axis] == 2 { return (direction == .data) == transposed ? .down : .up }
                return .same(end[axis] > 2 ? most : 2)
            }
            let (x, y, z) = (one(0), one(1), one(2))
            let to = SIMD3(x.to, y.to, z.to)
            return (x, y, z, ((end &+ to &- 1) / to).product * batch)
        }
        // Transforming the weights costs as much as a few dozen tiles, and at stride 2 more: with fewer than that, small tiles or none.
        var (x, y, z, tiles) = axes(4)
        if tiles < 32 { (x, y, z, tiles) = axes(2) }
        if tiles < (geometry.stride == .one ? 8 : 64) { return nil }
        let wide = direction == .weights || layout.input + layout.output <= 48
        // However many channels there are, a thread's transformed box stays within 16 MB or one tile.
        let most = max(1, (1 << 22) / (x.n * y.n * z.n * source))
        return Winograd(x, y, z, shape: end, batch: batch, boxTiles: min(wide ? 48 : 12, most))
    }

    /// The forward pass of a layer of a single input channel, and the gradient of its weights.
    private var single: SingleWinograd? { transposed ? nil : SingleWinograd(geometry, layout, shape: shape, batch: batch) }
    private var singleSums: SingleWinograd? { single.flatMap { $0.sumsWeights ? $0 : nil } }

    /// Floats of working memory for the forward pass, and for the others where `training` is set.
    func workspace(training: Bool) -> Int {
        let forward = single?.weightFloats ?? winograd(.forward)?.runWorkspace(layout) ?? 0
        guard training else { return forward }
        let source = Reading(Tensor.outline(batch: batch, channels: layout.input, shape: shape))
        let sums = singleSums?.weightWorkspace ?? winograd(.weights)?.weightWorkspace(layout)
        let weights = sums ?? passes(back: false).map { Sweep(pass: $0, source: source).weightWorkspace(layout) }.max() ?? 0
        let reversed = reversed
        return max(forward, weights, winograd(.data)?.runWorkspace(reversed) ?? reversed.storedCount)
    }

    /// Computes the output from the input.
    func forward(_ input: Reading, weights: UnsafePointer<Float>, into output: Writing, workspace: UnsafeMutablePointer<Float>) throws {
        if let single {
            try single.run(input, weights: weights, into: output, workspace: workspace)
        } else if let winograd = winograd(.forward) {
            try winograd.run(input, weights: .init(stored: weights, layout: layout), into: output, workspace: workspace)
        } else {
            for pass in passes(back: false) { try Sweep(pass: pass, source: input, half: half).run(weights: weights, layout: layout, into: output) }
        }
    }

    /// Computes the gradient of the input from that of the output.
    func inputGradient(
        _ gradient: Reading, weights: UnsafePointer<Float>, into target: Writing, workspace: UnsafeMutablePointer<Float>
    ) throws {
        let reversed = reversed
        if let winograd = winograd(.data) {
            let weights = Winograd.Weights(stored: weights, layout: reversed, reversal: WeightReversal(from: layout, to: reversed))
            try winograd.run(gradient, weights: weights, into: target, workspace: workspace)
        } else {
            try layout.reverse(weights, to: reversed, workspace)
            for pass in passes(back: true) { try Sweep(pass: pass, source: gradient, half: half).run(weights: workspace, layout: reversed, into: target) }
        }
    }

    /// Sets the gradient of the weights from the input and the gradient of the output.
    func weightGradient(
        _ result: UnsafeMutablePointer<Float>, input: Reading, gradient: Reading, workspace: UnsafeMutablePointer<Float>
    ) throws {
        if let single = singleSums {
            try single.weightGradient(result, input: input, gradient: gradient, workspace: workspace)
        } else if let winograd = winograd(.weights) {
            try winograd.weightGradient(result, layout: layout, input: input, output: gradient, workspace: workspace)
        } else {
            for pass in passes(back: false) {
                try Sweep(pass: pass, source: input).weightGradient(result, layout: layout, out: gradient, workspace: workspace)
            }
        }
    }
}
