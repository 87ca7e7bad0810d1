import Foundation
import Imaging
import Support
import Testing

/// What nibabel read from a file.
struct Reading: Decodable {
    var refused: String?
    var shape: [Int]?
    var frames: Int?
    var type: String?
    var affine: [Double]?
    var checksum: String?
    var last: String?
    /// Of complex and colour voxels, the checksum of each part of the first frame.
    var parts: [String: String]?

    struct All: Decodable {
        var files: [String: Reading]
        var data: [String: Reading]
    }
    static let stored = Result { try Reference.load("files.json", as: All.self) }

    static func checksum(_ voxels: [Float]) -> String {
        var sum: UInt64 = 0
        for (i, v) in voxels.enumerated() { sum &+= UInt64(v.bitPattern) &* UInt64(2 * i + 1) }
        return String(sum)
    }

    /// Compares a file's reading with its reference, bit for bit.
    func check(_ path: String) throws {
        let frames = try #require(frames)
        let first = try ImageFile.read(path, frame: frames > 1 ? 0 : nil)
        #expect(first.grid.shape == triple(shape!), "\(path)")
        if let type { #expect(first.datatype.rawValue == type, "\(path)") }
        if let checksum { #expect(Reading.checksum(first.voxels) == checksum, "\(path)") }
        for (name, sum) in parts ?? [:] {
            let part = try ImageFile.read(path, frame: 0, part: #require(VoxelPart(rawValue: name)))
            #expect(Reading.checksum(part.voxels) == sum, "\(path): \(name)")
        }
        // nibabel computes the affine of an MGH file in float32.
        let tolerance = path.contains(".mg") ? 2e-7 : 1e-12
        let (a, b) = (first.grid.affine, Affine(flat: affine!))
        for (x, y) in [(a.rows.0, b.rows.0), (a.rows.1, b.rows.1), (a.rows.2, b.rows.2)] {
            for c in 0..<4 { #expect(abs(x[c] - y[c]) <= tolerance * max(1, c == 3 ? 256 : abs(y[c])), "\(path): \(a) against \(b)") }
        }
        if frames > 1 {
            #expect(throws: ImageError.self) { try ImageFile.read(path) }
            #expect(throws: ImageError.noFrame(path: path, frame: frames, frames: frames)) { try ImageFile.read(path, frame: frames) }
            let all = try ImageFile.readAll(path)
            #expect(all.count == frames && all.allSatisfy { $0.grid == first.grid } && all[0].voxels == first.voxels)
            guard let last else { return }
            #expect(Reading.checksum(all[frames - 1].voxels) == last, "\(path)")
            // Backwards, on one open file.
            let reader = try ImageReader(path)
            for i in (0..<frames).reversed() { #expect(try reader.frame(i).voxels == all[i].voxels) }
        }
    }
}

@Suite struct FileTests {
    let files = Reference.folder.appendingPathComponent("files")
    func path(_ name: String) -> String { files.appendingPathComponent(name).path }

    @Test func everyKindReadsAsNibabelReadsIt() throws {
        let all = try Reading.stored.get().files
        #expect(all.count >= 35)
        for (name, reading) in all.sorted(by: { $0.key < $1.key }) { try reading.check(path(name)) }
    }

    /// Real files of other tools; those that nibabel refuses, or that are not scalar images, are errors.
    @Test func sharedFilesReadAsNibabelReadsThem() throws {
        guard let data = Reference.data() else { return }
        for (name, reading) in try Reading.stored.get().data.sorted(by: { $0.key < $1.key }) {
            let file = data.appendingPathComponent(name).path
            if name.contains("minimal2") {
                // A header beside compressed voxels, a mixture that nibabel does not look for, and that is read here.
                let pair = try ImageFile.read(file),
                    single = try ImageFile.read(data.appendingPathComponent("nifti-cases/nifti-rs/minimal.nii.gz").path)
                #expect(pair.voxels == single.voxels && pair.grid == single.grid)
                continue
            }
            if reading.refused == nil {
                try reading.check(file)
            } else {
                #expect(isExplained { try ImageFile.read(file) }, "\(name): \(reading.refused!)")
            }
        }
    }

    @Test func damagedSharedFilesAreErrorsOrImages() throws {
        guard let data = Reference.data() else { return }
        let folder = data.appendingPathComponent("nifti-cases/nifti-rs/fuzz_artifacts")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) { probe(folder.appendingPathComponent(name).path) }
    }

    /// Reads anything; only an explained error may come of it.
    @discardableResult
    func probe(_ path: String) -> Bool {
        do {
            _ = try ImageFile.read(path)
            return true
        } catch let error as any ExplainedError {
            #expect(!error.message.isEmpty && !error.message.contains("\n"))
            return false
        } catch {
            Issue.record("\(path): \(error)")
            return false
        }
    }

    @Test func unchangedImagesAreWrittenAsTheyWere() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in try Reading.stored.get().files.keys where !name.hasPrefix("four") && name.contains(".nii") {
            let v = try ImageFile.read(path(name))
            for ending in ["nii", "nii.gz"] {
                let copy = folder.appendingPathComponent("copy.\(ending)").path
                try ImageFile.write(v, to: copy)
                let back = try ImageFile.read(copy)
                #expect(back.grid == v.grid && back.header == v.header, "\(name)")
                #expect(back.voxels.map(\.bitPattern) == v.voxels.map(\.bitPattern), "\(name)")
                #expect(back.datatype == v.datatype, "\(name)")
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }

    /// The bytes of the voxels themselves, where the type and order are ours.
    @Test(arguments: ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"])
    func sameBytes(_ kind: String) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let copy = folder.appendingPathComponent("copy.nii")
        try ImageFile.write(try ImageFile.read(path("\(kind).nii")), to: copy.path)
        #expect(try Data(contentsOf: copy) == Data(contentsOf: files.appendingPathComponent("\(kind).nii")))
    }

    @Test func valuesThatDoNotFitBecomeFloat32() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("v.nii.gz").path
        let grid = try Grid(shape: [2, 2, 1], affine: .identity)
        for (values, type, expected) in [
            ([0, 1, 255, 3], Datatype.uint8, Datatype.uint8), ([0, 1, 256, 3], .uint8, .float32), ([0, -1, 5, 3], .uint8, .float32),
            ([0.5, 1, 5, 3], .int16, .float32), ([-32768, 32767, 5, 3], .int16, .int16), ([-32769, 0, 5, 3], .int16, .float32),
            ([.nan, 0, 5, 3], .int16, .float32), ([.infinity, 0, 5, 3], .int64, .float32), ([2_147_483_648, 0, 5, 3], .int32, .float32),
            ([-2_147_483_648, 0, 5, 3], .int32, .int32), ([1.8446744e19, 0, 5, 3], .uint64, .float32),
            ([9.223371e18, 0, 5, 3], .int64, .int64),
            ([0.1, 0, 5, 3], .float64, .float64), ([0, 4_294_967_040, 5, 3], .uint32, .uint32),
        ] as [([Float], Datatype, Datatype)] {
            try ImageFile.write(Volume(grid: grid, voxels: values, datatype: type), to: file)
            let back = try ImageFile.read(file)
            #expect(back.datatype == expected && back.voxels.map(\.bitPattern) == values.map(\.bitPattern), "\(values) as \(type)")
        }
    }

    @Test func movedImagesKeepCodesAndDescription() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("v.nii.gz").path
        for name in ["int16.nii", "qform.nii.gz", "no-form.nii.gz", "two.nii.gz", "extension.nii.gz"] {
            let part = try ImageFile.read(path(name)).cropped(from: [1, 2, 3], to: [4, 5, 6])
            try ImageFile.write(part, to: file)
            let back = try ImageFile.read(file)
            #expect(back.grid.distance(to: part.grid) < 1e-5 && back.voxels == part.voxels && back.datatype == .int16, "\(name)")
            let (old, new) = (try #require(part.header), try #require(back.header))
            #expect(new.description == "a head of noise" && new.auxiliaryFile == "none" && new.units == 10)
            let codes = [old.sformCode, old.qformCode, new.sformCode, new.qformCode]
            switch name {
            // A sheared sform cannot be a qform: that one's code is dropped.
            case "int16.nii", "two.nii.gz", "extension.nii.gz": #expect(codes == [1, 1, 1, 0])
            case "qform.nii.gz": #expect(codes == [0, 1, 1, 1])
            default: #expect(codes == [0, 0, 2, 0])
            }
        }
    }

    @Test func masksAreUInt8WithoutScaling() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("m.nii.gz").path
        let mask = try ImageFile.read(path("scaled.nii.gz")).otsu()
        try ImageFile.write(mask, to: file)
        let back = try ImageFile.read(file)
        #expect(back.datatype == .uint8 && back.voxels == mask.voxels.map(Float.init) && back.grid == mask.grid)
        #expect(try ImageFile.readMask(file).voxels == mask.voxels)
    }

    /// Many blocks, the last one short, against the system's gzip.
    @Test func compressedBlocksAreOneValidStream() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let gz = folder.appendingPathComponent("v.nii.gz").path, plain = folder.appendingPathComponent("v.nii").path
        let v = try noise([101, 103, 37])
        let whole = Volume(grid: v.grid, voxels: v.voxels.map { ($0 * 900).rounded() }, datatype: .int16)
        try ImageFile.write(whole, to: gz)
        try ImageFile.write(whole, to: plain)
        let gunzip = Process()
        gunzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
        gunzip.arguments = ["-dc", gz]
        let pipe = Pipe()
        gunzip.standardOutput = pipe
        try gunzip.run()
        let inflated = pipe.fileHandleForReading.readDataToEndOfFile()
        gunzip.waitUntilExit()
        #expect(gunzip.terminationStatus == 0)
        #expect(try inflated == Data(contentsOf: URL(fileURLWithPath: plain)))
        #expect(try ImageFile.read(gz).voxels == whole.voxels)
    }

    @Test func gzipOfSeveralMembersAndWithPadding() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("v.nii.gz")
        let first = try Data(contentsOf: files.appendingPathComponent("int16.nii"))
        func member(_ d: Data) throws -> Data {
            let part = folder.appendingPathComponent("part")
            try d.write(to: part)
            let gzip = Process()
            gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
            gzip.arguments = ["-f", part.path]
            try gzip.run()
            gzip.waitUntilExit()
            return try Data(contentsOf: folder.appendingPathComponent("part.gz"))
        }
        try (member(first.prefix(500)) + member(first.dropFirst(500)) + Data(count: 512)).write(to: file)
        #expect(try ImageFile.read(file.path).voxels == ImageFile.read(path("int16.nii")).voxels)
    }
}
