import Support

/// One convolution's three computations, each run by itself, as a peer's primitives are timed: for benchmarks.
package final class ConvolutionTimes {
    /// Seconds of each computation.
    package struct Seconds {
        /// The least of all runs; infinite before the first.
        package var forward = Double.infinity, inputGradient = Double.infinity, weightGradient = Double.infinity
    }

    private let convolver: Convolver
    private let buffers: [Buffer]
    private let input, output: Tensor
    private let weights, gradient, workspace: UnsafeMutablePointer<Float>
    /// Multiply–adds × 2 of a direct convolution.
    package let flops: Double

    /// A kernel of 3×3×3, stride 1, batch 1, on random numbers. Throws `NetworkError` where memory lacks.
    package init(input inputs: Int, output outputs: Int, shape: SIMD3<Int>) throws {
        let geometry = Geometry(kernel: SIMD3(repeating: 3), stride: .one, dilation: .one)
        let layout = WeightLayout(input: inputs, output: outputs, order: geometry.gatherOrder, inputFirst: false, kernel: geometry.kernel)
        convolver = Convolver(geometry: geometry, layout: layout, shape: shape, batch: 1)
        flops = 2 * 27 * Double(inputs * outputs * shape.product)
        let counts = [
            Tensor.floats(batch: 1, channels: inputs, shape: shape), Tensor.floats(batch: 1, channels: outputs, shape: shape),
            layout.storedCount, layout.storedCount, convolver.workspace(training: true),
        ]
        buffers = try counts.map { try Buffer(count: $0, for: "a benchmark") }
        input = Tensor(base: buffers[0].base, batch: 1, channels: inputs, shape: shape)
        output = Tensor(base: buffers[1].base, batch: 1, channels: outputs, shape: shape)
        (weights, gradient, workspace) = (buffers[2].base, buffers[3].base, buffers[4].base)
        let random = CounterRandom(seed: 1)
        for (stream, buffer) in buffers.prefix(3).enumerated() {
            for i in 0..<buffer.count { buffer.base[i] = Float(random.uniform(at: UInt64(stream << 40 + i))) - 0.5 }
        }
        // As a training's memory lies after its first steps.
        for buffer in buffers { buffer.gather() }
    }

    /// The least of `repeats` of each. With `processor` the time that all threads worked, which other programs disturb less.
    package func least(of repeats: Int, processor: Bool = false) throws -> Seconds {
        var least = Seconds()
        func time(_ best: WritableKeyPath<Seconds, Double>, _ body: () throws -> Void) throws {
            for _ in 0...repeats {
                let began = processor ? Clock.processorSeconds : Clock.seconds
                try body()
                least[keyPath: best] = min(least[keyPath: best], (processor ? Clock.processorSeconds : Clock.seconds) - began)
            }
        }
        try time(\.forward) { try convolver.forward(Reading(input), weights: weights, into: Writing(output), workspace: workspace) }
        try time(\.inputGradient) {
            try convolver.inputGradient(Reading(output), weights: weights, into: Writing(input), workspace: workspace)
        }
        try time(\.weightGradient) {
            try convolver.weightGradient(gradient, input: Reading(input), gradient: Reading(output), workspace: workspace)
        }
        return least
    }
}
