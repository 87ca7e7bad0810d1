import Glibc

/// Counter-based random numbers: the value at a place depends on seed, stream and counter alone, so that any thread may
/// draw any element and a run repeats bit for bit.
///
/// The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), applied to a Weyl sequence keyed by seed and stream.
public struct CounterRandom: RandomNumberGenerator, Sendable {
    private let key: UInt64
    /// The next counter for sequential use.
    public var counter: UInt64

    /// Different streams of one seed are independent: one for each use.
    public init(seed: UInt64, stream: UInt64 = 0, counter: UInt64 = 0) {
        key = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15 &* (Self.mix(stream &+ 1) | 1))
        self.counter = counter
    }

    @inline(__always)
    private static func mix(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 64 random bits at a counter.
    @inline(__always)
    public func bits(at counter: UInt64) -> UInt64 {
        Self.mix(Self.mix(key &+ counter &* 0x9E37_79B9_7F4A_7C15) &+ key)
    }

    /// Uniform in [0, 1) at a counter.
    @inline(__always)
    public func uniform(at counter: UInt64) -> Double {
        Double(bits(at: counter) >> 11) * 0x1p-53
    }

    /// Standard normal at a counter (Box and Muller 1958, the cosine branch).
    @inline(__always)
    public func normal(at counter: UInt64) -> Double {
        let radius = (-2 * log(1 - uniform(at: counter &* 2))).squareRoot()
        return radius * cos(2 * .pi * uniform(at: counter &* 2 &+ 1))
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        defer { counter &+= 1 }
        return bits(at: counter)
    }

    /// The next uniform number in [low, high).
    public mutating func uniform(_ low: Double = 0, _ high: Double = 1) -> Double {
        defer { counter &+= 1 }
        return low + (high - low) * uniform(at: counter)
    }

    /// The next standard normal number.
    public mutating func normal() -> Double {
        defer { counter &+= 1 }
        return normal(at: counter)
    }
}
