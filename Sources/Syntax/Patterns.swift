extension Parser {
    /// What `for` binds, up to and with `in`.
    mutating func loopPattern() throws(Panic) -> Pattern {
        let start = position
        let pattern = try pattern("a name after `for`")
        guard accept(.in) else {
            let text = source.text(tokens[start].span.joined(pattern.span))
            if at(.comma) {
                throw fail("expected `in` after `for \(text)`, found `,`", hint: "two names for the parts of an item: for [a, b] in pairs { … }")
            }
            throw fail("expected `in` after `for \(text)`, found \(found)", hint: "write for \(text) in xs, or in 0:10")
        }
        return pattern
    }

    /// A name, `[a, b, ...rest]` or `{id, image: t1}`.
    mutating func pattern(_ purpose: String) throws(Panic) -> Pattern {
        let pattern = try part(purpose)
        var seen: Set<String> = []
        for (name, span) in pattern.names where name != "_" && !seen.insert(name).inserted {
            throw fail("`\(name)` is bound twice", hint: "a part that is not wanted is called _", at: span)
        }
        return pattern
    }

    private mutating func part(_ purpose: String) throws(Panic) -> Pattern {
        switch current.kind {
        case .symbol(.leftBracket): return try nested { parser throws(Panic) in try parser.listPattern() }
        case .symbol(.leftBrace): return try nested { parser throws(Panic) in try parser.recordPattern() }
        default: break
        }
        let (name, span) = try expectName(purpose)
        return .name(name, span)
    }

    private mutating func restPattern(_ rest: Pattern.Rest?) throws(Panic) -> Pattern.Rest {
        if rest != nil { throw fail("two `...` in one pattern", hint: "one name takes the rest") }
        advance()
        let (name, span) = try expectName("the name that takes the rest after `...`")
        return Pattern.Rest(name: name, span: span)
    }

    private mutating func listPattern() throws(Panic) -> Pattern {
        let start = current.span.start
        advance()
        var before: [Pattern] = [], after: [Pattern] = [], rest: Pattern.Rest?
        while !at(.rightBracket) {
            if at(.ellipsis) {
                rest = try restPattern(rest)
            } else if rest == nil {
                before.append(try part("a name for an item"))
            } else {
                after.append(try part("a name for an item"))
            }
            if !accept(.comma) { break }
        }
        try expect(.rightBracket, "to close the pattern", hint: "the parts of a list are bound with [a, b] = xs")
        if before.isEmpty, after.isEmpty, rest == nil { throw fail("a pattern without names", at: span(from: start)) }
        return .list(before, rest: rest, after: after, span(from: start))
    }

    private mutating func recordPattern() throws(Panic) -> Pattern {
        let start = current.span.start
        advance()
        var fields: [Pattern.Field] = [], rest: Pattern.Rest?
        skipNewlines()
        while !at(.rightBrace) {
            if at(.ellipsis) {
                rest = try restPattern(rest)
            } else {
                if rest != nil { throw fail("`...` stands last in a record's pattern") }
                fields.append(try fieldPattern())
            }
            skipNewlines()
            if !accept(.comma) { break }
            skipNewlines()
        }
        try expect(.rightBrace, "to close the pattern", hint: "the fields of a record are bound with {id, image: t1} = r")
        if fields.isEmpty, rest == nil { throw fail("a pattern without names", at: span(from: start)) }
        return .record(fields, rest: rest, span(from: start))
    }

    /// `id`, `image: t1` or `"two words": x`.
    private mutating func fieldPattern() throws(Panic) -> Pattern.Field {
        let token = current
        let name: String, nameSpan: Span
        if case .string(let parts) = token.kind {
            guard let text = plainText(parts) else { throw fail("a field's name cannot hold an expression", at: token.span) }
            advance()
            (name, nameSpan) = (text, token.span)
        } else {
            (name, nameSpan) = try fieldName("a field's name")
        }
        if accept(.colon) {
            skipNewlines()
            return .init(name: name, nameSpan: nameSpan, pattern: try part("a name after `\(name):`"))
        }
        guard case .name = token.kind else {
            throw fail("the field `\(name)` needs a name to be bound to", hint: "write \(source.text(token.span)): name", at: nameSpan)
        }
        return .init(name: name, nameSpan: nameSpan, pattern: .name(name, nameSpan))
    }

    /// The text of a string without expressions; nil for others.
    func plainText(_ parts: [StringPart]) -> String? {
        var text = ""
        for part in parts {
            guard case .text(let piece) = part else { return nil }
            text += piece
        }
        return text
    }
}
