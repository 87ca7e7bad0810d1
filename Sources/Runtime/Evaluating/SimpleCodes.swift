import Support
import Syntax

final class Literal: Code {
    let value: Value
    /// The value for registers, which share one string.
    let word: Word
    init(_ value: Value, _ span: Span) {
        self.value = value
        word = Word(value)
        super.init(span)
    }
    deinit { word.release() }

    override func evaluate(_ frame: Frame) -> Value { value }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { true }
    override func emit(_ emitter: Emitter, to register: Int) {
        switch value {
        case .number(let x): emitter.add(.constant, a: register, d: emitter.constant(x))
        case .none: emitter.add(.plain, a: register)
        case .boolean(let b): emitter.add(.plain, a: register, d: b ? 2 : 1)
        case .string: emitter.add(.literal, a: register, site: self)
        default: emitter.evaluate(self, to: register)
        }
    }
}

final class SlotVariable: Code {
    let slot: Int
    let name: String
    init(_ slot: Int, _ name: String, _ span: Span) {
        self.slot = slot
        self.name = name
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        if let value = frame.slots[slot].value { return value }
        throw unbound(name, frame, span)
    }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { true }
    override func emit(_ emitter: Emitter, to register: Int) { emitter.add(.copy, a: register, b: slot, site: self) }
}

final class CellVariable: Code {
    let index: Int
    let isCaptured: Bool
    let name: String
    init(_ index: Int, isCaptured: Bool, _ name: String, _ span: Span) {
        self.index = index
        self.isCaptured = isCaptured
        self.name = name
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        if let value = (isCaptured ? frame.captured : frame.cells)[index].value { return value }
        throw unbound(name, frame, span)
    }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { true }
    override func emit(_ emitter: Emitter, to register: Int) {
        emitter.add(isCaptured ? .readCaptured : .readCell, a: register, b: index, site: self)
    }
}

private func unbound(_ name: String, _ frame: Frame, _ span: Span) -> ScriptError {
    frame.fail(
        "`\(name)` has no value yet",
        hint: "a name that is bound anywhere in a function belongs to that function; bind it before this line, or choose another name",
        at: span)
}

/// A name of a script's top level; where the script has not bound it, the library's or a builtin's.
final class GlobalVariable: Code {
    let name: String
    let cell: Cell
    let module: Module
    private var fallback: Value?

    init(_ name: String, _ module: Module, _ span: Span) {
        self.name = name
        self.module = module
        cell = module.cell(name)
        super.init(span)
    }

    /// The builtin of this name, where the text binds it to nothing else so far.
    var builtin: Builtin? {
        guard cell.word.isUnbound, case .function(let function)? = module.inherited(name) else { return nil }
        return function.builtin
    }

    override func evaluate(_ frame: Frame) throws -> Value {
        if let value = cell.value { return value }
        if let fallback { return fallback }
        fallback = module.inherited(name)
        if let fallback { return fallback }
        let hint = ForeignNames.hint(for: name) ?? Text.nearest(to: name, among: module.visibleNames).map { "did you mean `\($0)`?" }
        throw frame.fail("there is no name `\(name)`", hint: hint, at: span)
    }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { true }
    override func emit(_ emitter: Emitter, to register: Int) {
        emitter.add(.readGlobal, a: register, d: emitter.cell(cell), site: self)
    }
}

