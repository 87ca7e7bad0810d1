import Support

/// Images to files, in parallel blocks; a file appears whole or not at all.
struct ImageWriter {
    private let path: String
    private let format: ImageFormat
    private let frames: [Volume]
    private let layout: VoxelLayout
    /// Voxels that lie beyond the type that was asked for, and are limited to it.
    let limited: Int

    /// `frames`, at least one, lie on one grid. Without `datatype` nothing may be lost: throws `ImageError.lossy` where the format has no
    /// type that holds the values. With an integer one throws `ImageError.notFinite` for NaN and infinite voxels.
    init(_ frames: [Volume], to path: String, datatype: Datatype?) throws {
        guard let format = ImageFormat(path), format != .pair || !AtomicFile.isStream(path) else { throw ImageError.fileName(path: path) }
        for (i, frame) in frames.enumerated() where frame.grid != frames[0].grid {
            if frame.grid.distance(to: frames[0].grid) > Grid.tolerance {
                throw ImageError.differentGrids(path: path, frame: i, difference: GridError.difference(frame.grid, frames[0].grid))
            }
        }
        self.path = path
        self.format = format
        self.frames = frames
        let layout = try Self.layout(frames, format, datatype, path)
        self.layout = layout
        if datatype?.isInteger == true {
            let changed = frames.filter { !$0.isKept(in: layout) }, lost = try changed.reduce(0) { try $0 + $1.nonfinite }
            if lost > 0 {
                throw ImageError.notFinite(path: path, voxels: lost, of: frames.count * frames[0].grid.count, type: layout.type.name)
            }
            limited = try changed.reduce(0) { try $0 + layout.limited($1) }
        } else {
            limited = 0
        }
    }

    private static func layout(_ frames: [Volume], _ format: ImageFormat, _ datatype: Datatype?, _ path: String) throws -> VoxelLayout {
        var layout: VoxelLayout
        if let datatype {
            layout = frames.count == 1 ? try VoxelLayout(frames[0], as: datatype) : VoxelLayout(StoredType(datatype))
            guard format.holds(layout) else {
                throw ImageError.field(
                    path: path, field: "dtype", value: datatype.rawValue, allowed: "one of \(format.typeNames) in such a file")
            }
        } else {
            let all = try frames.map { try VoxelLayout(exactly: $0) }
            layout = all.allSatisfy { $0 == all[0] } ? all[0] : VoxelLayout(.float32)
            if !format.holds(layout) { layout = VoxelLayout(try format.replacement(for: layout, of: frames)) }
            for stored in frames.filter({ !$0.isKept(in: layout) }).compactMap(\.stored) {
                let changed = stored.changed(by: layout.type)
                if changed > 0 {
                    throw ImageError.lossy(path: path, from: stored.type.name, to: layout.type.name, voxels: changed, of: stored.count)
                }
            }
        }
        layout.isBig = format == .mgh
        return layout
    }

    /// Throws `ImageError.field` for an affine that the header cannot hold, `FileError` when the file cannot be written, and `Interrupted`.
    func write() throws {
        let grid = frames[0].grid, header = frames[0].header
        switch format {
        case .nifti:
            let head = try NIfTIEncoder.bytes(
                grid: grid, frames: frames.count, layout: layout, header: header, isPair: false, path: path)
            try body(head: head, to: path).commit()
        case .pair:
            let names = ImagePair.names(path)
            let head = try NIfTIEncoder.bytes(
                grid: grid, frames: frames.count, layout: layout, header: header, isPair: true, path: names.header)
            let voxels = try body(head: [], to: names.image)
            let first = try AtomicFile(names.header)
            if format.isCompressed(path) {
                try GzipWriter.write(count: head.count, numberSize: 1, to: first) { offset, out, n in
                    head.withUnsafeBytes { out.copyMemory(from: $0.baseAddress! + offset, byteCount: n) }
                }
            } else {
                try head.withUnsafeBytes { try first.write($0) }
            }
            try voxels.commit()
            try first.commit()
        case .mgh:
            let head = try MGHHeader.bytes(grid: grid, frames: frames.count, type: layout.type, header: header, path: path)
            try body(head: head, tail: MGHHeader.tail(header), to: path).commit()
        case .nrrd:
            let head = try NRRDHeader.bytes(grid: grid, frames: frames.count, type: layout.type, header: header, path: path)
            try body(plainHead: head, head: [], to: path).commit()
        }
    }

