import Support

/// What the header of an image file says, whatever its format.
struct ImageHeader {
    /// The file that says it.
    let path: String
    /// Sizes along all axes.
    var dimensions: [Int]
    var type: StoredType
    /// Whether numbers lie in big-endian order.
    var swapped: Bool
    /// Uncompressed bytes before the first voxel, in the file or the part of it that holds voxels.
    var dataOffset: Int
    var scaling: Scaling?
    /// Images along all axes beyond the third.
    var frames: Int
    /// How many frames lie voxel by voxel beside one another (a leading axis of an NRRD file): `frames`, or 1 where one frame follows the
    /// other.
    var interleave = 1
    var file: FileHeader

    /// The product of the sizes beyond the third; 1 where there are none. Throws `ImageError.field` for a product beyond all numbers.
    static func frames(_ further: some Sequence<Int>, of dimensions: [Int], path: String) throws -> Int {
        var frames = 1
        for n in further {
            let (product, overflow) = frames.multipliedReportingOverflow(by: n)
            if overflow { throw ImageError.field(path: path, field: "dim", value: "\(dimensions)", allowed: "a size that exists") }
            frames = product
        }
        return frames
    }

    /// The grid of a shape and an affine. Throws `ImageError.field`, which names `source` where the affine is to blame.
    static func grid(_ shape: SIMD3<Int>, _ affine: Affine, dimensions: [Int], affineFrom source: String, path: String) throws -> Grid {
        let grid: Grid
        do {
            grid = try Grid(shape: shape, affine: affine)
        } catch {
            if case .notFinite = error {
                throw ImageError.field(path: path, field: source, value: "not a finite number", allowed: "finite")
            }
            throw ImageError.field(
                path: path, field: "dim", value: dimensions.map(String.init).joined(separator: "×"),
                allowed: "at most \(Grid.largestCount) voxels")
        }
        guard grid.affine.isInvertible else {
            throw ImageError.field(path: path, field: source, value: grid.affine.text, allowed: "three independent axes")
        }
        return grid
    }

    /// Where the voxels of a frame begin, and the bytes that the file must have for it. Throws `ImageError` when it cannot have them.
    func place(of frame: Int, in source: ByteSource) throws -> (start: Int, count: Int) {
        // In 64 bits: at most 2³¹ voxels of at most 32 bytes; frames are bounded by the header's own product only.
        let voxels = file.grid.count * type.size
        let whole = interleave > 1
        let (before, overflow1) = voxels.multipliedReportingOverflow(by: whole ? 0 : frame)
        let (bytes, overflow2) = voxels.multipliedReportingOverflow(by: interleave)
        let (end, overflow3) = (dataOffset + (overflow2 ? 0 : bytes)).addingReportingOverflow(overflow1 ? 0 : before)
        let overflow = overflow1 || overflow2 || overflow3
        if overflow || end > source.mostBytes {
            if !source.isCompressed, !overflow {
                throw ImageError.truncated(path: source.path, needed: end, found: source.mostBytes)
            }
            throw ImageError.impossibleSize(
                path: source.path, shape: dimensions, needed: overflow ? .max : end, most: source.mostBytes)
        }
        return (dataOffset + before, bytes)
    }
}
