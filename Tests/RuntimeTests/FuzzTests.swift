import Runtime
import Support
import Testing

/// Mutated programs must end in a value or a rendered error. A crash ends the whole test run.
@Suite struct FuzzTests {
    static let seeds: [String] = listFiles(GoldenTests.folder, ".ss").compactMap { readFile(GoldenTests.folder + "/" + $0) }
        .flatMap { $0.split(separator: "\n\n").map(String.init) }.map { $0.split(separator: "\n").joined(separator: "\n") }

    static let fragments = [
        "(", ")", "[", "]", "{", "}", "\"", "\"{", "}\"", ":", ",", ".", "…", "...", "->", "|>", "=", "==", "^", "-", "~", "&", "|", "%",
        "*", "\n", ";",
        " if ", " else ", " for x in ", " while true { ", " fn f", " return ", " break", " try { ", " } catch e { ", " import ", " not ",
        " and ", "none",
        "0", "1e308", "-1", "0.5", "1e15", "x", "f(", "ramp()", "ramp()[", "脑", "\u{301}", "\t", "#", "##", "\\", "\u{0}", "{a: 1}",
        "[1, 2]", "0:3", "map(",
    ]

    static func mutate(_ random: inout CounterRandom) -> String {
        func pick(_ n: Int) -> Int { Int(random.next() % UInt64(max(1, n))) }
        var text = Array(seeds[pick(seeds.count)].unicodeScalars)
        for _ in 0...pick(4) {
            let at = pick(text.count + 1)
            switch pick(5) {
            case 0: text.insert(contentsOf: Array(fragments[pick(fragments.count)].unicodeScalars), at: at)
            case 1: text.removeSubrange(at..<min(text.count, at + 1 + pick(6)))
            case 2:
                let other = Array(seeds[pick(seeds.count)].unicodeScalars)
                let from = pick(other.count + 1)
                text.insert(contentsOf: other[from..<min(other.count, from + pick(30))], at: at)
            case 3: if at < text.count { text[at] = Unicode.Scalar(UInt8(32 + pick(95))) }
            default: if at < text.count { text.swapAt(at, pick(text.count)) }
            }
        }
        var out = String.UnicodeScalarView()
        out.append(contentsOf: text.prefix(2_000))
        return String(out)
    }

    @Test func mutatedProgramsEndInAValueOrAnError() {
        var random = CounterRandom(seed: 20_240_611)
        var errors = 0, values = 0
        let sink = Sink()
        var session = makeSession(sink)
        for turn in 0..<20_000 {
            if turn % 50 == 0 { session = makeSession(sink) }
            session.limitSteps(2_000)
            let text = Self.mutate(&random)
            _ = session.isIncomplete(text)
            do {
                let value = try session.run(source: text, name: "fuzz")
                values += session.describe(value).utf8.count >= 0 ? 1 : 0
            } catch {
                errors += session.render(error).isEmpty ? 0 : 1
            }
            _ = sink.take()
        }
        #expect(errors + values == 20_000)
        #expect(values > 1_000 && errors > 1_000, "\(values) values, \(errors) errors")
    }
}
