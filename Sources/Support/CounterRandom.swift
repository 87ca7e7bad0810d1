import Glibc

/// Counter-based random numbers: the value at a place depends on seed, stream and counter alone, so that any thread may
/// draw any element and a run repeats bit for bit.
///
/// The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), applied to a Weyl sequence keyed by seed and stream.
public struct CounterRandom: RandomNumberGenerator, Sendable {
    /// What sets its draws apart from those of other seeds and streams.
    public let key: UInt64
    /// The next counter for sequential use.
    public var counter: UInt64

    /// Different streams of one seed are independent: one for each use.
    public init(seed: UInt64, stream: UInt64 = 0, counter: UInt64 = 0) {
        key = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15 &* (Self.mix(stream &+ 1) | 1))
        self.counter = counter
    }

    @inlinable @inline(__always)
    static func mix(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// 64 random bits at a counter.
    @inlinable @inline(__always)
    public func bits(at counter: UInt64) -> UInt64 {
        Self.mix(Self.mix(key &+ counter &* 0x9E37_79B9_7F4A_7C15) &+ key)
    }

    /// Uniform in [0, 1) at a counter.
    @inlinable @inline(__always)
    public func uniform(at counter: UInt64) -> Double {
        Double(bits(at: counter) >> 11) * 0x1p-53
    }

    /// Standard normal at a counter (Box and Muller 1958, the cosine branch).
    @inlinable @inline(__always)
    public func normal(at counter: UInt64) -> Double {
        let radius = (-2 * log(1 - uniform(at: counter &* 2))).squareRoot()
        return radius * cos(2 * .pi * uniform(at: counter &* 2 &+ 1))
    }

    /// Standard normal cut at ±2 deviations, at a counter: the quantile of one uniform number. Millions of weights are drawn before a first
    /// training step, and a quantile takes a tenth of the time of Box and Muller's draws until one lies inside.
    @inlinable @inline(__always)
    public func truncatedNormal(at counter: UInt64) -> Double {
        // Φ(2) − ½ is 0.47724986805182085.
        Self.quantile(fromMedian: (2 * uniform(at: counter) - 1) * 0.477_249_868_051_820_85)
    }

    /// The z with Φ(z) = ½ + q for |q| ≤ 0.47725, to a relative 7e-8: a rational function of q², fitted by `scripts/fit_quantile.py` to
    /// this range alone. Published ones (Wichura 1988) take a logarithm and a branch where |q| is above 0.425, for tails that are cut off
    /// here.
    @inlinable @inline(__always)
    static func quantile(fromMedian q: Double) -> Double {
        let s = q * q
        let above = (((25.62287748536628 * s - 95.5438437703777) * s + 79.89332360269381) * s - 24.410341380608422) * s + 2.506628444708735
        return q * above / ((((29.85931767956456 * s - 62.30384767310508) * s + 40.86355158300778) * s - 10.785496281296224) * s + 1)
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
