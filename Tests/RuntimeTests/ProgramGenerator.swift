import Support

/// Random programs that parse: every construct, over a few variables of all kinds.
struct ProgramGenerator {
    private var random: CounterRandom
    private static let start = """
        a = 3
        b = 0.5
        xs = [1, 2, 3]
        s = "tea"
        v = ramp([3, 2, 2])
        m = v > 4
        r = {a: 1, b: xs}
        fn f(n, k=2) = n * k

        """
    private static let names = ["a", "b", "xs", "s", "v", "m", "r", "i"]

    init(_ random: CounterRandom) { self.random = random }

    private mutating func pick(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }
    private mutating func one(_ words: [String]) -> String { words[pick(words.count)] }

    mutating func program() -> String { Self.start + statements(3, 1 + pick(5)) + "\n" + expression(3) }

    private mutating func statements(_ depth: Int, _ count: Int) -> String {
        (0..<count).map { _ in statement(depth) }.joined(separator: "\n")
    }

    private mutating func block(_ depth: Int) -> String { "{\n" + statements(depth - 1, 1 + pick(2)) + "\n}" }

    private mutating func statement(_ depth: Int) -> String {
        let name = one(Self.names)
        if depth == 0 { return "\(name) = \(expression(1))" }
        switch pick(16) {
        case 0, 1: return "\(name) = \(expression(depth))"
        case 2, 3: return "\(name) = \(name) + \(expression(depth - 1))"
        case 4: return "\(name)[\(expression(1))] = \(expression(depth - 1))"
        case 5: return "for i in \(one(["xs", "0:4", "s", "r", expression(1)])) \(block(depth))"
        case 6: return "k = 0\nwhile k < 3 {\nk = k + 1\n" + statements(depth - 1, 1) + "\n}"
        case 7: return "if \(condition(depth)) \(block(depth)) else \(block(depth))"
        case 8: return "try \(block(depth)) catch e \(block(depth))"
        case 9: return "for i in 0:3 {\nif \(condition(1)) { \(one(["break", "continue"])) }\n" + statements(depth - 1, 1) + "\n}"
        case 10: return "fn g(p, q=\(expression(1))) {\n" + statements(depth - 1, 2) + "\nif p == 1 { return \(expression(1)) }\n\(expression(2))\n}\ng(1)"
        case 11: return "h = () -> \(expression(depth))\nh()"
        case 12: return "fn g(n) = if n < 1 { \(expression(1)) } else { g(n - 1) }\ng(\(one(["3", "a", "40"])))"
        case 13: return "for i in 0:2 { try { if \(condition(1)) { \(one(["break", "continue", "error(\"no\")"])) } } catch e { s = e.message } }"
        default: return expression(depth)
        }
    }

    private mutating func condition(_ depth: Int) -> String {
        switch pick(6) {
        case 0: "true"
        case 1: "\(expression(depth - 1)) \(one(["==", "!="])) \(expression(depth - 1))"
        case 2: "not (\(condition(max(0, depth - 1))))"
        case 3 where depth > 0: "(\(condition(depth - 1))) \(one(["and", "or"])) (\(condition(depth - 1)))"
        default: "a \(one(["<", "<=", ">", ">="])) \(one(["1", "b", "k", "3"]))"
        }
    }

    private mutating func expression(_ depth: Int) -> String {
        // Numbers more often than not, or most programs would end at a first misfit of kinds.
        if depth <= 0 { return pick(3) > 0 ? one(["a", "b", "0", "1", "2.5", "-1", "3"]) : one(Self.names + ["\"x\"", "true", "none", "1e300"]) }
        func operators() -> [String] { ["+", "-", "*", "/", "%", "^", "<", ">", "==", "&", "|"] }
        switch pick(14) {
        case 0, 1, 2: return "(\(expression(depth - 1)) \(one(pick(3) > 0 ? ["+", "-", "*"] : operators())) \(expression(depth - 1)))"
        case 3: return "[\(expression(depth - 1)), \(expression(depth - 1))]"
        case 4: return "\(one(["xs", "r", "s", "v", "m"]))[\(expression(depth - 1))]"
        case 5: return "v[\(one(["0", "1", "a", "-1", ":"])), \(one(["0", "1", ":"])), \(one(["0", "1", "…"]))]"
        case 6: return "f(\(expression(depth - 1)))"
        case 7: return "[\(expression(depth - 1)) for j in \(one(["xs", "0:3", "s"])) if \(condition(1))]"
        case 8: return "(if \(condition(1)) { \(expression(depth - 1)) } else { \(expression(depth - 1)) })"
        case 9: return "{a: \(expression(depth - 1)), z: \(expression(depth - 1))}"
        case 10: return "\"<{\(one(Self.names))}>\""
        case 11: return "map(\(one(["xs", "0:3"])), q -> \(expression(depth - 1)))"
        case 12: return "(try { \(expression(depth - 1)) } catch e { e.message })"
        default: return "\(one(["-", "~"]))\(expression(depth - 1))"
        }
    }
}
