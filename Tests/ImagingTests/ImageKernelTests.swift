import CKernels
import Imaging
import Kernels
import Testing

/// Each instruction set against one value at a time.
@Suite struct ImageKernelTests {
    private let values = (0..<1027).map { Float(($0 * 7919) % 1009) * 0.37 - 91 }

    @Test(arguments: Kernels.available) func momentsAndExtentOverAnyLength(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.images(set))
        for n in [1, 7, 15, 16, 17, 31, 33, 1000, 1027] {
            values.withUnsafeBufferPointer { v in
                let pivot = Double(v[0])
                func run(_ ranges: Range<Int>...) -> [Double] {
                    var sums = [Double](repeating: 0, count: 32)
                    for range in ranges {
                        sums.withUnsafeMutableBufferPointer { sums in
                            var m = SKMoments(in: v.baseAddress! + range.lowerBound, count: Int64(range.count), pivot: pivot, sums: sums.baseAddress!)
                            table.moments(&m)
                        }
                    }
                    return sums
                }
                var expected = [Double](repeating: 0, count: 32)
                for i in 0..<n {
                    let d = Double(v[i]) - pivot
                    expected[i % 16] += d
                    expected[16 + i % 16] += d * d
                }
                // To the bit, in one call or in several.
                #expect(run(0..<n) == expected && run(0..<n / 32 * 16, n / 32 * 16..<n) == expected)
                var e = SKExtent(in: v.baseAddress!, count: Int64(n), low: 0, high: 0, check: 1)
                table.extent(&e)
                #expect(e.low == v[..<n].min() && e.high == v[..<n].max() && e.check == 0)
            }
        }
        for bad in [Float.nan, .infinity, -.infinity] {
            for place in [0, 5, 20, 36] {
                var v = Array(values[..<37])
                v[place] = bad
                v.withUnsafeBufferPointer { v in
                    var e = SKExtent(in: v.baseAddress!, count: 37, low: 0, high: 0, check: 0)
                    table.extent(&e)
                    #expect(e.check != 0, "\(bad) at \(place)")
                }
            }
        }
    }

    /// From any alignment of source and result, and not a float beyond.
    @Test(arguments: Kernels.available) func stretchOverAnyLengthAndPlace(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.images(set))
        for n in [1, 15, 16, 17, 40, 100, 1000] {
            for shift in [0, 1, 3, 15] {
                var out = [Float](repeating: -5, count: n + shift + 1)
                values.withUnsafeBufferPointer { v in
                    out.withUnsafeMutableBufferPointer { out in
                        var call = SKStretch(
                            in: v.baseAddress! + 2, out: out.baseAddress! + shift, count: Int64(n), pivot: 3.25, scale: 0.125, offset: 1.5, low: -4,
                            high: 30)
                        table.stretch(&call)
                    }
                }
                let expected = (0..<n).map { max(-4, min(30, Float((Double(values[$0 + 2]) - 3.25) * 0.125 + 1.5))) }
                #expect(Array(out[shift..<n + shift]) == expected && out[n + shift] == -5)
                #expect(out[..<shift].allSatisfy { $0 == -5 })
            }
        }
    }

    /// Values on borders, just beside them, outside, and none; with a table for each lane and with one.
    @Test(arguments: Kernels.available) func everyValueIsInItsBin(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.images(set))
        for (low, high, bins) in [(-3.7, 91.3, 10), (0, 1, 7), (-91, 282, 373), (0.1, 0.3, 1000), (5, 5.000001, 2)] {
            let width = (high - low) / Double(bins), edges = (0...bins).map { $0 == bins ? high : low + width * Double($0) }
            let beside = edges.flatMap { [Float($0), Float($0).nextUp, Float($0).nextDown] }
            let all = values + beside + [.nan, .infinity, -.infinity, 0, Float(low), Float(high)]
            for (n, tables) in [(all.count, 4), (all.count, 1), (all.count - 3, 4), (3, 1)] {
                let stride = tables == 4 ? bins + 2 : 0
                var counts = [UInt32](repeating: 0, count: tables * (bins + 2))
                all.withUnsafeBufferPointer { v in
                    counts.withUnsafeMutableBufferPointer { c in
                        var call = SKBinCounts(
                            in: v.baseAddress!, count: Int64(n), bins: Int64(bins), stride: Int64(stride), low: low, high: high, width: width,
                            scale: Double(bins) / (high - low), counts: c.baseAddress!)
                        table.binCounts(&call)
                    }
                }
                var expected = [UInt32](repeating: 0, count: bins)
                for x in all[..<n].map({ Double($0) }) where x >= low && x <= high {
                    expected[edges.lastIndex { $0 <= x }.map { min($0, bins - 1) } ?? 0] += 1
                }
                for b in 0..<bins {
                    #expect((0..<tables).reduce(0) { $0 + counts[$1 * stride + b + 2] } == expected[b], "\(low) … \(high), bin \(b)")
                }
            }
        }
    }

    @Test(arguments: Kernels.available) func medianOf27(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.images(set))
        let stride = 64
        let lines = (0..<9 * stride).map { Float(($0 * 48271) % 32749) }
        var sorted = [Float](repeating: 0, count: 9 * stride), out = [Float](repeating: 0, count: stride)
        lines.withUnsafeBufferPointer { l in
            sorted.withUnsafeMutableBufferPointer { s in
                out.withUnsafeMutableBufferPointer { o in
                    var call = SKMedian(lines: l.baseAddress!, sorted: s.baseAddress!, out: o.baseAddress!, count: 32, stride: Int64(stride))
                    table.median27(&call)
                }
            }
        }
        for i in 0..<32 {
            let window = (0..<9).flatMap { r in lines[r * stride + i...r * stride + i + 2] }.sorted()
            #expect(out[i] == window[13])
        }
    }
}
