import Glibc
import Support
import Syntax

extension ProgressSink {
    /// Shows how far work has come: `epoch 12/60 ━━━━━━━╸────── 9/16  loss 0.143  ETA 0:41:12`.
    ///
    /// - Parameters:
    ///   - label: before the bar: what is under way.
    ///   - note: after it: how it goes.
    ///   - remaining: seconds to the end, where they can be told.
    public func bar(_ label: String, done: Int, of total: Int, note: String = "", remaining: Double? = nil) {
        guard isVisible else { return }
        update(
            ProgressBar.text(
                label, done: done, of: total, note: note, remaining: remaining, columns: columns - 1, colour: ProgressBar.wantsColour))
    }
}

/// A bar of text, as wide as the room beside its words allows.
public enum ProgressBar {
    /// `columns` is the room for the whole line; the bar takes 8 … 40 of it. Words that do not fit are left to whoever cuts the line.
    public static func text(
        _ label: String, done: Int, of total: Int, note: String = "", remaining: Double? = nil, columns: Int, colour: Bool = false
    ) -> String {
        let done = max(0, min(done, total))
        let head = label.isEmpty ? "" : label + " "
        var tail = " \(done)/\(max(total, 0))"
        if !note.isEmpty { tail += "  " + note }
        if let remaining, remaining.isFinite, remaining >= 0 { tail += "  ETA " + clock(remaining) }
        let width = max(8, min(40, columns - Width.of(head) - Width.of(tail)))
        // In half columns, so that the bar moves twice a column.
        let halves = total > 0 ? Int((Double(2 * width) * Double(done) / Double(total)).rounded(.down)) : 0
        let full = String(repeating: "━", count: halves / 2) + (halves % 2 == 1 ? "╸" : "")
        let rest = String(repeating: "─", count: width - halves / 2 - halves % 2)
        return head + (colour ? "\u{1B}[36m\(full)\u{1B}[0m\u{1B}[2m\(rest)\u{1B}[0m" : full + rest) + tail
    }

    /// Hours, minutes and seconds: 0:41:12.
    private static func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 3.6e6).rounded())
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }

    static var wantsColour: Bool {
        if let no = getenv("NO_COLOR"), no.pointee != 0 { return false }
        return getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }
}
