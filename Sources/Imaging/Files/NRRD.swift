import Support

/// NRRD files (http://teem.sourceforge.net/nrrd/format.html): a text header, then voxels in the same file (`.nrrd`) or in one that it names
/// (`.nhdr`), raw, gzipped, or as text (decimal or hexadecimal).
///
/// Three spatial axes, and at most one further axis, first or last, which counts frames; its spacing and unit are the step from frame to
/// frame. Colours are read as frames. A header that names no space means, as for ITK, left-posterior-superior.
struct NRRDHeader {
    /// How numbers lie in the file.
    enum Encoding {
        case raw, gzip, decimal, hexadecimal

        init?(_ name: String) {
            switch name.lowercased() {
            case "raw": self = .raw
            case "gzip", "gz": self = .gzip
            case "ascii", "text", "txt": self = .decimal
            case "hex": self = .hexadecimal
            default: return nil
            }
        }
    }

    var image: ImageHeader
    /// The path of the file with the voxels; nil where they follow the header.
    var dataFile: String?
    let encoding: Encoding
    private var headerEnd: Int
    /// Bytes to pass over before the data; −1: the data are at the end.
    private var byteSkip: Int
    private var lineSkip: Int

    /// The most bytes that a text header may have.
    private static let mostHeader = 1 << 20

    /// Where data begin in the file that has them.
    func start(in file: MappedFile) -> Int {
        var place = dataFile == nil ? headerEnd : 0
        for _ in 0..<lineSkip {
            guard let end = file.bytes[min(place, file.bytes.count)...].firstIndex(of: 10) else { return file.bytes.count }
            place = end + 1
        }
        if byteSkip >= 0 { return place + min(byteSkip, file.bytes.count) }
        let (bytes, overflow) = (image.file.grid.count * image.type.size).multipliedReportingOverflow(by: image.frames)
        return overflow ? place : max(place, file.bytes.count - bytes)
    }

