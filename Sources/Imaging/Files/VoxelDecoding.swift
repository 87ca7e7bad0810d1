import Glibc
import Support

/// Stored values to float32.
///
/// With a scaling, value = slope · stored + inter in double, then rounded once. Integers beyond 32 bits go by way of double, as nibabel has
/// it.
struct VoxelDecoder: Sendable {
    let type: StoredType
    let swapped: Bool
    let scaling: Scaling?
    let part: VoxelPart

    /// Converts `count` voxels at `raw`, which may lie anywhere, to `out`. The two do not overlap.
    func decode(_ raw: UnsafeRawPointer, to out: UnsafeMutablePointer<Float>, count: Int) {
        switch type {
        case .uint8: integers(UInt8.self, raw, out, count)
        case .int8: integers(Int8.self, raw, out, count)
        case .int16: integers(Int16.self, raw, out, count)
        case .uint16: integers(UInt16.self, raw, out, count)
        case .int32: integers(Int32.self, raw, out, count)
        case .uint32: integers(UInt32.self, raw, out, count)
        case .int64: integers(Int64.self, raw, out, count)
        case .uint64: integers(UInt64.self, raw, out, count)
        case .float32: floats(raw, out, count)
        case .float64: doubles(raw, out, count, step: 8) { double($0) }
        case .float128: doubles(raw, out, count, step: 16) { quadruple($0) }
        case .complex64: complex(raw, out, count, step: 4) { Double(Float(bitPattern: number($0))) }
        case .complex128: complex(raw, out, count, step: 8) { double($0) }
        case .complex256: complex(raw, out, count, step: 16) { quadruple($0) }
        case .rgb24: colours(raw, out, count, step: 3)
        case .rgba32: colours(raw, out, count, step: 4)
        }
    }

    @inline(__always)
    private func number<T: FixedWidthInteger>(_ raw: UnsafeRawPointer, as type: T.Type = T.self) -> T {
        let stored = raw.loadUnaligned(as: T.self)
        return swapped ? stored.byteSwapped : stored
    }

    @inline(__always)
    private func double(_ raw: UnsafeRawPointer) -> Double { Double(bitPattern: number(raw)) }

    private func quadruple(_ raw: UnsafeRawPointer) -> Double {
        swapped ? Self.quadruple(low: number(raw + 8), high: number(raw)) : Self.quadruple(low: number(raw), high: number(raw + 8))
    }

    /// IEEE binary128 in double precision. The digits that double has no room for are told by its last, so that rounding on to float32 is
    /// as good as rounding once (Boldo and Melquiond 2008, doi:10.1109/TC.2007.70819).
    static func quadruple(low: UInt64, high: UInt64) -> Double {
        let exponent = Int(high >> 48 & 0x7FFF), fraction = (high & 0xFFFF_FFFF_FFFF) << 4 | low >> 60
        let sign: FloatingPointSign = high >> 63 == 0 ? .plus : .minus, isCut = low << 4 != 0
        if exponent == 0x7FFF { return fraction == 0 && !isCut ? Double(sign: sign, exponent: 1024, significand: 1) : .nan }
        // Subnormal numbers of this size are far below the smallest double.
        if exponent == 0 { return sign == .plus ? 0 : -0.0 }
        return Double(sign: sign, exponent: exponent - 16383, significand: Double(bitPattern: 1023 << 52 | fraction | (isCut ? 1 : 0)))
    }

    @inline(__always)
    private func integers<T: FixedWidthInteger>(
        _ type: T.Type, _ raw: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        let size = MemoryLayout<T>.size
        if let scaling {
            let (slope, inter) = (scaling.slope, scaling.inter)
            for i in 0..<count { out[i] = Float(slope * Double(number(raw + i * size, as: T.self)) + inter) }
        } else if swapped {
            for i in 0..<count { out[i] = Float(Double(raw.loadUnaligned(fromByteOffset: i * size, as: T.self).byteSwapped)) }
        } else if T.bitWidth <= 32 {
            for i in 0..<count { out[i] = Float(raw.loadUnaligned(fromByteOffset: i * size, as: T.self)) }
        } else {
            for i in 0..<count { out[i] = Float(Double(raw.loadUnaligned(fromByteOffset: i * size, as: T.self))) }
        }
    }

