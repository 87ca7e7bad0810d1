/// The second reading of a text with mistakes. The first takes every line after an operator or an open bracket for more of the same, as it must; this one asks
/// whether the line begins another statement instead, and closes what was forgotten there, so that what follows is judged by itself.
struct Recovery {
    /// Where the brackets begin that the first reading found no partner for.
    let unclosed: Set<Int>

    /// What a line begins with, as far as that tells statements from the inside of brackets.
    enum Beginning {
        /// `fn f`, `while`, `return` and other words that no value begins with.
        case statement(Keyword)
        /// `else`, `catch` and `|>`, which go on with what stands above.
        case more
        /// `name =`
        case binding
        /// `name:`
        case field
        /// Another name or word, or `[…] =`.
        case word
        /// `)`, `]` or `}`
        case closer
        case other
    }
}

/// A bracket that was closed where nothing closes it.
struct Repair {
    /// The opening bracket.
    let opening: Int
    /// Where its partner was put.
    let closing: Int
}

extension Lexer {
    /// At the end of a line of a second reading: closes the brackets that the next line cannot be inside of. True where a statement ends here, nil where the next line
    /// goes on with one whose brackets were closed.
    mutating func endsStatement(_ recovery: Recovery) -> Bool? {
        guard let (start, beginning) = nextLine() else { return false }
        let indentation = indentation(of: start)
        var hasClosed = false
        while let index = open.last {
            let bracket = tokens[index]
            let isLeft = indentation <= self.indentation(of: bracket.span.start)
            let isUnclosed = recovery.unclosed.contains(bracket.span.start)
            guard ends(index, beginning, isLeft: isLeft, isUnclosed: isUnclosed) else { break }
            forget(at: tokens.count, before: beginning)
            hasClosed = true
        }
        if hasClosed, case .more = beginning { return nil }
        if let index = open.last, !isBlock(index) { return false }
        return hasClosed || lacksValue(before: beginning)
    }

    /// Whether a line with this beginning is beyond an open bracket.
    private func ends(_ index: Int, _ beginning: Recovery.Beginning, isLeft: Bool, isUnclosed: Bool) -> Bool {
        if isBlock(index) {
            switch beginning {
            case .statement(.fn): return isUnclosed && isLeft
            // What belongs to a block stands further right than it.
            case .more: return isLeft && followsCondition(index)
            default: return false
            }
        }
        var isRecord = false
        if case .symbol(.leftBrace) = tokens[index].kind { isRecord = true }
        switch beginning {
        case .statement(.for): return isUnclosed && isLeft
        case .statement: return true
        case .binding: return isRecord || isLeft && (isUnclosed || !awaitsItem)
        case .word: return isUnclosed && isLeft
        case .more: return isUnclosed
        case .field: return isUnclosed && isLeft && !isRecord
        case .closer, .other: return false
        }
    }

    /// True after a comma or an opening bracket, where `name =` may be an argument.
    private var awaitsItem: Bool {
        switch tokens.last?.kind {
        case .symbol(.comma), .symbol(.leftParenthesis), .symbol(.leftBracket): true
        default: false
        }
    }

    /// True after an operator, where the line that follows is no value.
    private func lacksValue(before beginning: Recovery.Beginning) -> Bool {
        switch tokens.last?.kind {
        case .symbol(.leftBrace): return false
        case .symbol(let symbol) where symbol.continuesLine: break
        case .keyword(.and), .keyword(.or), .keyword(.not), .keyword(.in): break
        default: return false
        }
        switch beginning {
        case .statement, .binding, .closer: return true
        case .field, .word, .more, .other: return false
        }
    }

    /// True for a block in a line that begins with `if`, `try` or `}`.
    private func followsCondition(_ block: Int) -> Bool {
        let line = source.lineSpan(source.lineIndex(at: tokens[block].span.start)).start
        let text = source.text(Span(line + indentation(of: line), tokens[block].span.start))
        return ["if ", "try ", "}"].contains { text.hasPrefix($0) }
    }

    /// True for a brace with statements in it, by what stands before it.
    func isBlock(_ index: Int) -> Bool {
        guard case .symbol(.leftBrace) = tokens[index].kind, index > 0 else { return false }
        return Token.mayPrecedeBlock(tokens[index - 1].kind)
    }

    /// Closes the innermost bracket, which was left open, before the token at `index`.
    mutating func forget(at index: Int, before beginning: Recovery.Beginning = .other) {
        let opening = open.removeLast()
        let bracket = tokens[opening]
        report("this `\(source.text(bracket.span))` is never closed", hint: hint(forgotten: bracket), bracket.span)
        var index = index
        // The comma before `name:` parts the fields of the record around the bracket.
        if case .field = beginning, case .symbol(.comma) = tokens[index - 1].kind, index - 1 > opening { index -= 1 }
        let place = tokens[index - 1].span.end
        tokens.insert(Token(.symbol(bracket.closing), Span(place, place)), at: index)
        tokens[opening].partner = index - opening
        if repairs.count < Self.mostRepairs { repairs.append(Repair(opening: bracket.span.start, closing: place)) }
    }

