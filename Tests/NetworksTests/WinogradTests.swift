import Networks
import Support
import Testing

/// Layers that run by Winograd's algorithm against sums in double precision.
@Suite struct WinogradTests {
    struct Case: Sendable, CustomStringConvertible {
        let input, output: Int
        let shape: SIMD3<Int>
        let batch: Int
        let mean: Double
        var description: String { "\(input)→\(output) \(shape) batch \(batch) mean \(mean)" }
    }

    static let cases: [Case] = [
        Case(input: 16, output: 16, shape: SIMD3(13, 12, 11), batch: 1, mean: 0),
        Case(input: 8, output: 8, shape: SIMD3(9, 7, 10), batch: 2, mean: 0),
        Case(input: 17, output: 33, shape: SIMD3(8, 13, 5), batch: 1, mean: 0),
        Case(input: 8, output: 16, shape: SIMD3(12, 5, 7), batch: 1, mean: 0),
        Case(input: 32, output: 8, shape: SIMD3(5, 6, 9), batch: 1, mean: 0),
        Case(input: 16, output: 16, shape: SIMD3(1, 9, 33), batch: 1, mean: 0),
        Case(input: 16, output: 32, shape: SIMD3(6, 5, 4), batch: 1, mean: 0),
        Case(input: 16, output: 16, shape: SIMD3(101, 3, 3), batch: 1, mean: 0),
        Case(input: 16, output: 16, shape: SIMD3(12, 13, 11), batch: 1, mean: 1000),
    ]

    /// Every value's error is bounded by 2⁻²⁰ of the largest Σ |x| |w|, the sum of the magnitudes that a value is made of: the largest and not its own,
    /// since the values of a tile share their roundings. Direct sums stay within 2⁻²³ and F(4, 3) within 2⁻²⁰ · 0.53 on these cases.
    @Test(arguments: cases) func staysWithinItsErrorBound(_ c: Case) throws {
        let random = CounterRandom(seed: 7)
        let voxels = c.shape.x * c.shape.y * c.shape.z
        let x = (0..<c.batch * c.input * voxels).map { Float(c.mean + random.normal(at: UInt64($0))) }
        let g = (0..<c.batch * c.output * voxels).map { Float(random.normal(at: UInt64($0 + 1 << 30))) }
        let w = (0..<c.output * c.input * 27).map { Float(0.1 * random.normal(at: UInt64($0 + 1 << 40))) }
        let input = try Node.input(channels: c.input)
        let model = try Model(input: input, output: input.conv3d(filters: c.output, bias: false), seed: 1)
        let name = try #require(model.arrays.first?.name)
        try model.set(name, w)
        let probe = try Probe(model, shape: c.shape, batch: c.batch)
        let y = try probe.forward(x)
        let dx = try probe.backward(g)
        let dw = try #require(probe.weightGradients.first).values

        var exactY = [(Double, Double)](repeating: (0, 0), count: y.count), exactX = [(Double, Double)](repeating: (0, 0), count: x.count)
        var exactW = [(Double, Double)](repeating: (0, 0), count: w.count)
        func add(_ to: inout (Double, Double), _ a: Float, _ b: Float) {
            let p = Double(a) * Double(b)
            to.0 += p
            to.1 += abs(p)
        }
        let s = c.shape
        for n in 0..<c.batch {
            for o in 0..<c.output {
                for i in 0..<c.input {
                    for t in 0..<27 {
                        let d = SIMD3(t % 3 - 1, t / 3 % 3 - 1, t / 9 - 1)
                        let k = (o * c.input + i) * 27 + t
                        for z in max(0, -d.z)..<max(max(0, -d.z), min(s.z, s.z - d.z)) {
                            for yy in max(0, -d.y)..<max(max(0, -d.y), min(s.y, s.y - d.y)) {
                                for xx in max(0, -d.x)..<max(max(0, -d.x), min(s.x, s.x - d.x)) {
                                    let out = (n * c.output + o) * voxels + (z * s.y + yy) * s.x + xx
                                    let from = (n * c.input + i) * voxels + ((z + d.z) * s.y + yy + d.y) * s.x + xx + d.x
                                    add(&exactY[out], x[from], w[k])
                                    add(&exactX[from], g[out], w[k])
                                    add(&exactW[k], x[from], g[out])
                                }
                            }
                        }
                    }
                }
            }
        }
        func worst(_ found: [Float], _ exact: [(Double, Double)]) -> Double {
            let scale = exact.map(\.1).max() ?? 0
            return zip(found, exact).map { abs(Double($0) - $1.0) / scale }.max() ?? 0
        }
        #expect(worst(y, exactY) < 0x1p-20)
        #expect(worst(dx, exactX) < 0x1p-20)
        #expect(worst(dw, exactW) < 0x1p-20)
    }
}
