import Glibc
import Support

/// Parallel loops over arrays of voxels. Every result is independent of the number of threads.
enum Voxels {
    /// Elements that one piece of work takes: small enough to stay in the second-level cache.
    static let grain = 1 << 15

    /// An array whose elements `body` sets, range by range; it must set every element of its range.
    @inline(__always)
    static func make<T>(_ count: Int, _ body: (UnsafeMutablePointer<T>, Range<Int>) -> Void) -> [T] {
        [T](unsafeUninitializedCapacity: count) { buffer, initialised in
            if let base = buffer.baseAddress {
                useLargePages(base, count)
                let out = Unchecked(base)
                Parallel.ranges(count, grain: grain) { body(out.value, $0) }
            }
            initialised = count
        }
    }

    /// An array of one value.
    static func repeating<T>(_ value: T, _ count: Int) -> [T] {
        make(count) { out, range in (out + range.lowerBound).initialize(repeating: value, count: range.count) }
    }

    /// Asks for 2 MiB pages under fresh memory: a new image otherwise costs more in page faults than in arithmetic.
    /// A wish only; where the system does not know it, nothing happens.
    static func useLargePages<T>(_ base: UnsafeMutablePointer<T>, _ count: Int) {
        let page = 1 << 21
        let start = (UInt(bitPattern: base) + UInt(page - 1)) & ~UInt(page - 1)
        let end = (UInt(bitPattern: base) + UInt(count * MemoryLayout<T>.stride)) & ~UInt(page - 1)
        guard end > start, let pointer = UnsafeMutableRawPointer(bitPattern: start) else { return }
        let kept = errno
        madvise(pointer, Int(end - start), Int32(MADV_HUGEPAGE))
        errno = kept
    }

    @inline(__always)
    static func map<A, B>(_ a: [A], _ f: (A) -> B) -> [B] {
        a.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return make(buffer.count) { (out: UnsafeMutablePointer<B>, range) in
                let a = source.value.baseAddress.unsafelyUnwrapped
                var i = range.lowerBound
                while i < range.upperBound {
                    out[i] = f(a[i])
                    i &+= 1
                }
            }
        }
    }

    /// `a` and `b` must have one length.
    @inline(__always)
    static func map<A, B, C>(_ a: [A], _ b: [B], _ f: (A, B) -> C) -> [C] {
        a.withUnsafeBufferPointer { bufferA in
            b.withUnsafeBufferPointer { bufferB in
                let sources = Unchecked((bufferA, bufferB))
                return make(min(bufferA.count, bufferB.count)) { (out: UnsafeMutablePointer<C>, range) in
                    let a = sources.value.0.baseAddress.unsafelyUnwrapped
                    let b = sources.value.1.baseAddress.unsafelyUnwrapped
                    var i = range.lowerBound
                    while i < range.upperBound {
                        out[i] = f(a[i], b[i])
                        i &+= 1
                    }
                }
            }
        }
    }

    /// The sum of a whole number over all elements.
    @inline(__always)
    static func total<A>(_ a: [A], _ f: (A) -> Int) -> Int {
        a.withUnsafeBufferPointer { buffer in
            guard !buffer.isEmpty else { return 0 }
            let source = Unchecked(buffer)
            return Parallel.mapRanges(buffer.count, grain: grain) { range in
                let a = source.value.baseAddress.unsafelyUnwrapped
                var sum = 0
                for i in range { sum &+= f(a[i]) }
                return sum
            }.reduce(0, +)
        }
    }

    /// The sum over two arrays of one length.
    @inline(__always)
    static func total<A, B>(_ a: [A], _ b: [B], _ f: (A, B) -> Int) -> Int {
        a.withUnsafeBufferPointer { bufferA in
            b.withUnsafeBufferPointer { bufferB in
                guard !bufferA.isEmpty else { return 0 }
                let sources = Unchecked((bufferA, bufferB))
                return Parallel.mapRanges(min(bufferA.count, bufferB.count), grain: grain) { range in
                    let a = sources.value.0.baseAddress.unsafelyUnwrapped
                    let b = sources.value.1.baseAddress.unsafelyUnwrapped
                    var sum = 0
                    for i in range { sum &+= f(a[i], b[i]) }
                    return sum
                }.reduce(0, +)
            }
        }
    }
}
