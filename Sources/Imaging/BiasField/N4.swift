import Support

/// N4 bias field correction: removes the slow multiplicative shading of an MR image.
///
/// Tustison, Avants, Cook, Zheng, Egan, Yushkevich, Gee: N4ITK: improved N3 bias correction, IEEE Trans. Med. Imaging 29 (2010),
/// doi:10.1109/TMI.2010.2046908. In the log domain, on a shrunken grid, each turn sharpens the histogram of the image as
/// corrected so far (Sled, Zijdenbos, Evans 1998, doi:10.1109/42.668698), fits a cubic B-spline to what the sharpening took
/// away (Lee, Wolberg, Shin 1997, doi:10.1109/2945.620490) and adds it to the field. Each level doubles the B-spline's spans.
public enum N4 {
    /// The parameters of the paper, with ITK's defaults but for `convergence`.
    public struct Options: Sendable {
        /// Every n-th voxel along each axis is looked at. An axis is never thinned below 4 samples (or its length).
        public var shrink = SIMD3<Int>(4, 4, 4)
        /// The most turns of each level; their number is the number of levels.
        public var iterations = [50, 50, 50, 50]
        /// A level ends once the coefficient of variation of (field before) / (field after) over the mask is not above this.
        ///
        /// ITK's default is 0.001, but its measure is a running sum in single precision, whose rounding adds to what it finds: on heads of
        /// weak bias it goes on for several turns after the exact measure has fallen below. With 0.0003 as many turns are made as by ITK
        /// with 0.001, or more: with more still, known fields are found hardly better, with fewer worse.
        public var convergence = 0.0003
        /// Full width at half maximum of the field's histogram, in log intensity.
        public var fwhm = 0.15
        /// Noise term of the Wiener filter that deconvolves the histogram.
        public var wiener = 0.01
        /// Bins of the histogram.
        public var bins = 200
        /// B-spline spans along each axis in the first level; each level doubles them.
        public var splineMesh = SIMD3<Int>(1, 1, 1)

        /// The defaults.
        public init() {}

        /// First-level spans no longer than `distance` mm each, for a grid. Throws `N4Error.option` for a distance that is not above 0 or not finite.
        public static func mesh(distance: Double, on grid: Grid) throws(N4Error) -> SIMD3<Int> {
            guard distance > 0, distance.isFinite else { throw .option(name: "spline", value: distance, wanted: "above 0 mm") }
            let spans = (SIMD3<Double>(grid.shape &- 1) * grid.spacing / distance).rounded(.up)
            return SIMD3((0..<3).map { Int(min(max(spans[$0], 1), 1e6)) })
        }
    }

    /// Where a correction stands.
    public struct Progress: Sendable {
        /// Counted from 1.
        public let level, levels: Int
        /// Counted from 1 within the level, of at most `iterations`.
        public let iteration, iterations: Int
        /// The convergence value after this turn.
        public let convergence: Double
    }

    /// What an estimate gives: the field as a B-spline, from which volumes are made when they are asked for.
    public struct Result: Sendable {
        let image: Volume
        let lattice: SplineLattice
        let domain: SplineLattice.Domain
        /// Turns done in each level.
        public let iterations: [Int]
        /// How much each axis was thinned: what was asked for, or less where fewer than 4 samples would have been left.
        public let shrink: SIMD3<Int>

        /// The image divided by the field, at every voxel. Throws `MemoryError`, `Interrupted`.
        public func corrected() throws -> Volume {
            try image.grid.requireMemory(bytesPerVoxel: 4)
            return image.with(try lattice.divide(image.voxels, over: image.grid.shape, domain: domain))
        }

        /// The multiplicative field on the image's grid: smooth, finite, above 0. Its mean is as the iteration left it: the
        /// sharpening keeps the mean of log intensities about where it was, and no factor is applied after it.
        /// Throws `MemoryError`, `Interrupted`.
        public func field() throws -> Volume {
            try image.grid.requireMemory(bytesPerVoxel: 4)
            return image.with(try lattice.exponential(over: image.grid.shape, domain: domain))
        }
    }