    static func read(_ file: MappedFile) throws -> NRRDHeader {
        let fields = try NRRDFields(file, most: mostHeader)
        let path = file.path

        let type = try fields.type()
        let sizes = try fields.numbers("sizes", Int.init) ?? []
        guard let dimension = Int(fields["dimension"] ?? ""), dimension == sizes.count, (1...16).contains(dimension) else {
            throw ImageError.field(
                path: path, field: "dimension", value: fields["dimension"] ?? "missing",
                allowed: "the number of sizes, which are \(sizes.count)")
        }
        for n in sizes where n < 1 {
            throw ImageError.field(path: path, field: "sizes", value: fields["sizes"] ?? "", allowed: "1 or more each")
        }
        // The axes in space: those with a direction, else those whose kind is not a list of some sort, else the first three.
        let vectors = try fields.directions(dimension)
        let kinds = fields["kinds"]?.split(separator: " ").map(String.init)
        var inSpace: [Int]
        if let vectors {
            inSpace = (0..<dimension).filter { vectors[$0] != nil }
        } else if let kinds, kinds.count == dimension {
            inSpace = (0..<dimension).filter { ["domain", "space", "???", "none"].contains(kinds[$0].lowercased()) }
        } else {
            inSpace = Array(0..<min(3, dimension))
        }
        inSpace = Array(inSpace.prefix(3))
        let further = (0..<dimension).filter { !inSpace.contains($0) }
        let first = inSpace.first ?? 0, last = inSpace.last ?? 0
        guard !inSpace.isEmpty, last - first + 1 == inSpace.count, further.count < 2 || further.allSatisfy({ $0 > last }) else {
            throw ImageError.unsupported(
                path: path, field: "the order of axes", value: fields["kinds"] ?? fields["space directions"] ?? "\(dimension) axes",
                supported: "up to three axes in space with one list before or after them")
        }
        let spatial = inSpace.map { sizes[$0] } + [1, 1, 1]
        let shape = SIMD3(spatial[0], spatial[1], spatial[2])
        let dimensions = Array(spatial.prefix(max(3, inSpace.count))) + further.map { sizes[$0] }
        let frames = try ImageHeader.frames(further.map { sizes[$0] }, of: dimensions, path: path)

        let affine = try fields.affine(axes: inSpace, vectors: vectors)
        let grid = try ImageHeader.grid(shape, affine, dimensions: dimensions, affineFrom: "space directions, space origin", path: path)
        var header = FileHeader(grid: grid)
        header.descriptionField.text = fields["content"] ?? ""
        header.nrrdLines = fields.keptLines
        if let list = further.first { try fields.readTiming(of: list, into: &header) }

        guard let encoding = Encoding(fields["encoding"] ?? "") else {
            throw ImageError.encoding(path: path, encoding: Text.quoted(fields["encoding"] ?? "missing"))
        }
        let endian = encoding == .decimal ? "little" : fields["endian"]?.lowercased()
        guard type.numberSize == 1 || endian == "little" || endian == "big" else {
            throw ImageError.field(path: path, field: "endian", value: endian ?? "missing", allowed: "little or big")
        }
        var dataFile = fields["data file"] ?? fields["datafile"]
        if let name = dataFile {
            if name.hasPrefix("LIST") || name.contains("%") || name.contains("\0") {
                throw ImageError.unsupported(path: path, field: "data file", value: name, supported: "one file")
            }
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            dataFile = name.hasPrefix("/") ? name : folder + name
        }
        var image = ImageHeader(
            path: path, dimensions: dimensions, type: type, swapped: endian == "big", dataOffset: 0, scaling: nil, frames: frames,
            file: header)
        if let list = further.first, list < first { image.interleave = frames }
        let skip = try fields.numbers("byte skip", Int.init)?.first ?? 0
        if skip < -1 || (skip == -1 && encoding != .raw) {
            throw ImageError.field(path: path, field: "byte skip", value: "\(skip)", allowed: "0 or more, or -1 for raw data")
        }
        return NRRDHeader(
            image: image, dataFile: dataFile, encoding: encoding, headerEnd: fields.end, byteSkip: skip,
            lineSkip: max(0, min(1 << 16, try fields.numbers("line skip", Int.init)?.first ?? 0)))
    }
}

extension NRRDHeader {
    /// The text of a header, with its empty line. Throws `ImageError.field` for an affine without an inverse.
    static func bytes(grid: Grid, frames: Int, type: StoredType, header: FileHeader?, path: String) throws -> [UInt8] {
        guard grid.affine.isInvertible else {
            throw ImageError.field(
                path: path, field: "the voxel-to-world affine", value: grid.affine.text, allowed: "three independent axes")
        }
        let (x, y, z) = grid.affine.columns
        // Every reader knows this space; ITK knows only it.
        func vector(_ v: SIMD3<Double>) -> String { "(\(-v.x + 0),\(-v.y + 0),\(v.z + 0))" }
        let names: [StoredType: String] = [.float32: "float", .float64: "double"]
        let list = frames > 1
        var lines = [
            "NRRD0005", "type: \(names[type] ?? type.name)", "dimension: \(list ? 4 : 3)", "space: left-posterior-superior",
            "sizes: \(grid.shape.x) \(grid.shape.y) \(grid.shape.z)" + (list ? " \(frames)" : ""),
            "space directions: \(vector(x)) \(vector(y)) \(vector(z))" + (list ? " none" : ""),
            "kinds: domain domain domain" + (list ? " list" : ""), "endian: little", "encoding: gzip",
            "space origin: \(vector(grid.affine.translation))",
        ]
        if list, let header { lines += timing(header) }
        let description = (header?.description ?? "").filter { !$0.isNewline }
        if !description.isEmpty { lines.append("content: " + description) }
        lines += header?.nrrdLines ?? []
        return Array((lines.joined(separator: "\n") + "\n\n").utf8)
    }

