import CKernels
import Kernels
import Networks
import Support
import Testing

/// Values between layers in bfloat16.
@Suite struct PrecisionTests {
    /// The nearest bfloat16 by the slow way: of the two neighbours the nearer, of two equally near the even one.
    private func nearest(_ x: Float) -> Float {
        if !x.isFinite { return x }
        let low = Float(bitPattern: x.bitPattern & 0xFFFF_0000), high = Float(bitPattern: (x.bitPattern & 0xFFFF_0000) &+ 0x1_0000)
        let a = abs(Double(x) - Double(low)), b = abs(Double(high) - Double(x))
        if a != b { return a < b ? low : high }
        return (low.bitPattern >> 16) % 2 == 0 ? low : high
    }

    /// Lines of 19 values are stored and loaded again; what lies behind them is left alone.
    @Test(arguments: Kernels.InstructionSet.allCases.filter { Kernels.available.contains($0) })
    func roundsToTheNearest(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.table(set))
        let values: [Float] =
            [1, -1, 0, 1.00390625, 1.01171875, 3.14159, -2.71828e-20, 1e30, .infinity, -.infinity, .nan, 65504.3, 0.1, 1e-38, 7, -0.3, 5.5, 1.0039063, 9]
            + [Float](repeating: 0, count: 13)
        var stored = [UInt16](repeating: 0xABCD, count: 40)
        var sums = [Double](repeating: 0, count: 32)
        var loaded = [Float](repeating: -5, count: 48)
        let scale = [Float](repeating: 2, count: 16), shift = [Float](repeating: 1, count: 16)
        func line(_ source: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) -> SKLine {
            SKLine(
                in: source, out: out, count: 19, width: 16, bias: nil, scale: nil, shift: nil, relu: 0, accumulate: 0, keep: 0, key: 0, key2: 0,
                threshold: 0, index: 0, values: nil, centre: nil, sums: nil, half: 1)
        }
        values.withUnsafeBufferPointer { source in
            stored.withUnsafeMutableBytes { bytes in
                sums.withUnsafeMutableBufferPointer { sums in
                    var call = line(source.baseAddress!, bytes.baseAddress!.assumingMemoryBound(to: Float.self))
                    call.sums = sums.baseAddress
                    table.storeLine(&call)
                }
            }
        }
        #expect(stored[19...].allSatisfy { $0 == 0xABCD })
        for i in 0..<19 {
            let back = Float(bitPattern: UInt32(stored[i]) << 16)
            #expect(back == nearest(values[i]) || back.isNaN && values[i].isNaN, "\(values[i])")
        }
        // Sums are of the rounded values; lanes 0 to 2 also hold the line's last three.
        #expect(sums[0] == Double(nearest(values[0])) + Double(nearest(values[16])))
        #expect(sums[1] == Double(nearest(values[1])) + Double(nearest(values[17])))
        stored.withUnsafeBytes { bytes in
            loaded.withUnsafeMutableBufferPointer { out in
                scale.withUnsafeBufferPointer { scale in
                    shift.withUnsafeBufferPointer { shift in
                        var call = line(bytes.baseAddress!.assumingMemoryBound(to: Float.self), out.baseAddress!)
                        call.relu = 1
                        (call.scale, call.shift) = (scale.baseAddress, shift.baseAddress)
                        table.loadLine(&call)
                    }
                }
            }
        }
        for i in 0..<19 where !values[i].isNaN { #expect(loaded[i] == max(0, nearest(values[i]) * 2 + 1)) }
    }