    /// More than can be told.
    private static let mostRepairs = 1_000

    /// The names in brackets that were closed where nothing closes them: what stands there may not belong there.
    var namesInRepairs: [String] {
        var inside: [Span] = []
        for repair in repairs.sorted(by: { $0.opening < $1.opening }) {
            if let last = inside.last, repair.opening < last.end {
                inside[inside.count - 1].end = max(last.end, repair.closing)
            } else {
                inside.append(Span(repair.opening, repair.closing))
            }
        }
        var out: [String] = [], next = 0
        for token in tokens {
            while next < inside.count, inside[next].end <= token.span.start { next += 1 }
            guard next < inside.count else { break }
            if case .name(let name) = token.kind, token.span.start > inside[next].start { out.append(name) }
        }
        return out
    }

    private func hint(forgotten bracket: Token) -> String? {
        guard bracket.closing == .rightBrace, let askew, askew.opening > bracket.span.start else { return nil }
        let closing = source.lineIndex(at: askew.closing) + 1, opening = source.lineIndex(at: askew.opening) + 1
        return "the `}` of line \(closing) closes the `{` of line \(opening), which stands further right"
    }

    // MARK: - Lines

    /// The line after this place; nil for a blank one or a comment, whose end is asked again.
    private func nextLine() -> (start: Int, beginning: Recovery.Beginning)? {
        var i = position
        while i < limit, bytes[i] == 32 || bytes[i] == 9 || bytes[i] == 13 { i += 1 }
        if i == limit || bytes[i] == 10 || bytes[i] == UInt8(ascii: "#") { return nil }
        return (i, beginning(at: i))
    }

    private func beginning(at start: Int) -> Recovery.Beginning {
        func isWord(_ byte: UInt8) -> Bool {
            byte >= 0x80 || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 32)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        switch bytes[start] {
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): return .closer
        case UInt8(ascii: "["), UInt8(ascii: "{"): return bindsParts(start) ? .word : .other
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return .other
        case UInt8(ascii: "|") where start + 1 < limit && bytes[start + 1] == UInt8(ascii: ">"): return .more
        case let byte where !isWord(byte): return .other
        default: break
        }
        var end = start
        while end < limit, isWord(bytes[end]) { end += 1 }
        let word = source.text(Span(start, min(end, start + 12)))
        var after = end
        while after < limit, bytes[after] == 32 || bytes[after] == 9 { after += 1 }
        let next = after < limit ? bytes[after] : 10, second = after + 1 < limit ? bytes[after + 1] : 10
        if next == UInt8(ascii: ":") { return .field }
        if let keyword = Keyword(rawValue: word) {
            switch keyword {
            case .while, .for, .return, .import, .break, .continue: return .statement(keyword)
            case .fn where isWord(next): return .statement(keyword)
            case .if, .try: return .word
            case .else, .catch: return .more
            default: return .other
            }
        }
        if next == UInt8(ascii: "="), second != UInt8(ascii: "=") { return .binding }
        return .word
    }

    /// True where a line that begins with a bracket has ` = ` in it.
    private func bindsParts(_ start: Int) -> Bool {
        var i = start
        while i + 2 < limit, bytes[i] != 10 {
            if bytes[i] == 32, bytes[i + 1] == UInt8(ascii: "="), bytes[i + 2] == 32 { return true }
            i += 1
        }
        return false
    }

    /// How far the line that holds an offset is indented, in bytes; beyond a thousand all are the same.
    func indentation(of offset: Int) -> Int {
        let line = source.lineSpan(source.lineIndex(at: offset))
        let end = min(line.end, line.start + 1_000)
        var i = line.start
        while i < end, bytes[i] == 32 || bytes[i] == 9 { i += 1 }
        return i - line.start
    }
}

extension Token {
    /// The symbol that closes this bracket.
    var closing: Symbol {
        switch kind {
        case .symbol(.leftParenthesis): .rightParenthesis
        case .symbol(.leftBracket): .rightBracket
        default: .rightBrace
        }
    }

    /// True for what a brace with statements may follow; after anything else a brace begins a record.
    static func mayPrecedeBlock(_ kind: Kind) -> Bool {
        switch kind {
        case .symbol(let symbol): [.rightParenthesis, .rightBracket, .rightBrace, .arrow].contains(symbol)
        case .keyword(let keyword): [.else, .try, .catch, .true, .false, .none].contains(keyword)
        case .name, .number, .string, .broken: true
        case .newline, .end: false
        }
    }
}