    /// The fields of the last axis that say when frames were taken. An axis in space has no place in them: the standard asks for nan and ""
    /// there.
    private static func timing(_ header: FileHeader) -> [String] {
        guard let step = header.frameStep else { return [] }
        var lines = ["spacings: nan nan nan \(step)"]
        if header.toffset != 0, header.toffset.isFinite { lines.append("axis mins: nan nan nan \(header.toffset)") }
        if let unit = header.frameUnit { lines.append("units: \"\" \"\" \"\" \"\(unit.name)\"") }
        return lines
    }
}

/// The lines of an NRRD header.
struct NRRDFields {
    private let path: String
    private var values: [String: String] = [:]
    /// Lines that are written back as they are.
    private(set) var keptLines: [String] = []
    /// Bytes up to the data that follow in the same file.
    private(set) var end = 0

    private static let understood: Set<String> = [
        "type", "dimension", "sizes", "encoding", "endian", "space", "space dimension", "space directions", "space origin", "spacings",
        "kinds",
        "data file", "datafile", "byte skip", "byteskip", "line skip", "lineskip", "content", "centerings", "centers", "axis mins",
        "axis maxs",
        "axismins", "axismaxs", "thicknesses", "labels", "units", "block size", "blocksize", "old min", "old max", "min",
        "max",
        "oldmin", "oldmax",
    ]

