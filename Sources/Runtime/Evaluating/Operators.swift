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

    /// Throws `TooLarge` for a list that a script may not have.
    public static func check(items: Int) throws(TooLarge) {
        if items > List.longest { throw TooLarge() }
    }

    /// The texts of values one after another. Throws `TooLarge`, `Interrupted`, and `MemoryError` where memory lacks.
    public static func joined(_ values: [Value], separator: String) throws -> String {
        var out = "", asked = 1 << 24
        for (i, value) in values.enumerated() {
            if i > 0 { out += separator }
            let text = value.text
            try check(stringBytes: out.utf8.count + text.utf8.count + separator.utf8.count)
            if out.utf8.count + text.utf8.count > asked {
                // The string moves to twice the room.
                asked = 2 * (out.utf8.count + text.utf8.count)
                try Memory.check(2 * asked, for: "a string of \(Text.bytes(asked))")
            }
            out += text
            if i % 1024 == 0 { try Interrupt.check() }
        }
        return out
    }

    static func binary(
        _ op: BinaryOperator, _ a: Value, _ b: Value, _ frame: Frame, _ span: Span, _ operatorSpan: Span
    ) throws -> Value {
        switch (a, b) {
        case (.number(let x), .number(let y)): return try numbers(op, x, y, frame, operatorSpan)
        case (.volume, _), (_, .volume), (.mask, _), (_, .mask):
            if let x = operand(a), let y = operand(b), let expression = try frame.placed(span, { try self.expression(op, x, y) }) {
                let result = try frame.placed(span) { try Pending(expression).computed() }
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
                let sum = List(capacity: x.count + y.count)
                sum.append(contentsOf: x)
                sum.append(contentsOf: y)
                return .list(sum)
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
            return .list(List(list, 0..<list.count, times: times))
        default: break
        }
        if op == .equal { return .boolean(try a.equals(b)) }
        if op == .notEqual { return .boolean(try !a.equals(b)) }
        throw unfit(op, a, b, frame, operatorSpan)
    }

    /// With the sign of the divisor, so that i % n walks round for negative i too.
    @inline(__always)
    static func remainder(_ x: Double, _ y: Double) -> Double {
        // Whole numbers, the usual case, are quicker as such.
        if x >= 0, x < 0x1p53, y >= 1, y < 0x1p53 {
            let a = Int64(x), b = Int64(y)
            if Double(a) == x, Double(b) == y { return Double(a % b) }
        }
        return anyRemainder(x, y)
    }

    @inline(never)
    private static func anyRemainder(_ x: Double, _ y: Double) -> Double {
        let r = fmod(x, y)
        return r != 0 && (r < 0) != (y < 0) ? r + y : r
    }

    static func power(_ x: Double, _ y: Double) -> Double { y == 2 ? x * x : pow(x, y) }

    static func numbers(_ op: BinaryOperator, _ x: Double, _ y: Double, _ frame: Frame, _ operatorSpan: Span) throws -> Value {
        switch op {
        case .add: .number(x + y)
        case .subtract: .number(x - y)
        case .multiply: .number(x * y)
        case .divide: .number(x / y)
        case .remainder: .number(remainder(x, y))
        case .power: .number(power(x, y))
        case .equal: .boolean(x == y)
        case .notEqual: .boolean(x != y)
        case .less: .boolean(x < y)
        case .lessOrEqual: .boolean(x <= y)
        case .greater: .boolean(x > y)
        case .greaterOrEqual: .boolean(x >= y)
        case .meet, .join: throw unfit(op, .number(x), .number(y), frame, operatorSpan)
        }
    }

    private static func operand(_ value: Value) -> VoxelExpression.Operand? {
        switch value {
        case .volume(let v): .expression(VoxelExpression(v))
        case .mask(let m): .expression(VoxelExpression(m))
        case .number(let x): .number(x)
        default: nil
        }
    }

    /// Voxel by voxel; nil where the operator does not take such operands. Throws what the cores throw, grids that differ first of all.
    static func expression(
        _ op: BinaryOperator, _ a: VoxelExpression.Operand, _ b: VoxelExpression.Operand
    ) throws -> VoxelExpression? {
        func logic(_ operation: Logic) throws -> VoxelExpression? {
            guard case .expression(let x) = a, case .expression(let y) = b, x.isMask, y.isMask else { return nil }
            return try .logic(operation, x, y)
        }
        return switch op {
        case .add: try .arithmetic(.add, a, b)
        case .subtract: try .arithmetic(.subtract, a, b)
        case .multiply: try .arithmetic(.multiply, a, b)
        case .divide: try .arithmetic(.divide, a, b)
        case .remainder: try .arithmetic(.remainder, a, b)
        case .power: try .arithmetic(.power, a, b)
        case .equal: try .comparison(.equal, a, b)
        case .notEqual: try .comparison(.notEqual, a, b)
        case .less: try .comparison(.less, a, b)
        case .lessOrEqual: try .comparison(.lessOrEqual, a, b)
        case .greater: try .comparison(.greater, a, b)
        case .greaterOrEqual: try .comparison(.greaterOrEqual, a, b)
        case .meet: try logic(.and)
        case .join: try logic(.or)
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
        var s = s
        let total = s.utf8.count * times
        return s.withUTF8 { unit in
            String(unsafeUninitializedCapacity: total) { out in
                guard let start = out.baseAddress, let first = unit.baseAddress, total > 0 else { return 0 }
                start.initialize(from: first, count: unit.count)
                var done = unit.count
                while done < total {
                    let more = min(done, total - done)
                    (start + done).initialize(from: start, count: more)
                    done += more
                }
                return total
            }
        }
    }

    static func tooLong(_ frame: Frame, _ span: Span) -> ScriptError {
        frame.fail(TooLarge().message, at: span)
    }
}
