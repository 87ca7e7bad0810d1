import Networks
import Support

/// The 3×3×3 layers of the tutorial's network, widest shape first, then those of 8 filters.
private let shapes: [(from: Int, to: Int, shape: SIMD3<Int>)] = [
    (1, 16, SIMD3(96, 128, 160)), (16, 16, SIMD3(96, 128, 160)), (32, 16, SIMD3(96, 128, 160)), (32, 32, SIMD3(48, 64, 80)),
    (64, 32, SIMD3(48, 64, 80)), (64, 64, SIMD3(24, 32, 40)), (128, 128, SIMD3(12, 16, 20)), (256, 256, SIMD3(6, 8, 10)),
    (1, 8, SIMD3(48, 64, 80)), (8, 8, SIMD3(48, 64, 80)), (16, 8, SIMD3(48, 64, 80)),
]

/// GFLOP/s of the three computations of each layer, counted as if they were direct. With a number of threads only those, one line a layer for
/// layers.py: channels, shape, seconds of each.
func timeLayers(threads only: Int?, channels: Int? = nil) throws {
    for (from, to, shape) in shapes where channels.map({ $0 == from }) ?? true {
        let layer = try ConvolutionTimes(input: from, output: to, shape: shape)
        var line = "\(from)→\(to) \(Text.sizes(shape))"
        for threads in only.map({ [$0] }) ?? (processor ? [1] : [1, 2]) {
            Parallel.threads = threads
            // Long enough for a small layer to be measured.
            let times = try layer.least(of: max(5, min(300, Int(6e10 / layer.flops))), processor: processor)
            if only != nil {
                line = "\(from) \(to) \(shape.x) \(shape.y) \(shape.z) \(times.forward) \(times.inputGradient) \(times.weightGradient)"
            } else {
                func rate(_ seconds: Double) -> String { Text.fixed(layer.flops / seconds / 1e9, 1) }
                line += "  | \(threads) thread\(threads > 1 ? "s" : ""): "
                    + "forward \(rate(times.forward)) data \(rate(times.inputGradient)) weights \(rate(times.weightGradient))"
            }
        }
        print(line)
    }
}
