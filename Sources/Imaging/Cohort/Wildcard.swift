import Glibc
import Support

/// File names with `*`, `?` and `[…]` in them, as a shell reads them; none of these stands for a slash.
enum Wildcard {
    /// Existing files that a pattern names, sorted. Throws `CohortError.noMatch` where there is none, `FileError` for a folder that cannot
    /// be read.
    static func files(_ pattern: String) throws -> [String] {
        let files = try FileSystem.glob(pattern).filter { !FileSystem.isFolder($0) }
        if files.isEmpty { throw CohortError.noMatch(pattern: pattern) }
        return files
    }

    /// What the wildcards of a pattern stand for in a path that it names, in their order, shortest first; nil where it does not fit.
    static func captures(_ pattern: String, _ path: String) -> [String]? {
        var search = Search(pattern: tokens(pattern), path: Array(path))
        return search.match(0, 0)
    }

    private enum Token {
        case letter(Character)
        case one
        case many
        case among(Set<Character>, negated: Bool)
    }

    private static func tokens(_ pattern: String) -> [Token] {
        var tokens: [Token] = []
        let letters = Array(pattern)
        var i = 0
        while i < letters.count {
            switch letters[i] {
            case "*":
                if case .many? = tokens.last {} else { tokens.append(.many) }
            case "?": tokens.append(.one)
            case "[":
                let start = i + 1 < letters.count && "!^".contains(letters[i + 1]) ? i + 2 : i + 1
                guard start + 1 < letters.count, let end = letters[(start + 1)...].firstIndex(of: "]") else { fallthrough }
                tokens.append(.among(set(letters[start..<end]), negated: start == i + 2))
                i = end
            default: tokens.append(.letter(letters[i]))
            }
            i += 1
        }
        return tokens
    }

    private static func set(_ letters: ArraySlice<Character>) -> Set<Character> {
        var set: Set<Character> = []
        let letters = Array(letters)
        var i = 0
        while i < letters.count {
            if i + 2 < letters.count, letters[i + 1] == "-", let a = letters[i].asciiValue, let b = letters[i + 2].asciiValue, a <= b {
                for code in a...b { set.insert(Character(UnicodeScalar(code))) }
                i += 3
            } else {
                set.insert(letters[i])
                i += 1
            }
        }
        return set
    }

    private struct Search {
        let pattern: [Token]
        let path: [Character]
        /// Places from which the rest does not fit, so that none is tried twice.
        var failed: Set<Int> = []

        mutating func match(_ p: Int, _ q: Int) -> [String]? {
            guard p < pattern.count else { return q == path.count ? [] : nil }
            let key = p * (path.count + 1) + q
            if failed.contains(key) { return nil }
            var found: [String]?
            switch pattern[p] {
            case .letter(let letter):
                if q < path.count, path[q] == letter { found = match(p + 1, q + 1) }
            case .one:
                if q < path.count, path[q] != "/" { found = match(p + 1, q + 1).map { [String(path[q])] + $0 } }
            case .among(let set, let negated):
                if q < path.count, path[q] != "/", set.contains(path[q]) != negated {
                    found = match(p + 1, q + 1).map { [String(path[q])] + $0 }
                }
            case .many:
                var end = q
                while found == nil {
                    found = match(p + 1, end).map { [String(path[q..<end])] + $0 }
                    guard found == nil, end < path.count, path[end] != "/" else { break }
                    end += 1
                }
            }
            if found == nil { failed.insert(key) }
            return found
        }
    }
}
