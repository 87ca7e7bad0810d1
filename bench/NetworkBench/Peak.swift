import CKernels
import Kernels
import Support

/// What this machine can do at most, to judge the layers by: multiply–adds of single precision in the instruction set in use, and memory bandwidth.
func timePeak() {
    for threads in [1, Parallel.threads] {
        Parallel.threads = threads
        print("\(threads) thread\(threads > 1 ? "s" : ""): \(Text.fixed(multiplyAdds(), 1)) GFLOP/s float32; \(bandwidths())")
    }
}

/// GFLOP/s of independent multiply–adds between registers.
private func multiplyAdds() -> Double {
    let count = 1 << 24
    let factor = [Float](repeating: 0.5, count: 16), addend = [Float](repeating: 0.25, count: 16)
    let seconds = best(of: 5) {
        Parallel.forEach(Parallel.threads) { _ in
            var sums = [Float](repeating: 0, count: 192)
            sums.withUnsafeMutableBufferPointer { sums in
                factor.withUnsafeBufferPointer { a in
                    addend.withUnsafeBufferPointer { b in
                        var call = SKFlat(
                            out: sums.baseAddress!, a: a.baseAddress, b: b.baseAddress, c: nil, count: Int64(count), p: nil, sums: nil,
                            accumulate: 0,
                            flag: 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                        Kernels.table.peak(&call)
                    }
                }
            }
        }
    }
    return Double(Parallel.threads) * Double(count) * 192 * 2 / seconds / 1e9
}

/// GB/s over arrays that no cache holds, counted as STREAM does, without the reading of lines that are about to be overwritten.
private func bandwidths() -> String {
    let n = 1 << 26, piece = 1 << 16
    let arrays = Unchecked((0..<3).map { _ in UnsafeMutablePointer<Float>.allocate(capacity: n) })
    defer { for array in arrays.value { array.deallocate() } }
    for array in arrays.value {
        let array = Unchecked(array)
        Parallel.ranges(n, grain: piece) { range in (array.value + range.lowerBound).initialize(repeating: 0.5, count: range.count) }
    }
    func run(_ function: SKFlatFunction, streams: Int) -> String {
        let function = Unchecked(function)
        let seconds = best(of: 5) {
            Parallel.ranges(n, grain: piece) { range in
                var sums = [Double](repeating: 0, count: 32)
                sums.withUnsafeMutableBufferPointer { sums in
                    var call = SKFlat(
                        out: arrays.value[0] + range.lowerBound, a: UnsafePointer(arrays.value[1] + range.lowerBound),
                        b: UnsafePointer(arrays.value[2] + range.lowerBound), c: nil, count: Int64(range.count), p: nil,
                        sums: sums.baseAddress,
                        accumulate: 0, flag: 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                    function.value(&call)
                }
            }
        }
        return Text.fixed(Double(streams * n * 4) / seconds / 1e9, 1)
    }
    let triad = run(Kernels.table.sigmoidGradient, streams: 3)
    let read = run(Kernels.table.sums, streams: 1)
    // What a layer that only writes is bound by, such as 1 → 16: stores past the caches, which read nothing. The median, as the layers' times are.
    let times = (0..<21).map { _ in
        let start = Clock.seconds
        Parallel.ranges(n, grain: piece) { range in
            for i in stride(from: range.lowerBound, to: range.upperBound, by: 16) { sk_stream16(arrays.value[0] + i, SKVector16(repeating: 1)) }
            sk_stream_fence()
        }
        return Clock.seconds - start
    }
    let written = Text.fixed(Double(n * 4) / times.sorted()[10] / 1e9, 1)
    return "memory: triad (two read, one written) \(triad) GB/s, reading \(read) GB/s, streamed stores \(written) GB/s (median)"
}

private func best(of turns: Int, _ body: () -> Void) -> Double {
    var least = Double.infinity
    for _ in 0..<turns {
        let start = Clock.seconds
        body()
        least = min(least, Clock.seconds - start)
    }
    return least
}
