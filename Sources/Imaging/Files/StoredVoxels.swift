import Glibc
import Support

/// The voxels of a file as they are in it, kept beside those of an image that float32 does not hold exactly. What only moves voxels moves
/// these too, so that nothing is rounded on the way from a file to another.
final class StoredVoxels: Sendable {
    let type: StoredType
    /// Values are slope · stored + inter.
    let scaling: Scaling?
    /// Little-endian, in the order of the voxels.
    let bytes: [UInt8]

    init(type: StoredType, scaling: Scaling?, bytes: [UInt8]) {
        (self.type, self.scaling, self.bytes) = (type, scaling, bytes)
    }

    var count: Int { bytes.count / type.size }

    /// Whether the numbers are whole, as labels and counts are: then float32 in their place would be a silent change, and no rounding like
    /// any other.
    var isWhole: Bool { type.isInteger && scaling == nil }
    /// Whether a voxel is one number.
    var isReal: Bool { !type.isComplex && !type.isColour }

    private var decoder: VoxelDecoder { VoxelDecoder(type: type, swapped: false, scaling: scaling, part: .automatic) }

    /// The values as float32, as when the file was read.
    func values() throws -> [Float] {
        try bytes.withUnsafeBytes { raw in
            let raw = Unchecked(raw), decoder = decoder
            return try Voxels.make(count) { out, range in
                decoder.decode(
                    raw.value.baseAddress! + range.lowerBound * decoder.type.size, to: out + range.lowerBound, count: range.count)
            }
        }
    }
}

extension StoredVoxels {
    private func number<T: FixedWidthInteger>(_ i: Int, as type: T.Type) -> T {
        T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self) })
    }

    /// The stored number of a voxel of an integer type.
    func whole(_ i: Int) -> Int128 {
        switch type {
        case .uint8: Int128(number(i, as: UInt8.self))
        case .int8: Int128(number(i, as: Int8.self))
        case .int16: Int128(number(i, as: Int16.self))
        case .uint16: Int128(number(i, as: UInt16.self))
        case .int32: Int128(number(i, as: Int32.self))
        case .uint32: Int128(number(i, as: UInt32.self))
        case .uint64: Int128(number(i, as: UInt64.self))
        default: Int128(number(i, as: Int64.self))
        }
    }

    /// The value of a voxel of one number, in double precision.
    func real(_ i: Int) -> Double {
        let stored: Double =
            switch type {
            case .float32: Double(Float(bitPattern: number(i, as: UInt32.self)))
            case .float64: Double(bitPattern: number(i, as: UInt64.self))
            case .float128: VoxelDecoder.quadruple(low: number(2 * i, as: UInt64.self), high: number(2 * i + 1, as: UInt64.self))
            default: Double(whole(i))
            }
        return scaling.map { $0.slope * stored + $0.inter } ?? stored
    }

    /// How many voxels an unscaled type has no number for: what writing them in it would change.
    func changed(by other: StoredType) -> Int {
        guard isReal else { return count }
        guard isWhole else { return other == .float64 && type != .float128 && scaling == nil ? 0 : changedReals(by: other) }
        if other == .float32 { return total { Int128(Float(self.whole($0))) != self.whole($0) } }
        if other == .float64 { return total { Int128(Double(self.whole($0))) != self.whole($0) } }
        guard let integers = other.integers else { return count }
        return total { !integers.contains(self.whole($0)) }
    }

    private func changedReals(by other: StoredType) -> Int {
        // A scaled image is as exact as double precision has it, and binary128 has more digits than that.
        guard other == .float32, type != .float128 else { return count }
        return total { i in
            let x = real(i)
            return Double(Float(x)) != x && !x.isNaN
        }
    }

    /// The number of voxels that are meant.
    func total(_ isMeant: (Int) -> Bool) -> Int {
        withoutActuallyEscaping(isMeant) { isMeant in
            let isMeant = Unchecked(isMeant)
            return Parallel.mapRanges(count, grain: Voxels.grain) { range in range.reduce(0) { $0 + (isMeant.value($1) ? 1 : 0) } }
                .reduce(0, +)
        }
    }
}

// MARK: - Steps that move voxels

/// A step that puts voxels elsewhere and changes none: what it does to numbers of any type is the same.
protocol VoxelMove {
    /// The voxels in their new order; `outside` where there was none, which some steps have nowhere.
    func apply<T: BitwiseCopyable>(to voxels: [T], outside: T) throws -> [T]
}

