import Glibc
import Support

/// Parallel loops over arrays of voxels, which end with `Interrupted` upon Ctrl-C. Every result is independent of the number of threads.
enum Voxels {
    /// Elements that one piece of work takes: small enough to stay in the second-level cache.
    static let grain = 1 << 15

    /// An array whose elements `body` sets, range by range; it must set every element of its range.
    static func make<T: BitwiseCopyable>(
        _ count: Int, grain: Int = Voxels.grain, _ body: (UnsafeMutablePointer<T>, Range<Int>) -> Void
    ) throws -> [T] {
        try [T](unsafeUninitializedCapacity: count) { buffer, initialised in
            if let base = buffer.baseAddress {
                useLargePages(base, count)
                let out = Unchecked(base)
                try Parallel.slabRanges(count, grain: grain) { body(out.value, $0) }
            }
            initialised = count
        }
    }

    /// An array of one value.
    static func repeating<T: BitwiseCopyable>(_ value: T, _ count: Int) throws -> [T] {
        try make(count) { out, range in (out + range.lowerBound).initialize(repeating: value, count: range.count) }
    }

    /// Pieces as large as the large pages under the result, where all threads still get some: two threads that begin one page both clear it, and one of them in vain.
    static func pageGrain<T>(of type: T.Type, count: Int) -> Int {
        let whole = LargePages.size / MemoryLayout<T>.stride
        return max(grain, min(whole, count / (4 * Parallel.threads) / grain * grain))
    }

    /// Asks for large pages under fresh memory: a new image otherwise costs more in page faults than in arithmetic. A wish only.
    static func useLargePages<T>(_ base: UnsafeMutablePointer<T>, _ count: Int) {
        LargePages.prepare(base, bytes: count * MemoryLayout<T>.stride, passing: true)
    }

    // The functions below hand out whole blocks, not single voxels: what a closure does to one voxel would be called
    // through a pointer for each of them, where a loop inside it becomes vector instructions.

    /// `body(source, result, n)` sets n results from n values.
    static func map<A, B: BitwiseCopyable>(_ a: [A], _ body: (UnsafePointer<A>, UnsafeMutablePointer<B>, Int) -> Void) throws -> [B] {
        try a.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return try make(buffer.count) { out, range in
                body(source.value.baseAddress! + range.lowerBound, out + range.lowerBound, range.count)
            }
        }
    }

    /// As above, of two arrays of one length.
    static func map<A, B, C: BitwiseCopyable>(
        _ a: [A], _ b: [B], _ body: (UnsafePointer<A>, UnsafePointer<B>, UnsafeMutablePointer<C>, Int) -> Void
    ) throws -> [C] {
        try a.withUnsafeBufferPointer { bufferA in
            try b.withUnsafeBufferPointer { bufferB in
                let sources = Unchecked((bufferA, bufferB))
                return try make(min(bufferA.count, bufferB.count)) { out, range in
                    let start = range.lowerBound
                    body(sources.value.0.baseAddress! + start, sources.value.1.baseAddress! + start, out + start, range.count)
                }
            }
        }
    }

    /// The sum of what `body(values, n)` finds in each block.
    static func total<A>(_ a: [A], _ body: (UnsafePointer<A>, Int) -> Int) throws -> Int {
        try a.withUnsafeBufferPointer { buffer in
            guard !buffer.isEmpty else { return 0 }
            let source = Unchecked(buffer)
            return try Parallel.mapSlabs(buffer.count, grain: grain) { range in
                body(source.value.baseAddress! + range.lowerBound, range.count)
            }.reduce(0, +)
        }
    }

    /// 1.0 for each voxel of a mask, else 0.
    static func floats(_ mask: [UInt8]) throws -> [Float] {
        try map(mask) { m, out, n in
            for i in 0..<n { out[i] = Float(m[i]) }
        }
    }

    /// The voxels of a mask's complement.
    static func complement(_ mask: [UInt8]) throws -> [UInt8] {
        try map(mask) { m, out, n in
            for i in 0..<n { out[i] = m[i] ^ 1 }
        }
    }
}
