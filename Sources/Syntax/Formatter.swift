/// Lays scripts out in one way. Where lines break is the author's choice and stays; blanks within lines, indents and runs of blank lines are the formatter's.
///
/// - Four blanks a level. Whatever brackets a line opens, what stands between is one level deeper; so are a statement's further lines.
/// - One blank around operators, `=` and `->`; none around the `=` of a named argument, the `:` of a range and `.`; blocks are `{ x }`, records `{a: 1}`.
/// - `else` and `catch` stand on the line of the `}` before them, unless the blocks on both sides are of one line.
/// - At most one blank line in a row, none after an opening bracket or before a closing one.
/// - Comments at the ends of lines that follow one another are aligned, two blanks behind the longest.
///
/// Comments and strings are kept to the letter. Formatting a formatted text changes nothing.
public enum Formatter {
    /// The laid-out text, ending in a line end unless it is empty. Throws the mistakes of a text that does not parse.
    public static func format(_ source: Source) throws(SyntaxErrors) -> String {
        let text = try laidOut(source)
        // A text is only ever replaced by one that says the same.
        guard words(Source(name: source.name, text: text)) == words(source) else { return String(decoding: source.bytes, as: UTF8.self) }
        return text
    }

    /// The laid-out text, unexamined.
    package static func laidOut(_ source: Source) throws(SyntaxErrors) -> String {
        _ = try Parser.parse(source)
        var layout = Layout(Piece.all(of: source, Lexer.scan(source).tokens))
        return layout.text()
    }

    /// All tokens as they stand, but for line ends.
    package static func words(_ source: Source) -> [String] {
        Lexer.scan(source).tokens.compactMap { token in
            if case .newline = token.kind { return nil }
            return source.text(token.span)
        }
    }
}

/// A token or a comment.
private struct Piece {
    let text: String
    /// Nil for a comment.
    let token: Token?
    let role: TokenRole
    /// Line ends before it in the text.
    let breaks: Int
    /// Whether a statement begins here.
    let startsStatement: Bool

    var isComment: Bool { token == nil }

    func isKeyword(_ words: Keyword...) -> Bool {
        if case .keyword(let word)? = token?.kind, case .keyword = role { words.contains(word) } else { false }
    }

    func isSymbol(_ wanted: Symbol) -> Bool {
        if case .symbol(wanted)? = token?.kind { true } else { false }
    }

    var closes: Bool { if case .close = role { !isComment } else { false } }
    var opens: Bool { if case .open = role { !isComment } else { false } }

    static func all(of source: Source, _ tokens: [Token]) -> [Piece] {
        let roles = TokenRole.all(of: tokens)
        var pieces: [Piece] = []
        var end = 0, starts = true
        for (token, role) in zip(tokens, roles) {
            switch token.kind {
            case .newline:
                starts = true
                continue
            default: break
            }
            let breaks = gap(source, end, token.span.start, &pieces)
            if case .end = token.kind { break }
            pieces.append(Piece(text: source.text(token.span), token: token, role: role, breaks: breaks, startsStatement: starts))
            end = token.span.end
            switch role {
            case .semicolon, .open(.block): starts = true
            default: starts = false
            }
        }
        return pieces
    }

    /// Adds the comments between two tokens; gives the line ends after the last of them.
    private static func gap(_ source: Source, _ start: Int, _ end: Int, _ pieces: inout [Piece]) -> Int {
        var i = start, breaks = 0
        while i < end {
            if source.bytes[i] == 10 { breaks += 1 }
            guard source.bytes[i] == UInt8(ascii: "#") else {
                i += 1
                continue
            }
            var stop = i
            while stop < end, source.bytes[stop] != 10 { stop += 1 }
            var text = Substring(source.text(Span(i, stop)))
            while let last = text.last, last.isWhitespace { text.removeLast() }
            pieces.append(Piece(text: String(text), token: nil, role: .keyword, breaks: breaks, startsStatement: false))
            (i, breaks) = (stop, 0)
        }
        return breaks
    }
}

/// Puts pieces into lines.
private struct Layout {
    private struct Line {
        var indent: Int
        var text = ""
        /// A comment after code.
        var comment: String?
        var isBlankBefore: Bool
    }

    private struct Level {
        /// The bracket; nil for the whole text.
        var bracket: TokenRole.Bracket?
        /// Where the line of the closing bracket begins.
        var outside: Int
        /// Where the lines between begin.
        var inside: Int
        /// Where the line of the last word that a block may follow begins.
        var keyword: Int?
    }

    private static let step = 4

    private let pieces: [Piece]
    private var lines: [Line] = []
    /// Whether the last token is a `}` that begins its line.
    private var closedOwnLine = false
    private var levels = [Level(bracket: nil, outside: 0, inside: 0)]

