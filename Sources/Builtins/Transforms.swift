import Imaging
import Runtime

extension Motion: Convertible {}

extension Catalog {
    /// What moves images in the world.
    static let transforms: [Builtin] = [
        Builtin(
            "translate", "Move what an image shows by so many mm.", theme: .space,
            details: moving,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<Triple>("step", "mm to the right, to the front and upwards"),
            Param<Interpolation>("interpolation", "how values between voxels are found", default: .linear),
            Param<Bool>("carry", "move the voxels' places instead of their values", default: false),
            returns: "the volume or mask",
            examples: [
                Example(
                    "m = phantom(seed=1, shape=16, spacing=12).mask\nmoved = translate(m, [12, 0, 0])\ndice(m[2:13, :, :], copy_grid(moved[3:14, :, :], like=m[2:13, :, :]))",
                    "1")
            ]
        ) { _, image, step, interpolation, carry -> Value in
            try move(image, by: .translation(step.numbers), interpolation, carry)
        },

        Builtin(
            "rotate", "Turn what an image shows.", theme: .space,
            details:
                "About the axis to the right first, then the one to the front, then the one upwards; counter-clockwise as seen from the axis' tip.\n"
                + moving,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<[Double]>("degrees", "about the axes that point right, to the front and up"),
            Param<[Double]?>("about", "the point of the world that stays, in mm; none is the centre of the field of view", default: nil),
            Param<Interpolation>("interpolation", "how values between voxels are found", default: .linear),
            Param<Bool>("carry", "move the voxels' places instead of their values", default: false),
            returns: "the volume or mask",
            examples: [
                Example("v = phantom(seed=1, shape=16, spacing=12).image\nrotate(v, [0, 0, 90], carry=true).orientation", "\"ALS\"")
            ]
        ) { context, image, degrees, about, interpolation, carry -> Value in
            let centre = try about.map { try three($0, "about", context) } ?? image.grid.centre
            return try move(image, by: .rotation(degrees: three(degrees, "degrees", context), about: centre), interpolation, carry)
        },

        Builtin(
            "affine_transform", "Move what an image shows by a matrix of the world.", theme: .space,
            details: "What is at the world position p goes to matrix · p.\n" + moving,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<Either<Transform, [[Double]]>>("matrix", "3 or 4 rows of 4 numbers, in mm, or a transform"),
            Param<Interpolation>("interpolation", "how values between voxels are found", default: .linear),
            Param<Bool>("carry", "move the voxels' places instead of their values", default: false),
            returns: "the volume or mask",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=16, spacing=12).image\nmirror = [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]\naffine_transform(v, mirror, carry=true).orientation",
                    "\"LAS\"")
            ]
        ) { context, image, matrix, interpolation, carry -> Value in
            switch matrix {
            case .first(let transform): try move(image, by: transform, interpolation, carry)
            case .second(let rows): try move(image, by: Transform(worldMatrix(rows, "matrix", context)), interpolation, carry)
            }
        },

        Builtin(
            "register", "The transform that brings an image onto another of the same head, whatever the contrasts.", theme: .space,
            details: """
                Maximises mutual information (Mattes 2003, doi:10.1109/TMI.2003.809072) from coarse to fine, on voxels of a 256th of the field of view at the end (1 mm for a head), from many
                starts: as the files say, and with the heads' centres on each other, upright, turned over by quarter turns, and tilted by 20° from each of these. Where the images have
                little in common at the end, or are about as much alike turned over, a warning says so. The same images give the same transform, bit for bit.
                `resample(moving, like=fixed, transform=register(moving, fixed))` brings an atlas or a second contrast onto a T1.
                """,
            Param<Volume>("moving", "the image to be moved"),
            Param<Volume>("fixed", "the image that stays"),
            Param<Motion>("kind", "turn and shift, or scale and shear too", default: .rigid),
            returns: "a transform, which `resample` applies",
            examples: [
                Example(
                    "fixed = phantom(seed=1, shape=48, spacing=4).image\nmoving = rotate(fixed, [0, 0, 6], carry=true)\nback = register(moving, fixed)\nabs(back.matrix[0][1] - 0.1045) < 0.002",
                    "true")
            ]
        ) { context, moving, fixed, kind in
            let found = try moving.registration(to: fixed, kind: kind)
            if found.isDoubtful { context.note("warning: register: \(found.doubt)") }
            return found.transform
        },

        Builtin(
            "transform", "A transform from a matrix of the world.", theme: .space,
            details:
                "What is at the world position p (mm to the right, to the front, upwards) goes to matrix · p. `t.matrix` gives it back.",
            Param<[[Double]]>("matrix", "3 or 4 rows of 4 numbers"),
            returns: "a transform, which `resample` and `affine_transform` apply",
            examples: [
                Example(
                    "transform([[1, 0, 0, 3], [0, 1, 0, -2], [0, 0, 1, 0]])",
                    "rigid transform · turns 0.00° · moves the origin by (3.00, -2.00, 0.00) mm")
            ]
        ) { context, rows in try Transform(worldMatrix(rows, "matrix", context)) },

        Builtin(
            "inverse", "The transform that undoes another.", theme: .space,
            Param<Transform>("transform", "the transform"),
            returns: "a transform",
            examples: [Example("inverse(transform([[2, 0, 0, 6], [0, 1, 0, 0], [0, 0, 1, 0]])).matrix[0]", "[0.5, 0, 0, -3]")]
        ) { _, transform in transform.inverse },

        Builtin(
            "compose", "One transform after another, as one.", theme: .space,
            details:
                "Through the middle: `compose(register(t2, t1), register(t1, atlas))` brings a second contrast onto an atlas with one interpolation.",
            Param<Transform>("first", "what moves first"),
            Param<Transform>("then", "what moves the result"),
            returns: "a transform",
            examples: [
                Example(
                    "step = transform([[1, 0, 0, 3], [0, 1, 0, 0], [0, 0, 1, 0]])\ndouble = transform([[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]])\ncompose(step, double).matrix[0]",
                    "[2, 0, 0, 6]")
            ]
        ) { _, first, then in try then.after(first) },
    ]

    private static let moving = """
        The result is on the image's own grid, and what leaves it is lost. With `carry=true` nothing is interpolated or lost: the voxels stay as they are, and their
        grid moves. These are the functions that move things in the world; through `crop`, `pad`, `flip`, `permute` and `reorient` a voxel keeps its place.
        """

    private static func move(
        _ image: Either<Volume, Mask>, by transform: Transform, _ interpolation: Interpolation, _ carry: Bool
    ) throws -> Value {
        let moved = try image.moved(by: transform)
        if carry { return moved.value }
        let grid = image.grid
        return try moved.map(
            { try $0.resampled(onto: grid, interpolation: interpolation) }, { try $0.resampled(onto: grid, interpolation: interpolation) })
    }

    private static func three(_ numbers: [Double], _ name: String, _ context: Context) throws -> SIMD3<Double> {
        guard numbers.count == 3 else {
            throw context.reject(name, expected: "a list of 3 numbers", found: "a list of \(numbers.count)")
        }
        return SIMD3(numbers[0], numbers[1], numbers[2])
    }
}
