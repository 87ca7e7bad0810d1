import Foundation
import Imaging
import Testing

/// Voxel-to-world transforms that a file should not hold.
@Suite struct PlaceInFileTests {
    func inFolder(_ body: (String) throws -> Void) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path + "/v.nii")
    }

    /// Writes a stored file with parts of its header set to bytes.
    func edit(_ name: String, to file: String, _ changes: [(Range<Int>, UInt8)]) throws {
        var bytes = try Data(contentsOf: Reference.folder.appendingPathComponent("files/" + name))
        for (range, value) in changes { for place in range { bytes[place] = value } }
        try bytes.write(to: URL(fileURLWithPath: file))
    }

    @Test func aSingularSformIsRefusedByName() throws {
        try inFolder { file in
            // Rows of zeros, and no qform.
            try edit("int16.nii", to: file, [(280..<328, 0), (252..<254, 0)])
            #expect(
                throws: ImageError.field(
                    path: file, field: "srow_x, srow_y, srow_z", value: "(0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)",
                    allowed: "three independent axes")
            ) { try ImageFile.read(file) }
        }
    }

    @Test func aGoodQformStandsInForASingularSform() throws {
        try inFolder { file in
            let whole = try ImageFile.read(Reference.folder.appendingPathComponent("files/int16.nii").path)
            // The same file with the sform's code 0 says what the qform means.
            try edit("int16.nii", to: file, [(254..<256, 0)])
            let qform = try ImageFile.read(file)
            #expect(qform.grid != whole.grid)
            try edit("int16.nii", to: file, [(280..<328, 0)])
            let read = try ImageFile.read(file)
            #expect(read.grid == qform.grid && read.voxels == whole.voxels)
            // The next reader is not led astray.
            try ImageFile.write(read, to: file)
            let back = try ImageFile.read(file)
            #expect(back.grid == qform.grid && back.header?.sformCode == 0 && back.header?.qformCode == 1)
        }
    }

    @Test func affinesThatTheHeaderCannotHoldAreNotWritten() throws {
        try inFolder { file in
            for affine in [
                Affine(spacing: [1e300, 1, 1]), Affine(spacing: [1e39, 1, 1]), Affine(spacing: [1e-50, 1, 1]),
                Affine(spacing: .one, origin: [0, 1e40, 0]), Affine(spacing: [1, 0, 1]),
            ] {
                let volume = Volume(grid: try Grid(shape: [2, 1, 1], affine: affine), voxels: [1, 2])
                #expect(throws: ImageError.self) { try ImageFile.write(volume, to: file) }
                #expect(!FileManager.default.fileExists(atPath: file))
            }
            for size in [1e-6, 1e6] {
                let grid = try Grid(shape: [2, 1, 1], affine: Affine(spacing: [size, size, size]))
                try ImageFile.write(Volume(grid: grid, voxels: [1, 2]), to: file)
                #expect(try ImageFile.read(file).grid.distance(to: grid) < 1e-6)
            }
        }
    }
}
