/// Words that begin statements elsewhere, and misspelt words of the language, where a statement does not end.
extension Parser {
    /// The word that is meant to be one of the language's, what to write, and where it stands; nil where nothing looks like it.
    func strangeWord(after statement: Expression) -> (word: String, hint: String, span: Span)? {
        if case .name(let word) = current.kind, position > 0 {
            var isAfterBlock = false
            if case .symbol(.rightBrace) = tokens[position - 1].kind { isAfterBlock = true }
            if let near = Self.nearest(to: word, among: isAfterBlock ? [.else, .catch] : [.and, .or]) {
                return (word, "did you mean `\(near)`?", current.span)
            }
        }
        let first = called(statement)
        if case .name(let word) = first.kind, first.span.start == statement.span.start, first.span.end == statement.span.end || at(.leftBrace) {
            if let hint = Self.foreign[word] { return (word, hint, first.span) }
            if case .symbol(let symbol) = current.kind, symbol != .leftBrace { return nil }
            return Self.nearest(to: word, among: [.while, .for, .if, .fn, .import, .return, .try]).map { (word, "did you mean `\($0)`?", first.span) }
        }
        guard position > 0, case .name(let word) = tokens[position - 1].kind else { return nil }
        if case .symbol = current.kind { return nil }
        return Self.nearest(to: word, among: [.return, .not, .if, .try]).map { (word, "did you mean `\($0)`?", tokens[position - 1].span) }
    }

    /// What a statement that is a call calls; the statement itself where it is none.
    func called(_ statement: Expression) -> Expression {
        var inner = statement
        while case .call(let callee, _) = inner.kind { inner = callee }
        return inner
    }

    private static let foreign: [String: String] = {
        let meanings: [(words: [String], hint: String)] = [
            (["let", "var", "const", "local", "set"], "a name is bound with name = value"),
            (["def", "function", "func", "fun", "lambda"], "a function is written fn name(x) { … } or x -> …"),
            (["elif", "elsif", "elseif"], "write else if"),
            (["from", "using", "include", "require", "use"], "write import \"file.ss\""),
            (["switch", "match", "case"], "write if … { } else if … { }"),
            (["echo"], "write print(…)"),
            (["foreach", "each"], "write for x in xs { … }"),
            (["unless"], "write if not …"), (["until"], "write while not …"), (["loop"], "write while true { … }"),
        ]
        return Dictionary(uniqueKeysWithValues: meanings.flatMap { meaning in meaning.words.map { ($0, meaning.hint) } })
    }()

    /// The word that one slip of the fingers makes of this: a letter too many, too few or another, or two that changed places. Of words of two letters only the last.
    private static func nearest(to word: String, among keywords: [Keyword]) -> String? {
        keywords.map(\.rawValue).first { isOneSlip(Array(word.utf8), Array($0.utf8)) }
    }

    private static func isOneSlip(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a != b, abs(a.count - b.count) <= 1 else { return false }
        let start = zip(a, b).prefix { $0 == $1 }.count
        let restA = a[start...], restB = b[start...]
        if a.count == b.count {
            let isSwap = restA.count > 1 && restA[start] == restB[start + 1] && restA[start + 1] == restB[start]
            if isSwap, restA.dropFirst(2) == restB.dropFirst(2) { return true }
            return b.count > 2 && restA.dropFirst() == restB.dropFirst()
        }
        guard b.count > 2 else { return false }
        return a.count > b.count ? restA.dropFirst() == restB : restB.dropFirst() == restA
    }
}
