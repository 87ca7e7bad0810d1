import Support
import Syntax

/// `f(a, name=b)`.
final class CallCode: Code {
    let callee: Code
    let arguments: [Code]
    /// Empty when no argument is named.
    let names: [String?]
    let spans: [Span]
    /// The arguments of which each stands for many: `...xs`.
    let spreads: [Int]

    init(_ callee: Code, _ arguments: [Code], names: [String?], spans: [Span], spreads: [Int], _ span: Span) {
        self.callee = callee
        self.arguments = arguments
        self.names = names
        self.spans = spans
        self.spreads = spreads
        super.init(span)
    }

    override func evaluate(_ frame: Frame) throws -> Value {
        let value = try callee.evaluate(frame)
        guard case .function(let function) = value else {
            throw frame.fail("\(value.mention) cannot be called", hint: hint(value), at: callee.span)
        }
        if !spreads.isEmpty { return try spreadOut(function, frame) }
        do {
            if case .closure(let code, let captured) = function.kind, names.isEmpty, arguments.count == code.parameters.count, code.rest == nil {
                return try frame.machine.withFrame(code, captured: captured) { inner in
                    for i in 0..<arguments.count {
                        let value: Value
                        do {
                            value = try arguments[i].evaluate(frame)
                        } catch {
                            throw ArgumentFailure(error: error)
                        }
                        store(value, code.parameters[i].place, inner)
                    }
                    return try frame.machine.finish(code, inner)
                }
            }
            var values: [Value] = []
            values.reserveCapacity(arguments.count)
            for argument in arguments {
                do {
                    values.append(try argument.evaluate(frame))
                } catch {
                    throw ArgumentFailure(error: error)
                }
            }
            return try frame.machine.call(function, values, names: names)
        } catch let failure as ArgumentFailure {
            // What went wrong in an argument did not happen within the call.
            throw failure.error
        } catch {
            throw placed(error, function, frame)
        }
    }

    /// The call with the items of `...xs` as arguments of their own.
    private func spreadOut(_ function: Function, _ frame: Frame) throws -> Value {
        var values: [Value] = [], given: [String?] = [], sources: [Int] = []
        for (i, argument) in arguments.enumerated() {
            let value = try argument.evaluate(frame)
            let items = spreads.contains(i) ? try Sequences.items(value, frame, argument.span) : [value]
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

    private func hint(_ value: Value) -> String? {
        switch value {
        case .list, .string, .volume, .mask, .range: "an index is written with brackets: x[0]"
        default: nil
        }
    }

    /// Adds this place to an error that came out of the call: one that knows its place gets a line in its trace.
    private func placed(_ error: any Error, _ function: Function, _ frame: Frame) -> any Error {
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

/// Carries an argument's error past the call that it was meant for.
private struct ArgumentFailure: Error {
    let error: any Error
}
