import Glibc
import Support

/// What can be wrong with two images that are to be brought together.
public enum RegistrationError: ExplainedError, Equatable {
    /// However the search began, less than `share` of the smaller image lay in the other.
    case noOverlap(moving: FieldOfView, fixed: FieldOfView, share: Double)
    case tooFewVoxels(SIMD3<Int>)

    /// Where an image is.
    public struct FieldOfView: Equatable, Sendable {
        /// Voxels along each axis.
        public let shape: SIMD3<Int>
        /// The box around the voxels' centres, in mm, right-anterior-superior.
        public let low, high: SIMD3<Double>

        init(_ grid: Grid) {
            shape = grid.shape
            let corners = (0..<8).map { corner in
                grid.affine(SIMD3((0..<3).map { corner >> $0 & 1 == 0 ? 0 : Double(grid.shape[$0] - 1) }))
            }
            low = corners.reduce(corners[0], pointwiseMin)
            high = corners.reduce(corners[0], pointwiseMax)
        }

        /// The distance in mm between the middles of two.
        func distance(to other: FieldOfView) -> Double {
            let apart = (low + high - other.low - other.high) / 2
            return (apart * apart).sum().squareRoot()
        }

        var text: String {
            func side(_ axis: Int) -> String { "\(Text.fixed(low[axis], 0)) … \(Text.fixed(high[axis], 0))" }
            return "\(Text.sizes(shape)) voxels, x \(side(0)), y \(side(1)), z \(side(2)) mm"
        }
    }

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .noOverlap(let moving, let fixed, let share):
            "register: the images do not come to lie on each other: less than \(Text.short(100 * share)) % of the smaller one meets the other, "
                + "as the files say and with what is bright in both on one place; the moving image has \(moving.text), "
                + "the fixed one \(fixed.text), their middles \(Text.fixed(moving.distance(to: fixed), 0)) mm apart"
        case .tooFewVoxels(let shape): "register: an image of \(Text.sizes(shape)) voxels; along every axis it takes at least 4"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .noOverlap:
            "see with show(v) whether both show a head, and crop what else is bright; where one file's place in the world is wrong, "
                + "bring the middles together first, with translate(image, [x, y, z], carry=true)"
        case .tooFewVoxels: nil
        }
    }
}

extension Volume {
    /// The transform that brings this image onto another of the same head, or of one much like it, whatever the contrasts.
    ///
    /// Maximises the mutual information (`MutualInformation`) of the fixed image's samples and this image, linearly interpolated, by
    /// quasi-Newton steps, from coarse to fine: the finest level's voxels are a 256th of the larger field of view (1 mm for a head), or the
    /// images' own where those are larger, and each level before has voxels of twice the size. On the coarsest the search starts from many
    /// places (`Registration.start`), so that heads turned by any angle are brought together. An affine motion starts from the rigid one
    /// found at the coarsest. Samples are at places drawn once, within voxels rather than on them, so that interpolation makes no false
    /// optima; results repeat bit for bit.
    ///
    /// Throws `IntensityError.notFinite` and `.flat`, `RegistrationError`, `GridError.singular` for a grid without inverse, `MemoryError` and
    /// `Interrupted`.
    public func registered(to fixed: Volume, kind: Motion = .rigid) throws -> Transform {
        try registration(to: fixed, kind: kind).transform
    }

    /// As `registered(to:kind:)`, with what says how far the result is to be trusted. Throws `IntensityError.notFinite` and `.flat`, `RegistrationError`,
    /// `GridError.singular` for a grid without inverse, `MemoryError` and `Interrupted`.
    public func registration(to fixed: Volume, kind: Motion = .rigid) throws -> RegistrationResult {
        let levels = try Registration.levels(fixed: try fixed.comparable(), moving: try comparable())
        guard let start = try Registration.start(levels[0]) else {
            throw RegistrationError.noOverlap(moving: .init(grid), fixed: .init(fixed.grid), share: Registration.leastShare)
        }
        var base = start.base, value = 0.0
        for (n, level) in levels.enumerated() {
            if n == 0, kind == .affine { base = try level.refined(base, .rigid).base }
            (base, value) = try level.refined(base, kind)
        }
        // The search moves positions of the fixed image to the moving one; an image goes the other way.
        return RegistrationResult(transform: try Transform(base).inverse, information: -value, rival: start.rival)
    }
}

