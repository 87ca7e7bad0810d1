import Foundation
import Imaging
import Support
import Testing

/// Images taken one by one from files of many.
@Suite struct SeriesTests {
    private let shape = SIMD3(48, 40, 32), count = 30

    /// A series that is longer than what lies between two remembered places, of values that do not compress.
    private func series(seed: UInt64) throws -> [Volume] {
        try (0..<count).map { try noise(shape, seed: seed + UInt64($0)) }
    }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    @Test(arguments: ["s.nii.gz", "s.nii", "s.hdr", "s.img.gz", "s.mgz", "s.nrrd"]) func anyOrder(_ name: String) throws {
        try inFolder { folder in
            let path = "\(folder)/\(name)", frames = try series(seed: 1)
            try ImageFile.write(frames, to: path)
            let random = CounterRandom(seed: 3, stream: 0)
            let order = [count - 1, 0, 1, 2, 17, 16, 17] + (0..<40).map { min(count - 1, Int(random.uniform(at: $0) * Double(count))) }
            for k in order { #expect(try ImageFile.read(path, frame: k).voxels == frames[k].voxels, "\(k)") }
            #expect(throws: ImageError.self) { try ImageFile.read(path, frame: count) }
            #expect(try ImageFile.read(path, frame: 5).voxels == frames[5].voxels)
        }
    }

    /// Another file in the same place, one of the same size that was written over, and one that is gone are not taken for the old one.
    @Test func anotherFileIsSeen() throws {
        try inFolder { folder in
            let path = folder + "/s.nii.gz", (first, second) = (try series(seed: 1), try series(seed: 100))
            try ImageFile.write(first, to: path)
            #expect(try ImageFile.read(path, frame: 3).voxels == first[3].voxels)
            try ImageFile.write(second, to: path)
            #expect(try ImageFile.read(path, frame: 4).voxels == second[4].voxels)
            let plain = folder + "/s.nii"
            try ImageFile.write(first, to: plain)
            #expect(try ImageFile.read(plain, frame: 3).voxels == first[3].voxels)
            try ImageFile.write(second, to: folder + "/t.nii")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/t.nii"))
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: plain))
            try handle.write(contentsOf: bytes)
            try handle.close()
            #expect(try ImageFile.read(plain, frame: 3).voxels == second[3].voxels)
            try FileManager.default.removeItem(atPath: plain)
            #expect(throws: FileError.missing(path: plain)) { try ImageFile.read(plain, frame: 3) }
        }
    }

    /// What is wrong behind an image is told with each that is asked for.
    @Test func damageBehindIsTold() throws {
        try inFolder { folder in
            let path = folder + "/s.nii.gz"
            try ImageFile.write(try series(seed: 1), to: path)
            var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes[bytes.count - 6] ^= 1
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            for k in [0, 0, 7, count - 1, 7] { #expect(throws: ImageError.self) { try ImageFile.read(path, frame: k) } }
            try Data(bytes.dropLast(1000)).write(to: URL(fileURLWithPath: path))
            for k in [0, 7, count - 1, 0] { #expect(throws: ImageError.self) { try ImageFile.read(path, frame: k) } }
        }
    }
}
