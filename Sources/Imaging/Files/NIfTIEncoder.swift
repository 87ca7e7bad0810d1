/// Headers to bytes, little-endian: NIfTI-2 when the image came from it or an axis is too long for NIfTI-1.
enum NIfTIEncoder {
    /// Header, extension flag and extensions: all that goes before the voxels, a multiple of 16 long, or all of the header's file of a
    /// pair.
    ///
    /// - Parameter frames: how many images follow; a fourth dimension is written for more than one.
    /// Throws `ImageError.field` for an affine that in the header's numbers would be infinite or singular: no reader could place the image.
    static func bytes(
        grid: Grid, frames: Int, layout: VoxelLayout, header: FileHeader?, isPair: Bool, path: String
    ) throws -> [UInt8] {
        var file = header ?? FileHeader(grid: grid, transforms: .init())
        // Without codes the place is a matter of the sizes alone, of which pixdim counts for as many axes as there were.
        let isPlaced = file.transforms.sformCode != 0 || file.transforms.qformCode != 0
        if header == nil || grid != file.grid || (!isPlaced && file.sizes.count < 3 && !keepsSizes(grid, frames, file)) {
            // Both transforms are set for an image that was made here: some readers know only one of them.
            if header == nil { file.transforms.qformCode = 2 }
            file.transforms = file.transforms.moved(to: grid.affine)
            // A new place is in mm: metres would be told, and mended, again.
            if file.unusualUnit != nil { file.units = file.units & ~7 | 2 }
        }
        file.scaling = layout.scaling
        let two = file.version == 2 || max(frames, grid.shape.max()) > Int(Int16.max)
        let stored = two ? grid.affine : grid.affine.roundedToFloat32
        guard stored.isInvertible, two || Float(grid.spacing.max()).isFinite else {
            throw ImageError.field(
                path: path, field: "the voxel-to-world affine", value: grid.affine.text,
                allowed: "three independent axes in the range of \(two ? "float64" : "float32")")
        }
        var out = two ? second(grid, frames, layout, file, isPair) : first(grid, frames, layout, file, isPair)
        out += [file.extensions.isEmpty ? 0 : 1, 0, 0, 0]
        out += file.extensions
        return out
    }

    /// dim[0 … 7]: as the file had it where that still is true, else three axes and one for several frames.
    private static func dimensions(_ grid: Grid, _ frames: Int, _ file: FileHeader) -> [Int] {
        let isSame = keepsSizes(grid, frames, file)
        let sizes = isSame ? file.sizes : [grid.shape.x, grid.shape.y, grid.shape.z] + (frames > 1 ? [frames] : [])
        return [sizes.count] + sizes + (isSame ? file.unusedSizes : [Int](repeating: 1, count: 7 - sizes.count))
    }

    /// Whether the axes that the file had still are those of the image.
    private static func keepsSizes(_ grid: Grid, _ frames: Int, _ file: FileHeader) -> Bool {
        let spatial = Array((file.sizes + [1, 1, 1]).prefix(3)), further = file.sizes.dropFirst(3)
        return !file.sizes.isEmpty && SIMD3(spatial[0], spatial[1], spatial[2]) == grid.shape && further.reduce(1, &*) == frames
    }

    /// pixdim[0 … 7].
    private static func steps(_ file: FileHeader) -> [Double] {
        let t = file.transforms
        return [t.qfac, t.pixdim.x, t.pixdim.y, t.pixdim.z] + (0..<4).map { file.furtherSteps[$0] }
    }

