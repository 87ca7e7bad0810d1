/// Turns a text into tokens. Never stops at a mistake: it reports it and goes on, so that one run finds them all.
///
/// Newlines count only outside of `(` and `[`, and not after an operator, a comma or an opening bracket, nor before `|>`.
struct Lexer {
    let source: Source
    let bytes: [UInt8]
    var position: Int
    let limit: Int
    /// How many strings with interpolation enclose this text.
    let level: Int
    var tokens: [Token] = []
    var diagnostics: [Diagnostic] = []
    /// Indices of opening brackets that wait for their partner.
    var open: [Int] = []
    /// Set in the second reading of a text with mistakes.
    var recovery: Recovery?
    /// The brackets that were closed because nothing in the text does.
    var repairs: [Repair] = []
    /// The first brace that was closed by one further left than the line that opened it: what lacks a brace is likely to be in there.
    var askew: (opening: Int, closing: Int)?
    /// Set when strings are nested beyond `deepestString`; what encloses them has nothing to add.
    var isTooDeep = false
    var docLines: [String] = []

    /// Asked now and then: once it is true, the rest of the text is left.
    var isStopped: () -> Bool = { false }

    static let deepestString = 8

    /// Where the brackets begin that are never closed.
    var unclosed: [Int] { open.map { tokens[$0].span.start } }

    init(_ source: Source, from start: Int = 0, level: Int = 0) {
        self.source = source
        bytes = source.bytes
        position = start
        limit = source.bytes.count
        self.level = level
        if start == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// All tokens of the source, ending in `.end`, and what was wrong; of the part before `isStopped`, which is asked now and then, was true.
    static func scan(_ source: Source, _ recovery: Recovery? = nil, isStopped: @escaping () -> Bool = { false }) -> Lexer {
        var lexer = Lexer(source)
        lexer.recovery = recovery
        lexer.isStopped = isStopped
        lexer.read(stopAtFormat: false)
        lexer.finish()
        return lexer
    }

    /// Reads token after token, up to the end or until it is stopped.
    mutating func read(stopAtFormat: Bool) {
        var steps = 0
        while step(stopAtFormat: stopAtFormat) {
            steps += 1
            if steps & 4095 == 0, isStopped() { return }
        }
    }

    mutating func report(_ message: String, hint: String? = nil, _ span: Span, isIncomplete: Bool = false) {
        // A binary file has thousands of mistakes; the first few tell enough.
        guard diagnostics.count < 100 else { return }
        diagnostics.append(Diagnostic(message, hint: hint, source: source, span: span, isIncomplete: isIncomplete))
    }

    func peek(_ ahead: Int = 0) -> UInt8 { position + ahead < limit ? bytes[position + ahead] : 0 }

    mutating func add(_ kind: Token.Kind, from start: Int) { tokens.append(Token(kind, Span(start, position))) }

    private mutating func finish() {
        if recovery != nil {
            while !open.isEmpty { forget(at: tokens.count) }
        }
        for index in open.reversed() {
            let token = tokens[index]
            report("this `\(source.text(token.span))` is never closed", token.span, isIncomplete: true)
        }
        tokens.append(Token(.end, Span(limit, limit)))
    }

    /// Beyond what the parser takes, which tells the place.
    private static let mostOpen = 2 * Parser.deepest

    /// Reads one token. False at the end of the text, or in interpolated code at the `}` or `:` that ends it.
    mutating func step(stopAtFormat: Bool) -> Bool {
        // What stands within more brackets than any text may have open is not looked at, nor kept.
        guard position < limit, open.count < Self.mostOpen else { return false }
        let start = position
        let byte = bytes[position]
        if stopAtFormat, open.isEmpty, byte == UInt8(ascii: "}") || byte == UInt8(ascii: ":") { return false }
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            position += 1
        case UInt8(ascii: "\n"):
            if stopAtFormat { return false }
            position += 1
            newline(at: start)
        case UInt8(ascii: "#"):
            comment()
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            number()
        case UInt8(ascii: "\""):
            string()
        case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            word()
        case 0:
            position += 1
            report("a NUL byte in the text", hint: "is this a binary file?", Span(start, position))
        case 0x80...:
            beyondASCII()
        default:
            symbol()
        }
        return true
    }

    private mutating func newline(at start: Int) {
        // A blank line parts a comment from what follows.
        var before = start - 1
        while before >= 0, [32, 9, 13].contains(bytes[before]) { before -= 1 }
        if before < 0 || bytes[before] == 10 { docLines = [] }
        if let recovery {
            guard let ends = endsStatement(recovery) else { return }
            if ends { return add(.newline, from: start) }
        }
        if let last = open.last {
            if case .symbol(.leftBrace) = tokens[last].kind {} else { return }
        }
        switch tokens.last?.kind {
        case nil, .newline, .symbol(.semicolon): return
        case .symbol(let symbol) where symbol.continuesLine: return
        case .keyword(.and), .keyword(.or), .keyword(.not), .keyword(.in): return
        default: break
        }
        if pipeFollows() { return }
        add(.newline, from: start)
    }

