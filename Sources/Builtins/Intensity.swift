import Imaging
import Runtime
import Support

extension Catalog {
    static let intensity: [Builtin] = [
        Builtin(
            "n4", "Remove the slow intensity bias of an MR volume.", theme: .intensity,
            details: """
                N4 after Tustison 2010 (doi:10.1109/TMI.2010.2046908): the histogram of the log image is sharpened, the difference to the sharpened image
                is fitted by cubic B-splines, and this is repeated over `iterations[0]` turns on a coarse lattice, then on finer ones, each twice as
                dense. It runs on every `shrink`-th voxel; the field is then evaluated at full resolution, and the volume divided by it. Without a mask,
                voxels above Otsu's threshold with neighbours above it are learnt from: the noise of air does not follow the field, and where it counts, the fit
                is pulled towards no change; a voxel at the edge is dark for another reason than the field. `mask=otsu(v)` learns from the edge too.
                """,
            Param<Volume>("image", "the volume; voxels of 0 or less are left out of the estimate"),
            Param<Mask?>("mask", "where the bias is estimated; none takes Otsu's foreground without its edge", default: nil),
            Param<WholeTriple>(
                "shrink", "estimate on every shrink-th voxel along each axis, on more of them where fewer than 4 would be left", default: 4),
            Param<[Int]>("iterations", "most turns at each level; the list's length is the number of levels", default: [50, 50, 50, 50]),
            Param<Double>("convergence", "a level ends when the field's relative change falls under this", default: 0.0003),
            Param<Double>("fwhm", "full width at half maximum of the blurring Gaussian, in log intensity", default: 0.15),
            Param<Double>("wiener", "noise of the Wiener deconvolution", default: 0.01),
            Param<Int>("bins", "bins of the histogram", default: 200),
            Param<Either<Double, [Int]>>(
                "spline", "the coarsest B-spline lattice: the distance between its knots in mm, or its spans along each axis",
                default: .second([1, 1, 1])),
            Param<Volume?>("weights", "how much each voxel counts, from 0, on the image's grid", default: nil),
            returns: "the corrected volume",
            examples: [
                Example(
                    "head = phantom(seed=2, shape=[40, 48, 48], spacing=4)\nflat = n4(head.image, shrink=2)\nwhite = head.labels == 3\n"
                        + "std(flat, white) / mean(flat, white) < std(head.image, white) / mean(head.image, white)",
                    "true")
            ]
        ) { context, image, mask, shrink, iterations, convergence, fwhm, wiener, bins, spline, weights in
            try correct(context, image, mask, shrink, iterations, convergence, fwhm, wiener, bins, spline, weights).corrected()
        },

        Builtin(
            "bias_field", "The field that `n4` divides by, with the same parameters.", theme: .intensity,
            Param<Volume>("image", "the volume; voxels of 0 or less are left out of the estimate"),
            Param<Mask?>("mask", "where the bias is estimated; none takes Otsu's foreground without its edge", default: nil),
            Param<WholeTriple>(
                "shrink", "estimate on every shrink-th voxel along each axis, on more of them where fewer than 4 would be left", default: 4),
            Param<[Int]>("iterations", "most turns at each level; the list's length is the number of levels", default: [50, 50, 50, 50]),
            Param<Double>("convergence", "a level ends when the field's relative change falls under this", default: 0.0003),
            Param<Double>("fwhm", "full width at half maximum of the blurring Gaussian, in log intensity", default: 0.15),
            Param<Double>("wiener", "noise of the Wiener deconvolution", default: 0.01),
            Param<Int>("bins", "bins of the histogram", default: 200),
            Param<Either<Double, [Int]>>(
                "spline", "the coarsest B-spline lattice: the distance between its knots in mm, or its spans along each axis",
                default: .second([1, 1, 1])),
            Param<Volume?>("weights", "how much each voxel counts, from 0, on the image's grid", default: nil),
            returns: "a positive, smooth volume",
            examples: [Example("min(bias_field(phantom(seed=2, shape=32, spacing=6).image, shrink=2)) > 0", "true")]
        ) { context, image, mask, shrink, iterations, convergence, fwhm, wiener, bins, spline, weights in
            try correct(context, image, mask, shrink, iterations, convergence, fwhm, wiener, bins, spline, weights).field()
        },

        Builtin(
            "normalize", "Zero mean and unit variance.", theme: .intensity,
            details:
                "(v − mean) / std over all voxels, or with the mean and the standard deviation of those in the mask or the foreground.",
            Param<Volume>("image", "the volume"),
            Param<Mask?>("mask", "where mean and deviation are taken", default: nil),
            Param<Bool>("foreground", "take them above Otsu's threshold", default: false),
            returns: "the volume in standard deviations",
            examples: [
                Example("v = normalize(phantom(seed=1, shape=16, spacing=12).image)\n\"{std(v):.3}\"", "\"1.000\""),
                Example(
                    "v = phantom(seed=1, shape=16, spacing=12).image\n\"{std(normalize(v, foreground=true), otsu(v)):.3}\"", "\"1.000\""),
            ]
        ) { context, image, mask, foreground in
            if mask != nil, foreground { throw context.reject("foreground", expected: "given without a mask", found: "true with a mask") }
            return try image.normalized(in: foreground ? image.otsu() : mask)
        },

        Builtin(
            "rescale", "Map the range of values linearly onto another.", theme: .intensity,
            Param<Volume>("image", "the volume"),
            Param<Double>("low", "where the least value goes", default: 0),
            Param<Double>("high", "where the greatest value goes", default: 1),
            returns: "the volume",
            examples: [Example("max(rescale(phantom(seed=1, shape=16, spacing=12).image, high=255))", "255")]
        ) { context, image, low, high in
            for (name, bound) in [("low", low), ("high", high)] where !bound.isFinite || !Float(bound).isFinite {
                throw context.reject(name, expected: "a finite number that float32 can hold", found: Text.short(bound))
            }
            guard low <= high else {
                throw context.reject("high", expected: "a number of at least low, which is \(Text.short(low))", found: Text.short(high))
            }
            return try image.rescaled(to: Float(low)...Float(high))
        },

        Builtin(
            "replace_nonfinite", "Put a number in place of voxels that are nan or infinite.", theme: .intensity,
            Param<Volume>("image", "the volume"),
            Param<Double>("value", "what they become", default: 0),
            returns: "the volume",
            examples: [Example("v = phantom(seed=1, shape=16, spacing=12).image\nmin(replace_nonfinite(log(v * 0), value=-1))", "-1")]
        ) { _, image, value in try image.replacingNonFinite(with: Float(value)) },

        Builtin(
            "zero_air", "Put the air around a head at 0, as resampling and padding take it to be.", theme: .intensity,
            details: """
                An offset is taken off (values about -1000, or standardised ones), an image whose air is its brightest, as a lost sign makes it, is turned over, and what holds
                no measurement becomes 0: nan, infinite, and padding, a value that at least half of the edges of the field of view have. A magnitude image whose air
                is about 0, or that shows none, stays as it is.
                """,
            Param<Volume>("image", "the volume"),
            returns: "the volume",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=24, spacing=8).image\nmax(abs(zero_air(v - 1000) - v)) < 0.05 * max(v)", "true"),
                Example("v = phantom(seed=1, shape=24, spacing=8).image\nmax(abs(zero_air(v) - v))", "0"),
            ]
        ) { _, image in try image.withAirAtZero() },
    ]

    private static func correct(
        _ context: Context, _ image: Volume, _ mask: Mask?, _ shrink: WholeTriple, _ iterations: [Int], _ convergence: Double,
        _ fwhm: Double, _ wiener: Double, _ bins: Int, _ spline: Either<Double, [Int]>, _ weights: Volume?
    ) throws -> N4.Result {
        var options = N4.Options()
        (options.shrink, options.iterations, options.convergence) = (shrink.numbers, iterations, convergence)
        (options.fwhm, options.wiener, options.bins) = (fwhm, wiener, bins)
        switch spline {
        case .first(let distance): options.splineMesh = try N4.Options.mesh(distance: distance, on: image.grid)
        case .second(let spans):
            guard spans.count == 3 else {
                throw context.reject("spline", expected: "a distance in mm, or a list of 3 spans", found: "a list of \(spans.count)")
            }
            options.splineMesh = SIMD3(spans[0], spans[1], spans[2])
        }
        defer { context.progress.clear() }
        let result = try N4.correct(image, mask: mask, weights: weights, options: options) { progress in
            context.progress.update(
                "n4 level \(progress.level)/\(progress.levels) · turn \(progress.iteration)/\(progress.iterations)"
                    + " · change \(Text.fixed(progress.convergence, 5))")
        }
        if result.shrink != options.shrink {
            context.note(
                "note: an image of \(Text.sizes(image.grid.shape)) voxels is thinned by \(Text.sizes(result.shrink)) instead of "
                    + "\(Text.sizes(options.shrink)), so that at least 4 along each axis are looked at")
        }
        return result
    }
}
