import Glibc
import Support

/// An open image file, of which frames are read one at a time: memory holds the one in hand, and a compressed file is inflated once when
/// frames are asked for in their order.
///
/// Formats are told by content: NIfTI-1 and -2 (single files and pairs), MGH, NRRD, each plain or gzipped.
public final class ImageReader {
    let header: ImageHeader
    private let headerFile: MappedFile
    private let file: MappedFile
    /// Where in `file` the voxels' part begins, and whether it is gzip; nil where the file's first bytes tell.
    private let part: (start: Int, compressed: Bool?)
    private let source: ByteSource

    /// The grid of every frame.
    public var grid: Grid { header.file.grid }
    /// How many images there are.
    public var frames: Int { header.frames }
    /// All that the file says besides.
    public var fileHeader: FileHeader { header.file }

    /// Opens a file and reads its header; `-` is standard input, read to its end. Throws `FileError` and `ImageError`, which name file, field and value,
    /// `MemoryError` where there is no room for standard input or for voxels that are text, and `Interrupted`.
    public convenience init(_ path: String) throws {
        let isStream = path == StandardInput.path
        let file = isStream ? MappedFile(try StandardInput.read(), named: StandardInput.title) : try MappedFile(ImagePair.headerPath(path))
        try self.init(file) { try MappedFile($0) }
    }

    /// Bytes that are treated as a file of a name; `other` gives those of a second file that the first names. Throws `ImageError`, which names file,
    /// field and value, `MemoryError` where there is no room for voxels that are text, `Interrupted`, and what `other` throws.
    public convenience init(_ bytes: [UInt8], named path: String, other: (String) throws -> [UInt8]) throws {
        try self.init(MappedFile(bytes, named: path)) { MappedFile(try other($0), named: $0) }
    }

    /// `other` opens a second file that the first names: the voxels of a pair.
    init(_ first: MappedFile, other: (String) throws -> MappedFile) throws {
        if first.bytes.isEmpty { throw ImageError.empty(path: first.path) }
        headerFile = first
        let start = try ByteSource(first).bytes(8)
        if start.starts(with: Array("NRRD".utf8)) {
            let parsed = try NRRDHeader.read(first)
            header = parsed.image
            let data = try parsed.dataFile.map { try other($0) } ?? first
            switch parsed.encoding {
            case .raw, .gzip:
                file = data
                part = (parsed.start(in: data), parsed.encoding == .gzip)
            case .decimal, .hexadecimal:
                file = try VoxelText(header, data, from: parsed.start(in: data)).bytes(hexadecimal: parsed.encoding == .hexadecimal)
                part = (0, false)
            }
        } else if start.starts(with: [0, 0, 0, 1]) {
            file = try ByteSource(first).inflatedCopy()
            header = try MGHHeader.read(ByteSource(file))
            part = (0, nil)
        } else {
            let source = ByteSource(first)
            var parsed = try NIfTIHeader(source)
            try parsed.readExtensions(from: source)
            if parsed.isPair {
                try source.finish()
                file = try other(try ImagePair.imagePath(header: first.path))
            } else {
                file = first
            }
            header = parsed.image
            part = (0, nil)
        }
        source = ByteSource(file, from: part.start, compressed: part.compressed)
    }

    /// The bytes of a NIfTI header, and its version; nil for other formats.
    var rawNIfTIHeader: (FieldReader, version: Int)? {
        guard let bytes = try? ByteSource(headerFile).bytes(540), bytes.count >= 348 else { return nil }
        let size: UInt32 = FieldReader(bytes: bytes, swapped: false).number(0)
        switch min(size, size.byteSwapped) {
        case 348: return (FieldReader(bytes: bytes, swapped: size != 348), 1)
        case 540 where bytes.count == 540: return (FieldReader(bytes: bytes, swapped: size != 540), 2)
        default: return nil
        }
    }