/// A registration, and what it was worth.
public struct RegistrationResult: Sendable {
    /// What brings the moving image onto the fixed one.
    public let transform: Transform
    /// The mutual information at the end, in nats, of 32 bins of the fixed image and as many of the moving one: what knowing a voxel of one
    /// says of the other.
    public let information: Double
    /// The mutual information of the best place that is turned by more than 45° from the one that was taken, as a share of its own, both on
    /// the coarsest level; 0 where there is none. Near 1, the images look alike in more than one position, and the wrong one may have been
    /// taken.
    public let rival: Double

    /// Whether the images had little in common at the end, or another position was about as good.
    public var isDoubtful: Bool { information < Self.leastInformation || rival > Self.greatestRival }

    /// What makes the result doubtful, in words.
    public var doubt: String {
        let worth = "mutual information \(Text.fixed(information, 3))"
        return information < Self.leastInformation
            ? "the images have little in common where they came to lie (\(worth)); "
                + "see whether they fit with show(overlay(fixed, resample(moving, like=fixed, transform=t) > x))"
            : "turned over, the images are \(Text.fixed(100 * rival, 0)) % as much alike (\(worth)); "
                + "see whether the heads lie the same way up"
    }

    static let leastInformation = 0.1
    static let greatestRival = 0.97
}

/// One resolution of a registration.
struct Registration {
    /// mm a voxel, at least.
    let spacing: Double
    let samples: MutualInformation.Samples
    /// The share of the fixed image's samples that must lie in the moving image.
    private let leastOverlap: Double
    let metric: MutualInformation
    /// The middles of what is bright in both images.
    let middles: (fixed: SIMD3<Double>, moving: SIMD3<Double>)

    /// The most samples of a level: more makes the result no better than the images' noise does.
    private static let mostSamples = 200_000

