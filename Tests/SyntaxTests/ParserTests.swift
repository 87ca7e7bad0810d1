import Syntax
import Testing

@Suite struct ParserTests {
    @Test(arguments: [
        ("1 + 2 * 3", "(+ 1 (* 2 3))"),
        ("(1 + 2) * 3", "(* (+ 1 2) 3)"),
        ("1 - 2 - 3", "(- (- 1 2) 3)"),
        ("-2^2", "(- (^ 2 2))"),
        ("2^-1", "(^ 2 (- 1))"),
        ("2^3^2", "(^ 2 (^ 3 2))"),
        ("-a.b[0](1)", "(- (call (index (. a b) 0) 1))"),
        ("~a & b | c", "(| (& (~ a) b) c)"),
        ("t > 5 & t < 9", "(& (> t 5) (< t 9))"),
        ("not a == b and c or d", "(or (and (not (== a b)) c) d)"),
        ("not not a", "(not (not a))"),
        ("0:n + 1", "(: 0 (+ n 1))"),
        ("0:3 == 1:2", "(== (: 0 3) (: 1 2))"),
        ("a |> f", "(call f a)"),
        ("a |> f(b, k=1) |> g()", "(call g (call f a b k=1))"),
        ("a + b |> f", "(call f (+ a b))"),
        ("a |> r.f(1)", "(call (. r f) a 1)"),
        ("a |> (v -> v)", "(call (-> [v] v) a)"),
        ("a |> (f(1))", "(call (call f 1) a)"),
        ("a |> v -> v + 1", "(call (-> [v] (+ v 1)) a)"),
        ("f(x)(y).z", "(. (call (call f x) y) z)"),
        ("x -> y -> x", "(-> [x] (-> [y] x))"),
        ("(a, b=2) -> a", "(-> [a b=2] a)"),
        ("() -> 1", "(-> [] 1)"),
        ("v -> { v }", "(-> [v] {v})"),
        ("f(v -> v > 0.5, 3)", "(call f (-> [v] (> v 0.5)) 3)"),
        ("x = {id: \"a\", \"b c\": 0:3, in: 1}", "(= x (record id:\"a\" b c:(: 0 3) in:1))"),
        ("f({a: 1}, [{b: 2}])", "(call f (record a:1) (list (record b:2)))"),
        ("fn f(x, k=2) = k * x", "(fn f [x k=2] (* k x))"),
        ("fn f() { return {a: 1} }", "(fn f [] {(return (record a:1))})"),
        ("fn f() { return }", "(fn f [] {(return)})"),
        ("if a { 1 } else if b { 2 } else { 3 }", "(if a {1} b {2} else {3})"),
        ("x = if a { 1 } else { 2 }", "(= x (if a {1} else {2}))"),
        ("for x in 0:3 { continue; break }", "(for x (: 0 3) {continue; break})"),
        ("while a < b { a = a + 1 }", "(while (< a b) {(= a (+ a 1))})"),
        ("try { f() } catch e { e.message }", "(try {(call f)} e {(. e message)})"),
        ("try { f() } catch { 0 }", "(try {(call f)} _ {0})"),
        ("[f(x) for x in xs if x.ok]", "(comp (call f x) for x xs if (. x ok))"),
        ("[x for x in a for y in b if y if x]", "(comp x for x a for y b if y if x)"),
        ("[1, 2,]", "(list 1 2)"),
        ("t[:, :, 96]", "(index t .. .. 96)"),
        ("t[20:200, …]", "(index t 20..200 …)"),
        ("t[..., -1]", "(index t … (- 1))"),
        ("t[a:, :b, a + 1:b - 1]", "(index t a.. ..b (+ a 1)..(- b 1))"),
        ("import \"lib.ss\"", "(import lib.ss)"),
        ("a = 1; b = 2", "(= a 1) ; (= b 2)"),
        ("\"{x:.3} {\"in {y}\"}\"", "\"{x:f} {\"in {y}\"}\""),
        ("\"{{}} \\{ {f(a, {b: 1})}\"", "\"{} { {(call f a (record b:1))}\""),
        ("a\n|> f\n\n # note\n |> g(1)", "(call g (call f a) 1)"),
        ("1 +\n 2", "(+ 1 2)"),
        ("f(\n1,\n\n2\n)", "(call f 1 2)"),
        ("{\n a: 1,\n\n b: 2\n}", "(record a:1 b:2)"),
        ("if a { 1 }\nelse { 2 }", "(if a {1} else {2})"),
        ("f(v -> {\n a = 1\n a\n}, 2)", "(call f (-> [v] {(= a 1); a}) 2)"),
        ("a # comment\nb", "a ; b"),
        ("a = b\n-c", "(= a b) ; (- c)"),
        ("å_1 = 脑", "(= å_1 脑)"),
        ("[a, ...b, c] = x", "(= [a ...b c] x)"), ("{a, if: b, \"c d\": [e], ...f} = x", "(= {a:a if:b c d:[e] ...f} x)"),
        ("[a, b] == x", "(== (list a b) x)"), ("{a: 1} == x", "(== (record a:1) x)"),
        ("for {a, b: [c]} in x { a }", "(for {a:a b:[c]} x {a})"), ("[a for [a, _] in x if a]", "(comp a for [a _] x if a)"),
        ("fn f(a, ...b, c=1, d) = a", "(fn f [a ...b c=1 d] a)"), ("(…a) -> a", "(-> [...a] a)"),
        ("fn f([a, ...b], {c, d: e} = f) = a", "(fn f [[a, ...b] {c, d: e}=f] a)"), ("([a, b]) -> a", "(-> [[a, b]] a)"),
        ("f(...a, b=1)", "(call f (... a) b=1)"), ("[1, ...a]", "(list 1 (... a))"), ("{...a, b: 1}", "(record ...:a b:1)"),
        ("", ""), ("\n\n;;\n", ""),
    ]) func trees(_ text: String, _ expected: String) { #expect(tree(text) == expected) }

    @Test func spansCoverTheirText() throws {
        let source = Source(name: "t", text: "x = f(a, k=b + 1) |> g")
        let script = try Parser.parse(source)
        guard case .bind(_, let nameSpan, let value) = script.statements[0].kind, case .call(_, let arguments) = value.kind,
            case .call(_, let inner) = arguments[0].value.kind
        else {
            Issue.record("another tree")
            return
        }
        #expect(source.text(script.statements[0].span) == "x = f(a, k=b + 1) |> g")
        #expect(source.text(nameSpan) == "x")
        #expect(source.text(arguments[0].span) == "f(a, k=b + 1)")
        #expect(source.text(inner[1].span) == "k=b + 1")
        #expect(source.text(inner[1].value.span) == "b + 1")
    }

    @Test func severalMistakesAreAllTold() {
        let text = """
            a = 1 +* 2
            b = [1 2]
            fn good(x) = x
            if a = 1 { c = ) }
            d = "lone } brace"
            for 3 in x { }
            e = 5 5
            """
        #expect(
            mistakes(text) == [
                "1:8 expected a value, found `*`", "2:8 expected `]` to close the list, found the number 2",
                "4:6 expected `{` after the condition, found `=`", "4:16 this `)` closes nothing", "5:11 a lone `}` in a string",
                "6:5 expected a name after `for`, found the number 3", "7:7 expected the end of the statement, found the number 5",
            ])
    }

