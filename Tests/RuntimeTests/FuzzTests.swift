import Glibc
import Runtime
import Support
import Testing

/// Mutated and generated programs, and bytes that are none, must end in a value or a rendered error, within bounds of steps and memory. A crash ends the whole test run.
///
/// Each input is a function of its number. `SKULLSTRIP_FUZZ_SCRIPTS` asks for more of them, `SKULLSTRIP_FUZZ_FROM` begins at another number.
@Suite struct FuzzTests {
    /// The corpus: transcripts, examples, the library and the programs of the benchmark, in pieces.
    static let seeds: [String] = {
        var pieces: [String] = []
        for folder in ["Tests/Golden", "examples", "stdlib", "bench/language/programs"] {
            let path = packageRoot + "/" + folder + "/"
            for name in listFiles(path, ".ss").sorted() {
                for piece in (readFile(path + name) ?? "").split(separator: "\n\n") { pieces.append(String(piece)) }
            }
        }
        return pieces
    }()

    static let fragments = [
        "(", ")", "[", "]", "{", "}", "\"", "\"{", "}\"", ":", ",", ".", "…", "...", "->", "|>", "=", "==", "^", "-", "~", "&", "|", "%",
        "*", "\n", ";",
        " if ", " else ", " for x in ", " while true { ", " fn f", " return ", " break", " try { ", " } catch e { ", " import ", " not ",
        " and ", "none",
        "0", "1e308", "-1", "0.5", "1e15", "x", "f(", "ramp()", "ramp()[", "脑", "\u{301}", "\t", "#", "##", "\\", "\u{0}", "{a: 1}",
        "[1, 2]", "0:3", "map(", "x[0] = ", "x = x + ", " continue", "...x", "[a, b] = ", " or ", " < ",
    ]

    static func mutated(_ random: inout CounterRandom) -> String {
        func pick(_ n: Int) -> Int { Int(random.next() % UInt64(max(1, n))) }
        var text = Array(seeds[pick(seeds.count)].unicodeScalars.prefix(2_000))
        for _ in 0...pick(4) {
            let at = pick(text.count + 1)
            switch pick(5) {
            case 0: text.insert(contentsOf: Array(fragments[pick(fragments.count)].unicodeScalars), at: at)
            case 1: text.removeSubrange(at..<min(text.count, at + 1 + pick(6)))
            case 2:
                let other = Array(seeds[pick(seeds.count)].unicodeScalars.prefix(2_000))
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

    /// Bytes that mostly are no text.
    static func bytes(_ random: inout CounterRandom) -> [UInt8] {
        let n = Int(random.next() % 200)
        var out = random.next() % 2 == 0 ? [] : Array(mutated(&random).utf8.prefix(400))
        for _ in 0..<n {
            let byte = UInt8(truncatingIfNeeded: random.next())
            if out.isEmpty || random.next() % 2 == 0 {
                out.append(byte)
            } else {
                out[Int(random.next() % UInt64(out.count))] = byte
            }
        }
        return out
    }

    static func number(_ name: String, default fallback: Int) -> Int {
        getenv(name).flatMap { Int(String(cString: $0)) } ?? fallback
    }

    @Test func inputsEndInAValueOrAnError() throws {
        let count = Self.number("SKULLSTRIP_FUZZ_SCRIPTS", default: 20_000), from = Self.number("SKULLSTRIP_FUZZ_FROM", default: 0)
        var errors = 0, values = 0, index = from
        while index < from + count {
            let end = min(from + count, index - index % 50 + 50)
            let (more, bad) = try Self.evaluate(index..<end)
            values += more
            errors += bad
            index = end
            if index % 100_000 == 0 { print("\(index - from) inputs: \(values) values, \(errors) errors") }
        }
        #expect(errors + values == count)
        #expect(values > count / 20 && errors > count / 20)
    }

    /// With SKULLSTRIP_FUZZ_SHOW each input is shown before it runs, so that the last one shown is the one that crashed or did not end.
    private static let shows = getenv("SKULLSTRIP_FUZZ_SHOW") != nil

    private static func shown(_ text: String, _ shows: Bool) -> String {
        if shows {
            print(text)
            fflush(nil)
        }
        return text
    }

    /// How many of some inputs, which share a session, end in a value, and how many in an error.
    private static func evaluate(_ inputs: Range<Int>) throws -> (values: Int, errors: Int) {
        let sink = Sink()
        let session = makeSession(sink)
        // Enough for anything but what grows without an end.
        session.pretendFreeMemory(320 << 20)
        var values = 0, errors = 0
        try session.withContext { _ in
            for index in inputs {
                session.limitSteps(2_000)
                var random = CounterRandom(seed: 20_240_611, stream: UInt64(index))
                if shows {
                    print("--- \(index)")
                    fflush(nil)
                }
                do {
                    let value: Value
                    switch index % 10 {
                    case 0: value = try session.run(bytes: bytes(&random), name: "fuzz")
                    case 1, 2, 3:
                        var generator = ProgramGenerator(random)
                        value = try session.run(source: shown(generator.program(), shows), name: "fuzz")
                    default:
                        let text = shown(mutated(&random), shows)
                        _ = session.isIncomplete(text)
                        value = try session.run(source: text, name: "fuzz")
                    }
                    values += session.describe(value).utf8.count >= 0 ? 1 : 0
                } catch {
                    errors += session.render(error).isEmpty ? 0 : 1
                }
                _ = sink.take()
            }
        }
        return (values, errors)
    }
}
