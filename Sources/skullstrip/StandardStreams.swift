import Glibc

/// Standard input, output and error as the program finds them.
enum StandardStreams {
    /// Takes the places of streams that the caller has closed, so that no file that is opened later is taken for one of them. Reading and writing still fail.
    static func open() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is the one that is missing.
            _ = Glibc.open("/dev/null", mode)
        }
    }
}