extension Volume {
    /// The image after a step that only moves voxels, with `outside` where there was none (nil for a step that has no such place); the
    /// datatype stays, and so does what the file had.
    ///
    /// An image of real numbers of which the file's type has none for `outside` becomes float32, as a computed one. Throws
    /// `StoredError.noSuchNumber` where it has whole numbers, which would be rounded.
    func rearranged(on grid: Grid, outside: Float? = nil, by move: some VoxelMove) throws -> Volume {
        try grid.requireMemory(bytesPerVoxel: 4 + (stored?.type.size ?? 0))
        guard let stored, let kept = try stored.moved(outside: outside, by: move) else {
            return Volume(
                grid: grid, voxels: try move.apply(to: voxels, outside: outside ?? 0), datatype: stored == nil ? datatype : .float32,
                header: header)
        }
        return Volume(grid: grid, voxels: try kept.values(), datatype: datatype, header: header, stored: kept)
    }

    /// How many voxels are whole numbers that float32 does not hold: they are rounded for computing, and kept as they are through `save`
    /// and what only moves voxels.
    public var roundedIntegers: Int { stored.map { $0.isWhole ? $0.changed(by: .float32) : 0 } ?? 0 }
}

extension StoredVoxels {
    /// The numbers where a step puts them. Nil where the type has no number for `outside`; throws `StoredError.noSuchNumber` where it then
    /// has whole numbers.
    func moved(outside: Float?, by move: some VoxelMove) throws -> StoredVoxels? {
        var number = [UInt8](repeating: 0, count: type.size)
        if let outside {
            guard let found = try self.number(for: outside) else {
                if isWhole { throw StoredError.noSuchNumber(value: outside, type: type.name) }
                return nil
            }
            number = found
        }
        func go<T: BitwiseCopyable>(_: T.Type) throws -> [UInt8] {
            let voxels = bytes.withUnsafeBytes { Array($0.bindMemory(to: T.self)) }
            return try move.apply(to: voxels, outside: number.withUnsafeBytes { $0.loadUnaligned(as: T.self) }).withUnsafeBytes {
                Array($0)
            }
        }
        let moved =
            switch type.size {
            case 1: try go(UInt8.self)
            case 2: try go(UInt16.self)
            case 3: try go(Bytes3.self)
            case 4: try go(UInt32.self)
            case 8: try go(UInt64.self)
            case 16: try go(Words2.self)
            default: try go(Words4.self)
            }
        return StoredVoxels(type: type, scaling: scaling, bytes: moved)
    }

    /// The bytes of a voxel of this value; nil where there are none. Of complex numbers, colours and binary128 only 0 is known.
    private func number(for value: Float) throws -> [UInt8]? {
        var out = [UInt8](repeating: 0, count: type.size)
        if value == 0, (scaling?.inter ?? 0) == 0 || type.isColour { return out }
        guard let datatype = Datatype(rawValue: type.name) else { return nil }
        var layout = VoxelLayout(type, scaling: scaling), stored = value
        if !datatype.isInteger {
            // A scaling of real numbers is no part of a layout.
            layout.scaling = nil
            stored = Float((Double(value) - (scaling?.inter ?? 0)) / (scaling?.slope ?? 1))
        } else if try !VoxelLayout.fits([value], datatype, scaling) {
            return nil
        }
        out.withUnsafeMutableBytes { layout.encode(&stored, to: $0.baseAddress!, count: 1) }
        let back = try StoredVoxels(type: type, scaling: scaling, bytes: out).values()[0]
        return back == value || back.isNaN && value.isNaN ? out : nil
    }
}

private struct Bytes3: BitwiseCopyable { let bytes: (UInt8, UInt8, UInt8) }
private struct Words2: BitwiseCopyable { let words: (UInt64, UInt64) }
private struct Words4: BitwiseCopyable { let words: (UInt64, UInt64, UInt64, UInt64) }

/// What cannot be done to an image whose file has numbers that float32 does not hold.
public enum StoredError: ExplainedError, Equatable {
    /// A value that the file's integer type has no number for.
    case noSuchNumber(value: Float, type: String)
    /// More different labels than can be told apart while they are resampled.
    case tooManyLabels(count: Int)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .noSuchNumber(let value, let type):
            "\(Text.short(Double(value))) is no \(type), and the image's own voxels, "
                + "of which some are beyond 16777216 (2^24), would be rounded beside it"
        case .tooManyLabels(let count): "\(Text.grouped(count)) different labels are more than 16,777,216 (2^24)"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .noSuchNumber(_, let type):
            "give a number that \(type) has, or make the image float32 first, at the price of rounding: image + 0"
        case .tooManyLabels: "use the interpolation \"nearest\""
        }
    }
}
