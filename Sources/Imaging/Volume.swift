/// How values lie in a file.
public enum Datatype: String, Sendable, CaseIterable {
    case uint8, int8, int16, uint16, int32, uint32, int64, uint64, float32, float64

    /// Bytes a value takes.
    public var size: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        }
    }

    /// Whether values are whole numbers.
    public var isInteger: Bool { self != .float32 && self != .float64 }
}

/// A scalar image on a grid. Immutable; voxels are float32 in memory, i fastest.
public final class Volume: Sendable {
    /// Where the voxels are.
    public let grid: Grid
    /// `grid.count` values, index i + nx·(j + ny·k).
    public let voxels: [Float]
    /// The type that the values were stored in, or would be saved in.
    public let datatype: Datatype
    /// What the file that this came from said beyond grid and values; travels through operations, nil for an image made here.
    public let header: FileHeader?
    /// What the file had, where `voxels` are rounded: an image has it as it was read, and while its voxels are only moved.
    let stored: StoredVoxels?

    /// `voxels.count` must be `grid.count`.
    public convenience init(grid: Grid, voxels: [Float], datatype: Datatype = .float32, header: FileHeader? = nil) {
        self.init(grid: grid, voxels: voxels, datatype: datatype, header: header, stored: nil)
    }

    init(grid: Grid, voxels: [Float], datatype: Datatype, header: FileHeader?, stored: StoredVoxels?) {
        precondition(voxels.count == grid.count)
        self.grid = grid
        self.voxels = voxels
        self.datatype = datatype
        self.header = header
        self.stored = stored
    }

    /// The value of voxel (i, j, k), which must lie on the grid.
    @inline(__always)
    public subscript(i: Int, j: Int, k: Int) -> Float { voxels[grid.index(i, j, k)] }

    /// New float32 values on this grid, with the header's fields that do not speak of the old values.
    public func with(_ voxels: [Float]) -> Volume {
        Volume(grid: grid, voxels: voxels, header: header?.forDerivedValues())
    }
}

/// A set of voxels of a grid. Immutable; one byte a voxel, 0 or 1, i fastest.
public final class Mask: Sendable {
    /// Where the voxels are.
    public let grid: Grid
    /// `grid.count` bytes, each 0 or 1.
    public let voxels: [UInt8]
    /// As `Volume.header`.
    public let header: FileHeader?

    /// `voxels.count` must be `grid.count`, and each 0 or 1.
    public init(grid: Grid, voxels: [UInt8], header: FileHeader? = nil) {
        precondition(voxels.count == grid.count)
        self.grid = grid
        self.voxels = voxels
        self.header = header
    }

    /// Whether voxel (i, j, k), which must lie on the grid, is in the mask.
    @inline(__always)
    public subscript(i: Int, j: Int, k: Int) -> Bool { voxels[grid.index(i, j, k)] != 0 }

    /// Other voxels on this grid.
    public func with(_ voxels: [UInt8]) -> Mask { Mask(grid: grid, voxels: voxels, header: header) }

    /// The mask as a volume of zeros and ones (uint8). Throws `Interrupted`.
    public var volume: Volume {
        get throws { Volume(grid: grid, voxels: try Voxels.floats(voxels), datatype: .uint8, header: header) }
    }
}
