import Glibc
import Support

/// Stored values to float32 and back.
enum VoxelCoding {
    /// Converts `count` stored values. With a scaling, value = slope · stored + inter in double, then rounded once.
    static func decode(
        _ type: Datatype, swapped: Bool, scaling: (slope: Double, inter: Double)?, from raw: UnsafeRawPointer,
        to out: UnsafeMutablePointer<Float>, count: Int
    ) {
        switch type {
        case .uint8: integers(UInt8.self, swapped, scaling, raw, out, count)
        case .int8: integers(Int8.self, swapped, scaling, raw, out, count)
        case .int16: integers(Int16.self, swapped, scaling, raw, out, count)
        case .uint16: integers(UInt16.self, swapped, scaling, raw, out, count)
        case .int32: integers(Int32.self, swapped, scaling, raw, out, count)
        case .uint32: integers(UInt32.self, swapped, scaling, raw, out, count)
        case .int64: integers(Int64.self, swapped, scaling, raw, out, count)
        case .uint64: integers(UInt64.self, swapped, scaling, raw, out, count)
        case .float32:
            let bits = raw.assumingMemoryBound(to: UInt32.self)
            if swapped {
                for i in 0..<count { out[i] = Float(bitPattern: bits[i].byteSwapped) }
            } else {
                for i in 0..<count { out[i] = Float(bitPattern: bits[i]) }
            }
            if let scaling {
                for i in 0..<count { out[i] = Float(scaling.slope * Double(out[i]) + scaling.inter) }
            }
        case .float64:
            let bits = raw.assumingMemoryBound(to: UInt64.self)
            let (slope, inter) = scaling ?? (1, 0)
            for i in 0..<count {
                out[i] = Float(slope * Double(bitPattern: swapped ? bits[i].byteSwapped : bits[i]) + inter)
            }
        }
    }

    @inline(__always)
    private static func integers<T: FixedWidthInteger>(
        _ type: T.Type, _ swapped: Bool, _ scaling: (slope: Double, inter: Double)?, _ raw: UnsafeRawPointer,
        _ out: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        let values = raw.assumingMemoryBound(to: T.self)
        if let (slope, inter) = scaling {
            for i in 0..<count { out[i] = Float(slope * Double(swapped ? values[i].byteSwapped : values[i]) + inter) }
        } else if swapped {
            for i in 0..<count { out[i] = Float(Double(values[i].byteSwapped)) }
        } else if T.bitWidth <= 32 {
            for i in 0..<count { out[i] = Float(values[i]) }
        } else {
            // By way of double, as nibabel has it.
            for i in 0..<count { out[i] = Float(Double(values[i])) }
        }
    }

    /// How values will lie in a file: a type and a scaling.
    struct Layout {
        var type: Datatype
        var scaling: (slope: Double, inter: Double)?
    }

    /// The layout that gives every value back exactly: the volume's type with the file's scaling where there was one, else unscaled, else float32.
    static func layout(for volume: Volume) -> Layout {
        let type = volume.datatype
        if !type.isInteger { return Layout(type: type) }
        if let scaling = volume.header?.scaling, fits(volume.voxels, type, scaling) { return Layout(type: type, scaling: scaling) }
        return Layout(type: fits(volume.voxels, type, (1, 0)) ? type : .float32)
    }

    private static func fits(_ values: [Float], _ type: Datatype, _ scaling: (slope: Double, inter: Double)) -> Bool {
        switch type {
        case .uint8: fits(values, UInt8.self, scaling)
        case .int8: fits(values, Int8.self, scaling)
        case .int16: fits(values, Int16.self, scaling)
        case .uint16: fits(values, UInt16.self, scaling)
        case .int32: fits(values, Int32.self, scaling)
        case .uint32: fits(values, UInt32.self, scaling)
        case .int64: fits(values, Int64.self, scaling)
        case .uint64: fits(values, UInt64.self, scaling)
        case .float32, .float64: true
        }
    }

    @inline(__always)
    private static func fits<T: FixedWidthInteger>(_ values: [Float], _ type: T.Type, _ scaling: (slope: Double, inter: Double)) -> Bool {
        // Bounds exact in double: −2ⁿ or 0, and 2ⁿ, which itself does not fit.
        let low = Double(T.min), beyond = 2 * Double(T.max / 2 + 1)
        let (slope, inter) = scaling
        let plain = slope == 1 && inter == 0
        return Voxels.total(values) { x, n in
            var bad = 0
            if plain, T.bitWidth < 32 {
                // All such types lie within Int32; a comparison with NaN is false.
                let least = Float(T.min), most = Float(T.max)
                for i in 0..<n {
                    let held = Swift.max(least, Swift.min(most, x[i]))
                    bad &+= held == x[i] && Float(Int32(held)) == held ? 0 : 1
                }
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

    /// Writes `count` values, which fit `layout`, little-endian.
    static func encode(_ layout: Layout, from values: UnsafePointer<Float>, to out: UnsafeMutableRawPointer, count: Int) {
        switch layout.type {
        case .uint8: integers(UInt8.self, layout.scaling, values, out, count)
        case .int8: integers(Int8.self, layout.scaling, values, out, count)
        case .int16: integers(Int16.self, layout.scaling, values, out, count)
        case .uint16: integers(UInt16.self, layout.scaling, values, out, count)
        case .int32: integers(Int32.self, layout.scaling, values, out, count)
        case .uint32: integers(UInt32.self, layout.scaling, values, out, count)
        case .int64: integers(Int64.self, layout.scaling, values, out, count)
        case .uint64: integers(UInt64.self, layout.scaling, values, out, count)
        case .float32:
            let bits = out.assumingMemoryBound(to: UInt32.self)
            for i in 0..<count { bits[i] = values[i].bitPattern.littleEndian }
        case .float64:
            let bits = out.assumingMemoryBound(to: UInt64.self)
            for i in 0..<count { bits[i] = Double(values[i]).bitPattern.littleEndian }
        }
    }

    @inline(__always)
    private static func integers<T: FixedWidthInteger>(
        _ type: T.Type, _ scaling: (slope: Double, inter: Double)?, _ values: UnsafePointer<Float>,
        _ raw: UnsafeMutableRawPointer, _ count: Int
    ) {
        let out = raw.assumingMemoryBound(to: T.self)
        if let (slope, inter) = scaling {
            for i in 0..<count { out[i] = (T(exactly: rint((Double(values[i]) - inter) / slope)) ?? 0).littleEndian }
        } else if T.bitWidth < 32 {
            for i in 0..<count { out[i] = T(truncatingIfNeeded: Int32(values[i])).littleEndian }
        } else {
            for i in 0..<count { out[i] = (T(exactly: values[i]) ?? 0).littleEndian }
        }
    }
}