    init(_ pieces: [Piece]) { self.pieces = pieces }

    mutating func text() -> String {
        /// The last token.
        var previous: Piece?
        for (i, piece) in pieces.enumerated() {
            if piece.isComment, piece.breaks == 0, !lines.isEmpty, lines[lines.count - 1].comment == nil, i > 0, !pieces[i - 1].isComment {
                lines[lines.count - 1].comment = piece.text
                continue
            }
            if startsLine(i) {
                let isTight = piece.closes || (previous?.opens ?? true) && (i == 0 || !pieces[i - 1].isComment)
                let blank = piece.breaks > 1 && !isTight && !lines.isEmpty && !continues(i, after: previous)
                lines.append(Line(indent: indent(i, after: previous), isBlankBefore: blank))
            } else if let previous, TokenRole.isSpaced(previous.role, piece.role) {
                lines[lines.count - 1].text += " "
            }
            lines[lines.count - 1].text += piece.text
            if piece.isComment { continue }
            closedOwnLine = piece.isSymbol(.rightBrace) && lines[lines.count - 1].text == "}"
            track(piece, after: previous)
            previous = piece
        }
        return joined()
    }

    private func startsLine(_ i: Int) -> Bool {
        if i == 0 || pieces[i].isComment || pieces[i - 1].isComment { return true }
        if pieces[i].isKeyword(.else, .catch), closedOwnLine || !isOneLine(from: i) { return false }
        return pieces[i].breaks > 0
    }

    /// Whether the first block after a piece ends on the line of that piece.
    private func isOneLine(from start: Int) -> Bool {
        var depth = 0
        for piece in pieces[start...].dropFirst() {
            if piece.breaks > 0 || piece.isComment { return false }
            if case .open(.block) = piece.role { depth += 1 }
            if case .close(.block) = piece.role {
                depth -= 1
                if depth == 0 { return true }
            }
        }
        return false
    }

    /// The token at or after a piece.
    private func nextToken(_ i: Int) -> Piece? { pieces[i...].first { !$0.isComment } }

    /// Whether a line that begins with this piece goes on with what the line before began.
    private func continues(_ i: Int, after previous: Piece?) -> Bool {
        guard let piece = nextToken(i), previous != nil, !piece.closes else { return false }
        switch levels[levels.count - 1].bracket {
        case nil, .block?: return piece.isKeyword(.else, .catch) ? !closedOwnLine : !piece.startsStatement
        default: return false
        }
    }

    private func indent(_ i: Int, after previous: Piece?) -> Int {
        if pieces[i].closes {
            // `})` goes back to where the outermost of them was opened.
            var count = 0
            while i + count < pieces.count, pieces[i + count].closes, count == 0 || pieces[i + count].breaks == 0 { count += 1 }
            return levels[max(1, levels.count - count)].outside
        }
        return levels[levels.count - 1].inside + (continues(i, after: previous) ? Self.step : 0)
    }

    /// Keeps the levels, after a token has been put down.
    private mutating func track(_ piece: Piece, after previous: Piece?) {
        let indent = lines[lines.count - 1].indent
        switch piece.role {
        case .open(let bracket):
            var outside = indent
            // The lines of a condition may be deeper than the word that it belongs to.
            if case .block = bracket, previous?.isSymbol(.arrow) != true { outside = levels[levels.count - 1].keyword ?? indent }
            levels.append(Level(bracket: bracket, outside: outside, inside: outside + Self.step))
        case .close: if levels.count > 1 { levels.removeLast() }
        default:
            let isFirst = lines[lines.count - 1].text == piece.text
            if piece.isKeyword(.if, .for, .while, .fn, .try) || isFirst && piece.isKeyword(.else, .catch) {
                levels[levels.count - 1].keyword = indent
            }
        }
    }

    /// Comments of lines in a row are aligned, unless their code is of very different lengths.
    private func joined() -> String {
        let mostPadding = 30
        var out = ""
        var i = 0
        while i < lines.count {
            var end = i + 1
            if lines[i].comment != nil {
                while end < lines.count, lines[end].comment != nil, !lines[end].isBlankBefore { end += 1 }
            }
            let widths = lines[i..<end].map { $0.indent + Width.of($0.text) }
            let widest = widths.max() ?? 0, isAligned = widest - (widths.min() ?? 0) <= mostPadding
            for (line, width) in zip(lines[i..<end], widths) {
                if line.isBlankBefore { out += "\n" }
                out += String(repeating: " ", count: line.indent) + line.text
                if let comment = line.comment { out += String(repeating: " ", count: 2 + (isAligned ? widest - width : 0)) + comment }
                out += "\n"
            }
            i = end
        }
        return out
    }
}
