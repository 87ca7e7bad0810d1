import Glibc
import Support

/// Slices some distance apart along one axis, and what lies between them by linear interpolation: a thick-slice scan on the grid of a thin
/// one.
struct Slices {
    private let axis: Int
    private let slice, fill: AxisFilter

    /// Nil where slices would be no thicker than voxels, or there would be fewer than two.
    init?(thickness: Double, axis: Int, grid: Grid) {
        let apart = thickness / grid.spacing[axis]
        guard let (slice, fill) = AxisFilter.slices(length: grid.shape[axis], apart: apart, width: apart, start: 0) else { return nil }
        (self.axis, self.slice, self.fill) = (axis, slice, fill)
    }

    func apply(to values: [Float], shape: SIMD3<Int>) throws -> [Float] {
        let (thick, small) = try slice.apply(to: values, shape: shape, axis: axis)
        return try fill.apply(to: thick, shape: small, axis: axis).values
    }
}

/// Curves of values.
enum Tone {
    /// span · (x / span)^exponent for values of 0 and above; those below 0, which noise makes, keep their sign.
    static func power(_ values: [Float], _ exponent: Double, span: Float) throws -> [Float] {
        guard span > 0 else { return values }
        let e = Float(exponent)
        return try Voxels.map(values) { x, out, n in
            for i in 0..<n {
                let y = span * powf(abs(x[i]) / span, e)
                out[i] = x[i] < 0 ? -y : y
            }
        }
    }

    /// The distance of every value from the mean times a factor.
    static func spread(_ values: [Float], by factor: Double) throws -> [Float] {
        let sums = Voxels.sums(values)
        let mean = Float(sums / Double(max(values.count, 1))), f = Float(factor)
        return try Voxels.map(values) { x, out, n in
            for i in 0..<n { out[i] = mean + (x[i] - mean) * f }
        }
    }
}

extension Voxels {
    /// The sum of all values, in double precision and a fixed order.
    static func sums(_ values: [Float]) -> Double {
        values.withUnsafeBufferPointer { values in
            let source = Unchecked(values)
            return Parallel.mapRanges(values.count, grain: grain) { range -> Double in
                var sum = 0.0
                for i in range { sum += Double(source.value[i]) }
                return sum
            }.reduce(0, +)
        }
    }
}

extension Volume {
    /// What a body makes of the image's values less the least of them, with that added again. The body also gets the range and the
    /// deviation of the values.
    ///
    /// Throws `IntensityError.notFinite`, and what the body throws.
    func aboveLeast(operation: String, _ body: (_ values: [Float], _ span: Float, _ deviation: Double) throws -> [Float]) throws -> Volume {
        let m = try moments(operation: operation, withExtent: true)
        let low = m.low
        try grid.requireMemory(bytesPerVoxel: 8)
        let above =
            try low == 0
            ? voxels : Voxels.map(voxels) { (x, out: UnsafeMutablePointer<Float>, n) in for i in 0..<n { out[i] = x[i] - low } }
        let made = try body(above, m.high - low, m.deviation)
        return try with(
            low == 0 ? made : Voxels.map(made) { (x, out: UnsafeMutablePointer<Float>, n) in for i in 0..<n { out[i] = x[i] + low } })
    }

    /// The image as if scanned in slices `thickness` mm apart and as wide (at half height of a Gaussian profile), with linear interpolation
    /// between them. Unchanged where that is no more than a voxel. Throws `IntensityError.argument` for an axis other than 0, 1, 2 or a
    /// thickness that is negative, not finite, or leaves one slice alone; `MemoryError`, `Interrupted`.
    public func thickSlices(_ thickness: Double, axis: Int) throws -> Volume {
        guard thickness >= 0, thickness.isFinite else {
            throw IntensityError.argument(name: "thickness", value: thickness, allowed: "0 mm or more")
        }
        try Self.checkAxis(axis)
        guard let slices = Slices(thickness: thickness, axis: axis, grid: grid) else {
            let apart = grid.spacing[axis], most = apart * Double(grid.shape[axis] - 1)
            if thickness <= apart || most < apart { return self }
            throw IntensityError.argument(
                name: "thickness", value: thickness, allowed: "at most \(Text.short(most)) mm here, for two slices")
        }
        try grid.requireMemory(bytesPerVoxel: 4)
        return with(try slices.apply(to: voxels, shape: grid.shape))
    }

    /// Values, from least to greatest, raised to a power: low + span · ((v − low) / span)^gamma. Throws `IntensityError.argument` for a power that is
    /// not above 0 or not finite, `.notFinite`, `MemoryError`, `Interrupted`.
    public func gamma(_ gamma: Double) throws -> Volume {
        guard gamma > 0, gamma.isFinite else { throw IntensityError.argument(name: "gamma", value: gamma, allowed: "above 0") }
        return try aboveLeast(operation: "gamma") { values, span, _ in try Tone.power(values, gamma, span: span) }
    }