    @Test(arguments: [
        ("f(", true), ("f(1,", true), ("x = [1,\n2", true), ("fn f(x) {", true), ("fn f(x) {\n y = 1\n", true), ("1 +", true),
        ("if a { 1 } else {", true), ("x =", true), ("{a: 1,", true), ("a |>", true), ("try { 1 }", true), ("for x in", true), ("fn", true),
        ("not", true), ("f(v -> {", true), ("1 + 2", false), ("f(1 2", false), ("x = )", false), ("\"open", false), ("", false),
        ("1 +* (", false),
        ("fn f() {\n x = = 3", false),
    ]) func incompleteTextAsksForMore(_ text: String, _ incomplete: Bool) {
        #expect(Parser.isIncomplete(Source(name: "t", text: text)) == incomplete)
    }

    @Test(arguments: [("x;", true), ("x; ", true), ("x;\n# c\n", true), ("x", false), ("a; b", false), (";", true)])
    func silence(_ text: String, _ silent: Bool) throws { #expect(try parse(text).isSilenced == silent) }

    @Test func docsGoToTheFunctionBelow() throws {
        let script = try parse(
            "## of the file\n\n## Twice `x`.\n##\n## More.\nfn f(x) = 2 * x\n# plain\nfn g() = 1\n## near\n3\nfn h() = 2")
        let docs = script.statements.compactMap { e -> String?? in
            if case .define(let node) = e.kind { node.doc } else { nil }
        }
        #expect(docs == ["Twice `x`.\n\nMore.", nil, nil])
    }
}
