import Glibc

/// Folders and names, with errors that name the path.
public enum FileSystem {
    /// Whether there is a file or folder of this name.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether there is a folder of this name; links are followed.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The same text for the same file, whatever way leads to it, there or not yet there.
    public static func identity(_ path: String) -> String {
        func real(_ path: String) -> String? {
            guard let found = realpath(path, nil) else { return nil }
            defer { free(found) }
            return String(cString: found)
        }
        if let known = real(path) { return known }
        guard let slash = path.lastIndex(of: "/") else { return (real(".") ?? ".") + "/" + path }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        return (real(folder) ?? folder) + path[slash...]
    }

    /// Makes a folder and those above it. Throws `FileError` where a file is in the way or permission is missing.
    public static func makeFolder(_ path: String) throws(FileError) {
        var end = path.startIndex
        repeat {
            end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<end])
            if part.isEmpty || isFolder(part) { continue }
            if mkdir(part, 0o755) != 0 {
                let code = errno
                if code == EEXIST {
                    // Another process may have made it meanwhile.
                    if isFolder(part) { continue }
                    throw .notDirectory(path: part)
                }
                throw .cannotWrite(path: part, reason: String(cString: strerror(code)))
            }
        } while end != path.endIndex
    }

    /// Names in a folder, sorted, without "." and "..". Throws `FileError` for a missing folder or a file.
    public static func list(_ path: String) throws(FileError) -> [String] {
        guard let folder = opendir(path) else {
            switch errno {
            case ENOENT: throw .missing(path: path)
            case ENOTDIR: throw .notDirectory(path: path)
            default: throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
            }
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Existing files and folders that a pattern names, sorted: `*`, `?` and `[…]` as a shell reads them, none of which stands for a slash.
    /// Throws `FileError` for a folder that cannot be read.
    public static func glob(_ pattern: String) throws(FileError) -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        // A folder that is not there has no files; one that may not be read is told.
        switch Glibc.glob(pattern, 0, { _, code in code == ENOENT || code == ENOTDIR ? 0 : 1 }, &result) {
        case 0: break
        case GLOB_NOMATCH: return []
        default: throw .cannotRead(path: pattern, reason: String(cString: strerror(errno)))
        }
        return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }.sorted()
    }
}

/// Names of files as text; nothing is looked up.
public enum PathName {
    /// What stands after the last slash; of a path that ends in slashes, what stands before these.
    public static func base(_ path: String) -> String {
        let trimmed = withoutEnd(path)
        return trimmed == "/" ? "/" : trimmed.lastIndex(of: "/").map { String(trimmed[trimmed.index(after: $0)...]) } ?? trimmed
    }

    /// The folder: what stands before the last slash, "." where there is none.
    public static func folder(_ path: String) -> String {
        let trimmed = withoutEnd(path)
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        let folder = withoutEnd(String(trimmed[..<slash]))
        return folder.isEmpty ? "/" : folder
    }

    /// Parts with one slash between; a part that begins with a slash starts anew.
    public static func join(_ parts: [String]) -> String {
        parts.reduce("") { path, part in
            if path.isEmpty || part.hasPrefix("/") { return part }
            return part.isEmpty ? path : path.hasSuffix("/") ? path + part : path + "/" + part
        }
    }

    /// The base without its ending; `.nii.gz` and the like count as one.
    public static func stem(_ path: String) -> String {
        var name = base(path)
        for _ in 0..<2 {
            guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { break }
            let isGzip = name[dot...].lowercased() == ".gz"
            name = String(name[..<dot])
            if !isGzip { break }
        }
        return name
    }

    private static func withoutEnd(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        return String(path)
    }
}
