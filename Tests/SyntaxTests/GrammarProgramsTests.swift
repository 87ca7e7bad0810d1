import Glibc
import Syntax
import Testing

/// What grammar/strip.ebnf can say, the parser accepts; what is one step away from it ends in a tree or in mistakes with their places.
@Suite struct GrammarProgramsTests {
    /// `SKULLSTRIP_FUZZ=1000000` makes a long run of it.
    static let count = getenv("SKULLSTRIP_FUZZ").flatMap { Int(String(cString: $0)) } ?? 2_000

    @Test func everyProgramOfTheGrammarIsAccepted() {
        var generator = GrammarGenerator(GrammarTests.grammar, seed: 6)
        var sizes = 0
        var used: Set<String> = []
        for _ in 0..<Self.count {
            let words = generator.program()
            let text = GrammarGenerator.text(words)
            sizes += words.count
            used.formUnion(words)
            let found = mistakes(text)
            if !found.isEmpty {
                Issue.record("\(found[0]) in\n\(text)")
                return
            }
        }
        #expect(sizes > 20 * Self.count, "programs of a fair size")
        for keyword in Keyword.allCases { #expect(used.contains(keyword.rawValue), "\(keyword.rawValue) occurs") }
        for symbol in Symbol.allCases where symbol != .ellipsis { #expect(used.contains(symbol.rawValue), "\(symbol.rawValue) occurs") }
    }

    @Test func mutatedProgramsEndInATreeOrInMistakes() {
        var generator = GrammarGenerator(GrammarTests.grammar, seed: 7)
        var good = 0, bad = 0
        for _ in 0..<Self.count {
            var words = generator.program()
            for _ in 0...generator.random.below(3) where !words.isEmpty {
                let at = generator.random.below(words.count), other = words[generator.random.below(words.count)]
                switch generator.random.below(5) {
                case 0: words.remove(at: at)
                case 1: words.insert(other, at: at)
                case 2: words[at] = other
                case 3: words.swapAt(at, generator.random.below(words.count))
                default:
                    var letters = Array(words[at].unicodeScalars)
                    if letters.isEmpty { continue }
                    letters[generator.random.below(letters.count)] = Unicode.Scalar(UInt8(32 + generator.random.below(95)))
                    words[at] = String(String.UnicodeScalarView(letters))
                }
            }
            let source = Source(name: "t.ss", text: GrammarGenerator.text(words))
            do {
                _ = try Parser.parse(source)
                good += 1
            } catch {
                bad += 1
                for d in error.diagnostics {
                    let isWithin = d.span.start >= 0 && d.span.start <= d.span.end && d.span.start <= source.bytes.count
                    if !isWithin || d.message.isEmpty || !d.rendered().contains("^") {
                        Issue.record("\(d.span) \(d.message) in\n\(source.text(Span(0, source.bytes.count)))")
                        return
                    }
                }
                #expect(!error.diagnostics.isEmpty)
            }
        }
        #expect(good > Self.count / 50 && bad > Self.count / 4, "\(good) good, \(bad) bad")
    }
}
