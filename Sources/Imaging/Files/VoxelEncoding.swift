import Glibc

/// 1.5 · 2²³: added to a number of less than 2²², it leaves the nearest whole number, half to even, in the lowest bits. A vector
/// instruction where rounding would be a call.
private let wholeNumbers: Float = 0x1.8p23

/// How voxels will lie in a file.
struct VoxelLayout: Equatable {
    var type: StoredType
    var scaling: Scaling?
    var isBig = false

    init(_ type: StoredType, scaling: Scaling? = nil) {
        self.type = type
        self.scaling = scaling
    }

    /// The layout that gives back every value exactly: what the file had where `voxels` are rounded, else the volume's type with the file's
    /// scaling where it had one, else unscaled, else float32.
    init(exactly volume: Volume) throws {
        if let stored = volume.stored {
            self.init(stored.type, scaling: stored.scaling)
            return
        }
        let type = volume.datatype
        guard type.isInteger else {
            self.init(StoredType(type))
            return
        }
        if let scaling = volume.header?.scaling, try Self.fits(volume.voxels, type, scaling) {
            self.init(StoredType(type), scaling: scaling)
        } else {
            self.init(try Self.fits(volume.voxels, type, nil) ? StoredType(type) : .float32)
        }
    }

    /// The layout for a type that was asked for: as the file had it where it was of this type, else the plain type, to which values are
    /// rounded and in which they are limited.
    init(_ volume: Volume, as type: Datatype) throws {
        if let stored = volume.stored, stored.type == StoredType(type) {
            self.init(stored.type, scaling: stored.scaling)
        } else if let scaling = volume.header?.scaling, volume.datatype == type, volume.stored == nil,
            try Self.fits(volume.voxels, type, scaling)
        {
            self.init(StoredType(type), scaling: scaling)
        } else {
            self.init(StoredType(type))
        }
    }

    /// Whether every value is a stored number of the type, exactly.
    static func fits(_ values: [Float], _ type: Datatype, _ scaling: Scaling?) throws -> Bool {
        switch type {
        case .uint8: try fits(values, UInt8.self, scaling)
        case .int8: try fits(values, Int8.self, scaling)
        case .int16: try fits(values, Int16.self, scaling)
        case .uint16: try fits(values, UInt16.self, scaling)
        case .int32: try fits(values, Int32.self, scaling)
        case .uint32: try fits(values, UInt32.self, scaling)
        case .int64: try fits(values, Int64.self, scaling)
        case .uint64: try fits(values, UInt64.self, scaling)
        case .float32, .float64: true
        }
    }

    @inline(__always)
    private static func fits<T: FixedWidthInteger>(_ values: [Float], _ type: T.Type, _ scaling: Scaling?) throws -> Bool {
        // Bounds exact in double: −2ⁿ or 0, and 2ⁿ, which itself does not fit.
        let low = Double(T.min), beyond = 2 * Double(T.max / 2 + 1)
        let slope = scaling?.slope ?? 1, inter = scaling?.inter ?? 0
        let plain = scaling == nil
        return try Voxels.total(values) { x, n in
            var bad = 0
            if plain, T.bitWidth < 32 {
                let least = SIMD8<Float>(repeating: Float(T.min)), most = SIMD8<Float>(repeating: Float(T.max))
                let round = SIMD8<Float>(repeating: wholeNumbers)
                var wrong = SIMDMask<SIMD8<Int32>>(repeating: false)
                func look(_ v: SIMD8<Float>) { wrong = wrong .| ((v + round) - round .!= v) .| (v .< least) .| (v .> most) }
                let whole = n & ~7
                for i in stride(from: 0, to: whole, by: 8) { look(UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self)) }
                for i in whole..<n { look(SIMD8(repeating: x[i])) }
                bad = wrong == SIMDMask(repeating: false) ? 0 : 1
            } else {
                for i in 0..<n {
                    let stored = plain ? Double(x[i]) : rint((Double(x[i]) - inter) / slope)
                    let fits = stored >= low && stored < beyond && stored == rint(stored)
                    bad &+= fits && (plain || Float(slope * stored + inter) == x[i]) ? 0 : 1
                }
            }
            return bad
        } == 0
    }
}

