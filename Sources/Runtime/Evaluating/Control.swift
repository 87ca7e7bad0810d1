import Support
import Syntax

final class BlockCode: Code {
    let statements: [Code]
    init(_ statements: [Code], _ span: Span) {
        self.statements = statements
        super.init(span)
    }
    override func emitStatement(_ emitter: Emitter) { emit(statements[...], emitter) }
    private func emit(_ statements: ArraySlice<Code>, _ emitter: Emitter) {
        for statement in statements where !emitter.polling.isStopped() { statement.emitStatement(emitter) }
    }
    override func emit(_ emitter: Emitter, to register: Int) {
        emit(statements.dropLast(), emitter)
        if let last = statements.last { last.emit(emitter, to: register) } else { emitter.add(.plain, a: register) }
    }
}

/// A statement that has no value; in a value's place it gives none.
class StatementCode: Code {
    override final func emit(_ emitter: Emitter, to register: Int) {
        emitStatement(emitter)
        emitter.add(.plain, a: register)
    }
}

final class ReturnCode: StatementCode {
    let value: Code?
    init(_ value: Code?, _ span: Span) {
        self.value = value
        super.init(span)
    }
    override func emitStatement(_ emitter: Emitter) { emitter.giveBack(value) }
}

final class LeaveLoop: StatementCode {
    let completion: Completion
    init(_ completion: Completion, _ span: Span) {
        self.completion = completion
        super.init(span)
    }
    override func emitStatement(_ emitter: Emitter) { emitter.leaveLoop(completion == .broke) }
}

final class Conditional: Code {
    let branches: [(condition: Code, body: Code)]
    let otherwise: Code?
    init(_ branches: [(condition: Code, body: Code)], otherwise: Code?, _ span: Span) {
        self.branches = branches
        self.otherwise = otherwise
        super.init(span)
    }
    override func emit(_ emitter: Emitter, to register: Int) {
        emit(emitter, { $0.emit(emitter, to: register) }, otherwise: { emitter.add(.plain, a: register) })
    }
    override func emitStatement(_ emitter: Emitter) { emit(emitter, { $0.emitStatement(emitter) }, otherwise: {}) }
    private func emit(_ emitter: Emitter, _ write: (Code) -> Void, otherwise none: () -> Void) {
        var end = Emitter.Label()
        for branch in branches {
            var next = Emitter.Label()
            emitter.condition(branch.condition, unless: &next)
            write(branch.body)
            emitter.jump(.jump, to: &end)
            emitter.place(&next)
        }
        if let otherwise { write(otherwise) } else { none() }
        emitter.place(&end)
    }
}

final class WhileCode: StatementCode {
    let condition: Code, body: Code
    init(_ condition: Code, _ body: Code, _ span: Span) {
        self.condition = condition
        self.body = body
        super.init(span)
    }
    override func emitStatement(_ emitter: Emitter) {
        emitter.loop { continues in
            var top = Emitter.Label(), end = Emitter.Label()
            emitter.place(&top)
            emitter.condition(condition, unless: &end)
            body.emitStatement(emitter)
            // By way of `loop`, which looks for Ctrl-C and counts the turn.
            emitter.place(&continues)
            emitter.jump(.loop, to: &top)
            emitter.place(&end)
        }
    }
}

final class ForCode: StatementCode {
    let place: Place?
    let global: Cell?
    let sequence: Code, body: Code
    init(_ place: Place?, global: Cell?, _ sequence: Code, _ body: Code, _ span: Span) {
        self.place = place
        self.global = global
        self.sequence = sequence
        self.body = body
        super.init(span)
    }
    override func emitStatement(_ emitter: Emitter) {
        emitter.loop(over: sequence) { item, bind in
            var slot: Int?
            if global == nil, case .slot(let i)? = place { slot = i }
            emitter.loop { continues in
                bind(slot) {
                    if let global {
                        emitter.add(.writeGlobal, a: item, d: emitter.cell(global))
                    } else if slot == nil, let place {
                        emitter.store(item, in: place)
                    }
                    body.emitStatement(emitter)
                    emitter.place(&continues)
                }
            }
        }
    }
}

