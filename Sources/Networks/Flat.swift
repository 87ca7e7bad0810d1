import CKernels
import Kernels
import Support

/// Elementwise passes and reductions over tensors, on all cores.
enum Flat {
    /// Runs an elementwise kernel over a tensor. `parameters` holds `rows` patterns of 16 for each block, row after row within a block.
    static func run(
        _ kernel: SKFlatFunction, over shape: Tensor, out: Tensor, a: Tensor? = nil, b: Tensor? = nil,
        parameters: [Float] = [], rows: Int = 0, accumulate: Bool = false, flag: Bool = false,
        key: (UInt32, UInt32) = (0, 0), threshold: UInt32 = 0
    ) throws {
        let chunks = shape.chunks()
        try parameters.withUnsafeBufferPointer { p in
            let shared = Unchecked((p.baseAddress, out.base, a?.base, b))
            try Parallel.slabs(chunks.count) { i in
                let chunk = chunks[i]
                let (p, out, a, b) = shared.value
                var call = SKFlat(
                    out: out + chunk.offset, a: a.map { UnsafePointer($0) + chunk.offset }, b: b.map { UnsafePointer($0.address(chunk.offset)) },
                    c: nil, count: Int64(chunk.count), p: p.map { $0 + chunk.block * rows * 16 },
                    sums: nil, accumulate: accumulate ? 1 : 0, flag: flag ? 1 : 0, key: key.0, key2: key.1, threshold: threshold,
                    index: Int64(chunk.offset), half: b?.half == true ? 1 : 0)
                kernel(&call)
            }
        }
    }

    /// Sums over voxels and batch for each channel, `rows` of them, in double precision and a fixed order.
    static func channelSums(
        _ kernel: SKFlatFunction, rows: Int, over shape: Tensor, a: Tensor, b: Tensor? = nil, parameters: [Float] = [],
        parameterRows: Int = 1, flag: Bool = false
    ) throws -> [[Double]] {
        let chunks = shape.chunks()
        let partial = try sums(
            kernel, rows: rows, chunks, a: a, b: b, parameters: parameters, parameterRows: parameterRows, flag: flag)
        var out = [[Double]](repeating: [Double](repeating: 0, count: shape.channels), count: rows)
        for (i, chunk) in chunks.enumerated() {
            for row in 0..<rows {
                for lane in 0..<16 {
                    let channel = chunk.block * shape.width + lane % shape.width
                    if channel < shape.channels { out[row][channel] += partial[(i * rows + row) * 16 + lane] }
                }
            }
        }
        return out
    }

    /// The sum of the squares of a run of values, in double precision and a fixed order.
    static func squares(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Double {
        let base = Unchecked(values)
        return Parallel.mapRanges(count) { range -> Double in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 16) { sums in
                sums.initialize(repeating: 0)
                var call = SKFlat(
                    out: base.value, a: base.value + range.lowerBound, b: nil, c: nil, count: Int64(range.count), p: nil, sums: sums.baseAddress,
                    accumulate: 0, flag: 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                Kernels.training.squares(&call)
                return sums.reduce(0, +)
            }
        }.reduce(0, +)
    }

    private static func sums(
        _ kernel: SKFlatFunction, rows: Int, _ chunks: [Tensor.Chunk], a: Tensor, b: Tensor?, parameters: [Float],
        parameterRows: Int, flag: Bool
    ) throws -> [Double] {
        var partial = [Double](repeating: 0, count: chunks.count * rows * 16)
        try partial.withUnsafeMutableBufferPointer { partial in
            try parameters.withUnsafeBufferPointer { p in
                let shared = Unchecked((p.baseAddress, partial.baseAddress, a.base, b?.base))
                try Parallel.slabs(chunks.count) { i in
                    let chunk = chunks[i]
                    let (p, sums, a, b) = shared.value
                    var call = SKFlat(
                        out: a, a: UnsafePointer(a) + chunk.offset, b: b.map { UnsafePointer($0) + chunk.offset },
                        c: nil, count: Int64(chunk.count), p: p.map { $0 + chunk.block * parameterRows * 16 },
                        sums: sums.map { $0 + i * rows * 16 }, accumulate: 0, flag: flag ? 1 : 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                    kernel(&call)
                }
            }
        }
        return partial
    }
}

/// Aligned memory for one thread's tile, kept between uses.
enum Scratch {
    private static let pool = ScratchPool()

    static func with(floats: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        let block = pool.take(floats)
        body(block.base)
        pool.give(block)
    }
}
