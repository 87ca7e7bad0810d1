import Support
import Syntax

final class Assign: Code {
    let place: Place
    let value: Code
    init(_ place: Place, _ value: Code, _ span: Span) {
        self.place = place
        self.value = value
        super.init(span)
    }
    override func emitStatement(_ emitter: Emitter) {
        if case .slot(let slot) = place { return value.emit(emitter, to: slot) }
        let register = emitter.take()
        value.emit(emitter, to: register)
        emitter.store(register, in: place)
        emitter.release(to: register)
    }
    override func emit(_ emitter: Emitter, to register: Int) {
        emitStatement(emitter)
        emitter.load(place, to: register, self)
    }
}

@inline(__always)
func store(_ value: Value, _ place: Place, _ frame: Frame) {
    switch place {
    case .slot(let i): (frame.slots + i).put(Word(value))
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
    override func emitStatement(_ emitter: Emitter) {
        let register = emitter.take()
        value.emit(emitter, to: register)
        emitter.add(.writeGlobal, a: register, d: emitter.cell(cell))
        emitter.release(to: register)
    }
    override func emit(_ emitter: Emitter, to register: Int) {
        emitStatement(emitter)
        emitter.add(.readGlobal, a: register, d: emitter.cell(cell), site: self)
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

    override func emitStatement(_ emitter: Emitter) {
        let start = emitter.free
        defer { emitter.release(to: start) }
        if let cell {
            emitter.add(.growGlobal, b: emitter.operand(more), d: emitter.cell(cell), site: self)
        } else if case .slot(let slot) = place {
            if let step = emitter.operandConstant(more) {
                let sum = BinaryCode(.add, variable, more, operatorSpan: operatorSpan, span)
                emitter.add(.addConstant, a: slot, b: slot, c: step, site: sum)
            } else if let text = more as? MakeText, let first = text.emitValues(emitter) {
                emitter.add(.growText, a: slot, b: first, c: text.valueCount, site: self)
            } else {
                emitter.add(.grow, a: slot, b: emitter.operand(more), site: self)
            }
        } else if case .cell(let cell) = place {
            emitter.add(.growCell, a: cell, b: emitter.operand(more), site: self)
        }
    }

    override func emit(_ emitter: Emitter, to register: Int) {
        emitStatement(emitter)
        variable.emit(emitter, to: register)
    }
}

/// `xs[i] = x`, which binds `xs` to a list or record with another item.
final class SetItem: StatementCode {
    private let target: Place?
    private let cell: Cell?
    /// The variable that is bound anew.
    let variable: Code
    /// The item's number or name.
    let place: Code
    /// What comes there.
    let item: Code

    init(_ target: Place?, _ cell: Cell?, variable: Code, place: Code, item: Code, _ span: Span) {
        (self.target, self.cell, self.variable, self.place, self.item) = (target, cell, variable, place, item)
        super.init(span)
    }

    override func emitStatement(_ emitter: Emitter) {
        let start = emitter.free
        defer { emitter.release(to: start) }
        let at = emitter.operand(place, before: [item]), new = emitter.operand(item)
        if let cell {
            emitter.add(.setItemGlobal, b: at, c: new, d: emitter.cell(cell), site: self)
        } else if case .slot(let slot) = target {
            emitter.add(.setItem, a: slot, b: at, c: new, site: self)
        } else if case .cell(let cell) = target {
            emitter.add(.setItemCell, a: cell, b: at, c: new, site: self)
        }
    }

    /// A copy with another item.
    func changed(_ old: Value, _ at: Value, _ new: Value, _ frame: Frame) throws -> Value {
        if new.depth >= Value.deepest { throw frame.fail(tooDeep, at: span) }
        switch old {
        case .list(let list):
            guard case .number(let x) = at, let i = Int(exactly: x) else {
                throw frame.fail("an index must be a whole number, got \(at.mention)", at: place.span)
            }
            let number = try Sequences.place(i, list.count, "the list", frame, place.span)
            try frame.reserve(items: list.count, at: span)
            let copy = List(list, 0..<list.count)
            copy.replace(number, with: Word(new))
            return .list(copy)
        case .record(let record):
            guard case .string(let name) = at else {
                throw frame.fail("a record is indexed with a field's name, got \(at.mention)", hint: "write r[\"name\"]", at: place.span)
            }
            try frame.reserve(128 + 64 * record.fields.count, at: span)
            return .record(record.with(name, new))
        case .range(let range):
            throw frame.fail(
                "the items of \(Value.range(range).mention) cannot be changed", hint: "make a list of it: [i for i in \(range.start):\(range.end)]",
                at: variable.span)
        case .volume, .mask:
            throw frame.fail(
                "voxels of \(old.mention) cannot be changed one by one", hint: "an expression makes a new one, such as v * (v > 0)",
                at: variable.span)
        default: throw frame.fail("items of \(old.mention) cannot be changed", hint: "those of lists and records can", at: variable.span)
        }
    }
}
