import Support
import Syntax

final class BlockCode: Code {
    let statements: [Code]
    init(_ statements: [Code], _ span: Span) {
        self.statements = statements
        super.init(span)
    }
    override func execute(_ frame: Frame) throws -> Completion {
        for statement in statements {
            let completion = try statement.execute(frame)
            if completion != .normal { return completion }
        }
        return .normal
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        guard let last = statements.last else { return .none }
        for statement in statements.dropLast() {
            let completion = try statement.execute(frame)
            if completion != .normal { throw Jump(completion: completion) }
        }
        return try last.evaluate(frame)
    }
}

/// A statement that has no value; in a value's place it gives none.
class StatementCode: Code {
    override final func evaluate(_ frame: Frame) throws -> Value {
        let completion = try execute(frame)
        if completion != .normal { throw Jump(completion: completion) }
        return .none
    }
}

final class ReturnCode: StatementCode {
    let value: Code?
    init(_ value: Code?, _ span: Span) {
        self.value = value
        super.init(span)
    }
    override func execute(_ frame: Frame) throws -> Completion {
        frame.result = try value?.evaluate(frame) ?? .none
        return .returned
    }
}

final class LeaveLoop: StatementCode {
    let completion: Completion
    init(_ completion: Completion, _ span: Span) {
        self.completion = completion
        super.init(span)
    }
    override func execute(_ frame: Frame) -> Completion { completion }
}

final class Conditional: Code {
    let branches: [(condition: Code, body: Code)]
    let otherwise: Code?
    init(_ branches: [(condition: Code, body: Code)], otherwise: Code?, _ span: Span) {
        self.branches = branches
        self.otherwise = otherwise
        super.init(span)
    }
    @inline(__always)
    private func chosen(_ frame: Frame) throws -> Code? {
        for branch in branches where try branch.condition.test(frame, "a condition") { return branch.body }
        return otherwise
    }
    override func execute(_ frame: Frame) throws -> Completion { try chosen(frame)?.execute(frame) ?? .normal }
    override func evaluate(_ frame: Frame) throws -> Value { try chosen(frame)?.evaluate(frame) ?? .none }
}

/// One turn of a loop's body. True when the loop goes on.
@inline(__always)
private func turn(_ body: Code, _ frame: Frame, _ completion: inout Completion) throws -> Bool {
    try frame.machine.poll()
    do {
        completion = try body.execute(frame)
    } catch let jump as Jump {
        completion = jump.completion
    }
    return completion == .normal || completion == .continued
}

final class WhileCode: StatementCode {
    let condition: Code, body: Code
    init(_ condition: Code, _ body: Code, _ span: Span) {
        self.condition = condition
        self.body = body
        super.init(span)
    }
    override func execute(_ frame: Frame) throws -> Completion {
        var completion = Completion.normal
        while try condition.test(frame, "a condition") {
            if try !turn(body, frame, &completion) { break }
        }
        return completion == .returned ? .returned : .normal
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
    override func execute(_ frame: Frame) throws -> Completion {
        var completion = Completion.normal
        try Sequences.forEach(try sequence.evaluate(frame), frame, sequence.span) { item in
            if let global { global.value = item } else if let place { store(item, place, frame) }
            return try turn(body, frame, &completion)
        }
        return completion == .returned ? .returned : .normal
    }
}

/// What `for` can go over.
enum Sequences {
    /// `body` gives false to stop.
    @inline(__always)
    static func forEach(_ value: Value, _ frame: Frame, _ span: Span, _ body: (Value) throws -> Bool) throws {
        switch value {
        case .range(let range):
            var i = range.start
            while i < range.end {
                if try !body(.number(Double(i))) { return }
                i += 1
            }
        case .list(let list):
            for item in list.items where try !body(item) { return }
        case .string(let text):
            for character in text where try !body(.string(String(character))) { return }
        case .record(let record):
            for name in record.names where try !body(.string(name)) { return }
        default:
            var hint: String?
            if case .number(let x) = value, x == x.rounded(), x >= 0, x < 1e15 { hint = "for numbers up to it write 0:\(Text.number(x))" }
            throw frame.fail("`for` goes over lists, ranges, strings and records, not \(value.mention)", hint: hint, at: span)
        }
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
    override func evaluate(_ frame: Frame) throws -> Value {
        var out: [Value] = []
        try run(0, frame, &out)
        let list = List(out)
        if list.depth > Value.deepest { throw frame.fail(tooDeep, at: span) }
        return .list(list)
    }
    private func run(_ step: Int, _ frame: Frame, _ out: inout [Value]) throws {
        guard step < steps.count else {
            guard out.count < List.longest else { throw frame.fail("the list is too long: more than \(List.longest) items", at: span) }
            // The array is about to move to one of twice the size.
            if out.count == out.capacity { try frame.reserve(items: 2 * out.count, at: span) }
            out.append(try element.evaluate(frame))
            return
        }
        switch steps[step] {
        case .unpack(let code):
            _ = try code.evaluate(frame)
            try run(step + 1, frame, &out)
        case .filter(let condition):
            if try condition.test(frame, "a comprehension's condition") { try run(step + 1, frame, &out) }
        case .each(let place, let sequence):
            try Sequences.forEach(try sequence.evaluate(frame), frame, sequence.span) { item in
                try frame.machine.poll()
                // A fresh cell each turn, so that functions made here each keep their own item.
                if case .cell(let i) = place { frame.cells[i] = Cell(item) } else { store(item, place, frame) }
                try run(step + 1, frame, &out)
                return true
            }
        }
    }
}

final class TryCode: Code {
    let body: Code, handler: Code
    let place: Place?
    let global: Cell?
    init(_ body: Code, place: Place?, global: Cell?, handler: Code, _ span: Span) {
        self.body = body
        self.place = place
        self.global = global
        self.handler = handler
        super.init(span)
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
