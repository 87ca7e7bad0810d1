import Glibc
import Imaging
import Support
import Syntax

extension Double {
    static func log10(_ x: Double) -> Double { Glibc.log10(x) }
    static func pow10(_ n: Int) -> Double { Glibc.pow(10, Double(n)) }
}

/// A result beyond the sizes that strings and lists may have.
public struct TooLarge: ExplainedError {
    public let message = "the result is too large: strings may have \(Operators.longestString) bytes, lists \(List.longest) items"
    public let hint: String? = nil
}

/// What the operators mean for each kind of value.
public enum Operators {
    /// The longest string that a script may make, in bytes.
    public static let longestString = 1 << 28

    /// For builtins that make strings. Throws `TooLarge` for more bytes than a string may have.
    public static func check(stringBytes: Int) throws(TooLarge) {
        if stringBytes > longestString { throw TooLarge() }
    }

    /// The texts of values one after another. Throws `TooLarge`, `Interrupted`.
    public static func joined(_ values: [Value], separator: String) throws -> String {
        var out = ""
        for (i, value) in values.enumerated() {
            if i > 0 { out += separator }
            let text = value.text
            try check(stringBytes: out.utf8.count + text.utf8.count + separator.utf8.count)
            out += text
            if i % 1024 == 0 { try Interrupt.check() }
        }
        return out
    }

    static func binary(
        _ op: BinaryOperator, _ a: Value, _ b: Value, _ frame: Frame, _ span: Span, _ operatorSpan: Span
    ) throws -> Value {
        switch (a, b) {
        case (.number(let x), .number(let y)): return try numbers(op, x, y, a, b, frame, operatorSpan)
        case (.volume, _), (_, .volume), (.mask, _), (_, .mask):
            if let result = try voxels(op, a, b, frame, span, operatorSpan) {
                try frame.account(result, at: span)
                return result
            }
        case (.string(let x), .string(let y)):
            switch op {
            case .add:
                guard x.utf8.count + y.utf8.count <= longestString else { throw tooLong(frame, span) }
                try frame.reserve(x.utf8.count + y.utf8.count, at: span)
                return .string(x + y)
            case .less: return .boolean(x < y)
            case .lessOrEqual: return .boolean(x <= y)
            case .greater: return .boolean(x > y)
            case .greaterOrEqual: return .boolean(x >= y)
            default: break
            }
        case (.list(let x), .list(let y)):
            if op == .add {
                guard x.count + y.count <= List.longest else { throw tooLong(frame, span) }
                try frame.reserve(items: x.count + y.count, at: span)
                return .list(List(x.items + y.items))
            }
        case (.string(let s), .number(let n)) where op == .multiply:
            let times = try count(n, frame, operatorSpan)
            guard times == 0 || s.utf8.count <= longestString / times else { throw tooLong(frame, span) }
            try frame.reserve(s.utf8.count * times, at: span)
            return .string(repeated(s, times))
        case (.list(let list), .number(let n)) where op == .multiply:
            let times = try count(n, frame, operatorSpan)
            guard times == 0 || list.count <= List.longest / times else { throw tooLong(frame, span) }
            try frame.reserve(items: list.count * times, at: span)
            var items: [Value] = []
            items.reserveCapacity(list.count * times)
            for _ in 0..<times { items += list.items }
            return Value(items)
        default: break
        }
        if op == .equal { return .boolean(try a.equals(b)) }
        if op == .notEqual { return .boolean(try !a.equals(b)) }
        throw unfit(op, a, b, frame, operatorSpan)
    }

    private static func numbers(
        _ op: BinaryOperator, _ x: Double, _ y: Double, _ a: Value, _ b: Value, _ frame: Frame, _ operatorSpan: Span
    ) throws -> Value {
        switch op {
        case .add: return .number(x + y)
        case .subtract: return .number(x - y)
        case .multiply: return .number(x * y)
        case .divide: return .number(x / y)
        case .remainder:
            // With the sign of the divisor, so that i % n walks round for negative i too.
            let r = fmod(x, y)
            return .number(r != 0 && (r < 0) != (y < 0) ? r + y : r)
        case .power: return .number(y == 2 ? x * x : pow(x, y))
        case .equal: return .boolean(x == y)
        case .notEqual: return .boolean(x != y)
        case .less: return .boolean(x < y)
        case .lessOrEqual: return .boolean(x <= y)
        case .greater: return .boolean(x > y)
        case .greaterOrEqual: return .boolean(x >= y)
        case .meet, .join: throw unfit(op, a, b, frame, operatorSpan)
        }
    }

    private static func operand(_ value: Value) -> Elementwise.Operand? {
        switch value {
        case .volume(let v): .volume(v)
        case .mask(let m): .mask(m)
        case .number(let x): .number(x)
        default: nil
        }
    }

