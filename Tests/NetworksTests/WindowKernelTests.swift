import CKernels
import Kernels
import Networks
import Support
import Testing

/// Pooling, gates and depthwise rows: each instruction set that the processor has gives what plain loops give.
@Suite struct WindowKernelTests {
    static let sets = Kernels.available

    private func numbers(_ n: Int, _ seed: UInt64) -> [Float] {
        let random = CounterRandom(seed: seed)
        return (0..<n).map { Float(random.normal(at: UInt64($0))) }
    }

    @Test(arguments: sets)
    func depthwiseRows(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.table(set))
        for (run, step, count) in [(3, 16, 16), (3, 16, 208), (5, 16, 80), (1, 16, 208), (1, 16, 37), (1, 32, 112), (1, 48, 80)] {
            let taps = 15
            let source = numbers(4000, 1), start = numbers(16, 3), gradient = numbers(1000, 4)
            var weights = numbers(taps * 16, 2)
            let offsets = (0..<taps).map { Int64($0 / run * 112 + $0 % run * 16) }
            var out = [Float](repeating: 0, count: 256)
            var expected = [Float](repeating: 0, count: count)
            var slopes = weights
            for i in 0..<count {
                var sum = Double(start[i % 16])
                for t in 0..<taps {
                    for r in 0..<2 {
                        let at = Int(offsets[t]) + r * 700 + i / 16 * step + i % 16
                        if r == 0 { sum += Double(source[at]) * Double(weights[t * 16 + i % 16]) }
                        slopes[t * 16 + i % 16] += source[at] * gradient[r * 300 + i]
                    }
                }
                expected[i] = Float(sum)
            }
            source.withUnsafeBufferPointer { source in
                gradient.withUnsafeBufferPointer { gradient in
                    offsets.withUnsafeBufferPointer { offsets in
                        start.withUnsafeBufferPointer { start in
                            weights.withUnsafeMutableBufferPointer { weights in
                                out.withUnsafeMutableBufferPointer { out in
                                    var call = SKDepthwiseRow(
                                        source: source.baseAddress!, offsets: offsets.baseAddress!, taps: Int64(taps), run: Int64(run),
                                        step: Int64(step), weights: weights.baseAddress!, start: start.baseAddress!, out: out.baseAddress!,
                                        count: Int64(count), gradient: gradient.baseAddress!, row: 700, gradientRow: 300, rows: 2)
                                    table.depthwise(&call)
                                    table.depthwiseWeights(&call)
                                }
                            }
                        }
                    }
                }
            }
            #expect(relativeError(Array(out[0..<count]), expected) < 1e-6, "\(set), run \(run), step \(step), \(count) floats")
            #expect(out[((count + 15) / 16 * 16)...].allSatisfy { $0 == 0 })
            #expect(relativeError(weights, slopes) < 1e-6, "\(set), gradient, step \(step), \(count) floats")
        }
    }

    /// A row of four windows of 3×2×2 that step by 2 and hang over both ends of lines of 7 voxels.
    @Test(arguments: sets)
    func windows(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.table(set))
        for width in [1, 2, 4, 8, 16] {
            let x = numbers(4 * 7 * width, 1), gradient = numbers(4 * width, 2)
            var largest = [Float](repeating: 0, count: 4 * width), means = largest
            var fromLargest = [Float](repeating: 0, count: x.count), fromMeans = fromLargest
            for v in 0..<4 {
                let inside = max(0, 2 * v - 1)..<min(7, 2 * v + 2)
                for lane in 0..<width {
                    let places = (0..<4).flatMap { line in inside.map { (line * 7 + $0) * width + lane } }
                    let best = places.max { x[$0] < x[$1] }!
                    largest[v * width + lane] = x[best]
                    means[v * width + lane] = Float(places.reduce(0.0) { $0 + Double(x[$1]) } / Double(places.count))
                    // Of two planes only the second is written.
                    if best >= 2 * 7 * width { fromLargest[best] += gradient[v * width + lane] }
                    for place in places where place >= 2 * 7 * width {
                        fromMeans[place] += gradient[v * width + lane] / Float(places.count)
                    }
                }
            }
            for (forward, backward, values, slopes) in [
                (table.windowMax, table.windowMaxGradient, largest, fromLargest),
                (table.windowMean, table.windowMeanGradient, means, fromMeans),
            ] {
                var out = [Float](repeating: 0, count: 4 * width + 1), into = [Float](repeating: 0, count: x.count)
                x.withUnsafeBufferPointer { x in
                    gradient.withUnsafeBufferPointer { gradient in
                        out.withUnsafeMutableBufferPointer { out in
                            into.withUnsafeMutableBufferPointer { into in
                                var call = SKWindowRow(
                                    in: x.baseAddress!, row: Int64(7 * width), plane: Int64(14 * width), length: 7, out: out.baseAddress!,
                                    count: 4, start: -1, step: 2, wx: 3, wy: 2, wz: 2, width: Int64(width), gradient: gradient.baseAddress!,
                                    gradientIn: into.baseAddress!, firstPlane: 1, lastPlane: 2)
                                forward(&call)
                                backward(&call)
                            }
                        }
                    }
                }
                #expect(relativeError(Array(out.dropLast()), values) < 1e-6 && out.last == 0, "\(set), width \(width)")
                #expect(relativeError(into, slopes) < 1e-6, "\(set), gradient, width \(width)")
            }
        }
    }

    /// What works on a part of a tensor writes the count and nothing beyond it.
    @Test(arguments: sets)
    func gates(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.table(set))
        for (width, voxels) in [(16, 3), (8, 5), (4, 7), (2, 9), (1, 37)] {
            let a = numbers(512, 1), b = numbers(512, 2), p = numbers(16, 3), before = numbers(512, 4), count = width * voxels
            for accumulate in [0, 1] {
                func start(_ i: Int) -> Float { accumulate == 1 ? before[i] : 0 }
                func run(_ kernel: SKFlatFunction, count: Int) -> ([Float], [Double]) {
                    var out = before
                    var sums = [Double](repeating: 0, count: 16)
                    a.withUnsafeBufferPointer { a in
                        b.withUnsafeBufferPointer { b in
                            p.withUnsafeBufferPointer { p in
                                out.withUnsafeMutableBufferPointer { out in
                                    sums.withUnsafeMutableBufferPointer { sums in
                                        var call = SKFlat(
                                            out: out.baseAddress!, a: a.baseAddress!, b: b.baseAddress!, c: nil, count: Int64(count),
                                            p: p.baseAddress!, sums: sums.baseAddress!, accumulate: Int32(accumulate), flag: Int32(width),
                                            key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                                        kernel(&call)
                                    }
                                }
                            }
                        }
                    }
                    return (out, sums)
                }
                func check(_ kernel: SKFlatFunction, _ n: Int, _ count: Int, _ name: String, _ value: (Int) -> Float) {
                    let (out, _) = run(kernel, count: count)
                    #expect(relativeError(Array(out[0..<n]), (0..<n).map(value)) < 1e-6, "\(set), \(name), width \(width)")
                    #expect(out[n...] == before[n...], "\(set), \(name), width \(width)")
                }
                check(table.scaled, count, count, "scaled") { start($0) + a[$0] * p[$0 % 16] }
                check(table.filled, count, count, "filled") { start($0) + p[$0 % 16] }
                check(table.gated, count, voxels, "gated") { start($0) + a[$0] * b[$0 / width] }
                check(table.gateDots, voxels, voxels, "gateDots") { v in
                    (0..<width).reduce(start(v)) { $0 + a[v * width + $1] * b[v * width + $1] }
                }
                let (_, sums) = run(table.productSums, count: count)
                let expected = (0..<16).map { lane in
                    stride(from: lane, to: count, by: 16).reduce(0.0) { $0 + Double(a[$1]) * Double(b[$1]) }
                }
                for lane in 0..<16 { #expect(abs(sums[lane] - expected[lane]) < 1e-12) }
            }
        }
    }
}
