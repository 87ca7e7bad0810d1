import Glibc

/// What can go wrong with a path, with the system's own reason.
public enum FileError: ExplainedError, Equatable {
    case missing(path: String)
    case isDirectory(path: String)
    case notDirectory(path: String)
    case cannotRead(path: String, reason: String)
    case cannotWrite(path: String, reason: String)

    public var message: String {
        switch self {
        case .missing(let path): "there is no file \"\(path)\""
        case .isDirectory(let path): "\"\(path)\" is a directory, not a file"
        case .notDirectory(let path): "\"\(path)\" is not a directory"
        case .cannotRead(let path, let reason): "cannot read \"\(path)\": \(reason)"
        case .cannotWrite(let path, let reason): "cannot write \"\(path)\": \(reason)"
        }
    }

    public var hint: String? {
        switch self {
        case .missing: "check the spelling, and the folder that the path starts from"
        case .isDirectory: "name a file inside it"
        case .notDirectory: "name an existing folder"
        case .cannotWrite(_, let reason) where reason == String(cString: strerror(ENOENT)): "make the folder first, with make_folder"
        case .cannotWrite(_, let reason) where reason == String(cString: strerror(ENOSPC)):
            "free some space, or name a folder on another disk"
        case .cannotRead, .cannotWrite: nil
        }
    }
}

/// Writes a file so that a reader sees the old bytes or the new ones, never a part: a temporary file beside the target, then a rename.
///
/// A symbolic link to a file stays, and the file that it leads to is replaced; a file that was there keeps its permission bits.
public final class AtomicFile {
    /// As the caller named it, for messages.
    private let path: String
    /// The file itself, with symbolic links followed.
    private let target: String
    private let temporary: String
    private var descriptor: Int32
    /// Bytes written so far.
    public private(set) var position = 0

    /// Opens the temporary file. Throws `FileError` when the folder is missing or not writable, or the path is a directory.
    public init(_ path: String) throws(FileError) {
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
        self.path = path
        target = exists ? Self.resolved(path) : path
        temporary = "\(target).\(getpid()).\(CounterRandom.unique()).partial"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
        // Where a file system has no such bits, there are none to keep.
        if exists { _ = fchmod(descriptor, status.st_mode & 0o777) }
    }

    /// The path with all links followed; the path itself where the system does not say.
    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    /// Appends bytes. On failure (a full disk, say) the temporary file is removed and the target is as it was.
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
    }

    /// Puts other bytes in the place of some that were written. On failure as `write`.
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

    /// Makes the written bytes durable and gives them their name.
    public func commit() throws(FileError) {
        if fsync(descriptor) != 0 && errno != EINVAL { throw fail() }
        let closed = close(descriptor)
        descriptor = -1
        if closed != 0 || rename(temporary, target) != 0 { throw fail() }
    }

    private func fail() -> FileError {
        let reason = String(cString: strerror(errno))
        unlink(temporary)
        return .cannotWrite(path: path, reason: reason)
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            unlink(temporary)
        }
    }

    /// Writes all bytes at once.
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
