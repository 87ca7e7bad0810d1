import Glibc
import Support

/// The brain extraction tool BET: a sphere of triangles that grows from within the brain until it meets its surface (Smith 2002,
/// doi:10.1002/hbm.10062), in world coordinates.
///
/// The classical baseline that a trained network must beat.
public enum BET {
    /// The paper's parameters, with its defaults.
    public struct Options: Sendable {
        /// The fractional intensity threshold, 0 … 1: greater values give a smaller brain (the paper's b_t).
        public var threshold = 0.5
        /// What is added to the threshold at the top of the brain and taken from it at the bottom, −1 … 1.
        public var gradient = 0.0
        /// Where the sphere starts, in mm; nil for the centre of gravity of the head.
        public var centre: SIMD3<Double>?
        /// Steps of the surface.
        public var iterations = 1000
        /// How often the surface starts again, about the centre of what the last found, while that centre still moves by 2 mm. The
        /// head's own centre of gravity is too low wherever the neck is in view.
        public var restarts = 1
        /// The defaults.
        public init() {}
    }

    /// The brain. A surface that passes through itself is made stiffer against dents, and starts again.
    ///
    /// A surface that comes to a fold may go either way upon a rounding. So the image is brought into the one order of axes (RAS) and
    /// counted from its own first voxel: the brain of a head is the same, bit for bit, in whatever order its voxels are stored.
    ///
    /// `progress` is told how many surfaces have been tried, and how much of the next one is done. Throws `IntensityError` for an option
    /// out of range, for NaN or infinite voxels and for an image without contrast, `MaskError.nothingToGrowIn` and `.nothingFound`,
    /// `GridError.singular`, `MemoryError`, `Interrupted`.
    public static func extract(
        _ image: Volume, options: Options = Options(), progress: (Int, Double) -> Void = { _, _ in }
    ) throws -> Mask {
        try check(options)
        let order = try AxisOrder(from: image.grid.affine, to: "RAS"), upright = try image.ordered(order)
        let origin = upright.grid.affine.translation
        var own = options
        own.centre = options.centre.map { $0 - origin }
        do {
            let brain = try grown(Volume(grid: try upright.grid.withoutOrigin(), voxels: upright.voxels), own, progress)
            return Mask(grid: image.grid, voxels: try brain.ordered(order.inverse).voxels, header: image.header?.forDerivedValues())
        } catch MaskError.nothingToGrowIn(let centre, let radius, let low, let high) {
            throw MaskError.nothingToGrowIn(centre: centre + origin, radius: radius, low: low, high: high)
        }
    }

    private static func grown(_ image: Volume, _ options: Options, _ progress: (Int, Double) -> Void) throws -> Mask {
        let head = try HeadIntensities(image)
        let sampler = try Sampler(image)
        var start = try head.ball(image, centre: options.centre)
        let most = options.centre == nil ? options.restarts : 0
        var stiffness = 1.0, attempt = 0
        while true {
            let median = try head.median(image, within: start)
            var surface = DeformingSurface(start: start, intensities: head, median: median, options: options)
            for turn in 0..<options.iterations {
                let done = Double(turn) / Double(options.iterations)
                if turn % 20 == 0 {
                    try Interrupt.check()
                    progress(attempt, done)
                }
                // Full for three quarters of the way, then down to none.
                surface.step(sampler, stiffness: 1 + (stiffness - 1) * min(1, (1 - done) * 4))
            }
            attempt += 1
            let (centre, radius) = surface.ball
            if attempt <= most, (centre - start.centre).norm >= 2, radius > 0 {
                start = (centre, radius)
                continue
            }
            let (mask, tangled) = try surface.mask(on: image.grid)
            if tangled <= acceptedTangle || stiffness >= greatestStiffness {
                if !mask.voxels.contains(1) { throw MaskError.nothingFound }
                return mask
            }
            stiffness *= 10
        }
    }

    /// The share of the brain's voxels that a surface passing through itself may hold more or less than once.
    private static let acceptedTangle = 0.001
    /// How stiff a surface may be made so that it does not.
    private static let greatestStiffness = 1000.0

