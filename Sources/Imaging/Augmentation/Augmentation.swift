import Glibc
import Support

/// Changes of an image and what belongs to it, drawn by a seed within bounds: what scanners, heads and archives vary by.
///
/// Everything that moves is composed into one map and interpolated once: images linearly, masks linearly and cut at one half, labels by the
/// nearest voxel. What changes values does so above the image's least value, which is taken for air, so that it makes sense before and
/// after a normalisation. One seed gives one change, bit for bit, on any number of threads; with all bounds 0 nothing changes.
public struct Augmentation: Sendable {
    /// The bounds; a number is the largest, of both signs where that makes sense.
    public struct Bounds: Sendable {
        /// Share of images that are mirrored left to right.
        public var flip = 0.0
        /// Turn about each axis of the world, degrees.
        public var rotate = 0.0
        /// Change of size along each axis, as a share.
        public var scale = 0.0
        /// Lean of each axis along the next, as a share.
        public var shear = 0.0
        /// Shift along each axis, mm.
        public var translate = 0.0
        /// Standard deviation of the elastic displacement in mm.
        public var elastic = 0.0
        /// Distance between the knots of the elastic displacement in mm.
        public var knots = 40.0
        /// Share of each axis that the field of view may lose at each end.
        public var crop = 0.0
        /// Distance between slices in mm, along one axis drawn by chance.
        public var thickness = 0.0
        /// Standard deviation of a blur in mm.
        public var blur = 0.0
        /// Standard deviation of the log of a bias field.
        public var bias = 0.0
        /// Logarithm of the exponent that values, from least to greatest, are raised to.
        public var gamma = 0.0
        /// Change of the values' spread about their mean, as a share.
        public var contrast = 0.0
        /// Strength of ghosts along an axis drawn by chance (`Ghost`).
        public var ghosting = 0.0
        /// Amplitude of a spike in k-space, as a share of the values' standard deviation.
        public var spikes = 0.0
        /// Standard deviation of noise, as a share of the values'.
        public var noise = 0.0
        /// What the noise is like.
        public var noiseKind = NoiseKind.gaussian

        /// Nothing changes.
        public init() {}

        /// Throws `IntensityError.argument` for a bound that makes no sense.
        func check() throws(IntensityError) {
            let limits: [(String, Double, ClosedRange<Double>)] = [
                ("flip", flip, 0...1), ("rotate", rotate, 0...180), ("scale", scale, 0...0.9), ("shear", shear, 0...1),
                ("translate", translate, 0...1000),
                ("elastic", elastic, 0...50), ("knots", knots, 1...1000), ("crop", crop, 0...0.49), ("thickness", thickness, 0...100),
                ("blur", blur, 0...50),
                ("bias", bias, 0...3), ("gamma", gamma, 0...3), ("contrast", contrast, 0...1), ("ghosting", ghosting, 0...5),
                ("spikes", spikes, 0...100),
                ("noise", noise, 0...100),
            ]
            for (name, value, range) in limits where !range.contains(value) {
                throw .argument(name: name, value: value, allowed: "\(Text.short(range.lowerBound)) … \(Text.short(range.upperBound))")
            }
        }
    }

    private let grid: Grid
    private let warp: Warp?
    /// Voxels that stay; nil where all do.
    private let view: Box?
    private let blurs: [(axis: Int, filter: AxisFilter)]
    private let slices: Slices?
    private let bias: Volume?
    private let gamma: Double
    private let contrast: Double
    private let ghost: Ghost?
    private let spike: (spike: Spike, share: Double)?
    private let noise: Double
    private let noiseKind: NoiseKind
    private let noiseSeed: UInt64

    /// The change of a seed for images on a grid. Throws `IntensityError.argument` for a bound out of range, `GridError.singularTransform` where
    /// what moves the image flattens space or goes beyond numbers, `MemoryError`, `Interrupted`.
    public init(_ bounds: Bounds, grid: Grid, seed: UInt64) throws {
        try bounds.check()
        self.grid = grid
        // One stream a theme, so that a bound changed in one does not redraw the others.
        func stream(_ n: UInt64) -> CounterRandom { CounterRandom(seed: seed, stream: 200 + n) }
        func signed(_ most: Double, _ random: inout CounterRandom) -> Double { most * random.uniform(-1, 1) }
        func three(_ most: Double, _ random: inout CounterRandom) -> SIMD3<Double> {
            SIMD3(signed(most, &random), signed(most, &random), signed(most, &random))
        }
        warp = try Self.warp(bounds, grid, stream)

        var random = stream(6)
        var box = Box(whole: grid.shape)
        for axis in 0..<3 {
            box.from[axis] = Int(Double(grid.shape[axis]) * random.uniform(0, bounds.crop))
            box.to[axis] = grid.shape[axis] - Int(Double(grid.shape[axis]) * random.uniform(0, bounds.crop))
        }
        view = box == Box(whole: grid.shape) ? nil : box

        random = stream(7)
        let sigma = random.uniform(0, bounds.blur)
        blurs = (0..<3).compactMap { axis in AxisFilter.blur(length: grid.shape[axis], sigma: sigma / grid.spacing[axis]).map { (axis, $0) }
        }
        let axis = min(2, Int(random.uniform(0, 3)))
        slices = Slices(thickness: random.uniform(0, bounds.thickness), axis: axis, grid: grid)

        random = stream(8)
        let strength = random.uniform(0, bounds.bias)
        bias = strength > 0 ? try grid.syntheticBias(strength: strength, spans: 2, seed: random.next()) : nil
        random = stream(9)
        gamma = exp(signed(bounds.gamma, &random))
        contrast = 1 + signed(bounds.contrast, &random)
        random = stream(10)
        let strongest = random.uniform(0, bounds.ghosting)
        ghost =
            strongest > 0 ? Ghost(axis: min(2, Int(random.uniform(0, 3))), count: 2 + Int(random.uniform(0, 4)), strength: strongest) : nil
        random = stream(11)
        let share = random.uniform(0, bounds.spikes)
        spike = share > 0 ? (Spike(wave: three(0.4, &random), phase: random.uniform(), amplitude: 1), share) : nil
        random = stream(12)
        noise = random.uniform(0, bounds.noise)
        (noiseKind, noiseSeed) = (bounds.noiseKind, random.next())
    }

