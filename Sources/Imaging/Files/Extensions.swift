/// Header extensions: records of a size, a code and data between header and voxels.
enum Extensions {
    /// Bytes beyond which what lies between header and voxels is passed over.
    static let most = 1 << 24

    /// The records of the bytes that follow the header, in little-endian form; none when they make no sense.
    static func records(_ raw: [UInt8], swapped: Bool) -> [UInt8] {
        guard raw.count >= 4, raw[0] != 0 else { return [] }
        let fields = FieldReader(bytes: raw, swapped: swapped)
        var out: [UInt8] = []
        var place = 4
        while place + 8 <= raw.count {
            let size = Int(fields.number(place, as: Int32.self)), code: Int32 = fields.number(place + 4)
            if size == 0 { break }
            guard size >= 16, size % 16 == 0, place + size <= raw.count else { return [] }
            var head = FieldWriter(count: 8)
            head.put(Int32(size), at: 0)
            head.put(code, at: 4)
            out += head.bytes
            out += raw[(place + 8)..<(place + size)]
            place += size
        }
        return out
    }
}
