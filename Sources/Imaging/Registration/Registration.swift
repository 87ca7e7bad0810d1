import Glibc
import Support

/// What can be wrong with two images that are to be brought together.
public enum RegistrationError: ExplainedError, Equatable {
    case noOverlap
    case tooFewVoxels(SIMD3<Int>)

    public var message: String {
        switch self {
        case .noOverlap: "register: the images do not come to lie on each other"
        case .tooFewVoxels(let shape): "register: an image of \(Text.sizes(shape)) voxels; along every axis it takes at least 4"
        }
    }

    public var hint: String? {
        switch self {
        case .noOverlap: "see whether both show a head, and where with v.origin and v.orientation"
        case .tooFewVoxels: nil
        }
    }
}

extension Volume {
    /// The transform that brings this image onto another of the same head, or of one much like it, whatever the contrasts.
    ///
    /// Maximises the mutual information (`MutualInformation`) of the fixed image's samples and this image, linearly interpolated, by quasi-Newton
    /// steps, from coarse to fine: the finest level's voxels are a 256th of the larger field of view (1 mm for a head), or the images' own where those are larger, and each level before has voxels of twice the size. On the
    /// coarsest the search starts from several places: as the files say, and with the heads' centres on each other, upright and turned by 20° about each axis. An affine motion starts from the rigid one found at the coarsest.
    /// Samples are at places drawn once, within voxels rather than on them, so that interpolation makes no false optima; results repeat bit for bit.
    ///
    /// Throws `IntensityError.notFinite` and `.flat`, `RegistrationError`, `MemoryError` and `Interrupted`.
    public func registered(to fixed: Volume, kind: Motion = .rigid) throws -> Transform {
        for image in [fixed, self] {
            if image.grid.shape.min() < 4 { throw RegistrationError.tooFewVoxels(image.grid.shape) }
            let range = try image.statistics()
            if range.min == range.max { throw IntensityError.flat(value: Double(range.min), operation: "register") }
        }
        let levels = try Registration.levels(fixed: fixed, moving: self)
        var base = try Registration.start(levels[0])
        for (n, level) in levels.enumerated() {
            if n == 0, kind == .affine { base = try level.refined(base, .rigid).base }
            base = try level.refined(base, kind).base
        }
        // The search moves positions of the fixed image to the moving one; an image goes the other way.
        return try Transform(base).inverse
    }
}

/// One resolution of a registration.
struct Registration {
    /// mm a voxel, at least.
    let spacing: Double
    let samples: MutualInformation.Samples
    let metric: MutualInformation
    /// The middles of what is bright in both images.
    let middles: (fixed: SIMD3<Double>, moving: SIMD3<Double>)

    /// The most samples of a level: more makes the result no better than the images' noise does.
    private static let mostSamples = 200_000

    init(fixed: Volume, moving: Volume, spacing: Double) throws {
        self.spacing = spacing
        samples = try Self.draw(from: fixed)
        metric = try MutualInformation(samples, moving: moving, range: try Self.range(moving))
        middles = (Self.middle(of: fixed), Self.middle(of: moving))
    }

    /// From coarse to fine.
    static func levels(fixed: Volume, moving: Volume) throws -> [Registration] {
        func extent(_ grid: Grid) -> Double { (grid.spacing * SIMD3<Double>(grid.shape)).max() }
        let finest = max(extent(fixed.grid), extent(moving.grid)) / 256
        var pyramid = [(fixed: try fixed.coarsened(to: finest), moving: try moving.coarsened(to: finest), spacing: finest)]
        while pyramid.count < 4 {
            let last = pyramid[pyramid.count - 1], spacing = 2 * last.spacing
            let next = (fixed: try last.fixed.coarsened(to: spacing), moving: try last.moving.coarsened(to: spacing), spacing: spacing)
            if min(next.fixed.grid.shape.min(), next.moving.grid.shape.min()) < 4 { break }
            pyramid.append(next)
        }
        return try pyramid.reversed().map { try Registration(fixed: $0.fixed, moving: $0.moving, spacing: $0.spacing) }
    }

    /// The best of several starts, each refined as a rigid motion.
    static func start(_ level: Registration) throws -> Affine {
        let (fixed, moving) = level.middles
        let centred = Affine(spacing: .one, origin: moving - fixed)
        var starts = [Affine.identity, centred]
        for axis in 0..<3 {
            for degrees in [-20.0, 20] {
                var turn = SIMD3<Double>.zero
                turn[axis] = degrees
                starts.append(centred.after(try Transform.rotation(degrees: turn, about: fixed).matrix))
            }
        }
        var found: [(base: Affine, value: Double)] = []
        for start in starts {
            let result = try level.metric.evaluate(.identity, base: start)
            if result.overlap >= leastOverlap { found.append((start, -result.value)) }
        }
        // Those that promise most, and always what the files say.
        let promising = found.sorted { $0.value < $1.value }.prefix(3).map(\.base)
        let tries = promising + (found.first.map { $0.base == .identity && !promising.contains(.identity) ? [.identity] : [] } ?? [])
        let ends = try tries.map { try level.refined($0, .rigid) }
        guard let best = ends.min(by: { $0.value < $1.value }) else { throw RegistrationError.noOverlap }
        return best.base
    }

