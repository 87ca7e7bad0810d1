import Syntax
import Testing

/// Rendered errors, whole: the caret must stand under what it is about.
@Suite struct PictureTests {
    func picture(_ text: String) -> String {
        do {
            _ = try parse(text)
            return "fine"
        } catch let errors as SyntaxErrors {
            return errors.diagnostics[0].rendered()
        } catch {
            return "\(error)"
        }
    }

    @Test func plain() {
        #expect(
            picture("a = 1\nb = [1 2]\n") == """
                error: expected `]` to close the list, found the number 2
                 --> t.ss:2:8
                   |
                 2 | b = [1 2]
                   |        ^
                help: items are parted by commas

                """)
    }

    @Test func wideCharactersAndTabs() {
        // Each of the two ideographs and the brain takes two columns; the accent on e none of its own.
        #expect(
            picture("\t\"脑髓🧠e\u{301}\" ++ 1") == """
                error: expected a value, found `+`
                 --> t.ss:1:10
                   |
                 1 |     "脑髓🧠e\u{301}" ++ 1
                   |                ^
                help: a plus sign stands between two values

                """)
        #expect(Width.of("脑a🧠e\u{301}") == 6)
    }

    @Test func endOfText() {
        #expect(
            picture("x = ") == """
                error: expected a value, found the end of the text
                 --> t.ss:1:4
                   |
                 1 | x =
                   |    ^

                """)
    }

    @Test func longLinesAreCut() {
        let line = String(repeating: "a + ", count: 500) + "* b" + String(repeating: " + c", count: 500)
        let lines = picture(line).split(separator: "\n")
        #expect(lines[1] == " --> t.ss:1:2001")
        #expect(lines[3].count < 140 && lines[3].contains("…"))
        let caret = lines[4].firstIndex(of: "^").map { lines[4].distance(from: lines[4].startIndex, to: $0) } ?? -1
        #expect(Array(lines[3])[caret] == "*")
    }

    @Test func spanOverLines() {
        let source = Source(name: "t.ss", text: "f(\n  1,\n  2)\ng")
        let shown = Picture.render(message: "m", hint: nil, source: source, span: Span(0, 11))
        #expect(shown == "error: m\n --> t.ss:1:1\n   |\n 1 | f(\n   | ^^\n")
    }

    @Test func traceCollapsesRepeats() {
        let source = Source(name: "t.ss", text: "f()\ng()")
        let f = Picture.Call(function: "f", source: source, span: Span(0, 3)),
            g = Picture.Call(function: "g", source: source, span: Span(4, 7))
        let shown = Picture.render(message: "m", hint: "h", source: source, span: Span(0, 1), trace: Array(repeating: f, count: 9998) + [g])
        #expect(shown.hasSuffix("  called from t.ss:1:1, in a call of f, 9998 times\n  called from t.ss:2:1, in a call of g\nhelp: h\n"))
    }
}
