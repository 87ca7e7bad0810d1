import Glibc
import Support

/// NIfTI-1 and NIfTI-2 images: `.nii`, `.nii.gz` (told by content) and `.hdr`/`.img` pairs, in either byte order.
///
/// Read are the integer types of 8 to 64 bits, float32 and float64; float32 holds values of larger types rounded. The voxel-to-world
/// transform is the sform where it has a code, else the qform, else voxel sizes about the centre, as nibabel's `get_best_affine`;
/// a singular sform gives way to a good qform, and without one is an error.
public enum NIfTI {
    /// Reads an image of three dimensions, or fewer, or more of which the further ones are 1.
    ///
    /// - Parameter frame: which image to take where there are several (dim[4] and beyond, counted from 0); without it such a file is an error.
    /// Throws `FileError` and `NIfTIError`, which name file, field and value, and `Interrupted`.
    public static func read(_ path: String, frame: Int? = nil) throws -> Volume {
        let source = try ByteSource(headerPath(path))
        var header = try NIfTIHeader(source)
        if let frame, frame < 0 || frame >= header.frames {
            throw NIfTIError.noFrame(path: path, frame: frame, frames: header.frames)
        }
        if frame == nil, header.frames > 1 {
            throw NIfTIError.frames(path: path, shape: header.dimensions, frames: header.frames)
        }
        if header.isPair {
            try source.finish()
            let image = try imageSource(header: source.path)
            return try voxels(of: &header, from: image, frame: frame ?? 0)
        }
        return try voxels(of: &header, from: source, frame: frame ?? 0)
    }