    /// Reads one frame.
    ///
    /// - Parameter part: which number is taken of complex and colour voxels.
    ///
    /// Throws `ImageError.noFrame` for an index that the file does not have, `.noPart` for a part that its voxels do not have, `.memory` where there is
    /// no room, `.truncated`, `.impossibleSize` and `.damagedGzip` for a file that is cut or damaged, `FileError` for one that another program shortened
    /// while it was read, and `Interrupted`.
    public func frame(_ index: Int, part: VoxelPart = .automatic) throws -> Volume {
        guard index >= 0, index < frames else { throw ImageError.noFrame(path: header.path, frame: index, frames: frames) }
        if let wanted = part.missing(in: header.type) {
            throw ImageError.noPart(path: header.path, part: part.rawValue, type: header.type.name, wanted: wanted)
        }
        let decoder = VoxelDecoder(type: header.type, swapped: header.swapped, scaling: header.scaling, part: part)
        let (start, bytes) = try header.place(of: index, in: source)
        let keeps = !decoder.isExactBeforehand
        try requireMemory(bytes: grid.count * (keeps ? 4 + header.type.size : 4))

        var voxels: [Float]
        var stored: StoredVoxels?
        if header.interleave == 1, header.type.numberSize < 16, let raw = source.inPlace(start, bytes) {
            voxels = try Voxels.make(grid.count) { out, range in
                let size = decoder.type.size, piece = UnsafeRawBufferPointer(rebasing: raw[(range.lowerBound * size)..<(range.upperBound * size)])
                decoder.decode(piece.baseAddress!, to: out + range.lowerBound, count: range.count)
                // The file's pages would otherwise lie in memory beside the image.
                if !keeps { source.file.release(piece) }
            }
            if keeps, !decoder.isExactEverywhere(raw.baseAddress!, count: grid.count) {
                stored = StoredVoxels(type: header.type, scaling: header.scaling, bytes: decoder.littleEndian(Array(raw)))
            }
            try source.requireIntact()
        } else if keeps {
            let raw = try rawBytes(index)
            voxels = try decoded(decoder, raw)
            if !raw.withUnsafeBytes({ decoder.isExactEverywhere($0.baseAddress!, count: grid.count) }) {
                stored = StoredVoxels(type: header.type, scaling: header.scaling, bytes: decoder.littleEndian(raw))
            }
        } else {
            voxels = header.interleave == 1 ? try inflated(decoder, start: start) : try decoded(decoder, try rawBytes(index))
        }
        return Volume(
            grid: grid, voxels: voxels, datatype: header.type.datatype(of: part), header: header.file,
            stored: part == .automatic ? stored : nil)
    }

    /// Whether the path still leads to the very files that were opened, as they were then.
    var isCurrent: Bool { headerFile.isCurrent && (file.path == headerFile.path || file.isCurrent) }

    /// Reads a compressed file to its end, so that a cut or a wrong checksum behind the frames that were read is not missed. Throws
    /// `ImageError.damagedGzip`, `FileError` where another program shortened the file meanwhile, and `Interrupted`.
    public func finish() throws { try source.finish() }

    /// The bytes of one frame in the file's byte order, numbers of 16 bytes as IEEE has them.
    func rawBytes(_ index: Int) throws -> [UInt8] {
        var raw = try bytesInFile(index)
        if header.type.numberSize == 16, !header.swapped { ExtendedPrecision.toQuadruple(&raw) }
        return raw
    }

