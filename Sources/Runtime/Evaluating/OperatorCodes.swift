import Imaging
import Support
import Syntax

/// A voxel expression in the making, as an operator hands it to the operator or the builtin around it.
public final class Pending: Sendable {
    let expression: VoxelExpression
    init(_ expression: VoxelExpression) { self.expression = expression }

    /// The expression's image, computed and stored. Throws what the core throws.
    func computed() throws -> Value { expression.isMask ? .mask(try expression.mask()) : .volume(try expression.volume()) }

    /// What an operator takes of a word; nil for all that is no number, image or expression.
    static func operand(_ word: Word) -> VoxelExpression.Operand? {
        if word.isNumber { return .number(word.number) }
        switch word.kind {
        case Word.Kind.pending: return .expression(word.object(Pending.self).takeUnretainedValue().expression)
        case Word.Kind.other:
            switch word.object(ValueBox.self).takeUnretainedValue().value {
            case .volume(let v): return .expression(VoxelExpression(v))
            case .mask(let m): return .expression(VoxelExpression(m))
            default: return nil
            }
        default: return nil
        }
    }
}

extension VoxelExpression: Convertible {
    public static var typeName: String { Volume.typeName }
    public static var takesExpression: Bool { true }
    /// A volume, or what operators are about to make one of. Throws `Mismatch` for all else.
    public static func from(_ value: Value) throws(Mismatch) -> VoxelExpression {
        if case .pending(let pending) = value, !pending.expression.isMask { return pending.expression }
        return VoxelExpression(try Volume.from(value))
    }
    public var value: Value { .pending(Pending(self)) }
}

extension VoxelExpression.Operand {
    var isMask: Bool { if case .expression(let e) = self { e.isMask } else { false } }
}

/// An operator. Where it works on voxels, it gives an expression to an operator around it, and the outermost one computes all in one pass.
class OperatorCode: Code {
    /// True below another operator of voxels, and in a call that takes expressions.
    fileprivate(set) var isInner = false

    /// Lets an operand's computing wait for what is around it: an operator, or a builtin that takes expressions or gives them.
    static func join(_ operand: Code) {
        (operand as? OperatorCode)?.isInner = true
        (operand as? CallCode)?.isInner = true
    }

    /// What the operator gives: an expression where another operator is around this one.
    fileprivate func result(_ expression: VoxelExpression, _ frame: Frame) throws -> Word {
        if isInner { return Word(Pending(expression)) }
        return Word(try frame.computed(Pending(expression), at: span))
    }
}

extension Frame {
    /// The image of an expression.
    func computed(_ pending: Pending, at span: Span) throws -> Value {
        try placed(span) {
            try reserve(pending.expression.grid.count * (pending.expression.isMask ? 1 : 4), at: span)
            return try pending.computed()
        }
    }

    /// Runs a core's work; its errors get the place.
    func placed<T>(_ span: Span, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as any ExplainedError {
            if error is Interrupted { throw error }
            throw ScriptError(error.message, hint: error.hint, source: code.source, span: span, underlying: error)
        }
    }
}

final class UnaryCode: OperatorCode {
    let op: UnaryOperator
    let operand: Code

    init(_ op: UnaryOperator, _ operand: Code, _ span: Span) {
        self.op = op
        self.operand = operand
        if op != .not { Self.join(operand) }
        super.init(span)
    }

    override var isPlain: Bool { operand.isPlain }

    override func emit(_ emitter: Emitter, to register: Int) {
        let start = emitter.free
        emitter.add(.unary, a: register, b: emitter.operand(operand), site: self)
        emitter.release(to: start)
    }

    /// What the operator makes of its operand.
    func apply(_ x: Word, _ frame: Frame) throws -> Word {
        if op == .negate, x.isNumber { return Word(-x.number) }
        if op == .not, x.isTruth { return Word(x.bits == Word.no.bits) }
        if op != .not, case .expression(let expression)? = Pending.operand(x) {
            if op == .negate, !expression.isMask { return try result(expression.mapped(by: .negate), frame) }
            if op == .complement, expression.isMask { return try result(expression.complement, frame) }
            return Word(try Operators.unary(op, try Pending(expression).computed(), frame, span))
        }
        return Word(try Operators.unary(op, try x.value ?? operand.evaluate(frame), frame, span))
    }
}

final class BinaryCode: OperatorCode {
    let op: BinaryOperator
    let left: Code, right: Code
    let operatorSpan: Span

    init(_ op: BinaryOperator, _ left: Code, _ right: Code, operatorSpan: Span, _ span: Span) {
        self.op = op
        self.left = left
        self.right = right
        self.operatorSpan = operatorSpan
        Self.join(left)
        Self.join(right)
        super.init(span)
    }

    override var isPlain: Bool { left.isPlain && right.isPlain }

    override func emit(_ emitter: Emitter, to register: Int) {
        let start = emitter.free
        defer { emitter.release(to: start) }
        let first = emitter.operand(left, before: [right])
        if let operation = Self.withConstant[op], let constant = emitter.operandConstant(right) {
            emitter.add(operation, a: register, b: first, c: constant, site: self)
        } else {
            emitter.add(Self.operations[op] ?? .combine, a: register, b: first, c: emitter.operand(right), site: self)
        }
    }

