import Support

/// A box of voxels: `from` up to, not including, `to`. Empty where it has no voxel.
public struct Box: Equatable, Sendable {
    /// The first voxel along each axis.
    public var from: SIMD3<Int>
    /// The voxel after the last along each axis.
    public var to: SIMD3<Int>

    /// Voxels along each axis.
    public var shape: SIMD3<Int> { to &- from }
    /// Whether it has no voxel.
    public var isEmpty: Bool { shape.min() <= 0 }

    /// From the first voxel to the one after the last.
    public init(from: SIMD3<Int>, to: SIMD3<Int>) { (self.from, self.to) = (from, to) }

    /// All of an image.
    init(whole shape: SIMD3<Int>) { self.init(from: .zero, to: shape) }

    /// The smallest box around the voxels that are not 0.
    init(around voxels: [UInt8], shape: SIMD3<Int>) throws {
        let (nx, ny) = (shape.x, shape.y)
        let parts = try voxels.withUnsafeBytes { bytes in
            let raw = Unchecked(bytes.baseAddress!)
            return try Parallel.mapSlabs(shape.z, grain: 8) { planes in
                var box = Box.nothing
                for k in planes {
                    for j in 0..<ny {
                        let row = raw.value + (k * ny + j) * nx
                        guard let ends = Box.ends(row, nx) else { continue }
                        box.include(Box(from: [ends.lowerBound, j, k], to: [ends.upperBound, j + 1, k + 1]))
                    }
                }
                return box
            }
        }
        self = .nothing
        for part in parts where !part.isEmpty { include(part) }
        if isEmpty { self = Box(from: .zero, to: .zero) }
    }

    private static let nothing = Box(from: SIMD3(repeating: Int.max / 2), to: SIMD3(repeating: Int.min / 2))

    /// The first voxel of a row that is not 0 and the one after the last.
    private static func ends(_ row: UnsafeRawPointer, _ n: Int) -> Range<Int>? {
        var first = 0
        while first + 8 <= n, row.loadUnaligned(fromByteOffset: first, as: UInt64.self) == 0 { first += 8 }
        while first < n, row.load(fromByteOffset: first, as: UInt8.self) == 0 { first += 1 }
        if first == n { return nil }
        var end = n
        while end - 8 >= first, row.loadUnaligned(fromByteOffset: end - 8, as: UInt64.self) == 0 { end -= 8 }
        while row.load(fromByteOffset: end - 1, as: UInt8.self) == 0 { end -= 1 }
        return first..<end
    }

    mutating func include(_ other: Box) {
        from = pointwiseMin(from, other.from)
        to = pointwiseMax(to, other.to)
    }

    /// With a margin of voxels around, as far as the image goes.
    func grown(by margin: Int, within shape: SIMD3<Int>) -> Box {
        Box(from: pointwiseMax(from &- margin, .zero), to: pointwiseMin(to &+ margin, shape))
    }

    /// Around both; the other where one is empty.
    func union(_ other: Box) -> Box {
        if isEmpty { return other }
        if other.isEmpty { return self }
        var both = self
        both.include(other)
        return both
    }
}

extension Mask {
    /// The smallest box of voxels around the mask. Throws `IntensityError.emptyMask` where there is none, and `Interrupted`.
    public func boundingBox() throws -> Box {
        let box = try Box(around: voxels, shape: grid.shape)
        if box.isEmpty { throw IntensityError.emptyMask(operation: "bounding_box") }
        return box
    }
}
