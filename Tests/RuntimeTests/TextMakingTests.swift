import Runtime
import Testing

/// Strings with values in braces, and strings that grow in place: what refers to one of them sees no change.
@Suite struct TextMakingTests {
    @Test func numbersAreWrittenAsPrintWritesThem() {
        var wanted: [String] = [], code: [String] = []
        for power in 0..<15 {
            for x in [Int(pow10(power)), Int(pow10(power)) - 1, -Int(pow10(power)), 7 * Int(pow10(power)) + 3] {
                code.append("\"<{\(x)}>\"")
                wanted.append("\"<\(x)>\"")
            }
        }
        #expect(evaluate("xs = [\(code.joined(separator: ", "))]\nxs == [\(wanted.joined(separator: ", "))]") == "true\n")
        #expect(
            evaluate("print(\"{-0.0} {0 / 0} {1 / 0} {-1 / 0} {0.1} {1e15} {123456789012345} {-1e14} {2 ^ 70}\")")
                == evaluate("print(-0.0, 0 / 0, 1 / 0, -1 / 0, 0.1, 1e15, 123456789012345, -1e14, 2 ^ 70)"))
    }

    private func pow10(_ n: Int) -> Double { (0..<n).reduce(1) { x, _ in x * 10 } }

    @Test func literalsAndOtherNamesKeepTheirText() {
        #expect(evaluate("fn f(n) { s = \"a\"\n for i in 0:n { s = s + \"{i}é,\" }\n return s }\n[f(3), f(2), f(0), f(1)]") == "[\"a0é,1é,2é,\", \"a0é,1é,\", \"a\", \"a0é,\"]\n")
        #expect(evaluate("fn f() { s = \"a\"\n t = s\n s = s + \"{t}{s}\"\n u = s\n s = s + \"-{s}-\"\n return [s, t, u] }\nf()") == "[\"aaa-aaa-\", \"a\", \"aaa\"]\n")
        #expect(evaluate("fn f(x) { s = x\n s = s + \"{1}\"\n return s }\nt = \"k\"\n[f(t), f(t), t]") == "[\"k1\", \"k1\", \"k\"]\n")
        // From a number on a sum, and from a list on a mistake, at its place.
        #expect(evaluate("fn f(s) { s = s + \"{1}\"\n return s }\nf(2)").contains("`+` cannot take a number 2 and a string \"1\""))
        #expect(evaluate("fn f() { s = \"\"\n s = s + \"a{[\"b\"]:.2}\"\n return s }\nf()").contains("only a number, or a list of numbers, can be written with decimals"))
        #expect(evaluate("fn f() { s = \"\"\n s = s + \"{q}\"\n q = 1\n return s }\nf()").contains("`q` has no value yet"))
    }

    @Test func textsAreMadeWithinTexts() {
        #expect(evaluate("fn f(x) = \"<{x}>\"\n\"{f(\"{f(1)}{f(2)}\")}{[f(3), 4]}\"") == "\"<<1><2>>[\\\"<3>\\\", 4]\"\n")
        #expect(evaluate("r = {a: 1}\n\"{if true { \"y\" } else { 1 }}{none}{true}{r}{0:2}\"") == "\"ynonetrue\\{a: 1\\} 0\"\n")
        let many = (0..<100).map { "{\($0)}" }.joined()
        #expect(evaluate("length(\"\(many)\")") == "190\n")
    }

    @Test func piecesOfLongTexts() {
        // Beyond what the buffer keeps, and back.
        #expect(evaluate("a = \"0123456789\" * 10000\nb = \"{a}{a}\"\nc = \"{1}\"\n[length(b), c, length(\"{b}{c}\")]") == "[200000, \"1\", 200001]\n")
    }
}
