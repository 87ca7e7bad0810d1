import Imaging
import Support
import Syntax

/// One evaluated place of an index.
private enum Item {
    case at(Int, Span)
    case slice(Int?, Int?, Span)
    case ellipsis
}

/// `x[i]`, `x[a:b]`, `v[:, :, k]`, `r["name"]`.
final class IndexCode: Code {
    enum Part {
        case at(Code)
        case slice(Code?, Code?, Span)
        case ellipsis(Span)
    }
    private(set) var base: Code
    private(set) var parts: [Part]
    init(_ base: Code, _ parts: [Part], _ span: Span) {
        self.base = base
        self.parts = parts
        super.init(span)
    }

    override var isPlain: Bool {
        base.isPlain
            && parts.allSatisfy { part in
                switch part {
                case .at(let code): code.isPlain
                case .slice(let a, let b, _): (a?.isPlain ?? true) && (b?.isPlain ?? true)
                case .ellipsis: true
                }
            }
    }

    override func replaceParts(_ replace: (Code) -> Code) {
        base = replace(base)
        parts = parts.map { part in
            switch part {
            case .at(let code): .at(replace(code))
            case .slice(let a, let b, let span): .slice(a.map(replace), b.map(replace), span)
            case .ellipsis: part
            }
        }
    }

    override func emit(_ emitter: Emitter, to register: Int) {
        let places = parts.compactMap { if case .at(let code) = $0 { code } else { nil } }
        guard places.count == parts.count, places.count == 1 || places.count == 3 else { return emitter.evaluate(self, to: register) }
        let start = emitter.free
        defer { emitter.release(to: start) }
        let from = emitter.operand(base, before: places)
        if places.count == 1 {
            emitter.add(.index, a: register, b: from, c: emitter.operand(places[0]), site: self)
        } else {
            let first = emitter.take(3)
            for (i, place) in places.enumerated() { place.emit(emitter, to: first + i) }
            emitter.add(.indexVoxel, a: register, b: from, c: first, site: self)
        }
    }

    /// The item of what the first register holds, at the places that the others hold. The word has a reference of its own.
    func item(_ from: Register, _ places: Register, _ count: Int, _ frame: Frame) throws -> Word {
        if from.pointee.kind == Word.Kind.other, count == 3, places[0].isNumber, places[1].isNumber, places[2].isNumber {
            let box = from.pointee.object(ValueBox.self).takeUnretainedValue()
            if let x = box.voxel(places[0].number, places[1].number, places[2].number) { return Word(x) }
        }
        let value = try frame.value(from, of: base)
        var given: [Value] = []
        for i in 0..<count {
            guard case .at(let code) = parts[i] else { continue }
            given.append(try frame.value(places + i, of: code))
        }
        return Word(try item(value, given, frame))
    }

    override func evaluate(_ frame: Frame) throws -> Value { try item(try base.evaluate(frame), nil, frame) }

