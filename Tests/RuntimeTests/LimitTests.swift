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
        for (open, close) in [("(", ")"), ("[", "]"), ("{a: ", "}"), ("-", ""), ("not ", ""), ("x -> ", ""), ("f(", ")"), ("if true { ", " }"), ("2^", ""), ("~", ""), ("a[", "]"), ("1 |> (x -> ", ")")] {
            let text = String(repeating: open, count: 10_000) + "1" + String(repeating: close, count: 10_000)
            #expect(evaluate(text).contains("nested too deeply"), "\(open)")
        }
        #expect(evaluate(String(repeating: "(", count: 10_000)).contains("error"))
        #expect(evaluate(String(repeating: "\"{", count: 10_000)).contains("strings are nested too deeply"))
        #expect(evaluate(String(repeating: "\"{", count: 12) + "1" + String(repeating: "}\"", count: 12)).contains("strings are nested too deeply"))
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
        #expect(evaluate("for i in 0:1000000000000 { if i == 3 { break } }\ni") == "3\n")
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
        let text = "x = \"" + String(repeating: "脑", count: 200_000) + "\" + nothing_here + \"" + String(repeating: "y", count: 200_000) + "\""
        let out = evaluate(text)
        #expect(out.utf8.count < 1_500)
        #expect(out.contains("^^^^^^^^^^^^"))
    }

    @Test(.serialized, arguments: ["while true { }", "for i in 0:1000000000000 { }", "fn f() = f2()\nfn f2() { while true { x = 1 } }\nf()", "[i for i in 0:100000000000]"])
    func stepsAreBounded(_ text: String) {
        let session = makeSession()
        session.limitSteps(50_000)
        #expect(throws: Interrupted.self) { try session.run(source: text, name: "t") }
        session.limitSteps(nil)
        #expect((try? session.run(source: "1 + 1", name: "t")).map(session.describe) == "2")
    }
}
