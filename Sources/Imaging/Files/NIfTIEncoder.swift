/// Headers to bytes, little-endian: NIfTI-2 when the image came from it or an axis is too long for NIfTI-1.
enum NIfTIEncoder {
    /// Header, extension flag and extensions: everything before the voxels. A multiple of 16 long.
    /// Throws `NIfTIError.field` for an affine that in the header's numbers would be infinite or singular: no reader could place the image.
    static func bytes(grid: Grid, layout: VoxelCoding.Layout, header: FileHeader?, path: String) throws -> [UInt8] {
        var file = header ?? FileHeader(grid: grid, transforms: .init(), description: "", units: 2 | 8)
        if header == nil || grid != file.grid {
            // Both transforms are set for an image that was made here: some readers know only one of them.
            if header == nil { file.transforms.qformCode = 2 }
            file.transforms = file.transforms.moved(to: grid.affine)
        }
        file.scaling = layout.scaling
        let two = file.version == 2 || grid.shape.max() > Int(Int16.max)
        let stored = two ? grid.affine : grid.affine.roundedToFloat32
        guard stored.isInvertible, two || Float(grid.spacing.max()).isFinite else {
            throw NIfTIError.field(
                path: path, field: "the voxel-to-world affine", value: grid.affine.text,
                allowed: "three independent axes in the range of \(two ? "float64" : "float32")")
        }
        var out = two ? second(grid, layout, file) : first(grid, layout, file)
        out += [file.extensions.isEmpty ? 0 : 1, 0, 0, 0]
        out += file.extensions
        return out
    }

    private static func first(_ grid: Grid, _ layout: VoxelCoding.Layout, _ file: FileHeader) -> [UInt8] {
        var f = FieldWriter(count: 348)
        f.put(Int32(348), at: 0)
        f.put(file.slices.dimInfo, at: 39)
        for (i, n) in [3, grid.shape.x, grid.shape.y, grid.shape.z, 1, 1, 1, 1].enumerated() {
            f.put(Int16(truncatingIfNeeded: n), at: 40 + 2 * i)
        }
        for i in 0..<3 { f.put(float: file.intentParameters[i], at: 56 + 4 * i) }
        f.put(Int16(truncatingIfNeeded: file.intentCode), at: 68)
        f.put(Int16(layout.type.niftiCode), at: 70)
        f.put(Int16(layout.type.size * 8), at: 72)
        f.put(Int16(truncatingIfNeeded: file.slices.start), at: 74)
        let t = file.transforms
        for (i, x) in [t.qfac, t.pixdim.x, t.pixdim.y, t.pixdim.z, 1, 1, 1, 1].enumerated() { f.put(float: x, at: 76 + 4 * i) }
        f.put(float: Double(352 + file.extensions.count), at: 108)
        f.put(float: layout.scaling?.slope ?? 1, at: 112)
        f.put(float: layout.scaling?.inter ?? 0, at: 116)
        f.put(Int16(truncatingIfNeeded: file.slices.end), at: 120)
        f.put(UInt8(truncatingIfNeeded: file.slices.code), at: 122)
        f.put(file.units, at: 123)
        f.put(float: file.calibration.y, at: 124)
        f.put(float: file.calibration.x, at: 128)
        f.put(float: file.slices.duration, at: 132)
        f.put(float: file.toffset, at: 136)
        f.put(file.description, at: 148, length: 80)
        f.put(file.auxiliaryFile, at: 228, length: 24)
        f.put(Int16(truncatingIfNeeded: t.qformCode), at: 252)
        f.put(Int16(truncatingIfNeeded: t.sformCode), at: 254)
        for i in 0..<3 { f.put(float: t.quaternion[i], at: 256 + 4 * i) }
        for i in 0..<3 { f.put(float: t.offset[i], at: 268 + 4 * i) }
        for (r, row) in [t.sform.rows.0, t.sform.rows.1, t.sform.rows.2].enumerated() {
            for c in 0..<4 { f.put(float: row[c], at: 280 + 16 * r + 4 * c) }
        }
        f.put(file.intentName, at: 328, length: 16)
        f.put("n+1", at: 344, length: 4)
        return f.bytes
    }

    private static func second(_ grid: Grid, _ layout: VoxelCoding.Layout, _ file: FileHeader) -> [UInt8] {
        var f = FieldWriter(count: 540)
        f.put(Int32(540), at: 0)
        f.put("n+2", at: 4, length: 4)
        // The end of the magic, which a transfer as text would break.
        for (i, byte) in [0x0D, 0x0A, 0x1A, 0x0A].enumerated() { f.put(UInt8(byte), at: 8 + i) }
        f.put(Int16(layout.type.niftiCode), at: 12)
        f.put(Int16(layout.type.size * 8), at: 14)
        for (i, n) in [3, grid.shape.x, grid.shape.y, grid.shape.z, 1, 1, 1, 1].enumerated() { f.put(Int64(n), at: 16 + 8 * i) }
        for i in 0..<3 { f.put(double: file.intentParameters[i], at: 80 + 8 * i) }
        let t = file.transforms
        for (i, x) in [t.qfac, t.pixdim.x, t.pixdim.y, t.pixdim.z, 1, 1, 1, 1].enumerated() { f.put(double: x, at: 104 + 8 * i) }
        f.put(Int64(544 + file.extensions.count), at: 168)
        f.put(double: layout.scaling?.slope ?? 1, at: 176)
        f.put(double: layout.scaling?.inter ?? 0, at: 184)
        f.put(double: file.calibration.y, at: 192)
        f.put(double: file.calibration.x, at: 200)
        f.put(double: file.slices.duration, at: 208)
        f.put(double: file.toffset, at: 216)
        f.put(Int64(file.slices.start), at: 224)
        f.put(Int64(file.slices.end), at: 232)
        f.put(file.description, at: 240, length: 80)
        f.put(file.auxiliaryFile, at: 320, length: 24)
        f.put(t.qformCode, at: 344)
        f.put(t.sformCode, at: 348)
        for i in 0..<3 { f.put(double: t.quaternion[i], at: 352 + 8 * i) }
        for i in 0..<3 { f.put(double: t.offset[i], at: 376 + 8 * i) }
        for (r, row) in [t.sform.rows.0, t.sform.rows.1, t.sform.rows.2].enumerated() {
            for c in 0..<4 { f.put(double: row[c], at: 400 + 32 * r + 8 * c) }
        }
        f.put(file.slices.code, at: 496)
        f.put(Int32(file.units), at: 500)
        f.put(file.intentCode, at: 504)
        f.put(file.intentName, at: 508, length: 16)
        f.put(file.slices.dimInfo, at: 524)
        return f.bytes
    }
}

extension Affine {
    /// As NIfTI-1 holds it; numbers beyond float32 become infinite or 0.
    fileprivate var roundedToFloat32: Affine {
        Affine(SIMD4(SIMD4<Float>(rows.0)), SIMD4(SIMD4<Float>(rows.1)), SIMD4(SIMD4<Float>(rows.2)))
    }
}
