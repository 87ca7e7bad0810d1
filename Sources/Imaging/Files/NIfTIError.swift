import Support

/// What can be wrong with a NIfTI file. Each message names the file, the field and its value.
public enum NIfTIError: ExplainedError, Equatable {
    case empty(path: String)
    case notNIfTI(path: String, found: String)
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

    public var message: String {
        switch self {
        case .empty(let path): "\"\(path)\" is empty"
        case .notNIfTI(let path, let found): "\"\(path)\" is not a NIfTI file: sizeof_hdr is \(found), not 348 or 540"
        case .magic(let path, let found): "\"\(path)\" is not a NIfTI file: magic is \(found), not \"n+1\", \"n+2\", \"ni1\" or \"ni2\""
        case .field(let path, let field, let value, let allowed): "\"\(path)\": \(field) is \(value); it must be \(allowed)"
        case .unsupportedType(let path, let code, let name): "\"\(path)\": datatype is \(code) (\(name)), which is not a scalar number"
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
        case .fileName(let path): "\"\(path)\" does not end in .nii or .nii.gz"
        }
    }

    public var hint: String? {
        switch self {
        case .frames: "name one of them, as with frame=0"
        case .truncated, .damagedGzip, .impossibleSize: "copy or download the file again"
        case .unsupportedType: "convert it to a scalar type with the tool that made it"
        case .notNIfTI, .magic: "images are read from .nii, .nii.gz and .hdr/.img files"
        case .fileName: "give the file a name that ends in .nii.gz"
        case .empty, .field, .noFrame, .memory, .noImageFile: nil
        }
    }

    private static func show(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
}
