import Runtime
import Support
import Testing

/// Nothing that a script can write brings the process down.
@Suite struct LimitTests {
    @Test func deepRecursionIsAnError() {
        #expect(evaluate("fn f(n) = 1 + f(n + 1)\nf(0)").contains("calls are nested too deeply: 10000 calls"))
        #expect(evaluate("fn f(n) = map([n], f)\nf(0)").contains("calls are nested too deeply"))
        #expect(evaluate("fn f(n) = \"{[{a: (1 + (2 * (3 - [f(n + 1)][0])))}]}\"\nf(0)").contains("calls are nested too deeply"))
        #expect(evaluate("fn f(n) = if n == 0 { 0 } else { 1 + f(n - 1) }\nf(9000)") == "9000\n")
        #expect(evaluate("fn f(n) = f(n + 1)\ntry { f(0) } catch e { 1 }") == "1\n")
    }

    @Test func deepNestingOfTextIsAnError() {
        for (open, close) in [
            ("(", ")"), ("[", "]"), ("{a: ", "}"), ("-", ""), ("not ", ""), ("x -> ", ""), ("f(", ")"), ("if true { ", " }"), ("2^", ""),
            ("~", ""), ("a[", "]"), ("1 |> (x -> ", ")"),
        ] {
            let text = String(repeating: open, count: 10_000) + "1" + String(repeating: close, count: 10_000)
            #expect(evaluate(text).contains("nested too deeply"), "\(open)")
        }
        #expect(evaluate(String(repeating: "(", count: 10_000)).contains("error"))
        #expect(evaluate(String(repeating: "\"{", count: 10_000)).contains("strings are nested too deeply"))
        #expect(
            evaluate(String(repeating: "\"{", count: 12) + "1" + String(repeating: "}\"", count: 12)).contains(
                "strings are nested too deeply"))
        #expect(evaluate(String(repeating: "(", count: 150) + "1" + String(repeating: ")", count: 150)) == "1\n")
    }

    @Test func longChainsAreErrorsOrWork() {
        #expect(evaluate((0..<4_000).map { _ in "1" }.joined(separator: "+")) == "4000\n")
        #expect(evaluate((0..<50_000).map { _ in "1" }.joined(separator: "+")).contains("more than 5000 steps"))
        #expect(evaluate("x" + String(repeating: ".a", count: 50_000)).contains("more than 5000 steps"))
        let branches = (0..<3_000).map { "if false { \($0) }" }.joined(separator: " else ")
        #expect(evaluate(branches + " else { 7 }") == "7\n")
        #expect(evaluate("[" + (0..<200_000).map(String.init).joined(separator: ",") + "] |> length") == "200000\n")
    }

    @Test func deepValuesAreErrors() {
        for build in ["x = [x]", "x = {a: x}", "f = wrap(x)\n x = f", "x = [x for i in 0:1]", "x = x + [x]"] {
            let text = "fn wrap(v) = () -> v\nx = []\nfor i in 0:1000000 { \(build) }"
            #expect(evaluate(text).contains("nested too deeply"), "\(build)")
        }
        // A function that calls itself does not nest, however often it is defined.
        #expect(evaluate("fn g() {\n for i in 0:20000 { fn go(n) = if n == 0 { 0 } else { go(n - 1) }\n go(1) }\n 5 }\ng()") == "5\n")
    }

    @Test func sizesAreBounded() {
        #expect(evaluate("s = \"ab\"\nfor i in 0:60 { s = s + s }").contains("too large"))
        #expect(evaluate("s = [0] * 100000\nfor i in 0:60 { s = s + s }").contains("too large"))
        #expect(evaluate("length(0:1000000000000)").contains("must be a list"))
        #expect(evaluate("r = 0:1000000000000000\n[r[5], r[-1], r[10:20]]") == "[5, 999999999999999, 10:20]\n")
        #expect(evaluate("[[] * 1000000000000, \"\" * 1000000000000]") == "[[], \"\"]\n")
        #expect(evaluate("for i in 0:1000000000000 { if i == 3 { break } }\ni") == "3\n")
    }

    /// Each of these would copy 40 GB and more if a change copied the list or string.
    @Test func changesInPlaceCostWhatTheyChange() {
        #expect(evaluate("xs = [0] * 300000\nfor i in 0:300000 { xs[i] = i }\n[xs[7], xs[-1]]") == "[7, 299999]\n")
        #expect(evaluate("fn f(n) { xs = [0] * n\nfor i in 0:n { xs[i] = [i] }\nxs[-1] }\nf(300000)") == "[299999]\n")
        #expect(evaluate("fn f(n) { xs = [0] * n\nlater = () -> xs\nfor i in 0:n { xs[i] = i }\nlater()[-1] }\nf(300000)") == "299999\n")
        #expect(evaluate("fn f(n) { s = \"\"\nfor i in 0:n { s = s + \"ab\" }\nlength(s) }\nf(300000)") == "600000\n")
        #expect(evaluate("xs = []\nfor i in 0:300000 { xs = xs + [i] }\nlength(xs)") == "300000\n")
        #expect(evaluate("fn f(n) { s = \"\"\nlater = () -> s\nfor i in 0:n { s = s + \"ab\" }\nlength(later()) }\nf(300000)") == "600000\n")
        // A loop over voxels reads them where they are: copies would be 4 MB each.
        #expect(evaluate("v = ramp([100, 100, 100])\ns = 0\nfor i in 0:100 { for j in 0:100 { s = s + v[i, j, 0] } }\ns") == "49995000\n")
    }

    /// What two names hold is copied before one of them changes.
    @Test func changesAreSeenThroughOneNameOnly() {
        #expect(evaluate("xs = [1, [2]]\nys = xs\nzs = [xs]\nxs[0] = 5\nxs[1] = xs\n[xs, ys, zs]") == "[[5, [5, [2]]], [1, [2]], [[1, [2]]]]\n")
        #expect(evaluate("fn f(xs) { xs[0] = 9\nxs }\nxs = [1]\n[f(xs), xs, f(f(xs))]") == "[[9], [1], [9]]\n")
        #expect(evaluate("xs = [1, 2, 3]\nfor x in xs { xs[2] = 0\nxs = xs + [x] }\nxs") == "[1, 2, 0, 1, 2, 3]\n")
        #expect(evaluate("s = \"a\"\nt = [s, s]\ns = s + \"b\"\n[s, t]") == "[\"ab\", [\"a\", \"a\"]]\n")
    }

    @Test func manyVariables() {
        let text = "fn f() {\n" + (0..<70_000).map { "x\($0) = \($0)" }.joined(separator: "\n") + "\nx69999 + x3 }\nf()"
        #expect(evaluate(text).contains("needs more than 65535 variables"))
        let many = (0..<300).map(String.init)
        #expect(evaluate("fn f(\(many.map { "p\($0)" }.joined(separator: ", "))) = p299 - p0\nf(\(many.joined(separator: ", ")))") == "299\n")
    }

    @Test func textIsBounded() throws {
        #expect(evaluate("s = \"ab\"\nfor i in 0:60 { s = \"{s}{s}\" }").contains("too large"))
        #expect(evaluate("s = \"ab\" * 100000000\nt = \"{s}{s}\"").contains("too large"))
        #expect(evaluate("s = [0] * 10000000\nt = \"{s:.50}\"").contains("too large"))
        let piece = String(repeating: "x", count: 1 << 14)
        let long = Value.string(String(repeating: piece, count: 1 << 13))
        #expect(throws: TooLarge.self) { try Operators.joined([long, long, long], separator: "") }
        #expect(throws: TooLarge.self) { try Operators.joined([0, 1], separator: String(repeating: piece, count: 1 << 14)) }
        #expect(try Operators.joined(["a", 2, "b"], separator: "/") == "a/2/b")
        #expect(throws: Never.self) { try Operators.check(stringBytes: Operators.longestString) }
    }

    @Test func repetition() {
        #expect(
            evaluate("[\"ab\" * 0, \"ab\" * 1, \"ab\" * 5, \"\" * 7, [1, 2] * 3, [1] * 0]")
                == "[\"\", \"ab\", \"ababababab\", \"\", [1, 2, 1, 2, 1, 2], []]\n")
    }

    /// 2^60 paths lead to the one number.
    @Test func sharedPartsCompareOnce() {
        let build = "s = [1]\nt = [1]\nu = [2]\nfor i in 0:60 { s = [s, s]\nt = [t, t]\nu = [u, u] }\n"
        #expect(evaluate(build + "[s == t, s != t, s == u, t != u]") == "[true, false, false, true]\n")
        #expect(evaluate("s = {a: 1}\nt = {a: 1}\nfor i in 0:60 { s = {a: s, b: s}\nt = {b: t, a: t} }\ns == t") == "true\n")
        #expect(evaluate("n = 0 / 0\nx = [n]\n[x == x, [n] == [n], n == n]") == "[true, false, false]\n")
        #expect(evaluate("[[0, 1, 2] == 0:3, [0:3] == [[0, 1, 2]], [0:3] == [[0, 1, 3]]]") == "[true, true, false]\n")
    }

    @Test func longValuesShowShort() {
        let long = Value.string(String(repeating: "{", count: 100_000))
        #expect(Value([long]).literal.utf8.count < 4_100 && Value([long]).literal.hasSuffix("…\"]"))
        #expect(Value.record(Record([("a", long), ("b", long)])).literal.utf8.count < 8_300)
        #expect(long.text.utf8.count == 100_000)
        #expect(long.mention.utf8.count < 120)
        let epoch = Value.record(Record((0..<20).map { ("measure_\($0)", .number(1 / Double($0 + 3))) }))
        for value in [
            epoch, Value(Array(repeating: epoch, count: 30)), long, .record(Record([("epochs", Value([epoch, epoch])), ("脑", long)])),
        ] {
            let line = value.described(columns: 80)
            #expect(line.count <= 80 && line.contains("…") && !line.contains("\n"), "\(line)")
        }
        #expect(evaluate("fn f(x={a: 1,\n b: 2}) = x\nf").filter { $0 == "\n" }.count == 1)
    }

    @Test func exhaustedMemoryIsAnError() {
        let sink = Sink()
        let session = makeSession(sink)
        _ = shown("s = \"abcdefgh\" * 8\nv = ramp([100, 100, 100])\nmany = [0] * 2000000", in: session, sink)
        session.pretendFreeMemory(200 << 20)
        for text in [
            "[[x for x in 0:100000] for y in 0:100]", "xs = []\nfor i in 0:10000000 { xs = xs + [i] }",
            "t = s\nfor i in 0:30 { t = t + t }",
            "t = s\nfor i in 0:30 { t = \"{t}{t}\" }", "s * 1000000", "[0] * 3000000", "[many[1:] for i in 0:10]", "[v + i for i in 0:100]",
            "[ramp([100, 100, 100]) for i in 0:100]", "[{a: i} for i in 0:1000000]", "[() -> i for i in 0:1000000]",
            "map(0:10000000, x -> x)",
        ] {
            #expect(shown(text, in: session, sink).contains("memory is running out: 209.7 MB free"), "\(text)")
        }
        #expect(shown("resize(v)", in: session, sink).contains("memory is running out"))
        // A text itself, before it is read.
        #expect(shown("x = [" + String(repeating: "1, ", count: 400_000) + "1]", in: session, sink).hasPrefix("error: memory is running out: 209.7 MB free"))
        // There is room to say so, and the session lives on when memory is back.
        #expect(shown("try { s * 1000000 } catch e { \"no: {e.message}\" }", in: session, sink).hasPrefix("\"no: memory is running out"))
        session.pretendFreeMemory(nil)
        #expect(shown("length([v + i for i in 0:20])", in: session, sink) == "20\n")
    }

    @Test func errorsWithoutAMessage() {
        #expect(evaluate("error(\"\")").hasPrefix("error: error without a message\n"))
        #expect(evaluate("try { error(\"\") } catch e { e.message }") == "\"error without a message\"\n")
        #expect(evaluate("assert(false, \"\")").contains("the assertion does not hold"))
    }

    @Test func damagedText() {
        #expect(evaluate("x = 1\u{0}2").contains("a NUL byte"))
        #expect(evaluate("\"a\u{0}b\"").contains("a NUL byte"))
        let session = makeSession()
        do {
            try session.run(bytes: [0x78, 0x3D, 0xC3, 0x28], name: "bad.ss")
            Issue.record("took bytes that are not UTF-8")
        } catch {
            #expect(session.render(error).contains("not UTF-8: byte 0xC3 at offset 2"))
        }
        for bytes: [UInt8] in [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE8, 0x84], [0xFF], [0x80]] {
            #expect(throws: (any Error).self) { try session.run(bytes: bytes, name: "bad.ss") }
        }
        #expect(throws: Never.self) { try session.run(bytes: Array("\u{FEFF}x = \"脑🧠\"\r\ny = 2\r\n".utf8), name: "good.ss") }
    }

    @Test func longLinesRenderShort() {
        let text =
            "x = \"" + String(repeating: "脑", count: 200_000) + "\" + nothing_here + \"" + String(repeating: "y", count: 200_000) + "\""
        let out = evaluate(text)
        #expect(out.utf8.count < 1_500)
        #expect(out.contains("^^^^^^^^^^^^"))
    }

    @Test(
        .serialized,
        arguments: [
            "while true { }", "while true { continue }", "n = 1\nwhile true { n = 2\nif n == n { continue }\nif n > 4 { break } }",
            "for i in 0:1000000000000 { continue }", "for i in 0:1000000000000 { }", "fn f() = f2()\nfn f2() { while true { x = 1 } }\nf()",
            "[i for i in 0:100000000000]",
        ])
    func stepsAreBounded(_ text: String) {
        let session = makeSession()
        session.limitSteps(50_000)
        #expect(throws: Interrupted.self) { try session.run(source: text, name: "t") }
        session.limitSteps(nil)
        #expect((try? session.run(source: "1 + 1", name: "t")).map(session.describe) == "2")
    }
}