    /// A whole network: each stored value is off by at most 2⁻⁹ of itself, and the gradients follow; the memory for values halves.
    @Test func networksAgreeWithSinglePrecision() throws {
        let model = try unet(filters: 8, depth: 2, dropout: 0.1)
        let shape = SIMD3(20, 16, 24), random = CounterRandom(seed: 3)
        let x = (0..<2 * 20 * 16 * 24).map { Float(random.normal(at: UInt64($0))) }
        var outputs: [[Float]] = [], gradients: [[Float]] = [], bytes: [Int] = []
        for precision in Precision.allCases {
            let probe = try Probe(model, shape: shape, batch: 2, precision: precision)
            outputs.append(try probe.forward(x, seed: 1, step: 2))
            _ = try probe.loss(x.map { $0 > 0.3 ? 1 : 0 })
            try probe.backwardFromLoss(seed: 1, step: 2)
            gradients.append(probe.weightGradients.flatMap(\.values))
            bytes.append(probe.arenaBytes)
        }
        let output = relativeError(outputs[1], outputs[0]), gradient = relativeError(gradients[1], gradients[0])
        #expect(output > 1e-5 && output < 0.02, "\(output)")
        #expect(gradient > 1e-4 && gradient < 0.1, "\(gradient)")
        #expect(Double(bytes[1]) < 0.85 * Double(bytes[0]))
    }

    @Test func learnsAsWellAsSinglePrecision() throws {
        var best: [Double] = []
        for precision in Precision.allCases {
            let model = try unet(filters: 4, depth: 2, dropout: 0.05)
            let options = FitOptions(epochs: 14, steps: 12, batch: 2, optimizer: .adam(rate: 5e-3), precision: precision)
            let history = try fit(model, train: Balls(count: 8), valid: Balls(count: 4, first: 100), options: options)
            best.append(history.epochs.compactMap(\.validDice).max() ?? 0)
            let sample = try Balls(count: 1, first: 100).sample(0)
            let p = try model.predict(sample.image, shape: sample.shape, precision: precision)
            #expect(p.allSatisfy { $0 >= 0 && $0 <= 1 })
        }
        #expect(best[1] > 0.88 && abs(best[1] - best[0]) < 0.05, "\(best)")
    }
}

/// Direct convolutions that multiply bfloat16, where the processor can.
@Suite struct HalfProductTests {
    @Test(
        .enabled(if: Kernels.half != nil, "the processor has no products of bfloat16, or a narrower instruction set is in use"),
        arguments: [
            (16, 16, 5, 1, 1), (17, 33, 3, 1, 4), (16, 17, 1, 1, 1), (3, 20, 3, 2, 1), (64, 16, 3, 1, 2),
        ])
    func agreesWithSinglePrecision(_ c: (input: Int, output: Int, kernel: Int, stride: Int, dilation: Int)) throws {
        let input = try Node.input(channels: c.input)
        let x = try input.conv3d(
            filters: c.output, kernel: SIMD3(repeating: c.kernel), stride: SIMD3(repeating: c.stride), dilation: SIMD3(repeating: c.dilation))
        let y = c.stride == 1 ? x : try x.upconv3d(filters: 5, kernel: SIMD3(1, 2, 3), stride: SIMD3(repeating: c.stride))
        let model = try Model(input: input, output: y, seed: 3)
        let shape = SIMD3(14, 10, 12), voxels = 14 * 10 * 12, random = CounterRandom(seed: 8)
        let values = (0..<2 * c.input * voxels).map { Float(random.normal(at: UInt64($0))) }
        var outputs: [[Float]] = [], gradients: [[Float]] = []
        for precision in Precision.allCases {
            let probe = try Probe(model, shape: shape, batch: 2, precision: precision)
            outputs.append(try probe.forward(values))
            gradients.append(try probe.backward(outputs[0].map { $0 * 0.5 + 1 }))
        }
        // Rounding input and weights to 8 bits each, independent of each other: about 2⁻⁹ of a sum of random terms.
        let output = relativeError(outputs[1], outputs[0]), gradient = relativeError(gradients[1], gradients[0])
        #expect(output > 1e-4 && output < 6e-3, "\(output)")
        #expect(gradient > 1e-4 && gradient < 8e-3, "\(gradient)")
    }
}
