import Glibc
import Runtime
import Syntax
import Testing

/// Transcripts: `Tests/Golden/name.ss` holds inputs parted by blank lines, as typed at one prompt; `name.out` what it looks like.
/// `RECORD=1` writes the `.out` files anew, and fails, so that nobody takes it for a pass.
@Suite struct GoldenTests {
    static let folder = packageRoot + "/Tests/Golden"

    static func transcript(_ text: String) -> String {
        let sink = Sink()
        let session = makeSession(
            sink, prelude: [("library.ss", "## Twice `x`.\nfn twice(x) = 2 * x\nfn insist(f) = f + \"\"\n")], arguments: ["a", "b"])
        var out = ""
        for chunk in chunks(text) {
            for (i, line) in chunk.enumerated() { out += (i == 0 ? "strip> " : "     … ") + line + "\n" }
            out += shown(chunk.joined(separator: "\n"), in: session, sink) + "\n"
        }
        return out
    }

    private static func chunks(_ text: String) -> [[String]] {
        var out: [[String]] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                out.append([])
            } else if out.isEmpty {
                out.append([String(line)])
            } else {
                out[out.count - 1].append(String(line))
            }
        }
        return out.filter { !$0.isEmpty }
    }

    @Test(arguments: listFiles(folder, ".ss")) func matches(_ name: String) throws {
        let script = try #require(readFile(Self.folder + "/" + name))
        let path = Self.folder + "/" + name.dropLast(3) + ".out"
        let found = Self.transcript(script)
        if getenv("RECORD") != nil {
            writeFile(path, found)
            Issue.record("recorded \(path)")
            return
        }
        let expected = try #require(readFile(path), "no \(path); RECORD=1 writes it")
        let a = found.split(separator: "\n", omittingEmptySubsequences: false)
        let b = expected.split(separator: "\n", omittingEmptySubsequences: false)
        for i in 0..<max(a.count, b.count) where i >= a.count || i >= b.count || a[i] != b[i] {
            Issue.record(
                "\(name), line \(i + 1):\n  found    \(i < a.count ? a[i] : "nothing")\n  expected \(i < b.count ? b[i] : "nothing")")
            break
        }
    }

    /// Statements and expressions of every kind occur in the transcripts.
    @Test func everyConstructOccurs() {
        var seen: Set<String> = []
        func visit(_ e: Expression) {
            seen.insert(Self.name(of: e.kind))
            e.forEachChild(intoFunctions: true, visit)
        }
        for name in listFiles(Self.folder, ".ss") {
            for chunk in Self.chunks(readFile(Self.folder + "/" + name) ?? "") {
                let source = Source(name: name, text: chunk.joined(separator: "\n"))
                Parser.survey(source).script.statements.forEach(visit)
            }
        }
        #expect(Self.allNames.subtracting(seen).sorted() == [])
    }

    static let allNames: Set<String> = [
        "none", "boolean", "number", "string", "name", "list", "comprehension", "record", "range", "lambda", "call", "index", "field", "unary",
        "binary", "and", "or", "group", "spread", "conditional", "attempt", "block", "bind", "bind item", "unpack", "define", "for", "while", "break",
        "continue", "return", "import",
    ]

    /// A kind that is new is one that the compiler asks for here, and then one that `allNames` must have.
    private static func name(of kind: Expression.Kind) -> String {
        switch kind {
        case .none: "none"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "string"
        case .name: "name"
        case .list: "list"
        case .comprehension: "comprehension"
        case .record: "record"
        case .range: "range"
        case .lambda: "lambda"
        case .call: "call"
        case .index: "index"
        case .field: "field"
        case .unary: "unary"
        case .binary: "binary"
        case .and: "and"
        case .or: "or"
        case .group: "group"
        case .spread: "spread"
        case .conditional: "conditional"
        case .attempt: "attempt"
        case .block: "block"
        case .bind: "bind"
        case .bindItem: "bind item"
        case .unpack: "unpack"
        case .define: "define"
        case .forLoop: "for"
        case .whileLoop: "while"
        case .breakLoop: "break"
        case .continueLoop: "continue"
        case .returnValue: "return"
        case .importFile: "import"
        }
    }

    @Test func thereAreTranscripts() { #expect(listFiles(Self.folder, ".ss").count >= 8) }
}
