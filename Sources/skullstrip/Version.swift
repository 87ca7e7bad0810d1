import CBLAS
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
        let blas = openblas_get_config().map { String(cString: $0) } ?? "OpenBLAS"
        let core = openblas_get_corename().map { String(cString: $0) } ?? "unknown"
        return text + """
            kernels   \(Kernels.instructionSet.rawValue) of \(sets); \(Parallel.threads) thread\(Parallel.threads == 1 ? "" : "s")
            openblas  \(blas); core type \(core)
            zlib      \(String(cString: zlibVersion()))
            libdeflate \(LIBDEFLATE_VERSION_STRING)
            cairo     \(String(cString: cairo_version_string()))

            """
    }
}