final class MakeFunction: Code {
    let code: FunctionCode
    /// The variable that the function is about to be bound to: that it calls itself does not nest it in itself.
    let target: Place?
    init(_ code: FunctionCode, target: Place?) {
        self.code = code
        self.target = target
        super.init(code.span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        let captured = code.captures.map { place in
            switch place {
            case .cell(let i): frame.cells[i]
            case .captured(let i): frame.captured[i]
            case .slot: Cell()  // Captured variables never live in slots.
            }
        }
        try frame.reserve(128, at: span)
        var deepest = 0
        for (place, cell) in zip(code.captures, captured) where place != target { deepest = max(deepest, cell.value?.depth ?? 0) }
        let function = Function(code, captured: captured, depth: deepest + 1)
        if function.depth > Value.deepest { throw frame.fail(tooDeep, at: span) }
        return .function(function)
    }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { true }
}

let tooDeep = "values are nested too deeply: more than \(Value.deepest) levels"

final class MakeList: Code {
    private(set) var items: [Code]
    init(_ items: [Code], _ span: Span) {
        self.items = items
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        try frame.reserve(items: items.count, at: span)
        var out: [Value] = []
        out.reserveCapacity(items.count)
        for item in items { out.append(try item.evaluate(frame)) }
        let list = List(out)
        if list.depth > Value.deepest { throw frame.fail(tooDeep, at: span) }
        return .list(list)
    }
    override func replaceParts(_ replace: (Code) -> Code) { items = items.map(replace) }
    override var isPlain: Bool { items.allSatisfy(\.isPlain) }
    /// Lists longer than this are evaluated item by item rather than in registers.
    private static let most = 64
    override func emit(_ emitter: Emitter, to register: Int) {
        guard items.count <= Self.most else { return emitter.evaluate(self, to: register) }
        let first = emitter.take(items.count)
        for (i, item) in items.enumerated() { item.emit(emitter, to: first + i) }
        emitter.add(.list, a: register, b: first, c: items.count, site: self)
        emitter.release(to: first)
    }
}

final class MakeRecord: Code {
    private(set) var fields: [(name: String, code: Code)]
    init(_ fields: [(name: String, code: Code)], _ span: Span) {
        self.fields = fields
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        try frame.reserve(128 + 64 * fields.count, at: span)
        let record = Record(try fields.map { ($0.name, try $0.code.evaluate(frame)) })
        if record.depth > Value.deepest { throw frame.fail(tooDeep, at: span) }
        return .record(record)
    }
    override func replaceParts(_ replace: (Code) -> Code) { fields = fields.map { ($0.name, replace($0.code)) } }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { fields.allSatisfy(\.code.isPlain) }
}

final class MakeRange: Code {
    private(set) var from: Code, to: Code
    init(_ from: Code, _ to: Code, _ span: Span) {
        self.from = from
        self.to = to
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        let start = try bound(try from.evaluate(frame), from, frame)
        return .range(IndexRange(start, try bound(try to.evaluate(frame), to, frame)))
    }
    override func replaceParts(_ replace: (Code) -> Code) { (from, to) = (replace(from), replace(to)) }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { from.isPlain && to.isPlain }
    func bound(_ value: Value, _ code: Code, _ frame: Frame) throws -> Int {
        guard case .number(let x) = value, x == x.rounded(), abs(x) <= 0x1p53 else {
            throw frame.fail("a range needs whole numbers, got \(value.mention)", at: code.span)
        }
        return Int(x)
    }
}

final class LogicCode: Code {
    let isAnd: Bool
    let left: Code, right: Code
    init(isAnd: Bool, _ left: Code, _ right: Code, _ span: Span) {
        self.isAnd = isAnd
        self.left = left
        self.right = right
        super.init(span)
    }
    override var isPlain: Bool { left.isPlain && right.isPlain }
    override func emit(_ emitter: Emitter, to register: Int) {
        var no = Emitter.Label(), end = Emitter.Label()
        emitter.condition(self, unless: &no)
        emitter.add(.plain, a: register, d: 2)
        emitter.jump(.jump, to: &end)
        emitter.place(&no)
        emitter.add(.plain, a: register, d: 1)
        emitter.place(&end)
    }
    /// A side's value as a truth.
    func truth(_ value: Value, _ code: Code, _ frame: Frame) throws -> Bool {
        let word = isAnd ? "and" : "or"
        if case .boolean(let b) = value { return b }
        var hint: String?
        if case .mask = value { hint = "masks are combined voxel by voxel with \(isAnd ? "&" : "|")" }
        throw frame.fail("`\(word)` needs true or false on both sides, got \(value.mention)", hint: hint, at: code.span)
    }
}
