/// What a token is to the layout of a text: the same symbol may stand for several things.
enum TokenRole {
    /// A value or a name; what may follow it is an operator, a call or an index.
    case operand
    case keyword
    /// An operator before its operand.
    case prefix
    /// An operator between its operands; arrows, pipes and the `=` of a binding too.
    case infix
    case open(Bracket)
    case close(Bracket)
    case comma, semicolon, dot, ellipsis
    /// The `:` after a field's name.
    case keyColon
    /// The `:` of a range.
    case rangeColon
    /// The `=` of a named argument or of a parameter's default.
    case namedEqual

    /// The kinds of brackets.
    enum Bracket {
        /// `f(…)`, and a parameter list.
        case call
        case group, index, list, record, block
    }

    /// Whether what follows on the line goes on from a value.
    var endsOperand: Bool {
        switch self {
        case .operand, .close: true
        default: false
        }
    }

    /// One role for each token; line ends and the end of the text count as keywords, which nobody asks for.
    static func all(of tokens: [Token]) -> [TokenRole] {
        var reader = RoleReader()
        return tokens.map { reader.next($0) }
    }

    /// Whether a blank stands between two tokens of a line.
    static func isSpaced(_ a: TokenRole, _ b: TokenRole) -> Bool {
        switch (a, b) {
        case (_, .comma), (_, .semicolon), (_, .keyColon): false
        case (.open(.record), _), (_, .close(.record)): false
        case (.open(.block), _), (_, .close(.block)): true
        case (.open, _), (_, .close): false
        case (.comma, _), (.semicolon, _): true
        case (.dot, _), (_, .dot), (.prefix, _), (.ellipsis, _): false
        case (.namedEqual, _), (_, .namedEqual), (.rangeColon, _), (_, .rangeColon): false
        case (_, .open(.call)), (_, .open(.index)): false
        default: true
        }
    }
}

/// Reads roles in the order of the text.
private struct RoleReader {
    private struct Level {
        let bracket: TokenRole.Bracket
        /// In a record, before a field's name.
        var awaitsKey: Bool
    }

    private var levels: [Level] = []
    /// Nil where a statement begins.
    private var previous: TokenRole?
    private var opensBlock = false

    mutating func next(_ token: Token) -> TokenRole {
        guard let role = role(token) else {
            // A line end: what follows begins anew.
            previous = nil
            opensBlock = false
            return .keyword
        }
        previous = role
        switch token.kind {
        case .keyword(.else), .keyword(.try), .keyword(.catch), .symbol(.arrow): opensBlock = true
        default: opensBlock = false
        }
        return role
    }

    private mutating func role(_ token: Token) -> TokenRole? {
        let follows = previous?.endsOperand ?? false
        switch token.kind {
        case .newline, .end: return nil
        case .name, .number, .string, .broken: return .operand
        case .keyword(let word):
            // Any word may name a field.
            if case .dot? = previous { return .operand }
            if levels.last?.awaitsKey == true { return .operand }
            return [.true, .false, .none].contains(word) ? .operand : .keyword
        case .symbol(let symbol):
            switch symbol {
            case .leftParenthesis: return open(follows ? .call : .group)
            case .leftBracket: return open(follows ? .index : .list)
            case .leftBrace: return open(follows || opensBlock ? .block : .record)
            case .rightParenthesis, .rightBracket, .rightBrace: return .close(levels.popLast()?.bracket ?? .group)
            case .comma:
                if case .record? = levels.last?.bracket { levels[levels.count - 1].awaitsKey = true }
                return .comma
            case .semicolon: return .semicolon
            case .dot: return .dot
            case .ellipsis: return .ellipsis
            case .colon:
                guard levels.last?.awaitsKey == true else { return .rangeColon }
                levels[levels.count - 1].awaitsKey = false
                return .keyColon
            case .assign:
                switch levels.last?.bracket {
                case .call?, .group?: return .namedEqual
                default: return .infix
                }
            case .minus: return follows ? .infix : .prefix
            case .complement: return .prefix
            default: return .infix
            }
        }
    }

    private mutating func open(_ bracket: TokenRole.Bracket) -> TokenRole {
        if case .record = bracket {
            levels.append(Level(bracket: bracket, awaitsKey: true))
        } else {
            levels.append(Level(bracket: bracket, awaitsKey: false))
        }
        return .open(bracket)
    }
}