    private static let operations: [BinaryOperator: Operation] = [
        .add: .add, .subtract: .subtract, .multiply: .multiply, .divide: .divide, .remainder: .remainder, .power: .power, .less: .less,
        .lessOrEqual: .lessOrEqual, .greater: .greater, .greaterOrEqual: .greaterOrEqual, .equal: .equal, .notEqual: .notEqual,
    ]
    private static let withConstant: [BinaryOperator: Operation] = [
        .add: .addConstant, .subtract: .subtractConstant, .multiply: .multiplyConstant, .divide: .divideConstant,
    ]
    private static let conditions: [BinaryOperator: (registers: Operation, constant: Operation)] = [
        .less: (.unlessLess, .unlessLessConstant), .lessOrEqual: (.unlessLessOrEqual, .unlessLessOrEqualConstant),
        .greater: (.unlessGreater, .unlessGreaterConstant), .greaterOrEqual: (.unlessGreaterOrEqual, .unlessGreaterOrEqualConstant),
        .equal: (.unlessEqual, .unlessEqualConstant), .notEqual: (.unlessNotEqual, .unlessNotEqualConstant),
    ]

    /// Writes a jump that is taken unless the comparison holds. False for operators that compare nothing.
    func emitCondition(_ emitter: Emitter, unless label: inout Emitter.Label, _ condition: Condition) -> Bool {
        guard let operation = Self.conditions[op] else { return false }
        let start = emitter.free
        defer { emitter.release(to: start) }
        let first = emitter.operand(left, before: [right])
        if let constant = emitter.operandConstant(right) {
            emitter.jump(operation.constant, a: first, b: constant, to: &label, site: condition)
        } else {
            emitter.jump(operation.registers, a: first, b: emitter.operand(right), to: &label, site: condition)
        }
        return true
    }

    /// What the operator makes of its operands. Where one of them is a variable without a value, its code throws the error.
    func combine(_ x: Word, _ y: Word, _ frame: Frame) throws -> Word {
        if x.kind == Word.Kind.text, y.kind == Word.Kind.text, op == .equal || op == .notEqual {
            return Word(TextBox.areEqual(x, y) == (op == .equal))
        }
        if let a = Pending.operand(x), let b = Pending.operand(y) {
            if x.isNumber, y.isNumber { return Word(try Operators.numbers(op, x.number, y.number, frame, operatorSpan)) }
            if let expression = try frame.placed(span, { try Operators.expression(op, a, b) }) { return try result(expression, frame) }
        }
        let first = try value(x, left, frame)
        return Word(try Operators.binary(op, first, try value(y, right, frame), frame, span, operatorSpan))
    }

    /// A value for what no expression goes into, such as an error's text.
    private func value(_ word: Word, _ code: Code, _ frame: Frame) throws -> Value {
        guard word.kind == Word.Kind.pending else { return try word.value ?? code.evaluate(frame) }
        let pending = word.object(Pending.self).takeUnretainedValue()
        return try frame.placed(code.span) { try pending.computed() }
    }
}

/// Code whose value must be true or false.
final class Condition: Code {
    let code: Code
    /// Where the value is a side of `and` or `or`; nil for conditions of `if` and `while`.
    private let logic: LogicCode?
    private let what: String

    init(_ code: Code, side logic: LogicCode?, _ what: String) {
        (self.code, self.logic, self.what) = (code, logic, what)
        super.init(code.span)
    }

    func check(_ value: Value, _ frame: Frame) throws -> Bool {
        if let logic { return try logic.truth(value, code, frame) }
        return try code.truth(value, frame, what)
    }
}

extension Emitter {
    /// Writes code that goes on where a condition is true, and else jumps to the label.
    func condition(_ code: Code, unless label: inout Label, side logic: LogicCode? = nil, _ what: String = "a condition") {
        if let code = code as? LogicCode {
            if code.isAnd {
                condition(code.left, unless: &label, side: code)
                condition(code.right, unless: &label, side: code)
            } else {
                var second = Label(), end = Label()
                condition(code.left, unless: &second, side: code)
                jump(.jump, to: &end)
                place(&second)
                condition(code.right, unless: &label, side: code)
                place(&end)
            }
            return
        }
        let condition = Condition(code, side: logic, what)
        if let comparison = code as? BinaryCode, comparison.emitCondition(self, unless: &label, condition) { return }
        let start = free
        jump(.jumpUnless, a: operand(code), to: &label, site: condition)
        release(to: start)
    }

    /// A variable takes over what a register holds.
    func store(_ register: Int, in place: Place) {
        switch place {
        case .slot(let slot): add(.move, a: slot, b: register)
        case .cell(let cell): add(.writeCell, a: register, b: cell)
        case .captured: break  // The compiler never binds a name of the functions around.
        }
    }

    /// A variable that has just been bound, as the value of its binding.
    func load(_ place: Place, to register: Int, _ code: Code) {
        switch place {
        case .slot(let slot): add(.copy, a: register, b: slot, site: code)
        case .cell(let cell): add(.readCell, a: register, b: cell, site: code)
        case .captured(let cell): add(.readCaptured, a: register, b: cell, site: code)
        }
    }
}
