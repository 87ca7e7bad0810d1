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

/// A jump out of code that is evaluated: `"{if c { return 1 } else { 2 }}"`. Instructions jump without it.
struct Jump: Error {
    let completion: Completion
}

/// What the interpreter keeps of a call in progress: plain words, so that calls count no references.
struct CallState: BitwiseCopyable {
    /// Registers: the variables of this call, unbound at first, and above them what expressions need on the way.
    var slots: Register
    var registerCount: Int
    /// The number of its variables that are registers.
    var variableCount: Int
    /// What it runs.
    var tables: UnsafePointer<Program.Tables>
    var code: Unmanaged<FunctionCode>
    /// What is called; nil for the top level of a script.
    var function: Unmanaged<Function>?
    /// Where this call goes on once the one that it makes is done.
    var resumption: UnsafePointer<Instruction>
    /// The register that gets that call's result.
    var awaited: Int
    /// The frame of this level of calls; made when it is first needed, and kept.
    var frame: Unmanaged<Frame>?
}

typealias Call = UnsafeMutablePointer<CallState>

/// One call in progress, as code that is no instruction sees it.
final class Frame {
    unowned(unsafe) let machine: Machine
    let call: Call
    /// Variables of this call that functions within it read; they outlive it.
    @exclusivity(unchecked) var cells: [Cell] = []
    @exclusivity(unchecked) var result = Value.none

    init(_ call: Call, _ machine: Machine) {
        self.call = call
        self.machine = machine
    }

    @inline(__always) var slots: Register { call.pointee.slots }
    @inline(__always) var code: FunctionCode { call.pointee.code.takeUnretainedValue() }
    /// Variables of the calls around the function's definition.
    var captured: [Cell] { call.pointee.function?.takeUnretainedValue().captured ?? [] }

    /// The value of a `return`, which the frame does not keep.
    func takeResult() -> Value {
        defer { result = .none }
        return result
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
        var fallback: Code?
        let fallbackText: String?
        /// Takes the argument apart before a later parameter's default is evaluated; nil where there is none, or a name alone.
        let unpack: UnpackCode?
    }

    let name: String?
    let source: Source
    let span: Span
    let doc: String?
    var parameters: [Parameter] = []
    /// The parameter that takes all further positional arguments, as a list.
    var rest: Int?
    var body: Code = Literal(.none, Span(0, 0))
    /// The body as instructions.
    private(set) var program = Program.empty
    /// Registers of a call: variables, and what its expressions need.
    private(set) var registerCount = 0
    /// What a call with plain arguments needs; nil where parameters are read by functions within, or take the rest of the arguments.
    private(set) var entry: UnsafeMutablePointer<Entry>?
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

    deinit { entry?.deallocate() }

    /// All that a call with plain arguments reads of a function, in one place.
    struct Entry: BitwiseCopyable {
        var tables: UnsafePointer<Program.Tables>
        var parameters: Int
        var registers: Int
        var cells: Int
        var code: Unmanaged<FunctionCode>
        /// Registers of variables.
        var variables: Int
    }

    /// Turns the body into instructions, once all else is known. False where it needs more registers than instructions can name.
    func finish() -> Bool {
        let emitter = Emitter(self, firstFree: slotCount)
        for i in parameters.indices { parameters[i].fallback = parameters[i].fallback.map { emitter.chunk($0, givesValue: true) } }
        program = emitter.program(of: self)
        registerCount = emitter.highest
        guard registerCount <= Emitter.mostRegisters else { return false }
        guard hasPlainParameters else { return true }
        let entry = UnsafeMutablePointer<Entry>.allocate(capacity: 1)
        entry.initialize(
            to: Entry(tables: program.tables, parameters: parameters.count, registers: registerCount, cells: cellCount, code: .passUnretained(self),
                variables: slotCount))
        self.entry = entry
        return true
    }

    /// True where the body's value is the result; else the body returns it.
    var givesValue: Bool { isExpression }

    /// What a machine works on while nothing runs.
    nonisolated(unsafe) static let nothing = FunctionCode(
        name: nil, source: Source(name: "", text: ""), span: Span(0, 0), doc: nil,
        module: Module(directory: ".", library: nil, builtins: Module.Builtins()))

    private var hasPlainParameters: Bool {
        if rest != nil { return false }
        for (i, parameter) in parameters.enumerated() where parameter.place != .slot(i) { return false }
        return true
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

    /// Writes the instructions that leave the value in a register. Code without instructions of its own leaves this as it is, and has `evaluate` and `replaceParts`.
    func emit(_ emitter: Emitter, to register: Int) { emitter.evaluate(self, to: register) }

    /// Writes the instructions of a statement, whose value nobody wants.
    func emitStatement(_ emitter: Emitter) { emitter.discard(self) }

    /// The value of code without instructions of its own; for variables, the error where they have none.
    func evaluate(_ frame: Frame) throws -> Value { throw frame.fail("this has no value of its own", at: span) }

    /// Replaces the code that `evaluate` evaluates by what `replace` makes of it.
    func replaceParts(_ replace: (Code) -> Code) {}

    /// True where `evaluate` does all.
    var evaluatesItself: Bool { false }

    /// True where evaluation binds no variable and leaves no loop, so that it cannot come between the reading and the use of a variable.
    var isPlain: Bool { false }

    /// As a statement: its value is not wanted.
    func execute(_ frame: Frame) throws -> Completion {
        _ = try evaluate(frame)
        return .normal
    }

    /// The truth of this code's value as a condition.
    final func truth(_ value: Value, _ frame: Frame, _ what: String) throws -> Bool {
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
