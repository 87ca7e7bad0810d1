import CEditLine
import Glibc
import Support

/// What this program is made of.
enum Version {
    static let number = "0.1.0"

    static func text(verbose: Bool) -> String {
        var text = "skullstrip \(number)\n"
        guard verbose else { return text }
        text += "processor   \(Parallel.threads) threads\n"
        text += "libedit     \(LIBEDIT_MAJOR).\(LIBEDIT_MINOR)\n"
        return text
    }
}
