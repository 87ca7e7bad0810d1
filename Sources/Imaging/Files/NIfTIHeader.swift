import Support

/// The parsed header of a NIfTI-1 or NIfTI-2 file.
struct NIfTIHeader {
    /// Voxels lie in a file of their own.
    var isPair: Bool
    var image: ImageHeader

    static func size(version: Int) -> Int { version == 1 ? 348 : 540 }

    /// Reads the header at the start of `source`. Throws `ImageError` for everything that makes no sense.
    init(_ source: ByteSource) throws {
        let path = source.path
        if source.fileSize == 0 { throw ImageError.empty(path: path) }
        var bytes = [UInt8](repeating: 0, count: 540)
        let got = try bytes.withUnsafeMutableBytes { try source.read(into: .init(rebasing: $0.prefix(348))) }
        if got < 4 { throw ImageError.truncated(path: path, needed: 348, found: got) }
        let size: UInt32 = FieldReader(bytes: bytes, swapped: false).number(0)
        let swapped: Bool
        switch (size, size.byteSwapped) {
        case (348, _), (540, _): swapped = false
        case (_, 348), (_, 540): swapped = true
        default:
            if let format = ForeignFormat(Array(bytes.prefix(got))) { throw ImageError.foreign(path: path, format: format) }
            throw ImageError.notNIfTI(path: path, found: "\(Int32(bitPattern: size))")
        }
        let version = (swapped ? size.byteSwapped : size) == 348 ? 1 : 2
        let needed = Self.size(version: version)
        var found = got
        if version == 2, got == 348 {
            found += try bytes.withUnsafeMutableBytes { try source.read(into: .init(rebasing: $0[348..<540])) }
        }
        if found < needed { throw ImageError.truncated(path: path, needed: needed, found: found) }
        self = try Self.parse(FieldReader(bytes: bytes, swapped: swapped), version: version, path: path)
    }

    private init(isPair: Bool, image: ImageHeader) { (self.isPair, self.image) = (isPair, image) }

    /// Keeps the header extensions, which lie between `source`'s position, the header's end, and the voxels or the end of a pair's header. Those of a damaged
    /// file are left out. Throws `Interrupted`.
    mutating func readExtensions(from source: ByteSource) throws {
        let between = isPair ? Extensions.most : min(image.dataOffset - source.position, Extensions.most + 1)
        guard between > 0, between <= Extensions.most else { return }
        let raw: [UInt8]
        do {
            raw = try source.bytes(isPair ? min(between, source.mostBytes) : between)
        } catch let stop as Interrupted {
            throw stop
        } catch {
            return
        }
        if isPair || raw.count == between { image.file.extensions = Extensions.records(raw, swapped: image.swapped) }
    }