    /// The share of the fixed image's samples that must lie in the moving image.
    private static let leastOverlap = 0.2

    /// The best motion from `base` on, which maps positions of the fixed image to the moving one's, and the negative information there.
    func refined(_ base: Affine, _ kind: Motion) throws -> (base: Affine, value: Double) {
        let space = MotionSpace(kind: kind, radius: samples.radius)
        let search = QuasiNewton(firstStep: spacing / 2, tolerance: 2e-3 * spacing)
        let (point, value) = try search.minimum(from: [Double](repeating: 0, count: kind.count)) { point in
            let result = try metric.evaluate(space.affine(point), base: base)
            // Where the images hardly meet, information is an accident.
            if result.overlap < Self.leastOverlap { return (.infinity, [Double](repeating: 0, count: kind.count)) }
            return (-result.value, space.gradient(point, shift: result.shift, linear: result.linear).map { -$0 })
        }
        let centre = samples.centre
        let motion = Affine(spacing: .one, origin: centre).after(space.affine(point)).after(Affine(spacing: .one, origin: -centre))
        return (base.after(motion), value)
    }

    /// Samples at one drawn place in each of so many voxels' cells, spread over the whole image.
    private static func draw(from image: Volume) throws -> MutualInformation.Samples {
        let shape = image.grid.shape, cells = shape &- 1
        let total = cells.x * cells.y * cells.z, count = min(total, mostSamples)
        let centre = image.grid.centre
        let range = try range(image)
        let scale = Float(MutualInformation.bins) / max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
        var x = [Float](repeating: 0, count: count), y = x, z = x, bins = [UInt8](repeating: 0, count: count), squares = 0.0
        let random = CounterRandom(seed: 1, stream: 1)
        try Interrupt.check()
        for s in 0..<count {
            func draw(_ n: Int) -> Double { random.uniform(at: UInt64(4 * s + n)) }
            // One of each `total / count` cells.
            let cell = min(total - 1, Int((Double(s) + draw(0)) * Double(total) / Double(count)))
            let (i, j, k) = (cell % cells.x, cell / cells.x % cells.y, cell / (cells.x * cells.y))
            let (u, v, w) = (draw(1), draw(2), draw(3))
            let place = image.grid.affine(SIMD3(Double(i) + u, Double(j) + v, Double(k) + w)) - centre
            (x[s], y[s], z[s]) = (Float(place.x), Float(place.y), Float(place.z))
            squares += (place * place).sum()
            var value = 0.0
            for corner in 0..<8 {
                let (a, b, c) = (corner & 1, corner >> 1 & 1, corner >> 2)
                let weight = (a == 1 ? u : 1 - u) * (b == 1 ? v : 1 - v) * (c == 1 ? w : 1 - w)
                value += weight * Double(image[i + a, j + b, k + c])
            }
            bins[s] = UInt8(min(Float(MutualInformation.bins - 1), max(0, (Float(value) - range.lowerBound) * scale)))
        }
        return MutualInformation.Samples(
            x: x, y: y, z: z, bin: bins, centre: centre, radius: max((squares / Double(count)).squareRoot(), .leastNormalMagnitude))
    }

    /// The values that bins divide: all but the brightest thousandth, where vessels and fat would leave the brain a few bins.
    private static func range(_ image: Volume) throws -> ClosedRange<Float> {
        let ends = try image.percentiles([0, 99.9, 100]).map { Float($0) }
        return ends[0]...(ends[1] > ends[0] ? ends[1] : ends[2])
    }

    /// The middle of the voxels above the mean.
    private static func middle(of image: Volume) -> SIMD3<Double> {
        let mean = image.voxels.reduce(0.0) { $0 + Double($1) } / Double(image.voxels.count), shape = image.grid.shape
        var sum = SIMD3<Double>.zero, count = 0.0
        for k in 0..<shape.z {
            for j in 0..<shape.y {
                for i in 0..<shape.x where Double(image[i, j, k]) > mean {
                    sum += SIMD3(Double(i), Double(j), Double(k))
                    count += 1
                }
            }
        }
        return image.grid.affine(sum / count)
    }
}

extension Volume {
    /// With voxels of at least `spacing` mm along each axis, without aliasing.
    fileprivate func coarsened(to spacing: Double) throws -> Volume {
        let target = try Grid.centred(on: grid, spacing: pointwiseMax(grid.spacing, SIMD3(repeating: spacing)))
        return try resampled(onto: target, antialias: true)
    }
}
