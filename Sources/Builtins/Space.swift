import Imaging
import Runtime

extension Interpolation: Convertible {}

extension Catalog {
    static let space: [Builtin] = [
        Builtin(
            "resample", "Bring a volume or mask onto another grid by world coordinates.", theme: .space,
            details: """
                Each voxel of the new grid looks up its world position in the source; outside of the box of the source's voxel centres the value is 0,
                as in scipy and nilearn. A mask reaches half a voxel further, to the outer faces of its voxels, as in ITK, so that a full mask stays full.
                With `like`, the grid is that of another volume or mask. With `shape` (and `spacing`, default the source's), the grid is about the centre of the
                source's field of view and its axes point right, anterior, superior, so that one network serves any orientation. With `spacing` alone the
                axes stay as they are and the field of view is kept. `affine` (voxel to world, with `shape`, default the source's) says it in full. With `transform`, which
                `register` gives, the image is first moved by it; without another grid it stays on its own.
                `cubic` is the interpolating cubic B-spline (Unser 1993, doi:10.1109/78.193220). For labels use `nearest`, or `label`: of the eight voxels around, the label with
                the most weight in linear interpolation. Both keep the datatype. Masks are resampled linearly and cut at one half.
                Where the new voxels are larger, detail finer than they are comes back as a false pattern; `antialias` blurs the source first, by a Gaussian that makes its voxels as wide
                as the new ones (Cardoso 2015, doi:10.1007/978-3-319-24571-3_81).
                """,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<[Int]?>("shape", "voxels along each of the three axes", default: nil),
            Param<Triple?>("spacing", "voxel size in mm", default: nil),
            Param<[[Double]]?>("affine", "voxel to world, 3 or 4 rows of 4 numbers, as the field `affine` gives it", default: nil),
            Param<Either<Volume, Mask>?>("like", "a volume or mask whose grid is wanted", default: nil),
            Param<Interpolation>("interpolation", "how values between voxels are found", default: .linear),
            Param<Bool>("antialias", "blur the source as far as the new voxels are larger than its own", default: false),
            Param<Transform?>("transform", "moves the image before it is resampled", default: nil),
            returns: "the volume or mask on the new grid",
            examples: [
                Example(
                    "phantom(seed=1, shape=24, spacing=8).image |> resample(shape=[12, 16, 20], spacing=10) |> v -> v.shape", "[12, 16, 20]"
                ),
                Example(
                    "labels = resample(phantom(seed=1, shape=24, spacing=8).labels, spacing=6, interpolation=\"label\")\n[labels.shape, labels.datatype]",
                    "[[32, 32, 32], \"uint8\"]"),
            ]
        ) { context, image, shape, spacing, affine, like, interpolation, antialias, transform -> Value in
            let shape = try shape.map { try three($0, "shape", context) }
            let target: Grid
            switch (like, affine, shape, spacing) {
            case (let like?, nil, nil, nil): target = like.grid
            case (_?, _, _, _):
                throw context.reject(
                    "like", expected: "given without shape, spacing and affine", found: "both", hint: "the grid comes from `like` alone")
            case (nil, let affine?, _, nil):
                target = try Grid(shape: shape ?? image.grid.shape, affine: worldMatrix(affine, "affine", context))
            case (nil, _?, _, _?):
                throw context.reject("affine", expected: "given without spacing", found: "both", hint: "the affine says the voxel size")
            case (nil, nil, nil, nil) where transform == nil:
                throw context.reject(
                    "shape", expected: "shape=, spacing=, affine=, like= or transform=", found: "none of them",
                    hint: "resample(v, spacing=2)")
            case (nil, nil, _, _): target = try Grid.centred(on: image.grid, shape: shape, spacing: spacing?.numbers)
            }
            return try image.moved(by: transform).map(
                { try $0.resampled(onto: target, interpolation: interpolation, antialias: antialias) },
                { try $0.resampled(onto: target, interpolation: interpolation, antialias: antialias) })
        },

        Builtin(
            "conform", "Bring a head to 256×256×256 voxels of 1 mm, as FreeSurfer does.", theme: .space,
            details: """
                The grid of `mri_convert --conform`: indices grow to the left, downwards and to the front (LIA), about the source's centre as FreeSurfer counts it (voxel
                shape / 2). Values become whole numbers from 0 to 255 (uint8): the lowest becomes 0, and all but the brightest thousandth of the voxels that are
                not 0 stay below 255; with `rescale=false` they stay as they are. What has uint8 values already keeps them.
                """,
            Param<Volume>("image", "the volume"),
            Param<Int>("size", "voxels along each axis", default: 256),
            Param<Double>("spacing", "voxel size in mm", default: 1),
            Param<Interpolation>("interpolation", "how values between voxels are found", default: .linear),
            Param<Bool>("rescale", "whether values become 0 to 255", default: true),
            returns: "a volume",
            examples: [
                Example(
                    "head = conform(phantom(seed=1, shape=24, spacing=8).image, size=64, spacing=3)\n[head.orientation, head.datatype, head.shape]",
                    "[\"LIA\", \"uint8\", [64, 64, 64]]")
            ]
        ) { _, image, size, spacing, interpolation, rescale in
            try image.conformed(size: size, spacing: spacing, interpolation: interpolation, rescaled: rescale)
        },

        Builtin(
            "reorient", "Put the axes in the order of an orientation code; every voxel keeps its place in space.", theme: .space,
            details: """
                The letters say where the three voxel indices grow to: R or L, A or P, S or I. Axes are swapped and reversed as near to the code as they can be; nothing is
                interpolated, so that an oblique image stays oblique.
                """,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<String>("code", "the orientation, as \"RAS\" or \"LPS\"", default: "RAS"),
            returns: "the volume or mask",
            examples: [Example("reorient(phantom(seed=1, shape=[8, 10, 12], spacing=12).image, \"PIR\").shape", "[10, 12, 8]")]
        ) { _, image, code -> Value in try image.map({ try $0.reoriented(to: code) }, { try $0.reoriented(to: code) }) },

        Builtin(
            "flip", "Count the voxels of an axis the other way; every voxel keeps its place in space.", theme: .space,
            details: "To see a head in a mirror, move it: `affine_transform(v, [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])`.",
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<Int>("axis", "0, 1 or 2"),
            returns: "the volume or mask",
            examples: [Example("flip(phantom(seed=1, shape=8, spacing=20).image, 0).orientation", "\"LAS\"")]
        ) { _, image, axis -> Value in try image.map({ try $0.flipped(axis: axis) }, { try $0.flipped(axis: axis) }) },

        Builtin(
            "permute", "Put the axes in another order; every voxel keeps its place in space.", theme: .space,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<[Int]>("axes", "the present axis along each axis of the result, as [2, 0, 1]"),
            returns: "the volume or mask",
            examples: [Example("permute(phantom(seed=1, shape=[8, 10, 12], spacing=12).image, [2, 0, 1]).shape", "[12, 8, 10]")]
        ) { context, image, axes -> Value in
            let order = try AxisOrder(axes: three(axes, "axes", context))
            return try image.map({ try $0.ordered(order) }, { try $0.ordered(order) })
        },

        Builtin(
            "crop", "Cut a box out; every voxel keeps its place in space.", theme: .space,
            details: "`v[20:200, :, :]` says the same by indexing.",
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<[Int]>("from", "first voxel along each axis, from 0"),
            Param<[Int]>("to", "the voxel after the last along each axis"),
            returns: "the part",
            examples: [Example("crop(phantom(seed=1, shape=16, spacing=12).image, [2, 2, 2], [10, 12, 14]).shape", "[8, 10, 12]")]
        ) { context, image, from, to -> Value in
            let low = try three(from, "from", context), high = try three(to, "to", context)
            return try image.map({ try $0.cropped(from: low, to: high) }, { try $0.cropped(from: low, to: high) })
        },

        Builtin(
            "crop_to", "Cut out the box about a mask; every voxel keeps its place in space.", theme: .space,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<Mask>("mask", "what is to be kept, on the image's grid"),
            Param<Double>("margin", "mm to keep around it, rounded up to whole voxels, as far as the image goes", default: 0),
            returns: "the part",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=32, spacing=6)\npart = crop_to(head.image, head.mask, margin=6)\n[part.shape[0] < 32, crop_to(head.mask, head.mask).count == head.mask.count]",
                    "[true, true]")
            ]
        ) { _, image, mask, margin -> Value in
            try image.map({ try $0.cropped(to: mask, margin: margin) }, { try $0.cropped(to: mask, margin: margin) })
        },

        Builtin(
            "pad", "Add voxels around; every voxel keeps its place in space.", theme: .space,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<[Int]>("before", "voxels to add before the first along each axis"),
            Param<[Int]?>("after", "voxels to add after the last; none means as before", default: nil),
            Param<Double>("value", "what the new voxels hold; masks get no voxels", default: 0),
            returns: "the larger volume or mask",
            examples: [Example("pad(phantom(seed=1, shape=16, spacing=12).mask, [1, 2, 3]).shape", "[18, 20, 22]")]
        ) { context, image, before, after, value -> Value in
            let low = try three(before, "before", context), high = try after.map { try three($0, "after", context) } ?? low
            return try image.map(
                { try $0.padded(before: low, after: high, value: Float(value)) }, { try $0.padded(before: low, after: high) })
        },

        Builtin(
            "copy_grid", "Give a volume or mask the place of another of the same shape: mends a wrong header.", theme: .space,
            details:
                "Voxels stay as they are and are said to be where the other's are. To move values to where they belong, use `resample`.",
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<Either<Volume, Mask>>("like", "what has the right place"),
            returns: "the volume or mask in its new place",
            examples: [
                Example(
                    "a = phantom(seed=1, shape=8, spacing=20).image\nb = phantom(seed=1, shape=8, spacing=10).mask\ncopy_grid(b, like=a).spacing",
                    "[20, 20, 20]")
            ]
        ) { _, image, like -> Value in try image.map({ try $0.placed(on: like.grid) }, { try $0.placed(on: like.grid) }) },
    ]

    private static func three(_ numbers: [Int], _ name: String, _ context: Context) throws -> SIMD3<Int> {
        guard numbers.count == 3 else {
            throw context.reject(name, expected: "a list of 3 whole numbers", found: "a list of \(numbers.count)")
        }
        return SIMD3(numbers[0], numbers[1], numbers[2])
    }

    /// An affine from 3 rows of 4 numbers, or 4 of which the last is 0, 0, 0, 1.
    static func worldMatrix(_ rows: [[Double]], _ name: String, _ context: Context) throws -> Affine {
        let isWhole = rows.count == 4 && rows[3] == [0, 0, 0, 1]
        guard rows.count == 3 || isWhole, rows.allSatisfy({ $0.count == 4 }) else {
            throw context.reject(
                name, expected: "3 rows of 4 numbers",
                found: rows.count == 4 ? "4 rows of which the last is not 0, 0, 0, 1" : "another list",
                hint: "[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]] is the identity")
        }
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(rows[r][0], rows[r][1], rows[r][2], rows[r][3]) }
        return Affine(row(0), row(1), row(2))
    }
}

extension Either where A == Volume, B == Mask {
    /// Where the voxels are.
    var grid: Grid {
        switch self {
        case .first(let volume): volume.grid
        case .second(let mask): mask.grid
        }
    }

    /// What one of two functions makes of it, as a value.
    func map(_ volume: (Volume) throws -> Volume, _ mask: (Mask) throws -> Mask) rethrows -> Value {
        switch self {
        case .first(let image): .volume(try volume(image))
        case .second(let image): .mask(try mask(image))
        }
    }

    /// As a transform carries it; itself without one.
    func moved(by transform: Transform?) throws -> Self {
        guard let transform else { return self }
        switch self {
        case .first(let volume): return .first(try volume.moved(by: transform))
        case .second(let mask): return .second(try mask.moved(by: transform))
        }
    }
}
