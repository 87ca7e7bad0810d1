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

/// The same, for writing: little-endian unless `isBig`.
struct FieldWriter {
    var bytes: [UInt8]
    let isBig: Bool

    init(count: Int, isBig: Bool = false) {
        bytes = [UInt8](repeating: 0, count: count)
        self.isBig = isBig
    }

    mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        withUnsafeBytes(of: isBig ? value.bigEndian : value.littleEndian) { raw in
            for (i, byte) in raw.enumerated() { bytes[offset + i] = byte }
        }
    }

    mutating func put(float value: Double, at offset: Int) { put(Float(value).bitPattern, at: offset) }
    mutating func put(double value: Double, at offset: Int) { put(value.bitPattern, at: offset) }

    mutating func put(_ text: HeaderText, at offset: Int) {
        for (i, byte) in text.bytes.enumerated() { bytes[offset + i] = byte }
    }

    mutating func put(_ text: String, at offset: Int, length: Int) {
        var field = HeaderText(length: length)
        field.text = text
        put(field, at: offset)
    }
}

/// A field of text, of which the bytes behind the end of the text are kept too.
struct HeaderText: Sendable, Equatable {
    private(set) var bytes: [UInt8]

    init(length: Int) { bytes = [UInt8](repeating: 0, count: length) }

    init(_ reader: FieldReader, _ offset: Int, _ length: Int) { bytes = Array(reader.bytes[offset..<(offset + length)]) }

    /// Up to the first zero byte. Of a text that is too long as many characters are kept as fit with a zero behind them; none is cut in
    /// two.
    var text: String {
        get { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
        set {
            var kept: [UInt8] = []
            for character in newValue {
                let utf8 = Array(String(character).utf8)
                if kept.count + utf8.count > bytes.count - 1 { break }
                kept += utf8
            }
            bytes = kept + [UInt8](repeating: 0, count: bytes.count - kept.count)
        }
    }
}