    private static func check(_ options: Options) throws {
        guard options.threshold > 0, options.threshold < 1 else {
            throw IntensityError.argument(name: "threshold", value: options.threshold, allowed: "between 0 and 1")
        }
        guard abs(options.gradient) <= 1 else {
            throw IntensityError.argument(name: "gradient", value: options.gradient, allowed: "from -1 to 1")
        }
        guard (1...100_000).contains(options.iterations) else {
            throw IntensityError.argument(name: "iterations", value: Double(options.iterations), allowed: "1 … 100000")
        }
        guard (0...100).contains(options.restarts) else {
            throw IntensityError.argument(name: "restarts", value: Double(options.restarts), allowed: "0 … 100")
        }
        if let centre = options.centre, !(centre.x + centre.y + centre.z).isFinite {
            throw IntensityError.argument(name: "centre", value: centre.x + centre.y + centre.z, allowed: "three finite numbers of mm")
        }
    }
}

extension Grid {
    /// The grid with its first voxel at the world's origin.
    fileprivate func withoutOrigin() throws(GridError) -> Grid {
        var affine = affine
        (affine.rows.0.w, affine.rows.1.w, affine.rows.2.w) = (0, 0, 0)
        return try Grid(shape: shape, affine: affine)
    }
}

/// The intensities that tell head from background.
struct HeadIntensities {
    /// The robust least and greatest intensity: percentiles 2 and 98 (t2 and t98).
    let low: Double
    let high: Double
    /// Between background and head: a tenth of the way from low to high (t).
    let threshold: Double

    init(_ image: Volume) throws {
        let limits = try image.percentiles([2, 98])
        (low, high) = (limits[0], limits[1])
        guard high > low else { throw IntensityError.flat(value: low, operation: "bet") }
        threshold = low + 0.1 * (high - low)
    }

    /// The head's centre of gravity in mm, and the radius of a ball of its volume.
    func ball(_ image: Volume, centre: SIMD3<Double>?) throws -> (centre: SIMD3<Double>, radius: Double) {
        let shape = image.grid.shape, (low, high, threshold) = (Float(low), Float(high), Float(threshold))
        let parts = try image.voxels.withUnsafeBufferPointer { voxels in
            let p = Unchecked(voxels.baseAddress!)
            return try Parallel.mapSlabs(shape.z, grain: 4) { planes in
                var weight = 0.0, sum = SIMD3<Double>.zero, count = 0
                for k in planes {
                    for j in 0..<shape.y {
                        let row = p.value + (k * shape.y + j) * shape.x
                        var total: Float = 0, first: Float = 0
                        for i in 0..<shape.x where row[i] > threshold {
                            let w = min(row[i], high) - low
                            total += w
                            first += w * Float(i)
                            count += 1
                        }
                        weight += Double(total)
                        sum += SIMD3(Double(first), Double(total) * Double(j), Double(total) * Double(k))
                    }
                }
                return (weight, sum, count)
            }
        }
        let (weight, sum, count) = parts.reduce((0.0, SIMD3<Double>.zero, 0)) { ($0.0 + $1.0, $0.1 + $1.1, $0.2 + $1.2) }
        guard weight > 0 else { throw IntensityError.flat(value: Double(high), operation: "bet") }
        let volume = Double(count) * abs(image.grid.affine.determinant)
        return (centre ?? image.grid.affine(sum / weight), cbrt(volume * 3 / (4 * .pi)))
    }

    /// The median of what lies between the limits within a ball (t_m).
    func median(_ image: Volume, within ball: (centre: SIMD3<Double>, radius: Double)) throws -> Double {
        let grid = image.grid
        let toVoxel = try grid.affine.inverse()
        let centre = toVoxel(ball.centre)
        // The ball's box in voxels, whatever the axes' directions.
        let (a, b, c) = toVoxel.rows
        let reach = SIMD3<Double>([a, b, c].map { SIMD3($0.x, $0.y, $0.z).norm * ball.radius })
        let limit = ball.radius * ball.radius
        var values: [Float] = []
        func range(_ axis: Int) -> Range<Int> {
            let last = Double(grid.shape[axis] - 1)
            let from = max(0, min(last + 1, (centre[axis] - reach[axis]).rounded(.up)))
            let to = max(-1, min(last, (centre[axis] + reach[axis]).rounded(.down)))
            return Int(from)..<max(Int(from), Int(to) + 1)
        }
        for k in range(2) {
            try Interrupt.check()
            for j in range(1) {
                for i in range(0) {
                    let d = grid.affine(SIMD3(Double(i), Double(j), Double(k))) - ball.centre
                    let v = image[i, j, k]
                    if (d * d).sum() <= limit, Double(v) > low, Double(v) < high { values.append(v) }
                }
            }
        }
        if values.isEmpty { throw MaskError.nothingToGrowIn(centre: ball.centre, radius: ball.radius, low: low, high: high) }
        return try Selection(values).percentile(50)
    }
}
