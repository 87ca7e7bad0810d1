import Support
import Syntax

/// `f(a, name=b)`.
final class CallCode: Code {
    private(set) var callee: Code
    private(set) var arguments: [Code]
    /// Empty when no argument is named.
    let names: [String?]
    let spans: [Span]
    /// The arguments of which each stands for many: `...xs`.
    let spreads: [Int]

    /// The builtin that this is known to call: its name is nobody else's.
    @exclusivity(unchecked) var builtin: Unmanaged<Builtin>?
    /// Arguments may come as voxel expressions: the name is that of a builtin which takes them.
    private let takesExpressions: Bool
    /// True where what is around the call takes a voxel expression for its result.
    var isInner = false

    init(_ callee: Code, _ arguments: [Code], names: [String?], spans: [Span], spreads: [Int], _ span: Span) {
        self.callee = callee
        self.arguments = arguments
        self.names = names
        self.spans = spans
        self.spreads = spreads
        takesExpressions = (callee as? GlobalVariable)?.builtin?.takesExpressions ?? false
        super.init(span)
        if takesExpressions { for argument in arguments { OperatorCode.join(argument) } }
    }

    override func evaluate(_ frame: Frame) throws -> Value {
        let function = try function(try callee.evaluate(frame), frame)
        if !spreads.isEmpty { return try spreadOut(function, frame) }
        // What goes wrong in an argument does not happen within the call.
        var values: [Value] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments { values.append(try argument.evaluate(frame)) }
        return try call(function, values, frame)
    }

    /// Calls with values, one for each argument.
    func call(_ function: Function, _ values: [Value], _ frame: Frame) throws -> Value {
        let values = try settled(values, for: function, frame)
        do {
            return try frame.machine.call(function, values, names: names, givesExpression: isInner)
        } catch {
            throw placed(error, function, frame)
        }
    }

    /// Computes the voxel expressions among arguments, but those that a builtin's parameter takes as they are.
    private func settled(_ values: [Value], for function: Function, _ frame: Frame) throws -> [Value] {
        guard takesExpressions else { return values }
        var settled = values
        for (i, value) in values.enumerated() {
            guard case .pending(let pending) = value else { continue }
            if !pending.expression.isMask, function.builtin?.parameter(at: i, named: i < names.count ? names[i] : nil)?.takesExpression ?? false { continue }
            settled[i] = try frame.computed(pending, at: arguments[i].span)
        }
        return settled
    }

    override func replaceParts(_ replace: (Code) -> Code) { (callee, arguments) = (replace(callee), arguments.map(replace)) }
    override var isPlain: Bool { callee.isPlain && arguments.allSatisfy(\.isPlain) }

    /// More arguments than this are not kept in registers.
    private static let most = 64

    override func emit(_ emitter: Emitter, to register: Int) {
        guard names.isEmpty, spreads.isEmpty, arguments.count <= Self.most else { return emitter.evaluate(self, to: register) }
        // The result comes to the first register of the call: the one that waits for it, where that is the topmost.
        let start = emitter.free
        let first = register == start - 1 && emitter.isFree(register) ? register : emitter.take()
        let count = arguments.count
        if let global = callee as? GlobalVariable, arguments.allSatisfy(\.isPlain) {
            _ = emitter.take(max(0, count - 1))
            for (i, argument) in arguments.enumerated() { argument.emit(emitter, to: first + i) }
            emitter.add(takesExpressions ? .callBuiltin : .callGlobal, a: first, c: count, d: emitter.cell(global.cell), site: self)
        } else {
            _ = emitter.take(count)
            callee.emit(emitter, to: first)
            for (i, argument) in arguments.enumerated() { argument.emit(emitter, to: first + 1 + i) }
            emitter.add(.call, a: first, c: count, site: self)
        }
        emitter.release(to: start)
        if first != register { emitter.add(.move, a: register, b: first) }
    }

    /// What is called. Throws where the value is no function.
    func function(_ value: Value, _ frame: Frame) throws -> Function {
        if case .function(let function) = value { return function }
        throw frame.fail("\(value.mention) cannot be called", hint: hint(value), at: callee.span)
    }

    /// The call with the items of `...xs` as arguments of their own.
    private func spreadOut(_ function: Function, _ frame: Frame) throws -> Value {
        var values: [Value] = [], given: [String?] = [], sources: [Int] = []
        for (i, argument) in arguments.enumerated() {
            let value = try argument.evaluate(frame)
            let items = spreads.contains(i) ? try Sequences.items(value, frame, argument.span) : try settled(value, argument, frame)
            values += items
            given += Array(repeating: i < names.count ? names[i] : nil, count: items.count)
            sources += Array(repeating: i, count: items.count)
        }
        do {
            return try frame.machine.call(function, values, names: names.isEmpty ? [] : given)
        } catch let error as ArgumentError {
            let argument = error.argument.map { $0 < sources.count ? sources[$0] : $0 }
            throw placed(ArgumentError(error.message, hint: error.hint, argument: argument), function, frame)
        } catch {
            throw placed(error, function, frame)
        }
    }

    private func settled(_ value: Value, _ argument: Code, _ frame: Frame) throws -> [Value] {
        if case .pending(let pending) = value { return [try frame.computed(pending, at: argument.span)] }
        return [value]
    }

    private func hint(_ value: Value) -> String? {
        switch value {
        case .list, .string, .volume, .mask, .range: "an index is written with brackets: x[0]"
        default: nil
        }
    }

    /// Adds this place to an error that came out of the call: one that knows its place gets a line in its trace.
    func placed(_ error: any Error, _ function: Function, _ frame: Frame) -> any Error {
        let source = frame.code.source
        func at(_ argument: Int?) -> Span {
            if let argument, argument < spans.count { return spans[argument] }
            return span
        }
        switch error {
        case is Interrupted, is Jump: return error
        case let error as ScriptError:
            error.trace.append(.init(function: function.name, source: source, span: span))
            return error
        case let error as ArgumentError:
            return ScriptError(error.message, hint: error.hint, source: source, span: at(error.argument))
        case let error as Rejection:
            let message = "\(function.name): `\(error.parameter)` must be \(error.expected), got \(error.found)"
            return ScriptError(message, hint: error.hint, source: source, span: at(argument(error.parameter, of: function)))
        case let error as any ExplainedError:
            let place = at(error.argument.flatMap { argument($0, of: function) })
            return ScriptError(error.message(in: function.name), hint: error.hint, source: source, span: place, underlying: error)
        default:
            return ScriptError("\(function.name): \(error)", source: source, span: span, underlying: error)
        }
    }

    /// The number of this call's argument for a parameter.
    private func argument(_ name: String, of function: Function) -> Int? {
        if let i = names.firstIndex(of: name) { return i }
        guard spreads.isEmpty, let i = function.parameterNames.firstIndex(of: name), i < arguments.count, i >= names.count || names[i] == nil
        else { return nil }
        return i
    }
}