    /// True when the next thing after blanks, line ends and comments is `|>`.
    private func pipeFollows() -> Bool {
        var i = position
        while i < limit {
            switch bytes[i] {
            case 32, 9, 10, 13: i += 1
            case UInt8(ascii: "#"): while i < limit, bytes[i] != 10 { i += 1 }
            case UInt8(ascii: "|"): return i + 1 < limit && bytes[i + 1] == UInt8(ascii: ">")
            default: return false
            }
        }
        return false
    }

    private mutating func comment() {
        let start = position
        while position < limit, bytes[position] != 10 { position += 1 }
        guard start + 1 < limit, bytes[start + 1] == UInt8(ascii: "#") else {
            docLines = []
            return
        }
        var line = Substring(source.text(Span(start, position)).drop { $0 == "#" })
        if line.first == " " { line.removeFirst() }
        while let last = line.last, last.isWhitespace { line.removeLast() }
        docLines.append(String(line))
    }

    private mutating func word() {
        let start = position
        var isASCII = true
        while position < limit {
            let byte = bytes[position]
            if byte >= 0x80 {
                guard let scalar = scalarHere(), Lexer.continuesName(scalar.scalar) else { break }
                isASCII = false
                position += scalar.length
            } else if byte == UInt8(ascii: "_") || (byte | 32) >= UInt8(ascii: "a") && (byte | 32) <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            {
                position += 1
            } else {
                break
            }
        }
        let text = source.text(Span(start, position))
        if isASCII, text.utf8.count <= 8, let keyword = Keyword(rawValue: text) {
            add(.keyword(keyword), from: start)
            if keyword == .fn, !docLines.isEmpty { tokens[tokens.count - 1].doc = docLines.joined(separator: "\n") }
        } else {
            add(.name(text), from: start)
        }
        docLines = []
    }

