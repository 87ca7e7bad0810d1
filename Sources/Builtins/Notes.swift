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

/// The terminal that standard output goes to.
enum Terminal {
    /// Characters across and lines down; 80 by 24 where there is no terminal.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
