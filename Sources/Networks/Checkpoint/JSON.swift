import Glibc
import Support

/// The part of JSON (RFC 8259) that model files need. Depth, length and duplicate keys are checked, since files come from anywhere.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    /// Members in the order of the file.
    case object([(key: String, value: JSON)])

    /// A text that is no JSON, and why, with the byte at which it goes wrong.
    package struct Malformed: Error { package let reason: String }

    /// Equal where the texts are: the members' order counts.
    package static func == (a: JSON, b: JSON) -> Bool { a.text == b.text }

    /// A member of an object; nil where there is none, and for all else.
    package subscript(key: String) -> JSON? {
        if case .object(let members) = self { return members.first { $0.key == key }?.value }
        return nil
    }

    /// The string; nil for all else.
    package var string: String? { if case .string(let s) = self { s } else { nil } }
    /// The items of an array; nil for all else.
    package var array: [JSON]? { if case .array(let a) = self { a } else { nil } }
    /// True or false; nil for all else.
    package var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
    /// The number; nil for all else.
    package var number: Double? { if case .number(let n) = self { n } else { nil } }
    /// A number without fraction, within ±2⁵³.
    package var integer: Int? {
        guard case .number(let n) = self, n == n.rounded(), abs(n) <= 0x1p53 else { return nil }
        return Int(n)
    }

    static func triple(_ v: SIMD3<Int>) -> JSON { .array([.number(Double(v.x)), .number(Double(v.y)), .number(Double(v.z))]) }

    /// The text in one line, without blanks.
    package var text: String { written(indented: false) {} }

    /// Over several lines, two spaces a level; arrays of nothing but numbers and the like stay on one.
    package var indented: String { written(indented: true) {} }

    /// As `text` or `indented`. `check` is called every now and then, and ends the work by throwing.
    package func written(indented: Bool, _ check: () throws -> Void) rethrows -> String {
        var out = ""
        try write(to: &out, margin: indented ? "" : nil, check)
        return out
    }

    /// Without a margin in one line.
    private func write(to out: inout String, margin: String?, _ check: () throws -> Void) rethrows {
        switch self {
        case .null: out += "null"
        case .bool(let b): out += b ? "true" : "false"
        case .number(let n): out += n == n.rounded() && abs(n) <= 0x1p53 ? "\(Int(n))" : "\(n)"
        case .string(let s): Self.quote(s, to: &out)
        case .array(let items):
            let block = Block("[", "]", margin: items.contains(where: \.isNested) ? margin : nil, comma: margin == nil ? "," : ", ")
            try block.write(items, to: &out, check) { item, out in try item.write(to: &out, margin: block.inner, check) }
        case .object(let members):
            let block = Block("{", "}", margin: members.isEmpty ? nil : margin, comma: ",")
            try block.write(members, to: &out, check) { member, out in
                Self.quote(member.key, to: &out)
                out += block.inner == nil ? ":" : ": "
                try member.value.write(to: &out, margin: block.inner, check)
            }
        }
    }

    /// Items between brackets, each on a line of its own where there is a margin.
    private struct Block {
        let open: String, close: String, comma: String
        /// The margin of the items.
        let inner: String?

        init(_ open: String, _ close: String, margin: String?, comma: String) {
            inner = margin.map { $0 + "  " }
            self.open = inner.map { open + "\n" + $0 } ?? open
            self.close = margin.map { "\n" + $0 + close } ?? close
            self.comma = inner.map { ",\n" + $0 } ?? comma
        }

        func write<Item>(_ items: [Item], to out: inout String, _ check: () throws -> Void, _ body: (Item, inout String) throws -> Void) rethrows {
            out += open
            for (i, item) in items.enumerated() {
                if i > 0 { out += comma }
                try body(item, &out)
                if i & 1023 == 0 { try check() }
            }
            out += close
        }
    }

    private var isNested: Bool {
        switch self {
        case .array, .object: true
        default: false
        }
    }

    private static func quote(_ s: String, to out: inout String) {
        out += "\""
        for u in s.unicodeScalars {
            switch u {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case let u where u.value < 32:
                let hex = String(u.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(u)
            }
        }
        out += "\""
    }

    /// Reads a text. Throws `Malformed`, `Interrupted`.
    package init(_ text: String) throws { try self.init(bytes: Array(text.utf8)) }

    /// Reads bytes in UTF-8. Throws `Malformed`, with the offset of the first byte that does not fit, and `Interrupted`.
    package init(bytes: [UInt8]) throws {
        var parser = Parser(bytes: bytes)
        self = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.at < bytes.count { throw Malformed(reason: "text after the end of the JSON") }
    }
}

private struct Parser {
    let bytes: [UInt8]
    var at = 0

    func fail(_ reason: String) -> JSON.Malformed { JSON.Malformed(reason: "\(reason) at byte \(at) of the JSON") }

    mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 32 || bytes[at] == 10 || bytes[at] == 13 || bytes[at] == 9 { at += 1 }
    }

    mutating func expect(_ word: StaticString) throws {
        for i in 0..<word.utf8CodeUnitCount {
            guard at < bytes.count, bytes[at] == word.utf8Start[i] else { throw fail("unexpected text") }
            at += 1
        }
    }

    mutating func value(depth: Int) throws -> JSON {
        if depth > 200 { throw fail("nesting deeper than 200") }
        skipSpace()
        guard at < bytes.count else { throw fail("unexpected end") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["):
            at += 1
            var items: [JSON] = []
            skipSpace()
            if at < bytes.count, bytes[at] == UInt8(ascii: "]") { at += 1; return .array([]) }
            while true {
                items.append(try value(depth: depth + 1))
                if items.count & 1023 == 0 { try Interrupt.check() }
                if try !another(UInt8(ascii: "]")) { return .array(items) }
            }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): try expect("true"); return .bool(true)
        case UInt8(ascii: "f"): try expect("false"); return .bool(false)
        case UInt8(ascii: "n"): try expect("null"); return .null
        default: return try number()
        }
    }

    /// After an element: true for a comma, false for the closing bracket.
    mutating func another(_ close: UInt8) throws -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: ",") || bytes[at] == close else { throw fail("expected a comma or a bracket") }
        at += 1
        return bytes[at - 1] != close
    }

    mutating func object(_ depth: Int) throws -> JSON {
        at += 1
        var members: [(key: String, value: JSON)] = []
        var seen: Set<String> = []
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") { at += 1; return .object([]) }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw fail("expected a name") }
            let key = try string()
            if !seen.insert(key).inserted { throw fail("the name \"\(key)\" occurs twice") }
            skipSpace()
            try expect(":")
            members.append((key, try value(depth: depth + 1)))
            if try !another(UInt8(ascii: "}")) { return .object(members) }
        }
    }

    mutating func string() throws -> String {
        at += 1
        var out: [UInt8] = []
        while true {
            guard at < bytes.count else { throw fail("unfinished string") }
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte < 32 { throw fail("control character in a string") }
            guard byte == UInt8(ascii: "\\") else { out.append(byte); continue }
            guard at < bytes.count else { throw fail("unfinished string") }
            let escape = bytes[at]
            at += 1
            switch escape {
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "b"): out.append(8)
            case UInt8(ascii: "f"): out.append(12)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(escape)
            case UInt8(ascii: "u"):
                var code = try hex()
                if 0xD800..<0xDC00 ~= code {
                    guard bytes[at...].starts(with: Array("\\u".utf8)) else { throw fail("broken surrogate pair") }
                    at += 2
                    let low = try hex()
                    guard 0xDC00..<0xE000 ~= low else { throw fail("broken surrogate pair") }
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(code) else { throw fail("broken escape") }
                out.append(contentsOf: Array(String(Character(scalar)).utf8))
            default: throw fail("unknown escape")
            }
        }
        guard let text = String(validating: out, as: UTF8.self) else { throw fail("invalid UTF-8") }
        return text
    }

    mutating func hex() throws -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard at < bytes.count, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else { throw fail("broken escape") }
            code = code << 4 | UInt32(digit)
            at += 1
        }
        return code
    }

    /// By the grammar of RFC 8259, section 6.
    mutating func number() throws -> JSON {
        let start = at
        if isNext("-") { at += 1 }
        let whole = at
        guard digits() > 0 else {
            at = start
            throw fail("unexpected text")
        }
        if bytes[whole] == UInt8(ascii: "0"), at > whole + 1 {
            at = whole
            throw fail("a number with a leading zero")
        }
        if isNext(".") {
            at += 1
            guard digits() > 0 else { throw fail("a digit is missing") }
        }
        if isNext("e") || isNext("E") {
            at += 1
            if isNext("+") || isNext("-") { at += 1 }
            guard digits() > 0 else { throw fail("a digit is missing") }
        }
        guard let n = Double(String(decoding: bytes[start..<at], as: UTF8.self)), n.isFinite else {
            at = start
            throw fail("a number beyond 1.8e308")
        }
        return .number(n)
    }

    private func isNext(_ letter: Unicode.Scalar) -> Bool { at < bytes.count && bytes[at] == UInt8(ascii: letter) }

    /// Passes over digits, and counts them.
    private mutating func digits() -> Int {
        let start = at
        while at < bytes.count, 48...57 ~= bytes[at] { at += 1 }
        return at - start
    }
}

/// A layer's arguments as read from a file.
struct Attributes {
    let kind: String
    let json: JSON

    struct Missing: Error { let reason: String }

    func missing(_ name: String) -> Missing { Missing(reason: "layer \(kind) has no valid \"\(name)\"") }

    func integer(_ name: String) throws -> Int {
        guard let n = json[name]?.integer else { throw missing(name) }
        return n
    }
    func number(_ name: String) throws -> Double {
        guard let n = json[name]?.number else { throw missing(name) }
        return n
    }
    func string(_ name: String) throws -> String {
        guard let s = json[name]?.string else { throw missing(name) }
        return s
    }
    func bool(_ name: String) throws -> Bool {
        guard let b = json[name]?.bool else { throw missing(name) }
        return b
    }
    func triple(_ name: String) throws -> SIMD3<Int> {
        guard let a = json[name]?.array, a.count == 3, let x = a[0].integer, let y = a[1].integer, let z = a[2].integer else {
            throw missing(name)
        }
        return SIMD3(x, y, z)
    }
}
