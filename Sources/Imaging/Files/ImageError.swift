import Support

/// What can be wrong with an image file. Each message names the file, the field and its value.
public enum ImageError: ExplainedError, Equatable {
    case empty(path: String)
    case notNIfTI(path: String, found: String)
    case foreign(path: String, format: ForeignFormat)
    case magic(path: String, found: String)
    case field(path: String, field: String, value: String, allowed: String)
    case unsupportedType(path: String, code: Int, name: String)
    case frames(path: String, shape: [Int], frames: Int)
    case noFrame(path: String, frame: Int, frames: Int)
    case truncated(path: String, needed: Int, found: Int)
    case impossibleSize(path: String, shape: [Int], needed: Int, most: Int)
    case memory(path: String, shape: [Int], needed: Int, available: Int)
    case damagedGzip(path: String, reason: String)
    case noImageFile(path: String, image: String)
    case fileName(path: String)
    case noPart(path: String, part: String, type: String, wanted: String)
    case lossy(path: String, from: String, to: String, voxels: Int, of: Int)
    case notFinite(path: String, voxels: Int, of: Int, type: String)
    /// An image to be written that lies elsewhere than the first, with the numbers that differ.
    case differentGrids(path: String, frame: Int, difference: String)
    case unsupported(path: String, field: String, value: String, supported: String)
    case encoding(path: String, encoding: String)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .empty(let path): "\"\(path)\" is empty"
        case .notNIfTI(let path, let found):
            "\"\(path)\" is no image file that is known here: it begins with neither a NIfTI header (sizeof_hdr is \(found), "
                + "not 348 or 540) nor that of an MGH or NRRD file"
        case .foreign(let path, let format): "\"\(path)\" is \(format.rawValue), which is not read here"
        case .magic(let path, let found): "\"\(path)\" is not a NIfTI file: magic is \(found), not \"n+1\", \"n+2\", \"ni1\" or \"ni2\""
        case .field(let path, let field, let value, let allowed): "\"\(path)\": \(field) is \(value); it must be \(allowed)"
        case .unsupportedType(let path, let code, let name): "\"\(path)\": datatype is \(code) (\(name)), which is not read here"
        case .frames(let path, let shape, let frames): "\"\(path)\": dim is \(Self.show(shape)): \(frames) images, not one"
        case .noFrame(let path, let frame, let frames): "\"\(path)\" has no frame \(frame): it has \(frames), counted from 0"
        case .truncated(let path, let needed, let found):
            "\"\(path)\" is cut short: its header asks for \(needed) bytes, and there are \(found)"
        case .impossibleSize(let path, let shape, let needed, let most):
            "\"\(path)\": dim is \(Self.show(shape)), which needs \(needed) bytes; a file of this size cannot hold more than \(most)"
        case .memory(let path, let shape, let needed, let available):
            "\"\(path)\": dim is \(Self.show(shape)), which needs \(Text.bytes(needed)) of memory, and \(Text.bytes(available)) are free"
        case .damagedGzip(let path, let reason): "\"\(path)\" is a damaged gzip file: \(reason)"
        case .noImageFile(let path, let image): "\"\(path)\" is one half of a pair, and its voxels' file \"\(image)\" is missing"
        case .fileName(let path): "\"\(path)\" does not end in \(Self.endings)"
        case .noPart(let path, let part, let type, let wanted): "\"\(path)\": voxels are \(type), which has no part \(part); \(wanted) has"
        case .lossy(let path, let from, let to, let voxels, let all):
            "\"\(path)\": \(Text.grouped(voxels)) of \(Text.grouped(all)) voxels of the type \(from) would be changed, "
                + "since the best type here for such a file is \(to)"
        case .notFinite(let path, let voxels, let all, let type):
            "\"\(path)\": \(Text.grouped(voxels)) of \(Text.grouped(all)) voxels are nan or infinite, for which \(type) has no number"
        case .differentGrids(let path, let frame, let difference):
            "\"\(path)\": image \(frame) lies on another grid than image 0: \(difference)"
        case .unsupported(let path, let field, let value, let supported):
            "\"\(path)\": \(field) is \(value), which is not read here; \(supported) is"
        case .encoding(let path, let encoding):
            "\"\(path)\": encoding is \(encoding), which is not read here; raw, gzip, ascii and hex are"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .frames: "name one of them, as with frame=0"
        case .truncated, .damagedGzip, .impossibleSize: "copy or download the file again"
        case .foreign(_, let format): format.remedy
        case .unsupportedType: "convert it to another type with the tool that made it"
        case .notNIfTI, .magic:
            "images are read from NIfTI (.nii, .nii.gz, .hdr with .img), FreeSurfer (.mgh, .mgz) and NRRD (.nrrd, .nhdr) files"
        case .fileName: "give the file a name that ends in .nii.gz"
        case .notFinite: "put a number in their place with replace_nonfinite(v), or leave dtype out for float32"
        case .lossy(_, _, let to, _, _): "choose .nii.gz, which keeps them, or name the type to round them: save(v, path, dtype=\"\(to)\")"
        case .differentGrids: "bring them onto one grid with resample(b, like=a)"
        case .noPart: "leave `part` out for the number that the voxels have"
        case .encoding: "convert it with teem's tool: unu save -f nrrd -e gzip -i old.nrrd -o new.nrrd"
        case .unsupported: "convert it with the tool that made it"
        case .empty, .field, .noFrame, .memory, .noImageFile: nil
        }
    }

    /// The names that images can be written under.
    static let endings = ".nii, .nii.gz, .hdr, .img, .mgh, .mgz or .nrrd"

    private static func show(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
}