    private func floats(_ raw: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
        if swapped {
            for i in 0..<count { out[i] = Float(bitPattern: raw.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self).byteSwapped) }
        } else {
            UnsafeMutableRawPointer(out).copyMemory(from: raw, byteCount: 4 * count)
        }
        if let scaling {
            for i in 0..<count { out[i] = Float(scaling.slope * Double(out[i]) + scaling.inter) }
        }
    }

    @inline(__always)
    private func doubles(
        _ raw: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int, step: Int, _ value: (UnsafeRawPointer) -> Double
    ) {
        if let scaling {
            for i in 0..<count { out[i] = Float(scaling.slope * value(raw + i * step) + scaling.inter) }
        } else {
            for i in 0..<count { out[i] = Float(value(raw + i * step)) }
        }
    }

    @inline(__always)
    private func complex(
        _ raw: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int, step: Int, _ value: (UnsafeRawPointer) -> Double
    ) {
        // To add -0 changes no number, not even -0.
        let (slope, inter) = (scaling?.slope ?? 1, scaling?.inter ?? -0.0)
        for i in 0..<count {
            // As nibabel scales them: the intercept is a real number.
            let real = slope * value(raw + 2 * i * step) + inter, imaginary = slope * value(raw + (2 * i + 1) * step)
            out[i] =
                switch part {
                case .real: Float(real)
                case .imaginary: Float(imaginary)
                case .phase: Float(atan2(imaginary, real))
                default: Float(hypot(real, imaginary))
                }
        }
    }

    private func colours(_ raw: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ count: Int, step: Int) {
        func byte(_ i: Int, _ channel: Int) -> Float { Float(raw.load(fromByteOffset: i * step + channel, as: UInt8.self)) }
        let channel: Int? =
            switch part {
            case .red: 0
            case .green: 1
            case .blue: 2
            case .alpha: 3
            default: nil
            }
        for i in 0..<count {
            out[i] = channel.map { byte(i, $0) } ?? (0.299 * byte(i, 0) + 0.587 * byte(i, 1) + 0.114 * byte(i, 2))
        }
    }
}

extension VoxelDecoder {
    /// Whether float32 holds every one of `count` voxels, so that nothing more need be kept to write them again.
    func isExact(_ raw: UnsafeRawPointer, count: Int) -> Bool {
        switch type {
        case .uint8, .int8, .int16, .uint16: scaling.map { isInvertible($0) } ?? true
        case .float32: scaling == nil
        case .int32: scaling == nil && all(raw, Int32.self, count) { Int64(Float($0)) == Int64($0) }
        case .uint32: scaling == nil && all(raw, UInt32.self, count) { Int64(Float($0)) == Int64($0) }
        case .int64: scaling == nil && all(raw, Int64.self, count) { Int64(exactly: Float($0)) == $0 }
        case .uint64: scaling == nil && all(raw, UInt64.self, count) { UInt64(exactly: Float($0)) == $0 }
        case .float64:
            scaling == nil
                && all(raw, UInt64.self, count) { bits in
                    let x = Double(bitPattern: bits)
                    return Double(Float(x)) == x || x.isNaN
                }
        default: false
        }
    }

    private func all<T: FixedWidthInteger>(_ raw: UnsafeRawPointer, _ type: T.Type, _ count: Int, _ holds: (T) -> Bool) -> Bool {
        var bad = 0
        for i in 0..<count { bad &+= holds(number(raw + i * MemoryLayout<T>.size)) ? 0 : 1 }
        return bad == 0
    }

    /// Whether a small stored integer can be told from the float32 of its scaled value: neighbours are then far apart compared with its
    /// rounding.
    private func isInvertible(_ scaling: Scaling) -> Bool {
        let reach = 65_536 + abs(scaling.inter / scaling.slope)
        let largest = abs(scaling.slope) * reach
        return reach < 0x1p22 && largest < Double(Float.greatestFiniteMagnitude) && abs(scaling.slope) > Double(Float.leastNormalMagnitude)
    }
}

extension VoxelDecoder {
    /// Whether the type and the scaling alone say that float32 holds every value.
    var isExactBeforehand: Bool { type.isExactInFloat32 && (scaling == nil || type != .float32 && isInvertible(scaling!)) }

    /// `isExact` of many voxels, on all cores.
    func isExactEverywhere(_ raw: UnsafeRawPointer, count: Int) -> Bool {
        let raw = Unchecked(raw)
        return Parallel.mapRanges(count, grain: Voxels.grain) { range in
            isExact(raw.value + range.lowerBound * type.size, count: range.count)
        }.allSatisfy { $0 }
    }

    /// The bytes of voxels in little-endian order.
    func littleEndian(_ bytes: consuming [UInt8]) -> [UInt8] {
        guard swapped, type.numberSize > 1 else { return bytes }
        let n = type.numberSize
        for start in stride(from: 0, to: bytes.count - n + 1, by: n) {
            for i in 0..<n / 2 { bytes.swapAt(start + i, start + n - 1 - i) }
        }
        return bytes
    }
}
