import Support

/// Files of transforms: ITK's as text (`.tfm`, `.txt`) and as MATLAB arrays (`.mat`), which SimpleITK and ANTs read and write, and MNI's
/// (`.xfm`).
///
/// ITK's files hold the map of resampling, from where a value is wanted to where it is, in left-posterior-superior coordinates; a
/// `Transform` says where an image goes, in right-anterior-superior ones. What is read and written is therefore the inverse with two axes
/// turned over: `moving.moved(by:)` of what was read from a file is what SimpleITK's `Resample(moving, fixed, transform)` and
/// `antsApplyTransforms -t` show. An `.xfm` holds the map itself.
public enum TransformFile {
    /// The endings by which a transform is told from an image.
    public static let endings = [".tfm", ".txt", ".mat", ".xfm"]

    /// A transform has a few hundred bytes; files beyond this are something else.
    private static let most = 1 << 20

    /// Reads a linear transform; the kind of file is told by its content. Throws `FileError` and `TransformFileError`.
    public static func read(_ path: String) throws -> Transform {
        let file = try MappedFile(path)
        return try read(file.bytes.count > most ? [] : Array(file.bytes), size: file.bytes.count, named: path)
    }

    /// Bytes that are treated as a file of a name. Throws `TransformFileError`.
    public static func read(_ bytes: [UInt8], named path: String) throws -> Transform { try read(bytes, size: bytes.count, named: path) }

    private static func read(_ bytes: [UInt8], size: Int, named path: String) throws -> Transform {
        if size > most { throw TransformFileError.unknown(path: path, what: "has \(Text.bytes(size)), and no such file has") }
        if bytes.isEmpty { throw TransformFileError.unknown(path: path, what: "is empty") }
        if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) { throw TransformFileError.hdf5(path: path) }
        if let arrays = MATLABArrays(bytes) { return try ITKTransforms(arrays, path: path).transform() }
        let text = String(decoding: bytes, as: UTF8.self)
        let first = text.prefix { !$0.isNewline }.lowercased()
        if first.hasPrefix("#insight transform file") { return try ITKTransforms(text, path: path).transform() }
        if first.hasPrefix("mni transform file") { return try MNITransform.read(text, path: path) }
        let numbers = text.split(whereSeparator: \.isWhitespace).prefix(17).map { Double($0) }
        if numbers.count == 16, !numbers.contains(nil) { throw TransformFileError.fsl(path: path) }
        throw TransformFileError.unknown(path: path, what: "begins with \(Text.quoted(String(text.prefix(24))))")
    }

    /// Writes a transform in the format that the name's ending says. Throws `TransformFileError.ending`, and `FileError` where the file
    /// cannot be written.
    public static func write(_ transform: Transform, to path: String) throws {
        let bytes: [UInt8]
        switch endings.first(where: path.isFile) {
        case ".tfm", ".txt": bytes = Array(ITKTransforms.text(transform).utf8)
        case ".mat": bytes = ITKTransforms.arrays(transform)
        case ".xfm": bytes = Array(MNITransform.text(transform).utf8)
        default: throw TransformFileError.ending(path: path)
        }
        try AtomicFile.write(bytes, to: path)
    }
}

