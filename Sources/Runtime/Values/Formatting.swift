import Support
import Syntax

/// Values in interpolated text with a format: `{x:.3}`.
enum Formatting {
    /// Nil when the format wants decimals of something that has none.
    /// Throws `TooLarge` for a list whose text is longer than a string may be.
    static func text(_ value: Value, _ format: Format) throws -> String? {
        let isNumber: Bool
        if case .number = value { isNumber = true } else { isNumber = false }
        guard let body = try body(value, format) else { return nil }
        let missing = format.width - Width.of(body)
        guard missing > 0 else { return body }
        if format.zeros, isNumber, body.unicodeScalars.allSatisfy({ $0.isASCII }), !body.contains("n") {
            let sign = body.hasPrefix("-") ? "-" : ""
            return sign + String(repeating: "0", count: missing) + body.dropFirst(sign.count)
        }
        func blanks(_ n: Int) -> String { String(repeating: " ", count: n) }
        switch format.alignment ?? (isNumber ? .right : .left) {
        case .left: return body + blanks(missing)
        case .right: return blanks(missing) + body
        case .centre: return blanks(missing / 2) + body + blanks(missing - missing / 2)
        }
    }

    private static func body(_ value: Value, _ format: Format) throws -> String? {
        if format.digits == nil, format.style == .plain { return value.text }
        switch value {
        case .number(let x):
            switch format.style {
            case .plain: return Text.fixed(x, format.digits ?? 6)
            case .percent: return Text.fixed(100 * x, format.digits ?? 0) + "%"
            case .exponent: return exponent(x, format.digits ?? 6)
            }
        case .list(let list):
            var out = "["
            for (i, item) in list.enumerated() {
                guard let part = try body(item, format) else { return nil }
                if i > 0 { out += ", " }
                out += part
                if i % 1024 == 0 { try Interrupt.check() }
                try Operators.check(stringBytes: out.utf8.count + 1)
            }
            return out + "]"
        default: return nil
        }
    }

    /// d.ddd…e±xx with `digits` decimals.
    private static func exponent(_ x: Double, _ digits: Int) -> String {
        guard x.isFinite else { return Text.short(x) }
        // %g in its exponent form shows one digit before the point; zeros that it drops are put back.
        let text = Text.exponent(x, digits)
        return text
    }
}

extension Text {
    /// "1.235e+04" for (12345.678, 3).
    static func exponent(_ x: Double, _ digits: Int) -> String {
        if x == 0 { return fixed(0, digits) + "e+00" }
        var power = Int(Double.log10(abs(x)).rounded(.down))
        var mantissa = fixed(scaled(x, by: -power), digits)
        // Rounding may have carried to 10.000.
        if mantissa.drop(while: { $0 == "-" }).hasPrefix("10") {
            power += 1
            mantissa = fixed(scaled(x, by: -power), digits)
        }
        let size = abs(power) < 10 ? "0\(abs(power))" : "\(abs(power))"
        return "\(mantissa)e\(power < 0 ? "-" : "+")\(size)"
    }

    private static func scaled(_ x: Double, by power: Int) -> Double {
        // Two steps, so that 10^power stays in range for the smallest numbers.
        let half = power / 2
        return x * Double.pow10(half) * Double.pow10(power - half)
    }
}

extension Value {
    /// The value by a format as it stands in the braces of a string, without the colon: ">8.3". Throws `BadFormat`, and `TooLarge` for a long list's text.
    public func formatted(_ text: String) throws -> String {
        guard let format = Format(text) else { throw BadFormat(message: "\(Value.quoted(text)) is no format", hint: Format.help, argument: "format") }
        guard let shown = try Formatting.text(self, format) else {
            throw BadFormat(message: "only a number, or a list of numbers, can be written with decimals; this is \(mention)", hint: nil, argument: "x")
        }
        return shown
    }
}

/// A format that does not exist, or does not fit its value.
public struct BadFormat: ExplainedError {
    /// What was wrong with it.
    public let message: String
    /// The formats that there are, where the text is none.
    public let hint: String?
    /// `x` where the value does not fit, `format` where the text is none.
    public let argument: String?
}