    /// Voxels between `head` and `tail`, all compressed where the format says so, after bytes that never are. The file is still to be
    /// committed.
    private func body(plainHead: [UInt8] = [], head: [UInt8], tail: [UInt8] = [], to path: String) throws -> AtomicFile {
        let file = try AtomicFile(path)
        try plainHead.withUnsafeBytes { try file.write($0) }
        let voxels = frames[0].grid.count * layout.type.size, (all, overflow) = voxels.multipliedReportingOverflow(by: frames.count)
        let total = overflow ? Int.max : head.count + all + tail.count
        guard !overflow else { throw MemoryError(needed: Int.max, available: 0, purpose: "a file of \(frames.count) images") }

        /// Bytes offset ..< offset + length of what is written; whole numbers, or parts of them at either end.
        func fill(_ offset: Int, _ out: UnsafeMutableRawPointer, _ length: Int) {
            var offset = offset, out = out, length = length
            while length > 0 {
                let n: Int
                if offset < head.count {
                    n = min(length, head.count - offset)
                    head.withUnsafeBytes { out.copyMemory(from: $0.baseAddress! + offset, byteCount: n) }
                } else if offset < head.count + all {
                    let (frame, place) = (offset - head.count).quotientAndRemainder(dividingBy: voxels)
                    n = min(length, voxels - place)
                    put(frames[frame], place, out, n)
                } else {
                    n = length
                    let start = offset - head.count - all
                    tail.withUnsafeBytes { out.copyMemory(from: $0.baseAddress! + start, byteCount: n) }
                }
                offset += n
                out += n
                length -= n
            }
        }
        if format.isCompressed(path) {
            try GzipWriter.write(count: total, numberSize: layout.type.numberSize, to: file, fill: fill)
        } else {
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
        return file
    }

    /// Bytes of a frame. Where its file's own bytes are not kept they begin and end with whole voxels: blocks, heads and frames are
    /// multiples of their sizes.
    private func put(_ frame: Volume, _ offset: Int, _ out: UnsafeMutableRawPointer, _ length: Int) {
        if let stored = frame.stored, frame.isKept(in: layout) {
            stored.bytes.withUnsafeBytes { bytes in
                let n = stored.type.numberSize
                if !layout.isBig || n == 1 {
                    out.copyMemory(from: bytes.baseAddress! + offset, byteCount: length)
                } else {
                    for i in 0..<length {
                        let (number, byte) = (offset + i).quotientAndRemainder(dividingBy: n)
                        out.storeBytes(of: bytes[number * n + n - 1 - byte], toByteOffset: i, as: UInt8.self)
                    }
                }
            }
        } else if let stored = frame.stored, stored.isReal {
            let size = layout.type.size
            layout.encode(stored, from: offset / size, to: out, count: length / size)
        } else {
            let size = layout.type.size
            frame.voxels.withUnsafeBufferPointer { layout.encode($0.baseAddress! + offset / size, to: out, count: length / size) }
        }
    }
}

extension Volume {
    /// How many voxels are NaN or infinite.
    fileprivate var nonfinite: Int {
        get throws { try Voxels.total(voxels) { x, n in (0..<n).reduce(0) { $0 + (x[$1].isFinite ? 0 : 1) } } }
    }

    /// Whether the bytes of the file that this came from go into `layout` unchanged.
    fileprivate func isKept(in layout: VoxelLayout) -> Bool {
        stored.map { $0.type == layout.type && $0.scaling == layout.scaling } ?? false
    }
}

/// The formats that images are written in, told by the name; standard output gets gzipped NIfTI.
enum ImageFormat: Equatable {
    case nifti, pair, mgh, nrrd

    /// However the ending is written: systems that tell no case write it in capitals.
    init?(_ path: String) {
        func ends(_ endings: String...) -> Bool { endings.contains { path.lowercased().hasSuffix($0) } }
        if path == StandardInput.path || ends(".nii", ".nii.gz") {
            self = .nifti
        } else if ends(".hdr", ".img", ".hdr.gz", ".img.gz") {
            self = .pair
        } else if ends(".mgh", ".mgz", ".mgh.gz") {
            self = .mgh
        } else if ends(".nrrd") {
            self = .nrrd
        } else {
            return nil
        }
    }

    /// Whether what goes into the file of this name is gzipped.
    func isCompressed(_ path: String) -> Bool {
        self == .nrrd || [".gz", ".mgz"].contains { path.lowercased().hasSuffix($0) } || path == StandardInput.path
    }

    /// The types that can be stored.
    private var types: [StoredType] {
        switch self {
        case .nifti, .pair: StoredType.allCases
        case .mgh: [.uint8, .int16, .int32, .float32]
        case .nrrd: [.uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64, .float32, .float64]
        }
    }

    var typeNames: String { types.map(\.name).joined(separator: ", ") }

    func holds(_ layout: VoxelLayout) -> Bool { types.contains(layout.type) && (layout.scaling == nil || self == .nifti || self == .pair) }

    /// A type of the format that holds all values as they are in memory: an integer type where they are whole numbers, else float32.
    func replacement(for layout: VoxelLayout, of frames: [Volume]) throws -> StoredType {
        let candidates: [Datatype] = frames.allSatisfy(\.datatype.isInteger) ? [.int16, .int32] : []
        let held = try candidates.first { type in
            try frames.allSatisfy { frame in
                if let stored = frame.stored { return stored.changed(by: StoredType(type)) == 0 }
                return try VoxelLayout.fits(frame.voxels, type, nil)
            }
        }
        return held.map { StoredType($0) } ?? .float32
    }
}