    /// The item or part of a value; `given` has the places where they are evaluated already.
    private func item(_ value: Value, _ given: [Value]?, _ frame: Frame) throws -> Value {
        switch value {
        case .list(let list):
            switch try single(frame, given, "a list") {
            case .at(let i, let at): return list[try Sequences.place(i, list.count, "the list", frame, at)]
            case .slice(let a, let b, _):
                let range = slice(a, b, list.count)
                try frame.reserve(items: range.count, at: span)
                return .list(List(list, range))
            case .ellipsis: return value
            }
        case .range(let numbers):
            switch try single(frame, given, "a range") {
            case .at(let i, let at): return .number(Double(numbers.start + (try Sequences.place(i, numbers.count, "the range", frame, at))))
            case .slice(let a, let b, _):
                let range = slice(a, b, numbers.count)
                return .range(IndexRange(numbers.start + range.lowerBound, numbers.start + range.upperBound))
            case .ellipsis: return value
            }
        case .string(let text):
            if text.isPlain {
                // A character is a byte.
                let bytes = text.utf8
                func from(_ i: Int) -> String.Index { bytes.index(bytes.startIndex, offsetBy: i) }
                switch try single(frame, given, "a string") {
                case .at(let i, let at):
                    let i = try Sequences.place(i, bytes.count, "the string", frame, at)
                    return .string(String(text[from(i)..<from(i + 1)]))
                case .slice(let a, let b, _):
                    let range = slice(a, b, bytes.count)
                    return .string(String(text[from(range.lowerBound)..<from(range.upperBound)]))
                case .ellipsis: return value
                }
            }
            try frame.reserve(text.utf8.count * MemoryLayout<Character>.stride, at: span)
            let characters = Array(text)
            switch try single(frame, given, "a string") {
            case .at(let i, let at): return .string(String(characters[try Sequences.place(i, characters.count, "the string", frame, at)]))
            case .slice(let a, let b, _): return .string(String(characters[slice(a, b, characters.count)]))
            case .ellipsis: return value
            }
        case .record(let record):
            guard parts.count == 1, case .at(let code) = parts[0] else {
                throw frame.fail("a record is indexed with one field's name: r[\"name\"]", at: span)
            }
            let key = try given?[0] ?? code.evaluate(frame)
            guard case .string(let name) = key else {
                throw frame.fail("a record is indexed with a field's name, got \(key.mention)", hint: "write r[\"name\"]", at: code.span)
            }
            if let field = record[name] { return field }
            throw Fields.unknown(name, of: value, record.names, frame, code.span)
        case .volume(let volume):
            let box = try box(volume.grid.shape, given, "volume", frame)
            if box.isPoint { return .number(Double(volume[box.from.x, box.from.y, box.from.z])) }
            return try frame.placed(span) { .volume(try volume.cropped(from: box.from, to: box.to)) }
        case .mask(let mask):
            let box = try box(mask.grid.shape, given, "mask", frame)
            if box.isPoint { return .boolean(mask[box.from.x, box.from.y, box.from.z]) }
            return try frame.placed(span) { .mask(try mask.cropped(from: box.from, to: box.to)) }
        default:
            throw frame.fail(
                "\(value.mention) cannot be indexed", hint: "lists, strings, ranges, records, volumes and masks can", at: base.span)
        }
    }

    private func single(_ frame: Frame, _ given: [Value]?, _ what: String) throws -> Item {
        guard parts.count == 1 else { throw frame.fail("\(what) has one axis, the index has \(parts.count) places", at: span) }
        return try item(parts[0], given?[0], frame)
    }

    private func item(_ part: Part, _ given: Value?, _ frame: Frame) throws -> Item {
        switch part {
        case .ellipsis: return .ellipsis
        case .slice(let a, let b, let at):
            return .slice(try a.map { try whole($0, frame) }, try b.map { try whole($0, frame) }, at)
        case .at(let code):
            let value = try given ?? code.evaluate(frame)
            if case .range(let r) = value { return .slice(r.start, max(r.start, r.end), code.span) }
            return .at(try whole(value, code, frame), code.span)
        }
    }

    private func whole(_ code: Code, _ frame: Frame) throws -> Int { try whole(try code.evaluate(frame), code, frame) }

    private func whole(_ value: Value, _ code: Code, _ frame: Frame) throws -> Int {
        guard case .number(let x) = value, x == x.rounded(), abs(x) <= 0x1p53 else {
            var hint: String?
            switch value {
            case .mask: hint = "to keep a volume within a mask, write v * m"
            case .number(let x) where x.isFinite: hint = "round, floor and ceil make whole numbers"
            default: break
            }
            throw frame.fail("an index must be a whole number, got \(value.mention)", hint: hint, at: code.span)
        }
        return Int(x)
    }

    /// Ends beyond the sequence are moved to its ends, as in Python.
    private func slice(_ a: Int?, _ b: Int?, _ count: Int) -> Range<Int> {
        func end(_ i: Int) -> Int { min(max(i < 0 ? i + count : i, 0), count) }
        let from = a.map(end) ?? 0, to = b.map(end) ?? count
        return from..<max(from, to)
    }

    private struct Box {
        var from = SIMD3<Int>.zero, to = SIMD3<Int>.zero
        var isPoint = true
    }

