import Glibc
import Support

/// What a scanner makes of a head: slices, blur, artefacts and noise, and the reconstruction between slices.
struct Acquisition {
    /// For each axis, what is done before the noise, and after it.
    private let before: [AxisFilter?]
    private let after: [AxisFilter?]
    private let noise: TableNoise
    private let ghost: Ghost?
    private let spike: Spike?

    init(grid: Grid, seed: UInt64, options: HeadSynthesis.Options, _ random: inout CounterRandom) {
        var before = [AxisFilter?](repeating: nil, count: 3), after = before
        // Distance between slices and blur in mm for each axis: most scans are thick along one axis, or near to isotropic.
        var apart = SIMD3<Double>.zero
        var blur = SIMD3(repeating: random.uniform(0, 0.9))
        switch random.uniform() {
        case ..<0.4: for a in 0..<3 { blur[a] *= random.uniform() }
        case ..<0.8:
            let pick = random.uniform()
            apart[pick < 0.6 ? 2 : pick < 0.8 ? 1 : 0] = random.uniform(min(2, options.thickness), options.thickness)
        default: for a in 0..<3 { apart[a] = random.uniform(0.8, max(0.8, options.thickness / 2)) }
        }
        for axis in 0..<3 {
            let step = grid.spacing[axis], length = grid.shape[axis], distance = apart[axis] / step
            if let parts = AxisFilter.slices(
                length: length, apart: distance, width: distance * random.uniform(0.6, 1),
                start: random.uniform(0, max(0, min(distance, 4)) / 2))
            {
                before[axis] = parts.slice
                after[axis] = parts.fill
            } else {
                before[axis] = AxisFilter.blur(length: length, sigma: blur[axis] / step)
            }
        }
        (self.before, self.after) = (before, after)
        let level = random.uniform()
        noise = TableNoise(
            random: CounterRandom(seed: seed, stream: 107), sigma: Float(options.noise * level * level), isMagnitude: random.uniform() < 0.7
        )
        let axis = min(2, Int(random.uniform(0, 3)))
        ghost = random.uniform() < 0.06 ? Ghost(axis: axis, count: 2 + Int(random.uniform(0, 4)), strength: random.uniform(0.05, 0.4)) : nil
        spike =
            random.uniform() < 0.03
            ? Spike(
                wave: SIMD3(random.uniform(-0.3, 0.3), random.uniform(-0.3, 0.3), random.uniform(-0.3, 0.3)), phase: random.uniform(),
                amplitude: random.uniform(0.02, 0.12)) : nil
    }

    func apply(to signal: [Float], shape: SIMD3<Int>) throws -> [Float] {
        var (values, shape) = (signal, shape)
        // Thinner first along z, where rows stay whole, so that later axes have less to do.
        for axis in [2, 1, 0] {
            if let filter = before[axis] { (values, shape) = try filter.apply(to: values, shape: shape, axis: axis) }
        }
        if let ghost { values = try ghost.apply(to: values, shape: shape) }
        if let spike { values = try spike.apply(to: values, shape: shape) }
        values = try noise.apply(to: values)
        for axis in [0, 1, 2] {
            if let filter = after[axis] { (values, shape) = try filter.apply(to: values, shape: shape, axis: axis) }
        }
        return values
    }
}

/// Noise of table draws (`NormalTable`), quick rather than exact in the tails.
struct TableNoise {
    let random: CounterRandom
    let sigma: Float
    /// Whether the image is a magnitude: noise in both channels. Otherwise it is normal, and values below 0 become 0.
    let isMagnitude: Bool

    func apply(to values: [Float]) throws -> [Float] {
        if sigma == 0 { return values }
        return try values.withUnsafeBufferPointer { values in
            let source = Unchecked(values.baseAddress!), table = Unchecked(NormalTable.pointer)
            return try Voxels.make(values.count) { out, range in
                let table = table.value, source = source.value
                for i in range {
                    let bits = Int(truncatingIfNeeded: random.bits(at: UInt64(i)))
                    let real = source[i] + sigma * table[bits & 0xFFF], other = isMagnitude ? sigma * table[(bits >> 12) & 0xFFF] : 0
                    out[i] = isMagnitude ? (real * real + other * other).squareRoot() : max(0, real)
                }
            }
        }
    }
}

/// A power of brightness, by linear interpolation in a table over 0 … 4; what is above goes on in a straight line.
struct ToneCurve {
    private let table: [Float]
    private static let top: Float = 4, cells = 1024

    init(gamma: Double) {
        table = (0...Self.cells).map { Float(pow(Double($0) / Double(Self.cells) * Double(Self.top), gamma)) }
    }

    /// In place, for values of 0 and above.
    func apply(_ values: UnsafeMutablePointer<Float>, _ range: Range<Int>) {
        let scale = Float(Self.cells) / Self.top
        table.withUnsafeBufferPointer { table in
            for i in range {
                let x = values[i] * scale, cell = min(Int32(min(x, 1e6)), Int32(Self.cells - 1))
                let low = table[Int(cell)], high = table[Int(cell) + 1]
                values[i] = low + (high - low) * (x - Float(cell))
            }
        }
    }
}
