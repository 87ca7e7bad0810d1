extension Parser {
    /// Statements up to `}` or the end.
    mutating func statements(untilBrace: Bool) -> [Expression] {
        var out: [Expression] = []
        while true {
            while atNewline || at(.semicolon) { advance() }
            if atEnd || isStopped() { return out }
            if at(.rightBrace) {
                if untilBrace { return out }
                advance()
                continue
            }
            let start = position
            do {
                out.append(try nested { parser throws(Panic) in try parser.statement() })
                try endOfStatement(after: out[out.count - 1])
            } catch {
                recover(from: start)
            }
        }
    }

    /// Skips the rest of a broken statement, brackets within it as wholes. Blocks that were not reached are looked at for mistakes of their own.
    private mutating func recover(from start: Int) {
        let reached = position
        position = start
        while !atEnd {
            if position > start || reached == start {
                if atNewline || at(.semicolon) { break }
                if at(.rightBrace), position > start { break }
            }
            if position >= reached, position > 0, beginsBlock {
                let end = position + current.partner
                advance()
                depth += 1
                _ = statements(untilBrace: true)
                depth -= 1
                position = end
            }
            // Past the closing bracket, which belongs to the statement; but into what was being read when the mistake was found.
            let isUnread = position < reached && position + current.partner > reached && !at(.leftBrace)
            position = min(position + (isUnread ? 0 : current.partner) + 1, tokens.count - 1)
        }
        doubtful.formUnion(Parser.names(in: tokens[start..<position]))
    }

    /// True at a brace with statements in it.
    private var beginsBlock: Bool {
        guard at(.leftBrace), current.partner > 0, depth < Parser.deepest - 1 else { return false }
        return Token.mayPrecedeBlock(tokens[position - 1].kind) && !looksLikeRecord(position + 1)
    }

    private mutating func endOfStatement(after statement: Expression) throws(Panic) {
        if atNewline || atEnd || at(.semicolon) || at(.rightBrace) { return }
        if at(.assign), isNext(.greater), next.span.start == current.span.end {
            throw fail(
                "`=>` has no meaning here", hint: "a function without a name is written x -> …; at least is >=",
                at: Span(current.span.start, next.span.end))
        }
        if at(.assign) {
            switch statement.kind {
            case .index, .field:
                throw fail(
                    "only a name can be bound, or one item of a name's list or record: xs[i] = x, r[\"field\"] = x",
                    hint: "make a new value and bind it to a name", at: statement.span)
            case .binary(_, _, _, let span):
                throw fail("only a name can be bound; found an operator", hint: "x += 1 is written x = x + 1; a comparison is ==", at: span)
            case .call(let callee, _):
                guard case .name(let name) = callee.kind else { break }
                throw fail("only a name can be bound", hint: "a function is written fn \(name)(x) = …; a comparison is ==", at: statement.span)
            default: break
            }
            throw fail("only a name can be bound", hint: "a comparison is written ==", at: statement.span)
        }
        if let (word, hint, span) = strangeWord(after: statement) { throw fail("there is no word `\(word)`", hint: hint, at: span) }
        throw fail("expected the end of the statement, found \(found)", hint: hint(after: statement))
    }

    /// What people of other languages may have meant.
    private func hint(after statement: Expression) -> String? {
        if at(.arrow) { return "a lambda inside an expression needs parentheses: (v -> …)" }
        if at(.colon) { return "ranges are start:end, with numbers on both sides" }
        if at(.comma), case .name = statement.kind { return "several names are bound with [a, b] = …; a list is written [a, b]" }
        if at(.pipe) || at(.comma) { return "a list is written [a, b]" }
        if at(.in) || at(.not) { return "whether a list has an item is asked with contains(xs, x)" }
        if at(.if) { return "an `if` stands before both values: if c { a } else { b }" }
        if case .name("is") = current.kind { return "a comparison is written ==" }
        if case .string = current.kind, case .string = statement.kind { return "texts are joined with +" }
        if case .name(let word) = called(statement).kind, word == "print" { return "write print(…)" }
        if case .symbol = current.kind { return "after a pipe, an operator needs parentheses around the whole pipe" }
        return "statements end at the line's end or with `;`"
    }

    private mutating func statement() throws(Panic) -> Expression {
        let start = current.span.start
        switch current.kind {
        case .keyword(let keyword):
            switch keyword {
            case .fn: return try definition()
            case .for: return try forLoop()
            case .while:
                advance()
                let condition = try self.condition("while")
                let body = try block("after the condition")
                return try make(.whileLoop(condition, body: body), from: start, over: condition, body)
            case .break:
                advance()
                return Expression(.breakLoop, span(from: start))
            case .continue:
                advance()
                return Expression(.continueLoop, span(from: start))
            case .return:
                advance()
                if atNewline || atEnd || at(.semicolon) || at(.rightBrace) {
                    return Expression(.returnValue(nil), span(from: start))
                }
                let value = try expression()
                return try make(.returnValue(value), from: start, over: value)
            case .import: return try importFile()
            default: break
            }
        case .name(let name) where isNext(.assign):
            let nameSpan = current.span
            advance()
            advance()
            let value = try expression()
            return try make(.bind(name, nameSpan: nameSpan, value), from: start, over: value)
        case .symbol(.leftBracket), .symbol(.leftBrace):
            if isBound { return try unpacking() }
        default: break
        }
        let value = try expression()
        if at(.assign), case .index(let base, let places) = value.kind, case .name(let name) = base.kind, places.count == 1,
            case .at(let place) = places[0]
        {
            advance()
            let item = try expression()
            return try make(.bindItem(name, nameSpan: base.span, place: place, item), from: start, over: place, item)
        }
        return value
    }

    /// True where `=` follows the closing bracket.
    private var isBound: Bool {
        let after = position + current.partner + 1
        guard current.partner > 0, after < tokens.count, case .symbol(.assign) = tokens[after].kind else { return false }
        return true
    }

    /// `[a, b] = value`, `{id, image: t1} = value`.
    private mutating func unpacking() throws(Panic) -> Expression {
        let start = current.span.start
        let pattern = try pattern("a name")
        try expect(.assign, "after what is bound")
        let value = try expression()
        return try make(.unpack(pattern, value), from: start, over: value)
    }

    private mutating func forLoop() throws(Panic) -> Expression {
        let start = current.span.start
        advance()
        let pattern = try loopPattern()
        let sequence = try expression()
        let body = try block("after what the loop goes over")
        return try make(.forLoop(pattern, sequence, body: body), from: start, over: sequence, body)
    }

    private mutating func importFile() throws(Panic) -> Expression {
        let start = current.span.start
        advance()
        guard case .string(let parts) = current.kind else {
            throw fail("expected a file name in quotes after `import`, found \(found)", hint: "write import \"lib.ss\"")
        }
        guard let path = plainText(parts) else { throw fail("an imported file's name cannot hold an expression", at: current.span) }
        if path.isEmpty { throw fail("an imported file's name is empty", at: current.span) }
        advance()
        return Expression(.importFile(path), span(from: start))
    }

    private mutating func definition() throws(Panic) -> Expression {
        let start = current.span.start, doc = current.doc
        advance()
        if at(.leftParenthesis) {
            throw fail("expected a name after `fn`, found `(`", hint: "a function without a name is written (a, b) -> a + b")
        }
        let (name, nameSpan) = try expectName("a name after `fn`")
        guard at(.leftParenthesis) else { throw fail("expected `(` after `fn \(name)`, found \(found)") }
        let parameters = try parameterList()
        let body: Expression
        if accept(.assign) {
            body = try expression()
        } else if at(.leftBrace) || braceFollows {
            body = try block("after the parameters of \(name)")
        } else {
            throw fail(
                "expected `=` or `{` after the parameters of \(name), found \(found)",
                hint: "write fn \(name)(x) = x + 1 or fn \(name)(x) { … }")
        }
        let node = FunctionNode(name: name, nameSpan: nameSpan, parameters: parameters, body: body, span: span(from: start), doc: doc)
        return try make(.define(node), span(from: start), over: [body] + parameters.compactMap(\.fallback))
    }

    /// A parameter's name, or the names for its parts.
    private mutating func parameter(isRest: Bool) throws(Panic) -> Pattern {
        if isRest || !at(.leftBracket) && !at(.leftBrace) {
            let (name, span) = try expectName("a parameter's name")
            return .name(name, span)
        }
        return try pattern("a parameter's name")
    }

    /// `(a, [b, c], k=2, ...more)`, from `(` to past `)`.
    mutating func parameterList() throws(Panic) -> [FunctionNode.Parameter] {
        try expect(.leftParenthesis, "before the parameters")
        var out: [FunctionNode.Parameter] = []
        while !at(.rightParenthesis) {
            let isRest = accept(.ellipsis)
            let pattern = try self.parameter(isRest: isRest)
            for (name, span) in pattern.names where name != "_" || pattern.isName {
                if out.contains(where: { $0.pattern.names.contains { $0.name == name } }) {
                    throw fail("two parameters are called `\(name)`", at: span)
                }
            }
            let name = source.text(pattern.span)
            if !pattern.isName, let rest = out.first(where: \.isRest) {
                throw fail("what follows `...\(rest.name)` is given by name, and `\(name)` has none", at: pattern.span)
            }
            var fallback: Expression?
            if isRest {
                if out.contains(where: \.isRest) { throw fail("two parameters take the rest", at: pattern.span) }
                if at(.assign) { throw fail("`...\(name)` has no default: without further arguments it is an empty list") }
            } else if accept(.assign) {
                fallback = try expression()
            } else if let last = out.last, last.fallback != nil, !out.contains(where: \.isRest) {
                throw fail("`\(name)` needs a default, since `\(last.name)` before it has one", at: pattern.span)
            }
            out.append(.init(name: name, pattern: pattern, fallback: fallback, isRest: isRest))
            if !accept(.comma) { break }
        }
        try expect(.rightParenthesis, "after the parameters")
        return out
    }

    /// What stands before the block of `if` and `while`.
    mutating func condition(_ word: String) throws(Panic) -> Expression {
        if at(.leftBrace), current.partner > 0 {
            // A brace with nothing behind it is the block.
            switch tokens[min(position + current.partner + 1, tokens.count - 1)].kind {
            case .newline, .end, .symbol(.semicolon), .symbol(.rightBrace), .keyword(.else):
                throw fail("expected a condition after `\(word)`, found `{`")
            default: break
            }
        }
        let condition = try expression()
        if at(.assign) { throw fail("expected `{` after the condition, found `=`", hint: "a comparison is written ==") }
        return condition
    }

    /// `{ statements }`.
    mutating func block(_ place: String) throws(Panic) -> Expression {
        let start = current.span.start
        if !at(.leftBrace) {
            let isBelow = braceFollows
            let hint = at(.assign) ? "a comparison is written ==" : isBelow ? "the `{` stands on this line" : "what is done stands in braces: { … }"
            let panic = fail("expected `{` \(place), found \(found)", hint: hint)
            if !isBelow { throw panic }
            skipNewlines()
        }
        advance()
        let first = position
        let before = diagnostics.count
        let body = try nested { parser throws(Panic) in parser.statements(untilBrace: true) }
        if looksLikeRecord(first) {
            diagnostics.removeSubrange(before...)
            throw fail(
                "a `{` here begins a block, not a record", hint: "put the record in parentheses: ({name: value}); so too a range: (a:b)",
                at: Span(start, start + 1))
        }
        try expect(.rightBrace, "at the end of the block")
        return try make(.block(body), span(from: start), over: body)
    }

    /// True at the end of a line where the next one begins with `{`.
    private var braceFollows: Bool {
        guard atNewline else { return false }
        let next = tokens[position...].first { if case .newline = $0.kind { false } else { true } }
        if case .symbol(.leftBrace)? = next?.kind { return true }
        return false
    }

    private func looksLikeRecord(_ first: Int) -> Bool {
        var i = first
        while i < tokens.count - 1, case .newline = tokens[i].kind { i += 1 }
        guard i + 1 < tokens.count, case .symbol(.colon) = tokens[i + 1].kind else { return false }
        switch tokens[i].kind {
        case .name, .string: return true
        default: return false
        }
    }
}