/// What `for` can go over.
enum Sequences {
    /// 0-based; negative numbers count from the end.
    static func place(_ i: Int, _ count: Int, _ what: String, _ frame: Frame, _ at: Span) throws -> Int {
        let place = i < 0 ? i + count : i
        guard place >= 0, place < count else {
            throw frame.fail(
                count == 0
                    ? "there is no item \(i): \(what) is empty" : "there is no item \(i): \(what) has \(count), from 0 to \(count - 1)",
                hint: i == count && count > 0 ? "the last is \(count - 1), or -1" : nil, at: at)
        }
        return place
    }

    /// The error for what `for` cannot go over.
    static func refusal(_ value: Value, _ frame: Frame, _ span: Span) -> ScriptError {
        var hint: String?
        if case .number(let x) = value, x == x.rounded(), x >= 0, x < 1e15 { hint = "for numbers up to it write 0:\(Text.number(x))" }
        return frame.fail("`for` goes over lists, ranges, strings and records, not \(value.mention)", hint: hint, at: span)
    }
}

final class ComprehensionCode: Code {
    enum Step {
        case each(Place, Code)
        case unpack(UnpackCode)
        case filter(Code)
    }
    let element: Code
    let steps: [Step]
    init(_ element: Code, _ steps: [Step], _ span: Span) {
        self.element = element
        self.steps = steps
        super.init(span)
    }
    override func emit(_ emitter: Emitter, to register: Int) {
        let list = emitter.take()
        emitter.add(.list, a: list, b: list, c: 0, site: self)
        emit(emitter, 0, list)
        emitter.add(.move, a: register, b: list)
        emitter.release(to: list)
    }
    private func emit(_ emitter: Emitter, _ step: Int, _ list: Int) {
        guard step < steps.count else {
            let item = emitter.take()
            element.emit(emitter, to: item)
            emitter.add(.append, a: list, b: item, site: self)
            emitter.release(to: item)
            return
        }
        switch steps[step] {
        case .unpack(let code):
            code.emitStatement(emitter)
            emit(emitter, step + 1, list)
        case .filter(let condition):
            var end = Emitter.Label()
            emitter.condition(condition, unless: &end, "a comprehension's condition")
            emit(emitter, step + 1, list)
            emitter.place(&end)
        case .each(let place, let sequence):
            emitter.loop(over: sequence) { item, bind in
                var slot: Int?
                if case .slot(let i) = place { slot = i }
                bind(slot) {
                    // A fresh cell each turn, so that functions made here each keep their own item.
                    if case .cell(let i) = place { emitter.add(.freshCell, a: item, b: i) }
                    emit(emitter, step + 1, list)
                }
            }
        }
    }
}

final class TryCode: Code {
    private var body: Code, handler: Code
    let place: Place?
    let global: Cell?
    init(_ body: Code, place: Place?, global: Cell?, handler: Code, _ span: Span) {
        self.body = body
        self.place = place
        self.global = global
        self.handler = handler
        super.init(span)
    }
    override func emit(_ emitter: Emitter, to register: Int) {
        body = emitter.chunk(body, givesValue: true)
        handler = emitter.chunk(handler, givesValue: true)
        emitter.evaluate(self, to: register)
    }
    override func emitStatement(_ emitter: Emitter) {
        body = emitter.chunk(body, givesValue: false)
        handler = emitter.chunk(handler, givesValue: false)
        emitter.execute(self)
    }
    override func execute(_ frame: Frame) throws -> Completion {
        do {
            return try body.execute(frame)
        } catch let error as ScriptError {
            keep(error, frame)
        }
        return try handler.execute(frame)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        do {
            return try body.evaluate(frame)
        } catch let error as ScriptError {
            keep(error, frame)
        }
        return try handler.evaluate(frame)
    }
    private func keep(_ error: ScriptError, _ frame: Frame) {
        let record = Value.record(
            Record([
                ("message", .string(error.message)), ("hint", error.hint.map { .string($0) } ?? .none),
                ("file", .string(error.place.source.name)), ("line", .number(Double(error.line))),
            ]))
        if let global { global.value = record } else if let place { store(record, place, frame) }
    }
}
