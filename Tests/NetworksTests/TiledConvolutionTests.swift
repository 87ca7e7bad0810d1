import Networks
import Support
import Testing

/// Convolutions over volumes that take many tiles, of all sorts that do not run by Winograd's algorithm: the output against plain loops in double precision, both gradients
/// as what they are, adjoints of the output's linear dependence on input and weights.
@Suite struct TiledConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let channels, filters: Int
        var kernel = SIMD3(3, 3, 3), stride = SIMD3(1, 1, 1), dilation = SIMD3(1, 1, 1)
        var groups = 1
        let shape: SIMD3<Int>
        var testDescription: String { "\(channels)→\(filters), kernel \(kernel), stride \(stride), dilation \(dilation), groups \(groups)" }
    }

    static let cases = [
        Case(channels: 17, filters: 3, dilation: SIMD3(2, 3, 4), shape: SIMD3(33, 27, 22)),
        Case(channels: 5, filters: 16, dilation: SIMD3(8, 8, 8), shape: SIMD3(40, 35, 21)),
        Case(channels: 16, filters: 5, kernel: SIMD3(2, 3, 2), stride: SIMD3(2, 2, 1), dilation: SIMD3(1, 3, 5), shape: SIMD3(32, 36, 25)),
        Case(channels: 3, filters: 17, kernel: SIMD3(5, 5, 5), shape: SIMD3(41, 23, 24)),
        Case(channels: 21, filters: 8, kernel: SIMD3(1, 1, 1), stride: SIMD3(2, 3, 1), shape: SIMD3(40, 33, 20)),
        Case(channels: 17, filters: 17, groups: 17, shape: SIMD3(33, 70, 23)),
        Case(channels: 17, filters: 34, stride: SIMD3(2, 1, 2), dilation: SIMD3(1, 2, 1), groups: 17, shape: SIMD3(36, 43, 26)),
        Case(channels: 3, filters: 3, kernel: SIMD3(5, 3, 4), stride: SIMD3(3, 2, 1), groups: 3, shape: SIMD3(66, 80, 21)),
        Case(channels: 2, filters: 8, kernel: SIMD3(3, 2, 5), dilation: SIMD3(2, 2, 3), groups: 2, shape: SIMD3(65, 30, 31)),
        Case(channels: 16, filters: 32, kernel: SIMD3(5, 5, 5), groups: 16, shape: SIMD3(33, 40, 24)),
        Case(channels: 24, filters: 48, dilation: SIMD3(2, 2, 2), groups: 6, shape: SIMD3(20, 18, 17)),
    ]

    private func draws(_ n: Int, _ seed: UInt64) -> [Float] {
        let random = CounterRandom(seed: seed)
        return (0..<n).map { Float(random.normal(at: UInt64($0))) }
    }

    private func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }

    @Test(arguments: cases)
    func agreesWithPlainLoops(_ c: Case) throws {
        let input = try Node.input(channels: c.channels)
        let convolved = try input.conv3d(
            filters: c.filters, kernel: c.kernel, stride: c.stride, dilation: c.dilation, bias: false, groups: c.groups)
        // Back to the input's size, every value once: a kernel of one tap writes to one voxel of each window.
        let one = SIMD3(1, 1, 1)
        let output = try c.stride == one ? convolved : convolved.upconv3d(filters: c.filters, kernel: one, stride: c.stride)
        let model = try Model(input: input, output: output, seed: 1)
        if c.stride != one {
            try model.set(model.arrays[1].name, (0..<c.filters * c.filters).map { $0 / c.filters == $0 % c.filters ? 1 : 0 })
        }
        let name = model.arrays[0].name, count = model.arrays[0].values.count
        let probe = try Probe(model, shape: c.shape)
        let coarse = (c.shape &+ c.stride &- 1) / c.stride
        let fine = c.shape.x * c.shape.y * c.shape.z
        /// The convolution's own values among the output's.
        func own(_ values: [Float]) -> [Float] {
            var out: [Float] = []
            for f in 0..<c.filters {
                for z in 0..<coarse.z {
                    for y in 0..<coarse.y {
                        for x in 0..<coarse.x {
                            out.append(values[f * fine + (z * c.stride.z * c.shape.y + y * c.stride.y) * c.shape.x + x * c.stride.x])
                        }
                    }
                }
            }
            return out
        }
        func run(_ weights: [Float], _ x: [Float]) throws -> [Float] {
            try model.set(name, weights)
            return try probe.forward(x)
        }

        let w = draws(count, 1), x = draws(c.channels * fine, 2), g = draws(c.filters * fine, 3)
        #expect(relativeError(own(try run(w, x)), plain(c, w, x, coarse)) < 1e-6)
        let gradient = try probe.backward(g)
        let slope = try #require(probe.weightGradients.first { $0.name == name }).values
        let size = dot(g, g).squareRoot()
        for seed in 4..<7 as Range<UInt64> {
            let otherX = draws(x.count, seed), otherW = draws(count, seed + 10)
            let byInput = try run(w, otherX), byWeights = try run(otherW, x)
            #expect(abs(dot(gradient, otherX) - dot(byInput, g)) < 1e-5 * size * dot(byInput, byInput).squareRoot())
            #expect(abs(dot(slope, otherW) - dot(byWeights, g)) < 1e-5 * size * dot(byWeights, byWeights).squareRoot())
        }
    }

    private func plain(_ c: Case, _ w: [Float], _ x: [Float], _ out: SIMD3<Int>) -> [Float] {
        let each = c.channels / c.groups, filtersEach = c.filters / c.groups
        let extent = (out &- 1) &* c.stride &+ (c.kernel &- 1) &* c.dilation &+ 1 &- c.shape
        let before = SIMD3(max(0, extent.x) / 2, max(0, extent.y) / 2, max(0, extent.z) / 2)
        var result = [Float](repeating: 0, count: c.filters * out.x * out.y * out.z)
        let taps = c.kernel.x * c.kernel.y * c.kernel.z, voxels = c.shape.x * c.shape.y * c.shape.z
        result.withUnsafeMutableBufferPointer { result in
            let shared = Unchecked(result)
            Parallel.forEach(c.filters * out.z) { task in
                let f = task / out.z, oz = task % out.z
                for oy in 0..<out.y {
                    for ox in 0..<out.x {
                        var sum = 0.0
                        for tap in 0..<taps {
                            let t = SIMD3(tap % c.kernel.x, tap / c.kernel.x % c.kernel.y, tap / c.kernel.x / c.kernel.y)
                            let p = SIMD3(ox, oy, oz) &* c.stride &+ t &* c.dilation &- before
                            if p.x < 0 || p.y < 0 || p.z < 0 || p.x >= c.shape.x || p.y >= c.shape.y || p.z >= c.shape.z { continue }
                            let voxel = (p.z * c.shape.y + p.y) * c.shape.x + p.x
                            for i in 0..<each {
                                sum +=
                                    Double(w[(f * each + i) * taps + tap]) * Double(x[(f / filtersEach * each + i) * voxels + voxel])
                            }
                        }
                        shared.value[((f * out.z + oz) * out.y + oy) * out.x + ox] = Float(sum)
                    }
                }
            }
        }
        return result
    }
}
