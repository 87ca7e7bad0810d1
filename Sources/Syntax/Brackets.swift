extension Parser {
    mutating func group() throws(Panic) -> Expression {
        let start = current.span.start
        advance()
        if at(.rightParenthesis) {
            throw fail("nothing between the parentheses", hint: "a value that is nothing is `none`", at: Span(start, current.span.end))
        }
        let inner = try expression()
        if at(.comma) { throw fail("expected `)`, found `,`", hint: "a list is written [a, b]; a lambda of two (a, b) -> …") }
        try expect(.rightParenthesis, "to close the `(`")
        return try make(.group(inner), from: start, over: inner)
    }

    mutating func list() throws(Panic) -> Expression {
        let start = current.span.start
        advance()
        if accept(.rightBracket) { return Expression(.list([]), span(from: start)) }
        let first = try spreadOrExpression()
        if at(.for) {
            if case .spread = first.kind {
                throw fail("a comprehension gives one item a turn", hint: "write flatten([… for x in xs])", at: first.span)
            }
            return try comprehension(first, from: start)
        }
        var items = [first]
        while accept(.comma), !at(.rightBracket) { items.append(try spreadOrExpression()) }
        let hint = at(.if) ? "the condition stands last: [f(x) for x in xs if c]" : "items are parted by commas"
        try expect(.rightBracket, "to close the list", hint: hint)
        return try make(.list(items), span(from: start), over: items)
    }

    /// `...xs`, whose items are meant, or one value.
    private mutating func spreadOrExpression() throws(Panic) -> Expression {
        guard at(.ellipsis) else { return try expression() }
        let start = current.span.start
        advance()
        let inner = try expression()
        return try make(.spread(inner), from: start, over: inner)
    }

    private mutating func comprehension(_ element: Expression, from start: Int) throws(Panic) -> Expression {
        var clauses: [Clause] = []
        var children = [element]
        while true {
            if accept(.for) {
                let pattern = try loopPattern()
                let sequence = try expression()
                clauses.append(.each(pattern, sequence))
                children.append(sequence)
            } else if accept(.if) {
                let condition = try expression()
                clauses.append(.filter(condition))
                children.append(condition)
            } else {
                break
            }
        }
        try expect(.rightBracket, "to close the list")
        return try make(.comprehension(element, clauses), span(from: start), over: children)
    }

    mutating func record() throws(Panic) -> Expression {
        let start = current.span.start
        advance()
        skipNewlines()
        var fields: [FieldNode] = []
        while !at(.rightBrace) {
            if at(.ellipsis) {
                let whole = try spreadOrExpression()
                guard case .spread(let inner) = whole.kind else { break }
                fields.append(FieldNode(name: nil, nameSpan: whole.span, value: inner))
                skipNewlines()
                if !accept(.comma) { break }
                skipNewlines()
                continue
            }
            let name: String, nameSpan: Span
            if case .string(let parts) = current.kind {
                nameSpan = current.span
                guard let text = plainText(parts) else { throw fail("a field's name cannot hold an expression", at: current.span) }
                advance()
                name = text
            } else {
                (name, nameSpan) = try fieldName("a field's name in the record")
            }
            if fields.contains(where: { $0.name == name }) { throw fail("two fields are called `\(name)`", at: nameSpan) }
            skipNewlines()
            guard accept(.colon) else {
                throw fail(
                    "expected `:` after the field's name `\(name)`, found \(found)",
                    hint: at(.assign) || at(.comma) || at(.rightBrace)
                        ? "a record is written {name: value}"
                        : "a `{` here begins a record {name: value}; blocks follow if, for, while, fn and ->")
            }
            skipNewlines()
            fields.append(FieldNode(name: name, nameSpan: nameSpan, value: try expression()))
            skipNewlines()
            if !accept(.comma) { break }
            skipNewlines()
        }
        let hint = at(.for) ? "a record is made of names and values by record([[k, v] for …])" : "fields are parted by commas"
        try expect(.rightBrace, "to close the record", hint: hint)
        return try make(.record(fields), span(from: start), over: fields.map(\.value))
    }

    /// Arguments from `(` to past `)`: positional, then named.
    mutating func argumentList() throws(Panic) -> [ArgumentNode] {
        advance()
        var out: [ArgumentNode] = []
        while !at(.rightParenthesis) {
            let start = current.span.start
            if case .name(let name) = current.kind, isNext(.assign) {
                if out.contains(where: { $0.name == name }) { throw fail("`\(name)` is given twice") }
                advance()
                advance()
                let value = try expression()
                out.append(ArgumentNode(name: name, value: value, span: span(from: start)))
            } else {
                let value = try spreadOrExpression()
                if let last = out.last, let name = last.name {
                    throw fail("a positional argument after the named `\(name)`", hint: "positional arguments come first", at: value.span)
                }
                out.append(ArgumentNode(name: nil, value: value, span: value.span))
            }
            if !accept(.comma) { break }
        }
        try expect(
            .rightParenthesis, "to close the call",
            hint: at(.colon) ? "named arguments are written name=value" : "arguments are parted by commas")
        return out
    }

    /// Places from `[` to past `]`.
    mutating func indexList() throws(Panic) -> [IndexNode] {
        let open = current.span
        advance()
        var out: [IndexNode] = []
        while !at(.rightBracket) {
            let start = current.span.start
            if at(.ellipsis) {
                if out.contains(where: { if case .ellipsis = $0 { true } else { false } }) { throw fail("two `…` in one index") }
                advance()
                out.append(.ellipsis(span(from: start)))
            } else if accept(.colon) {
                if at(.comma) || at(.rightBracket) {
                    out.append(.slice(nil, nil, span(from: start)))
                } else {
                    let end = try binary(8)
                    out.append(.slice(nil, end, span(from: start)))
                }
            } else {
                let value = try expression()
                if accept(.colon) {
                    out.append(.slice(value, nil, span(from: start)))
                } else if case .range(let from, let to) = value.kind {
                    out.append(.slice(from, to, value.span))
                } else {
                    out.append(.at(value))
                }
            }
            if !accept(.comma) { break }
        }
        try expect(.rightBracket, "to close the index", hint: "places are parted by commas")
        if out.isEmpty { throw fail("nothing between the brackets", hint: "write x[0] or x[:, :, 3]", at: Span(open.start, previousEnd)) }
        return out
    }

    mutating func string(_ parts: [StringPart]) throws(Panic) -> Expression {
        let span = current.span
        advance()
        var pieces: [TextPiece] = []
        var children: [Expression] = []
        for part in parts {
            switch part {
            case .text(let text): pieces.append(.text(text))
            case .code(let tokens, let format, let codeSpan):
                var inner = Parser(source, tokens: tokens, depth: depth, isStopped: isStopped)
                inner.ending = format == nil ? "`}`" : "`:`"
                defer { diagnostics += inner.diagnostics }
                let value = try inner.interpolated(codeSpan)
                pieces.append(.value(value, format))
                children.append(value)
            }
        }
        return try make(.string(pieces), span, over: children)
    }

    /// The one expression between the braces of a string. Its end is not the end of the text, so nothing here is incomplete.
    private mutating func interpolated(_ span: Span) throws(Panic) -> Expression {
        do throws(Panic) {
            let value = try expression()
            if !atEnd { throw fail("expected `}` after the expression, found \(found)", hint: "write {{ or \\{ for a brace") }
            return value
        } catch {
            diagnostics = diagnostics.map { Diagnostic($0.message, hint: $0.hint, source: $0.source, span: $0.span) }
            throw error
        }
    }
}
