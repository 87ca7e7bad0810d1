import Kernels
import Support

/// Runs a convolution whose ends are fused beside the same in passes of their own: for tests.
package enum ConvolutionProbe {
    /// What the fused way gave and what the separate passes did, in the order of memory.
    package struct Pair {
        /// The same numbers, computed in the one way and in the other.
        package let fused, separate: [Float]
    }

    /// The three computations of one layer.
    package struct Outcome {
        /// Each in both ways.
        package let output, weightGradient, inputGradient: Pair
        /// Σx and Σx² of each channel that were taken while storing, and channel after channel the separate output.
        package let sum, squares: [Double]
        /// The separate output, one array a channel.
        package let channels: [[Float]]
    }

    /// A model of one 3×3×3 layer without a bias, or with one of zeros where it is transposed.
    package static func layer(
        input: Int, output: Int, stride: SIMD3<Int>, transposed: Bool, shape: SIMD3<Int>, batch: Int, weights: [Float]
    ) throws -> Probe {
        let from = try Node.input(channels: input)
        let to = try transposed ? from.upconv3d(filters: output, stride: stride) : from.conv3d(filters: output, stride: stride, bias: false)
        let model = try Model(graph: Graph(input: from, output: to, anySize: true), seed: 1)
        if let name = model.arrays.first?.name { try model.set(name, weights) }
        return try Probe(model, shape: shape, batch: batch)
    }

    /// Several tensors joined along their channels, each normalised and cut at zero on its own, all dropped out, then convolved. `parts` are their channels, all
    /// multiples of one block's width. The gradient goes back into the tensors' own gradients; the last one's holds something already.
    package static func run(parts: [Int], filters: Int, kernel: Int, shape: SIMD3<Int>, batch: Int) throws -> Outcome {
        let random = CounterRandom(seed: 5)
        var draws: UInt64 = 0
        var buffers: [Buffer] = []
        func tensor(_ channels: Int, filled: Bool) throws -> Tensor {
            let buffer = try Buffer(count: Tensor.floats(batch: batch, channels: channels, shape: shape), for: "a test")
            buffers.append(buffer)
            let tensor = Tensor(base: buffer.base, batch: batch, channels: channels, shape: shape)
            if filled {
                for i in 0..<tensor.count where i % tensor.width < channels {
                    tensor.base[i] = Float(random.normal(at: draws))
                    draws += 1
                }
            }
            return tensor
        }
        func copy(_ t: Tensor) -> [Float] { Array(UnsafeBufferPointer(start: t.base, count: t.count)) }

        let inputs = try parts.map { try tensor($0, filled: true) }
        let joined = try tensor(parts.reduce(0, +), filled: false)
        let mask = DropoutMask(key: 17, key2: 4, threshold: 1 << 30, scale: 4.0 / 3, place: 0, sampleStep: joined.sampleFloats)
        #if arch(x86_64)
        let twoRoundings = Kernels.instructionSet == .baseline
        #else
        let twoRoundings = false
        #endif
        func drop(_ t: Tensor) throws {
            try Flat.run(
                Kernels.table.dropout, over: t, out: t, a: t, parameters: t.pattern { _ in mask.scale }, rows: 1,
                key: (mask.key, mask.key2),
                threshold: mask.threshold)
        }

        var readings: [Reading.Block] = [], writings: [Writing.Block] = []
        let gradients = try parts.enumerated().map { i, n in try tensor(n, filled: i == parts.count - 1) }
        let gradientsBefore = gradients.map(copy)
        for (part, input) in inputs.enumerated() {
            for index in 0..<input.blocks {
                let place = readings.count
                var ownMask = mask
                ownMask.place = place * joined.blockFloats
                let scale = (0..<16).map { Float(1 + 0.1 * Double(($0 % input.width + place) % 5)) }
                let shift = (0..<16).map { Float(0.3 - 0.1 * Double(($0 % input.width + place) % 7)) }
                readings.append(
                    .init(tensor: input, index: index, pointwise: Pointwise(scale: scale, shift: shift, relu: true, dropout: ownMask)))
                writings.append(
                    .init(tensor: gradients[part], index: index, accumulate: part == parts.count - 1, dropout: ownMask))
                for sample in 0..<batch {
                    let from = readings[place].base(sample: sample)
                    let to = joined.base + sample * joined.sampleFloats + place * joined.blockFloats
                    for i in 0..<input.blockFloats {
                        // In one rounding where the kernels do it in one, so that the two ways may be compared bit for bit.
                        let (a, b) = (scale[i % 16], shift[i % 16])
                        to[i] = max(0, twoRoundings ? from[i] * a + b : b.addingProduct(from[i], a))
                    }
                }
            }
        }
        try drop(joined)

        let geometry = Geometry(kernel: SIMD3(repeating: kernel), stride: .one, dilation: .one)
        let layout = WeightLayout(
            input: joined.channels, output: filters, order: geometry.gatherOrder, inputFirst: false, kernel: geometry.kernel)
        let convolver = Convolver(geometry: geometry, layout: layout, shape: shape, batch: batch)
        let weights = try Buffer(count: layout.storedCount, for: "a test"),
            workspace = try Buffer(count: convolver.workspace(training: true), for: "a test")
        for pair in 0..<layout.pairs {
            layout.forEach(pair: pair) { logical, place in weights.base[place] = Float(random.normal(at: UInt64(logical + 1 << 40))) }
        }
        let reading = Reading(blocks: readings, channels: joined.channels)

        let outputs = try (0..<2).map { _ in try tensor(filters, filled: false) }
        let sums = ChannelSums()
        var writing = Writing(outputs[0])
        writing.sums = sums
        try convolver.forward(reading, weights: weights.base, into: writing, workspace: workspace.base)
        try convolver.forward(Reading(joined), weights: weights.base, into: Writing(outputs[1]), workspace: workspace.base)

        let slope = try tensor(filters, filled: true)
        let weightGradients = try (0..<2).map { _ in try Buffer(count: layout.storedCount, for: "a test") }
        for (result, input) in zip(weightGradients, [reading, Reading(joined)]) {
            try convolver.weightGradient(result.base, input: input, gradient: Reading(slope), workspace: workspace.base)
        }

        try convolver.inputGradient(
            Reading(slope), weights: weights.base, into: Writing(blocks: writings, channels: joined.channels), workspace: workspace.base)
        let whole = try tensor(joined.channels, filled: false)
        try convolver.inputGradient(Reading(slope), weights: weights.base, into: Writing(whole), workspace: workspace.base)
        try drop(whole)
        var place = 0
        var separate: [Float] = []
        for (part, gradient) in gradients.enumerated() {
            for sample in 0..<batch {
                let from = whole.base + sample * whole.sampleFloats + place * whole.blockFloats
                for i in 0..<gradient.sampleFloats {
                    separate.append(from[i] + (part == parts.count - 1 ? gradientsBefore[part][sample * gradient.sampleFloats + i] : 0))
                }
            }
            place += gradient.blocks
        }

        func read(_ buffer: Buffer) -> [Float] { Array(UnsafeBufferPointer(start: buffer.base, count: layout.storedCount)) }
        var channels = [[Float]](repeating: [], count: filters)
        for n in 0..<batch {
            var values = [Float](repeating: 0, count: filters * shape.product)
            values.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { outputs[1].read(sample: n, into: base) } }
            for c in 0..<filters { channels[c] += values[c * shape.product..<(c + 1) * shape.product] }
        }
        return withExtendedLifetime(buffers) {
            Outcome(
                output: Pair(fused: copy(outputs[0]), separate: copy(outputs[1])),
                weightGradient: Pair(fused: read(weightGradients[0]), separate: read(weightGradients[1])),
                inputGradient: Pair(fused: gradients.flatMap(copy), separate: separate), sum: sums.sum, squares: sums.products,
                channels: channels)
        }
    }
}
