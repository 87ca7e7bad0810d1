/// Turns tokens into a tree by recursive descent. A mistake ends its statement; parsing goes on with the next, so that
/// one run reports them all.
public struct Parser {
    let source: Source
    var tokens: [Token]
    var position = 0
    var diagnostics: [Diagnostic] = []
    var depth = 0
    /// Where brackets went beyond `deepest` for the first time.
    var tooDeep: Int?
    /// What the last token stands for.
    var ending = "the end of the text"
    /// Names in statements that were given up.
    var doubtful: Set<String> = []
    /// Asked now and then: once it is true, the rest of the text is left.
    let isStopped: () -> Bool

    /// How deep brackets, blocks and prefix operators may be nested: what a thread's stack carries with room to spare.
    public static let deepest = 400
    /// The height of a tree, which chains such as a sum of very many terms build without nesting.
    public static let highest = 5_000
    /// The mistakes of a text that are told.
    public static let mostDiagnostics = 20

    /// Thrown after a report, up to the statement that it spoils.
    struct Panic: Error {}

    init(_ source: Source, tokens: [Token], depth: Int = 0, isStopped: @escaping () -> Bool = { false }) {
        self.source = source
        self.tokens = tokens
        self.depth = depth
        self.isStopped = isStopped
    }

    /// What a text holds, mistakes or not.
    public struct Survey: Sendable {
        /// The statements that could be parsed.
        public let script: Script
        /// What was wrong with the others, in the order of the text.
        public let mistakes: [Diagnostic]
        /// The names in the others, which may have been bound there.
        public let doubtful: Set<String>
        /// Where the brackets begin that were never closed, and were closed by guess.
        public let unclosed: Set<Int>

        /// That of an empty text.
        public static var nothing: Survey { Parser.survey(Source(name: "", text: "")) }
    }

    /// Throws `SyntaxErrors` with all mistakes, in the order of the text.
    public static func parse(_ source: Source) throws(SyntaxErrors) -> Script {
        let survey = survey(source)
        if !survey.mistakes.isEmpty { throw SyntaxErrors(survey.mistakes) }
        return survey.script
    }

    /// The statements of a text that are right, and the mistakes of the others.
    ///
    /// `isStopped` is asked now and then. Once it is true the rest of the text is left, and what is given means nothing.
    public static func survey(_ source: Source, isStopped: @escaping () -> Bool = { false }) -> Survey {
        let lexer = Lexer.scan(source, isStopped: isStopped)
        var parser = Parser(source, tokens: lexer.tokens, isStopped: isStopped)
        let statements = parser.statements(untilBrace: false)
        let script = Script(source: source, statements: statements, isSilenced: parser.endsInSemicolon)
        if lexer.diagnostics.isEmpty, parser.diagnostics.isEmpty { return Survey(script: script, mistakes: [], doubtful: [], unclosed: []) }
        return survey(source, again: Recovery(unclosed: Set(lexer.unclosed + lexer.repairs.map(\.opening))), isStopped)
    }

    /// The second reading, of a text with mistakes.
    private static func survey(_ source: Source, again recovery: Recovery, _ isStopped: @escaping () -> Bool) -> Survey {
        let lexer = Lexer.scan(source, recovery, isStopped: isStopped)
        var parser = Parser(source, tokens: lexer.tokens, isStopped: isStopped)
        let statements = parser.statements(untilBrace: false)
        // What the lexer has told is not told again, nor what comes of it on the line of a bracket that it closed.
        let told = Set(lexer.diagnostics.map(\.span.start) + lexer.repairs.map(\.closing))
        let spoilt = lexer.repairs.map { Span($0.opening, min($0.closing, source.lineSpan(source.lineIndex(at: $0.opening)).end)) }
        // Of a thousand open brackets it says nothing that each is open.
        let tooDeep = parser.tooDeep ?? .max
        let found = lexer.diagnostics.filter { $0.span.start <= tooDeep } + parser.diagnostics.filter { mistake in
            let place = mistake.span.start
            return place == tooDeep || !told.contains(place) && !spoilt.contains { $0.start < place && place <= $0.end }
        }
        let script = Script(source: source, statements: statements, isSilenced: parser.endsInSemicolon)
        let mistakes = Array(found.inTextOrder.prefix(mostDiagnostics))
        return Survey(
            script: script, mistakes: mistakes, doubtful: parser.doubtful.union(lexer.namesInRepairs), unclosed: Set(lexer.repairs.map(\.opening)))
    }

    /// True when a text merely lacks its end: a bracket or block is open, or an operator stands last.
    public static func isIncomplete(_ source: Source) -> Bool {
        let lexer = Lexer.scan(source)
        var parser = Parser(source, tokens: lexer.tokens)
        _ = parser.statements(untilBrace: false)
        // Later lines are taken for the inside of an open `(` or `[`, so what is wrong with them says nothing yet.
        let first = lexer.unclosed.filter { source.bytes[$0] != UInt8(ascii: "{") }.min()
        let inside = first.map { source.lineSpan(source.lineIndex(at: $0)).end } ?? .max
        let told = Set(lexer.diagnostics.map(\.span.start))
        let mistakes = lexer.diagnostics + parser.diagnostics.filter {
            (lexer.unclosed.isEmpty || !$0.isIncomplete && $0.span.start < inside) && !told.contains($0.span.start)
        }
        return !mistakes.isEmpty && mistakes.allSatisfy(\.isIncomplete)
    }

