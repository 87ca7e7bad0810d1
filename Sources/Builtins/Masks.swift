import Imaging
import Runtime

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
            "largest", "The largest connected component of a mask.", theme: .masks,
            details: "Voxels are connected through faces (6-connectivity); of components of one size the first in memory order is taken.",
            Param<Mask>("mask", "the mask"),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\nlargest(m).count <= m.count", "true")]
        ) { _, mask in try mask.largestComponent() },

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
            "erode", "Take a layer off a mask.", theme: .masks,
            details:
                "What remains has no voxel outside of the mask within `radius` mm of its centre; outside of the volume counts as outside of the mask.",
            Param<Mask>("mask", "the mask"),
            Param<Double>("radius", "in mm"),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\nerode(m, 6).count < m.count", "true")]
        ) { context, mask, radius in try mask.eroded(radius: positive(radius, context)) },

        Builtin(
            "dilate", "Add a layer to a mask.", theme: .masks,
            details: "Takes in every voxel whose centre is within `radius` mm of one of the mask's.",
            Param<Mask>("mask", "the mask"),
            Param<Double>("radius", "in mm"),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\ndilate(m, 6).count > m.count", "true")]
        ) { context, mask, radius in try mask.dilated(radius: positive(radius, context)) },
    ]

    private static func positive(_ radius: Double, _ context: Context) throws -> Double {
        guard radius.isFinite, radius >= 0 else {
            throw context.reject("radius", expected: "a number of mm from 0", found: "\(radius)")
        }
        return radius
    }
}