    /// The part of a grid that the index names. Unlike lists, an end outside of the grid is an error: a crop that is
    /// smaller than asked for would go unnoticed.
    private func box(_ shape: SIMD3<Int>, _ given: [Value]?, _ what: String, _ frame: Frame) throws -> Box {
        var items = try parts.enumerated().map { try item($1, given?[$0], frame) }
        if let i = items.firstIndex(where: { if case .ellipsis = $0 { true } else { false } }) {
            let missing = 3 - (items.count - 1)
            guard missing >= 0 else {
                throw frame.fail("a \(what) has 3 axes, the index has \(items.count - 1) places besides `…`", at: span)
            }
            items.replaceSubrange(i...i, with: repeatElement(.slice(nil, nil, span), count: missing))
        }
        guard items.count == 3 else {
            throw frame.fail(
                "a \(what) has 3 axes, the index has \(items.count) place\(items.count == 1 ? "" : "s")",
                hint: "write v[i, j, k], v[:, :, k] or v[a:b, …]", at: span)
        }
        var box = Box()
        for axis in 0..<3 {
            let n = shape[axis]
            switch items[axis] {
            case .at(let i, let at):
                let p = i < 0 ? i + n : i
                guard p >= 0, p < n else {
                    throw frame.fail(
                        "index \(i) is outside axis \(axis) of \(Text.sizes(shape)) voxels (0 to \(n - 1))",
                        hint: "indices count from 0, or from -1 for the last one down", at: at)
                }
                box.from[axis] = p
                box.to[axis] = p + 1
            case .slice(let a, let b, let at):
                let from = a.map { $0 < 0 ? $0 + n : $0 } ?? 0, to = b.map { $0 < 0 ? $0 + n : $0 } ?? n
                guard from >= 0, to <= n, from < to else {
                    let part = "the part \(a ?? 0):\(b ?? n)"
                    if from < to {
                        throw frame.fail(
                            "\(part) reaches outside axis \(axis) of \(Text.sizes(shape)) voxels (0:\(n))",
                            hint: max(from, 0) < min(to, n)
                                ? "write \(max(from, 0)):\(min(to, n)) for what there is of it; pad adds voxels around" : "pad adds voxels around",
                            at: at)
                    }
                    throw frame.fail(
                        "\(part) of axis \(axis) is empty",
                        hint: from > to
                            ? "the smaller end comes first: \(b ?? n):\(a ?? 0)"
                            : "a part is start:end, without the end: one voxel is \(a ?? 0):\((a ?? 0) + 1)",
                        at: at)
                }
                box.from[axis] = from
                box.to[axis] = to
                box.isPoint = false
            case .ellipsis: break
            }
        }
        return box
    }
}

final class FieldCode: Code {
    let base: Code
    let name: String
    let nameSpan: Span
    init(_ base: Code, _ name: String, _ nameSpan: Span, _ span: Span) {
        self.base = base
        self.name = name
        self.nameSpan = nameSpan
        super.init(span)
        // How many voxels a comparison holds at can be told without its mask.
        if Fields.ofExpressions.contains(name) { OperatorCode.join(base) }
    }
    override var isPlain: Bool { base.isPlain }
    override func emit(_ emitter: Emitter, to register: Int) {
        let start = emitter.free
        emitter.add(.field, a: register, b: emitter.operand(base), site: self)
        emitter.release(to: start)
    }
    func get(_ value: Value, _ frame: Frame) throws -> Value {
        if case .pending(let pending) = value {
            if pending.expression.isMask { return try frame.placed(span) { try Fields.get(name, of: pending.expression) } }
            return try get(try frame.computed(pending, at: base.span), frame)
        }
        if let field = Fields.get(name, of: value) { return field }
        throw Fields.unknown(name, of: value, Fields.names(of: value), frame, nameSpan)
    }
}

extension ValueBox {
    /// A voxel's number; nil where this is no volume or there is no such voxel.
    fileprivate func voxel(_ i: Double, _ j: Double, _ k: Double) -> Double? {
        guard case .volume(let v) = value, let i = Int(exactly: i), let j = Int(exactly: j), let k = Int(exactly: k) else { return nil }
        let shape = v.grid.shape
        guard i >= 0, i < shape.x, j >= 0, j < shape.y, k >= 0, k < shape.z else { return nil }
        let x = Double(v[i, j, k])
        return x == x ? x : .nan
    }
}
