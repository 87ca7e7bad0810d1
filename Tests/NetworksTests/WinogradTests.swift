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
        var stride = SIMD3(1, 1, 1)
        var transposed = false
        var description: String {
            "\(input)→\(output) \(shape) batch \(batch) mean \(mean) stride \(stride)" + (transposed ? " transposed" : "")
        }
        /// The grid of the output.
        var end: SIMD3<Int> { transposed ? shape &* stride : (shape &+ stride &- 1) / stride }
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
        Case(input: 16, output: 8, shape: SIMD3(13, 11, 10), batch: 1, mean: 0, stride: SIMD3(2, 2, 2), transposed: true),
        Case(input: 8, output: 17, shape: SIMD3(11, 10, 7), batch: 2, mean: 0, stride: SIMD3(2, 2, 2), transposed: true),
        Case(input: 32, output: 16, shape: SIMD3(12, 13, 10), batch: 1, mean: 1000, stride: SIMD3(2, 2, 2), transposed: true),
        Case(input: 8, output: 8, shape: SIMD3(17, 13, 10), batch: 1, mean: 0, stride: SIMD3(1, 2, 2), transposed: true),
        Case(input: 16, output: 8, shape: SIMD3(26, 22, 20), batch: 1, mean: 0, stride: SIMD3(2, 2, 2)),
        Case(input: 8, output: 16, shape: SIMD3(20, 22, 14), batch: 2, mean: 0, stride: SIMD3(2, 2, 2)),
        Case(input: 8, output: 8, shape: SIMD3(17, 26, 20), batch: 1, mean: 100, stride: SIMD3(1, 2, 2)),
        // Of a single channel: odd lengths, several pieces of a line and tasks along each axis, volumes too thin for it, and too few filters.
        Case(input: 1, output: 16, shape: SIMD3(13, 12, 11), batch: 1, mean: 0),
        Case(input: 1, output: 17, shape: SIMD3(9, 7, 5), batch: 2, mean: 0),
        Case(input: 1, output: 16, shape: SIMD3(8, 4, 2), batch: 1, mean: 0),
        Case(input: 1, output: 32, shape: SIMD3(97, 5, 3), batch: 2, mean: 0),
        Case(input: 1, output: 9, shape: SIMD3(11, 35, 19), batch: 2, mean: 0),
        Case(input: 1, output: 16, shape: SIMD3(161, 9, 7), batch: 1, mean: 1000),
        Case(input: 1, output: 16, shape: SIMD3(5, 7, 9), batch: 2, mean: 0),
        Case(input: 1, output: 8, shape: SIMD3(13, 12, 11), batch: 1, mean: 0),
    ]

    /// Every value's error is bounded by 2⁻²⁰ of the largest Σ |x| |w|, the sum of the magnitudes that a value is made of: the largest and not its own,
    /// since the values of a tile share their roundings. Direct sums stay within 2⁻²³ and F(4, 3) within 2⁻²⁰ · 0.53 on these cases.
    @Test(arguments: cases) func staysWithinItsErrorBound(_ c: Case) throws {
        let random = CounterRandom(seed: 7)
        func count(_ s: SIMD3<Int>) -> Int { s.x * s.y * s.z }
        let x = (0..<c.batch * c.input * count(c.shape)).map { Float(c.mean + random.normal(at: UInt64($0))) }
        let g = (0..<c.batch * c.output * count(c.end)).map { Float(random.normal(at: UInt64($0 + 1 << 30))) }
        let w = (0..<c.output * c.input * 27).map { Float(0.1 * random.normal(at: UInt64($0 + 1 << 40))) }
        let probe = try ConvolutionProbe.layer(
            input: c.input, output: c.output, stride: c.stride, transposed: c.transposed, shape: c.shape, batch: c.batch, weights: w)
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
        // A convolution relates fine = coarse · stride + tap − before, with one plane before where the stride is 1 and none where it is 2.
        let fine = c.transposed ? c.end : c.shape, coarse = c.transposed ? c.shape : c.end
        let before = SIMD3(2 - c.stride.x, 2 - c.stride.y, 2 - c.stride.z)
        func place(_ s: SIMD3<Int>, _ at: SIMD3<Int>) -> Int { (at.z * s.y + at.y) * s.x + at.x }
        for n in 0..<c.batch {
            for o in 0..<c.output {
                for i in 0..<c.input {
                    for t in 0..<27 {
                        let tap = SIMD3(t % 3, t / 3 % 3, t / 9)
                        // PyTorch's order: transposed convolutions have the input channels first.
                        let k = (c.transposed ? i * c.output + o : o * c.input + i) * 27 + t
                        for v in 0..<count(coarse) {
                            let at = SIMD3(v % coarse.x, v / coarse.x % coarse.y, v / coarse.x / coarse.y)
                            let f = at &* c.stride &+ tap &- before
                            if any(f .< 0) || any(f .>= fine) { continue }
                            let out = (n * c.output + o) * count(c.end) + place(c.end, c.transposed ? f : at)
                            let from = (n * c.input + i) * count(c.shape) + place(c.shape, c.transposed ? at : f)
                            add(&exactY[out], x[from], w[k])
                            add(&exactX[from], g[out], w[k])
                            add(&exactW[k], x[from], g[out])
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