    /// Estimates the field.
    ///
    /// - Parameters:
    ///   - mask: the voxels to learn from; without one, those above Otsu's threshold of the image whose neighbours along each
    ///     axis are so too. Voxels not above 0 are never learnt from. The field is smooth beyond the mask too, and the whole
    ///     image is corrected.
    ///   - weights: how much each voxel counts in the fit (0 and above); voxels of weight 0 are not learnt from.
    ///   - onProgress: called after each turn.
    /// - Throws: `GridError.mismatch` when mask or weights lie on another grid; `N4Error` for options out of range, values
    ///   that are not finite where they are looked at (inside the mask, or anywhere without one), and nothing to learn
    ///   from; `Interrupted`. A constant image has the field 1.
    public static func correct(
        _ image: Volume, mask: Mask? = nil, weights: Volume? = nil, options: Options = Options(),
        onProgress: (Progress) -> Void = { _ in }
    ) throws -> Result {
        try options.check()
        if let mask { try image.grid.require(same: mask.grid) }
        if let weights { try image.grid.require(same: weights.grid) }
        var samples = try N4Samples(image, mask: mask, weights: weights, shrink: options.shrink)

        var spans = options.splineMesh
        var total = SplineLattice(zero: spans &+ 3)
        var turns: [Int] = []
        for (level, limit) in options.iterations.enumerated() {
            if level > 0 {
                total = total.refined()
                spans = spans &* 2
            }
            let fit = try SplineFit(samples, spans: spans)
            // The spline was only written more finely, but the samples follow the same lattice that is added to from here on.
            var range = try samples.follow(total, axes: fit.axes).range
            var done = 0
            while done < limit {
                guard let sharpened = Sharpening(samples, range: range, bins: options.bins, fwhm: options.fwhm, wiener: options.wiener)
                else { break }
                let update = try fit.fitted(samples, sharpened)
                for i in total.values.indices { total.values[i] += update.values[i] }
                let change = try samples.follow(total, axes: fit.axes)
                range = change.range
                done += 1
                onProgress(
                    Progress(
                        level: level + 1, levels: options.iterations.count, iteration: done, iterations: limit,
                        convergence: change.variation))
                if change.variation <= options.convergence { break }
            }
            turns.append(done)
        }
        return Result(image: image, lattice: total, domain: samples.domain, iterations: turns, shrink: samples.factor)
    }
}

extension N4.Options {
    func check() throws(N4Error) {
        func need(_ name: String, _ value: Double, _ fine: Bool, _ wanted: String) throws(N4Error) {
            if !fine { throw .option(name: name, value: value, wanted: wanted) }
        }
        for axis in 0..<3 {
            try need("shrink", Double(shrink[axis]), shrink[axis] >= 1, "at least 1")
            try need("spline", Double(splineMesh[axis]), (1...64).contains(splineMesh[axis]), "1 to 64 spans")
        }
        try need("iterations", Double(iterations.count), (1...8).contains(iterations.count), "a list of 1 to 8 numbers")
        for n in iterations { try need("iterations", Double(n), (0...100_000).contains(n), "0 to 100000") }
        try need("convergence", convergence, convergence >= 0 && convergence.isFinite, "0 or above")
        try need("fwhm", fwhm, fwhm >= 0.001 && fwhm <= 100, "0.001 to 100")
        try need("wiener", wiener, wiener > 0 && wiener.isFinite, "above 0")
        try need("bins", Double(bins), (8...65536).contains(bins), "8 to 65536")
        let finest = SIMD3<Double>(splineMesh &* (1 << (iterations.count - 1)) &+ 3)
        let points = finest.x * finest.y * finest.z
        try need(
            "spline", points, points <= 8_000_000,
            "so coarse, or `iterations` so few, that the last level has at most 8 million control points")
    }
}

/// What keeps N4 from correcting an image.
public enum N4Error: ExplainedError, Equatable {
    case option(name: String, value: Double, wanted: String)
    /// NaN or infinite values: how many, and where the first is.
    case notFinite(count: Int, first: SIMD3<Int>, inMask: Bool)
    case badWeight(value: Double, at: SIMD3<Int>)
    case emptyMask
    /// The mask has voxels, but none of them is above 0.
    case nothingPositive
    /// No voxel of the mask is among those that the shrink factor leaves.
    case shrunkAway(count: Int, shrink: SIMD3<Int>)

    /// What is wrong, with the numbers.
    public var message: String { message(in: "n4") }

    /// A field alone is estimated under another name.
    public func message(in operation: String) -> String { "\(operation): \(explanation)" }

    /// The parameter that the value was given for, where it was one of a call.
    public var argument: String? {
        if case .option(let name, _, _) = self { name } else { nil }
    }

    private var explanation: String {
        switch self {
        case .option(let name, let value, let wanted): "`\(name)` must be \(wanted), got \(Text.short(value))"
        case .notFinite(let count, let at, let inMask):
            "\(count) voxel\(count == 1 ? "" : "s") \(inMask ? "of the mask " : "")\(count == 1 ? "is" : "are") NaN or infinite, "
                + "the first at (\(at.x), \(at.y), \(at.z))"
        case .badWeight(let value, let at):
            "the weight at (\(at.x), \(at.y), \(at.z)) is \(Text.short(value)); weights must be 0 or above"
        case .emptyMask: "the mask is empty"
        case .nothingPositive: "no voxel to learn from: none of those considered is above 0"
        case .shrunkAway(let count, let s):
            "none of the \(count) usable voxels is left after thinning by \(Text.sizes(s))"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .option: nil
        case .notFinite(_, _, let inMask):
            inMask ? "take them out of the mask, or set them to 0" : "set them to 0, or give a mask without them"
        case .badWeight: nil
        case .emptyMask: "give a mask with at least one voxel, or none to use Otsu's threshold"
        case .nothingPositive: "N4 works on log intensity: shift or rescale the image so that tissue is above 0"
        case .shrunkAway: "use a smaller shrink, such as shrink=1"
        }
    }
}
