extension Lexer {
    /// A string on one line: escapes `\n \t \r \" \\ \{ \} \u{1F9E0}`, `{{` and `}}` for braces, `{expression:format}`.
    mutating func string() {
        let start = position
        docLines = []
        position += 1
        var parts: [StringPart] = []
        var text: [UInt8] = []
        func flush() {
            if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
            text = []
        }
        while true {
            guard position < limit, bytes[position] != 10 else {
                position = endOfBroken(from: start, to: position)
                // What is read again.
                diagnostics.removeAll { $0.span.start >= position }
                report(
                    "the string has no closing quote", hint: "a string ends on the line where it begins; \\n stands for a line end",
                    Span(start, position))
                break
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                break
            }
            switch byte {
            case UInt8(ascii: "\\"): escape(&text)
            case UInt8(ascii: "{") where peek(1) == UInt8(ascii: "{"), UInt8(ascii: "}") where peek(1) == UInt8(ascii: "}"):
                text.append(byte)
                position += 2
            case UInt8(ascii: "{"):
                flush()
                let (part, isClosed) = interpolation()
                if let part { parts.append(part) }
                if !isClosed {
                    // The rest of the line is lost; one report is enough.
                    while position < limit, bytes[position] != 10 { position += 1 }
                    position = endOfBroken(from: start, to: position)
                    add(.string(parts), from: start)
                    return
                }
            case UInt8(ascii: "}"):
                report("a lone `}` in a string", hint: "write }} or \\} for a brace", Span(position, position + 1))
                position += 1
            case 0:
                report("a NUL byte in the text", hint: "is this a binary file?", Span(position, position + 1))
                position += 1
            default:
                text.append(byte)
                position += 1
            }
        }
        flush()
        add(.string(parts), from: start)
    }

    /// Where a string ends that lacks its quote or a brace: before the brackets at the end of the line that close what is open, or at the end.
    private func endOfBroken(from start: Int, to end: Int) -> Int {
        let closers: [UInt8: Symbol] = [UInt8(ascii: ")"): .rightParenthesis, UInt8(ascii: "]"): .rightBracket, UInt8(ascii: "}"): .rightBrace]
        var first = end, found: [Symbol] = []
        for i in stride(from: end - 1, to: start, by: -1) {
            if bytes[i] == 32 || bytes[i] == 9 { continue }
            guard found.count < open.count, let closer = closers[bytes[i]] else { break }
            found.insert(closer, at: 0)
            if zip(found, open.reversed()).allSatisfy({ tokens[$1].closing == $0 }) { first = i }
        }
        return first
    }

    private mutating func escape(_ text: inout [UInt8]) {
        let start = position
        position += 1
        let byte = peek()
        if byte != 10, position < limit { position += 1 }
        switch byte {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "{"), UInt8(ascii: "}"): text.append(byte)
        case UInt8(ascii: "u") where peek() == UInt8(ascii: "{"):
            var end = position + 1
            while end < limit, end < position + 10, bytes[end] != UInt8(ascii: "}"), bytes[end] != 10, bytes[end] != UInt8(ascii: "\"") {
                end += 1
            }
            let digits = source.text(Span(position + 1, end))
            if end < limit, bytes[end] == UInt8(ascii: "}"), let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) {
                text.append(contentsOf: Array(String(Character(scalar)).utf8))
                position = end + 1
            } else {
                report("\\u needs the number of a character in braces, as in \\u{1F9E0}", Span(start, end))
                // Its brace is not one more mistake.
                position = end < limit && bytes[end] == UInt8(ascii: "}") ? end + 1 : end
            }
        default:
            while position < limit, bytes[position] & 0xC0 == 0x80 { position += 1 }
            report(
                "`\(source.text(Span(start, position)))` is no escape", hint: "there are \\n \\t \\r \\\" \\\\ \\{ \\} and \\u{…}",
                Span(start, position))
        }
    }

    /// From `{` to the `}` that ends it; no part when it was broken beyond use.
    private mutating func interpolation() -> (part: StringPart?, isClosed: Bool) {
        let start = position
        position += 1
        guard level < Lexer.deepestString else {
            report("strings are nested too deeply in one another (more than \(Lexer.deepestString))", Span(start, position))
            isTooDeep = true
            return (nil, false)
        }
        var inner = Lexer(source, from: position, level: level + 1)
        inner.isStopped = isStopped
        inner.read(stopAtFormat: true)
        position = inner.position
        let codeEnd = position
        let isClosed = position < limit && (bytes[position] == UInt8(ascii: "}") || bytes[position] == UInt8(ascii: ":"))
        if isClosed || !inner.open.isEmpty || inner.isTooDeep { diagnostics += inner.diagnostics }
        if inner.isTooDeep {
            isTooDeep = true
            return (nil, false)
        }
        if let unclosed = inner.open.last {
            let token = inner.tokens[unclosed]
            report("this `\(source.text(token.span))` is never closed", token.span)
            return (nil, false)
        }
        var format: Format?
        if peek() == UInt8(ascii: ":"), position < limit {
            let from = position + 1
            position = from
            while position < limit, ![UInt8(ascii: "}"), UInt8(ascii: "\""), 10].contains(bytes[position]) { position += 1 }
            let text = source.text(Span(from, position))
            format = Format(text)
            if format == nil {
                report(
                    "`:\(text)` is no format",
                    hint: "in braces: " + Format.help + "; a range needs parentheses",
                    Span(from - 1, position))
                format = Format()
            }
        }
        guard position < limit, bytes[position] == UInt8(ascii: "}") else {
            report("this `{` of the string is never closed", hint: "write {{ or \\{ for a brace", Span(start, start + 1))
            return (nil, false)
        }
        position += 1
        if inner.tokens.isEmpty {
            report("nothing between the braces", hint: "write {{ or \\{ for a brace", Span(start, position))
            return (nil, true)
        }
        inner.tokens.append(Token(.end, Span(codeEnd, codeEnd)))
        return (.code(inner.tokens, format: format, span: Span(start, position)), true)
    }
}
