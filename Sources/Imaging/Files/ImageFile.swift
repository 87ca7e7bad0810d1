import Support

/// Image files: NIfTI-1 and NIfTI-2 (`.nii`, `.hdr` with `.img`), FreeSurfer (`.mgh`) and NRRD (`.nrrd`, `.nhdr`), each also gzipped, in
/// either byte order; told by content when read, by name when written.
///
/// Read is every type of the standards but single bits; float32 holds the values of larger types rounded, and what the file had is kept
/// beside them, so that an unchanged image is written without loss. The voxel-to-world transform of NIfTI is the sform where it has a code,
/// else the qform, else voxel sizes about the centre, as nibabel's `get_best_affine`; a singular sform gives way to a good qform, and
/// without one is an error.
public enum ImageFile {
    /// Reads an image of three dimensions, or fewer, or more of which the further ones are 1.
    ///
    /// - Parameters:
    ///   - frame: which image to take where there are several (dim[4] and beyond, counted from 0); without it such a file is an error.
    ///   - part: which number is taken of complex and colour voxels.
    ///
    /// Throws `FileError` and `ImageError`, which name file, field and value, `MemoryError` where there is no room for standard input (`-`) or for
    /// voxels that are text, and `Interrupted`.
    public static func read(_ path: String, frame: Int? = nil, part: VoxelPart = .automatic) throws -> Volume {
        let reader = try LastSeries.take(path) ?? ImageReader(path)
        if frame == nil, reader.frames > 1 {
            throw ImageError.frames(path: path, shape: reader.header.dimensions, frames: reader.frames)
        }
        let volume = try reader.frame(frame ?? 0, part: part)
        if reader.frames > 1 {
            try reader.finish()
            LastSeries.keep(reader, of: path)
        }
        return volume
    }

    /// Reads all images of a file, in their order. Throws as `read`, but for `ImageError.frames`, and `ImageError.memory` where there is no room for
    /// all of them.
    public static func readAll(_ path: String, part: VoxelPart = .automatic) throws -> [Volume] {
        let reader = try ImageReader(path)
        let (count, overflow) = reader.grid.count.multipliedReportingOverflow(by: 4 * min(reader.frames, 1 << 32))
        let available = Memory.available
        if overflow || count > 1 << 26 && count > available {
            throw ImageError.memory(path: path, shape: reader.header.dimensions, needed: overflow ? .max : count, available: available)
        }
        return try (0..<reader.frames).map { try reader.frame($0, part: part) }
    }

    /// Reads a mask: voxels that are not 0 are in it. NaN counts as 0. Throws as `read`.
    public static func readMask(_ path: String) throws -> Mask {
        let volume = try read(path)
        return Mask(
            grid: volume.grid,
            voxels: try Voxels.map(volume.voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i] != 0 && x[i] == x[i] ? 1 : 0 }
            }, header: volume.header?.forDerivedValues())
    }

    /// Throws `ImageError.fileName` for a name whose ending no format has, before any work is done for it.
    public static func requireWritable(_ path: String) throws {
        if ImageFormat(path) == nil { throw ImageError.fileName(path: path) }
    }

    /// Writes an image. The name says in which format: `.nii` and `.nii.gz`, `.hdr` or `.img` for a pair (also with `.gz`), `.mgh` and
    /// `.mgz`, `.nrrd` (gzipped inside).
    ///
    /// Without `datatype` nothing is lost. An image as it was read, or of which voxels were only moved since (crops, flips, other orders of
    /// axes, nearest and label resampling), is written in the type and with the scaling that the file had; others in the volume's datatype
    /// when every value fits exactly, else as float32; where the format has no type for the values, `ImageError.lossy` is thrown. With
    /// `datatype` values are rounded to the nearest of the type and limited to its range; NaN and infinite voxels are then
    /// `ImageError.notFinite` for an integer type. Returns how many voxels were limited.
    ///
    /// Of a file that it came from, all that the header says is kept, and both transforms while the grid is the same; on another grid the
    /// sform, and where it can the qform, hold the new transform with the old codes. Numbers are written in little-endian order, in MGH
    /// files in big-endian order.
    ///
    /// Throws `ImageError.fileName` for another ending, `.field` for an affine that the header cannot hold, `FileError` when the file
    /// cannot be written, and `Interrupted`.
    @discardableResult
    public static func write(_ volume: Volume, to path: String, datatype: Datatype? = nil) throws -> Int {
        try write([volume], to: path, datatype: datatype)
    }

    /// Writes images that lie on one grid as the frames of one file; `images` is not empty. Throws `ImageError.differentGrids` besides.
    @discardableResult
    public static func write(_ images: [Volume], to path: String, datatype: Datatype? = nil) throws -> Int {
        precondition(!images.isEmpty)
        let writer = try ImageWriter(images, to: path, datatype: datatype)
        try writer.write()
        return writer.limited
    }

    /// Writes a mask as uint8 zeros and ones, without scaling. Throws `ImageError.fileName` for another ending, `.field` for an affine that the header
    /// cannot hold, `FileError` when the file cannot be written, and `Interrupted`.
    public static func write(_ mask: Mask, to path: String) throws { try write([mask], to: path) }

    /// Writes masks that lie on one grid as the frames of one file, as uint8 zeros and ones, without scaling; `masks` is not empty. Throws
    /// `ImageError.differentGrids` besides.
    public static func write(_ masks: [Mask], to path: String) throws {
        let volumes = try masks.map { mask in
            let volume = try mask.volume
            return Volume(grid: volume.grid, voxels: volume.voxels, datatype: .uint8, header: volume.header?.forDerivedValues())
        }
        try write(volumes, to: path)
    }
}
