import Glibc

/// What the control groups of this process, the kernel's way to bound containers and services, leave it of their memory.
///
/// Both hierarchies are known: version 2, where a group's files lie in /sys/fs/cgroup, and version 1 in /sys/fs/cgroup/memory. A bound
/// of any group around this one counts. What a group holds of files is not counted as used: the kernel gives it up when memory is asked for.
package enum ControlGroup {
    /// The names of one version's files and of the two counters of its `memory.stat` that tell of files.
    private struct Names {
        /// Where its hierarchy lies, in the folder of all.
        let root: String
        let limit: String
        let used: String
        let files: [String]
    }

    private static let version1 = Names(
        root: "/memory", limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes",
        files: ["total_inactive_file", "total_active_file"])
    private static let version2 = Names(
        root: "", limit: "memory.max", used: "memory.current", files: ["inactive_file", "active_file"])

    /// Bytes that may still be allocated; nil where no group bounds them.
    /// - Parameters:
    ///   - groups: the file that tells this process's groups, a line a hierarchy.
    ///   - hierarchies: the folder where the groups' files lie.
    package static func available(groups: String = "/proc/self/cgroup", hierarchies: String = "/sys/fs/cgroup") -> Int? {
        var least: Int?
        for line in SystemFile.lines(groups) {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[1].isEmpty {
                least = smaller(least, free(version2, hierarchies, parts[2]))
            } else if parts[1].split(separator: ",").contains("memory") {
                least = smaller(least, free(version1, hierarchies, parts[2]))
            }
        }
        return least
    }

    /// The least of what a group and those around it leave. Where the path is not visible, as in a container, the root stands for it.
    private static func free(_ names: Names, _ hierarchies: String, _ path: Substring) -> Int? {
        var least: Int?
        var steps = path.split(separator: "/")
        while true {
            let folder = steps.reduce(hierarchies + names.root) { $0 + "/" + $1 } + "/"
            if let limit = number(folder + names.limit), let used = number(folder + names.used) {
                let files = SystemFile.lines(folder + "memory.stat").reduce(0) { sum, line in
                    let words = line.split(separator: " ")
                    guard words.count == 2, names.files.contains(String(words[0])) else { return sum }
                    return sum &+ (Int(words[1]) ?? 0)
                }
                least = smaller(least, max(0, limit - max(0, used - files)))
            }
            if steps.popLast() == nil { return least }
        }
    }

    /// Nil for "max" and where there is no such file.
    private static func number(_ path: String) -> Int? { SystemFile.lines(path).first.flatMap { Int($0) } }

    private static func smaller(_ a: Int?, _ b: Int?) -> Int? {
        guard let a, let b else { return a ?? b }
        return min(a, b)
    }
}

/// The small text files by which the kernel tells of itself.
enum SystemFile {
    /// The lines of a file, of which the first 8 KB are read; none where it cannot be.
    static func lines(_ path: String) -> [Substring] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 8192)
        let n = fread(&text, 1, text.count, file)
        return String(decoding: text.prefix(n), as: UTF8.self).split(separator: "\n")
    }
}
