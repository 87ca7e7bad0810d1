import Support
import Syntax

extension Text {
    /// Whole numbers without a point; others with up to 15 significant digits, which is what a Double can promise.
    static func number(_ x: Double) -> String {
        if x == x.rounded(), abs(x) < 1e15 { return String(Int(x)) }
        return Text.short(x, 15)
    }
}

extension Value {
    /// As `print` and interpolation show it: strings bare.
    public var text: String {
        switch self {
        case .string(let s): s
        case .number(let x): Text.number(x)
        default: literal
        }
    }

    /// As one would write it in a script, where that is possible; volumes and such as one line. Long lists are elided.
    public var literal: String {
        var writer = Writer(items: 20, budget: 4_000)
        writer.write(self)
        return writer.out
    }

    /// Defaults in signatures are as the script wrote them, line breaks included.
    private func oneLine(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

    /// A list of records as an aligned table, in lines of at most so many columns; nil for other values. Throws `Interrupted`.
    public func table(columns: Int = .max) throws -> String? { try TableText(self, isWhole: true)?.text(columns: columns) }

    /// One line of at most so many columns for the prompt: fewer and fewer items of lists and records, until it fits.
    public func described(columns: Int) -> String {
        if case .function(let f) = self { return oneLine("function \(f.signature)") }
        var line = ""
        for (items, share) in [(12, 1), (6, 2), (4, 3)] {
            var writer = Writer(items: items, budget: max(8, columns / share))
            writer.write(self)
            line = oneLine(writer.out)
            if Width.of(line) <= columns { return line }
        }
        // What stands alone (a volume, a model) says what it has to say.
        switch self {
        case .list, .record, .string: break
        default: return line
        }
        var cut = ""
        var width = 1
        for character in line {
            width += Width.of(String(character))
            if width > columns { break }
            cut.append(character)
        }
        return cut + "…"
    }

    /// As an error message names it: `a string "3"`, `a list of 4`.
    public var mention: String {
        switch self {
        case .none: return "none"
        case .boolean(let b): return b ? "true" : "false"
        case .number(let x): return "a number \(Text.number(x))"
        case .string(let s):
            let scalars = s.unicodeScalars
            let isLong = scalars.index(scalars.startIndex, offsetBy: 40, limitedBy: scalars.endIndex).map { $0 < scalars.endIndex } ?? false
            return "a string \(Value.string(isLong ? String(scalars.prefix(39)) + "…" : s).literal)"
        case .list(let list): return list.isEmpty ? "an empty list" : "a list of \(list.count)"
        case .record(let record):
            let names = record.names
            return names.isEmpty
                ? "an empty record" : "a record {\(names.prefix(6).joined(separator: ", "))\(names.count > 6 ? ", …" : "")}"
        case .range(let r): return "a range \(r.start):\(r.end)"
        case .function(let f): return "the function \(f.name)"
        case .volume(let v): return "a volume of \(Text.sizes(v.grid.shape))"
        case .mask(let m): return "a mask of \(Text.sizes(m.grid.shape))"
        case .transform: return "a transform"
        case .tensor: return "a tensor"
        case .model: return "a model"
        case .figure: return "a figure"
        case .pending(let pending): return "a \(kind) of \(Text.sizes(pending.expression.grid.shape))"
        }
    }

    /// "a number", "an empty list's kind": the kind with its article.
    var kindWithArticle: String {
        if case .none = self { return "none" }
        return "a \(kind)"
    }
}

/// Writes values into a string of bounded length.
private struct Writer {
    let items: Int
    let budget: Int
    var out = ""

    init(items: Int, budget: Int) {
        self.items = items
        self.budget = budget
    }

    mutating func write(_ value: Value) {
        switch value {
        case .none: out += "none"
        case .boolean(let b): out += b ? "true" : "false"
        case .number(let x): out += Text.number(x)
        case .string(let s): out += Value.quoted(s, room: budget - out.utf8.count)
        case .list(let list):
            out += "["
            // A point or a shape is of no use in part.
            let isPoint = list.count <= 4 && list.allSatisfy { if case .number = $0 { true } else { false } }
            let (head, tail) = list.count <= items ? (list.count, 0) : (items - 3, 2)
            for i in 0..<head {
                if i > 0 { out += ", " }
                if out.utf8.count > budget, !isPoint {
                    out += "… \(list.count - i) more]"
                    return
                }
                write(list[i])
            }
            if tail > 0 {
                out += ", … \(list.count - head - tail) more …"
                for i in list.count - tail..<list.count {
                    out += ", "
                    write(list[i])
                }
            }
            out += "]"
        case .record(let record):
            out += "{"
            for (i, (name, field)) in record.fields.enumerated() {
                if i > 0 { out += ", " }
                if out.utf8.count > budget {
                    out += "… \(record.fields.count - i) more}"
                    return
                }
                out += Value.isPlainName(name) && name.utf8.count <= budget ? name : Value.quoted(name, room: budget - out.utf8.count)
                out += ": "
                write(field)
            }
            out += "}"
        case .range(let r): out += "\(r.start):\(r.end)"
        case .function(let f): out += "function \(f.builtin == nil ? f.signature : f.name)"
        case .volume(let v): out += VoxelText.describe(v)
        case .mask(let m): out += VoxelText.describe(m)
        case .transform(let transform): out += transform.summary
        case .tensor(let node): out += Payloads.describe(node)
        case .model(let model): out += Payloads.describe(model)
        case .figure(let figure): out += Payloads.describe(figure)
        case .pending: out += value.mention
        }
    }
}

extension Value {
    /// Whether a field of a record may be written so, without quotes.
    static func isPlainName(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first == "_" || first.properties.isAlphabetic else { return false }
        return name.unicodeScalars.allSatisfy { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
    }

    /// A string as one would write it. What does not fit in the room is left out, unseen: the string may have any length.
    static func quoted(_ s: String, room: Int = .max) -> String {
        var out = "\""
        for scalar in s.unicodeScalars {
            if out.utf8.count > max(8, room) { return out + "…\"" }
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case "{": out += "\\{"
            case "}": out += "\\}"
            default:
                if scalar.value < 32 || scalar.value == 127 {
                    out += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }
}
