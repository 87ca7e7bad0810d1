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

    /// Compares a file's reading with nibabel's, bit for bit.
    func check(_ path: String) throws {
        let frames = try #require(frames)
        let first = try NIfTI.read(path, frame: frames > 1 ? 0 : nil)
        #expect(first.grid.shape == triple(shape!), "\(path)")
        #expect(first.datatype.rawValue == type!, "\(path)")
        #expect(Reading.checksum(first.voxels) == checksum!, "\(path)")
        let (a, b) = (first.grid.affine, Affine(flat: affine!))
        for (x, y) in [(a.rows.0, b.rows.0), (a.rows.1, b.rows.1), (a.rows.2, b.rows.2)] {
            for c in 0..<4 { #expect(abs(x[c] - y[c]) <= 1e-12 * max(1, abs(y[c])), "\(path): \(a) against \(b)") }
        }
        if frames > 1 {
            #expect(throws: NIfTIError.self) { try NIfTI.read(path) }
            let final = try NIfTI.read(path, frame: frames - 1)
            #expect(Reading.checksum(final.voxels) == last!, "\(path)")
            #expect(throws: NIfTIError.noFrame(path: path, frame: frames, frames: frames)) { try NIfTI.read(path, frame: frames) }
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
            // A header beside compressed voxels, a mixture that nibabel does not look for.
            if name.contains("minimal2") { continue }
            if reading.refused == nil {
                try reading.check(file)
            } else {
                #expect(isExplained { try NIfTI.read(file) }, "\(name): \(reading.refused!)")
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
            _ = try NIfTI.read(path)
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
        for name in try Reading.stored.get().files.keys where !name.hasPrefix("four") {
            let v = try NIfTI.read(path(name))
            for ending in ["nii", "nii.gz"] {
                let copy = folder.appendingPathComponent("copy.\(ending)").path
                try NIfTI.write(v, to: copy)
                let back = try NIfTI.read(copy)
                #expect(back.grid == v.grid && back.header == v.header, "\(name)")
                #expect(back.voxels.map(\.bitPattern) == v.voxels.map(\.bitPattern), "\(name)")
                // Voxels of 2⁶⁴ and beyond cannot be held by float32 and go back as float32.
                #expect(back.datatype == v.datatype || name.contains("int64"), "\(name)")
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }

    /// The bytes of the voxels themselves, where the type and order are ours.
    @Test(arguments: ["uint8", "int8", "int16", "uint16", "int32", "uint32", "float32"]) func sameBytes(_ kind: String) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let copy = folder.appendingPathComponent("copy.nii")
        try NIfTI.write(try NIfTI.read(path("\(kind).nii")), to: copy.path)
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
            try NIfTI.write(Volume(grid: grid, voxels: values, datatype: type), to: file)
            let back = try NIfTI.read(file)
            #expect(back.datatype == expected && back.voxels.map(\.bitPattern) == values.map(\.bitPattern), "\(values) as \(type)")
        }
    }

    @Test func movedImagesKeepCodesAndDescription() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("v.nii.gz").path
        for name in ["int16.nii", "qform.nii.gz", "no-form.nii.gz", "two.nii.gz", "extension.nii.gz"] {
            let part = try NIfTI.read(path(name)).cropped(from: [1, 2, 3], to: [4, 5, 6])
            try NIfTI.write(part, to: file)
            let back = try NIfTI.read(file)
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
        let mask = try NIfTI.read(path("scaled.nii.gz")).otsu()
        try NIfTI.write(mask, to: file)
        let back = try NIfTI.read(file)
        #expect(back.datatype == .uint8 && back.voxels == mask.voxels.map(Float.init) && back.grid == mask.grid)
        #expect(try NIfTI.readMask(file).voxels == mask.voxels)
    }

    /// Many blocks, the last one short, against the system's gzip.
    @Test func compressedBlocksAreOneValidStream() throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let gz = folder.appendingPathComponent("v.nii.gz").path, plain = folder.appendingPathComponent("v.nii").path
        let v = try noise([101, 103, 37])
        let whole = Volume(grid: v.grid, voxels: v.voxels.map { ($0 * 900).rounded() }, datatype: .int16)
        try NIfTI.write(whole, to: gz)
        try NIfTI.write(whole, to: plain)
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
        #expect(try NIfTI.read(gz).voxels == whole.voxels)
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
        #expect(try NIfTI.read(file.path).voxels == NIfTI.read(path("int16.nii")).voxels)
    }
}
