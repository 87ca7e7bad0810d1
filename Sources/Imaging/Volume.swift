/// How values lie in a file.
public enum Datatype: String, Sendable, CaseIterable {
    case uint8, int8, int16, uint16, int32, uint32, int64, uint64, float32, float64
}

/// A scalar image on a grid. Immutable; voxels are float32 in memory, i fastest.
public final class Volume: Sendable {
    public let grid: Grid
    /// `grid.count` values, index i + nx·(j + ny·k).
    public let voxels: [Float]
    /// The type that the values were stored in, or would be saved in.
    public let datatype: Datatype

    /// `voxels.count` must be `grid.count`.
    public init(grid: Grid, voxels: [Float], datatype: Datatype = .float32) {
        precondition(voxels.count == grid.count)
        self.grid = grid
        self.voxels = voxels
        self.datatype = datatype
    }

    @inline(__always)
    public subscript(i: Int, j: Int, k: Int) -> Float { voxels[grid.index(i, j, k)] }
}

/// A set of voxels of a grid. Immutable; one byte a voxel, 0 or 1, i fastest.
public final class Mask: Sendable {
    public let grid: Grid
    /// `grid.count` bytes, each 0 or 1.
    public let voxels: [UInt8]

    /// `voxels.count` must be `grid.count`, and each 0 or 1.
    public init(grid: Grid, voxels: [UInt8]) {
        precondition(voxels.count == grid.count)
        self.grid = grid
        self.voxels = voxels
    }

    @inline(__always)
    public subscript(i: Int, j: Int, k: Int) -> Bool { voxels[grid.index(i, j, k)] != 0 }
}
