import Support
import Syntax

final class Literal: Code {
    let value: Value
    init(_ value: Value, _ span: Span) {
        self.value = value
        super.init(span)
    }
    override func evaluate(_ frame: Frame) -> Value { value }
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
        if let value = frame.slots[slot] { return value }
        throw unbound(name, frame, span)
    }
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

    override func evaluate(_ frame: Frame) throws -> Value {
        if let value = cell.value { return value }
        if let fallback { return fallback }
        fallback = module.inherited(name)
        if let fallback { return fallback }
        let hint = ForeignNames.hint(for: name) ?? Text.nearest(to: name, among: module.visibleNames).map { "did you mean `\($0)`?" }
        throw frame.fail("there is no name `\(name)`", hint: hint, at: span)
    }
}

final class Assign: Code {
    let place: Place
    let value: Code
    init(_ place: Place, _ value: Code, _ span: Span) {
        self.place = place
        self.value = value
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        let new = try value.evaluate(frame)
        store(new, place, frame)
        return new
    }
    override func execute(_ frame: Frame) throws -> Completion {
        store(try value.evaluate(frame), place, frame)
        return .normal
    }
}

@inline(__always)
func store(_ value: Value, _ place: Place, _ frame: Frame) {
    switch place {
    case .slot(let i): frame.slots[i] = value
    case .cell(let i): frame.cells[i].value = value
    case .captured: break  // The compiler never binds a name of the functions around.
    }
}

final class AssignGlobal: Code {
    let cell: Cell
    let value: Code
    init(_ cell: Cell, _ value: Code, _ span: Span) {
        self.cell = cell
        self.value = value
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        let new = try value.evaluate(frame)
        cell.value = new
        return new
    }
}

/// `xs = xs + more` for a variable of this call: the list or string grows in place when nothing else holds it.
final class Grow: Code {
    let place: Place?
    let cell: Cell?
    let variable: Code
    let more: Code
    let operatorSpan: Span

    init(_ place: Place?, _ cell: Cell?, variable: Code, more: Code, operatorSpan: Span, _ span: Span) {
        self.place = place
        self.cell = cell
        self.variable = variable
        self.more = more
        self.operatorSpan = operatorSpan
        super.init(span)
    }

    override func execute(_ frame: Frame) throws -> Completion {
        // As the two sides of any +: the left is looked at first.
        var first = try variable.evaluate(frame)
        let right = try more.evaluate(frame)
        if case .number(let a) = first, case .number(let b) = right {
            set(.number(a + b), frame)
            return .normal
        }
        if case .string(let extra) = right, case .string(var text) = first, text.utf8.count + extra.utf8.count <= Operators.longestString {
            try frame.reserve(extra.utf8.count + (extra.utf8.count < text.utf8.count / 64 ? 0 : text.utf8.count), at: span)
            first = .none
            set(nil, frame)
            text += extra
            set(.string(text), frame)
            return .normal
        }
        if case .list(let extra) = right, case .list(var list) = first, list !== extra {
            let total = list.count + extra.count
            if total > list.items.capacity { try frame.reserve(items: 2 * total, at: span) }
            // The variable lets go of its list, so that the only reference left is this one.
            first = .none
            set(nil, frame)
            if isKnownUniquelyReferenced(&list), total <= List.longest, max(list.depth, extra.depth) < Value.deepest {
                list.append(contentsOf: extra)
                set(.list(list), frame)
                return .normal
            }
            first = .list(list)
            set(first, frame)
        }
        set(try Operators.binary(.add, first, right, frame, span, operatorSpan), frame)
        return .normal
    }

    override func evaluate(_ frame: Frame) throws -> Value {
        _ = try execute(frame)
        return try variable.evaluate(frame)
    }

