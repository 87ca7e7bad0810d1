import Glibc

/// What can go wrong with a path, with the system's own reason.
public enum FileError: ExplainedError, Equatable {
    case missing(path: String)
    /// No file can have this name.
    case name(path: String)
    case isDirectory(path: String)
    case notDirectory(path: String)
    case cannotRead(path: String, reason: String)
    case cannotWrite(path: String, reason: String)

    public var message: String {
        switch self {
        case .missing(let path): "there is no file \"\(path)\""
        case .name(let path): "\(Text.quoted(path)) is no name of a file: it has a NUL byte"
        case .isDirectory(let path): "\"\(path)\" is a directory, not a file"
        case .notDirectory(let path): "\"\(path)\" is not a directory"
        case .cannotRead(let path, let reason): "cannot read \"\(path)\": \(reason)"
        case .cannotWrite(let path, let reason): "cannot write \"\(path)\": \(reason)"
        }
    }

    public var hint: String? {
        switch self {
        case .missing: "check the spelling, and the folder that the path starts from"
        case .name: "names end where a NUL byte stands: leave it out"
        case .isDirectory: "name a file inside it"
        case .notDirectory: "name an existing folder"
        case .cannotWrite(_, let reason) where reason == String(cString: strerror(ENOENT)): "make the folder first, with make_folder"
        case .cannotWrite(_, let reason) where reason == String(cString: strerror(ENOSPC)):
            "free some space, or name a folder on another disk"
        case .cannotWrite(_, let reason) where [EACCES, EPERM, EROFS].contains(where: { reason == String(cString: strerror($0)) }):
            "name a folder that you may write to"
        case .cannotRead, .cannotWrite: nil
        }
    }
}

/// Writes a file so that a reader sees the old bytes or the new ones, never a part: a temporary file in the target's folder, then a rename.
///
/// Where the file system has files without a name (`O_TMPFILE`), the temporary one gets a name only when it is whole, so that a killed process leaves nothing behind.
///
/// A symbolic link stays, and the file that it leads to is made or replaced; a file that was there keeps its permission bits.
///
/// `-` is standard output, and so is `-.nii` or what else begins so, whose ending names a format to whoever asks for one: bytes are collected, and sent at the end.
public final class AtomicFile {
    /// As the caller named it, for messages.
    private let path: String
    /// The file itself, with symbolic links followed.
    private let target: String
    private let temporary: String
    private var descriptor: Int32
    /// Whether the temporary file has its name yet.
    private var isNamed = false
    private let isStream: Bool
    /// Bytes written so far.
    public private(set) var position = 0
    /// Bytes that the system was asked to bring to the disk.
    private var underWay = 0

    /// Opens the temporary file. Throws `FileError` when the folder is missing or not writable, or the path is a directory.
    public init(_ path: String) throws(FileError) {
        isStream = Self.isStream(path)
        if isStream {
            self.path = "standard output"
            target = ""
            if isatty(STDOUT_FILENO) != 0 {
                temporary = ""
                descriptor = -1
                throw .cannotWrite(path: self.path, reason: "it is a terminal; send it to a file with > or to a pipe")
            }
            (temporary, descriptor) = Self.nameless()
            guard descriptor >= 0 else { throw .cannotWrite(path: temporary, reason: String(cString: strerror(errno))) }
            return
        }
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
        self.path = path
        target = exists ? Self.resolved(path) : try Self.followed(path)
        temporary = "\(target).\(getpid()).\(CounterRandom.unique()).partial"
        // A name is given by way of /proc.
        let canName = access("/proc/self/fd", X_OK) == 0
        descriptor = canName ? open(Self.folder(of: target), Self.unnamedFile | O_WRONLY | O_CLOEXEC, 0o644) : -1
        if descriptor < 0 {
            descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            isNamed = true
        }
        guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
        // Where a file system has no such bits, there are none to keep.
        if exists { _ = fchmod(descriptor, status.st_mode & 0o777) }
    }

