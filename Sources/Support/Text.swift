import Glibc

/// Numbers as text, without Foundation.
public enum Text {
    /// `digits` decimals: 3.14 for (3.14159, 2).
    public static func fixed(_ x: Double, _ digits: Int) -> String { format("%.*f", x, digits) }

    /// At most `digits` significant digits, without trailing zeros: 0.0123 for (0.012345, 3).
    public static func short(_ x: Double, _ digits: Int = 6) -> String { format("%.*g", x, digits) }

    private static func format(_ pattern: String, _ x: Double, _ digits: Int) -> String {
        if x.isNaN { return "nan" }
        if x.isInfinite { return x < 0 ? "-inf" : "inf" }
        let precision = Int32(max(0, min(digits, 100)))
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            let n = withVaList([precision, x]) { vsnprintf(buffer.baseAddress!, 512, pattern, $0) }
            return String(decoding: buffer.prefix(Int(min(n, 511))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// 96×128×160
    public static func sizes(_ shape: SIMD3<Int>) -> String { "\(shape.x)×\(shape.y)×\(shape.z)" }

    /// Text of any file, fit for a message: in quotes, other than plain characters shown as ?, cut after 60.
    public static func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(60).map { $0.value >= 32 && $0.value < 127 ? Character($0) : "?" }
        return "\"" + String(shown) + (text.unicodeScalars.count > 60 ? "…\"" : "\"")
    }

    /// 10,019,185
    public static func grouped(_ n: Int) -> String {
        var digits = Array(String(n.magnitude))
        var i = digits.count - 3
        while i > 0 {
            digits.insert(",", at: i)
            i -= 3
        }
        return (n < 0 ? "-" : "") + String(digits)
    }

    /// Bytes in the unit that reads best: 45.3 MB.
    public static func bytes(_ n: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(n)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return unit == 0 ? "\(n) B" : "\(fixed(value, value < 10 ? 2 : 1)) \(units[unit])"
    }

    /// Seconds as 850 ms, 12.3 s or 1:04:12.
    public static func duration(_ seconds: Double) -> String {
        if seconds < 1 { return "\(fixed(seconds * 1000, 0)) ms" }
        if seconds < 60 { return "\(fixed(seconds, 1)) s" }
        let whole = Int(min(seconds, 1e15))
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        return whole < 3600
            ? "\(whole / 60):\(two(whole % 60))" : "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }

    /// Seconds with three digits, in the unit that reads best: 812 ns, 1.25 ms, 3.40 s.
    public static func time(_ seconds: Double) -> String {
        for (unit, size) in [("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3)] {
            let value = seconds / size
            if value < 999.5 { return "\(fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)) \(unit)" }
        }
        return seconds < 60 ? "\(fixed(seconds, seconds < 9.995 ? 2 : 1)) s" : duration(seconds)
    }

    /// Breaks lines at spaces so that none is longer than `columns` characters where that can be. What follows keeps the line's indent, or goes below the
    /// second of two words that more than one space parts: `name   what is said of it`.
    public static func wrapped(_ text: String, to columns: Int) -> String {
        let limit = max(20, columns)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { (line: Substring) -> String in
            if line.count <= limit { return String(line) }
            let margin = line.prefix(while: { $0 == " " }).count
            let head = line.dropFirst(margin).prefix(while: { $0 != " " }), gap = line.dropFirst(margin + head.count).prefix(while: { $0 == " " })
            let hang = margin + head.count + gap.count
            let isEntry = gap.count > 1 && hang <= limit / 2
            let indent = String(repeating: " ", count: isEntry ? hang : margin)
            var rows: [String] = []
            var row = String(line.prefix(indent.count))
            var isFirst = true
            for word in line.dropFirst(indent.count).split(separator: " ", omittingEmptySubsequences: false) {
                if !isFirst, row.count + 1 + word.count > limit {
                    rows.append(row)
                    row = indent + word
                } else {
                    row += (isFirst ? "" : " ") + word
                }
                isFirst = false
            }
            return (rows + [row]).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The candidate nearest to a misspelt name by edit distance (Damerau–Levenshtein, adjacent swaps), if near enough to be meant.
    public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let limit = max(1, name.count / 3 + (name.count > 3 ? 1 : 0))
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let d = distance(name, candidate)
            if d <= limit, d < candidate.count, best == nil || d < best!.distance { best = (candidate, d) }
        }
        return best?.name
    }

    private static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.lowercased().prefix(64)), b = Array(b.lowercased().prefix(64))
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var before = [Int](), previous = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + Array(repeating: 0, count: b.count)
            for j in 1...b.count {
                row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], before[j - 2] + 1) }
            }
            (before, previous) = (previous, row)
        }
        return previous[b.count]
    }
}