/// What can be wrong with a file of a transform.
public enum TransformFileError: ExplainedError, Equatable {
    case unknown(path: String, what: String)
    case hdf5(path: String)
    case fsl(path: String)
    case kind(path: String, kind: String)
    case several(path: String, count: Int)
    case count(path: String, kind: String, field: String, found: Int, needed: Int)
    case number(path: String, field: String, value: String)
    case notInvertible(path: String, matrix: Affine)
    case missing(path: String, field: String)
    case ending(path: String)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .unknown(let path, let what): "\"\(path)\" is no file of a transform: it \(what)"
        case .hdf5(let path): "\"\(path)\" is an HDF5 file, as ITK keeps composite transforms in, which is not read here"
        case .fsl(let path):
            "\"\(path)\" is a bare 4×4 matrix, as FSL's flirt writes it: "
                + "it goes from the voxels of one image to those of another and means nothing without the two"
        case .kind(let path, let kind): "\"\(path)\" has a transform of the kind \(kind), which is not linear or not known here"
        case .several(let path, let count): "\"\(path)\" has \(count) transforms that nothing says the order of"
        case .count(let path, let kind, let field, let found, let needed):
            "\"\(path)\": \(field) of \(kind) are \(found) numbers, not \(needed)"
        case .number(let path, let field, let value): "\"\(path)\": \(field) has \(value), which is no finite number"
        case .notInvertible(let path, let matrix): "\"\(path)\": the transform flattens space and has no inverse: \(matrix.text)"
        case .missing(let path, let field): "\"\(path)\" has no \(field)"
        case .ending(let path): "\"\(path)\" does not end in .tfm, .txt, .mat or .xfm, as files of transforms do"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .unknown: "ITK's .tfm, .txt and .mat, as SimpleITK and ANTs write them, and MNI's .xfm are read"
        case .hdf5: "write it as text: SimpleITK.WriteTransform(transform, \"name.tfm\"), or give ANTs' 0GenericAffine.mat"
        case .fsl: "make it ITK's: c3d_affine_tool -ref fixed.nii.gz -src moving.nii.gz flirt.mat -fsl2ras -oitk transform.txt"
        case .kind: "resample with the tool that made it, and load the result"
        case .several: "give each a file of its own, and join them with compose(first, then)"
        case .ending: "name it \"name.tfm\", which SimpleITK and ANTs read"
        case .count, .number, .notInvertible, .missing: nil
        }
    }
}

/// MNI's text files of a linear transform: three rows of four numbers that take a position in the first image's space to one in the
/// second's, right-anterior-superior.
enum MNITransform {
    static func read(_ text: String, path: String) throws -> Transform {
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("%") }.joined(separator: " ")
        guard let start = lines.firstRange(of: "Linear_Transform"), !lines.contains("Grid_Transform"),
            let equals = lines[start.upperBound...].firstIndex(of: "=")
        else { throw TransformFileError.missing(path: path, field: "Linear_Transform") }
        if let second = lines[equals...].firstRange(of: "Transform_Type") {
            throw TransformFileError.several(path: path, count: lines[second.lowerBound...].split(separator: "Transform_Type").count + 1)
        }
        let rows = lines[lines.index(after: equals)...].prefix { $0 != ";" }
        let numbers = try NumberList.read(rows, field: "Linear_Transform", path: path)
        guard numbers.count == 12 else {
            throw TransformFileError.count(
                path: path, kind: "a linear transform", field: "Linear_Transform", found: numbers.count, needed: 12)
        }
        func row(_ r: Int) -> SIMD4<Double> { SIMD4(numbers[4 * r], numbers[4 * r + 1], numbers[4 * r + 2], numbers[4 * r + 3]) }
        return try Transform(inFile: path, Affine(row(0), row(1), row(2)))
    }

    static func text(_ transform: Transform) -> String {
        let m = transform.matrix
        let rows = [m.rows.0, m.rows.1, m.rows.2].map { row in (0..<4).map { "\(row[$0])" }.joined(separator: " ") }
        return "MNI Transform File\n\nTransform_Type = Linear;\nLinear_Transform =\n" + rows.joined(separator: "\n") + ";\n"
    }
}

/// Numbers between white space.
enum NumberList {
    /// The most that are read: no linear transform has so many.
    private static let most = 4096

    /// Throws `TransformFileError.number` for a word that is no finite number.
    static func read(_ text: some StringProtocol, field: String, path: String) throws -> [Double] {
        try text.split(maxSplits: most, whereSeparator: \.isWhitespace).map { word in
            guard let x = Double(String(word)), x.isFinite else {
                throw TransformFileError.number(path: path, field: field, value: Text.quoted(String(word.prefix(40))))
            }
            return x
        }
    }
}

extension Transform {
    /// A transform that a file says. Throws `TransformFileError.notInvertible`.
    convenience init(inFile path: String, _ matrix: Affine) throws(TransformFileError) {
        do {
            try self.init(matrix)
        } catch {
            throw .notInvertible(path: path, matrix: matrix)
        }
    }
}
