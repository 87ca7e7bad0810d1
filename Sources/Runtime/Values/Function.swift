import Syntax

/// Something that can be called: a builtin, or a function of a script together with the names around it.
public final class Function: @unchecked Sendable {
    enum Kind {
        case builtin(Builtin)
        case closure(FunctionCode, captured: [Cell])
    }

    let kind: Kind
    let depth: Int
    /// Variables of the calls around a closure's definition.
    let captured: [Cell]
    /// What a call with plain arguments needs; nil for builtins and for functions whose parameters need more care.
    let entry: UnsafePointer<FunctionCode.Entry>?

    /// A builtin as a value.
    public init(_ builtin: Builtin) {
        kind = .builtin(builtin)
        depth = 1
        captured = []
        entry = nil
    }

    init(_ code: FunctionCode, captured: [Cell], depth: Int) {
        kind = .closure(code, captured: captured)
        self.depth = depth
        self.captured = captured
        entry = code.entry.map { UnsafePointer($0) }
    }

    /// The name that it was defined by; "lambda" where it has none.
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

    /// The number of the parameter that takes all further arguments given by position; nil where there is none.
    public var restPlace: Int? {
        switch kind {
        case .builtin(let builtin): builtin.rest
        case .closure(let code, _): code.rest
        }
    }

    /// Whether it may be called with so many arguments, all by position.
    public func takes(_ count: Int) -> Bool {
        let required: Int, most: Int
        switch kind {
        case .builtin(let builtin):
            required = builtin.parameters.count { $0.isRequired }
            most = builtin.parameters.contains { $0.isRest } ? .max : builtin.parameters.count
        case .closure(let code, _):
            required = code.parameters.indices.count { code.parameters[$0].fallback == nil && $0 != code.rest }
            most = code.rest == nil ? code.parameters.count : .max
        }
        return required <= count && count <= most
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
    @exclusivity(unchecked) var word: Word
    init(_ value: Value? = nil) { word = value.map { Word($0) } ?? .unbound }
    deinit { word.release() }

    var value: Value? {
        get { word.value }
        set { put(newValue.map { Word($0) } ?? .unbound) }
    }

    /// The new word's reference becomes the cell's.
    @inline(__always) func put(_ new: Word) {
        let old = word
        word = new
        old.release()
    }
}
