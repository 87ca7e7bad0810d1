import Support
import Syntax

/// How a statement ended.
enum Completion {
    case normal
    case broke
    case continued
    /// The value is in the frame's `result`.
    case returned
}

/// A jump out of an expression: `x = if c { return 1 } else { 2 }`. Statements jump without it.
struct Jump: Error {
    let completion: Completion
}

/// One call in progress.
final class Frame {
    let code: FunctionCode
    let machine: Machine
    /// Variables of this call; nil until bound.
    let slots: UnsafeMutablePointer<Value?>
    /// Variables of this call that functions within it read; they outlive it.
    var cells: [Cell]
    /// Variables of the calls around the function's definition.
    let captured: [Cell]
    var result = Value.none

    init(_ code: FunctionCode, _ machine: Machine, slots: UnsafeMutablePointer<Value?>, captured: [Cell]) {
        self.code = code
        self.machine = machine
        self.slots = slots
        self.captured = captured
        cells = code.cellCount == 0 ? [] : (0..<code.cellCount).map { _ in Cell() }
    }

    func fail(_ message: String, hint: String? = nil, at span: Span) -> ScriptError {
        ScriptError(message, hint: hint, source: code.source, span: span)
    }

    /// Tells that so many bytes are about to be made. Throws `ScriptError` where the machine does not have them.
    @inline(__always)
    func reserve(_ bytes: Int, at span: Span) throws {
        do {
            try machine.memory.reserve(bytes)
        } catch let error as FailureText {
            throw fail(error.message, hint: error.hint, at: span)
        }
    }

    /// Accounts a value that was made. Throws `ScriptError` where memory runs out.
    func account(_ value: Value, at span: Span) throws {
        do {
            try machine.memory.account(value)
        } catch let error as FailureText {
            throw fail(error.message, hint: error.hint, at: span)
        }
    }

    /// The same as `reserve` for a list's items.
    @inline(__always)
    func reserve(items: Int, at span: Span) throws { try reserve(64 + items * MemoryLayout<Value>.stride, at: span) }
}

/// A compiled function, or the top level of a script.
final class FunctionCode {
    struct Parameter {
        let name: String
        let place: Place
        let fallback: Code?
        let fallbackText: String?
    }

    let name: String?
    let source: Source
    let span: Span
    let doc: String?
    var parameters: [Parameter] = []
    /// The parameter that takes all further positional arguments, as a list.
    var rest: Int?
    var body: Code = Literal(.none, Span(0, 0))
    /// True for `= expression`, whose value is the result; a block returns through its tail.
    var isExpression = true
    var slotCount = 0
    var cellCount = 0
    /// Where a closure finds the variables around it, in the frame that defines it.
    var captures: [Place] = []
    /// The names of those variables, in the same order.
    var captureNames: [String] = []
    /// Names of the top level, of the library or of builtins that the function or one within it reads, in order of appearance.
    private(set) var globalNames: [String] = []
    /// The top level that the function was written at.
    let module: Module
    /// True for `fn name(…)`, whose text binds the name; false for a lambda.
    let isDefinition: Bool

    init(name: String?, source: Source, span: Span, doc: String?, module: Module, isDefinition: Bool = false) {
        self.isDefinition = isDefinition
        self.module = module
        self.name = name
        self.source = source
        self.span = span
        self.doc = doc
    }

    func reads(global name: String) {
        if !globalNames.contains(name) { globalNames.append(name) }
    }

    /// "f(x, k=2)".
    var signature: String {
        let shown = parameters.enumerated().map { i, p in p.fallbackText.map { "\(p.name)=\($0)" } ?? (i == rest ? "..." : "") + p.name }
        return "\(name ?? "")(\(shown.joined(separator: ", ")))"
    }
}

/// Where a variable lives.
enum Place: Equatable {
    case slot(Int)
    case cell(Int)
    case captured(Int)
}

/// A compiled expression or statement.
class Code {
    let span: Span
    init(_ span: Span) { self.span = span }

    func evaluate(_ frame: Frame) throws -> Value { .none }

    /// As a statement: its value is not wanted.
    func execute(_ frame: Frame) throws -> Completion {
        _ = try evaluate(frame)
        return .normal
    }

    /// As a condition.
    final func test(_ frame: Frame, _ what: String) throws -> Bool {
        let value = try evaluate(frame)
        if case .boolean(let b) = value { return b }
        var hint: String?
        switch value {
        case .mask: hint = "a mask has a truth for each voxel; ask for its count, as in m.count > 0"
        case .number: hint = "compare the number, as in x != 0"
        case .none, .string, .list: hint = "compare it, as in x != none"
        default: break
        }
        throw frame.fail("\(what) must be true or false, got \(value.mention)", hint: hint, at: span)
    }
}
