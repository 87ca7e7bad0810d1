extension String {
    /// How many pieces a separator divides a string into, before they are made; for an empty separator its characters, for none its words.
    ///
    /// Where a separator's bytes stand within a character there are fewer pieces than this.
    public func mostPieces(between separator: String?) -> Int {
        if separator?.isEmpty ?? false { return length }
        var text = self
        let wanted = separator.map { Array($0.utf8) } ?? []
        return text.withUTF8 { bytes in
            var count = 1, i = 0
            if wanted.isEmpty {
                for (k, byte) in bytes.enumerated() where byte <= 32 && k > 0 && bytes[k - 1] > 32 { count += 1 }
                return count
            }
            while i + wanted.count <= bytes.count {
                if bytes[i] == wanted[0], bytes[i..<(i + wanted.count)].elementsEqual(wanted) {
                    count += 1
                    i += wanted.count
                } else {
                    i += 1
                }
            }
            return count
        }
    }
}
