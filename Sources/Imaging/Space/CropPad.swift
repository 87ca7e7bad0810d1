import Support

/// What can be wrong with a part of an image.
public enum RegionError: ExplainedError, Equatable {
    case outside(axis: Int, from: Int, to: Int, extent: Int)
    case negativePadding(axis: Int, before: Int, after: Int)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .outside(let axis, let from, let to, let extent):
            "voxels \(from) up to \(to) along axis \(axis) are not a part of 0 up to \(extent)"
        case .negativePadding(let axis, let before, let after):
            "padding of \(before) before and \(after) after along axis \(axis): it must be 0 or more"
        }
    }

    /// The message, beginning with the name that a user called.
    public func message(in operation: String) -> String { "\(operation): \(message)" }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .outside: "the first must be less than the second, both within the image"
        case .negativePadding: "use crop to take voxels away"
        }
    }
}

extension Grid {
    /// The part from voxel `from` up to, not including, `to`; every voxel keeps its place in the world. Throws `RegionError.outside` for a part that is
    /// empty or not inside, `GridError.notFinite` where the new origin is beyond numbers.
    public func cropped(from: SIMD3<Int>, to: SIMD3<Int>) throws -> Grid {
        for axis in 0..<3 where !(from[axis] >= 0 && from[axis] < to[axis] && to[axis] <= shape[axis]) {
            throw RegionError.outside(axis: axis, from: from[axis], to: to[axis], extent: shape[axis])
        }
        return try Grid(shape: to &- from, affine: affine.shifted(by: SIMD3<Double>(from)))
    }

    /// With voxels added at both ends of each axis; every voxel keeps its place in the world. Throws `RegionError.negativePadding`, and
    /// `GridError.tooLarge` beyond the largest image, `.notFinite` where the new origin is beyond numbers.
    public func padded(before: SIMD3<Int>, after: SIMD3<Int>) throws -> Grid {
        for axis in 0..<3 where before[axis] < 0 || after[axis] < 0 {
            throw RegionError.negativePadding(axis: axis, before: before[axis], after: after[axis])
        }
        let most = Self.largestCount
        for axis in 0..<3 where before[axis] > most || after[axis] > most { throw GridError.tooLarge(shape &+ before &+ after) }
        return try Grid(shape: shape &+ before &+ after, affine: affine.shifted(by: -SIMD3<Double>(before)))
    }
}

extension Affine {
    /// The transform of voxel positions counted from voxel `offset`.
    func shifted(by offset: SIMD3<Double>) -> Affine {
        let origin = self(offset)
        var moved = self
        moved.rows.0.w = origin.x
        moved.rows.1.w = origin.y
        moved.rows.2.w = origin.z
        return moved
    }
}

extension Volume {
    /// Voxels `from` up to, not including, `to`, in their place in the world; the datatype stays.
    /// Throws as `Grid.cropped`, `MemoryError`, `Interrupted`.
    public func cropped(from: SIMD3<Int>, to: SIMD3<Int>) throws -> Volume {
        let part = try grid.cropped(from: from, to: to)
        return try rearranged(on: part, by: Crop(extent: grid.shape, from: from, shape: part.shape))
    }

    /// With voxels of `value` around, in their place in the world; the datatype stays (a value that it cannot hold is met at saving).
    /// Throws as `Grid.padded`, `MemoryError`, `Interrupted`, and `StoredError.noSuchNumber` as `rearranged(on:outside:by:)`.
    public func padded(before: SIMD3<Int>, after: SIMD3<Int>, value: Float = 0) throws -> Volume {
        let whole = try grid.padded(before: before, after: after)
        return try rearranged(on: whole, outside: value, by: Pad(extent: grid.shape, at: before, shape: whole.shape))
    }
}

extension Mask {
    /// As `Volume.cropped`. Throws as `Grid.cropped`, and `Interrupted`.
    public func cropped(from: SIMD3<Int>, to: SIMD3<Int>) throws -> Mask {
        let part = try grid.cropped(from: from, to: to)
        return Mask(
            grid: part, voxels: try Crop(extent: grid.shape, from: from, shape: part.shape).apply(to: voxels, outside: 0), header: header)
    }

    /// As `Volume.padded`, with voxels outside the mask. Throws as `Grid.padded`, `MemoryError`, `Interrupted`.
    public func padded(before: SIMD3<Int>, after: SIMD3<Int>) throws -> Mask {
        let whole = try grid.padded(before: before, after: after)
        try whole.requireMemory(bytesPerVoxel: 4)
        return Mask(
            grid: whole, voxels: try Pad(extent: grid.shape, at: before, shape: whole.shape).apply(to: voxels, outside: 0), header: header)
    }
}

/// A box of an image, copied row by row.
struct Crop: VoxelMove {
    let extent: SIMD3<Int>
    let from: SIMD3<Int>
    let shape: SIMD3<Int>

    func apply<T: BitwiseCopyable>(to voxels: [T], outside: T) throws -> [T] {
        try voxels.withUnsafeBufferPointer { source in
            let source = Unchecked(source.baseAddress!)
            return try Voxels.make(planes: shape) { out, k in
                for j in 0..<shape.y {
                    let row = from.x + extent.x * (from.y + j + extent.y * (from.z + k))
                    (out + shape.x * j).initialize(from: source.value + row, count: shape.x)
                }
            }
        }
    }
}

/// An image in a larger one, copied row by row.
struct Pad: VoxelMove {
    let extent: SIMD3<Int>
    let at: SIMD3<Int>
    let shape: SIMD3<Int>

    func apply<T: BitwiseCopyable>(to voxels: [T], outside: T) throws -> [T] {
        try voxels.withUnsafeBufferPointer { source in
            let source = Unchecked(source.baseAddress!), outside = Unchecked(outside)
            return try Voxels.make(planes: shape) { out, k in
                out.initialize(repeating: outside.value, count: shape.x * shape.y)
                guard (0..<extent.z).contains(k - at.z) else { return }
                for j in 0..<extent.y {
                    let row = out + at.x + shape.x * (at.y + j)
                    row.update(from: source.value + extent.x * (j + extent.y * (k - at.z)), count: extent.x)
                }
            }
        }
    }
}

extension Volume {
    /// The same voxels, said to lie elsewhere. Throws `GridError.mismatch` when the shapes differ.
    public func placed(on grid: Grid) throws -> Volume {
        guard grid.shape == self.grid.shape else { throw GridError.mismatch(self.grid, grid) }
        return Volume(grid: grid, voxels: voxels, datatype: datatype, header: nil, stored: stored)
    }
}

extension Mask {
    /// The same voxels, said to lie elsewhere. Throws `GridError.mismatch` when the shapes differ.
    public func placed(on grid: Grid) throws -> Mask {
        guard grid.shape == self.grid.shape else { throw GridError.mismatch(self.grid, grid) }
        return Mask(grid: grid, voxels: voxels)
    }
}
