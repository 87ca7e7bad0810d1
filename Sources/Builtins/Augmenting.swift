import Imaging
import Runtime
import Support

extension Catalog {
    private static var image: Param<Volume> { Param("image", "the volume") }

    /// An example of what is done to `v`, a head of 16³ voxels.
    private static func onSmallHead(_ code: String, _ shown: String) -> Example {
        Example("v = phantom(seed=1, shape=16, spacing=12).image\n" + code, shown)
    }

    /// What makes images worse or other on purpose, so that a network meets it in training.
    static let augmenting: [Builtin] = [
        Builtin(
            "augment", "Change an image and its mask by chance, as scanners and heads vary: to train on.", theme: .cohorts,
            details: """
                Every number is the largest; what is drawn lies between 0, or minus it, and it, and follows from `seed` alone. All that moves is one map, interpolated once: images
                linearly, masks linearly and cut at one half, a field `labels` by the nearest voxel. What changes values does so above the image's least value, so that it makes sense
                before and after `normalize`. With everything 0 nothing changes. The order is: moving, bias, blur, slices, ghosts, spikes, noise, gamma, contrast, crop.
                """,
            Param<Either<Record, Either<Volume, Mask>>>("x", "a record with volumes and masks on one grid, or one of these"),
            Param<UInt64>("seed", "which change", default: 0),
            Param<Double>("flip", "share of images that are mirrored left to right", default: 0.5),
            Param<Double>("rotate", "turn about each axis in degrees", default: 10),
            Param<Double>("scale", "change of size along each axis as a share", default: 0.1),
            Param<Double>("shear", "lean of each axis along another as a share", default: 0.03),
            Param<Double>("translate", "shift along each axis in mm", default: 8),
            Param<Double>("elastic", "standard deviation of the elastic displacement in mm", default: 2),
            Param<Double>("crop", "share of each axis that may be cut off at each end", default: 0),
            Param<Double>("thickness", "distance between slices in mm, along an axis drawn by chance", default: 0),
            Param<Double>("blur", "standard deviation of a Gaussian in mm", default: 0.5),
            Param<Double>("bias", "standard deviation of the log of a bias field", default: 0.2),
            Param<Double>("gamma", "log of the exponent that values are raised to", default: 0.2),
            Param<Double>("contrast", "change of the values' spread as a share", default: 0.1),
            Param<Double>("ghosting", "strength of ghosts", default: 0),
            Param<Double>("spikes", "amplitude of a spike in k-space as a share of the standard deviation", default: 0),
            Param<Double>("noise", "standard deviation of noise as a share of the values'", default: 0.05),
            Param<NoiseKind>("kind", "of noise: normal, or that of a magnitude image", default: .gaussian),
            returns: "the same kind of value; of a record every volume and mask is changed alike",
            examples: [
                Example(
                    "r = phantom(seed=1, shape=24, spacing=8)\na = augment(r, seed=3)\nb = augment(r, seed=3)\n[a.image == b.image, a.mask.shape] |> r -> r[1]",
                    "[24, 24, 24]"),
                onSmallHead(
                    "same = augment(v, flip=0, rotate=0, scale=0, shear=0, translate=0, elastic=0, blur=0, bias=0, gamma=0, contrast=0, noise=0)\n"
                        + "max(same - v)", "0"),
            ]
        ) {
            context, x, seed, flip, rotate, scale, shear, translate, elastic, crop, thickness, blur, bias, gamma, contrast, ghosting,
            spikes, noise, kind -> Value in
            var bounds = Augmentation.Bounds()
            (bounds.flip, bounds.rotate, bounds.scale, bounds.shear, bounds.translate) = (flip, rotate, scale, shear, translate)
            (bounds.elastic, bounds.crop, bounds.thickness, bounds.blur, bounds.bias) = (elastic, crop, thickness, blur, bias)
            (bounds.gamma, bounds.contrast, bounds.ghosting, bounds.spikes) = (gamma, contrast, ghosting, spikes)
            (bounds.noise, bounds.noiseKind) = (noise, kind)
            switch x {
            case .second(let image):
                let change = try Augmentation(bounds, grid: image.grid, seed: seed)
                return try image.map({ try change.apply(to: $0) }, { try change.apply(to: $0) })
            case .first(let record): return .record(try augmented(record, bounds, seed, context))
            }
        },

        Builtin(
            "elastic", "Move an image by a smooth random displacement.", theme: .space,
            details:
                "A cubic B-spline with normal control points. Masks are cut at one half; `nearest=true` keeps labels whole. The same numbers move an image and its mask alike.",
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<Double>("strength", "standard deviation of the displacement along each axis in mm, 0 … 50"),
            Param<Double>("knots", "distance between the spline's knots in mm", default: 40),
            Param<UInt64>("seed", "which displacement", default: 0),
            Param<Bool>("nearest", "take whole voxels instead of interpolating, for labels", default: false),
            returns: "the volume or mask on its own grid",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\nd = dice(elastic(m, 3), m)\n0.8 < d and d < 1", "true")]
        ) { _, image, strength, knots, seed, nearest -> Value in
            try image.map(
                { try $0.elastic(deviation: strength, knots: knots, seed: seed, nearest: nearest) },
                { try $0.elastic(deviation: strength, knots: knots, seed: seed) })
        },

        Builtin(
            "thick_slices", "An image as if scanned in thick slices, on its own grid.", theme: .space,
            details: "Slices with a Gaussian profile as wide as they are apart, and linear interpolation between them.",
            image,
            Param<Double>("thickness", "distance between slices in mm"),
            Param<Int>("axis", "the voxel axis across slices: 0, 1 or 2", default: 2),
            returns: "a volume",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=32, spacing=4).image\nstd(gradient(thick_slices(v, 12), axis=2)) < std(gradient(v, axis=2))",
                    "true")
            ]
        ) { _, image, thickness, axis in try image.thickSlices(thickness, axis: axis) },

        Builtin(
            "gamma", "Raise values to a power, between the least and the greatest.", theme: .intensity,
            details: "low + span · ((v − low) / span)^gamma.",
            image, Param<Double>("gamma", "the exponent, above 0; under 1 brightens"),
            returns: "a volume",
            examples: [onSmallHead("[max(gamma(v, 2)) == max(v), mean(gamma(v, 2)) < mean(v)]", "[true, true]")]
        ) { _, image, gamma in try image.gamma(gamma) },

        Builtin(
            "contrast", "Spread values about their mean.", theme: .intensity,
            image, Param<Double>("factor", "on the distance from the mean; under 1 flattens"),
            returns: "a volume",
            examples: [onSmallHead("round(std(contrast(v, 2)) / std(v))", "2")]
        ) { _, image, factor in try image.contrast(factor) },

        Builtin(
            "ghosting", "Add ghosts, as periodic motion does.", theme: .intensity,
            details:
                "Every count-th line of k-space along the axis becomes 1 + strength times as strong: copies at n / count voxels, each strength / count as bright.",
            image,
            Param<Double>("strength", "how much stronger"),
            Param<Int>("count", "of copies along the axis, 2 … 100", default: 2),
            Param<Int>("axis", "the voxel axis of the phase: 0, 1 or 2", default: 1),
            returns: "a volume",
            examples: [onSmallHead("mean(ghosting(v, 0.5)) > mean(v)", "true")]
        ) { _, image, strength, count, axis in try image.ghosted(count: count, strength: strength, axis: axis) },

        Builtin(
            "spike", "Add the plane wave that a spike in k-space makes.", theme: .intensity,
            image,
            Param<Double>("strength", "amplitude as a share of the values' standard deviation"),
            Param<Triple>("wave", "turns a voxel along each axis", default: Triple([0.1, 0.1, 0])),
            Param<Double>("phase", "in turns", default: 0),
            returns: "a volume",
            examples: [onSmallHead("max(abs(spike(v, 1) - v)) > 0", "true")]
        ) { _, image, strength, wave, phase in try image.spiked(wave: wave.numbers, strength: strength, phase: phase) },
    ]

    private static func augmented(_ record: Record, _ bounds: Augmentation.Bounds, _ seed: UInt64, _ context: Context) throws -> Record {
        var change: Augmentation?
        func changed(_ value: Value, _ name: String) throws -> Value {
            func made(_ grid: Grid) throws -> Augmentation {
                if let change { return change }
                let new = try Augmentation(bounds, grid: grid, seed: seed)
                change = new
                return new
            }
            switch value {
            case .volume(let volume):
                let change = try made(volume.grid)
                return .volume(try name == "labels" ? change.apply(toLabels: volume) : change.apply(to: volume))
            case .mask(let mask): return .mask(try made(mask.grid).apply(to: mask))
            case .list(let list) where list.allSatisfy({ if case .volume = $0 { true } else { false } }):
                return Value(try list.items.map { try changed($0, name) })
            default: return value
            }
        }
        var result = record
        for (name, value) in record.fields { result = result.with(name, try changed(value, name)) }
        guard change != nil else {
            throw context.reject(
                "x", expected: "a record with a volume or a mask", found: "one without",
                hint: "load paths first: {image: load(r.image), mask: load(r.mask) > 0}")
        }
        return result
    }
}
