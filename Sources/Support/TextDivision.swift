import Glibc

/// Texts in pieces. Each piece is handed over as its bytes, which are UTF-8 and stay only for the call, so that nothing is made that is not kept.
extension String {
    /// The pieces between separators, empty ones too; for an empty separator its characters. Throws `Interrupted`.
    public func eachPiece(between separator: String, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        if separator.isEmpty { return try eachCharacter(body) }
        var text = self
        let wanted = Array(separator.utf8)
        if isPlain, separator.isPlain {
            return try text.withUTF8 { bytes in
                let first = wanted[0], rest = wanted.count - 1, end = bytes.count - rest
                try Self.eachStretch(of: bytes, upTo: end, separator: wanted.count, body) { i in
                    bytes[i] == first && (rest == 0 || memcmp(bytes.baseAddress! + i, wanted, wanted.count) == 0)
                }
            }
        }
        var start = startIndex, turns = 0
        while let range = firstRange(of: separator, from: start) {
            try Self.hand(self[start..<range.lowerBound], body)
            start = range.upperBound
            turns += 1
            if turns & 4095 == 0 { try Interrupt.check() }
        }
        try Self.hand(self[start...], body)
    }

    /// The same as strings. Throws `Interrupted`.
    public func pieces(between separator: String) throws -> [String] {
        var out: [String] = []
        try eachPiece(between: separator) { out.append(String(decoding: $0, as: UTF8.self)) }
        return out
    }

    /// The pieces between runs of blanks and line ends, none of them empty. Throws `Interrupted`.
    public func eachWord(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        try divided(at: { $0 == 0x20 || 0x09...0x0D ~= $0 }, orAt: { $0.isWhitespace }) { if !$0.isEmpty { try body($0) } }
    }

    /// The lines, without their ends; what is behind the last line end counts as a line even where it is empty. Throws `Interrupted`.
    public func eachLine(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        try divided(at: { 0x0A...0x0D ~= $0 }, orAt: { $0.isNewline }, body)
    }

    private func eachCharacter(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        var turns = 0
        if isPlain {
            var text = self
            return try text.withUTF8 { bytes in
                for i in bytes.indices {
                    try body(UnsafeBufferPointer(rebasing: bytes[i...i]))
                    if i & 4095 == 4095 { try Interrupt.check() }
                }
            }
        }
        for character in self {
            try Self.hand(Substring(String(character)), body)
            turns += 1
            if turns & 4095 == 0 { try Interrupt.check() }
        }
    }

    /// At bytes where every byte is a character, and else at characters, which must mean the same.
    private func divided(
        at isByte: (UInt8) -> Bool, orAt isSeparator: (Character) -> Bool, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        if isPlain {
            var text = self
            return try text.withUTF8 { bytes in
                try Self.eachStretch(of: bytes, upTo: bytes.count, separator: 1, body) { isByte(bytes[$0]) }
            }
        }
        var start = startIndex, place = startIndex, turns = 0
        while place < endIndex {
            turns += 1
            if turns & 4095 == 0 { try Interrupt.check() }
            let next = index(after: place)
            if isSeparator(self[place]) {
                try Self.hand(self[start..<place], body)
                start = next
            }
            place = next
        }
        try Self.hand(self[start...], body)
    }

    @inline(__always)
    private static func eachStretch(
        of bytes: UnsafeBufferPointer<UInt8>, upTo end: Int, separator size: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void,
        isSeparator: (Int) -> Bool
    ) throws {
        var start = 0, i = 0, looked = 0
        while i < end {
            if isSeparator(i) {
                try body(UnsafeBufferPointer(rebasing: bytes[start..<i]))
                i &+= size
                start = i
                looked &+= 1
                if looked & 4095 == 0 { try Interrupt.check() }
            } else {
                i &+= 1
            }
        }
        try body(UnsafeBufferPointer(rebasing: bytes[start...]))
    }

    private static func hand(_ piece: Substring, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
        var piece = piece
        try piece.withUTF8(body)
    }
}