    private func set(_ value: Value?, _ frame: Frame) {
        if let cell {
            cell.value = value
        } else if case .slot(let i) = place {
            frame.slots[i] = value
        } else if case .cell(let i) = place {
            frame.cells[i].value = value
        }
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
}

let tooDeep = "values are nested too deeply: more than \(Value.deepest) levels"

final class MakeList: Code {
    let items: [Code]
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
}

final class MakeRecord: Code {
    let fields: [(name: String, code: Code)]
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
}

final class MakeRange: Code {
    let from: Code, to: Code
    init(_ from: Code, _ to: Code, _ span: Span) {
        self.from = from
        self.to = to
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        let start = try bound(from, frame)
        return .range(IndexRange(start, try bound(to, frame)))
    }
    private func bound(_ code: Code, _ frame: Frame) throws -> Int {
        let value = try code.evaluate(frame)
        guard case .number(let x) = value, x == x.rounded(), abs(x) <= 0x1p53 else {
            throw frame.fail("a range needs whole numbers, got \(value.mention)", at: code.span)
        }
        return Int(x)
    }
}

final class MakeText: Code {
    let pieces: [(text: String, code: Code?, format: Format?)]
    init(_ pieces: [(text: String, code: Code?, format: Format?)], _ span: Span) {
        self.pieces = pieces
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        var out = ""
        func add(_ text: String) throws {
            let size = out.utf8.count + text.utf8.count
            guard size <= Operators.longestString else { throw Operators.tooLong(frame, span) }
            try frame.reserve(text.utf8.count, at: span)
            out += text
        }
        for piece in pieces {
            guard let code = piece.code else {
                try add(piece.text)
                continue
            }
            let value = try code.evaluate(frame)
            guard let format = piece.format else {
                try add(value.text)
                continue
            }
            let text: String?
            do {
                text = try Formatting.text(value, format)
            } catch is TooLarge {
                throw Operators.tooLong(frame, span)
            }
            guard let text else {
                throw frame.fail(
                    "only a number, or a list of numbers, can be written with decimals; this is \(value.mention)", at: code.span)
            }
            try add(text)
        }
        return .string(out)
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
    override func evaluate(_ frame: Frame) throws -> Value {
        let word = isAnd ? "and" : "or"
        if try side(left, frame, word) != isAnd { return .boolean(!isAnd) }
        return .boolean(try side(right, frame, word))
    }
    private func side(_ code: Code, _ frame: Frame, _ word: String) throws -> Bool {
        let value = try code.evaluate(frame)
        if case .boolean(let b) = value { return b }
        var hint: String?
        if case .mask = value { hint = "masks are combined voxel by voxel with \(isAnd ? "&" : "|")" }
        throw frame.fail("`\(word)` needs true or false on both sides, got \(value.mention)", hint: hint, at: code.span)
    }
}

final class UnaryCode: Code {
    let op: UnaryOperator
    let operand: Code
    init(_ op: UnaryOperator, _ operand: Code, _ span: Span) {
        self.op = op
        self.operand = operand
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        try Operators.unary(op, try operand.evaluate(frame), frame, span)
    }
}

final class BinaryCode: Code {
    let op: BinaryOperator
    let left: Code, right: Code
    let operatorSpan: Span
    init(_ op: BinaryOperator, _ left: Code, _ right: Code, operatorSpan: Span, _ span: Span) {
        self.op = op
        self.left = left
        self.right = right
        self.operatorSpan = operatorSpan
        super.init(span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        let a = try left.evaluate(frame), b = try right.evaluate(frame)
        if case .number(let x) = a, case .number(let y) = b {
            switch op {
            case .add: return .number(x + y)
            case .subtract: return .number(x - y)
            case .multiply: return .number(x * y)
            case .divide: return .number(x / y)
            case .less: return .boolean(x < y)
            case .lessOrEqual: return .boolean(x <= y)
            case .greater: return .boolean(x > y)
            case .greaterOrEqual: return .boolean(x >= y)
            case .equal: return .boolean(x == y)
            case .notEqual: return .boolean(x != y)
            default: break
            }
        }
        return try Operators.binary(op, a, b, frame, span, operatorSpan)
    }
}
