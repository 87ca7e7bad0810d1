import Foundation
import Imaging
import Support
import Testing

/// Files that are not what they say. Every one must end in an explained error, or be read; none may crash.
@Suite struct HostileFileTests {
    let files = Reference.folder.appendingPathComponent("files")

    func inFolder(_ body: (URL) throws -> Void) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func truncationAtEveryByte() throws {
        try inFolder { folder in
            let file = folder.appendingPathComponent("cut.nii.gz")
            for name in [
                "int16.nii", "scaled.nii.gz", "two.nii.gz", "extension-big.nii", "four.nii.gz", "int16.mgz", "int16.nrrd", "big.nrrd",
                "list-first.nrrd",
            ] {
                let whole = try Data(contentsOf: files.appendingPathComponent(name))
                for n in 0..<whole.count {
                    try whole.prefix(n).write(to: file)
                    let explained = isExplained {
                        try ImageFile.read(file.path, frame: name.contains("four") || name.contains("list") ? 0 : nil)
                    }
                    #expect(explained, "\(name) cut to \(n) of \(whole.count)")
                }
            }
        }
    }

    /// Other formats are told by name, with what converts them; each is met by one beginning at least, and none by an image's.
    @Test func otherFormatsAreNamed() throws {
        let beginnings: [(bytes: [UInt8], format: ForeignFormat)] = [
            ([UInt8](repeating: 0, count: 128) + Array("DICM".utf8), .dicom), (Array("ObjectType = Image\n".utf8), .metaImage),
            (Array("CDF\u{1}".utf8), .minc1), ([0x89] + Array("HDF\r\n\u{1A}\n".utf8), .minc2), (Array("mrtrix image\n".utf8), .mrtrix),
            ([0x93] + Array("NUMPY\u{1}".utf8), .numpy), (Array("PK\u{3}\u{4}".utf8), .zip), (Array("BZh91AY".utf8), .packed),
            ([0xFD] + Array("7zXZ\0".utf8), .packed), ([0x28, 0xB5, 0x2F, 0xFD], .packed), ([0x89] + Array("PNG\r\n".utf8), .picture),
            ([0xFF, 0xD8, 0xFF, 0xE0], .picture), (Array("II*\0".utf8), .picture),
        ]
        #expect(Set(beginnings.map(\.format)) == Set(ForeignFormat.allCases))
        for (bytes, format) in beginnings {
            let expected = ImageError.foreign(path: "a.nii", format: format)
            #expect(throws: expected) { try ImageReader(bytes + [UInt8](repeating: 7, count: 600), named: "a.nii") { _ in [] } }
            #expect(expected.hint != nil && expected.message.contains(format.rawValue))
        }
    }

