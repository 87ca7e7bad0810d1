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
                axes stay as they are and the field of view is kept.
                Masks are resampled linearly and cut at one half. `cubic` is the interpolating cubic B-spline (Unser 1993, doi:10.1109/78.193220).
                """,
            Param<Either<Volume, Mask>>("image", "the volume or mask"),
            Param<[Int]?>("shape", "voxels along each of the three axes", default: nil),
            Param<Triple?>("spacing", "voxel size in mm", default: nil),
            Param<Either<Volume, Mask>?>("like", "a volume or mask whose grid is wanted", default: nil),
            Param<Interpolation>("interpolation", "how values between voxels are found", default: .linear),
            returns: "the volume or mask on the new grid",
            examples: [
                Example(
                    "phantom(seed=1, shape=24, spacing=8).image |> resample(shape=[12, 16, 20], spacing=10) |> v -> v.shape", "[12, 16, 20]"
                )
            ]
        ) { context, image, shape, spacing, like, interpolation -> Value in
            let source = image.grid
            let shape = try shape.map { try three($0, "shape", context) }
            let target: Grid
            switch (like, shape, spacing) {
            case (let like?, nil, nil): target = like.grid
            case (_?, _, _):
                throw context.reject(
                    "like", expected: "given without shape and spacing", found: "both", hint: "the grid comes from `like` alone")
            case (nil, nil, nil):
                throw context.reject("shape", expected: "shape=, spacing= or like=", found: "none of them", hint: "resample(v, spacing=2)")
            case (nil, _, _): target = try Grid.centred(on: source, shape: shape, spacing: spacing?.numbers)
            }
            switch image {
            case .first(let volume): return .volume(try volume.resampled(onto: target, interpolation: interpolation))
            case .second(let mask): return .mask(try mask.resampled(onto: target, interpolation: interpolation))
            }
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
            switch image {
            case .first(let volume): return .volume(try volume.cropped(from: low, to: high))
            case .second(let mask): return .mask(try mask.cropped(from: low, to: high))
            }
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
            switch image {
            case .first(let volume): return .volume(try volume.padded(before: low, after: high, value: Float(value)))
            case .second(let mask): return .mask(try mask.padded(before: low, after: high))
            }
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
        ) { _, image, like -> Value in
            switch image {
            case .first(let volume): return .volume(try volume.placed(on: like.grid))
            case .second(let mask): return .mask(try mask.placed(on: like.grid))
            }
        },
    ]

    private static func three(_ numbers: [Int], _ name: String, _ context: Context) throws -> SIMD3<Int> {
        guard numbers.count == 3 else {
            throw context.reject(name, expected: "a list of 3 whole numbers", found: "a list of \(numbers.count)")
        }
        return SIMD3(numbers[0], numbers[1], numbers[2])
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
}