    /// Reads a mask: voxels that are not 0 are in it. NaN counts as 0.
    public static func readMask(_ path: String) throws -> Mask {
        let volume = try read(path)
        return Mask(
            grid: volume.grid,
            voxels: Voxels.map(volume.voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i] != 0 && x[i] == x[i] ? 1 : 0 }
            }, header: volume.header?.forDerivedValues())
    }

    /// The header's half of a pair, whichever half was named.
    private static func headerPath(_ path: String) -> String {
        for (image, header) in [(".img", ".hdr"), (".img.gz", ".hdr.gz")] where path.hasSuffix(image) {
            let named = path.dropLast(image.count)
            return exists(named + header) || image == ".img" ? named + header : named + ".hdr"
        }
        return path
    }

    private static func imageSource(header path: String) throws -> ByteSource {
        let base = path.hasSuffix(".hdr") ? path.dropLast(4) : path.hasSuffix(".hdr.gz") ? path.dropLast(7) : path[...]
        let first = base + (path.hasSuffix(".gz") ? ".img.gz" : ".img"), second = base + (path.hasSuffix(".gz") ? ".img" : ".img.gz")
        if !exists(first), exists(second) { return try ByteSource(String(second)) }
        if !exists(first) { throw NIfTIError.noImageFile(path: path, image: String(first)) }
        return try ByteSource(String(first))
    }

    private static func exists(_ path: some StringProtocol) -> Bool { access(String(path), F_OK) == 0 }

    private static func voxels(of header: inout NIfTIHeader, from source: ByteSource, frame: Int) throws -> Volume {
        let path = source.path
        let size = header.datatype.size, count = header.file.grid.count
        // In 64 bits: count < 2³¹, size ≤ 8, frame checked against the header's own product.
        let bytes = count * size
        let (before, overflow) = bytes.multipliedReportingOverflow(by: frame)
        let (needed, overflow2) = (header.dataOffset + bytes).addingReportingOverflow(overflow ? 0 : before)
        if overflow || overflow2 || needed > source.mostBytes {
            if !source.isCompressed, !overflow, !overflow2 {
                throw NIfTIError.truncated(path: path, needed: needed, found: source.fileSize)
            }
            throw NIfTIError.impossibleSize(
                path: path, shape: header.dimensions, needed: overflow || overflow2 ? .max : needed, most: source.mostBytes)
        }
        let available = Memory.available
        if count > 1 << 24, count * 4 > available {
            throw NIfTIError.memory(path: path, shape: header.dimensions, needed: count * 4, available: available)
        }
        let between = header.dataOffset - source.position
        if between > 0, !header.isPair, between <= Extensions.most {
            var raw = [UInt8](repeating: 0, count: between)
            let got = try raw.withUnsafeMutableBytes { try source.read(into: $0) }
            if got == between { header.file.extensions = Extensions.records(raw, swapped: header.swapped) }
        } else if between > 0 {
            _ = try source.skip(between)
        }
        _ = try source.skip(before)

        let (type, swapped, scaling) = (header.datatype, header.swapped, header.scaling)
        var found = 0
        let values = try [Float](unsafeUninitializedCapacity: count) { out, initialised in
            if let base = out.baseAddress { Voxels.useLargePages(base, count) }
            let chunk = 1 << 16
            try withUnsafeTemporaryAllocation(byteCount: chunk * size, alignment: 16) { raw in
                while initialised < count {
                    try Interrupt.check()
                    let n = min(chunk, count - initialised)
                    let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: raw.prefix(n * size)))
                    found += got
                    if got < n * size { return }
                    VoxelCoding.decode(
                        type, swapped: swapped, scaling: scaling, from: raw.baseAddress!, to: out.baseAddress! + initialised, count: n)
                    initialised += n
                }
            }
        }
        if values.count < count { throw NIfTIError.truncated(path: path, needed: needed, found: needed - bytes + found) }
        try source.finish()
        return Volume(grid: header.file.grid, voxels: values, datatype: type, header: header.file)
    }

    /// Writes an image; compressed when the name ends in `.nii.gz`. The file appears whole or not at all.
    ///
    /// Values are written in the volume's datatype when every one of them fits exactly (with the scaling of the file that it came from, if it
    /// had one), else as float32. Of a file that it came from, description, units, codes and extensions are kept, and both transforms
    /// while the grid is the same; on another grid the sform, and where it can the qform, hold the new transform with the old codes.
    /// Throws `NIfTIError.fileName` for another ending, `.field` for an affine that the header cannot hold, `FileError` when the file cannot be written, and `Interrupted`.
    public static func write(_ volume: Volume, to path: String) throws {
        let compressed = path.hasSuffix(".nii.gz")
        guard compressed || path.hasSuffix(".nii") else { throw NIfTIError.fileName(path: path) }
        let layout = VoxelCoding.layout(for: volume)
        let head = try NIfTIEncoder.bytes(grid: volume.grid, layout: layout, header: volume.header, path: path)
        let file = try AtomicFile(path)
        let size = layout.type.size
        let total = head.count + volume.voxels.count * size
        try volume.voxels.withUnsafeBufferPointer { values in
            try head.withUnsafeBytes { head in
                let sources = Unchecked((values, head))
                /// Bytes offset ..< offset + length of the uncompressed file; whole voxels, or parts of them at either end.
                func fill(_ offset: Int, _ out: UnsafeMutableRawPointer, _ length: Int) {
                    let (values, head) = sources.value
                    var offset = offset, out = out, length = length
                    if offset < head.count {
                        let n = min(length, head.count - offset)
                        out.copyMemory(from: head.baseAddress! + offset, byteCount: n)
                        offset += n
                        out += n
                        length -= n
                    }
                    // Head and blocks are whole multiples of every voxel size.
                    if length > 0 {
                        let first = (offset - head.count) / size
                        VoxelCoding.encode(layout, from: values.baseAddress! + first, to: out, count: length / size)
                    }
                }
                if compressed {
                    try GzipWriter.write(count: total, to: file, fill: fill)
                    return
                }
                let chunk = 1 << 20
                try withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 16) { buffer in
                    for offset in stride(from: 0, to: total, by: chunk) {
                        try Interrupt.check()
                        let n = min(chunk, total - offset)
                        fill(offset, buffer.baseAddress!, n)
                        try file.write(UnsafeRawBufferPointer(rebasing: buffer.prefix(n)))
                    }
                }
            }
        }
        try file.commit()
    }

    /// Writes a mask as uint8 zeros and ones, without scaling.
    public static func write(_ mask: Mask, to path: String) throws {
        let volume = mask.volume
        try write(
            Volume(grid: volume.grid, voxels: volume.voxels, datatype: .uint8, header: volume.header?.forDerivedValues()), to: path)
    }
}
