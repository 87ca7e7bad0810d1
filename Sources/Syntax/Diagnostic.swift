/// A mistake found in a text: what, where, and what to do about it.
public struct Diagnostic: Error, Sendable {
    /// What was wrong, in one line.
    public let message: String
    /// What to do about it, where there is something to do.
    public let hint: String?
    /// The text that `span` counts in.
    public let source: Source
    /// The place to underline.
    public let span: Span
    /// True when the text merely ends too early, so that a prompt may ask for another line.
    public let isIncomplete: Bool

    /// `isIncomplete` says that the text merely ended too early.
    public init(_ message: String, hint: String? = nil, source: Source, span: Span, isIncomplete: Bool = false) {
        self.message = message
        self.hint = hint
        self.source = source
        self.span = span
        self.isIncomplete = isIncomplete
    }

    /// The message, the place, the line with carets under the span, and the hint.
    public func rendered() -> String { Picture.render(message: message, hint: hint, source: source, span: span) }
}

extension Sequence<Diagnostic> {
    /// Sorted by place; of two at one place the earlier found comes first.
    package var inTextOrder: [Diagnostic] {
        enumerated().sorted { ($0.element.span.start, $0.offset) < ($1.element.span.start, $1.offset) }.map(\.element)
    }
}

/// All mistakes of a text.
public struct SyntaxErrors: Error, Sendable {
    /// In the order of the text; never empty.
    public let diagnostics: [Diagnostic]
    /// `diagnostics` must hold at least one mistake.
    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
    /// All pictures, one below the other.
    public func rendered() -> String { diagnostics.map { $0.rendered() }.joined(separator: "\n") }
}

/// Draws a message over the source line it is about.
public enum Picture {
    /// One call on the way to an error: the function, and where it was called.
    public struct Call: Sendable {
        /// The name of the function that was called.
        public let function: String
        /// The text that holds the call.
        public let source: Source
        /// The call.
        public let span: Span
        /// One step of a trace.
        public init(function: String, source: Source, span: Span) {
            self.function = function
            self.source = source
            self.span = span
        }
    }

    private static let widest = 120

    /// The message, the line with a caret under the span, the calls that led there, and the hint.
    public static func render(message: String, hint: String?, source: Source, span: Span, trace: [Call] = []) -> String {
        var out = "error: \(message)\n" + place(source, span)
        for step in shortened(trace) {
            switch step {
            case .call(let c, let times):
                out += "  called from \(position(c)), in a call of \(c.function)\(times > 1 ? ", \(times) times" : "")\n"
            case .skipped(let n):
                out += "  … \(n) more calls …\n"
            }
        }
        if let hint { out += "help: \(hint)\n" }
        return out

        func position(_ c: Call) -> String {
            let (line, column) = c.source.position(at: c.span.start)
            return "\(c.source.name):\(line):\(column)"
        }
    }

    /// A place alone: its file, line and column, and the line with carets under the span.
    public static func place(_ source: Source, _ span: Span) -> String {
        let (line, column) = source.position(at: span.start)
        return " --> \(source.name):\(line):\(column)\n" + excerpt(source, span)
    }

    private enum Step {
        case call(Call, times: Int)
        case skipped(Int)
    }

    private static func shortened(_ trace: [Call]) -> [Step] {
        var runs: [(call: Call, times: Int)] = []
        for call in trace {
            if let last = runs.last, last.call.source === call.source, last.call.span == call.span, last.call.function == call.function {
                runs[runs.count - 1].times += 1
            } else {
                runs.append((call, 1))
            }
        }
        let steps = runs.map { Step.call($0.call, times: $0.times) }
        if runs.count <= 12 { return steps }
        let skipped = runs[6..<(runs.count - 4)].reduce(0) { $0 + $1.times }
        return steps.prefix(6) + [.skipped(skipped)] + steps.suffix(4)
    }

    /// The source line and carets below it. Tabs become spaces; a long line is cut to a window around the span.
    private static func excerpt(_ source: Source, _ span: Span) -> String {
        let index = source.lineIndex(at: span.start)
        let line = source.lineSpan(index)
        let number = String(index + 1)
        let gutter = String(repeating: " ", count: number.count)
        // Only the neighbourhood of the span is laid out, so that a line of megabytes costs nothing.
        let from = boundary(source, max(line.start, span.start - 400)), to = min(line.end, span.start + 400)
        let end = min(max(span.end, span.start), line.end)
        var shown: [(text: String, width: Int)] = []
        var caretFrom: Int?, caretTo = 0, offset = from
        let text = String(decoding: source.bytes[from..<max(from, boundary(source, to))], as: UTF8.self)
        var column = 0
        for character in text {
            if offset >= span.start, caretFrom == nil { caretFrom = shown.count }
            if offset < end { caretTo = shown.count + 1 }
            offset += character.utf8.count
            if character == "\t" {
                let width = 4 - column % 4
                shown.append((String(repeating: " ", count: width), width))
                column += width
            } else {
                let isControl = character.unicodeScalars.allSatisfy { $0.value < 32 || $0.value == 127 }
                let width = isControl ? 1 : Width.of(character)
                shown.append((isControl ? "\u{FFFD}" : String(character), width))
                column += width
            }
        }
        let first = caretFrom ?? shown.count
        let last = max(caretTo, first)
        var left = 0, right = shown.count
        var cutLeft = from > line.start, cutRight = to < line.end
        if column > widest {
            left = max(0, first - 40)
            right = min(shown.count, left + widest)
            cutLeft = cutLeft || left > 0
            cutRight = cutRight || right < shown.count
        }
        func width(_ range: Range<Int>) -> Int { shown[range].reduce(0) { $0 + $1.width } }
        var picture = (cutLeft ? "…" : "") + shown[left..<right].map(\.text).joined() + (cutRight ? "…" : "")
        while picture.last == " " { picture.removeLast() }
        let indent = (cutLeft ? 1 : 0) + width(left..<max(left, min(first, right)))
        let carets = max(1, first < min(last, right) ? width(first..<min(last, right)) : 1)
        return " \(gutter) |\n \(number) | \(picture)\n \(gutter) | \(String(repeating: " ", count: indent))"
            + String(repeating: "^", count: carets) + "\n"
    }

    /// The nearest offset at or before this one that begins a UTF-8 sequence.
    private static func boundary(_ source: Source, _ offset: Int) -> Int {
        var i = min(offset, source.bytes.count)
        while i > 0, i < source.bytes.count, source.bytes[i] & 0xC0 == 0x80 { i -= 1 }
        return i
    }
}

/// How many columns of a terminal a character takes.
public enum Width {
    /// Columns of one character: 0 for combining marks, 2 for wide ones, else 1.
    public static func of(_ character: Character) -> Int {
        var width = 0
        for scalar in character.unicodeScalars { width = max(width, of(scalar)) }
        return width
    }

    /// Columns of a text.
    public static func of(_ text: String) -> Int {
        // Of plain letters each takes one, and only a line end of two bytes is one character.
        if text.utf8.allSatisfy({ $0 < 0x80 && $0 != 0x0D }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        let v = scalar.value
        if v < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        // East Asian wide and fullwidth blocks, and pictures (Unicode TR 11).
        switch v {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