    /// Whether a path stands for standard output.
    public static func isStream(_ path: String) -> Bool { path == StandardInput.path || path.hasPrefix("-.") }

    /// A file in the folder for temporary files, which goes with its descriptor, and the name that it had.
    private static func nameless() -> (String, Int32) {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var name = Array("\(folder)/skullstrip.XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        if descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            unlink(name)
        }
        return (String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), descriptor)
    }

    /// `O_TMPFILE`, a macro that Swift does not import.
    private static let unnamedFile = O_DIRECTORY | 0o20_000_000

    /// Has the disk begin with a part of a file while more of it is being made, so that `commit` has little to wait for (of 5 MB 0.8 instead of
    /// 3.9 ms): glibc's `sync_file_range`, which Swift does not import, with `SYNC_FILE_RANGE_WRITE`, 2.
    private static let startWriting = dlsym(nil, "sync_file_range").map {
        unsafeBitCast($0, to: (@convention(c) (Int32, off_t, off_t, UInt32) -> Int32).self)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The path with all links followed; the path itself where the system does not say.
    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    /// Where a path leads by links at its end, though there is no file yet.
    private static func followed(_ path: String) throws(FileError) -> String {
        var path = path
        // As many as the system follows.
        for _ in 0..<40 {
            var name = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let n = name.withUnsafeMutableBytes { readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
            if n <= 0 { return path }
            let next = String(decoding: name.prefix(n), as: UTF8.self)
            path = next.hasPrefix("/") ? next : "\(folder(of: path))/\(next)"
        }
        throw .cannotWrite(path: path, reason: String(cString: strerror(ELOOP)))
    }

    /// Appends bytes. Throws `FileError.cannotWrite` (for a full disk, say); the temporary file is then removed and the target is as it was.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let n = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
            if n < 0 {
                if errno == EINTR { continue }
                throw fail()
            }
            done += n
        }
        position += bytes.count
        if !isStream, position - underWay >= 1 << 20 {
            _ = Self.startWriting?(descriptor, off_t(underWay), off_t(position - underWay), 2)
            underWay = position
        }
    }

    /// Puts other bytes in the place of some that were written. Throws as `write`.
    public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let n = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            if n < 0 {
                if errno == EINTR { continue }
                throw fail()
            }
            done += n
        }
    }

    /// Makes the written bytes durable and gives them their name. Throws as `write`.
    public func commit() throws(FileError) {
        if isStream { return try send() }
        if fsync(descriptor) != 0 && errno != EINVAL { throw fail() }
        if !isNamed {
            guard linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) == 0 else { throw fail() }
            isNamed = true
        }
        let closed = close(descriptor)
        descriptor = -1
        if closed != 0 || rename(temporary, target) != 0 { throw fail() }
    }

    /// Copies everything to standard output.
    private func send() throws(FileError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var sent = 0
        while sent < position {
            let n = pread(descriptor, &buffer, buffer.count, off_t(sent))
            if n < 0, errno == EINTR { continue }
            if n <= 0 { throw fail() }
            var done = 0
            while done < n {
                let m = buffer.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress! + done, n - done) }
                if m < 0 {
                    if errno == EINTR { continue }
                    guard errno == EAGAIN else { throw fail() }
                    var ready = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, 1000)
                    continue
                }
                done += m
            }
            sent += n
        }
    }

    private func fail() -> FileError {
        let reason = String(cString: strerror(errno))
        if isNamed { unlink(temporary) }
        return .cannotWrite(path: path, reason: reason)
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            if isNamed { unlink(temporary) }
        }
    }

    /// Writes all bytes at once. Throws `FileError` as `init` and `write`.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try AtomicFile(path)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.commit()
    }
}

extension CounterRandom {
    /// A number for names of temporary files: differs between calls and processes.
    fileprivate static func unique() -> UInt32 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let random = CounterRandom(seed: UInt64(time.tv_nsec) ^ UInt64(time.tv_sec) << 30, stream: UInt64(getpid()))
        return UInt32(truncatingIfNeeded: random.bits(at: 0))
    }
}