    private static func warp(_ bounds: Bounds, _ grid: Grid, _ stream: (UInt64) -> CounterRandom) throws -> Warp? {
        func three(_ most: Double, _ n: UInt64) -> SIMD3<Double> {
            var random = stream(n)
            return SIMD3(most * random.uniform(-1, 1), most * random.uniform(-1, 1), most * random.uniform(-1, 1))
        }
        var random = stream(0)
        let mirrors = random.uniform() < bounds.flip
        let centre = grid.centre
        let size = 1 + three(bounds.scale, 1), lean = three(bounds.shear, 2)
        let form = Affine([mirrors ? -size.x : size.x, lean.x, 0, 0], [0, size.y, lean.y, 0], [lean.z, 0, size.z, 0])
        let move = try Transform.translation(three(bounds.translate, 3))
            .after(.rotation(degrees: three(bounds.rotate, 4), about: centre)).after(Transform(form).about(centre))
        var elastic: FieldLattice?
        random = stream(5)
        let deviation = random.uniform(0, bounds.elastic)
        if deviation > 0 {
            var lattice = FieldLattice(shape: grid.shape, spacing: grid.spacing, knots: bounds.knots)
            for axis in 0..<3 { lattice.add(axis, deviation: deviation, knots: bounds.knots, &random) }
            elastic = lattice
        }
        if elastic == nil, move.matrix == .identity { return nil }
        return Warp(grid: grid, affine: move.inverse.matrix, elastic: elastic)
    }

    /// An image changed in shape and values. It must lie on the grid; outside of what it shows the result has its least value.
    /// Throws `GridError.mismatch` for an image elsewhere, `.singular` for a grid without inverse, `IntensityError.notFinite`, `MemoryError`,
    /// `Interrupted`.
    public func apply(to image: Volume) throws -> Volume {
        try grid.require(same: image.grid)
        if warp == nil, view == nil, !changesValues { return image }
        return try image.aboveLeast(operation: "augment") { values, span, deviation in
            var values = values
            func volume() -> Volume { Volume(grid: grid, voxels: values) }
            if let warp { values = try warp.apply(to: volume()).voxels }
            if let bias { values = try Voxels.map(values, bias.voxels) { x, y, out, n in for i in 0..<n { out[i] = x[i] * y[i] } } }
            for (axis, blur) in blurs { values = try blur.apply(to: values, shape: grid.shape, axis: axis).values }
            if let slices { values = try slices.apply(to: values, shape: grid.shape) }
            if let ghost { values = try ghost.apply(to: values, shape: grid.shape) }
            if let spike { values = try spike.spike.scaled(by: spike.share * deviation).apply(to: values, shape: grid.shape) }
            if noise > 0 { values = try volume().withNoise(sigma: noise * deviation, kind: noiseKind, seed: noiseSeed).voxels }
            if gamma != 1 { values = try Tone.power(values, gamma, span: span) }
            if contrast != 1 { values = try Tone.spread(values, by: contrast) }
            if let view { values = try view.keeping(values, grid.shape) }
            return values
        }
    }

    /// The mask of an image that is changed: moved as the image is, and cut to its field of view. Throws `GridError.mismatch` for a mask elsewhere,
    /// `.singular` for a grid without inverse, `MemoryError`, `Interrupted`.
    public func apply(to mask: Mask) throws -> Mask {
        try grid.require(same: mask.grid)
        let moved = try warp?.apply(to: mask) ?? mask
        return try view.map { try moved.with($0.keeping(moved.voxels, grid.shape)) } ?? moved
    }

    /// Labels of an image that is changed: as a mask, but each voxel has the value of one voxel. Throws as for a mask.
    public func apply(toLabels labels: Volume) throws -> Volume {
        try grid.require(same: labels.grid)
        let moved = try warp?.apply(to: labels, nearest: true) ?? labels
        return try view.map {
            Volume(grid: grid, voxels: try $0.keeping(moved.voxels, grid.shape), datatype: moved.datatype, header: moved.header)
        } ?? moved
    }

    private var changesValues: Bool {
        slices != nil || !blurs.isEmpty || bias != nil || gamma != 1 || contrast != 1 || ghost != nil || spike != nil || noise > 0
    }
}

extension Box {
    /// Values outside of the box as 0.
    func keeping<T: Numeric & BitwiseCopyable>(_ values: [T], _ shape: SIMD3<Int>) throws -> [T] {
        let inside = try Crop(extent: shape, from: from, shape: self.shape).apply(to: values, outside: 0)
        return try Pad(extent: self.shape, at: from, shape: shape).apply(to: inside, outside: 0)
    }
}
