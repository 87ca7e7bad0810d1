import Support

/// What an MGH header says beyond shape and type, kept so that it can be written again.
struct MGHFields: Sendable, Equatable {
    var degreesOfFreedom: Int32 = 0
    /// Whether the header places the image in space.
    var isPlaced = true
    /// Voxel sizes, direction cosines (columns one after another) and the world position of the centre voxel, as stored.
    var numbers: [Float] = []
    /// What follows the voxels: repetition time, flip angle, echo and inversion times, field of view, tags.
    var tail: [UInt8] = []
}

/// FreeSurfer's volumes, `.mgh` and gzipped `.mgz`: a header of 284 bytes, big-endian, voxels, and further fields behind them
/// (https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat).
enum MGHHeader {
    static let size = 284
    /// The most bytes behind the voxels that are kept.
    private static let mostTail = 1 << 24

    /// Reads header and tail. Throws `ImageError`.
    static func read(_ source: ByteSource) throws -> ImageHeader {
        let path = source.path
        let bytes = try source.bytes(size)
        if bytes.count < size { throw ImageError.truncated(path: path, needed: size, found: bytes.count) }
        let f = FieldReader(bytes: bytes, swapped: true)
        func whole(_ index: Int) -> Int { Int(f.number(4 * index, as: Int32.self)) }
        let sizes = (1...4).map(whole)
        for (name, n) in zip(["width", "height", "depth", "nframes"], sizes) where n < 1 {
            throw ImageError.field(path: path, field: name, value: "\(n)", allowed: "1 or more")
        }
        let type: StoredType
        switch whole(5) {
        case 0: type = .uint8
        case 1: type = .int32
        case 3: type = .float32
        case 4: type = .int16
        case 10: type = .uint16
        case let code:
            throw ImageError.field(
                path: path, field: "type", value: "\(code)", allowed: "0 (uint8), 1 (int32), 3 (float32), 4 (int16) or 10 (uint16)")
        }
        var fields = MGHFields()
        fields.degreesOfFreedom = f.number(24)
        fields.isPlaced = f.number(28, as: Int16.self) != 0
        fields.numbers = (0..<15).map { Float(f.float(30 + 4 * $0)) }
        let shape = SIMD3(sizes[0], sizes[1], sizes[2])
        let grid = try ImageHeader.grid(
            shape, fields.affine(shape), dimensions: sizes, affineFrom: "spacing, x_ras … c_ras", path: path)

        var file = FileHeader(grid: grid)
        file.mgh = fields
        var header = ImageHeader(
            path: path, dimensions: sizes[3] == 1 ? Array(sizes.prefix(3)) : sizes, type: type, swapped: true, dataOffset: size,
            scaling: nil, frames: sizes[3], file: file)
        // Without the voxels that it speaks of there is no tail; reading them says what is wrong.
        if let last = try? header.place(of: sizes[3] - 1, in: source) {
            header.file.mgh?.tail = try tail(source, from: last.start + last.count)
        }
        if let first = header.file.mgh?.repetitionTime {
            header.file.furtherSteps[0] = first
            header.file.statesFrameStep = true
        }
        return header
    }

    /// What is written behind the voxels: what an MGH file had there, else the repetition time, where the header tells one, with angles and
    /// further times of 0.
    static func tail(_ header: FileHeader?) -> [UInt8] {
        if let tail = header?.mgh?.tail, !tail.isEmpty { return tail }
        guard let time = header?.repetitionTime, Float(time).isFinite else { return [] }
        var f = FieldWriter(count: 20, isBig: true)
        f.put(float: time, at: 0)
        return f.bytes
    }

    /// What follows the voxels.
    private static func tail(_ source: ByteSource, from start: Int) throws -> [UInt8] {
        let most = max(0, min(source.mostBytes - start, mostTail))
        if let plain = source.inPlace(start, most) { return Array(plain) }
        let all = ByteSource(source.file)
        return try all.skip(start) < start ? [] : all.bytes(most)
    }

    /// The header of an image. Throws `ImageError.field` for an affine that float32 cannot hold.
    static func bytes(grid: Grid, frames: Int, type: StoredType, header: FileHeader?, path: String) throws -> [UInt8] {
        var fields = header?.mgh ?? MGHFields()
        if fields.numbers.isEmpty || header?.grid != grid {
            fields.place(grid)
            fields.isPlaced = true
        }
        guard fields.affine(grid.shape).isInvertible else {
            throw ImageError.field(
                path: path, field: "the voxel-to-world affine", value: grid.affine.text,
                allowed: "three independent axes in the range of float32")
        }
        var f = FieldWriter(count: size, isBig: true)
        f.put(Int32(1), at: 0)
        for (i, n) in [grid.shape.x, grid.shape.y, grid.shape.z, frames].enumerated() { f.put(Int32(n), at: 4 + 4 * i) }
        let codes: [StoredType: Int32] = [.uint8: 0, .int32: 1, .float32: 3, .int16: 4, .uint16: 10]
        f.put(codes[type] ?? 3, at: 20)
        f.put(fields.degreesOfFreedom, at: 24)
        f.put(Int16(fields.isPlaced ? 1 : 0), at: 28)
        for (i, x) in fields.numbers.enumerated() { f.put(x.bitPattern, at: 30 + 4 * i) }
        return f.bytes
    }
}

extension MGHFields {
    /// The voxel-to-world transform; coronal slices about the origin where the header does not place the image.
    func affine(_ shape: SIMD3<Int>) -> Affine {
        let n = isPlaced ? numbers.map(Double.init) : [1, 1, 1, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0]
        func row(_ r: Int) -> SIMD4<Double> {
            let axes = SIMD3(n[3 + r] * n[0], n[6 + r] * n[1], n[9 + r] * n[2])
            return SIMD4(axes, n[12 + r] - (axes * SIMD3<Double>(shape) / 2).sum())
        }
        return Affine(row(0), row(1), row(2))
    }

    mutating func place(_ grid: Grid) {
        let spacing = grid.spacing, (x, y, z) = grid.affine.columns
        let centre = grid.affine(SIMD3<Double>(grid.shape) / 2)
        let cosines = [x / spacing.x, y / spacing.y, z / spacing.z]
        numbers = ([spacing] + cosines + [centre]).flatMap { v in (0..<3).map { Float(v[$0]) } }
    }

    /// Seconds from frame to frame, when the tail says so.
    var repetitionTime: Double? {
        guard tail.count >= 4 else { return nil }
        let milliseconds = FieldReader(bytes: tail, swapped: true).float(0)
        return milliseconds.isFinite && milliseconds > 0 ? milliseconds / 1000 : nil
    }
}
