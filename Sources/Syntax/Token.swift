/// The words that the language keeps for itself.
public enum Keyword: String, CaseIterable, Sendable {
    case `fn`, `if`, `else`, `for`, `in`, `while`, `break`, `continue`, `return`, `try`, `catch`, `import`
    case and, or, not, `true`, `false`, none
}

/// Operators and punctuation. Longer ones come first where one begins another.
public enum Symbol: String, CaseIterable, Sendable {
    case arrow = "->"
    case pipe = "|>"
    case equal = "==", notEqual = "!=", lessOrEqual = "<=", greaterOrEqual = ">="
    case ellipsis = "..."
    case less = "<", greater = ">"
    case assign = "="
    case plus = "+", minus = "-", times = "*", divide = "/", remainder = "%", power = "^"
    case meet = "&", join = "|", complement = "~"
    case leftParenthesis = "(", rightParenthesis = ")"
    case leftBracket = "[", rightBracket = "]"
    case leftBrace = "{", rightBrace = "}"
    case comma = ",", colon = ":", dot = ".", semicolon = ";"

    /// A line that ends in one of these goes on in the next.
    var continuesLine: Bool {
        switch self {
        case .rightParenthesis, .rightBracket, .rightBrace, .semicolon, .ellipsis, .colon: false
        default: true
        }
    }
}

/// One word of a text.
public struct Token: Sendable {
    /// What a token is.
    public enum Kind: Sendable {
        case name(String)
        case number(Double)
        case string([StringPart])
        case keyword(Keyword)
        case symbol(Symbol)
        case newline
        case end
        /// Something that the lexer has reported already.
        case broken
    }

    /// What the token is.
    public let kind: Kind
    /// Where it stands.
    public let span: Span
    /// For an opening bracket, how many tokens ahead its partner is; 0 without one.
    public internal(set) var partner = 0
    /// For `fn`, the `##` lines right above it.
    public internal(set) var doc: String?

    init(_ kind: Kind, _ span: Span) {
        self.kind = kind
        self.span = span
    }
}

/// A piece of a string: text, or the tokens of `{expression:format}`.
public enum StringPart: Sendable {
    case text(String)
    case code([Token], format: Format?, span: Span)
}

/// How an interpolated value is written: `[<|>|^][0][width][.digits][%|e]`.
public struct Format: Equatable, Sendable {
    /// Where a value stands in its field.
    public enum Alignment: Sendable { case left, right, centre }
    /// How a number is written.
    public enum Style: Sendable { case plain, percent, exponent }
    /// Where the value stands; nil puts numbers right and others left.
    public var alignment: Alignment?
    /// Least width in columns.
    public var width = 0
    /// Whether numbers are filled up with zeros instead of spaces: `{7:03}`.
    public var zeros = false
    /// Decimals.
    public var digits: Int?
    /// How a number is written.
    public var style = Style.plain

    /// How formats are written.
    public static let help = ".3 is 3 decimals, 8 a width, <8 ^8 >8 align, 08 fills with zeros, .1% is percent, .2e has an exponent"

    /// No format: a value as `print` shows it.
    public init() {}

    /// Nil when the text is no format.
    public init?(_ text: String) {
        var rest = Substring(text)
        switch rest.first {
        case "<": alignment = .left
        case ">": alignment = .right
        case "^": alignment = .centre
        default: break
        }
        if alignment != nil { rest.removeFirst() }
        func number() -> Int? {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest.removeFirst(digits.count)
            return Int(digits)
        }
        if let first = rest.first, first.isASCII, first.isNumber {
            zeros = first == "0" && alignment == nil
            guard let n = number(), n <= 1000 else { return nil }
            width = n
        }
        if rest.first == "." {
            rest.removeFirst()
            guard let n = number(), n <= 50 else { return nil }
            digits = n
        }
        if rest == "%" {
            style = .percent
        } else if rest == "e" {
            style = .exponent
        } else if !rest.isEmpty {
            return nil
        }
        if text.isEmpty { return nil }
    }
}
