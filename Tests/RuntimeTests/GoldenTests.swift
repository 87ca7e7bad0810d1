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

    /// Texts that nobody types and no file of inputs holds, with what they are.
    private static let unwritable: [(name: String, bytes: [UInt8])] = [
        ("a byte that is no UTF-8", Array("x = 1\ny = \"".utf8) + [0xFF] + Array("\"".utf8)),
        ("a text that ends within a letter", Array("x = \"é".utf8.dropLast())),
        ("a NUL byte", Array("x = 1 \0 + 2".utf8)),
        ("a NUL byte in a string", Array("x = \"a\0b\"".utf8)),
        ("10,000 open parentheses", Array(repeating: UInt8(ascii: "("), count: 10_000)),
        ("10,000 nested lists", Array(String(repeating: "[", count: 10_000).utf8) + Array(String(repeating: "]", count: 10_000).utf8)),
        ("a sum of 10,000 numbers", Array((0..<10_000).map { "\($0)" }.joined(separator: " + ").utf8)),
        ("a pipe of 10,000 steps", Array("1\(String(repeating: " |> sqrt", count: 10_000))".utf8)),
        ("strings nested in strings", Array("\(String(repeating: "\"{", count: 10))1\(String(repeating: "}\"", count: 10))".utf8)),
        ("a line of 10 MB without an end", Array("\"\(String(repeating: "é", count: 5_000_000))".utf8)),
        ("a list of 1 MB with a mistake at its end", Array("[\(String(repeating: "1, ", count: 330_000)) 2 3]".utf8)),
        ("a function of 70,000 variables", Array("fn f() {\n\((0..<70_000).map { "x\($0) = \($0)\n" }.joined())}".utf8)),
        ("a bare carriage return", Array("x = 1\ry = 2".utf8)),
        ("a mark of the byte order", Array("\u{FEFF}x = 1 +".utf8)),
    ]

    @Test func limitsMatch() throws {
        var found = ""
        for (name, bytes) in Self.unwritable {
            let sink = Sink()
            let session = makeSession(sink)
            found += "# \(name)\n"
            do {
                found += shown(String(decoding: try Source(name: "<prompt>", bytes: bytes).bytes, as: UTF8.self), in: session, sink)
            } catch {
                found += error.rendered()
            }
            found += "\n"
        }
        try Self.expect(found, in: Self.folder + "/limits.out")
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
        try Self.expect(Self.transcript(script), in: Self.folder + "/" + name.dropLast(3) + ".out")
    }

    private static func expect(_ found: String, in path: String) throws {
        if getenv("RECORD") != nil {
            writeFile(path, found)
            Issue.record("recorded \(path)")
            return
        }
        let expected = try #require(readFile(path), "no \(path); RECORD=1 writes it")
        let a = found.split(separator: "\n", omittingEmptySubsequences: false)
        let b = expected.split(separator: "\n", omittingEmptySubsequences: false)
        for i in 0..<max(a.count, b.count) where i >= a.count || i >= b.count || a[i] != b[i] {
            Issue.record("\(path):\(i + 1)\n  found    \(i < a.count ? a[i] : "nothing")\n  expected \(i < b.count ? b[i] : "nothing")")
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
