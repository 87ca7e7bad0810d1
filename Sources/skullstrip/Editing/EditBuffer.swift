/// The text being edited, in characters as a reader sees them, and the place of the cursor between them.
struct EditBuffer: Equatable {
    private(set) var characters: [Character] = []
    private(set) var cursor = 0

    init(_ text: String = "") {
        characters = Array(text)
        cursor = characters.count
    }

    var text: String { String(characters) }
    var beforeCursor: String { String(characters[..<cursor]) }
    var isEmpty: Bool { characters.isEmpty }
    var isAtEnd: Bool { cursor == characters.count }

    /// A mark that combines with the character before it becomes part of it.
    mutating func insert(_ text: String) {
        let start = max(0, cursor - 1)
        let joined = Array(String(characters[start..<cursor]) + text)
        characters.replaceSubrange(start..<cursor, with: joined)
        cursor = start + joined.count
    }

    /// Removes characters and gives them, for the yank.
    @discardableResult
    mutating func remove(_ range: Range<Int>) -> String {
        let removed = String(characters[range])
        characters.removeSubrange(range)
        if cursor > range.lowerBound { cursor = max(range.lowerBound, cursor - range.count) }
        return removed
    }

    mutating func move(to place: Int) { cursor = min(max(0, place), characters.count) }

    // MARK: - Places

    /// Where the cursor's line begins and ends.
    var lineStart: Int { characters[..<cursor].lastIndex(of: "\n").map { $0 + 1 } ?? 0 }
    var lineEnd: Int { characters[cursor...].firstIndex(of: "\n") ?? characters.count }

    private static func isWord(_ c: Character) -> Bool { c.isLetter || c.isNumber || c == "_" }

    /// The start of the word at or before the cursor.
    var wordStart: Int {
        var i = cursor
        while i > 0, !Self.isWord(characters[i - 1]) { i -= 1 }
        while i > 0, Self.isWord(characters[i - 1]) { i -= 1 }
        return i
    }

    /// The end of the word at or after the cursor.
    var wordEnd: Int {
        var i = cursor
        while i < characters.count, !Self.isWord(characters[i]) { i += 1 }
        while i < characters.count, Self.isWord(characters[i]) { i += 1 }
        return i
    }

    /// Where what stands before the cursor up to a blank begins.
    var blankStart: Int {
        var i = cursor
        while i > 0, characters[i - 1].isWhitespace { i -= 1 }
        while i > 0, !characters[i - 1].isWhitespace { i -= 1 }
        return i
    }

    // MARK: - Several lines

    /// Goes up or down a line, staying in the column; false where there is none.
    mutating func moveLine(down: Bool) -> Bool {
        let column = cursor - lineStart
        if down {
            guard lineEnd < characters.count else { return false }
            cursor = lineEnd + 1
        } else {
            guard lineStart > 0 else { return false }
            cursor = lineStart - 1
            cursor = lineStart
        }
        cursor = min(cursor + column, lineEnd)
        return true
    }

    /// Exchanges the two characters around the cursor, or the last two at the end.
    mutating func transpose() {
        guard characters.count > 1, cursor > 0 else { return }
        let i = isAtEnd ? cursor - 2 : cursor - 1
        characters.swapAt(i, i + 1)
        cursor = i + 2
    }
}
