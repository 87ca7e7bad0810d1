import Builtins
import Runtime
import Syntax
import Testing

/// Every example of docs/language.md shows what it claims. Fenced blocks of `strip` hold code and, after `→`, what the prompt shows of the code above; a
/// block is one session. `RECORD=1` writes what is shown anew, and fails, so that nobody takes it for a pass.
@Suite(.serialized) struct LanguageDocTests {
    static let path = Repository.root + "/docs/language.md"

    /// What the prompt shows of an input: what it prints, then the value of an expression, or the error.
    private static func shown(_ code: String, _ session: Session, _ output: Output) -> [String] {
        let before = output.all.utf8.count
        var text = ""
        do {
            let value = try session.run(source: code, name: "<prompt>")
            let last = try Parser.parse(Source(name: "", text: code)).statements.last
            var isExpression = true
            switch last?.kind {
            case .bind, .unpack, .define, .forLoop, .whileLoop: isExpression = false
            default: break
            }
            text = isExpression ? session.describe(value) : ""
        } catch {
            text = session.render(error)
        }
        let printed = String(decoding: Array(output.all.utf8)[before...], as: UTF8.self)
        return (printed + text).trimmingNewlines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func executed(_ text: String) -> (text: String, examples: Int) {
        var out: [String] = [], code: [String] = [], isExample = false, wasResult = false, examples = 0
        var (session, output) = makeSession()
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("```") {
                if isExample, !code.isEmpty { Issue.record("an example without a result: \(code)") }
                isExample = line == "```strip"
                (session, output) = makeSession()
                (code, wasResult) = ([], false)
                out.append(line)
            } else if isExample, line.hasPrefix("→") {
                if wasResult { continue }
                wasResult = true
                examples += 1
                for shown in shown(code.joined(separator: "\n"), session, output) {
                    out.append(shown.isEmpty ? "→" : "→ " + shown)
                }
                code = []
            } else {
                if isExample { code.append(line) }
                wasResult = false
                out.append(line)
            }
        }
        return (out.joined(separator: "\n"), examples)
    }

    @Test func examplesShowWhatTheyClaim() throws {
        let text = try #require(Repository.read(Self.path))
        let (found, examples) = Self.executed(text)
        #expect(examples > 40)
        try Repository.expect(found, in: Self.path)
    }

    /// The page names every keyword, operator, kind of value and statement of the grammar.
    @Test func thePageLeavesNothingOut() throws {
        let text = try #require(Repository.read(Self.path))
        for keyword in Keyword.allCases { #expect(text.contains(keyword.rawValue), "\(keyword.rawValue)") }
        for kind in ["none", "boolean", "number", "string", "list", "record", "range", "function", "volume", "mask", "transform", "tensor", "model", "figure"] {
            #expect(text.contains(kind), "\(kind)")
        }
    }
}
