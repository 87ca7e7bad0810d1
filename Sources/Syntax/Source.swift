/// A stretch of a source text, in UTF-8 byte offsets, half-open.
public struct Span: Equatable, Sendable {
    /// First byte.
    public var start: Int
    /// The byte after the last.
    public var end: Int

    /// From `start` up to but not including `end`, in UTF-8 bytes.
    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    /// From the start of the one to the end of the other.
    public func joined(_ other: Span) -> Span { Span(min(start, other.start), max(end, other.end)) }
}

/// One text of a script, with its name (a path, or "<prompt>") and where its lines begin.
public final class Source: Sendable {
    /// The file's name, or what stands for one: "<prompt>", "-e".
    public let name: String
    /// The text in UTF-8.
    public let bytes: [UInt8]
    /// True for the library that comes with the program: errors then point at the caller in the user's own text.
    public let isLibrary: Bool
    private let lineStarts: [Int]

    /// `isLibrary` keeps errors from being shown inside the program's own library.
    public init(name: String, text: String, isLibrary: Bool = false) {
        self.name = name
        self.isLibrary = isLibrary
        bytes = Array(text.utf8)
        lineStarts = Source.starts(bytes)
    }

    /// Bytes as read from a file. Throws a `Diagnostic` at the first byte that is not UTF-8.
    public init(name: String, bytes: [UInt8]) throws(Diagnostic) {
        self.name = name
        isLibrary = false
        self.bytes = bytes
        lineStarts = Source.starts(bytes)
        if let bad = Source.firstInvalid(bytes) {
            let shown = String(bytes[bad], radix: 16, uppercase: true)
            throw Diagnostic(
                "the text is not UTF-8: byte 0x\(shown) at offset \(bad)", hint: "save the script as UTF-8",
                source: self, span: Span(bad, bad + 1))
        }
    }

    private static func starts(_ bytes: [UInt8]) -> [Int] {
        var starts = [0]
        for (i, byte) in bytes.enumerated() where byte == 10 { starts.append(i + 1) }
        return starts
    }

    private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
        var i = 0
        while i < bytes.count {
            let b = bytes[i]
            if b < 0x80 {
                i += 1
                continue
            }
            let length = b >= 0xC2 && b < 0xE0 ? 2 : b >= 0xE0 && b < 0xF0 ? 3 : b >= 0xF0 && b < 0xF5 ? 4 : 0
            guard length > 0, i + length <= bytes.count else { return i }
            for k in 1..<length where bytes[i + k] & 0xC0 != 0x80 { return i }
            // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
            let second = bytes[i + 1]
            if b == 0xE0 && second < 0xA0 || b == 0xED && second > 0x9F || b == 0xF0 && second < 0x90
                || b == 0xF4 && second > 0x8F
            {
                return i
            }
            i += length
        }
        return nil
    }

    /// The part of the text that a span covers.
    public func text(_ span: Span) -> String {
        let start = min(max(0, span.start), bytes.count)
        return String(decoding: bytes[start..<min(max(start, span.end), bytes.count)], as: UTF8.self)
    }

    /// The 0-based line that holds an offset.
    public func lineIndex(at offset: Int) -> Int {
        var low = 0, high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    /// The bytes of a 0-based line, without its line end.
    public func lineSpan(_ index: Int) -> Span {
        let start = lineStarts[index]
        var end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
        if end > start, bytes[end - 1] == 13 { end -= 1 }
        return Span(start, end)
    }

    /// 1-based line and column; the column counts characters as a reader sees them.
    public func position(at offset: Int) -> (line: Int, column: Int) {
        let line = lineIndex(at: offset)
        let start = lineStarts[line]
        return (line + 1, text(Span(start, max(start, offset))).count + 1)
    }
}