    init(fixed: Volume, moving: Volume, spacing: Double) throws {
        self.spacing = spacing
        samples = try Self.draw(from: fixed)
        metric = try MutualInformation(samples, moving: moving, range: try Self.range(moving))
        // A small image in a large one is registered as well as the other way round.
        func extent(_ grid: Grid) -> Double { Double(grid.count) * grid.spacing.x * grid.spacing.y * grid.spacing.z }
        leastOverlap = Self.leastShare * min(1, extent(moving.grid) / extent(fixed.grid))
        middles = (try Self.middle(of: fixed), try Self.middle(of: moving))
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

    /// The best of many starts, each refined as a rigid motion: as the files say; and with the heads' centres on each other, in each of the
    /// 24 positions of a cube, upright there or turned by a further 20° about each axis, of which the most promising are followed.
    /// Nil where the images meet nowhere.
    static func start(_ level: Registration) throws -> (base: Affine, rival: Double)? {
        let (fixed, moving) = level.middles
        let centred = Affine(spacing: .one, origin: moving - fixed)
        func measured(_ starts: [Affine]) throws -> [(base: Affine, value: Double)] {
            try starts.compactMap { start in
                let result = try level.metric.evaluate(.identity, base: start)
                return result.overlap >= level.leastOverlap ? (start, -result.value) : nil
            }
        }
        let tilts = try Self.tilts.map { try centred.after(Transform.rotation(degrees: $0, about: fixed).matrix) }
        // As the files say, first and always; of the heads upright three, of those turned over as many more.
        let asFiled = try measured([.identity])
        let upright = try measured(tilts).sorted { $0.value < $1.value }
        let turned = try measured(
            Self.quarterTurns.dropFirst().flatMap { turn in
                try tilts.map { tilt in try tilt.after(Transform(turn).about(fixed).matrix) }
            }
        ).sorted { $0.value < $1.value }
        let near = try (asFiled + upright.prefix(3)).map { try level.refined($0.base, .rigid) }.sorted { $0.value < $1.value }
        let far = try turned.prefix(followed).map { try level.refined($0.base, .rigid) }.sorted { $0.value < $1.value }
        let ends = near + far
        guard var best = ends.min(by: { $0.value < $1.value }) else { return nil }
        // A head is nearly its own mirror image: without a clear gain it is not turned over.
        if let first = near.first, first.value < best.value * Self.clearGain { best = first }
        let rivals = ends.filter { Self.isTurned($0.base, from: best.base) }.map { $0.value / best.value }
        return (best.base, best.value < 0 ? max(0, rivals.max() ?? 0) : 1)
    }

    /// How many of the turned starts are followed.
    private static let followed = 8
    /// The share of the best information that an upright start must reach to be preferred to a turned one.
    private static let clearGain = 0.97

    private static let tilts: [SIMD3<Double>] = [
        .zero, [-20, 0, 0], [20, 0, 0], [0, -20, 0], [0, 20, 0], [0, 0, -20], [0, 0, 20],
    ]

    /// The 24 rotations of a cube; the first turns nothing.
    static let quarterTurns: [Affine] = {
        var found: [Affine] = []
        for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]] {
            for signs in 0..<8 {
                var rows = [SIMD4<Double>.zero, .zero, .zero]
                for row in 0..<3 { rows[row][order[row]] = signs >> row & 1 == 0 ? 1 : -1 }
                let turn = Affine(rows[0], rows[1], rows[2])
                if turn.determinant > 0 { found.append(turn) }
            }
        }
        return found
    }()

    /// Whether two rigid maps differ by a turn of more than 45°.
    private static func isTurned(_ a: Affine, from b: Affine) -> Bool {
        let (x, y, z) = a.columns, (u, v, w) = b.columns
        // The trace of one turn after the other's inverse is 1 + 2 cos.
        return (x * u).sum() + (y * v).sum() + (z * w).sum() < 1 + 2.0.squareRoot()
    }

    /// The share of the smaller image that must lie in the other.
    static let leastShare = 0.2

    /// The best motion from `base` on, which maps positions of the fixed image to the moving one's, and the negative information there.
    func refined(_ base: Affine, _ kind: Motion) throws -> (base: Affine, value: Double) {
        let space = MotionSpace(kind: kind, radius: samples.radius)
        let search = QuasiNewton(firstStep: spacing / 2, tolerance: 2e-3 * spacing)
        let (point, value) = try search.minimum(from: [Double](repeating: 0, count: kind.count)) { point in
            let result = try metric.evaluate(space.affine(point), base: base)
            // Where the images hardly meet, information is an accident.
            if result.overlap < leastOverlap { return (.infinity, [Double](repeating: 0, count: kind.count)) }
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
    fileprivate static func range(_ image: Volume) throws -> ClosedRange<Float> {
        let ends = try image.percentiles([0, 99.9, 100]).map { Float($0) }
        return ends[0]...(ends[1] > ends[0] ? ends[1] : ends[2])
    }

    /// The middle of the voxels above the mean; of the whole where there are none.
    private static func middle(of image: Volume) throws -> SIMD3<Double> {
        let mean = image.voxels.reduce(0.0) { $0 + Double($1) } / Double(image.voxels.count), shape = image.grid.shape
        var sum = SIMD3<Double>.zero, count = 0.0
        for k in 0..<shape.z {
            try Interrupt.check()
            for j in 0..<shape.y {
                for i in 0..<shape.x where Double(image[i, j, k]) > mean {
                    sum += SIMD3(Double(i), Double(j), Double(k))
                    count += 1
                }
            }
        }
        return image.grid.affine(count > 0 ? sum / count : (SIMD3<Double>(shape) - 1) / 2)
    }
}

extension Volume {
    /// What can be registered: as it is, or, where differences of its values are beyond single precision, between 0 and 1, by which
    /// information does not change.
    fileprivate func comparable() throws -> Volume {
        if grid.shape.min() < 4 { throw RegistrationError.tooFewVoxels(grid.shape) }
        let ends = try statistics()
        if ends.min == ends.max { throw IntensityError.flat(value: Double(ends.min), operation: "register") }
        let range = try Registration.range(self), low = Double(range.lowerBound), width = Double(range.upperBound) - low
        if max(abs(ends.min), abs(ends.max)) < 1e18, width > 1e-18 { return self }
        return with(voxels.map { Float(min(1, max(0, (Double($0) - low) / width))) })
    }

    /// With voxels of at least `spacing` mm along each axis, without aliasing.
    fileprivate func coarsened(to spacing: Double) throws -> Volume {
        let target = try Grid.centred(on: grid, spacing: pointwiseMax(grid.spacing, SIMD3(repeating: spacing)))
        return try resampled(onto: target, antialias: true)
    }
}
