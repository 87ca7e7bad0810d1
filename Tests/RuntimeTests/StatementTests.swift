import Testing

/// Expressions whose value nobody wants: before the last statement of a script, a function, a branch, a loop's body.
@Suite struct StatementTests {
    private static let names = "r = {a: 1}\nxs = [1, 2]\nt = true\nk = 2\nv = ramp()\n"

    @Test(arguments: [
        "1", "\"a\"", "true", "none", "k", "r.a", "r[\"a\"]", "xs[0]", "xs[0:1]", "v[0, 0, 0]", "v.shape", "t and t", "t or t", "not t", "k + 1", "-k", "k < 3", "v > 1", "~(v > 1)",
        "[1, k]", "[...xs, 3]", "[x for x in xs]", "{a: k}", "{...r, b: 2}", "0:k", "\"{k}\"", "\"{k:.2}\"", "x -> x", "sqrt(4)", "xs |> length()", "(k)", "v * 2 + 1",
        "if t { 1 }", "if t { 1 } else { 2 }", "try { 1 } catch e { 2 }", "while false { 1 }", "for x in xs { x }", "[a, b] = xs", "{a} = r", "fn g() = 1", "r[\"c\"] = 1",
    ]) func itsValueIsDropped(_ code: String) {
        #expect(evaluate(Self.names + code + "\n\"last\"") == "\"last\"\n")
        let inside = (Self.names + code).split(separator: "\n").joined(separator: "\n    ")
        #expect(evaluate("fn f() {\n    \(inside)\n    \"last\"\n}\nf()") == "\"last\"\n")
        #expect(evaluate(Self.names + "for i in 0:2 { if t { \(code)\n i } }\n\"last\"") == "\"last\"\n")
    }

    @Test func itIsEvaluatedAllTheSame() {
        #expect(evaluate("r = {a: 1}\nr.b\n2").contains("has no field `b`"))
        #expect(evaluate("t = true\nt and 3\n2").contains("needs true or false on both sides"))
        #expect(evaluate("print(1) == none and print(2) == none\n3") == "1\n2\n3\n")
    }
}