    private func bytesInFile(_ index: Int) throws -> [UInt8] {
        let (start, bytes) = try header.place(of: index, in: source)
        if header.interleave > 1 { return try gathered(index, of: header.interleave) }
        if let raw = source.inPlace(start, bytes) {
            defer { withExtendedLifetime(source) {} }
            return Array(raw)
        }
        if frames == 1 {
            let end = start + bytes
            var whole: [UInt8]? = try [UInt8](unsafeUninitializedCapacity: end) { out, made in
                if let base = out.baseAddress { Voxels.useLargePages(base, end) }
                let memory = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(out)[..<end])
                made = try source.inflateWhole(into: memory) ? end : 0
            }
            if whole!.count == end {
                whole!.removeFirst(start)
                return whole!
            }
            whole = nil
        }
        try source.seek(to: start)
        let raw = try source.bytes(bytes)
        try requireAll(raw.count, of: bytes)
        if index == frames - 1 { try source.finish() }
        return raw
    }

    /// Every `step`-th voxel, from voxel `first` on.
    private func gathered(_ first: Int, of step: Int) throws -> [UInt8] {
        let size = header.type.size, count = grid.count
        try source.seek(to: header.dataOffset)
        var found = 0
        let raw = try [UInt8](unsafeUninitializedCapacity: count * size) { out, made in
            let chunk = max(1, (1 << 18) / (step * size))
            try withUnsafeTemporaryAllocation(byteCount: chunk * step * size, alignment: 16) { scratch in
                while made < count * size {
                    try Interrupt.check()
                    let n = min(chunk, count - made / size)
                    let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(n * step * size)))
                    found += got
                    if got < n * step * size { return }
                    for i in 0..<n {
                        for b in 0..<size { out[made + i * size + b] = scratch[(i * step + first) * size + b] }
                    }
                    made += n * size
                }
            }
        }
        if raw.count < count * size { try requireAll(found, of: count * size * step) }
        try source.finish()
        return raw
    }

    private func decoded(_ decoder: VoxelDecoder, _ raw: [UInt8]) throws -> [Float] {
        try raw.withUnsafeBytes { raw in
            let raw = Unchecked(raw.baseAddress!)
            return try Voxels.make(grid.count) { out, range in
                decoder.decode(raw.value + range.lowerBound * decoder.type.size, to: out + range.lowerBound, count: range.count)
            }
        }
    }

    /// A frame of a compressed file of values that need nothing kept.
    private func inflated(_ decoder: VoxelDecoder, start: Int) throws -> [Float] {
        let count = grid.count, size = decoder.type.size, end = start + count * size
        if frames == 1, let values = try inflatedInBlocks(decoder, start: start, end: end) { return values }
        if frames == 1, end <= ByteSource.mostAtOnce { return try decoded(decoder, try rawBytes(0)) }
        try source.seek(to: start)
        var found = 0
        let values = try [Float](unsafeUninitializedCapacity: count) { out, initialised in
            let base = out.baseAddress!
            Voxels.useLargePages(base, count)
            let chunk = 1 << 16
            try withUnsafeTemporaryAllocation(byteCount: chunk * size, alignment: 16) { raw in
                while initialised < count {
                    try Interrupt.check()
                    let n = min(chunk, count - initialised)
                    let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: raw.prefix(n * size)))
                    found += got
                    if got < n * size { return }
                    decoder.decode(raw.baseAddress!, to: base + initialised, count: n)
                    initialised += n
                }
            }
            if start == header.dataOffset &+ (frames &- 1) &* count &* size { try source.finish() }
        }
        if values.count < count { try requireAll(found, of: count * size) }
        return values
    }

    /// The values of the bytes from `start` to the file's end, which are decoded piece by piece as they are inflated; nil where the file
    /// cannot be inflated so.
    private func inflatedInBlocks(_ decoder: VoxelDecoder, start: Int, end: Int) throws -> [Float]? {
        let size = decoder.type.size
        // Pieces begin at multiples of 4096 bytes, heads are multiples of every voxel's size: no voxel is cut.
        guard start % size == 0, 4096 % size == 0 else { return nil }
        var isWhole = false
        let values = try [Float](unsafeUninitializedCapacity: grid.count) { values, initialised in
            guard let base = values.baseAddress else { return }
            Voxels.useLargePages(base, grid.count)
            let out = Unchecked(base)
            isWhole = try source.inflateBlocks(total: end) { place, bytes in
                let first = max(place, start)
                if first < place + bytes.count {
                    decoder.decode(
                        bytes.baseAddress! + (first - place), to: out.value + (first - start) / size,
                        count: (place + bytes.count - first) / size)
                }
            }
            if isWhole { initialised = grid.count }
        }
        return isWhole ? values : nil
    }

    private func requireAll(_ found: Int, of needed: Int) throws {
        if found < needed {
            try source.requireIntact()
            throw ImageError.truncated(path: source.path, needed: source.position - found + needed, found: source.position)
        }
    }

    private func requireMemory(bytes: Int) throws {
        guard bytes > 1 << 26 else { return }
        let available = Memory.available
        if bytes > available {
            throw ImageError.memory(path: header.path, shape: header.dimensions, needed: bytes, available: available)
        }
    }
}

/// The two files of a NIfTI pair, and their names.
enum ImagePair {
    /// The names of both halves, one of which is `path`, in capitals where its ending is.
    static func names(_ path: String) -> (header: String, image: String) {
        let gz = path.lowercased().hasSuffix(".gz") ? path.suffix(3) : "", base = path.dropLast(4 + gz.count)
        let isCapital = path.dropLast(gz.count).hasSuffix(".HDR") || path.dropLast(gz.count).hasSuffix(".IMG")
        return (base + (isCapital ? ".HDR" : ".hdr") + gz, base + (isCapital ? ".IMG" : ".img") + gz)
    }

    /// The header's half of a pair, whichever half was named.
    static func headerPath(_ path: String) -> String {
        let name = path.lowercased()
        guard name.hasSuffix(".img") || name.hasSuffix(".img.gz") else { return path }
        return existing(names(path).header) ?? names(path).header
    }

    /// The voxels' half. Throws `ImageError.noImageFile`.
    static func imagePath(header path: String) throws -> String {
        let name = path.lowercased(), isNamed = name.hasSuffix(".hdr") || name.hasSuffix(".hdr.gz")
        let first = isNamed ? names(path).image : path + (name.hasSuffix(".gz") ? ".img.gz" : ".img")
        guard let found = existing(first) else { throw ImageError.noImageFile(path: path, image: first) }
        return found
    }

    /// A file that is there, or its like with or without ".gz"; nil where neither is.
    private static func existing(_ path: String) -> String? {
        if exists(path) { return path }
        let other = path.lowercased().hasSuffix(".gz") ? String(path.dropLast(3)) : path + ".gz"
        return exists(other) ? other : nil
    }

    private static func exists(_ path: some StringProtocol) -> Bool { access(String(path), F_OK) == 0 }
}