    /// The distance of every value from the mean times a factor. Throws `IntensityError.argument` for a factor that is negative or not finite,
    /// `.notFinite`, `MemoryError`, `Interrupted`.
    public func contrast(_ factor: Double) throws -> Volume {
        guard factor >= 0, factor.isFinite else { throw IntensityError.argument(name: "factor", value: factor, allowed: "0 or more") }
        _ = try moments(operation: "contrast")
        try grid.requireMemory(bytesPerVoxel: 4)
        return try with(Tone.spread(voxels, by: factor))
    }

    /// Ghosts (`Ghost`) of what is above the image's least value. Throws `IntensityError.argument` for a number of ghosts outside 2 … 100,
    /// a strength that is not finite or beyond ±100, or an axis other than 0, 1, 2; `.notFinite`, `MemoryError`, `Interrupted`.
    public func ghosted(count: Int, strength: Double, axis: Int) throws -> Volume {
        guard (2...100).contains(count) else { throw IntensityError.argument(name: "count", value: Double(count), allowed: "2 … 100") }
        guard strength.isFinite, abs(strength) <= 100 else {
            throw IntensityError.argument(name: "strength", value: strength, allowed: "-100 … 100")
        }
        try Self.checkAxis(axis)
        return try aboveLeast(operation: "ghosting") { values, _, _ in
            try Ghost(axis: axis, count: count, strength: strength).apply(to: values, shape: grid.shape)
        }
    }

    /// A plane wave of so many turns a voxel along each axis over what is above the image's least value, as a spike in k-space makes it;
    /// its amplitude as a share of the values' standard deviation. Throws `IntensityError.argument` for numbers that are not finite or
    /// larger than a million, `.notFinite` for voxels that are not, `MemoryError`, `Interrupted`.
    public func spiked(wave: SIMD3<Double>, strength: Double, phase: Double = 0) throws -> Volume {
        for axis in 0..<3 where !(abs(wave[axis]) <= 1e6) {
            throw IntensityError.argument(name: "wave", value: wave[axis], allowed: "finite")
        }
        guard abs(strength) <= 1e6, abs(phase) <= 1e6 else {
            throw IntensityError.argument(name: "strength", value: strength, allowed: "finite")
        }
        return try aboveLeast(operation: "spike") { values, _, deviation in
            try Spike(wave: wave, phase: phase, amplitude: strength * deviation).apply(to: values, shape: grid.shape)
        }
    }

    static func checkAxis(_ axis: Int) throws(IntensityError) {
        guard (0...2).contains(axis) else { throw .argument(name: "axis", value: Double(axis), allowed: "0, 1 or 2") }
    }
}

extension Grid {
    /// The elastic map of a seed (Simard et al. 2003 with a B-spline in the Gaussian's place): displacements of a standard deviation in mm
    /// between knots so many mm apart.
    func elastic(deviation: Double, knots: Double, seed: UInt64) throws -> Warp? {
        guard deviation >= 0, deviation <= 50 else {
            throw IntensityError.argument(name: "strength", value: deviation, allowed: "0 … 50 mm")
        }
        guard knots >= 1, knots <= 1000 else { throw IntensityError.argument(name: "knots", value: knots, allowed: "1 … 1000 mm") }
        if deviation == 0 { return nil }
        var lattice = FieldLattice(shape: shape, spacing: spacing, knots: knots), random = CounterRandom(seed: seed, stream: 205)
        for axis in 0..<3 { lattice.add(axis, deviation: deviation, knots: knots, &random) }
        return Warp(grid: self, affine: .identity, elastic: lattice)
    }
}

extension Volume {
    /// The image moved by a smooth random displacement on its own grid; 0 where it shows nothing. Throws `IntensityError.argument` for a deviation
    /// outside 0 … 50 mm or knots outside 1 … 1000 mm, `GridError.singular` for a grid without inverse, `MemoryError`, `Interrupted`.
    public func elastic(deviation: Double, knots: Double, seed: UInt64, nearest: Bool = false) throws -> Volume {
        try grid.elastic(deviation: deviation, knots: knots, seed: seed)?.apply(to: self, nearest: nearest) ?? self
    }
}

extension Mask {
    /// The mask moved as an image on its grid is with the same numbers. Throws `IntensityError.argument` for a deviation outside 0 … 50 mm or knots
    /// outside 1 … 1000 mm, `GridError.singular` for a grid without inverse, `MemoryError`, `Interrupted`.
    public func elastic(deviation: Double, knots: Double, seed: UInt64) throws -> Mask {
        try grid.elastic(deviation: deviation, knots: knots, seed: seed)?.apply(to: self) ?? self
    }
}
