/// What one voxel of a file is. The raw value is NIfTI's code of it.
enum StoredType: Int, Sendable, CaseIterable {
    case uint8 = 2, int16 = 4, int32 = 8, float32 = 16, complex64 = 32, float64 = 64, rgb24 = 128, int8 = 256, uint16 = 512, uint32 = 768
    case int64 = 1024, uint64 = 1280, float128 = 1536, complex128 = 1792, complex256 = 2048, rgba32 = 2304

    /// The two name the types of single numbers alike.
    init(_ type: Datatype) { self = Self.allCases.first { $0.name == type.rawValue } ?? .float32 }

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
    var isInteger: Bool { Datatype(rawValue: name)?.isInteger ?? false }

    /// The numbers of an integer type.
    var integers: ClosedRange<Int128>? {
        guard isInteger else { return nil }
        let beyond = Int128(1) << (name.hasPrefix("u") ? 8 * size : 8 * size - 1)
        return (name.hasPrefix("u") ? 0 : -beyond)...(beyond - 1)
    }

    /// The type of which a volume says to be: the same where it is one number that this program can write, else the nearest.
    func datatype(of part: VoxelPart) -> Datatype {
        if let same = Datatype(rawValue: name) { return same }
        return switch self {
        case .complex64: .float32
        case .rgb24, .rgba32: part == .automatic ? .float32 : .uint8
        default: .float64
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
    /// The magnitude of complex numbers, the luminance of colours (0.299 R + 0.587 G + 0.114 B, Rec. ITU-R BT.601), the number itself of
    /// all others.
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

/// scl_slope and scl_inter: a value is slope · stored + inter.
struct Scaling: Sendable, Equatable {
    var slope: Double
    var inter: Double
}
