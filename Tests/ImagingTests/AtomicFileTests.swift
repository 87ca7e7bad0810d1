import Foundation
import Support
import Synchronization
import Testing

@Suite struct AtomicFileTests {
    func inFolder(_ body: (String) throws -> Void) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    func permissions(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func linksStayAndTheirTargetIsReplaced() throws {
        try inFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
            try AtomicFile.write([1], to: folder + "/data/target")
            try FileManager.default.createSymbolicLink(atPath: folder + "/first", withDestinationPath: "data/target")
            try FileManager.default.createSymbolicLink(atPath: folder + "/second", withDestinationPath: "first")
            try AtomicFile.write([2, 3], to: folder + "/second")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/second") == "first")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/first") == "data/target")
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/data/target")) == Data([2, 3]))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["data", "first", "second"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/data") == ["target"])
        }
    }

    @Test func aLinkToNothingYetIsFollowed() throws {
        try inFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: folder + "/first", withDestinationPath: "data/target")
            try FileManager.default.createSymbolicLink(atPath: folder + "/second", withDestinationPath: folder + "/first")
            try AtomicFile.write([2, 3], to: folder + "/second")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/first") == "data/target")
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/data/target")) == Data([2, 3]))
            try FileManager.default.createSymbolicLink(atPath: folder + "/round", withDestinationPath: "round")
            let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder + "/round") }
            #expect(error?.message.contains("symbolic links") == true)
            try FileManager.default.createSymbolicLink(atPath: folder + "/lost", withDestinationPath: "none/v")
            let lost = #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder + "/lost") }
            #expect(lost?.hint == "make the folder first, with make_folder")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["data", "first", "lost", "round", "second"])
        }
    }

    @Test func aMissingFolderIsNamedWithItsRemedy() throws {
        try inFolder { folder in
            let error = #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder + "/none/v") }
            #expect(error?.hint == "make the folder first, with make_folder")
        }
    }

    @Test(arguments: [0o600, 0o640, 0o664, 0o755]) func permissionsOfTheOldFileStay(_ bits: Int) throws {
        try inFolder { folder in
            let file = folder + "/v"
            try AtomicFile.write([1], to: file)
            try FileManager.default.setAttributes([.posixPermissions: bits], ofItemAtPath: file)
            try AtomicFile.write([2], to: file)
            #expect(try permissions(file) == bits)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data([2]))
        }
    }

    /// Whoever makes a folder at the same time is no file in the way.
    @Test func foldersAreMadeByManyAtATime() throws {
        try inFolder { folder in
            let failures = Atomic<Int>(0)
            for round in 0..<200 {
                let path = "\(folder)/\(round)/a/b/c"
                Parallel.forEach(8) { _ in
                    do { try FileSystem.makeFolder(path) } catch { failures.wrappingAdd(1, ordering: .relaxed) }
                }
                #expect(FileSystem.isFolder(path))
            }
            #expect(failures.load(ordering: .relaxed) == 0)
        }
    }
}