    init(_ file: MappedFile, most: Int) throws {
        path = file.path
        let head = file.bytes.prefix(most)
        var start = 0, isFirst = true
        while true {
            guard let stop = head[start...].firstIndex(of: 10) else {
                // A detached header may end without an empty line.
                guard head.count == file.bytes.count, values["data file"] ?? values["datafile"] != nil else {
                    throw ImageError.field(path: path, field: "the header", value: "without an end", allowed: "closed by an empty line")
                }
                end = head.count
                break
            }
            var line = String(decoding: head[start..<stop], as: UTF8.self)
            if line.hasSuffix("\r") { line.removeLast() }
            start = stop + 1
            if line.isEmpty {
                end = start
                break
            }
            if isFirst {
                isFirst = false
                continue
            }
            if line.hasPrefix("#") { continue }
            guard let colon = line.firstIndex(of: ":") else { continue }
            if line[colon...].hasPrefix(":=") {
                keptLines.append(line)
            } else {
                let name = line[..<colon].lowercased()
                values[name] = String(line[line.index(after: colon)...].drop { $0 == " " })
                if !Self.understood.contains(name) { keptLines.append(line) }
            }
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// Numbers between spaces. Throws `ImageError.field` for a word that is none.
    func numbers<T>(_ name: String, _ convert: (String) -> T?) throws -> [T]? {
        guard let text = values[name] ?? values[name.replacing(" ", with: "")] else { return nil }
        return try text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { word in
            guard let x = convert(String(word)) else {
                throw ImageError.field(path: path, field: name, value: Text.quoted(text), allowed: "numbers")
            }
            return x
        }
    }

    /// Step, first value and unit of the axis of frames.
    func readTiming(of axis: Int, into header: inout FileHeader) throws {
        func value(_ name: String) throws -> Double? {
            guard let all = try numbers(name, { Double($0.lowercased()) }), axis < all.count, all[axis].isFinite else { return nil }
            return all[axis]
        }
        header.frameUnit = nil
        guard let step = try value("spacings"), step > 0 else { return }
        header.furtherSteps[0] = step
        header.statesFrameStep = true
        header.toffset = try value("axis mins") ?? 0
        // Units stand in quotation marks: every second part between them.
        let units = (values["units"] ?? "").split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter {
            $0.offset % 2 == 1
        }
        if axis < units.count { header.frameUnit = FrameUnit(name: String(units[axis].element)) }
    }

    func type() throws -> StoredType {
        let names: [(StoredType, [String])] = [
            (.int8, ["signed char", "int8", "int8_t"]), (.uint8, ["uchar", "unsigned char", "uint8", "uint8_t"]),
            (.int16, ["short", "short int", "signed short", "signed short int", "int16", "int16_t"]),
            (.uint16, ["ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"]),
            (.int32, ["int", "signed int", "int32", "int32_t"]), (.uint32, ["uint", "unsigned int", "uint32", "uint32_t"]),
            (
                .int64,
                ["longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"]
            ),
            (.uint64, ["ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"]),
            (.float32, ["float"]), (.float64, ["double"]),
        ]
        let found = values["type"]?.lowercased() ?? "missing"
        guard let type = names.first(where: { $0.1.contains(found) })?.0 else {
            throw ImageError.unsupported(
                path: path, field: "type", value: Text.quoted(found), supported: "an integer type, float or double")
        }
        return type
    }

    /// For each axis its step in the world, nil for axes that are not in space; nil when the header has no such line.
    func directions(_ dimension: Int) throws -> [SIMD3<Double>?]? {
        guard let text = values["space directions"] else { return nil }
        let vectors = try text.split(separator: " ").filter { !$0.isEmpty }.joined(separator: " ").vectors(
            of: "space directions", path: path)
        guard vectors.count == dimension else {
            throw ImageError.field(path: path, field: "space directions", value: Text.quoted(text), allowed: "\(dimension) vectors or none")
        }
        return vectors
    }

    /// Voxel to world in RAS.
    func affine(axes: [Int], vectors: [SIMD3<Double>?]?) throws -> Affine {
        var steps: [SIMD3<Double>] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        if let vectors {
            for (i, axis) in axes.enumerated() { steps[i] = vectors[axis] ?? steps[i] }
        } else if let spacings = try numbers("spacings", { Double($0.lowercased()) }) {
            for (i, axis) in axes.enumerated() where axis < spacings.count && spacings[axis].isFinite { steps[i] *= spacings[axis] }
        }
        // An axis that is not there is at right angles to the others.
        if axes.count == 2 {
            let (a, b) = (steps[0], steps[1])
            let n: SIMD3 = [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
            let length = (n * n).sum().squareRoot()
            if length > 0 { steps[2] = n / length }
        }
        var origin = SIMD3<Double>.zero
        if let text = values["space origin"] {
            guard let first = try text.vectors(of: "space origin", path: path).first, let point = first else {
                throw ImageError.field(path: path, field: "space origin", value: Text.quoted(text), allowed: "a vector")
            }
            origin = point
        }
        let flips: SIMD3<Double>
        switch (values["space"] ?? "left-posterior-superior").lowercased() {
        case "right-anterior-superior", "ras", "scanner-xyz": flips = [1, 1, 1]
        case "left-anterior-superior", "las": flips = [-1, 1, 1]
        case "left-posterior-superior", "lps": flips = [-1, -1, 1]
        case let other:
            throw ImageError.unsupported(
                path: path, field: "space", value: Text.quoted(other), supported: "RAS, LAS, LPS or scanner-xyz, in full or short")
        }
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(steps[0][r], steps[1][r], steps[2][r], origin[r]) * flips[r] }
        return Affine(row(0), row(1), row(2))
    }
}

extension String {
    /// "(1,0,0) (0,1,0) none" as vectors of three. Throws `ImageError.field` for anything else.
    fileprivate func vectors(of field: String, path: String) throws -> [SIMD3<Double>?] {
        func refuse() -> ImageError {
            .field(path: path, field: field, value: Text.quoted(self), allowed: "vectors of three numbers such as (1,0,0), or none")
        }
        var out: [SIMD3<Double>?] = []
        var rest = self[...]
        while let start = rest.firstIndex(where: { $0 != " " && $0 != "\t" }) {
            rest = rest[start...]
            if rest.prefix(4).lowercased() == "none" {
                out.append(nil)
                rest = rest.dropFirst(4)
                continue
            }
            guard rest.first == "(", let close = rest.firstIndex(of: ")") else { throw refuse() }
            let parts = rest[rest.index(after: start)..<close].split(separator: ",").map { Double($0.filter { $0 != " " }) }
            guard parts.count == 3, let x = parts[0], let y = parts[1], let z = parts[2] else { throw refuse() }
            out.append([x, y, z])
            rest = rest[rest.index(after: close)...]
            if out.count > 16 { throw refuse() }
        }
        return out
    }
}