extension VoxelLayout {
    /// Writes values as they will lie in the file. Those that are not of the type are rounded to the nearest, half to even, and limited to
    /// its range. (The writer has refused NaN in an integer type; here it becomes 0.)
    func encode(_ values: UnsafePointer<Float>, to out: UnsafeMutableRawPointer, count: Int) {
        switch type {
        case .uint8: integers(UInt8.self, values, out, count)
        case .int8: integers(Int8.self, values, out, count)
        case .int16: integers(Int16.self, values, out, count)
        case .uint16: integers(UInt16.self, values, out, count)
        case .int32: integers(Int32.self, values, out, count)
        case .uint32: integers(UInt32.self, values, out, count)
        case .int64: integers(Int64.self, values, out, count)
        case .uint64: integers(UInt64.self, values, out, count)
        case .float64: bits(values, out, count) { Double($0).bitPattern }
        // The types of several numbers are written from what the file had, and do not come here.
        default: bits(values, out, count) { $0.bitPattern }
        }
    }

    @inline(__always)
    private func bits<T: FixedWidthInteger>(
        _ values: UnsafePointer<Float>, _ raw: UnsafeMutableRawPointer, _ count: Int, _ body: (Float) -> T
    ) {
        let out = raw.assumingMemoryBound(to: T.self)
        if isBig {
            for i in 0..<count { out[i] = body(values[i]).bigEndian }
        } else {
            for i in 0..<count { out[i] = body(values[i]).littleEndian }
        }
    }

    @inline(__always)
    private func integers<T: FixedWidthInteger>(
        _ type: T.Type, _ values: UnsafePointer<Float>, _ raw: UnsafeMutableRawPointer, _ count: Int
    ) {
        if T.bitWidth < 32, scaling == nil {
            let least = Float(T.min), most = Float(T.max)
            bits(values, raw, count) { x -> T in
                let held = Swift.max(least, Swift.min(most, x == x ? x : 0))
                return T(truncatingIfNeeded: (held + wholeNumbers).bitPattern &- wholeNumbers.bitPattern)
            }
            return
        }
        let slope = scaling?.slope ?? 1, inter = scaling?.inter ?? 0
        bits(values, raw, count) { x -> T in Self.limited((Double(x) - inter) / slope) }
    }

    /// The nearest number of a type, half to even.
    @inline(__always)
    private static func limited<T: FixedWidthInteger>(_ x: Double) -> T {
        // 2ⁿ is a double where 2ⁿ − 1 may not be.
        let least = Double(T.min), beyond = 2 * Double(T.max / 2 + 1), whole = rint(x)
        return whole >= beyond ? T.max : whole <= least ? T.min : whole == whole ? T(whole) : 0
    }
}

extension VoxelLayout {
    /// As above, from the numbers of a file of another type, each of which is one number: exact where the type holds it.
    func encode(_ stored: StoredVoxels, from first: Int, to out: UnsafeMutableRawPointer, count: Int) {
        func put<T: FixedWidthInteger>(_ body: (Int) -> T) {
            let out = out.assumingMemoryBound(to: T.self)
            for i in 0..<count { out[i] = isBig ? body(first + i).bigEndian : body(first + i).littleEndian }
        }
        func integers<T: FixedWidthInteger>(_ type: T.Type) {
            if stored.isWhole, scaling == nil { return put { T(clamping: stored.whole($0)) } }
            let slope = scaling?.slope ?? 1, inter = scaling?.inter ?? 0
            put { Self.limited((stored.real($0) - inter) / slope) as T }
        }
        switch type {
        case .uint8: integers(UInt8.self)
        case .int8: integers(Int8.self)
        case .int16: integers(Int16.self)
        case .uint16: integers(UInt16.self)
        case .int32: integers(Int32.self)
        case .uint32: integers(UInt32.self)
        case .int64: integers(Int64.self)
        case .uint64: integers(UInt64.self)
        case .float64: put { stored.real($0).bitPattern }
        default: put { Float(stored.real($0)).bitPattern }
        }
    }

    /// How many voxels lie beyond what the integer type reaches: they become its least or largest number.
    func limited(_ volume: Volume) throws -> Int {
        guard let integers = type.integers else { return 0 }
        let slope = scaling?.slope ?? 1, inter = scaling?.inter ?? 0
        let least = Double(integers.lowerBound), most = Double(integers.upperBound)
        // The largest of 64 bits is no double, and the next one is beyond.
        let isPast = Int128(most) > integers.upperBound
        func isBeyond(_ value: Double) -> Bool {
            let x = rint((value - inter) / slope)
            return x < least || x > most || isPast && x == most
        }
        if let stored = volume.stored, stored.isReal {
            if stored.isWhole, scaling == nil { return stored.changed(by: type) }
            return stored.total { isBeyond(stored.real($0)) }
        }
        return try Voxels.total(volume.voxels) { x, n in (0..<n).reduce(0) { $0 + (isBeyond(Double(x[$1])) ? 1 : 0) } }
    }
}
