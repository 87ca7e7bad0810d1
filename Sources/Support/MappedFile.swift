import Glibc
import Synchronization

/// The bytes of a file, mapped into memory rather than read: pages come as they are looked at, and no copy is held.
///
/// A file that another process shortens while it is mapped raises SIGBUS where its pages are gone. The handler that is installed with the
/// first mapping puts zeros there and remembers it: `isIntact` is then false, and the reader throws instead of the program dying.
public final class MappedFile: @unchecked Sendable {
    /// As the caller named it, for messages.
    public let path: String
    /// All bytes of the file, as long as this object lives.
    public let bytes: UnsafeRawBufferPointer

    private let kind: Kind
    /// Which file this is, and when it was changed last; nil for bytes that never were a file.
    private let identity: FileIdentity?

    private enum Kind {
        case mapping(slot: Int)
        /// Bytes of this process: a file too small or too odd to be mapped, or bytes that never were a file.
        case owned(UnsafeMutableRawBufferPointer)
    }

    /// Throws `FileError` for a path that is missing, a directory, not readable or not a regular file.
    public init(_ path: String) throws(FileError) {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT ? .missing(path: path) : .cannotRead(path: path, reason: Self.reason)
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .cannotRead(path: path, reason: "not a regular file") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotRead(path: path, reason: Self.reason) }
        defer { close(descriptor) }
        identity = FileIdentity(status)
        let size = Int(status.st_size)
        // Mapping takes a call, a page fault and an unmapping; a few kilobytes are copied in less.
        if size > 1 << 16, let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED {
            if let slot = Mappings.add(base, size) {
                madvise(base, size, Int32(MADV_SEQUENTIAL))
                madvise(base, size, Int32(MADV_WILLNEED))
                bytes = UnsafeRawBufferPointer(start: base, count: size)
                kind = .mapping(slot: slot)
                return
            }
            munmap(base, size)
        }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        var done = 0
        while done < size {
            let n = read(descriptor, copy.baseAddress! + done, size - done)
            if n < 0, errno == EINTR { continue }
            if n < 0 {
                let reason = Self.reason
                copy.deallocate()
                throw .cannotRead(path: path, reason: reason)
            }
            if n == 0 { break }
            done += n
        }
        kind = .owned(copy)
        bytes = UnsafeRawBufferPointer(rebasing: copy.prefix(done))
    }

    /// Bytes that are treated as a file of the name `path`.
    public init(_ contents: some Collection<UInt8>, named path: String) {
        self.path = path
        identity = nil
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: contents.count, alignment: 16)
        copy.copyBytes(from: contents)
        kind = .owned(copy)
        bytes = UnsafeRawBufferPointer(copy)
    }

    /// `count` bytes that `fill` makes; nil when it says that it could not. Throws what `fill` throws.
    public init?(named path: String, count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Bool) rethrows {
        self.path = path
        identity = nil
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        kind = .owned(memory)
        bytes = UnsafeRawBufferPointer(memory)
        // The object is whole, and frees the memory when it is given up.
        guard try fill(memory) else { return nil }
    }

    /// Gives back the memory of a stretch of `bytes` that will hardly be looked at again; if it is, it comes from the file anew.
    public func release(_ stretch: UnsafeRawBufferPointer) {
        guard case .mapping = kind, let base = stretch.baseAddress else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let start = (UInt(bitPattern: base) + page - 1) & ~(page - 1), end = (UInt(bitPattern: base) + UInt(stretch.count)) & ~(page - 1)
        if start < end { madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), Int32(MADV_DONTNEED)) }
    }

    /// Whether the path leads to this very file, as it was when it was opened.
    public var isCurrent: Bool {
        var status = stat()
        return identity != nil && stat(path, &status) == 0 && FileIdentity(status) == identity
    }

    /// False once a page was looked at that the file no longer had.
    public var isIntact: Bool {
        if case .mapping(let slot) = kind { Mappings.isIntact(slot) } else { true }
    }

    deinit {
        switch kind {
        case .mapping(let slot):
            Mappings.remove(slot)
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
        case .owned(let copy): copy.deallocate()
        }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}

/// What tells a file, and a state of it, from others.
private struct FileIdentity: Equatable {
    let device: UInt, inode: UInt, size: Int, seconds: (Int, Int), nanoseconds: (Int, Int)

    init(_ status: stat) {
        (device, inode, size) = (UInt(status.st_dev), UInt(status.st_ino), Int(status.st_size))
        seconds = (status.st_mtim.tv_sec, status.st_ctim.tv_sec)
        nanoseconds = (status.st_mtim.tv_nsec, status.st_ctim.tv_nsec)
    }

    static func == (a: FileIdentity, b: FileIdentity) -> Bool {
        a.device == b.device && a.inode == b.inode && a.size == b.size && a.seconds == b.seconds && a.nanoseconds == b.nanoseconds
    }
}

/// The stretches of memory that are files, where SIGBUS has a meaning.
private enum Mappings {
    static let most = 64

    /// Plain memory that a signal handler may look at: for each slot its first byte, its last byte and whether pages were missing.
    /// A first byte of 0 is a free slot, 1 one that is being filled.
    nonisolated(unsafe) private static let table: UnsafeMutablePointer<Atomic<UInt>> = {
        let table = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: 3 * most)
        for i in 0..<3 * most { (table + i).initialize(to: Atomic(0)) }
        return table
    }()

    private static let install: Void = {
        _ = table
        _ = page
        var action = sigaction()
        action.__sigaction_handler.sa_sigaction = { _, info, _ in
            Mappings.mend(UInt(bitPattern: info?.pointee._sifields._sigfault.si_addr))
        }
        action.sa_flags = Int32(SA_SIGINFO)
        sigaction(SIGBUS, &action, nil)
    }()

    private static let page = UInt(sysconf(Int32(_SC_PAGESIZE)))

    /// The slot of a new mapping; nil when there are too many.
    static func add(_ base: UnsafeMutableRawPointer, _ size: Int) -> Int? {
        install
        for slot in 0..<most
        where table[3 * slot].compareExchange(expected: 0, desired: 1, ordering: .acquiringAndReleasing).exchanged {
            table[3 * slot + 1].store(UInt(bitPattern: base) + UInt(size) - 1, ordering: .relaxed)
            table[3 * slot + 2].store(0, ordering: .relaxed)
            table[3 * slot].store(UInt(bitPattern: base), ordering: .releasing)
            return slot
        }
        return nil
    }

    static func remove(_ slot: Int) { table[3 * slot].store(0, ordering: .releasing) }
    static func isIntact(_ slot: Int) -> Bool { table[3 * slot + 2].load(ordering: .relaxed) == 0 }

    /// In the signal handler: zeros under the address, when it is a file's. Any other bus error ends the program as it would have.
    private static func mend(_ address: UInt) {
        for slot in 0..<most {
            let first = table[3 * slot].load(ordering: .acquiring)
            guard first > 1, address >= first, address <= table[3 * slot + 1].load(ordering: .relaxed) else { continue }
            table[3 * slot + 2].store(1, ordering: .relaxed)
            let start = UnsafeMutableRawPointer(bitPattern: address & ~(page - 1))
            if mmap(start, Int(page), PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED { return }
        }
        signal(SIGBUS, SIG_DFL)
    }
}
