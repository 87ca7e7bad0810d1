import Imaging
import Runtime
import Support

extension Catalog {
    static let masks: [Builtin] = [
        Builtin(
            "otsu", "The brighter of two classes, cut where they differ most.", theme: .masks,
            details: "Otsu 1979 (doi:10.1109/TSMC.1979.4310076): the threshold that makes the variance between the classes greatest.",
            Param<Volume>("image", "the volume"),
            Param<Int>("bins", "bins of the histogram, from 2", default: 128),
            returns: "a mask",
            examples: [Example("head = phantom(seed=1, shape=32, spacing=6)\ndice(otsu(head.image), head.image > 0) > 0.5", "true")]
        ) { context, image, bins in
            guard (2...1_000_000).contains(bins) else {
                throw context.reject("bins", expected: "a whole number from 2 to 1000000", found: "\(bins)")
            }
            return try image.otsu(bins: bins)
        },

        Builtin(
            "bet", "The brain in a head, by a surface that grows from within: the classical baseline.", theme: .masks,
            details: """
                Smith 2002 (doi:10.1002/hbm.10062): a tessellated sphere of 2562 points within the head is moved outwards while what lies below each point looks like
                brain, and kept smooth. Intensities are judged against percentiles 2 and 98 and the median about the centre. The surface starts again from the centre
                of what it found until that stays (at most `restarts` times), since a head's centre of gravity is too low where the neck is in view; and
                again, stiffer against dents, where it has passed through itself.
                Made for T1-weighted heads; a trained model must do better than this. `strip` takes the skull off with the mask that it gives.
                """,
            Param<Volume>("image", "the head"),
            Param<Double>(
                "threshold", "fractional intensity threshold, between 0 and 1: greater values give a smaller brain", default: 0.5),
            Param<Double>(
                "gradient", "added to the threshold at the top of the brain and taken from it at the bottom, from -1 to 1", default: 0),
            Param<Triple?>("centre", "where to start, in world coordinates; none finds it", default: nil),
            Param<Int>("iterations", "steps of the surface", default: 1000),
            Param<Int>("restarts", "how often it may start again", default: BET.Options().restarts),
            returns: "a mask",
            examples: [
                Example(
                    "head = phantom(seed=4, shape=[64, 80, 80], spacing=3, bias=0.1)\ndice(bet(head.image, threshold=0.6), head.mask) > 0.9",
                    "true")
            ]
        ) { context, image, threshold, gradient, centre, iterations, restarts in
            var options = BET.Options()
            (options.threshold, options.gradient, options.centre) = (threshold, gradient, centre?.numbers)
            (options.iterations, options.restarts) = (iterations, restarts)
            defer { context.progress.clear() }
            return try BET.extract(image, options: options) { tried, done in
                context.progress.update("bet surface \(tried + 1) · \(Text.fixed(100 * done, 0)) %")
            }
        },

        Builtin(
            "largest", "The largest connected component of a mask.", theme: .masks,
            details:
                "Of components of one size the one with the first voxel is taken, by the first index, then the second, then the third.",
            Param<Mask>("mask", "the mask"),
            Param<Connectivity>(
                "connectivity", "voxels touch through 6 faces, 18 faces and edges, or 26 with corners too", default: .faces),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\nlargest(m).count <= m.count", "true")]
        ) { _, mask, connectivity in try mask.largestComponent(connectivity: connectivity) },

        Builtin(
            "components", "Number the connected components of a mask, the largest first.", theme: .masks,
            details: "`components(m) <= 3 & m` are the three largest. `max(components(m))` is their number.",
            Param<Mask>("mask", "the mask"),
            Param<Connectivity>(
                "connectivity", "voxels touch through 6 faces, 18 faces and edges, or 26 with corners too", default: .faces),
            returns: "a volume of labels: 1 for the largest component, 2 for the next, …, 0 outside of the mask",
            examples: [
                Example("m = phantom(seed=1, shape=32, spacing=6).mask\nx = components(m)\n(x == 1).count == largest(m).count", "true")
            ]
        ) { _, mask, connectivity in try mask.components(connectivity: connectivity).labels },

        Builtin(
            "fill_holes", "Fill what is enclosed by a mask.", theme: .masks,
            details: "A hole is background that has no way through faces to the volume's border.",
            Param<Mask>("mask", "the mask"),
            returns: "a mask",
            examples: [
                Example(
                    "m = phantom(seed=1, shape=32, spacing=6).mask\nshell = m & ~erode(m, 12)\nfill_holes(shell).count > shell.count",
                    "true")
            ]
        ) { _, mask in try mask.holesFilled() },

        Builtin(
            "volume_ml", "The volume of a mask in millilitres.", theme: .masks,
            Param<Mask>("mask", "the mask"),
            returns: "a number",
            examples: [Example("volume_ml(phantom(seed=1, shape=10, spacing=20).image >= 0)", "8000")]
        ) { _, mask in mask.millilitres },

        Builtin(
            "centroid", "The centre of a mask in the world.", theme: .masks,
            details: "The mean of its voxels' world coordinates. A mask without voxels has none, which is an error.",
            Param<Mask>("mask", "the mask"),
            returns: "a list of 3 numbers: right, anterior, superior in mm",
            examples: [Example("length(centroid(phantom(seed=1, shape=16, spacing=12).mask))", "3")]
        ) { _, mask in
            let c = try mask.centroid()
            return [c.x, c.y, c.z]
        },

        Builtin(
            "bounding_box", "The smallest box of voxels around a mask.", theme: .masks,
            details: "`crop(v, box.from, box.to)` cuts it out. A mask without voxels has none, which is an error.",
            Param<Mask>("mask", "the mask"),
            returns: "a record {from, to}: the first voxel along each axis, and the one after the last",
            examples: [
                Example(
                    "m = phantom(seed=1, shape=16, spacing=12).mask\nbox = bounding_box(m)\ncrop(m, box.from, box.to).count == m.count",
                    "true")
            ]
        ) { _, mask in
            let box = try mask.boundingBox()
            return Record([
                ("from", [box.from.x, box.from.y, box.from.z].value), ("to", [box.to.x, box.to.y, box.to.z].value),
            ])
        },
    ]
}

/// Written as its number of neighbours.
extension Connectivity: Convertible {
    public static var typeName: String { "whole number" }
    public static var expected: String { "6, 18 or 26" }
    public static func from(_ value: Value) throws(Mismatch) -> Connectivity {
        guard let connectivity = Connectivity(rawValue: try Int.from(value)) else { throw Mismatch(expected) }
        return connectivity
    }
    public var value: Value { .number(Double(rawValue)) }
}
