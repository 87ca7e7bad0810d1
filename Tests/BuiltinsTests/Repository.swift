import Glibc
import Testing

/// Files of the repository, found from this one's place in it.
enum Repository {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func read(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }

    static func bytes(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let n = fread(&buffer, 1, buffer.count, file), n > 0 { bytes += buffer[0..<n] }
        return bytes
    }

    static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "w") else { return }
        defer { fclose(file) }
        _ = text.withCString { fputs($0, file) }
    }

    /// Expects a file of the repository to hold this text; `RECORD=1` writes the file instead, and fails, so that nobody takes it for a pass.
    static func expect(_ found: String, in path: String) throws {
        if getenv("RECORD") != nil {
            write(found, to: path)
            Issue.record("recorded \(path)")
            return
        }
        let expected = try #require(read(path), "no \(path); RECORD=1 writes it")
        let a = found.split(separator: "\n", omittingEmptySubsequences: false), b = expected.split(separator: "\n", omittingEmptySubsequences: false)
        for i in 0..<max(a.count, b.count) where i >= a.count || i >= b.count || a[i] != b[i] {
            Issue.record("\(path):\(i + 1)\n  found    \(i < a.count ? a[i] : "nothing")\n  expected \(i < b.count ? b[i] : "nothing")")
            return
        }
    }

    /// The files below a folder that end so, sorted.
    static func files(below folder: String, _ suffix: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var out: [String] = []
        while let entry = readdir(directory) {
            let isFolder = entry.pointee.d_type == UInt8(DT_DIR)
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if isFolder, !name.hasPrefix(".") { out += files(below: "\(folder)/\(name)", suffix) }
            if !isFolder, name.hasSuffix(suffix) { out.append("\(folder)/\(name)") }
        }
        return out.sorted()
    }

    /// Enters an empty folder of this process's own, in which inputs name files without a path. The files that come with the tests are its
    /// `reference`, damaged ones are in `odd`.
    static func enterFolder(_ name: String) {
        let place = "/tmp/skullstrip-\(name)-\(getpid())"
        mkdir(place, 0o755)
        #expect(chdir(place) == 0)
        symlink(root + "/Tests/Reference", "reference")
        OddFiles.write(to: "odd")
    }
}
