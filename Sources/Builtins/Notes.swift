import Glibc
import Runtime

extension Context {
    /// A line for the user that is not a result: on standard error, below the progress line.
    func note(_ line: String) {
        progress.clear()
        let text = line + "\n"
        text.utf8CString.withUnsafeBytes { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
    }
}