    /// Every header byte set to values that hurt: signs, maxima, zero, NaN patterns.
    @Test func mutatedHeaders() throws {
        try inFolder { folder in
            let file = folder.appendingPathComponent("bad.nii")
            for (name, length) in [
                ("int16.nii", 352), ("int16-big.nii", 352), ("two-big.nii", 544), ("extension.nii.gz", 0), ("extension-big.nii", 400),
            ] {
                let whole = [UInt8](try Data(contentsOf: files.appendingPathComponent(name)))
                var read = 0
                for place in 0..<(length == 0 ? min(whole.count, 300) : length) {
                    for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] where whole[place] != value {
                        var bytes = whole
                        bytes[place] = value
                        try Data(bytes).write(to: file)
                        do {
                            let v = try ImageFile.read(file.path)
                            #expect(v.voxels.count == v.grid.count)
                            read += 1
                        } catch { #expect(error is any ExplainedError) }
                    }
                }
                if length > 0 { #expect(read > length, "most bytes of a header do not matter") }
            }
        }
    }

    /// Whole fields set to extremes, several at a time.
    @Test func randomFields() throws {
        try inFolder { folder in
            let file = folder.appendingPathComponent("bad.nii")
            let whole = [UInt8](try Data(contentsOf: files.appendingPathComponent("int16.nii")))
            var random = CounterRandom(seed: 11)
            let extremes: [UInt32] = [
                0, 1, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0x7F80_0000, 0x7FC0_0000, 0x7FFF_7FFF, 0x0001_7FFF, 0x3F80_0000, 0x5F00_0000,
            ]
            for _ in 0..<4000 {
                var bytes = whole
                for _ in 0..<Int(random.next() % 4) + 1 {
                    let place = 40 + Int(random.next() % 77) * 4
                    let value = extremes[Int(random.next() % UInt64(extremes.count))]
                    withUnsafeBytes(of: value.littleEndian) { for i in 0..<4 where place + i < 348 { bytes[place + i] = $0[i] } }
                }
                try Data(bytes).write(to: file)
                do {
                    let v = try ImageFile.read(file.path)
                    // What was read must be fit for use: a strange affine or value is no reason to crash.
                    _ = try? v.statistics()
                    _ = try? v.smoothed(sigma: 1)
                    _ = try? v.resampled(onto: Grid(shape: [3, 3, 3], affine: .identity), interpolation: .cubic)
                    _ = try? v.otsu().dilated(radius: 1).largestComponent()
                    _ = try? Grid.centred(on: v.grid, spacing: [2, 2, 2])
                    if random.next() % 50 == 0 { try ImageFile.write(v, to: file.path) }
                    _ = v.grid.orientation
                } catch { #expect(error is any ExplainedError) }
            }
        }
    }

    func edited(_ name: String = "int16.nii", _ edit: (inout [UInt8]) -> Void) throws -> [UInt8] {
        var bytes = [UInt8](try Data(contentsOf: files.appendingPathComponent(name)))
        edit(&bytes)
        return bytes
    }

    func put(_ value: Int16, _ place: Int, _ bytes: inout [UInt8]) {
        bytes[place] = UInt8(truncatingIfNeeded: value)
        bytes[place + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }

    /// Each says in one line which file, which field, which value.
    @Test func messages() throws {
        try inFolder { folder in
            func error(_ bytes: [UInt8]?, _ name: String = "x.nii") throws -> String {
                let file = folder.appendingPathComponent(name)
                if let bytes { try Data(bytes).write(to: file) }
                let path = file.path
                do {
                    _ = try ImageFile.read(path)
                    return "read"
                } catch let error as any ExplainedError {
                    #expect(error.message.contains("\"\(path)\""))
                    return error.message.replacingOccurrences(of: "\"\(path)\"", with: "FILE")
                }
            }
            #expect(try error(nil, "none.nii") == "there is no file FILE")
            #expect(try error([]) == "FILE is empty")
            #expect(
                try error(Array("id,age\n1,2\n3,4\n".utf8))
                    == "FILE is no image file that is known here: it begins with neither a NIfTI header (sizeof_hdr is 1630299241, not 348 or 540) nor that of an MGH or NRRD file"
            )
            #expect(
                try error(Array(String(repeating: "id,age\n", count: 99).utf8))
                    == "FILE is no image file that is known here: it begins with neither a NIfTI header (sizeof_hdr is 1630299241, not 348 or 540) nor that of an MGH or NRRD file"
            )
            #expect(
                try error(edited { $0[344] = 0x78 })
                    == "FILE is not a NIfTI file: magic is \"x+1\", not \"n+1\", \"n+2\", \"ni1\" or \"ni2\"")
            #expect(try error(edited { put(8, 40, &$0) }) == "FILE: dim[0] is 8; it must be 1 … 7")
            #expect(try error(edited { put(-3, 44, &$0) }) == "FILE: dim[2] is -3; it must be 1 or more")
            #expect(
                try error(edited { put(77, 70, &$0) }) == "FILE: datatype is 77; it must be a code of the standard, such as 4 for int16")
            #expect(try error(edited { put(1, 70, &$0) }) == "FILE: datatype is 1 (single bits), which is not read here")
            #expect(try error(edited { put(3000, 46, &$0) }) == "FILE is cut short: its header asks for 210352 bytes, and there are 982")
            #expect(try error(edited { put(0x4220, 110, &$0) }) == "FILE: vox_offset is 40; it must be 352 or more")
            let big = try edited { b in for place in [42, 44, 46] { put(32767, place, &b) } }
            #expect(try error(big) == "FILE: dim is 32767×32767×32767; it must be at most 2147483647 voxels")
            try FileManager.default.createDirectory(at: folder.appendingPathComponent("d.nii"), withIntermediateDirectories: true)
            #expect(try error(nil, "d.nii") == "FILE is a directory, not a file")
            let pair = try edited { b in
                b[344...347] = [0x6E, 0x69, 0x31, 0]
                for i in 108..<112 { b[i] = 0 }
            }
            #expect(try error(pair, "half.hdr").hasPrefix("FILE is one half of a pair"))
        }
    }

    /// A header that claims a gigabyte in a file of some hundred bytes is refused before anything is allocated.
    @Test func gzipThatClaimsTooMuch() throws {
        try inFolder { folder in
            let part = folder.appendingPathComponent("big.nii")
            try Data(try edited { b in for place in [42, 44, 46] { put(1000, place, &b) } }).write(to: part)
            let gzip = Process()
            gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
            gzip.arguments = [part.path]
            try gzip.run()
            gzip.waitUntilExit()
            let path = part.path + ".gz"
            do {
                _ = try ImageFile.read(path)
                Issue.record("read")
            } catch let error as ImageError {
                guard case .impossibleSize(_, let shape, let needed, _) = error else { throw error }
                #expect(shape == [1000, 1000, 1000] && needed == 2_000_000_352)
            }
        }
    }

    @Test func filesThatCannotBeWritten() throws {
        let v = try noise([5, 6, 7])
        try inFolder { folder in
            #expect(throws: FileError.self) { try ImageFile.write(v, to: folder.appendingPathComponent("no/such/v.nii").path) }
            #expect(throws: FileError.isDirectory(path: folder.path + "/d.nii")) {
                try FileManager.default.createDirectory(at: folder.appendingPathComponent("d.nii"), withIntermediateDirectories: true)
                try ImageFile.write(v, to: folder.path + "/d.nii")
            }
            #expect(throws: ImageError.fileName(path: "v.png")) { try ImageFile.write(v, to: "v.png") }
            #expect(throws: FileError.self) { try ImageFile.write(v, to: "/proc/v.nii") }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left == ["d.nii"])
        }
    }
}