    private static func first(_ grid: Grid, _ frames: Int, _ layout: VoxelLayout, _ file: FileHeader, _ isPair: Bool) -> [UInt8] {
        var f = FieldWriter(count: 348)
        f.put(Int32(348), at: 0)
        let legacy = file.legacy
        for (i, byte) in legacy.names.enumerated() { f.put(byte, at: 4 + i) }
        f.put(legacy.extents, at: 32)
        f.put(legacy.sessionError, at: 36)
        f.put(legacy.regular, at: 38)
        f.put(legacy.glmax, at: 140)
        f.put(legacy.glmin, at: 144)
        f.put(file.slices.dimInfo, at: 39)
        for (i, n) in dimensions(grid, frames, file).enumerated() {
            f.put(Int16(truncatingIfNeeded: n), at: 40 + 2 * i)
        }
        for i in 0..<3 { f.put(float: file.intentParameters[i], at: 56 + 4 * i) }
        f.put(Int16(truncatingIfNeeded: file.intentCode), at: 68)
        f.put(Int16(layout.type.rawValue), at: 70)
        f.put(Int16(layout.type.size * 8), at: 72)
        f.put(Int16(truncatingIfNeeded: file.slices.start), at: 74)
        let t = file.transforms
        for (i, x) in steps(file).enumerated() { f.put(float: x, at: 76 + 4 * i) }
        f.put(float: isPair ? 0 : Double(352 + file.extensions.count), at: 108)
        f.put(float: layout.scaling?.slope ?? 1, at: 112)
        f.put(float: layout.scaling?.inter ?? 0, at: 116)
        f.put(Int16(truncatingIfNeeded: file.slices.end), at: 120)
        f.put(UInt8(truncatingIfNeeded: file.slices.code), at: 122)
        f.put(file.units, at: 123)
        f.put(float: file.calibration.y, at: 124)
        f.put(float: file.calibration.x, at: 128)
        f.put(float: file.slices.duration, at: 132)
        f.put(float: file.toffset, at: 136)
        f.put(file.descriptionField, at: 148)
        f.put(file.auxiliaryFileField, at: 228)
        f.put(Int16(truncatingIfNeeded: t.qformCode), at: 252)
        f.put(Int16(truncatingIfNeeded: t.sformCode), at: 254)
        for i in 0..<3 { f.put(float: t.quaternion[i], at: 256 + 4 * i) }
        for i in 0..<3 { f.put(float: t.offset[i], at: 268 + 4 * i) }
        for (r, row) in [t.sform.rows.0, t.sform.rows.1, t.sform.rows.2].enumerated() {
            for c in 0..<4 { f.put(float: row[c], at: 280 + 16 * r + 4 * c) }
        }
        f.put(file.intentNameField, at: 328)
        f.put(isPair ? "ni1" : "n+1", at: 344, length: 4)
        return f.bytes
    }

    private static func second(_ grid: Grid, _ frames: Int, _ layout: VoxelLayout, _ file: FileHeader, _ isPair: Bool) -> [UInt8] {
        var f = FieldWriter(count: 540)
        f.put(Int32(540), at: 0)
        f.put(isPair ? "ni2" : "n+2", at: 4, length: 4)
        // The end of the magic, which a transfer as text would break.
        for (i, byte) in [0x0D, 0x0A, 0x1A, 0x0A].enumerated() { f.put(UInt8(byte), at: 8 + i) }
        f.put(Int16(layout.type.rawValue), at: 12)
        f.put(Int16(layout.type.size * 8), at: 14)
        for (i, n) in dimensions(grid, frames, file).enumerated() { f.put(Int64(n), at: 16 + 8 * i) }
        for i in 0..<3 { f.put(double: file.intentParameters[i], at: 80 + 8 * i) }
        let t = file.transforms
        for (i, x) in steps(file).enumerated() { f.put(double: x, at: 104 + 8 * i) }
        f.put(isPair ? 0 : Int64(544 + file.extensions.count), at: 168)
        f.put(double: layout.scaling?.slope ?? 1, at: 176)
        f.put(double: layout.scaling?.inter ?? 0, at: 184)
        f.put(double: file.calibration.y, at: 192)
        f.put(double: file.calibration.x, at: 200)
        f.put(double: file.slices.duration, at: 208)
        f.put(double: file.toffset, at: 216)
        f.put(Int64(file.slices.start), at: 224)
        f.put(Int64(file.slices.end), at: 232)
        f.put(file.descriptionField, at: 240)
        f.put(file.auxiliaryFileField, at: 320)
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
        f.put(file.intentNameField, at: 508)
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
