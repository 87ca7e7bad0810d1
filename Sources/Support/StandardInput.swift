import Glibc

/// Standard input as a whole. A program has one, so that a second reading finds nothing.
public enum StandardInput {
    /// Where a file's name is asked for, this one stands for standard input and output.
    public static let path = "-"
    /// As messages call it.
    public static let title = "standard input"

    /// Everything up to its end. Throws `FileError`, for a terminal too, `MemoryError`, and `Interrupted`.
    ///
    /// - Parameter typed: whether it may be typed at a terminal, as a script may.
    public static func read(typed: Bool = false) throws -> [UInt8] {
        if !typed, isatty(STDIN_FILENO) != 0 {
            throw FileError.cannotRead(path: title, reason: "it is a terminal; send a file with < or a pipe")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            _ = poll(&ready, 1, 100)
            try Interrupt.check()
            if ready.revents == 0 { continue }
            let n = Glibc.read(STDIN_FILENO, &chunk, chunk.count)
            if n > 0 {
                // An array grows by doubling.
                if bytes.count + n > bytes.capacity { try Memory.check(2 * bytes.capacity, for: title) }
                bytes += chunk[..<n]
            } else if n == 0 {
                return bytes
            } else if errno != EINTR, errno != EAGAIN {
                throw FileError.cannotRead(path: title, reason: String(cString: strerror(errno)))
            }
        }
    }
}
