import Builtins
import Runtime
import Support
import Testing

/// A builtin that takes a voxel expression gives what it gives of the image that a name holds, errors included.
@Suite struct ReductionTests {
    private static let start = """
        v = phantom(seed=3, shape=[21, 17, 11], spacing=9).image
        w = v % 7 * 0.3 - 1
        m = w > 0
        n = ~m & (v < 400)
        odd = (v - v) / (v - v)
        far = phantom(seed=3, shape=[21, 17, 11], spacing=8).image
        """

    private func outcome(_ text: String, _ session: Session) -> String {
        do {
            return session.describe(try session.run(source: text, name: "t"))
        } catch let error as ScriptError {
            return "error: " + error.message
        } catch {
            return "\(error)"
        }
    }

    @Test func reductionsOfRandomExpressions() throws {
        let (session, _) = makeSession()
        try session.run(source: Self.start, name: "t")
        let leaves = ["v", "w", "m", "n", "2", "-0.5", "odd", "far"], operators = ["+", "-", "*", "/", "<", ">=", "==", "&", "|", "^"]
        let functions = ["abs", "sqrt", "floor", "log", "-", "~"]
        let reductions = ["mean(X)", "std(X)", "min(X)", "max(X)", "sum(X)", "(X).count", "(X).volume_ml", "mean(X, mask=m)", "sum(X, mask=n)", "max(X, mask=n)", "percentile(X, 30)", "mean(X, X)", "[X][0].shape", "(X).datatype"]
        var values = 0, errors = 0
        for seed in 0..<1_500 {
            var random = CounterRandom(seed: 5, stream: UInt64(seed))
            func pick(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }
            func expression(_ depth: Int) -> String {
                if depth == 0 { return leaves[pick(pick(8) == 0 ? leaves.count : 4)] }
                if pick(4) == 0 { return "\(functions[pick(functions.count)])(\(expression(depth - 1)))" }
                return "(\(expression(depth - 1)) \(operators[pick(pick(2) == 0 ? 3 : operators.count)]) \(expression(depth - 1)))"
            }
            let x = expression(1 + pick(3)), reduction = reductions[pick(reductions.count)]
            let fused = outcome(reduction.replacing("X", with: x), session)
            let single = outcome("x = \(x)\n" + reduction.replacing("X", with: "x"), session)
            #expect(fused == single, "\(reduction) of \(x)")
            if fused.hasPrefix("error") { errors += 1 } else { values += 1 }
        }
        #expect(values > 400 && errors > 100, "\(values) \(errors)")
    }

    /// Whatever else a name stands for gets images.
    @Test func onlyBuiltinsThatTakeExpressionsGetThem() throws {
        let (session, _) = makeSession()
        try session.run(source: Self.start, name: "t")
        for (text, expected) in [
            ("mean = x -> x.shape\nmean(v - w)", "[21, 17, 11]"), ("std = [abs][0]\n(std(v - w) == abs(v - w)).count", "3927"), ("map([v - w], max) == [max(v - w)]", "true"),
            ("f = (...xs) -> length(xs)\nf(...[v - w, abs(v)])", "2"), ("min(...[v - w]) == min(v - w)", "true"),
            ("sum(xs=v > 1)", "error: sum: `xs` must be a volume or a list of numbers, got a mask of 21×17×11"), ("r = {a: abs(v - w)}\nr.a.shape", "[21, 17, 11]"),
            ("(abs(v - w) == abs(w - v)).count", "3927"), ("fn g(x) { return abs(x - w) }\n(g(v) == abs(v - w)).count", "3927"), ("if (v > 1).count > 0 { abs(-v) } else { v }\n1", "1"),
        ] {
            #expect(outcome(text, session) == expected, "\(text)")
        }
    }
}
