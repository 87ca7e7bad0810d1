import CCairo
import CDeflate
import CZlib
import Glibc
import Kernels
import Support

/// What this program is made of.
enum Version {
    static let number = Release.number

    static func text(verbose: Bool) -> String {
        let text = "skullstrip \(number)\n"
        guard verbose else { return text }
        let sets = Kernels.available.map(\.rawValue).joined(separator: ", ")
        return text + """
            kernels   \(Kernels.instructionSet.rawValue) of \(sets); \(Parallel.threads) thread\(Parallel.threads == 1 ? "" : "s")
            zlib      \(String(cString: zlibVersion()))
            libdeflate \(LIBDEFLATE_VERSION_STRING)
            cairo     \(String(cString: cairo_version_string()))

            """
    }
}
