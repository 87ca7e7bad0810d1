import Runtime
import Testing

@Suite struct FunctionTextTests {
    /// The text of the function that a script's last statement gives.
    func text(_ script: String, in session: Session = makeSession(Sink(), prelude: prelude)) throws -> String {
        guard case .function(let function) = try session.run(source: script, name: "test") else { throw Odd.notFunction }
        return try function.text()
    }
    enum Odd: Error { case notFunction }

    static let prelude = [(name: "library.ss", source: "fn twice(x) = 2 * x\nhalf = 0.5")]
    var prelude: [(name: String, source: String)] { Self.prelude }

    /// The text in a fresh session called with `arguments` gives what the function gave in the session where it was written; the text of the function that
    /// was read back is the same again.
    func check(_ script: String, _ arguments: String, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let text = try text(script)
        let here = makeSession(Sink(), prelude: prelude), fresh = makeSession(Sink(), prelude: prelude)
        here.define("_f", try here.run(source: script, name: "here"))
        #expect(here.describe(try here.run(source: "_f(\(arguments))", name: "here")) == expected, sourceLocation: sourceLocation)
        fresh.define("_f", try fresh.run(source: text, name: "fresh"))
        #expect(
            fresh.describe(try fresh.run(source: "_f(\(arguments))", name: "fresh")) == expected, "\(text)", sourceLocation: sourceLocation)
        #expect(fresh.userNames == ["_f"], "\(text)", sourceLocation: sourceLocation)
        #expect(try self.text(script) == text, sourceLocation: sourceLocation)
    }

    @Test func whatReadsNothingIsItsOwnText() throws {
        #expect(try text("v -> v |> sqrt()") == "v -> v |> sqrt()")
        #expect(try text("sqrt") == "sqrt")
        #expect(try text("twice") == "twice")
        #expect(try text("root = sqrt\nroot") == "sqrt")
        #expect(try text("fn f(x, k=2) = k * x") == "(() -> {\nfn f(x, k=2) = k * x\nf\n})()")
    }

    @Test func valuesThatAreRead() throws {
        try check("a = 0.1 + 0.2\nx -> x + a", "0", "0.3")
        #expect(try text("a = 0.1 + 0.2\nx -> x + a") == "(() -> {\na = 0.30000000000000004\nx -> x + a\n})()")
        try check("a = -1.5e-7\nb = 1e300\n() -> [a, b, -b]", "", "[-1.5e-07, 1e+300, -1e+300]")
        try check("a = 1 / 0\nb = 0 / 0\n() -> [a, -a, b == b]", "", "[inf, -inf, false]")
        try check(
            "r = {a: [1, none, true], \"b c\": \"q\\\"\\{x\\}\\n\\u{1}é𝛼\", if: 0:3}\n() -> r", "",
            "{a: [1, none, true], \"b c\": \"q\\\"\\{x\\}\\n\\u{1}é𝛼\", if: 0:3}")
        try check("größe = 3\n模 = \"脑\"\nx -> \"{模} {größe * x}\"", "2", "\"脑 6\"")
        try check("k = 3\nfn f(x, by=k) = x * by\nf", "2", "6")
        try check("fn outer(n) { m = n + 1\n x -> x * m + n }\nouter(4)", "10", "54")
        try check("[x -> x + i for i in 0:3][2]", "1", "3")
    }

    @Test func functionsThatAreRead() throws {
        try check("fn g(x) = x + 1\nh = x -> g(x) * 2\nh", "3", "8")
        try check("fn fact(n) = if n <= 1 { 1 } else { n * fact(n - 1) }\nfact", "5", "120")
        try check(
            "fn even(n) = if n == 0 { true } else { odd(n - 1) }\nfn odd(n) = if n == 0 { false } else { even(n - 1) }\nn -> even(n)", "7",
            "false")
        try check("steps = [x -> x + 1, sqrt, twice]\nfn all(x) { for s in steps { x = s(x) }\n x }\nall", "8", "6")
        try check("fn compose(f, g) = x -> g(f(x))\ncompose(compose(sqrt, x -> x + 1), twice)", "9", "8")
        try check("root = sqrt\nx -> root(x) + half", "4", "2.5")
        // The same number under two names, and one function under two.
        try check("a = 2\nb = 2\nfn f(x) = a * x\ng = f\nx -> f(x) + g(x) + b", "3", "14")
    }

    @Test func oneNameForSeveralThings() throws {
        try check("fn scaler(k) = x -> x * k\nfn both(f, g) = x -> f(x) + g(x)\nboth(scaler(2), scaler(3))", "10", "50")
        try check("fn add(k) = x -> x + k\nf = add(1)\nfor i in 2:5 { g = f\n f = (h -> x -> h(x) * 10 + i)(g) }\nf", "0", "1444")
        // `sqrt` is a number for one, the builtin for the other.
        try check("fn make(sqrt) = x -> x * sqrt\nf = make(5)\nx -> f(x) + sqrt(x)", "4", "22")
        try check("fn make(sqrt) = x -> x * sqrt\nmake(5)", "4", "20")
        try check("k_2 = 7\nfn scaler(k) = x -> x * k\na = scaler(2)\nb = scaler(3)\nx -> a(x) + b(x) + k_2", "1", "12")
        // Definitions of one name, one of them recursive.
        try check(
            "fn make(n) {\n fn step(x) = if x > n { x } else { step(x * 2) }\n step\n}\na = make(10)\nb = make(100)\nx -> [a(x), b(x)]",
            "3",
            "[12, 192]")
        // What a name stands for now counts, not what it did when the function was written.
        try check("k = 1\nf = x -> x * k\nk = 5\nf", "2", "10")
    }

    @Test func linesThatOnlyBracketsJoined() throws {
        try check("fn id(f) = f\nid(x ->\n  x\n  + 1\n  # and so on\n  + 2)", "1", "4")
        try check("k = 2\nfn id(f) = f\nid((x) -> {\n  y = x\n  y * k\n})", "3", "6")
    }

    @Test func equalFunctionsHaveEqualTexts() throws {
        let make = "fn make(k) = x -> x * k\n"
        #expect(try text(make + "make(2)") == text(make + "z = 1\nmake(1 + 1)"))
        #expect(try text(make + "make(2)") != text(make + "make(3)"))
    }

    @Test func whatHasNoText() throws {
        func refusal(_ script: String) -> String {
            do {
                return "text: " + (try text(script)).prefix(200)
            } catch let error as FunctionTextError {
                return error.message
            } catch {
                return "\(error)"
            }
        }
        #expect(
            refusal("v = ramp()\nf = x -> x + v\nf") == "f reads `v`, which holds a volume of 4×4×4, and that cannot be written as text")
        #expect(refusal("r = {deep: [ramp() > 3]}\ng = x -> r\nx -> g(x)").hasPrefix("g reads `r`, which holds a mask"))
        #expect(refusal("x -> later") == "lambda reads `later`, which has no value")
        #expect(refusal("fn f(x) = f(x)\ng = f\nf = 3\ng") == "f calls itself as `f`, which stands for something else by now")
        #expect(refusal("xs = 0:10\nfor i in 0:21 { xs = [xs, xs] }\nx -> xs").contains("of text"))
        #expect(refusal("xs = []\nfor i in 0:300 { xs = [xs] }\nx -> xs").contains("nested too deeply"))
    }

    /// A chain of thousands of closures, each over the one before.
    @Test func longChains() throws {
        let script = "fn more(f) = x -> f(x) + 1\nf = x -> x\nfor i in 0:2000 { f = more(f) }\nf"
        try check(script, "5", "2005")
    }
}
