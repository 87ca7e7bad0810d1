import Glibc
import Runtime
import Support
import Syntax

/// `:time` and `:bench`.
enum Measurement {
    static func time(_ code: String, _ repl: Repl) {
        guard !code.isEmpty else { return complain("usage: :time EXPRESSION") }
        let before = Usage()
        guard repl.evaluate(code) else { return }
        let after = Usage()
        Output.write(
            repl.style(
                "2",
                "wall \(Text.time(after.wall - before.wall)) · processor \(Text.time(after.processor - before.processor))"
                    + (after.peak.map { " · peak memory \(Text.bytes($0))" } ?? "")) + "\n")
    }

    /// Runs that are told of; the first, which may still compile or read something, is not.
    private static let most = 1_000_000
    private static let least = 5
    private static let seconds = 2.0

    static func bench(_ code: String, _ repl: Repl) {
        guard !code.isEmpty else { return complain("usage: :bench EXPRESSION") }
        repl.attempt {
            let end = Clock.seconds + seconds
            let all = try repl.session.benchmark(source: code, name: "prompt") {
                $0.count <= least || $0.count <= most && Clock.seconds < end
            }
            let times = all.dropFirst().sorted()
            let middle = times.count / 2
            let median = times.count % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2
            Output.write(
                "median \(Text.time(median))"
                    + repl.style(
                        "2", " · fastest \(Text.time(times[0])) · slowest \(Text.time(times[times.count - 1])) · \(times.count) runs")
                    + "\n")
        }
    }
}

/// Time and memory used by this process. The peak is that since the last look, where the system can tell.
private struct Usage {
    let wall: Double
    let processor: Double
    let peak: Int?

    init() {
        wall = Clock.seconds
        processor = Clock.processorSeconds
        peak = Memory.peak
        if let file = fopen("/proc/self/clear_refs", "we") {
            fputs("5", file)
            fclose(file)
        }
    }
}

/// `:vars`.
enum Variables {
    static func show(_ repl: Repl) {
        let rows = repl.session.userNames.compactMap { name -> [String]? in
            guard let value = repl.session.value(of: name) else { return nil }
            let facts = value.facts
            return [
                name, value.kind, facts.shape, Text.bytes(facts.bytes), facts.isShort ? line(repl.session.describe(value)) : facts.note,
            ]
        }
        if rows.isEmpty { return }
        let titles = ["name", "kind", "shape", "memory", "value"]
        let widths = titles.indices.map { column in ([titles] + rows).reduce(0) { max($0, Columns.width($1[column])) } }
        for (i, row) in ([titles] + rows).enumerated() {
            var text = ""
            for (column, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - Columns.width(cell))
                // Sizes are compared by their last digits.
                text += (column == 3 ? blanks + cell : cell + blanks) + "  "
            }
            let shown = Output.isTerminal ? Columns.cut(text.trimmed, to: Output.columns()) : text.trimmed
            Output.write((i == 0 ? repl.style("2", shown) : shown) + "\n")
        }
    }

    private static func line(_ text: String) -> String { text.isEmpty ? "none" : text.split(separator: "\n").joined(separator: " ") }
}
