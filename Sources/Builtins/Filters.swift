import Imaging
import Runtime
import Support

extension NoiseKind: Convertible {}

extension Catalog {
    /// Filters of a volume's values, and noise and bias to make them worse.
    static let filters: [Builtin] = [
        Builtin(
            "gaussian", "Smooth with a Gaussian whose width is in mm.", theme: .intensity,
            details: "Separable, cut at 4 standard deviations; beyond the border the outermost voxel is repeated, as scipy's mode nearest.",
            Param<Volume>("image", "the volume"),
            Param<Triple>("sigma", "standard deviation in mm along each axis"),
            returns: "the smoothed volume",
            examples: [Example("v = phantom(seed=1, shape=16, spacing=12).image\nmax(gaussian(v, sigma=12)) < max(v)", "true")]
        ) { _, image, sigma in try image.smoothed(sigma: sigma.numbers) },

        Builtin(
            "median", "The median of each voxel's neighbourhood: takes out specks, keeps edges.", theme: .intensity,
            details: "Beyond the border the outermost voxel is repeated, as scipy's mode nearest.",
            Param<Volume>("image", "the volume"),
            Param<Triple>("radius", "voxels to each side along each axis, 0 … 7", default: 1),
            returns: "the filtered volume",
            examples: [Example("v = phantom(seed=1, shape=16, spacing=12).image\nmax(median(v)) <= max(v)", "true")]
        ) { context, image, radius in try image.median(radius: whole(radius, context)) },

        Builtin(
            "gradient", "How fast values change in space, for each mm.", theme: .intensity,
            details:
                "Central differences, one-sided at the border, as numpy's gradient; the magnitude is that in the world, for oblique grids too.",
            Param<Volume>("image", "the volume"),
            Param<Int?>("axis", "the derivative along this voxel axis (0, 1, 2); none takes the gradient's magnitude", default: nil),
            returns: "a volume",
            examples: [Example("v = phantom(seed=1, shape=16, spacing=12).image\nmax(gradient(v)) >= max(gradient(v, axis=0))", "true")]
        ) { _, image, axis in try axis.map { try image.derivative(along: $0) } ?? image.gradientMagnitude() },

        Builtin(
            "denoise", "Take out noise by non-local means, keeping edges.", theme: .intensity,
            details: """
                Each voxel becomes a mean of those around it, weighted by how alike the patches around both are: Coupé 2008 (doi:10.1109/TMI.2007.906087). For
                the noise of magnitude images, squares are averaged and twice the noise's variance is taken off (Wiest-Daesslé 2008).
                """,
            Param<Volume>("image", "the volume"),
            Param<Mask?>("mask", "what is changed; none takes all", default: nil),
            Param<Double?>("sigma", "standard deviation of the noise; none estimates it as noise_level does", default: nil),
            Param<Int>("search", "voxels to each side in which others are sought, 1 … 10", default: 3),
            Param<Int>("patch", "voxels to each side of a patch's middle, 1 … 4", default: 1),
            Param<Double>("strength", "factor on the noise's variance in the weights; more smooths more", default: 1),
            Param<Bool>("rician", "whether the noise is that of a magnitude image", default: true),
            returns: "the volume",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=40, spacing=3, noise=0).image\nnoisy = noise(v, sigma=80)\n"
                        + "std(denoise(noisy) - v) < std(noisy - v)", "true")
            ]
        ) { context, image, mask, sigma, search, patch, strength, rician in
            var options = NonLocalMeans.Options()
            (options.sigma, options.search, options.patch) = (sigma, search, patch)
            (options.strength, options.rician) = (strength, rician)
            defer { context.progress.clear() }
            return try NonLocalMeans.denoise(image, mask: mask, options: options) { done in
                context.progress.update("denoise \(Text.fixed(100 * done, 0)) %")
            }
        },

        Builtin(
            "noise_level", "The standard deviation of a volume's noise.", theme: .intensity,
            details:
                "The median magnitude of the finest wavelet coefficients within bright tissue: Coupé 2010 (doi:10.1016/j.media.2010.03.001).",
            Param<Volume>("image", "the volume"),
            Param<Mask?>("mask", "where it is looked at; none takes Otsu's foreground", default: nil),
            returns: "a number",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=32, spacing=6, noise=0).image * 0 + 500\nround(noise_level(noise(v, sigma=20), mask=v > 0))",
                    "20")
            ]
        ) { _, image, mask in try image.noiseLevel(in: mask) },

        Builtin(
            "noise", "Add noise.", theme: .intensity,
            Param<Volume>("image", "the volume"),
            Param<Double>("sigma", "standard deviation, in the volume's units; for Rician noise that of each channel"),
            Param<NoiseKind>("kind", "that of a magnitude image, or normal", default: .rician),
            Param<UInt64>("seed", "which noise", default: 0),
            returns: "the volume",
            examples: [Example("v = phantom(seed=1, shape=16, spacing=12).image\nmin(noise(v, sigma=10)) >= 0", "true")]
        ) { _, image, sigma, kind, seed in try image.withNoise(sigma: sigma, kind: kind, seed: seed) },

        Builtin(
            "bias", "A synthetic bias field on a volume's grid: multiply the volume by it.", theme: .intensity,
            details: "exp of a cubic B-spline with random control points.",
            Param<Either<Volume, Mask>>("like", "a volume or mask with the grid"),
            Param<Double>("strength", "standard deviation of the field's logarithm, whose mean is 0", default: 0.2),
            Param<Int>("spans", "spans of the B-spline along each axis, 1 … 16; more vary faster", default: 2),
            Param<UInt64>("seed", "which field", default: 0),
            returns: "a positive, smooth volume",
            examples: [Example("v = phantom(seed=1, shape=16, spacing=12).image\nmin(bias(v, seed=3)) > 0", "true")]
        ) { _, like, strength, spans, seed in try like.grid.syntheticBias(strength: strength, spans: spans, seed: seed) },
    ]

    private static func whole(_ radius: Triple, _ context: Context) throws -> SIMD3<Int> {
        let n = radius.numbers
        guard n == n.rounded(.towardZero), n.min() >= 0, n.max() <= 7 else {
            throw context.reject("radius", expected: "whole numbers from 0 to 7", found: radius.value.literal)
        }
        return SIMD3<Int>(Int(n.x), Int(n.y), Int(n.z))
    }
}
