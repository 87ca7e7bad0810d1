import CKernels
import Glibc
import Kernels
import Networks
import Support
import Testing

/// Normalisations of samples, activations, channel dropout and upsampling: gradients against central differences, extreme values, arguments, files.
@Suite struct NormLayerTests {
    static let networks: [SmallNetwork] = [
        ("instancenorm", 3, SIMD3(5, 3, 3), { try $0.instancenorm() }),
        (
            "instancenorm of two blocks", 17, SIMD3(3, 2, 3),
            { try $0.conv3d(filters: 17, kernel: SIMD3(1, 1, 1)).instancenorm(epsilon: 1e-3) }
        ),
        ("groupnorm", 6, SIMD3(5, 3, 3), { try $0.groupnorm(groups: 2) }),
        ("groupnorm across blocks", 34, SIMD3(3, 2, 2), { try $0.groupnorm(groups: 2) }),
        ("layernorm", 3, SIMD3(5, 3, 3), { try $0.conv3d(filters: 5).layernorm() }),
        ("leakyrelu", 5, SIMD3(5, 3, 2), { try $0.leakyrelu(slope: 0.3) }),
        ("elu", 5, SIMD3(5, 3, 2), { try $0.elu(alpha: 1.5) }),
        ("gelu", 3, SIMD3(5, 3, 2), { try $0.conv3d(filters: 3).gelu() }),
        ("silu", 17, SIMD3(5, 3, 2), { try $0.silu() }),
        ("softmax", 3, SIMD3(5, 3, 2), { try $0.softmax() }),
        ("softmax of two blocks", 19, SIMD3(3, 3, 2), { try $0.softmax() }),
        ("channel dropout", 17, SIMD3(3, 3, 2), { try $0.dropout(rate: 0.4, channels: true) }),
        ("nearest", 3, SIMD3(4, 6, 4), { try $0.maxpool(size: SIMD3(2, 3, 1)).upsample(size: SIMD3(2, 3, 1)) }),
        ("trilinear", 3, SIMD3(4, 6, 4), { try $0.maxpool(size: SIMD3(2, 3, 1)).upsample(size: SIMD3(2, 3, 1), method: .trilinear) }),
        (
            "trilinear of two blocks", 17, SIMD3(3, 2, 1),
            { try $0.upsample(size: SIMD3(3, 2, 4), method: .trilinear).avgpool(size: SIMD3(3, 2, 4)) }
        ),
    ]