    private var endsInSemicolon: Bool {
        let last = tokens.dropLast().last { if case .newline = $0.kind { false } else { true } }
        if case .symbol(.semicolon)? = last?.kind { return true }
        return false
    }

    static func names(in tokens: ArraySlice<Token>) -> [String] {
        tokens.compactMap { if case .name(let name) = $0.kind { name } else { nil } }
    }

    // MARK: - Tokens

    var current: Token { tokens[position] }
    var next: Token { tokens[min(position + 1, tokens.count - 1)] }
    var previousEnd: Int { position > 0 ? tokens[position - 1].span.end : 0 }

    mutating func advance() {
        if position < tokens.count - 1 { position += 1 }
        if position & 4095 == 0, isStopped() { position = tokens.count - 1 }
    }

    func at(_ symbol: Symbol) -> Bool {
        if case .symbol(symbol) = current.kind { true } else { false }
    }

    func at(_ keyword: Keyword) -> Bool {
        if case .keyword(keyword) = current.kind { true } else { false }
    }

    func isNext(_ symbol: Symbol) -> Bool {
        if case .symbol(symbol) = next.kind { true } else { false }
    }

    var atNewline: Bool { if case .newline = current.kind { true } else { false } }
    var atEnd: Bool { if case .end = current.kind { true } else { false } }

    mutating func accept(_ symbol: Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func accept(_ keyword: Keyword) -> Bool {
        guard at(keyword) else { return false }
        advance()
        return true
    }

    mutating func skipNewlines() { while atNewline { advance() } }

    func span(from start: Int) -> Span { Span(start, max(start, previousEnd)) }

    // MARK: - Mistakes

    /// Reports and throws. Broken tokens have been reported by the lexer.
    func panic(_ message: String, hint: String? = nil, at span: Span? = nil, into diagnostics: inout [Diagnostic]) -> Panic {
        if case .broken = current.kind, span == nil { return Panic() }
        let place = span ?? current.span
        // At the end of a line or of the text the caret stands after the last thing written.
        let shown = (atEnd || atNewline) && span == nil ? Span(previousEnd, previousEnd + 1) : place
        if diagnostics.count < 100 {
            diagnostics.append(Diagnostic(message, hint: hint, source: source, span: shown, isIncomplete: atEnd && span == nil))
        }
        return Panic()
    }

    mutating func fail(_ message: String, hint: String? = nil, at span: Span? = nil) -> Panic {
        panic(message, hint: hint, at: span, into: &diagnostics)
    }

    /// What stands here, in words.
    var found: String {
        switch current.kind {
        case .name(let name): "the name `\(name)`"
        case .number: "the number \(source.text(current.span))"
        case .string: "a string"
        case .keyword(let word): "`\(word.rawValue)`"
        case .symbol(let symbol): "`\(symbol.rawValue)`"
        case .newline: "the end of the line"
        case .end: ending
        case .broken: "`\(source.text(current.span))`"
        }
    }

    mutating func expect(_ symbol: Symbol, _ purpose: String, hint: String? = nil) throws(Panic) {
        if accept(symbol) { return }
        throw fail("expected `\(symbol.rawValue)` \(purpose), found \(found)", hint: hint)
    }

    mutating func expectName(_ purpose: String) throws(Panic) -> (name: String, span: Span) {
        guard case .name(let name) = current.kind else {
            var hint: String?
            if case .keyword(let word) = current.kind { hint = "`\(word.rawValue)` is a word of the language; choose another name" }
            throw fail("expected \(purpose), found \(found)", hint: hint)
        }
        let span = current.span
        advance()
        return (name, span)
    }

    /// Guards a recursion of the parser.
    mutating func nested<T>(_ body: (inout Parser) throws(Panic) -> T) throws(Panic) -> T {
        guard depth < Parser.deepest else {
            tooDeep = tooDeep ?? current.span.start
            throw fail("nested too deeply: more than \(Parser.deepest) levels", hint: "give parts names of their own", at: current.span)
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    mutating func make(_ kind: Expression.Kind, from start: Int, over children: Expression...) throws(Panic) -> Expression {
        try make(kind, span(from: start), over: children)
    }

    mutating func make(_ kind: Expression.Kind, _ span: Span, over children: [Expression]) throws(Panic) -> Expression {
        var height = 0
        for child in children { height = max(height, child.height) }
        guard height < Parser.highest else {
            throw fail(
                "the expression is too long: more than \(Parser.highest) steps in one chain", hint: "give parts names of their own",
                at: Span(span.start, span.start + 1))
        }
        return Expression(kind, span, height: height + 1)
    }
}
