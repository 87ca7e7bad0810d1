/// Numbers at fixed offsets of a header, in either byte order.
struct FieldReader {
    let bytes: [UInt8]
    let swapped: Bool

    func number<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T {
        let raw = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
        return swapped ? raw.byteSwapped : raw
    }

    func float(_ offset: Int) -> Double { Double(Float(bitPattern: number(offset))) }
    func double(_ offset: Int) -> Double { Double(bitPattern: number(offset)) }

    /// Text up to the first zero byte.
    func text(_ offset: Int, _ length: Int) -> String {
        String(decoding: bytes[offset..<offset + length].prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The same, for writing, little-endian.
struct FieldWriter {
    var bytes: [UInt8]

    init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        withUnsafeBytes(of: value.littleEndian) { raw in
            for (i, byte) in raw.enumerated() { bytes[offset + i] = byte }
        }
    }

    mutating func put(float value: Double, at offset: Int) { put(Float(value).bitPattern, at: offset) }
    mutating func put(double value: Double, at offset: Int) { put(value.bitPattern, at: offset) }

    /// At most `length` − 1 bytes, then zeros; a character is never cut in two.
    mutating func put(_ text: String, at offset: Int, length: Int) {
        var place = offset
        for character in text {
            let utf8 = Array(String(character).utf8)
            if place + utf8.count > offset + length - 1 { break }
            for byte in utf8 {
                bytes[place] = byte
                place += 1
            }
        }
    }
}
