import Runtime
import Syntax
import Testing

/// What is told of a script before it runs.
@Suite struct CheckTests {
    /// "line:column message" of each mistake, with the hint after a bar.
    private func found(_ text: String) -> [String] {
        do {
            try makeSession(prelude: [("library.ss", "fn twice(x, by=2) = by * x\n")]).check(source: text, name: "t")
            return []
        } catch let errors as SyntaxErrors {
            return errors.diagnostics.map { d in
                let (line, column) = d.source.position(at: d.span.start)
                return "\(line):\(column) \(d.message)" + (d.hint.map { " | \($0)" } ?? "")
            }
        } catch {
            return ["\(error)"]
        }
    }

    @Test func fiveMistakesAreFive() {
        let text = """
            a = 1 +* 2
            b = lenght([1, 2])
            fn f(x, width=1) = x * widht
            c = f(3, wdth=2)
            for x in 0:3 { print(x }
            d = resize(ramp(), mode="cubic", mask=none)
            """
        #expect(
            found(text) == [
                "1:8 expected a value, found `*`", "2:5 there is no name `lenght` | did you mean `length`?",
                "3:24 there is no name `widht` | did you mean `width`?", "4:10 f has no parameter `wdth` | did you mean `width`?",
                "5:21 this `(` is never closed",
                "6:20 resize has no parameter `mode` | the parameters are image, mask, interpolation, steps, width",
            ])
    }

    @Test(arguments: [
        "x = later\nlater = 1", "fn f() = g()\nfn g() = 1", "fn f(a) { b = a; () -> b }", "[x + y for x in 0:2 for y in 0:x if x > y]",
        "for [i, {id}] in [[1, {id: 2}]] { print(i, id) }", "try { 1 } catch e { e.message }", "fn f(...r, k=1) = [r, k]\nf(1, 2, 3, k=2)",
        "fn f(a, b) = a\nf(...[1, 2])", "twice(3, by=4)", "f = x -> x\nf = (a, b) -> a\nf(1, 2)", "fn f(print) = print(1, 2, x=3)", "args", "{a, ...b} = {a: 1}\nb",
        "fn f(n) = if n == 0 { 1 } else { f(n - 1) }", "map([1], length)", "fn length(a, b) = 1\nlength(1, 2)",
    ]) func rightScriptsPass(_ text: String) { #expect(found(text) == []) }

    @Test(arguments: [
        ("twice()", "1:1 twice: the argument `x` is missing"), ("twice(1, 2, 3)", "1:13 twice takes at most 2 arguments, got 3 | the parameters are x, by"),
        ("1 |> sqrt(2)", "1:11 sqrt takes 1 argument, got 2 | the parameter is x"), ("fn f(a) = a\nf(1, a=2)", "2:6 f: `a` is given twice, by position and by name"),
        ("g = (a, b) -> a\ng(1)", "2:1 g: the argument `b` is missing"), ("[y for x in [1]]\nx", "1:2 there is no name `y`"),
        ("fn f() { inner = 1 }\ninner", "2:1 there is no name `inner`"), ("null", "1:1 there is no name `null` | nothing is written `none`"),
        ("break", "1:1 `break` outside of a loop"), ("nme = 1\n\"{name}\"", "2:3 there is no name `name` | did you mean `nme`?"),
    ]) func mistakesAreTold(_ text: String, _ first: String) { #expect(found(text).first == first) }

    /// What comes of a mistake is not told beside it, and the caret stands under what is wrong. The wanted span is in ⟦…⟧.
    @Test(arguments: [
        ("fn f(a) = a\ny = f⟦(⟧\nz = 1", "this `(` is never closed"), ("fn f(a, b) = a\ny = f⟦(⟧1,", "this `(` is never closed"),
        ("1 |> sqrt⟦(⟧", "this `(` is never closed"), ("print⟦(⟧max(1, 2)", "this `(` is never closed"),
        ("f = 1\nx = \"⟦\\u{zz⟧}\"", "\\u needs the number of a character in braces, as in \\u{1F9E0}"),
        ("fn f(x) { x ⟦)⟧", "this `)` does not close the `{` of line 1"), ("fn f(x) {\n  x ⟦)⟧\n}", "this `)` closes nothing"),
        ("⟦whlie⟧ true { break }", "there is no word `whlie`"), ("⟦fro⟧ x in [1] { x }", "there is no word `fro`"),
        ("fn f(x) = ⟦retrun⟧ x", "there is no word `retrun`"), ("x = 1\nif x == 1 { x } ⟦esle⟧ { 2 }", "there is no word `esle`"),
        ("x = true\n⟦fi⟧ x { 1 }", "there is no word `fi`"), ("x = true ⟦adn⟧ false", "there is no word `adn`"), ("⟦let⟧ x = 3", "there is no word `let`"),
        ("try { 1 } ⟦cach⟧ e { 2 }", "expected `catch` after the block of `try`, found the name `cach`"), ("x :⟦=⟧ 3", "expected a value, found `=`"),
        ("fill = 1\nfill ⟦2⟧", "expected the end of the statement, found the number 2"), ("⟦unless⟧ true { 1 }", "there is no word `unless`"),
        ("fn f(x) {\n    y = sqrt⟦(⟧x\n    y + 1\n}\nf(2)", "this `(` is never closed"), ("fn f() {\n    x = ⟦[⟧1, 2\n    x\n}", "this `[` is never closed"),
        ("fn f(x) {\n    if x > 1 ⟦{⟧\n        x\n    else { 2 }\n}\nf(2)", "this `{` is never closed"),
        ("fn f(x) {\n    try ⟦{⟧\n        x\n    catch e { 2 }\n}\nf(2)", "this `{` is never closed"),
        ("print(\"a ⟦{⟧b\")\nb = 2", "this `{` of the string is never closed"), ("print(⟦\"unclosed⟧)\nx = 2", "the string has no closing quote"),
        ("if true { print([⟦\"a ⟧]) }\nx = 2", "the string has no closing quote"), ("x = [1]\nif x == [1]⟦\n⟧{ print(x) }", "expected `{` after the condition, found the end of the line"),
        ("fn f(x)⟦\n⟧{ x }\nf(1)", "expected `{` after the parameters of f, found the end of the line"),
        ("x = 4 |> sqrt⟦(⟧\n  |> sqrt()", "this `(` is never closed"), ("x = ⟦‘a’⟧", "`‘` has no meaning here"), ("x = ⟦`ls`⟧", "a backtick has no meaning here"),
        ("x = [\n    if true { 1 }\n    else { 2 },\n    3\n]\ny = ⟦)⟧", "this `)` closes nothing"),
    ]) func aMistakeIsOne(_ marked: String, _ message: String) throws {
        let parts = marked.split { "⟦⟧".contains($0) }.map(String.init)
        let isFirst = marked.hasPrefix("⟦"), wrong = isFirst ? 0 : 1
        do {
            try makeSession().check(source: parts.joined(), name: "t")
            Issue.record("nothing is told of \(marked)")
        } catch let errors as SyntaxErrors {
            #expect(errors.diagnostics.map(\.message) == [message])
            let start = isFirst ? 0 : parts[0].utf8.count
            #expect(errors.diagnostics.first?.span == Span(start, start + parts[wrong].utf8.count))
        }
    }

    @Test func aNameIsToldOnce() { #expect(found("xx\nxx + xx\nfn f() = xx") == ["1:1 there is no name `xx`"]) }

    @Test func namesOfBrokenStatementsAreNotToldMissing() {
        #expect(found("x = )\ny = x + 1\nfn f( = 2\nf(x)\nz = [1,\nq = y\nq") == ["1:5 this `)` closes nothing", "3:5 this `(` is never closed", "5:5 this `[` is never closed"])
    }

    @Test func importsAreLookedAt() {
        let tests = SessionTests()
        let path = tests.folder([
            "main.ss": "import \"lib.ss\"\nprint(double(1), fisrt, _own)\nimport \"none.ss\"", "lib.ss": "import \"more.ss\"\n_own = 1\nfn double(x) = 2 * x",
            "more.ss": "first = unbound", "good.ss": "import \"lib2.ss\"\nprint(double(1, 2))", "lib2.ss": "fn double(x) = 2 * x",
        ])
        let session = makeSession()
        func told(_ name: String) -> String {
            do {
                try session.check(file: path + "/" + name)
                return ""
            } catch {
                return session.render(error)
            }
        }
        let all = told("main.ss")
        #expect(all.contains("main.ss:3:1") && all.contains("there is no file") && all.contains("more.ss:1:9"))
        #expect(all.contains("`fisrt`") && all.contains("did you mean `first`?") && all.contains("`_own`") && !all.contains("`double`"))
        #expect(told("good.ss") == "")
    }

    @Test func aScriptWithMistakesDoesNotBegin() {
        let tests = SessionTests()
        let path = tests.folder(["main.ss": "print(\"begun\")\nif false { mispelled() }\nprin(1)"])
        let sink = Sink()
        let session = makeSession(sink)
        let text = tests.run(path + "/main.ss", session, sink)
        #expect(!text.contains("begun") && text.contains("main.ss:2:12") && text.contains("main.ss:3:1") && text.contains("did you mean `print`?"))
        // At the prompt a name may be bound later.
        #expect(shown("fn late() = not_yet()\nnot_yet = () -> 5\nlate()", in: session, sink) == "5\n")
    }
}
