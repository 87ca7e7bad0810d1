import Imaging
import Runtime

extension BallUnit: Convertible {}

extension Catalog {
    static let morphology: [Builtin] = [
        Builtin(
            "erode", "Take a layer off a mask.", theme: .masks,
            details:
                "What remains has no voxel outside of the mask within `radius` of its centre; outside of the volume counts as outside of the mask.",
            Param<Mask>("mask", "the mask"),
            Param<Double>("radius", "of the ball, from 0"),
            Param<BallUnit>("unit", "whether the radius counts mm or voxels", default: .mm),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\nerode(m, 6).count < m.count", "true")]
        ) { _, mask, radius, unit in try mask.eroded(radius: radius, unit: unit) },

        Builtin(
            "dilate", "Add a layer to a mask.", theme: .masks,
            details: "Takes in every voxel whose centre is within `radius` of one of the mask's.",
            Param<Mask>("mask", "the mask"),
            Param<Double>("radius", "of the ball, from 0"),
            Param<BallUnit>("unit", "whether the radius counts mm or voxels", default: .mm),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\ndilate(m, 6).count > m.count", "true")]
        ) { _, mask, radius, unit in try mask.dilated(radius: radius, unit: unit) },

        Builtin(
            "open", "Take away what is thinner than a ball.", theme: .masks,
            details: "Erosion, then dilation: the union of all balls of `radius` that fit into the mask. Never adds a voxel.",
            Param<Mask>("mask", "the mask"),
            Param<Double>("radius", "of the ball, from 0"),
            Param<BallUnit>("unit", "whether the radius counts mm or voxels", default: .mm),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\nopen(m, 6).count <= m.count", "true")]
        ) { _, mask, radius, unit in try mask.opened(radius: radius, unit: unit) },

        Builtin(
            "close", "Fill gaps narrower than a ball.", theme: .masks,
            details:
                "Dilation, then erosion: never takes a voxel away. The volume's border wears nothing off, as if the volume went on beyond it.",
            Param<Mask>("mask", "the mask"),
            Param<Double>("radius", "of the ball, from 0"),
            Param<BallUnit>("unit", "whether the radius counts mm or voxels", default: .mm),
            returns: "a mask",
            examples: [Example("m = phantom(seed=1, shape=32, spacing=6).mask\nclose(m, 1, unit=\"voxels\").count >= m.count", "true")]
        ) { _, mask, radius, unit in try mask.closed(radius: radius, unit: unit) },

        Builtin(
            "boundary", "The outermost voxels of a mask.", theme: .masks,
            details: "Those that touch, through a face, a voxel outside of the mask; outside of the volume counts as outside of the mask.",
            Param<Mask>("mask", "the mask"),
            returns: "a mask",
            examples: [
                Example(
                    "m = phantom(seed=1, shape=32, spacing=6).mask\nboundary(m).count == (m & ~erode(m, 1, unit=\"voxels\")).count", "true")
            ]
        ) { _, mask in try mask.boundary() },

        Builtin(
            "distance", "How far each voxel is from a mask, in mm.", theme: .masks,
            details: """
                Exact Euclidean distances between voxel centres, on voxels of any shape; 0 in the mask, infinite where it is empty. With `signed`, voxels inside have minus
                their distance to the nearest voxel outside, so that the surface runs where the sign changes.
                """,
            Param<Mask>("mask", "the mask"),
            Param<Bool>("signed", "negative distances inside", default: false),
            returns: "a volume in mm",
            examples: [
                Example("m = phantom(seed=1, shape=32, spacing=6).mask\n(distance(m) <= 6).count == dilate(m, 6).count", "true"),
                Example("m = phantom(seed=1, shape=32, spacing=6).mask\n(distance(m, signed=true) < 0).count == m.count", "true"),
            ]
        ) { _, mask, signed in try mask.distances(signed: signed) },
    ]
}
