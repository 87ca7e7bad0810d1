import Syntax

/// Something that can be called: a builtin, or a function of a script together with the names around it.
public final class Function: @unchecked Sendable {
    enum Kind {
        case builtin(Builtin)
        case closure(FunctionCode, captured: [Cell])
    }

    let kind: Kind
    let depth: Int

    public init(_ builtin: Builtin) {
        kind = .builtin(builtin)
        depth = 1
    }

    init(_ code: FunctionCode, captured: [Cell], depth: Int) {
        kind = .closure(code, captured: captured)
        self.depth = depth
    }

    public var name: String {
        switch kind {
        case .builtin(let builtin): builtin.name
        case .closure(let code, _): code.name ?? "lambda"
        }
    }

    /// "n4(image: volume, …)" or "f(x, k=2)".
    public var signature: String {
        switch kind {
        case .builtin(let builtin): builtin.signature
        case .closure(let code, _): code.signature
        }
    }

    /// The builtin's declaration; nil for functions written in the language.
    public var builtin: Builtin? {
        if case .builtin(let builtin) = kind { builtin } else { nil }
    }

    /// Names of the parameters, for completion.
    public var parameterNames: [String] {
        switch kind {
        case .builtin(let builtin): builtin.parameters.map(\.name)
        case .closure(let code, _): code.parameters.map(\.name)
        }
    }

    /// The `##` lines above the function's definition.
    public var doc: String? {
        if case .closure(let code, _) = kind { code.doc } else { nil }
    }

    /// The text of the definition; nil for builtins.
    public var sourceText: String? {
        if case .closure(let code, _) = kind { code.source.text(code.span) } else { nil }
    }
}

/// A variable that outlives its call or belongs to a script's top level.
final class Cell: @unchecked Sendable {
    var value: Value?
    init(_ value: Value? = nil) { self.value = value }
}
