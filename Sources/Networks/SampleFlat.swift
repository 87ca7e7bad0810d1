import CKernels
import Kernels
import Support

extension Flat {
    /// Runs an elementwise kernel that writes exactly its count over each sample with parameters of its own: `rows` patterns of 16 for each sample and
    /// block, in that order, row after row within a block.
    static func runBySample(
        _ kernel: SKFlatFunction, over shape: Tensor, out: Tensor, a: Tensor, b: Tensor? = nil, parameters: [Float], rows: Int,
        accumulate: Bool = false, flag: Bool = false
    ) throws {
        let chunks = shape.chunks(bySample: true), blocks = shape.blocks
        try parameters.withUnsafeBufferPointer { p in
            let shared = Unchecked((p.baseAddress, out.base, a.base, b?.base))
            try Parallel.slabs(chunks.count) { i in
                let chunk = chunks[i]
                let (p, out, a, b) = shared.value
                var call = SKFlat(
                    out: out + chunk.offset, a: a + chunk.offset, b: b.map { UnsafePointer($0) + chunk.offset }, c: nil,
                    count: Int64(chunk.count), p: p.map { $0 + (chunk.sample * blocks + chunk.block) * rows * 16 }, sums: nil,
                    accumulate: accumulate ? 1 : 0, flag: flag ? 1 : 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                kernel(&call)
            }
        }
    }

    /// Two sums over voxels for each sample and channel, at sample · channels + channel, in double precision and a fixed order. `parameters` is as for
    /// `runBySample`.
    static func channelSumsBySample(
        _ kernel: SKFlatFunction, over shape: Tensor, a: Tensor, b: Tensor? = nil, parameters: [Float] = [], rows: Int = 0,
        flag: Bool = false
    ) throws -> (first: [Double], second: [Double]) {
        let chunks = shape.chunks(bySample: true), blocks = shape.blocks
        var partial = [Double](repeating: 0, count: chunks.count * 32)
        try partial.withUnsafeMutableBufferPointer { partial in
            try parameters.withUnsafeBufferPointer { p in
                let shared = Unchecked((p.baseAddress, partial.baseAddress, a.base, b?.base))
                try Parallel.slabs(chunks.count) { i in
                    let chunk = chunks[i]
                    let (p, sums, a, b) = shared.value
                    var call = SKFlat(
                        out: a, a: a + chunk.offset, b: b.map { UnsafePointer($0) + chunk.offset }, c: nil, count: Int64(chunk.count),
                        p: p.map { $0 + (chunk.sample * blocks + chunk.block) * rows * 16 }, sums: sums.map { $0 + i * 32 }, accumulate: 0,
                        flag: flag ? 1 : 0, key: 0, key2: 0, threshold: 0, index: 0, half: 0)
                    kernel(&call)
                }
            }
        }
        var first = [Double](repeating: 0, count: shape.batch * shape.channels), second = first
        for (i, chunk) in chunks.enumerated() {
            for lane in 0..<16 {
                let channel = chunk.block * shape.width + lane % shape.width
                guard channel < shape.channels else { continue }
                first[chunk.sample * shape.channels + channel] += partial[i * 32 + lane]
                second[chunk.sample * shape.channels + channel] += partial[i * 32 + 16 + lane]
            }
        }
        return (first, second)
    }
}

extension Tensor {
    /// One value for each sample and channel (at sample · channels + channel) as patterns of 16 for each sample and block.
    func patternBySample(_ value: (Int) -> Float) -> [Float] {
        (0..<batch).flatMap { sample in pattern { value(sample * channels + $0) } }
    }
}
