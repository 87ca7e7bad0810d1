extension String {
    /// Whether a file's name ends so, in small or capital letters; `ending` is in small ones.
    public func isFile(ending: String) -> Bool { lowercased().hasSuffix(ending) }

    /// Whether every byte is a character: no line end of two bytes, and nothing but ASCII.
    public var isPlain: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            var isPlain = true
            for byte in bytes { isPlain = isPlain && byte < 0x80 && byte != 0x0D }
            return isPlain
        } ?? utf8.allSatisfy { $0 < 0x80 && $0 != 0x0D }
    }

    /// The number that up to 15 digits spell, and nothing else; nil for all other texts.
    public var plainNumber: Double? {
        guard 1...15 ~= utf8.count else { return nil }
        return utf8.withContiguousStorageIfAvailable { bytes -> Double? in
            var number: Int64 = 0
            for byte in bytes {
                let digit = byte &- UInt8(ascii: "0")
                guard digit < 10 else { return nil }
                number = number &* 10 &+ Int64(digit)
            }
            return Double(number)
        } ?? nil
    }

    /// How many characters there are; of plain text at once. Throws `Interrupted`.
    public func countCharacters() throws -> Int {
        if isPlain { return utf8.count }
        let stretch = 1 << 16
        var found = 0, start = startIndex
        while let end = index(start, offsetBy: stretch, limitedBy: endIndex) {
            try Interrupt.check()
            (found, start) = (found + stretch, end)
        }
        return found + distance(from: start, to: endIndex)
    }

    /// The character at which a part begins for the first time, from 0; nil where it does not occur. An empty part is at 0.
    public func position(of part: String) -> Int? {
        firstRange(of: part, from: startIndex).map { distance(from: startIndex, to: $0.lowerBound) }
    }

    /// Without blanks and line ends at both ends. Throws `Interrupted`.
    public var withoutBlanks: String {
        get throws {
            // Plain blanks of any number at once, by bytes: only a space that an accent follows is more than itself.
            var looked = 0
            func isText(_ byte: UInt8) throws -> Bool {
                looked &+= 1
                if looked & 0xFFFFF == 0 { try Interrupt.check() }
                return byte != 0x20 && !(0x09...0x0D ~= byte)
            }
            let bytes = utf8
            let start = try bytes.firstIndex(where: isText) ?? endIndex
            let end = try bytes.lastIndex(where: isText).map(bytes.index(after:)) ?? start
            var text = self[(start.samePosition(in: self) ?? startIndex)..<(end.samePosition(in: self) ?? endIndex)]
            while text.first?.isWhitespace ?? false { text.removeFirst() }
            while text.last?.isWhitespace ?? false { text.removeLast() }
            return String(text)
        }
    }

    /// By bytes, and then only where characters begin and end: `e` does not occur in an `é` that is written as two code points.
    func firstRange(of part: String, from start: Index) -> Range<Index>? {
        if part.isEmpty { return start..<start }
        let wanted = Array(part.utf8), bytes = self[start...].utf8
        var i = bytes.startIndex
        while let first = bytes[i...].firstIndex(of: wanted[0]) {
            if bytes[first...].starts(with: wanted) {
                let end = bytes.index(first, offsetBy: wanted.count)
                if first.samePosition(in: self) != nil, end.samePosition(in: self) != nil { return first..<end }
            }
            i = bytes.index(after: first)
        }
        return nil
    }
}
