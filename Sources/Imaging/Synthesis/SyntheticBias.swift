import Glibc
import Support

extension Grid {
    /// A smooth, positive, multiplicative field: exp of a cubic B-spline with random control points over the field of view. The logarithm's
    /// mean is 0 and its standard deviation `strength`.
    ///
    /// - Parameter spans: B-spline spans along each axis, 1 … 16; more make the field vary faster.
    /// Throws `IntensityError` for arguments out of range, `MemoryError`, `Interrupted`.
    public func syntheticBias(strength: Double, spans: Int = 2, seed: UInt64 = 0) throws -> Volume {
        guard strength >= 0, strength <= 5 else { throw IntensityError.argument(name: "strength", value: strength, allowed: "0 … 5") }
        guard (1...16).contains(spans) else { throw IntensityError.argument(name: "spans", value: Double(spans), allowed: "1 … 16") }
        try requireMemory(bytesPerVoxel: 4)
        var random = CounterRandom(seed: seed, stream: 30)
        var lattice = SplineLattice.random(spans: spans, using: &random)
        // Moments over places spread evenly, a few in each span.
        let axis = SplineAxis(spans: spans, count: 4 * spans + 5)
        let (mean, deviation) = lattice.moments(over: axis)
        lattice.standardise(mean: mean, gain: strength / Swift.max(deviation, 1e-6))
        return Volume(grid: self, voxels: try lattice.exponential(over: shape))
    }
}

extension SplineLattice {
    /// As many spans along each axis, with independent standard normal control points.
    static func random(spans: Int, using random: inout CounterRandom) -> SplineLattice {
        let n = spans + 3
        return SplineLattice(size: SIMD3(repeating: n), values: (0..<n * n * n).map { _ in Float(random.normal()) })
    }

    /// Mean and deviation over the lattice of places that one axis' samples make in three dimensions.
    func moments(over axis: SplineAxis) -> (mean: Double, deviation: Double) {
        var row = [Float](repeating: 0, count: size.x)
        var values: [Double] = []
        for k in 0..<axis.count {
            let plane = plane(at: k, of: axis)
            for j in 0..<axis.count {
                self.row(of: plane, at: j, of: axis, into: &row)
                for i in 0..<axis.count {
                    let w = axis.weights[i], s = axis.first[i]
                    values.append(Double(row[s] * w.x + row[s + 1] * w.y + row[s + 2] * w.z + row[s + 3] * w.w))
                }
            }
        }
        let mean = values.reduce(0, +) / Double(values.count)
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
        return (mean, deviation)
    }

    /// Control points less the mean, times the gain; the basis functions sum to 1, so that the spline changes likewise.
    mutating func standardise(mean: Double, gain: Double) {
        let gain = Float(gain)
        for i in values.indices { values[i] = (values[i] - Float(mean)) * gain }
    }
}
