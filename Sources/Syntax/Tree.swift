/// A piece of a parsed text. Statements are expressions too; what each may stand for, the grammar says.
public final class Expression: Sendable {
    /// What the expression is, with its parts.
    public let kind: Kind
    /// Where it stands in the text.
    public let span: Span
    /// Levels below this one, itself included.
    let height: Int

    /// The kinds of expressions; statements are expressions too.
    public indirect enum Kind: Sendable {
        case none
        case boolean(Bool)
        case number(Double)
        case string([TextPiece])
        case name(String)
        case list([Expression])
        case comprehension(Expression, [Clause])
        case record([FieldNode])
        case range(Expression, Expression)
        case lambda(FunctionNode)
        case call(Expression, [ArgumentNode])
        case index(Expression, [IndexNode])
        case field(Expression, String, nameSpan: Span)
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression, operatorSpan: Span)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case group(Expression)
        /// `...xs` within a list, a record or a call.
        case spread(Expression)
        case conditional([Branch], otherwise: Expression?)
        case attempt(Expression, name: String?, nameSpan: Span, handler: Expression)

        case block([Expression])
        case bind(String, nameSpan: Span, Expression)
        /// `name[place] = item`: the name is bound to a list or record with another item.
        case bindItem(String, nameSpan: Span, place: Expression, Expression)
        case unpack(Pattern, Expression)
        case define(FunctionNode)
        case forLoop(Pattern, Expression, body: Expression)
        case whileLoop(Expression, body: Expression)
        case breakLoop
        case continueLoop
        case returnValue(Expression?)
        case importFile(String)
    }

    init(_ kind: Kind, _ span: Span, height: Int = 1) {
        self.kind = kind
        self.span = span
        self.height = height
    }
}

/// Operators before their operand.
public enum UnaryOperator: String, Sendable {
    case negate = "-"
    case complement = "~"
    case not = "not"
}

/// Operators between their operands.
public enum BinaryOperator: String, Sendable {
    case add = "+", subtract = "-", multiply = "*", divide = "/", remainder = "%", power = "^"
    case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    case meet = "&", join = "|"
}

/// Part of a string: text, or an expression and how its value is written.
public enum TextPiece: Sendable {
    case text(String)
    case value(Expression, Format?)
}

/// What a value is bound to: a name, or names for the parts of a list or record.
public indirect enum Pattern: Sendable {
    case name(String, Span)
    /// `[a, b, ...middle, z]`
    case list([Pattern], rest: Rest?, after: [Pattern], Span)
    /// `{id, image: t1, ...others}`
    case record([Field], rest: Rest?, Span)

    /// `...name`, which takes what has no place of its own.
    public struct Rest: Sendable {
        /// The name that is bound.
        public let name: String
        /// Where the name stands.
        public let span: Span
    }

    /// A field that is taken out of a record.
    public struct Field: Sendable {
        /// The field's name.
        public let name: String
        /// Where the name stands.
        public let nameSpan: Span
        /// What its value is bound to; the name itself unless another is given.
        public let pattern: Pattern
    }

    /// True for a name alone.
    public var isName: Bool { if case .name = self { true } else { false } }

    /// The whole pattern.
    public var span: Span {
        switch self {
        case .name(_, let span), .list(_, _, _, let span), .record(_, _, let span): span
        }
    }

    /// All names that are bound, in the order of the text.
    public var names: [(name: String, span: Span)] {
        func own(_ rest: Rest?) -> [(name: String, span: Span)] { rest.map { [($0.name, $0.span)] } ?? [] }
        return switch self {
        case .name(let name, let span): [(name, span)]
        case .list(let before, let rest, let after, _): before.flatMap(\.names) + own(rest) + after.flatMap(\.names)
        case .record(let fields, let rest, _): fields.flatMap(\.pattern.names) + own(rest)
        }
    }
}

/// `for pattern in source` or `if condition` of a comprehension.
public enum Clause: Sendable {
    case each(Pattern, Expression)
    case filter(Expression)
}

/// A field of a record literal, or another record whose fields are taken over.
public struct FieldNode: Sendable {
    /// The field's name; nil for `...record`.
    public let name: String?
    /// Where the name stands.
    public let nameSpan: Span
    /// The field's value, or the record.
    public let value: Expression
}

/// An argument of a call.
public struct ArgumentNode: Sendable {
    /// Nil for a positional argument.
    public let name: String?
    /// What is given.
    public let value: Expression
    /// The whole argument, with its name.
    public let span: Span
}

/// One place of an index: `3`, `a:b` with either end open, `…`.
public enum IndexNode: Sendable {
    case at(Expression)
    case slice(Expression?, Expression?, Span)
    case ellipsis(Span)

    /// From the first part to the last.
    public var span: Span {
        switch self {
        case .at(let e): e.span
        case .slice(_, _, let span), .ellipsis(let span): span
        }
    }
}

/// One `if` or `else if` with its block.
public struct Branch: Sendable {
    /// What must be true.
    public let condition: Expression
    /// What is evaluated then.
    public let body: Expression
}

/// A function's parameters and body.
public final class FunctionNode: Sendable {
    /// A parameter of a function.
    public struct Parameter: Sendable {
        /// The parameter's name; where its parts are named instead, the text of the pattern.
        public let name: String
        /// What the argument is bound to.
        public let pattern: Pattern
        /// The default; nil where an argument must be given.
        public let fallback: Expression?
        /// True for `...name`, which takes all further positional arguments as a list.
        public let isRest: Bool

        init(name: String, pattern: Pattern, fallback: Expression?, isRest: Bool = false) {
            self.name = name
            self.pattern = pattern
            self.fallback = fallback
            self.isRest = isRest
        }
    }

    /// Nil for a lambda.
    public let name: String?
    /// Where the name stands.
    public let nameSpan: Span
    /// In order.
    public let parameters: [Parameter]
    /// A block or an expression.
    public let body: Expression
    /// The whole definition.
    public let span: Span
    /// The `##` lines above.
    public let doc: String?

    init(name: String?, nameSpan: Span, parameters: [Parameter], body: Expression, span: Span, doc: String?) {
        self.name = name
        self.nameSpan = nameSpan
        self.parameters = parameters
        self.body = body
        self.span = span
        self.doc = doc
    }
}

/// A whole text.
public struct Script: Sendable {
    /// The text that spans count in.
    public let source: Source
    /// In order.
    public let statements: [Expression]
    /// True when the last statement ends in `;`.
    public let isSilenced: Bool
}
