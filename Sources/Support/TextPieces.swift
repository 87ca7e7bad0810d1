extension String {
    /// How many pieces a separator divides a string into, before they are made; for an empty separator its characters, for none its words.
    ///
    /// Where a separator's bytes stand within a character there are fewer pieces than this. Throws `Interrupted`.
    public func mostPieces(between separator: String?) throws -> Int {
        if separator?.isEmpty ?? false { return try countCharacters() }
        var text = self
        let wanted = separator.map { Array($0.utf8) } ?? []
        return try text.withUTF8 { bytes in
            var count = 1, i = 0
            while i < bytes.count {
                try Interrupt.check()
                let end = min(i + 1 << 20, bytes.count)
                if wanted.isEmpty {
                    for k in i..<end where bytes[k] <= 32 && k > 0 && bytes[k - 1] > 32 { count += 1 }
                    i = end
                }
                while i < end {
                    if bytes[i] == wanted[0], i + wanted.count <= bytes.count, bytes[i..<(i + wanted.count)].elementsEqual(wanted) {
                        count += 1
                        i += wanted.count
                    } else {
                        i += 1
                    }
                }
            }
            return count
        }
    }

    /// In other letters, as by `uppercased`: a long text piece by piece, cut at blanks, across which no letter depends on another. Throws `Interrupted`.
    public func recased(_ change: (String) -> String) throws -> String {
        let piece = 1 << 16
        if utf8.count <= piece { return change(self) }
        var out = "", start = startIndex
        out.reserveCapacity(utf8.count)
        while start < endIndex {
            try Interrupt.check()
            var end = utf8.index(start, offsetBy: piece, limitedBy: endIndex) ?? endIndex
            while end < endIndex, utf8[end] != UInt8(ascii: " "), utf8[end] != UInt8(ascii: "\n") { end = utf8.index(after: end) }
            out += change(String(self[start..<end]))
            start = end
        }
        return out
    }

    /// Its characters from the last to the first. Throws `Interrupted`.
    public func backwards() throws -> String {
        var out = "", turns = 0
        out.reserveCapacity(utf8.count)
        for character in reversed() {
            out.append(character)
            turns += 1
            if turns & 4095 == 0 { try Interrupt.check() }
        }
        return out
    }
}
