import Foundation
import Imaging
import Support
import Testing

/// Compressed files of other writers, large enough that all cores inflate them together.
@Suite struct SplitInflateTests {
    func inFolder(_ body: (String) throws -> Void) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path + "/")
    }

    func gzip(_ arguments: [String]) throws {
        let gzip = Process()
        gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
        gzip.arguments = arguments
        try gzip.run()
        gzip.waitUntilExit()
        #expect(gzip.terminationStatus == 0)
    }

    /// A head of a kind: noise where |z| is small, nothing around, and stretches that repeat.
    static func image(_ shape: SIMD3<Int>, _ type: Datatype) throws -> Volume {
        let v = try noise(shape, seed: 5), plane = shape.x * shape.y
        let voxels = v.voxels.enumerated().map { i, x -> Float in
            let k = i / plane, j = i / shape.x % shape.y
            if j < shape.y / 5 || k < shape.z / 6 { return 0 }
            return type == .float32 ? x : (j % 7 == 0 ? Float(i % 11) : (x * 60).rounded().magnitude)
        }
        return Volume(grid: v.grid, voxels: voxels, datatype: type)
    }

    @Test(arguments: [Datatype.uint8, .int16, .float32], [1, 6, 9])
    func anyWritersFileIsReadAsItIs(_ type: Datatype, _ level: Int) throws {
        try inFolder { folder in
            let v = try Self.image([151, 173, 67], type)
            try ImageFile.write(v, to: folder + "v.nii")
            try gzip(["-\(level)", folder + "v.nii"])
            let size = try FileManager.default.attributesOfItem(atPath: folder + "v.nii.gz")[.size] as? Int ?? 0
            #expect(size > 1 << 19)
            let threads = Parallel.threads
            defer { Parallel.threads = threads }
            for count in [1, 2, 3, 8] {
                Parallel.threads = count
                #expect(try ImageFile.read(folder + "v.nii.gz").voxels == v.voxels, "\(count) threads")
            }
        }
    }

    /// Wherever a byte is changed, what is read is what was written, or an error.
    @Test func damagedFilesAreErrors() throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["SKULLSTRIP_FUZZ_GZIP"].flatMap(Int.init) ?? 150
        try inFolder { folder in
            let v = try Self.image([97, 89, 61], .int16)
            try ImageFile.write(v, to: folder + "v.nii")
            try gzip(["-6", folder + "v.nii"])
            let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "v.nii.gz")))
            #expect(good.count > 1 << 18)
            var same = 0
            for number in 0..<count {
                var random = CounterRandom(seed: 0x617A, stream: UInt64(number))
                var bad = good
                for _ in 0...Int(random.next() % 3) {
                    let place = Int(random.next() % UInt64(bad.count))
                    switch random.next() % 4 {
                    case 0: bad[place] ^= 1 << UInt8(random.next() % 8)
                    case 1: bad[place] = UInt8(truncatingIfNeeded: random.next())
                    case 2: bad.removeSubrange(place..<min(bad.count, place + 1 + Int(random.next() % 9)))
                    default:
                        for i in place..<min(bad.count, place + 64) { bad[i] = UInt8(truncatingIfNeeded: random.next()) }
                    }
                }
                // A sum and a size that are as they were do not stop the inflating early.
                bad = bad.dropLast(8) + good.suffix(8)
                do {
                    let read = try ImageReader(bad, named: "v.nii.gz") { _ in [] }.frame(0)
                    if read.voxels == v.voxels { same += 1 } else { Issue.record("input \(number) is read as other voxels") }
                } catch let error as any ExplainedError {
                    #expect(!error.message.isEmpty)
                }
            }
            #expect(same < count / 2)
        }
    }
}
