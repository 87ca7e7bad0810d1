import Networks
import Support

/// The 3×3×3 layers of the tutorial's network, widest shape first, then those of 8 filters.
private let shapes: [(from: Int, to: Int, shape: SIMD3<Int>)] = [
    (1, 16, SIMD3(96, 128, 160)), (16, 16, SIMD3(96, 128, 160)), (32, 16, SIMD3(96, 128, 160)), (32, 32, SIMD3(48, 64, 80)),
    (64, 32, SIMD3(48, 64, 80)), (64, 64, SIMD3(24, 32, 40)), (128, 128, SIMD3(12, 16, 20)), (256, 256, SIMD3(6, 8, 10)),
    (1, 8, SIMD3(48, 64, 80)), (8, 8, SIMD3(48, 64, 80)), (16, 8, SIMD3(48, 64, 80)),
]

/// GFLOP/s of the three computations of each layer, counted as if they were direct, with one thread and with all.
func timeLayers() throws {
    for (from, to, shape) in shapes {
        var line = "\(from)→\(to) \(Text.sizes(shape))"
        let flops = 54 * Double(from * to) * Double(shape.x * shape.y * shape.z), all = Parallel.threads
        for threads in processor || all == 1 ? [1] : [1, all] {
            Parallel.threads = threads
            // Long enough for a small layer to be measured.
            let found = try timeLayer(from, to, shape, turns: max(3, min(200, Int(2e10 / flops))))
            func rate(_ seconds: Double) -> String { Text.fixed(flops / seconds / 1e9, 1) }
            line += "  | \(threads) thread\(threads > 1 ? "s" : ""): forward \(rate(found.forward)) data \(rate(found.data))"
            line += " weights \(rate(found.weights))"
        }
        Parallel.threads = all
        print(line)
    }
}

/// The least seconds of a 3×3×3 layer's three computations. That of the input's gradient is the difference of two backward passes, which take turns.
func timeLayer(_ from: Int, _ to: Int, _ shape: SIMD3<Int>, turns: Int) throws -> (forward: Double, data: Double, weights: Double) {
    let input = try Node.input(unlimited: from)
    let model = try Model(input: input, output: input.conv3d(filters: to, bias: false), seed: 1)
    let whole = try Probe(model, shape: shape, inputGradient: true), bare = try Probe(model, shape: shape, inputGradient: false)
    var forward = Double.infinity, both = Double.infinity, weights = Double.infinity
    for _ in 0..<3 {
        let a = try whole.timings(repeats: turns, processor: processor).last!
        let b = try bare.timings(repeats: turns, processor: processor).last!
        forward = min(forward, a.forward, b.forward)
        both = min(both, a.backward)
        weights = min(weights, b.backward)
    }
    return (forward, both - weights, weights)
}