    private static func continuesName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.generalCategory == .nonspacingMark
    }

    private func scalarHere() -> (scalar: Unicode.Scalar, length: Int)? {
        let first = peek()
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard position + length <= limit else { return nil }
        return String(decoding: bytes[position..<position + length], as: UTF8.self).unicodeScalars.first.map { ($0, length) }
    }

    private mutating func number() {
        let start = position
        docLines = []
        func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        while isDigit(peek()) { position += 1 }
        if peek() == UInt8(ascii: "."), isDigit(peek(1)) {
            position += 1
            while isDigit(peek()) { position += 1 }
        }
        if peek() | 32 == UInt8(ascii: "e") {
            let sign = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 1 : 0
            if isDigit(peek(1 + sign)) {
                position += 2 + sign
                while isDigit(peek()) { position += 1 }
            }
        }
        let text = source.text(Span(start, position))
        let value = Double(text) ?? .infinity
        if value.isInfinite { report("the number is too large: at most 1.8e308", Span(start, position)) }
        let next = peek()
        if next == UInt8(ascii: "_") || (next | 32) >= UInt8(ascii: "a") && (next | 32) <= UInt8(ascii: "z") {
            while position < limit,
                bytes[position] == UInt8(ascii: "_") || isDigit(bytes[position])
                    || (bytes[position] | 32) >= UInt8(ascii: "a") && (bytes[position] | 32) <= UInt8(ascii: "z")
            { position += 1 }
            let word = source.text(Span(start, position))
            report("`\(word)` is neither a number nor a name", hint: plainNumber(word), Span(start, position))
            add(.broken, from: start)
            return
        }
        add(.number(value), from: start)
    }

    /// What to write for a word that begins with a digit.
    private func plainNumber(_ word: String) -> String {
        let digits = word.filter { $0 != "_" }
        let prefix = word.prefix(2).lowercased(), base = ["0x": 16, "0b": 2, "0o": 8][prefix]
        if let base, let number = Int(digits.dropFirst(2), radix: base) { return "numbers are decimal: \(number)" }
        if digits != word, base == nil, Double(digits) != nil { return "write \(digits)" }
        if digits.last?.lowercased() == "e", Double(digits.dropLast()) != nil { return "the exponent is missing, as in 1e3" }
        return "a name begins with a letter; a product is written with *"
    }

    private mutating func beyondASCII() {
        let start = position
        guard let (scalar, length) = scalarHere() else {
            position = limit
            report("the text ends within a character", Span(start, limit))
            return
        }
        if scalar == "…" {
            position += length
            add(.symbol(.ellipsis), from: start)
        } else if Lexer.continuesName(scalar) {
            word()
        } else if scalar.properties.isWhitespace || scalar == "\u{FEFF}" || scalar == "\u{200B}" {
            position += length
        } else {
            position += length
            let plain: [Unicode.Scalar: String] = [
                "“": "\"", "”": "\"", "„": "\"", "‘": "\"", "’": "\"", "−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "≤": "<=",
                "≥": ">=", "≠": "!=", "→": "->",
            ]
            let partners: [Unicode.Scalar: Character] = ["“": "”", "„": "”", "‘": "’"]
            if let partner = partners[scalar] {
                let skipped = source.text(Span(position, min(limit, position + 1000)))
                if let end = skipped.firstIndex(where: { $0 == partner || $0 == "\n" }), skipped[end] == partner { position += skipped[...end].utf8.count }
            }
            report("`\(scalar)` has no meaning here", hint: plain[scalar].map { "write \($0)" }, Span(start, position))
            add(.broken, from: start)
        }
    }

    private mutating func symbol() {
        let start = position
        docLines = []
        guard let symbol = match() else {
            position += 1
            let plain: [UInt8: String] = [
                UInt8(ascii: "'"): "strings are written in double quotes: \"text\"", UInt8(ascii: "!"): "write `not`, or `!=`",
                UInt8(ascii: "?"): "?name is for the prompt alone",
                UInt8(ascii: "\\"): "a line goes on after an operator, a comma or an open bracket",
            ]
            let byte = bytes[start]
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`"),
                let end = bytes[position..<min(limit, position + 1000)].firstIndex(where: { $0 == byte || $0 == 10 }), bytes[end] == byte
            {
                position = end + 1
            }
            let shown =
                byte < 32 || byte == 127
                ? "control character 0x" + String(byte, radix: 16) : byte == UInt8(ascii: "`") ? "a backtick" : "`\(Character(Unicode.Scalar(byte)))`"
            // Behind a value it is the choice of other languages.
            let isChoice = byte == UInt8(ascii: "?") && tokens.last.map { if case .newline = $0.kind { false } else { true } } ?? false
            let hint = isChoice ? "a choice is written if c { a } else { b }" : plain[byte]
            report("\(shown) has no meaning here", hint: hint, Span(start, position))
            add(.broken, from: start)
            return
        }
        position += symbol.rawValue.utf8.count
        add(.symbol(symbol), from: start)
        switch symbol {
        case .leftParenthesis, .leftBracket, .leftBrace: open.append(tokens.count - 1)
        case .rightParenthesis, .rightBracket, .rightBrace: close(symbol)
        default: break
        }
    }

    private func match() -> Symbol? {
        let first = peek(), second = peek(1)
        switch (first, second) {
        case (UInt8(ascii: "-"), UInt8(ascii: ">")): return .arrow
        case (UInt8(ascii: "|"), UInt8(ascii: ">")): return .pipe
        case (UInt8(ascii: "="), UInt8(ascii: "=")): return .equal
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): return .notEqual
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): return .lessOrEqual
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): return .greaterOrEqual
        case (UInt8(ascii: "."), UInt8(ascii: ".")) where peek(2) == UInt8(ascii: "."): return .ellipsis
        default: return Symbol(rawValue: String(Character(Unicode.Scalar(first))))
        }
    }

    private mutating func close(_ symbol: Symbol) {
        if let fits = open.lastIndex(where: { tokens[$0].closing == symbol }) {
            // What was opened after it was forgotten.
            while open.count > fits + 1 { forget(at: tokens.count - 1) }
            let opening = open.removeLast()
            tokens[opening].partner = tokens.count - 1 - opening
            if symbol == .rightBrace, askew == nil { noteIfAskew(opening) }
            return
        }
        let token = tokens[tokens.count - 1]
        tokens[tokens.count - 1] = Token(.broken, token.span)
        if let last = open.last, isMistakenEnd(of: last) { tokens[tokens.count - 1] = Token(.symbol(.rightBrace), token.span) }
        guard let last = open.last, !isBlock(last) || isMistakenEnd(of: last) else {
            return report("this `\(symbol.rawValue)` closes nothing", token.span)
        }
        // Of two brackets that do not fit each other the second is the wrong one.
        let line = source.lineIndex(at: tokens[last].span.start) + 1
        report("this `\(symbol.rawValue)` does not close the `\(source.text(tokens[last].span))` of line \(line)", token.span)
        open.removeLast()
        tokens[last].partner = tokens.count - 1 - last
    }

    /// True where a line that ends here begins a block which nothing closes: `fn f(x) { x )`.
    private func isMistakenEnd(of block: Int) -> Bool {
        let start = tokens[block].span.start, end = source.lineSpan(source.lineIndex(at: start)).end
        guard recovery?.unclosed.contains(start) ?? false, position <= end else { return false }
        return bytes[position..<end].allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    private mutating func noteIfAskew(_ opening: Int) {
        let opens = tokens[opening].span.start, closes = tokens[tokens.count - 1].span.start
        let indentation = indentation(of: closes)
        let line = source.lineSpan(source.lineIndex(at: closes)).start
        if line + indentation == closes, indentation < self.indentation(of: opens) { askew = (opens, closes) }
    }
}
