import Support
import Syntax

/// `"sub-{i}: {dice:.3}"`.
final class MakeText: Code {
    /// A stretch of plain text, or a value with its format.
    final class Piece {
        let bytes: [UInt8]
        let format: Format?
        let isText: Bool
        @exclusivity(unchecked) fileprivate(set) var code: Code?

        init(_ text: String) { (bytes, format, code, isText) = (Array(text.utf8), nil, nil, true) }
        init(_ code: Code, _ format: Format?) { (bytes, self.format, self.code, isText) = ([], format, code, false) }
    }

    let pieces: [Piece]
    /// The same without references to count.
    private let plain: [Unmanaged<Piece>]

    init(_ pieces: [Piece], _ span: Span) {
        self.pieces = pieces
        plain = pieces.map { .passUnretained($0) }
        super.init(span)
    }

    override func evaluate(_ frame: Frame) throws -> Value {
        let values = try pieces.compactMap { try $0.code?.evaluate(frame) }
        var place = values.makeIterator()
        return .string(try frame.machine.texts.made { buffer in try write(to: &buffer, frame) { (place.next() ?? .none, nil) } })
    }

    override func replaceParts(_ replace: (Code) -> Code) {
        for piece in pieces { piece.code = piece.code.map(replace) }
    }
    override var isPlain: Bool { pieces.allSatisfy { $0.code?.isPlain ?? true } }

    /// Texts of more values than this are evaluated rather than made in registers.
    private static let most = 64

    override func emit(_ emitter: Emitter, to register: Int) {
        guard let first = emitValues(emitter) else { return emitter.evaluate(self, to: register) }
        emitter.add(.text, a: register, b: first, c: valueCount, site: self)
        emitter.release(to: first)
    }

    var valueCount: Int { pieces.reduce(0) { $0 + ($1.code == nil ? 0 : 1) } }

    /// Writes what brings the values to registers one after another, at least one of which is taken: the first of them. Nil for too many values.
    func emitValues(_ emitter: Emitter) -> Int? {
        let codes = pieces.compactMap(\.code)
        guard codes.count <= Self.most else { return nil }
        let first = emitter.take(max(1, codes.count))
        for (i, code) in codes.enumerated() { code.emit(emitter, to: first + i) }
        return first
    }

    /// Writes the text's bytes; `next` gives the values in turn, a number apart. Throws `ScriptError` for a text that is too long, and for a format that does not fit.
    @inline(__always)
    func write(to buffer: inout TextBuffer, _ frame: Frame, _ next: () -> (value: Value, number: Double?)) throws {
        for piece in plain {
            try piece._withUnsafeGuaranteedRef { piece in
                if piece.isText { return buffer.append(piece.bytes) }
                let (value, number) = next()
                if piece.format != nil {
                    try write(value, piece, to: &buffer, frame)
                } else if let number {
                    buffer.append(number)
                } else {
                    buffer.append(value.text)
                }
            }
            guard buffer.count <= Operators.longestString else { throw Operators.tooLong(frame, span) }
        }
        try frame.reserve(buffer.count, at: span)
    }

    @inline(never)
    private func write(_ value: Value, _ piece: Piece, to buffer: inout TextBuffer, _ frame: Frame) throws {
        guard let format = piece.format, let code = piece.code else { return }
        let text: String?
        do {
            text = try Formatting.text(value, format)
        } catch is TooLarge {
            throw Operators.tooLong(frame, span)
        }
        guard let text else {
            throw frame.fail("only a number, or a list of numbers, can be written with decimals; this is \(value.mention)", at: code.span)
        }
        buffer.append(text)
    }
}

/// The bytes of a text in the making. The memory stays for the next text, unless it is large.
struct TextBuffer {
    private var bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    private var capacity = 256
    private(set) var count = 0

    /// What stays allocated between texts.
    private static let keptCapacity = 1 << 16

    /// The text whose bytes `write` appends.
    mutating func made(_ write: (inout TextBuffer) throws -> Void) throws -> String {
        count = 0
        try write(&self)
        defer { if capacity > Self.keptCapacity { shrink() } }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    mutating func append(_ more: [UInt8]) { more.withUnsafeBufferPointer { append($0) } }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// As `print` shows a number; whole ones without a detour.
    mutating func append(_ x: Double) {
        guard x == x.rounded(), abs(x) < 1e15 else { return append(Text.number(x)) }
        makeRoom(16)
        var rest = UInt64(abs(x))
        if x < 0 {
            bytes[count] = UInt8(ascii: "-")
            count += 1
        }
        var digits = 1, bound: UInt64 = 10
        while rest >= bound {
            digits += 1
            bound *= 10
        }
        count += digits
        var place = bytes + count
        repeat {
            place -= 1
            place.pointee = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
    }

    private mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
        guard let base = more.baseAddress else { return }
        makeRoom(more.count)
        (bytes + count).update(from: base, count: more.count)
        count += more.count
    }

    @inline(__always)
    private mutating func makeRoom(_ more: Int) { if count + more > capacity { grow(to: max(2 * capacity, count + more)) } }

    @inline(never)
    private mutating func grow(to size: Int) {
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        moved.update(from: bytes, count: count)
        bytes.deallocate()
        (bytes, capacity) = (moved, size)
    }

    private mutating func shrink() {
        count = 0
        grow(to: Self.keptCapacity)
    }

    /// Frees the memory, after which there are no more texts.
    func deallocate() { bytes.deallocate() }
}

extension Machine {
    @inline(__always)
    private func text(_ i: Instruction, _ code: MakeText, _ frame: Frame, _ r: Register) throws -> String {
        var place = r + Int(i.b)
        let text = try texts.made { buffer in
            try code.write(to: &buffer, frame) {
                let word = place.pointee
                place += 1
                return word.isNumber ? (.number(word.number), word.number) : (word.value ?? .none, nil)
            }
        }
        for j in 0..<Int(i.c) { (r + Int(i.b) + j).clear() }
        return text
    }

    @inline(never)
    func makeText(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        (r + Int(i.a)).put(Word(TextBox(try text(i, unsafeDowncast(site, to: MakeText.self), frame(call), r))))
    }

    /// `s = s + "{x}, "`: without a text of its own for what is appended, where nothing else refers to the string.
    @inline(never)
    func growText(_ target: Register, _ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: Grow.self)
        let more = try text(i, unsafeDowncast(code.more, to: MakeText.self), frame, r)
        if target.pointee.kind == Word.Kind.text, target.isOnlyReference(TextBox.self), try append(more, to: target, code, frame) { return }
        let register = r + Int(i.b)
        register.put(Word(TextBox(more)))
        try grow(target, register, i, site, call)
    }

    /// Appends to a string that only this register refers to; false where it would be too long.
    @inline(__always)
    func append(_ more: String, to target: Register, _ code: Grow, _ frame: Frame) throws -> Bool {
        try target.pointee.object(TextBox.self)._withUnsafeGuaranteedRef { box in
            let size = box.text.utf8.count, added = more.utf8.count
            guard size + added <= Operators.longestString else { return false }
            try frame.reserve(added + (added < size / 64 ? 0 : size), at: code.span)
            box.text += more
            return true
        }
    }
}
