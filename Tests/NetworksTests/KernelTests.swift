import CKernels
import Glibc
import Kernels
import Networks
import Support
import Testing

/// Copies of arrays that live as long as this.
private final class Memory {
    private var held: [UnsafeMutableRawPointer] = []

    func hold<T: BitwiseCopyable>(_ values: [T]) -> UnsafeMutablePointer<T> {
        let p = UnsafeMutablePointer<T>.allocate(capacity: values.count)
        for (i, v) in values.enumerated() { p[i] = v }
        held.append(UnsafeMutableRawPointer(p))
        return p
    }

    deinit { for p in held { p.deallocate() } }
}

/// Each instruction set that the processor has gives what plain loops give.
@Suite struct KernelTests {
    static let sets = Kernels.available

    private func numbers(_ n: Int, _ seed: UInt64) -> [Float] {
        let random = CounterRandom(seed: seed)
        return (0..<n).map { Float(random.normal(at: UInt64($0))) }
    }

    private func table(_ set: Kernels.InstructionSet) throws -> SKTable { try #require(Kernels.table(set)) }

    @Test(arguments: sets)
    func convolutionRows(_ set: Kernels.InstructionSet) throws {
        let table = try table(set)
        for lanes in [16, 8] {
            for (count, step, length) in [(1, 16, 48), (5, 16, 48), (6, 16, 16), (13, 1, 3), (27, 3, 7), (29, 8, 24), (160, 16, 48)] {
                let source = numbers(40 * 1000, 1), weights = numbers(3 * (length + 2) * lanes, 2), bias = numbers(16, 3)
                let scale = numbers(16, 4), shift = numbers(16, 5), start = numbers(count * lanes, 6)
                let offsets: [Int64] = [0, 200, 77]
                for mode in 0..<4 {
                    let skip = mode == 3 ? 2 * lanes : 0
                    var out = start
                    let memory = Memory()
                    var call = SKConvRow(
                        source: memory.hold(source), offsets: memory.hold(offsets), groups: 3, length: Int64(length), step: Int64(step),
                        weights: memory.hold(weights), weightSkip: Int64(skip), out: memory.hold(out), outStep: Int64(lanes), count: Int64(count),
                        bias: mode == 0 ? nil : UnsafePointer(memory.hold(bias)),
                        scale: mode == 2 ? UnsafePointer(memory.hold(scale)) : nil,
                        shift: mode == 2 ? UnsafePointer(memory.hold(shift)) : nil, accumulate: mode == 0 ? 1 : 0, relu: mode == 2 ? 1 : 0,
                        width: Int32(lanes))
                    (lanes == 16 ? table.conv16 : table.conv8)(&call)
                    out = withExtendedLifetime(memory) { (0..<out.count).map { call.out[$0] } }
                    var expected = [Float](repeating: 0, count: count * lanes)
                    for v in 0..<count {
                        for lane in 0..<lanes {
                            var sum = mode == 0 ? Double(start[v * lanes + lane]) : Double(bias[lane])
                            for g in 0..<3 {
                                for j in 0..<length {
                                    sum += Double(source[Int(offsets[g]) + v * step + j]) * Double(weights[(g * length + j) * lanes + g * skip + lane])
                                }
                            }
                            if mode == 2 { sum = max(0, sum * Double(scale[lane]) + Double(shift[lane])) }
                            expected[v * lanes + lane] = Float(sum)
                        }
                    }
                    #expect(relativeError(out, expected) < 1e-6, "\(set) \(lanes) lanes, \(count) voxels, step \(step), mode \(mode)")
                }
            }
        }
    }

    @Test(arguments: sets)
    func weightRows(_ set: Kernels.InstructionSet) throws {
        let table = try table(set)
        for lanes in [16, 8] {
            for (entries, spread, xStep) in [(48, 1, 16), (5, 9, 1), (27, 11, 1), (50, 1, 3), (1, 1, 16)] {
                let x = numbers(20_000, 1), g = numbers(8_000, 2)
                let offsets = (0..<entries).map { Int64($0 * spread) }
                var sum = numbers(entries * lanes, 3)
                var expected = sum.map(Double.init)
                for e in 0..<entries {
                    for r in 0..<3 {
                        for v in 0..<19 {
                            for lane in 0..<lanes {
                                expected[e * lanes + lane] +=
                                    Double(x[Int(offsets[e]) + r * 700 + v * xStep]) * Double(g[r * 900 + v * 2 * lanes + lane])
                            }
                        }
                    }
                }
                let memory = Memory()
                var call = SKWeightRows(
                    x: memory.hold(x), offsets: memory.hold(offsets), entries: Int64(entries), xStep: Int64(xStep), xRow: 700,
                    g: memory.hold(g), gStep: Int64(2 * lanes), gRow: 900, count: 19, rows: 3, sum: memory.hold(sum))
                (lanes == 16 ? table.weights16 : table.weights8)(&call)
                sum = withExtendedLifetime(memory) { (0..<sum.count).map { call.sum[$0] } }
                #expect(relativeError(sum, expected.map(Float.init)) < 1e-6, "\(set) \(lanes) lanes, \(entries) entries")
            }
        }
    }

    /// Elementwise kernels and sums: every set against the baseline.
    @Test(arguments: sets)
    func elementwiseAgreesWithTheBaseline(_ set: Kernels.InstructionSet) throws {
        let a = numbers(1008, 1).map { $0 * 3 }, b = numbers(1008, 2), c = numbers(1008, 3), p = numbers(96, 4)
        func run(_ table: SKTable) -> [[Float]] {
            let kernels = [
                table.affine, table.relu, table.reluGradient, table.normGradient, table.sigmoid, table.sigmoidGradient, table.dropout,
                table.add,
                table.linear, table.sums, table.normGradientSums,
            ]
            return kernels.map { kernel in
                let memory = Memory()
                let sums = memory.hold([Double](repeating: 0, count: 96))
                var call = SKFlat(
                    out: memory.hold(c), a: memory.hold(a), b: memory.hold(b), c: memory.hold(c), count: 1003, p: memory.hold(p),
                    sums: sums,
                    accumulate: 1, flag: 1, key: 5, key2: 6, threshold: 1 << 30, index: 32, half: 0)
                kernel(&call)
                return withExtendedLifetime(memory) { (0..<1003).map { call.out[$0] } + (0..<96).map { Float(sums[$0]) } }
            }
        }
        let expected = run(try table(.baseline)), found = run(try table(set))
        for (k, (x, y)) in zip(found, expected).enumerated() { #expect(relativeError(x, y) < 1e-6, "\(set), kernel \(k)") }
        // The baseline itself: the sigmoid against the real one, and sums that stop at the count.
        for i in 0..<1003 {
            let exact = Double(p[i % 16]) / (1 + exponential(-Double(a[i]))) + Double(c[i])
            #expect(abs(Double(expected[4][i]) - exact) < 1e-6 * (1 + abs(exact)))
        }
        let sum = (0..<1003).reduce(0.0) { $0 + Double(a[$1]) }
        #expect(abs(expected[9][1003..<1019].reduce(0.0) { $0 + Double($1) } - sum) < 1e-4)
    }

    /// What counts as inside: at least a half, as in a mask of probabilities.
    @Test(arguments: sets)
    func overlapCountsAHalf(_ set: Kernels.InstructionSet) throws {
        let p = [Float(0.5), Float(0.5).nextDown, Float(0.5).nextUp, 0.5, 1, 0] + [Float](repeating: 1, count: 26)
        let t: [Float] = [1, 1, 1, 0.5, 0, 1] + [Float](repeating: 1, count: 26)
        let memory = Memory()
        let sums = memory.hold([Double](repeating: 0, count: 96))
        var call = SKLoss(
            probabilities: memory.hold(p), targets: memory.hold(t), out: nil, count: 6, p: nil, sums: sums, kind: Int32(SKLossNone), by: 0,
            gamma: 0, positive: 1, negative: 1)
        try #require(Kernels.training(set)).lossSums(&call)
        let counts = withExtendedLifetime(memory) { (3..<6).map { row in (0..<16).reduce(0.0) { $0 + sums[16 * row + $1] } } }
        #expect(counts == [3, 4, 5])
    }

    private func exponential(_ x: Double) -> Double { Glibc.exp(x) }
}
