import Foundation
import Support
import Testing

/// What control groups leave, by folders like the kernel's.
@Suite struct ControlGroupTests {
    /// Bytes left, where the process's groups are `lines` and the kernel's files have these contents.
    private func available(_ lines: String, _ files: [String: String]) throws -> Int? {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, text) in files {
            let file = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try (text + "\n").write(to: file, atomically: false, encoding: .utf8)
        }
        let groups = folder.appendingPathComponent("groups")
        try lines.write(to: groups, atomically: false, encoding: .utf8)
        return ControlGroup.available(groups: groups.path, hierarchies: folder.path)
    }

    @Test func versionTwo() throws {
        let service = ["user.slice/job/memory.max": "1000000", "user.slice/job/memory.current": "700000"]
        #expect(try available("0::/user.slice/job\n", service) == 300_000)
        // What is held of files is given up when memory is asked for; other counters say nothing.
        let statistics = "anon 400000\nfile 300000\ninactive_file 200000\nactive_file 50000\nworkingset_refault_file 7"
        #expect(try available("0::/user.slice/job\n", service.merging(["user.slice/job/memory.stat": statistics]) { $1 }) == 550_000)
        // "max" is no bound; one of a group around it is.
        let inner = ["a/b/memory.max": "max", "a/b/memory.current": "100", "a/memory.max": "5000", "a/memory.current": "4000"]
        #expect(try available("0::/a/b\n", inner) == 1000)
        #expect(try available("0::/a/b\n", inner.merging(["a/b/memory.max": "600"]) { $1 }) == 500)
        // More in use than there may be, as after the bound was lowered.
        #expect(try available("0::/a\n", ["a/memory.max": "10", "a/memory.current": "25"]) == 0)
    }

    /// In a container a path is told that is not there, and its own group is the root.
    @Test func aPathThatIsNotVisible() throws {
        let root = ["memory.max": "2000", "memory.current": "500"]
        #expect(try available("0::/system.slice/docker-1.scope\n", root) == 1500)
        #expect(try available("0::/\n", root) == 1500)
    }

    @Test func versionOne() throws {
        let lines = "12:cpu,cpuacct:/job\n7:memory:/job\n1:name=systemd:/job\n0::/job\n"
        let files = [
            "memory/job/memory.limit_in_bytes": "9000", "memory/job/memory.usage_in_bytes": "6000", "memory/job/memory.stat": "total_inactive_file 1000\ninactive_file 1",
            "memory/memory.limit_in_bytes": "9223372036854771712", "memory/memory.usage_in_bytes": "80000",
        ]
        #expect(try available(lines, files) == 4000)
    }

    @Test func noBoundAndWhatIsNoNumber() throws {
        #expect(try available("0::/\n", [:]) == nil)
        #expect(try available("0::/a\n", ["a/memory.max": "max", "a/memory.current": "5"]) == nil)
        #expect(try available("0::/a\n", ["a/memory.max": "much", "a/memory.current": "5"]) == nil)
        #expect(try available("nonsense\n0:\n", ["memory.max": "10", "memory.current": "5"]) == nil)
        #expect(ControlGroup.available(groups: "/nowhere/at/all", hierarchies: "/nowhere") == nil)
    }
}