    /// Voxel by voxel; nil when the other value is of no such kind.
    private static func voxels(
        _ op: BinaryOperator, _ a: Value, _ b: Value, _ frame: Frame, _ span: Span, _ operatorSpan: Span
    ) throws -> Value? {
        guard let x = operand(a), let y = operand(b) else { return nil }
        func arithmetic(_ operation: Arithmetic) throws -> Value { .volume(try Elementwise.apply(operation, x, y)) }
        func comparison(_ operation: Comparison) throws -> Value { .mask(try Elementwise.compare(operation, x, y)) }
        do {
            switch op {
            case .add: return try arithmetic(.add)
            case .subtract: return try arithmetic(.subtract)
            case .multiply: return try arithmetic(.multiply)
            case .divide: return try arithmetic(.divide)
            case .remainder: return try arithmetic(.remainder)
            case .power: return try arithmetic(.power)
            case .equal: return try comparison(.equal)
            case .notEqual: return try comparison(.notEqual)
            case .less: return try comparison(.less)
            case .lessOrEqual: return try comparison(.lessOrEqual)
            case .greater: return try comparison(.greater)
            case .greaterOrEqual: return try comparison(.greaterOrEqual)
            case .meet, .join:
                guard case .mask(let m) = x, case .mask(let n) = y else { return nil }
                return .mask(try Elementwise.apply(op == .meet ? Logic.and : .or, m, n))
            }
        } catch let error as any ExplainedError {
            if error is Interrupted { throw error }
            throw ScriptError(error.message, hint: error.hint, source: frame.code.source, span: span, underlying: error)
        }
    }

    static func unary(_ op: UnaryOperator, _ value: Value, _ frame: Frame, _ span: Span) throws -> Value {
        switch (op, value) {
        case (.negate, .number(let x)): return .number(-x)
        case (.negate, .volume(let v)): return .volume(try Elementwise.apply(.negate, v))
        case (.negate, .mask):
            throw frame.fail("a mask has no negative", hint: "its complement is ~m", at: span)
        case (.negate, _): throw frame.fail("`-` needs a number or a volume, got \(value.mention)", at: span)
        case (.complement, .mask(let m)): return .mask(try Elementwise.not(m))
        case (.complement, _):
            throw frame.fail("`~` needs a mask, got \(value.mention)", hint: wantsMask(value), at: span)
        case (.not, .boolean(let b)): return .boolean(!b)
        case (.not, .mask): throw frame.fail("`not` needs true or false, got \(value.mention)", hint: "a mask's complement is ~m", at: span)
        case (.not, _): throw frame.fail("`not` needs true or false, got \(value.mention)", at: span)
        }
    }

    private static func wantsMask(_ value: Value) -> String? {
        switch value {
        case .boolean: "booleans are combined with and, or, not"
        case .volume: "compare the volume to get a mask, as in (v > 0.5)"
        default: nil
        }
    }

    private static func unfit(_ op: BinaryOperator, _ a: Value, _ b: Value, _ frame: Frame, _ at: Span) -> ScriptError {
        var hint: String?
        switch (op, a, b) {
        case (.add, .string, _), (.add, _, .string): hint = "put values into text with braces: \"x = {x}\""
        case (.add, .list, _), (.add, _, .list): hint = "a list is joined with a list: xs + [x]"
        case (.meet, _, _), (.join, _, _): hint = wantsMask(a) ?? wantsMask(b)
        case (_, .list, .number), (_, .number, .list): hint = "work on each item: [2 * x for x in xs]"
        default: break
        }
        let symbol = op.rawValue
        switch op {
        case .meet, .join: return frame.fail("`\(symbol)` needs two masks, got \(a.mention) and \(b.mention)", hint: hint, at: at)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return frame.fail("`\(symbol)` cannot compare \(a.mention) with \(b.mention)", hint: hint, at: at)
        default: return frame.fail("`\(symbol)` cannot take \(a.mention) and \(b.mention)", hint: hint, at: at)
        }
    }

    private static func count(_ n: Double, _ frame: Frame, _ at: Span) throws -> Int {
        guard n == n.rounded(), n >= 0, n <= 0x1p40 else {
            throw frame.fail("a repetition needs a whole number from 0, got \(Text.number(n))", at: at)
        }
        return Int(n)
    }

    private static func repeated(_ s: String, _ times: Int) -> String {
        var out = "", unit = s, left = times
        out.reserveCapacity(s.utf8.count * times)
        while left > 0 {
            if left & 1 == 1 { out += unit }
            left >>= 1
            if left > 0 { unit += unit }
        }
        return out
    }

    static func tooLong(_ frame: Frame, _ span: Span) -> ScriptError {
        frame.fail(TooLarge().message, at: span)
    }
}
