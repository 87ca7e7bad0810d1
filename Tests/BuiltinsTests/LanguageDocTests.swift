import Builtins
import Glibc
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
        if getenv("RECORD") != nil {
            Repository.write(found, to: Self.path)
            Issue.record("recorded \(Self.path)")
            return
        }
        let a = found.split(separator: "\n", omittingEmptySubsequences: false), b = text.split(separator: "\n", omittingEmptySubsequences: false)
        for i in 0..<max(a.count, b.count) where i >= a.count || i >= b.count || a[i] != b[i] {
            Issue.record("line \(i + 1):\n  found    \(i < a.count ? a[i] : "nothing")\n  expected \(i < b.count ? b[i] : "nothing")")
            break
        }
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

/// Files of the repository, found from this one's place in it.
enum Repository {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let n = fread(&buffer, 1, buffer.count, file), n > 0 { bytes += buffer[0..<n] }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "w") else { return }
        defer { fclose(file) }
        _ = text.withCString { fputs($0, file) }
    }
}
