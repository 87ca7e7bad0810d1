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

    /// What is written of a piece without references to count: its bytes, or, where there are none, a value.
    private struct Step {
        let bytes: UnsafeMutableBufferPointer<UInt8>?
        let hasFormat: Bool
    }

    let pieces: [Piece]
    private let steps: UnsafeMutableBufferPointer<Step>

    init(_ pieces: [Piece], _ span: Span) {
        self.pieces = pieces
        steps = .allocate(capacity: pieces.count)
        for (i, piece) in pieces.enumerated() {
            var bytes: UnsafeMutableBufferPointer<UInt8>?
            if piece.isText {
                let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: piece.bytes.count)
                _ = copy.initialize(from: piece.bytes)
                bytes = copy
            }
            steps.initializeElement(at: i, to: Step(bytes: bytes, hasFormat: piece.format != nil))
        }
        super.init(span)
    }

    deinit {
        for step in steps { step.bytes?.deallocate() }
        steps.deallocate()
    }

    override func evaluate(_ frame: Frame) throws -> Value {
        let words = try pieces.compactMap { try $0.code?.evaluate(frame) }.map { Word($0) }
        defer { for word in words { word.release() } }
        var place = words.makeIterator()
        return .string(try frame.machine.texts.made { buffer in try write(to: &buffer, frame) { place.next() ?? .none } })
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

    /// Writes the text's bytes; `next` gives the values in turn, without a reference. Throws `ScriptError` for a text that is too long, and for a format that does not fit.
    @inline(__always)
    func write(to buffer: inout TextBuffer, _ frame: Frame, _ next: () -> Word) throws {
        var i = 0
        while i < steps.count {
            let step = steps[i]
            if let bytes = step.bytes {
                buffer.append(UnsafeBufferPointer(bytes))
            } else {
                let word = next()
                if step.hasFormat {
                    try write(word.value ?? .none, pieces[i], to: &buffer, frame)
                } else if word.isNumber {
                    buffer.append(word.number)
                } else {
                    buffer.append(word)
                }
            }
            guard buffer.count <= Operators.longestString else { throw Operators.tooLong(frame, span) }
            i &+= 1
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
        return String(bytes: UnsafeBufferPointer(start: bytes, count: count))
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// As `print` shows what is no number.
    @inline(never)
    mutating func append(_ word: Word) {
        if word.kind == Word.Kind.text {
            word.object(TextBox.self)._withUnsafeGuaranteedRef { append($0.text) }
        } else {
            append((word.value ?? .none).text)
        }
    }

    /// As `print` shows a number; whole ones without a detour.
    mutating func append(_ x: Double) {
        // By way of an integer: rounding is a call where the processor may be any.
        guard abs(x) < 1e15, Double(Int64(x)) == x else { return append(Text.number(x)) }
        makeRoom(16)
        var rest = UInt64(abs(x))
        if x < 0 {
            bytes[count] = UInt8(ascii: "-")
            count &+= 1
        }
        var digits = 1, bound: UInt64 = 10
        while rest >= bound {
            digits &+= 1
            bound &*= 10
        }
        count &+= digits
        var place = bytes + count
        repeat {
            place -= 1
            place.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }

    @inline(__always)
    mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
        guard let base = more.baseAddress else { return }
        makeRoom(more.count)
        // Most of what stands between values is a few bytes, for which a call takes longer than the bytes.
        if more.count <= 8 {
            var i = 0
            while i < more.count {
                bytes[count &+ i] = base[i]
                i &+= 1
            }
        } else {
            (bytes + count).update(from: base, count: more.count)
        }
        count &+= more.count
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

extension String {
    /// The text of bytes that are UTF-8. Short ones of plain letters are checked at once, and take no memory.
    @inline(__always)
    init(bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.count <= 15 {
            self.init(unsafeUninitializedCapacity: bytes.count) { $0.update(fromContentsOf: bytes) }
        } else {
            self.init(decoding: bytes, as: UTF8.self)
        }
    }
}

extension Machine {
    @inline(__always)
    private func text(_ i: Instruction, _ code: MakeText, _ frame: Frame, _ r: Register) throws -> String {
        var place = r + Int(i.b)
        let text = try texts.made { buffer in
            try code.write(to: &buffer, frame) {
                place += 1
                return place[-1]
            }
        }
        for j in 0..<Int(i.c) { (r + Int(i.b) + j).clear() }
        return text
    }

    @inline(never)
    func makeText(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        try borrowedFrame(call)._withUnsafeGuaranteedRef { frame in
            (r + Int(i.a)).put(Word(TextBox(try text(i, unsafeDowncast(site, to: MakeText.self), frame, r))))
        }
    }

    /// `s = s + "{x}, "`: without a text of its own for what is appended, where nothing else refers to the string.
    @inline(never)
    func growText(_ target: Register, _ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        try borrowedFrame(call)._withUnsafeGuaranteedRef { frame in
            let code = unsafeDowncast(site, to: Grow.self)
            let more = try text(i, unsafeDowncast(code.more, to: MakeText.self), frame, r)
            if target.pointee.kind == Word.Kind.text, target.isOnlyReference(TextBox.self), try append(more, to: target, code, frame) { return }
            let register = r + Int(i.b)
            register.put(Word(TextBox(more)))
            try grow(target, register, i, site, call)
        }
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