    @Test(arguments: networks.map(\.name))
    func gradientsAreFiniteDifferences(_ name: String) throws {
        try checkGradients(of: #require(Self.networks.first { $0.name == name }))
    }

    @Test(.serialized, arguments: networks.map(\.name))
    func resultsRepeatForAnyNumberOfThreads(_ name: String) throws {
        try checkThreads(of: #require(Self.networks.first { $0.name == name }))
    }

    @Test(arguments: networks.map(\.name))
    func filesKeepLayers(_ name: String) throws {
        try checkFile(of: #require(Self.networks.first { $0.name == name }))
    }

    /// What lies in the lanes beyond the channels would show in a sum over them: a convolution reads all lanes, a softmax too.
    @Test(arguments: [3, 17])
    func paddingStaysZero(_ channels: Int) throws {
        let input = try Node.input(channels: channels), shape = SIMD3(5, 3, 3), one = SIMD3(1, 1, 1)
        let layers: [(Node) throws -> Node] = [
            { try $0.instancenorm() }, { try $0.groupnorm(groups: channels) }, { try $0.layernorm() }, { try $0.leakyrelu() },
            { try $0.elu() }, { try $0.gelu() }, { try $0.silu() }, { try $0.softmax() }, { try $0.dropout(rate: 0.5, channels: true) },
            { try $0.upsample(size: one, method: .trilinear) },
        ]
        let random = CounterRandom(seed: 4)
        let x = (0..<2 * channels * 45).map { Float(random.normal(at: UInt64($0))) }
        for layer in layers {
            let probe = try Probe(Model(input: input, output: layer(input)), shape: shape, batch: 2)
            _ = try probe.forward(x)
            _ = try probe.backward(x)
            #expect(probe.paddingIsZero)
        }
    }

    /// A mean far from zero and large values cost no more than their rounding.
    @Test func normalisationOfFarValues() throws {
        let input = try Node.input(channels: 1), n = 1000
        let random = CounterRandom(seed: 1)
        let x = (0..<n).map { Float(1000 + random.normal(at: UInt64($0))) }
        let y = try Model(input: input, output: input.instancenorm()).predict(x, shape: SIMD3(10, 10, 10))
        let mean = x.reduce(0) { $0 + Double($1) } / Double(n)
        let deviation = (x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(n) + 1e-5).squareRoot()
        #expect(relativeError(y, x.map { Float((Double($0) - mean) / deviation) }) < 1e-4)
        // Values that are all the same have no variance: only the bias is left, but for the rounding of mean / √epsilon in single precision.
        let flat = try Model(input: input, output: input.groupnorm(groups: 1)).predict(
            [Float](repeating: 7, count: n), shape: SIMD3(10, 10, 10))
        #expect(flat.allSatisfy { abs($0) <= 7 / Float(1e-5).squareRoot() * .ulpOfOne })
    }

    /// Every instruction set: activations and their slopes over the whole range of floats against the formulas in double precision.
    @Test(arguments: Kernels.available)
    func activationsFromEndToEnd(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.layers(set))
        var x: [Float] = [0, -0.0, 1e-30, -1e-30, 1e-6, -1e-6, 87, -87, 88.5, -88.5, 13.2, -13.2, 13.3, -13.3, 1e30, -1e30]
        x += (0..<4000).map { Float($0 - 2000) / 100 }
        func run(_ kernel: SKFlatFunction, _ a: [Float], _ b: [Float]? = nil) -> [Float] {
            var out = [Float](repeating: 0, count: a.count)
            let p = [Float](repeating: 0.5, count: 16)
            a.withUnsafeBufferPointer { a in
                (b ?? []).withUnsafeBufferPointer { b in
                    p.withUnsafeBufferPointer { p in
                        out.withUnsafeMutableBufferPointer { out in
                            var call = SKFlat(
                                out: out.baseAddress!, a: a.baseAddress, b: b.count > 0 ? b.baseAddress : nil, c: nil,
                                count: Int64(a.count),
                                p: p.baseAddress, sums: nil, accumulate: 0, flag: 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                            kernel(&call)
                        }
                    }
                }
            }
            return out
        }
        func normal(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
        func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        let ones = [Float](repeating: 1, count: x.count)
        let cases: [(String, [Float], (Double) -> Double)] = [
            ("leakyrelu", run(table.leakyRelu, x), { $0 > 0 ? $0 : $0 / 2 }),
            ("elu", run(table.elu, x), { $0 > 0 ? $0 : expm1($0) / 2 }),
            ("gelu", run(table.gelu, x), { $0 * normal($0) }),
            ("silu", run(table.silu, x), { $0 * logistic($0) }),
            ("leakyrelu's slope", run(table.leakyReluGradient, ones, run(table.leakyRelu, x)), { $0 > 0 ? 1 : 0.5 }),
            ("elu's slope", run(table.eluGradient, ones, run(table.elu, x)), { $0 > 0 ? 1 : exp($0) / 2 }),
            ("gelu's slope", run(table.geluGradient, ones, x), { normal($0) + $0 * exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot() }),
            ("silu's slope", run(table.siluGradient, ones, x), { logistic($0) + (abs($0) < 700 ? $0 * logistic($0) * logistic(-$0) : 0) }),
        ]
        for (name, found, exact) in cases {
            for (a, y) in zip(x, found) {
                let expected = exact(Double(a))
                #expect(abs(Double(y) - expected) <= 1e-6 * abs(expected) + 3e-7, "\(set) \(name) at \(a): \(y), not \(expected)")
            }
        }
        // Near 0 no digit is lost, and far tails stay good to five digits.
        func ratio(_ kernel: SKFlatFunction, _ a: Float, _ exact: Double) -> Double {
            Double(run(kernel, [Float](repeating: a, count: 16))[0]) / exact
        }
        for a in [Float(-1e-6), -1e-30, -3e-4] { #expect(abs(ratio(table.elu, a, expm1(Double(a)) / 2) - 1) < 3e-7) }
        for a in [Float(-2), -5, -9] { #expect(abs(ratio(table.gelu, a, Double(a) * normal(Double(a))) - 1) < 1e-5) }
        for kernel in [table.leakyRelu, table.elu, table.gelu, table.silu] {
            #expect(run(kernel, [Float](repeating: .nan, count: 16)).allSatisfy { $0.isNaN })
        }
    }

    @Test func softmaxOfExtremeValues() throws {
        let input = try Node.input(channels: 3)
        let model = try Model(input: input, output: input.softmax())
        // Three voxels: far apart, all the same and large, negative.
        let y = try model.predict([1e30, 300, -500, -1e30, 300, -501, 0, 300, -1000], shape: SIMD3(3, 1, 1))
        #expect(Array(y[0..<1]) == [1] && y[3] == 0 && y[6] == 0)
        for c in 0..<3 { #expect(abs(y[3 * c + 1] - 1 / 3) < 1e-6) }
        #expect(abs(Double(y[2]) - 1 / (1 + exp(-1.0))) < 1e-6 && y[8] == 0)
    }

    /// Whole channels of a sample are dropped, about the wanted share, others in each sample, step and seed, and the same ones backward.
    @Test func channelDropoutDropsChannels() throws {
        let input = try Node.input(channels: 64), voxels = 6
        let model = try Model(input: input, output: input.conv3d(filters: 256, kernel: SIMD3(1, 1, 1)).dropout(rate: 0.25, channels: true))
        let probe = try Probe(model, shape: SIMD3(3, 2, 1), batch: 2)
        let weights = [Float](repeating: 0, count: 256 * 64)
        try model.set(model.arrays[0].name, weights)
        try model.set(model.arrays[1].name, [Float](repeating: 3, count: 256))
        let x = [Float](repeating: 1, count: 2 * 64 * voxels)
        func kept(seed: UInt64, step: UInt64) throws -> [Bool] {
            let y = try probe.forward(x, seed: seed, step: step)
            return (0..<512).map { channel in
                let values = y[channel * voxels..<(channel + 1) * voxels]
                #expect(values.allSatisfy { $0 == values.first } && (values.first == 0 || values.first == 4))
                return values.first != 0
            }
        }
        let a = try kept(seed: 1, step: 5)
        #expect(abs(Double(a.count { !$0 }) / 512 - 0.25) < 0.08)
        #expect(Array(a[..<256]) != Array(a[256...]))
        #expect(try kept(seed: 1, step: 5) == a)
        #expect(try kept(seed: 1, step: 6) != a)
        #expect(try kept(seed: 2, step: 5) != a)
        _ = try probe.forward(x, seed: 1, step: 5)
        _ = try probe.backward([Float](repeating: 1, count: 512 * voxels), seed: 1, step: 5)
        let bias = try #require(probe.weightGradients.first { $0.name.hasSuffix("bias") }).values
        for c in 0..<256 {
            let samples: Float = (a[c] ? 1 : 0) + (a[256 + c] ? 1 : 0)
            #expect(abs(bias[c] - 8 * samples) < 1e-4)
        }
        // Prediction keeps everything.
        let predicted = try model.predict(Array(x[..<(64 * voxels)]), shape: SIMD3(3, 2, 1))
        #expect(predicted.allSatisfy { $0 == 3 })
    }

    /// Nearest repeats, trilinear keeps constants and ramps (but for half a voxel at each end).
    @Test func upsamplingKeepsWhatItShould() throws {
        let input = try Node.input(channels: 1), size = SIMD3(3, 2, 5)
        func up(_ method: Upsampling, _ x: [Float], _ shape: SIMD3<Int>) throws -> [Float] {
            // An average over all that one voxel became brings the size back.
            try Model(input: input, output: input.upsample(size: size, method: method).avgpool(size: size)).predict(x, shape: shape)
        }
        let shape = SIMD3(4, 3, 5)
        let x = (0..<60).map { Float($0 % 7) }
        #expect(relativeError(try up(.nearest, x, shape), x) < 1e-6)
        let flat = try up(.trilinear, [Float](repeating: 2.5, count: 60), shape)
        #expect(flat.allSatisfy { abs($0 - 2.5) < 1e-6 })
        let ramp = (0..<60).map { (i: Int) -> Float in Float(i % 4 + 10 * (i / 4 % 3) + 100 * (i / 12)) }
        let smooth = try up(.trilinear, ramp, shape)
        for z in 1..<4 {
            for x in 1..<3 {
                let place = z * 12 + 4 + x
                #expect(abs(smooth[place] - ramp[place]) < 1e-4)
            }
        }
    }

    @Test func argumentsAreChecked() throws {
        let x = try Node.input(channels: 6), one = try Node.input(channels: 1)
        for epsilon in [0, -1, 2, .nan, .infinity] {
            #expect(throws: NetworkError.self) { try x.instancenorm(epsilon: epsilon) }
            #expect(throws: NetworkError.self) { try x.groupnorm(groups: 2, epsilon: epsilon) }
            #expect(throws: NetworkError.self) { try x.layernorm(epsilon: epsilon) }
        }
        for groups in [0, -2, 4, 7, .max, .min] { #expect(throws: NetworkError.self) { try x.groupnorm(groups: groups) } }
        let wrong = NetworkError.argument(
            layer: "groupnorm", name: "groups", value: "4", expected: "a divisor of the 6 channels: 1, 2, 3, 6")
        #expect(throws: wrong) { try x.groupnorm(groups: 4) }
        for slope in [-0.1, 1.1, .nan] { #expect(throws: NetworkError.self) { try x.leakyrelu(slope: slope) } }
        for alpha in [-1, 1e9, .nan] { #expect(throws: NetworkError.self) { try x.elu(alpha: alpha) } }
        for rate in [-0.1, 1, .nan] { #expect(throws: NetworkError.self) { try x.dropout(rate: rate, channels: true) } }
        #expect(throws: NetworkError.self) { try one.softmax() }
        for n in [0, -1, 17, .max] { #expect(throws: NetworkError.self) { try x.upsample(size: SIMD3(1, n, 1)) } }
        // Too large where it meets a shape; the last pooling never happens.
        let model = try Model(input: one, output: one.upsample(size: SIMD3(16, 1, 1)).maxpool(size: SIMD3(16, 1, 1)))
        #expect(throws: NetworkError.self) { try model.summaryTable(shape: SIMD3(2000, 1, 1)) }
    }

    /// What is within 0 … 1 stays there in activations and upsampling, but not in a normalisation or dropout.
    @Test func probabilitiesAreKnown() throws {
        let x = try Node.input(channels: 2), p = try x.softmax()
        let sample = SampleArray([Sample(image: [0, 1, 2, 3], target: [0, 1, 1, 0], shape: SIMD3(2, 1, 1), name: "a")])
        func train(_ output: Node) throws {
            _ = try fit(Model(input: x, output: output), train: sample, valid: nil, options: FitOptions(epochs: 1, batch: 1))
        }
        try train(p)
        try train(p.leakyrelu().elu().gelu().silu().upsample(size: SIMD3(2, 1, 1), method: .trilinear).maxpool(size: SIMD3(2, 1, 1)))
        #expect(throws: NetworkError.self) { try train(p.instancenorm()) }
        #expect(throws: NetworkError.self) { try train(p.dropout(rate: 0.5, channels: true)) }
        #expect(throws: NetworkError.self) { try train(x.leakyrelu()) }
    }
}
