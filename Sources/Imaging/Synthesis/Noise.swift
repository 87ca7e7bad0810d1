import Glibc
import Support

/// What the noise of an image is like.
public enum NoiseKind: String, Sendable, CaseIterable {
    /// Normal and of mean 0.
    case gaussian
    /// That of a magnitude image: normal noise in both channels of a complex signal (Rice 1945, Gudbjartsson and Patz 1995).
    case rician
}

/// Noise of a receiver, a pair of normal numbers for each voxel.
struct ReceiverNoise {
    let random: CounterRandom
    let sigma: Float

    /// Both numbers of one Box–Muller pair, from the halves of one 64-bit draw.
    @inline(__always)
    private func pair(_ voxel: UInt64) -> (Float, Float) {
        let bits = random.bits(at: voxel)
        let u = Float(bits >> 40) * 0x1p-24, v = Float(bits & 0xFF_FFFF) * 0x1p-24
        let radius = (-2 * logf(1 - u)).squareRoot() * sigma
        let angle = 2 * Float.pi * v
        return (radius * cosf(angle), radius * sinf(angle))
    }

    /// The magnitude of the value with noise in both channels.
    @inline(__always)
    func magnitude(of value: Float, voxel: UInt64) -> Float {
        if sigma == 0 { return value }
        let (a, b) = pair(voxel)
        let real = value + a
        return (real * real + b * b).squareRoot()
    }

    @inline(__always)
    func added(to value: Float, voxel: UInt64) -> Float { value + pair(voxel).0 }
}

extension Volume {
    /// Throws `IntensityError.negative` where a value is farther below 0 than `sigma`: what Rician noise means there is nobody's intent.
    func requireMagnitudes(sigma: Double, operation: String) throws {
        let least: Float = try voxels.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return try Parallel.mapSlabs(buffer.count, grain: Voxels.grain) { range -> Float in
                var least = Float(0)
                for i in range where source.value[i] < least { least = source.value[i] }
                return least
            }.min() ?? 0
        }
        if Double(least) < -sigma { throw IntensityError.negative(least: Double(least), operation: operation) }
    }

    /// The image with noise of standard deviation `sigma` (in the image's units; for Rician noise that of each channel). The same seed
    /// gives the same noise, whatever the number of threads. float32.
    ///
    /// Throws `IntensityError.argument` for a `sigma` that is negative or not finite, `.negative` for Rician noise of an image that goes farther below 0
    /// than `sigma`, `MemoryError`, `Interrupted`.
    public func withNoise(sigma: Double, kind: NoiseKind = .rician, seed: UInt64 = 0) throws -> Volume {
        guard sigma >= 0, sigma.isFinite else { throw IntensityError.argument(name: "sigma", value: sigma, allowed: "0 or more") }
        try grid.requireMemory(bytesPerVoxel: 4)
        if kind == .rician { try requireMagnitudes(sigma: sigma, operation: "noise") }
        let noise = ReceiverNoise(random: CounterRandom(seed: seed, stream: 31), sigma: Float(sigma))
        return try voxels.withUnsafeBufferPointer { voxels in
            let source = Unchecked(voxels)
            return with(
                try Voxels.make(grid.count) { out, range in
                    switch kind {
                    case .gaussian: for i in range { out[i] = noise.added(to: source.value[i], voxel: UInt64(i)) }
                    case .rician: for i in range { out[i] = noise.magnitude(of: source.value[i], voxel: UInt64(i)) }
                    }
                })
        }
    }
}