    private static func parse(_ f: FieldReader, version: Int, path: String) throws -> NIfTIHeader {
        let one = version == 1
        let magic = f.text(one ? 344 : 4, one ? 4 : 8)
        let single = one ? "n+1" : "n+2", pair = one ? "ni1" : "ni2"
        guard magic.hasPrefix(single) || magic.hasPrefix(pair) else {
            throw ImageError.magic(path: path, found: Text.quoted(magic))
        }
        let isPair = magic.hasPrefix(pair)
        func real(_ first: Int, _ second: Int, _ index: Int = 0) -> Double {
            one ? f.float(first + 4 * index) : f.double(second + 8 * index)
        }
        func whole(_ index: Int) -> Int {
            one ? Int(f.number(40 + 2 * index, as: Int16.self)) : Int(f.number(16 + 8 * index, as: Int64.self))
        }

        let rank = whole(0)
        guard (1...7).contains(rank) else {
            throw ImageError.field(path: path, field: "dim[0]", value: "\(rank)", allowed: "1 … 7")
        }
        let dimensions = (1...rank).map(whole)
        for (i, n) in dimensions.enumerated() where n < 1 {
            throw ImageError.field(path: path, field: "dim[\(i + 1)]", value: "\(n)", allowed: "1 or more")
        }
        let shape = SIMD3(dimensions[0], rank > 1 ? dimensions[1] : 1, rank > 2 ? dimensions[2] : 1)
        let frames = try ImageHeader.frames(dimensions.dropFirst(3), of: dimensions, path: path)
        let datatype = try type(code: Int(f.number(one ? 70 : 12, as: Int16.self)), path: path)

        let offset: Double = one ? f.float(108) : Double(f.number(168, as: Int64.self))
        let least = isPair ? 0 : size(version: version) + 4
        guard offset == 0 || (offset >= Double(least) && offset < 1e15) else {
            throw ImageError.field(
                path: path, field: "vox_offset", value: Text.short(offset), allowed: offset < 1e15 ? "\(least) or more" : "a place in the file")
        }

        var scaling: Scaling?
        let slope = real(112, 176), inter = real(116, 184)
        if slope != 0, slope.isFinite, !(slope == 1 && inter == 0) {
            guard inter.isFinite else {
                throw ImageError.field(path: path, field: "scl_inter", value: Text.short(inter), allowed: "a finite number")
            }
            scaling = Scaling(slope: slope, inter: inter)
        }

        var transforms = FileHeader.Transforms()
        transforms.qformCode = one ? Int32(f.number(252, as: Int16.self)) : f.number(344)
        transforms.sformCode = one ? Int32(f.number(254, as: Int16.self)) : f.number(348)
        transforms.qfac = real(76, 104)
        transforms.pixdim = SIMD3(real(76, 104, 1), real(76, 104, 2), real(76, 104, 3))
        transforms.quaternion = SIMD3(real(256, 352), real(256, 352, 1), real(256, 352, 2))
        transforms.offset = SIMD3(real(268, 376), real(268, 376, 1), real(268, 376, 2))
        func row(_ first: Int, _ second: Int) -> SIMD4<Double> {
            SIMD4(real(first, second), real(first, second, 1), real(first, second, 2), real(first, second, 3))
        }
        transforms.sform = Affine(row(280, 400), row(296, 432), row(312, 464))

        // An sform that is no transform says nothing, whatever its code: a good qform stands in, here and when the image is written.
        if transforms.sformCode != 0, !transforms.sform.isInvertible, transforms.qformCode != 0, transforms.qform?.isInvertible == true {
            transforms.sformCode = 0
        }
        let source =
            transforms.sformCode != 0 ? "srow_x, srow_y, srow_z" : transforms.qformCode != 0 ? "quatern, qoffset, pixdim" : "pixdim"
        let grid = try ImageHeader.grid(
            shape, try transforms.affine(shape: shape, rank: rank, path: path), dimensions: dimensions, affineFrom: source, path: path)
        var file = FileHeader(
            grid: grid, transforms: transforms,
            units: one ? f.number(123) : UInt8(truncatingIfNeeded: f.number(500, as: Int32.self)))
        file.version = version
        file.sizes = dimensions
        file.unusedSizes = (rank..<7).map { whole($0 + 1) }
        file.descriptionField = HeaderText(f, one ? 148 : 240, 80)
        file.auxiliaryFileField = HeaderText(f, one ? 228 : 320, 24)
        // Scaled floats are kept as they come out; scaled integers go back through their scaling.
        file.scaling = datatype.datatype(of: .automatic).isInteger ? scaling : nil
        file.calibration = SIMD2(real(128, 200), real(124, 192))
        file.intentCode = one ? Int32(f.number(68, as: Int16.self)) : f.number(504)
        file.intentNameField = HeaderText(f, one ? 328 : 508, 16)
        file.intentParameters = SIMD3(real(56, 80), real(56, 80, 1), real(56, 80, 2))
        file.toffset = real(136, 216)
        for i in 0..<4 { file.furtherSteps[i] = real(76, 104, 4 + i) }
        // Of a single image 0 and 1 are what is written where nothing is known.
        file.statesFrameStep = rank > 3 && frames > 1 || ![0, 1].contains(file.furtherSteps[0])
        if one {
            file.legacy.names = Array(f.bytes[4..<32])
            file.legacy.extents = f.number(32)
            file.legacy.sessionError = f.number(36)
            file.legacy.regular = f.number(38)
            file.legacy.glmax = f.number(140)
            file.legacy.glmin = f.number(144)
        }
        file.slices.dimInfo = f.number(one ? 39 : 524)
        file.slices.code = one ? Int32(f.number(122, as: UInt8.self)) : f.number(496)
        file.slices.start = one ? Int(f.number(74, as: Int16.self)) : Int(f.number(224, as: Int64.self))
        file.slices.end = one ? Int(f.number(120, as: Int16.self)) : Int(f.number(232, as: Int64.self))
        file.slices.duration = real(132, 208)
        return NIfTIHeader(
            isPair: isPair,
            image: ImageHeader(
                path: path, dimensions: dimensions, type: datatype, swapped: f.swapped, dataOffset: max(Int(offset), least),
                scaling: scaling,
                frames: frames, file: file))
    }

    private static func type(code: Int, path: String) throws -> StoredType {
        if let type = StoredType(rawValue: code) { return type }
        if code == 1 { throw ImageError.unsupportedType(path: path, code: code, name: "single bits") }
        throw ImageError.field(path: path, field: "datatype", value: "\(code)", allowed: "a code of the standard, such as 4 for int16")
    }
}
