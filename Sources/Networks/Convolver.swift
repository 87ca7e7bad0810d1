/// The three computations of a convolution for one shape, each by the algorithm that is fastest for it: Winograd's for 3×3×3 layers of at least
/// 8 channels, direct sweeps for everything else.
struct Convolver {
    let geometry: Geometry
    let layout: WeightLayout
    /// Of the input.
    let shape: SIMD3<Int>
    let batch: Int

    enum Direction { case forward, data, weights }

    private var reversed: WeightLayout { layout.reversed(order: geometry.scatterOrder(fine: shape)) }

    private func gatherSweep(_ source: Reading) -> Sweep { Sweep(pass: geometry.gatherPass(fine: shape), source: source) }

    /// Winograd's algorithm with the tiles that were measured to be the fastest; nil where direct sweeps are.
    private func winograd(_ direction: Direction) -> Winograd? {
        guard geometry == Geometry(kernel: SIMD3(3, 3, 3), stride: .one, dilation: .one) else { return nil }
        let source = direction == .data ? layout.output : layout.input, target = direction == .data ? layout.input : layout.output
        guard blockWidth(source) >= 8, blockWidth(target) >= 8 else { return nil }
        // The rule is fixed, not timed at start, so that results repeat; docs/performance.md has the measurements behind it.
        func tiling(_ most: Int) -> (m: SIMD3<Int>, tiles: Int) {
            let m = SIMD3(shape.x > 2 ? most : 2, shape.y > 2 ? most : 2, shape.z > 2 ? most : 2)
            return (m, ((shape &+ m &- 1) / m).product * batch)
        }
        // Transforming the weights costs as much as a few dozen tiles: with fewer than that, small tiles or none.
        var (m, tiles) = tiling(4)
        if tiles < 32 { (m, tiles) = tiling(2) }
        if tiles < 8 { return nil }
        let wide = direction == .weights || layout.input + layout.output <= 48
        // However many channels there are, a thread's transformed box stays within 16 MB or one tile.
        let most = max(1, (1 << 22) / ((m &+ 2).product * source))
        return Winograd(m: m, shape: shape, batch: batch, boxTiles: min(wide ? 48 : 12, most))
    }

    /// Floats of working memory for the forward pass, and for the others where `training` is set.
    func workspace(training: Bool) -> Int {
        var floats = winograd(.forward)?.weightFloats(layout) ?? 0
        guard training else { return floats }
        let source = Reading(Tensor.outline(batch: batch, channels: layout.input, shape: shape))
        floats = max(floats, winograd(.weights)?.weightWorkspace(layout) ?? gatherSweep(source).weightWorkspace(layout))
        let reversed = reversed
        return max(floats, reversed.storedCount + (winograd(.data)?.weightFloats(reversed) ?? 0))
    }

    /// Computes the output from the input.
    func forward(_ input: Reading, weights: UnsafePointer<Float>, into output: Writing, workspace: UnsafeMutablePointer<Float>) throws {
        if let winograd = winograd(.forward) {
            try winograd.transformWeights(weights, layout, into: workspace)
            try winograd.run(input, weights: workspace, layout: layout, into: output)
        } else {
            try gatherSweep(input).run(weights: weights, layout: layout, into: output)
        }
    }

    /// Computes the gradient of the input from that of the output.
    func inputGradient(
        _ gradient: Reading, weights: UnsafePointer<Float>, into target: Writing, workspace: UnsafeMutablePointer<Float>
    ) throws {
        let reversed = reversed
        try layout.reverse(weights, to: reversed, workspace)
        if let winograd = winograd(.data) {
            let transformed = workspace + reversed.storedCount
            try winograd.transformWeights(workspace, reversed, into: transformed)
            try winograd.run(gradient, weights: transformed, layout: reversed, into: target)
        } else {
            for pass in geometry.scatterPasses(fine: shape) {
                try Sweep(pass: pass, source: gradient).run(weights: workspace, layout: reversed, into: target)
            }
        }
    }

    /// Sets the gradient of the weights from the input and the gradient of the output.
    func weightGradient(
        _ result: UnsafeMutablePointer<Float>, input: Reading, gradient: Reading, workspace: UnsafeMutablePointer<Float>
    ) throws {
        if let winograd = winograd(.weights) {
            try winograd.weightGradient(result, layout: layout, input: input, output: gradient, workspace: workspace)
        } else {
            try gatherSweep(input).weightGradient(result, layout: layout, out: gradient, workspace: workspace)
        }
    }
}
