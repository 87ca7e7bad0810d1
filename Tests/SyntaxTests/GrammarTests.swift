import Syntax
import Testing

/// grammar/strip.ebnf and the tables of the lexer name the same words.
@Suite struct GrammarTests {
    static let grammar: String = {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return readFile(root + "/grammar/strip.ebnf") ?? ""
    }()

    /// The quoted words of a rule.
    static func words(_ rule: String) -> [String] {
        var out: [String] = []
        var inside = false
        for line in grammar.split(separator: "\n") {
            if line.hasPrefix(rule + " "), line.contains("=") { inside = true } else if !line.hasPrefix(" ") { inside = false }
            guard inside else { continue }
            let body = line.drop { $0 != "=" && !line.hasPrefix(" ") }
            for (i, part) in body.split(separator: "\"", omittingEmptySubsequences: false).enumerated() where i % 2 == 1 {
                out.append(String(part))
            }
        }
        return out
    }

    @Test func keywords() { #expect(Self.words("keyword") == Keyword.allCases.map(\.rawValue)) }
    @Test func symbols() { #expect(Self.words("symbol") == Symbol.allCases.map(\.rawValue)) }

    @Test func everyKeywordIsUsedInARule() {
        let rules = Self.grammar.split(separator: "\n").prefix { !$0.hasPrefix("keyword") }.joined(separator: "\n")
        for keyword in Keyword.allCases { #expect(rules.contains("\"\(keyword.rawValue)\""), "\(keyword.rawValue)") }
        for symbol in Symbol.allCases { #expect(rules.contains("\"\(symbol.rawValue)\""), "\(symbol.rawValue)") }
    }

    @Test func everyNameOnTheRightIsARule() {
        var defined: Set<String> = [], used: Set<String> = []
        var comment = 0, quoted: Character?, special = false, word = ""
        var previous: Character = " "
        func flush(_ next: Character) {
            if !word.isEmpty { used.insert(word) }
            word = ""
        }
        for line in Self.grammar.split(separator: "\n") {
            if comment == 0, let first = line.split(separator: " ").first, line.contains(" = "), !line.hasPrefix(" "), !line.hasPrefix("(*")
            {
                defined.insert(String(first))
            }
            for c in line + "\n" {
                defer { previous = c }
                if let quote = quoted {
                    if c == quote { quoted = nil }
                    continue
                }
                if special {
                    if c == "?" { special = false }
                    continue
                }
                if previous == "(", c == "*" { comment += 1 }
                if comment > 0 {
                    if previous == "*", c == ")" { comment -= 1 }
                    word = ""
                    continue
                }
                if c == "\"" || c == "'" {
                    flush(c)
                    quoted = c
                } else if c == "?" {
                    special = true
                } else if c.isLetter {
                    word.append(c)
                } else {
                    flush(c)
                }
            }
        }
        #expect(used.subtracting(defined).sorted() == [])
        #expect(defined.subtracting(used).subtracting(["comment", "symbol"]).sorted() == [])
    }
}

/// What ships in the language parses.
@Suite struct ShippedTextTests {
    static let files: [String] = {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return ["stdlib", "examples"].flatMap { folder in listFiles(root + "/" + folder, ".ss").map { root + "/" + folder + "/" + $0 } }
    }()

    @Test(arguments: files) func parses(_ path: String) throws {
        let text = try #require(readFile(path))
        #expect(mistakes(text) == [], "\(path)")
    }
}
