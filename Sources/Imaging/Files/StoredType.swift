/// What one voxel of a file is. The raw value is NIfTI's code of it.
enum StoredType: Int, Sendable, CaseIterable {
    case uint8 = 2, int16 = 4, int32 = 8, float32 = 16, complex64 = 32, float64 = 64, rgb24 = 128, int8 = 256, uint16 = 512, uint32 = 768
    case int64 = 1024, uint64 = 1280, float128 = 1536, complex128 = 1792, complex256 = 2048, rgba32 = 2304

    init(_ type: Datatype) {
        self =
            switch type {
            case .uint8: .uint8
            case .int8: .int8
            case .int16: .int16
            case .uint16: .uint16
            case .int32: .int32
            case .uint32: .uint32
            case .int64: .int64
            case .uint64: .uint64
            case .float32: .float32
            case .float64: .float64
            }
    }

    /// As scripts and messages name it.
    var name: String { self == .rgb24 ? "RGB24" : self == .rgba32 ? "RGBA32" : "\(self)" }

    /// Bytes that a voxel takes.
    var size: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .rgb24: 3
        case .int32, .uint32, .float32, .rgba32: 4
        case .int64, .uint64, .float64, .complex64: 8
        case .float128, .complex128: 16
        case .complex256: 32
        }
    }

    /// Bytes of a number of a voxel: what byte order is about.
    var numberSize: Int {
        switch self {
        case .rgb24, .rgba32: 1
        case .complex64, .complex128, .complex256: size / 2
        default: size
        }
    }

    var isComplex: Bool { self == .complex64 || self == .complex128 || self == .complex256 }
    var isColour: Bool { self == .rgb24 || self == .rgba32 }

    /// The type of which a volume says to be: the same where it is one number that this program can write, else the nearest.
    func datatype(of part: VoxelPart) -> Datatype {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .int16: .int16
        case .uint16: .uint16
        case .int32: .int32
        case .uint32: .uint32
        case .int64: .int64
        case .uint64: .uint64
        case .float32, .complex64: .float32
        case .float64, .float128, .complex128, .complex256: .float64
        case .rgb24, .rgba32: part == .automatic ? .float32 : .uint8
        }
    }

    /// Whether every value of the type, unscaled, is a float32.
    var isExactInFloat32: Bool {
        switch self {
        case .uint8, .int8, .int16, .uint16, .float32: true
        default: false
        }
    }
}

/// Which number is taken of a voxel that has several.
public enum VoxelPart: String, Sendable, CaseIterable {
    /// The magnitude of complex numbers, the luminance of colours (0.299 R + 0.587 G + 0.114 B, Rec. ITU-R BT.601), the number itself of all others.
    case automatic
    case magnitude, phase, real, imaginary
    case red, green, blue, alpha

    /// The types that have such a part, in words; nil when `type` is one of them.
    func missing(in type: StoredType) -> String? {
        switch self {
        case .automatic: nil
        case .magnitude, .phase, .real, .imaginary: type.isComplex ? nil : "complex"
        case .red, .green, .blue: type.isColour ? nil : "RGB24 or RGBA32"
        case .alpha: type == .rgba32 ? nil : "RGBA32"
        }
    }
}

/// The voxels of a file as they are in it, kept beside those of an image that float32 does not hold exactly, so that the unchanged image can be
/// written without loss.
final class StoredVoxels: Sendable {
    let type: StoredType
    /// Values are slope · stored + inter.
    let scaling: Scaling?
    /// Little-endian, in the order of the voxels.
    let bytes: [UInt8]

    init(type: StoredType, scaling: Scaling?, bytes: [UInt8]) {
        (self.type, self.scaling, self.bytes) = (type, scaling, bytes)
    }
}

/// scl_slope and scl_inter: a value is slope · stored + inter.
struct Scaling: Sendable, Equatable {
    var slope: Double
    var inter: Double
}
