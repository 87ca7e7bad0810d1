import Support
import Syntax

/// `[a, b] = xs`, `{id, image: t1} = r`: binds the parts of a value. The parts are bound when all have been found.
final class UnpackCode: Code {
    /// Where a part of the value goes.
    indirect enum Part {
        /// `fresh` makes a new variable each time, for functions that keep it.
        case variable(Place?, Cell?, fresh: Bool)
        case list([Part], rest: Part?, after: [Part], Span)
        case record([(name: String, nameSpan: Span, part: Part)], rest: Part?, Span)
    }
    let part: Part
    private(set) var value: Code

    init(_ part: Part, of value: Code, _ span: Span) {
        self.part = part
        self.value = value
        super.init(span)
    }

    override func replaceParts(_ replace: (Code) -> Code) { value = replace(value) }

    override func evaluate(_ frame: Frame) throws -> Value {
        let whole = try value.evaluate(frame)
        var found: [(Part, Value)] = []
        try take(part, whole, frame, &found)
        for case (.variable(let place, let global, let fresh), let value) in found {
            if let global {
                global.value = value
            } else if fresh, case .cell(let i) = place {
                frame.cells[i] = Cell(value)
            } else if let place {
                store(value, place, frame)
            }
        }
        return whole
    }

    private func take(_ part: Part, _ value: Value, _ frame: Frame, _ found: inout [(Part, Value)]) throws {
        switch part {
        case .variable: found.append((part, value))
        case .list(let before, let rest, let after, let span):
            let items = try items(of: value, before.count + after.count, open: rest != nil, frame, span)
            for (part, item) in zip(before, items) { try take(part, item, frame, &found) }
            for (part, item) in zip(after, items.suffix(after.count)) { try take(part, item, frame, &found) }
            if let rest {
                try frame.reserve(items: items.count, at: span)
                found.append((rest, Value(Array(items[before.count..<(items.count - after.count)]))))
            }
        case .record(let fields, let rest, let span):
            for field in fields {
                guard let inner = Fields.get(field.name, of: value) else {
                    throw Fields.unknown(field.name, of: value, Fields.names(of: value), frame, field.nameSpan)
                }
                try take(field.part, inner, frame, &found)
            }
            guard let rest else { return }
            guard case .record(let record) = value else {
                throw frame.fail("`...` takes the other fields of a record, not of \(value.mention)", at: span)
            }
            let taken = Set(fields.map(\.name))
            found.append((rest, .record(Record(record.fields.elements.filter { !taken.contains($0.key) }.map { ($0.key, $0.value) }))))
        }
    }

    /// The items of a list or range, of which there must be as many as the pattern has places.
    private func items(of value: Value, _ places: Int, open: Bool, _ frame: Frame, _ span: Span) throws -> [Value] {
        let items: [Value]
        switch value {
        case .list, .range: items = try Sequences.items(value, frame, span)
        default:
            var hint: String?
            if case .record = value { hint = "fields are taken with braces: {id, age} = r" }
            throw frame.fail("only a list can be taken apart like this, not \(value.mention)", hint: hint, at: span)
        }
        guard open ? items.count >= places : items.count == places else {
            let hint = items.count > places ? "`...rest` takes what is left over, and _ a part that is not wanted" : nil
            throw frame.fail(
                "the pattern takes \(open ? "at least " : "")\(places) item\(places == 1 ? "" : "s"), and the list has \(items.count)", hint: hint,
                at: span)
        }
        return items
    }
}

/// `[...xs, x]`.
final class SpreadList: Code {
    private(set) var parts: [Code]
    let spreads: [Bool]

    init(_ parts: [Code], _ spreads: [Bool], _ span: Span) {
        self.parts = parts
        self.spreads = spreads
        super.init(span)
    }

    override func replaceParts(_ replace: (Code) -> Code) { parts = parts.map(replace) }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { parts.allSatisfy(\.isPlain) }

    override func evaluate(_ frame: Frame) throws -> Value {
        // The lists first, so that the new one has room for all at once.
        let lists = try zip(parts, spreads).map { part, isSpread in
            let value = try part.evaluate(frame)
            if isSpread, case .list(let list) = value { return list }
            return List(isSpread ? try Sequences.items(value, frame, part.span) : [value])
        }
        let count = lists.reduce(0) { $0 + $1.count }
        guard count <= List.longest else { throw Operators.tooLong(frame, span) }
        try frame.reserve(items: count, at: span)
        let list = List(capacity: count)
        for part in lists {
            try list.append(inPieces: part)
        }
        if list.depth > Value.deepest { throw frame.fail(tooDeep, at: span) }
        return .list(list)
    }
}

/// `{...r, age: 4}`: of two fields with one name the later counts, at the place of the earlier.
final class UpdateRecord: Code {
    private(set) var fields: [(name: String?, code: Code)]

    init(_ fields: [(name: String?, code: Code)], _ span: Span) {
        self.fields = fields
        super.init(span)
    }

    override func replaceParts(_ replace: (Code) -> Code) { fields = fields.map { ($0.name, replace($0.code)) } }
    override var evaluatesItself: Bool { true }
    override var isPlain: Bool { fields.allSatisfy(\.code.isPlain) }

    override func evaluate(_ frame: Frame) throws -> Value {
        var out: [(String, Value)] = []
        for (name, code) in fields {
            let value = try code.evaluate(frame)
            if let name {
                out.append((name, value))
            } else if case .record(let record) = value {
                try frame.reserve(128 + 64 * record.fields.count, at: span)
                out += record.fields.elements.map { ($0.key, $0.value) }
            } else {
                throw frame.fail("`...` within braces takes the fields of a record, not \(value.mention)", at: code.span)
            }
        }
        let record = Record(out)
        if record.depth > Value.deepest { throw frame.fail(tooDeep, at: span) }
        return .record(record)
    }
}

extension Sequences {
    /// The items of a list or range, for `...xs` and for patterns.
    static func items(_ value: Value, _ frame: Frame, _ span: Span) throws -> [Value] {
        switch value {
        case .list(let list): return list.items
        case .range(let range):
            guard range.count <= List.longest else { throw Operators.tooLong(frame, span) }
            try frame.reserve(items: range.count, at: span)
            return try Interrupt.map(0..<range.count) { .number(Double(range.start + $0)) }
        default: throw frame.fail("`...` takes the items of a list or range, not \(value.mention)", at: span)
        }
    }
}
