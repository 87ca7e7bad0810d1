import Imaging
import Runtime
import Support

extension WhiteStripe.Contrast: Convertible {}

extension Catalog {
    /// Intensities held, cut, and brought to common scales.
    static let standardising: [Builtin] = [
        Builtin(
            "clip", "Hold values between two bounds.", theme: .intensity,
            Param<VoxelExpression>("image", "the volume"),
            Param<Double?>("low", "the least value; none for no bound", default: nil),
            Param<Double?>("high", "the greatest value; none for no bound", default: nil),
            returns: "the volume; nan stays nan",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=16, spacing=12).image\np = percentile(v, [1, 99])\nabs(max(clip(v, p[0], p[1])) - p[1]) < 0.001",
                    "true")
            ]
        ) { context, image, low, high in image.clamped(to: try bounds(low, high, context)) },

        Builtin(
            "threshold", "Where values lie between two bounds, both included.", theme: .masks,
            Param<Volume>("image", "the volume"),
            Param<Double?>("low", "the least value; none for no bound", default: nil),
            Param<Double?>("high", "the greatest value; none for no bound", default: nil),
            returns: "a mask; nan is not in it",
            examples: [Example("v = phantom(seed=1, shape=16, spacing=12).image\nthreshold(v, low=100).count == (v >= 100).count", "true")]
        ) { context, image, low, high in try image.threshold(within: bounds(low, high, context)) },

        Builtin(
            "otsu_thresholds", "The thresholds that divide values into classes best.", theme: .intensity,
            details: "Otsu 1979 (doi:10.1109/TSMC.1979.4310076): they make the variance between the classes greatest.",
            Param<Volume>("image", "the volume"),
            Param<Int>("classes", "how many classes, 2 … 16", default: 2),
            Param<Int>("bins", "bins of the histogram, from 2, to 4096 for more than two classes", default: 128),
            returns: "an ascending list of numbers, one fewer than classes",
            examples: [
                Example("v = phantom(seed=1, shape=32, spacing=6).image\notsu(v).count == (v > otsu_thresholds(v)[0]).count", "true"),
                Example("length(otsu_thresholds(phantom(seed=1, shape=32, spacing=6).image, classes=4))", "3"),
            ]
        ) { _, image, classes, bins in try image.otsuThresholds(classes: classes, bins: bins).map { Double($0) } },

        Builtin(
            "histogram", "Count values in equal bins, as numpy does.", theme: .intensity,
            Param<Volume>("image", "the volume"),
            Param<Int>("bins", "how many", default: 100),
            Param<Double?>("low", "the lowest border; none takes the least value", default: nil),
            Param<Double?>("high", "the highest border; none takes the greatest value", default: nil),
            Param<Mask?>("mask", "only voxels in this mask", default: nil),
            returns: "a record {edges, counts}: one edge more than counts",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=[4, 4, 1], spacing=40).image * 0 + 3\nhistogram(v, bins=4, low=0, high=4).counts",
                    "[0, 0, 0, 16]")
            ]
        ) { context, image, bins, low, high, mask in
            var range: ClosedRange<Double>?
            if low != nil || high != nil {
                let own = try image.statistics(in: mask)
                let (from, to) = (low ?? Double(own.min), high ?? Double(own.max))
                for (name, border) in [("low", from), ("high", to)] where !border.isFinite {
                    throw context.reject(name, expected: "a finite number", found: Text.short(border))
                }
                guard from < to else {
                    throw context.reject("high", expected: "a number above low", found: "low \(Text.short(from)), high \(Text.short(to))")
                }
                range = from...to
            }
            let h = try image.histogram(bins: bins, range: range, in: mask)
            return Record([("edges", h.edges.value), ("counts", h.counts.value)])
        },

        Builtin(
            "histogram_match", "Give a volume another's distribution of values.", theme: .intensity,
            details: "Quantiles go to the other's quantiles, linearly between them.",
            Param<Volume>("image", "the volume"),
            Param<Volume>("like", "the volume with the wanted distribution, on any grid"),
            Param<Int>("points", "quantiles between the least and the greatest value", default: 64),
            Param<Mask?>("mask", "where quantiles of image are taken; none takes Otsu's foreground", default: nil),
            Param<Mask?>("like_mask", "where quantiles of like are taken; none takes Otsu's foreground", default: nil),
            returns: "the volume",
            examples: [
                Example(
                    "a = phantom(seed=1, shape=32, spacing=6).image\nb = phantom(seed=2, shape=32, spacing=6).image\nm = histogram_match(a, b)\n"
                        + "abs(percentile(m, 50, mask=otsu(a)) / percentile(b, 50, mask=otsu(b)) - 1) < 0.02",
                    "true")
            ]
        ) { _, image, like, points, mask, likeMask in try image.matched(to: like, points: points, in: mask, otherMask: likeMask) },

        Builtin(
            "nyul_landmarks", "Learn a standard scale of intensities from several volumes.", theme: .intensity,
            details: """
                Nyúl 2000 (doi:10.1109/42.836373): each volume's percentiles are mapped linearly so that the outer ones come to `low` and `high`, and averaged.
                """,
            Param<[Volume]>("images", "volumes of one kind"),
            Param<[Mask]?>("masks", "where each is looked at; none takes Otsu's foregrounds", default: nil),
            Param<[Double]>("percents", "which percentiles, ascending", default: IntensityStandard.percents),
            Param<Double>("low", "the scale's value at the first percentile", default: 0),
            Param<Double>("high", "the scale's value at the last percentile", default: 100),
            returns: "a record {percents, values}",
            examples: [Example("a = phantom(seed=1, shape=32, spacing=6).image\nnyul_landmarks([a]).values[10]", "100")]
        ) { context, images, masks, percents, low, high in
            guard low.isFinite, high.isFinite, low < high else {
                throw context.reject("high", expected: "a number above low", found: "low \(Text.short(low)), high \(Text.short(high))")
            }
            let scale = try IntensityStandard(learning: images, masks: masks, percents: percents, range: low...high)
            return Record([("percents", scale.percents.value), ("values", scale.values.value)])
        },

        Builtin(
            "nyul", "Bring a volume to a standard scale of intensities.", theme: .intensity,
            details: "Its percentiles go to the scale's values, linearly between them and beyond: Nyúl 2000 (doi:10.1109/42.836373).",
            Param<Volume>("image", "the volume"),
            Param<Record>("landmarks", "the scale {percents, values}, as nyul_landmarks gives it"),
            Param<Mask?>("mask", "where the volume's percentiles are taken; none takes Otsu's foreground", default: nil),
            returns: "the volume",
            examples: [
                Example(
                    "a = phantom(seed=1, shape=32, spacing=6).image\nscale = nyul_landmarks([a])\n"
                        + "\"{percentile(nyul(a, scale), 99, mask=otsu(a)):.3}\"", "\"100.000\"")
            ]
        ) { context, image, landmarks, mask in
            func numbers(_ name: String) throws -> [Double] {
                guard let field = landmarks[name], let list = try? [Double].from(field) else {
                    throw context.reject(
                        "landmarks", expected: "a record {percents, values} of lists of numbers", found: "no list of numbers in \(name)",
                        hint: "nyul_landmarks([a, b]) makes one")
                }
                return list
            }
            let scale = try IntensityStandard(percents: numbers("percents"), values: numbers("values"))
            return try image.standardised(to: scale, in: mask)
        },

        Builtin(
            "white_stripe", "Put the mean and deviation of white matter at 0 and 1.", theme: .intensity,
            details: """
                Shinohara 2014 (doi:10.1016/j.nicl.2014.08.008): the peak of white matter is found in the histogram, and the voxels within the quantiles
                `width` below and above the peak's give the mean and the standard deviation.
                """,
            Param<Volume>("image", "the volume"),
            Param<Mask?>("mask", "the brain; none takes Otsu's foreground", default: nil),
            Param<WhiteStripe.Contrast>(
                "contrast", "white matter is the brightest tissue's peak (t1), or the highest peak (t2, flair)", default: .t1),
            Param<Double>("width", "half-width of the stripe as a share of the voxels", default: 0.05),
            returns: "the volume in standard deviations of the stripe",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=48, spacing=4, bias=0)\nv = white_stripe(head.image, mask=head.mask)\n"
                        + "abs(mean(v, mask=head.labels == 3)) < 2", "true")
            ]
        ) { _, image, mask, contrast, width in
            try image.whiteStriped(image.whiteStripe(in: mask, contrast: contrast, width: width))
        },
    ]

    private static func bounds(_ low: Double?, _ high: Double?, _ context: Context) throws -> ClosedRange<Float> {
        let (low, high) = (low ?? -.infinity, high ?? .infinity)
        for (name, bound) in [("low", low), ("high", high)] where bound.isNaN {
            throw context.reject(name, expected: "a number, or none for no bound", found: "nan")
        }
        guard low <= high else {
            throw context.reject("high", expected: "a number of at least low, which is \(Text.short(low))", found: Text.short(high))
        }
        return Float(low)...Float(high)
    }
}
