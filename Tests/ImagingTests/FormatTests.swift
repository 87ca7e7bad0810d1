import Foundation
import Imaging
import Support
import Testing

/// Pairs, FreeSurfer and NRRD files, many frames, types that float32 does not hold, and what is asked of writing.
@Suite struct FormatTests {
    let files = Reference.folder.appendingPathComponent("files")
    func path(_ name: String) -> String { files.appendingPathComponent(name).path }

    func inFolder(_ body: (String) throws -> Void) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path + "/")
    }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: name.hasPrefix("/") ? name : path(name))))
    }

    /// Every stored and every shared file is written again without a difference.
    @Test func nothingIsLostOnTheWay() throws {
        for name in try Reading.stored.get().files.keys { #expect(try RoundTrip.differences(path(name)) == [], "\(name)") }
        guard let data = Reference.data() else { return }
        for (name, reading) in try Reading.stored.get().data where reading.refused == nil && !name.contains("orientations") {
            #expect(try RoundTrip.differences(data.appendingPathComponent(name).path) == [], "\(name)")
        }
    }

    /// A header with every byte set to something, as far as that means a header.
    @Test func everyFieldIsKept() throws {
        try inFolder { folder in
            for (name, fixed, size) in [
                ("int16.nii", [0..<4, 40..<56, 70..<74, 76..<92, 108..<120, 252..<348], 348), ("two.nii.gz", [], 0),
            ] {
                var raw = try bytes(name)
                for place in 0..<size where !fixed.contains(where: { $0.contains(place) }) {
                    raw[place] = UInt8(truncatingIfNeeded: place * 7 + 1) & 0x3F | 1
                }
                try Data(raw).write(to: URL(fileURLWithPath: folder + name))
                #expect(try RoundTrip.differences(folder + name) == [])
                if size > 0 {
                    try ImageFile.write(try ImageFile.read(folder + name), to: folder + "copy.nii")
                    #expect(try bytes(folder + "copy.nii") == raw)
                }
            }
        }
    }

    /// And one that cannot be kept is told: the fields of NIfTI-1 that an affine without an inverse is in.
    @Test func differencesAreTold() throws {
        try inFolder { folder in
            var raw = try bytes("int16.nii")
            // A singular sform gives way to the qform, and its code is dropped.
            for place in 280..<328 { raw[place] = 0 }
            try Data(raw).write(to: URL(fileURLWithPath: folder + "v.nii"))
            let told = try RoundTrip.differences(folder + "v.nii")
            #expect(told == ["sform_code: 1 became 0"])
        }
    }

    @Test func writtenInEveryFormatAndReadAgain() throws {
        try inFolder { folder in
            for name in ["int16.nii", "scaled.nii.gz", "uint8-big.nii", "float32.nii", "int8.nii", "qform.nii.gz"] {
                let v = try ImageFile.read(path(name))
                for ending in ["nii", "nii.gz", "hdr", "img", "hdr.gz", "img.gz", "mgh", "mgz", "nrrd"] {
                    let file = folder + "v." + ending
                    try ImageFile.write(v, to: file)
                    let back = try ImageFile.read(file)
                    #expect(back.voxels == v.voxels && back.grid.distance(to: v.grid) < 1e-4, "\(name) as \(ending)")
                    if ending.contains("nii") || ending.contains("hdr") || ending == "nrrd" && !name.contains("scaled") {
                        #expect(back.datatype == v.datatype && back.header?.description == "a head of noise", "\(name) as \(ending)")
                    }
                }
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("partial") }
            #expect(left == [])
        }
    }

    @Test func manyFrames() throws {
        try inFolder { folder in
            let images = try ImageFile.readAll(path("four.nii.gz"))
            for ending in ["nii", "nii.gz", "hdr.gz", "mgz", "nrrd"] {
                try ImageFile.write(images, to: folder + "f." + ending)
                let back = try ImageFile.readAll(folder + "f." + ending)
                #expect(back.map(\.voxels) == images.map(\.voxels), "\(ending)")
            }
            let other = Volume(grid: try Grid(shape: [5, 7, 9], affine: .identity), voxels: images[1].voxels)
            let error = #expect(throws: ImageError.self) { try ImageFile.write([images[0], other], to: "g.nii") }
            let message = try #require(error?.message)
            #expect(message.contains("\"g.nii\": image 1 lies on another grid than image 0"), "\(message)")
            #expect(message.contains("spacing (1.000, 1.000, 1.000) against (1.100, 0.806, 2.303) mm, orientation RAS against ALS"), "\(message)")
        }
    }

    /// binary128 in both byte orders: subnormals, ties, what double cannot tell from a tie, the largest numbers, infinities, NaN.
    @Test(arguments: ["", "-big"])
    func quadruplePrecision(_ order: String) throws {
        let expected = try Reference.load("wide.json", as: [UInt32].self).map { Float(bitPattern: $0) }
        let folder = Reference.folder.appendingPathComponent("files-wide").path + "/"
        func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }
        let numbers = try ImageFile.read(folder + "float128\(order).nii")
        #expect(numbers.voxels.count == expected.count && numbers.datatype == .float64)
        for (i, (a, b)) in zip(numbers.voxels, expected).enumerated() where !same(a, b) { Issue.record("number \(i): \(a) against \(b)") }
        #expect(try RoundTrip.differences(folder + "float128\(order).nii") == [])

        let complex = folder + "complex256\(order).nii"
        let real = try ImageFile.read(complex, part: .real), imaginary = try ImageFile.read(complex, part: .imaginary)
        let magnitude = try ImageFile.read(complex), phase = try ImageFile.read(complex, part: .phase)
        for i in 0..<expected.count / 2 {
            let (x, y) = (expected[2 * i], expected[2 * i + 1])
            #expect(same(real.voxels[i], x) && same(imaginary.voxels[i], y), "number \(i)")
            // From the float32 nearest to each part where these are neither tiny nor huge; all of the rest is 0, infinite or NaN as hypot has it.
            let size = hypot(Double(x), Double(y))
            if size.isNaN || size.isInfinite || size > 0x1p-100 {
                let found = Double(magnitude.voxels[i])
                #expect(found == Double(Float(size)) || size.isNaN && found.isNaN || abs(found - size) < 3e-7 * size, "magnitude \(i): \(found), \(size)")
            }
            if x.isFinite, y.isFinite, min(abs(x), abs(y)) > 0x1p-100, max(abs(x), abs(y)) < 0x1p100 {
                #expect(abs(Double(phase.voxels[i]) - atan2(Double(y), Double(x))) < 1e-6)
            }
        }
        #expect(try RoundTrip.differences(complex) == [])
    }

    /// The 80 bits of an x86 processor's `long double`, with whatever lies in the other 6 bytes.
    @Test func extendedPrecision() throws {
        #if arch(x86_64)
            let third: Float80 = 1 / 3
            let numbers: [Float80] = (0..<60).map { Float80(sign: $0 % 2 == 0 ? .plus : .minus, exponent: $0 - 30, significand: 1 + third) }
                + [0, -0.0, 1, -2, 3, 0.1, .infinity, -.infinity, .nan, Float80(Float.greatestFiniteMagnitude), third, third * 7]
            let raw: [UInt8] = numbers.enumerated().flatMap { i, x in
                withUnsafeBytes(of: x) { Array($0.prefix(10)) } + (0..<6).map { UInt8(truncatingIfNeeded: i * 37 + $0 * 91) }
            }
            var header = [UInt8](repeating: 0, count: 352)
            func put(_ value: some FixedWidthInteger, _ place: Int) {
                withUnsafeBytes(of: value.littleEndian) { for (i, byte) in $0.enumerated() { header[place + i] = byte } }
            }
            func float(_ value: Float, _ place: Int) { put(value.bitPattern, place) }
            put(Int32(348), 0)
            for (i, n) in ([3, 8, 9, 1, 1, 1, 1, 1] as [Int16]).enumerated() { put(n, 40 + 2 * i) }
            for i in 0..<8 { float(1, 76 + 4 * i) }
            float(352, 108)
            header.replaceSubrange(344..<348, with: Array("n+1\0".utf8))
            func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }
            try inFolder { folder in
                let (path, back) = (folder + "/x.nii", folder + "/y.nii")
                put(Int16(1536), 70)
                put(Int16(128), 72)
                try Data(header + raw).write(to: URL(fileURLWithPath: path))
                let image = try ImageFile.read(path)
                for (a, b) in zip(image.voxels, numbers) { #expect(same(a, Float(b)), "\(a) for \(b)") }
                // Written, the numbers are the same in IEEE's format: all digits are kept.
                try ImageFile.write(image, to: back)
                #expect(try ImageFile.read(back).voxels.elementsEqual(image.voxels, by: same))
                let written = [UInt8](try Data(contentsOf: URL(fileURLWithPath: back)).dropFirst(352))
                for (i, x) in numbers.enumerated() where x.isFinite {
                    let words = written[16 * i..<16 * i + 16].withUnsafeBytes { $0.loadUnaligned(as: (UInt64, UInt64).self) }
                    #expect(words.1 >> 48 == UInt64(x.exponentBitPattern) | (x.sign == .minus ? 0x8000 : 0), "\(x)")
                    #expect(words.1 << 16 | words.0 >> 48 == x.significandBitPattern << 1 && words.0 << 16 == 0, "\(x)")
                }
                put(Int16(3), 40)
                put(Int16(4), 42)
                put(Int16(2048), 70)
                put(Int16(256), 72)
                try Data(header + raw).write(to: URL(fileURLWithPath: path))
                let imaginary = try ImageFile.read(path, part: .imaginary)
                for (i, a) in imaginary.voxels.enumerated() { #expect(same(a, Float(numbers[2 * i + 1]))) }
            }
        #endif
    }

    @Test func partsOfVoxels() throws {
        try inFolder { folder in
            let raw = (0..<315 * 4).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            try Reference.image(folder + "c.nii", type: 2304, bits: 32, voxels: raw)
            let alpha = try ImageFile.read(folder + "c.nii", part: .alpha)
            #expect(alpha.voxels == (0..<315).map { Float(raw[4 * $0 + 3]) } && alpha.datatype == .uint8)
            let luminance = try ImageFile.read(folder + "c.nii")
            for i in 0..<315 {
                let expected = 0.299 * Double(raw[4 * i]) + 0.587 * Double(raw[4 * i + 1]) + 0.114 * Double(raw[4 * i + 2])
                #expect(abs(Double(luminance.voxels[i]) - expected) < 1e-4)
            }
            // The unchanged image is written as colours, a part of it as the numbers that it is.
            try ImageFile.write(luminance, to: folder + "d.nii")
            #expect(Array(try bytes(folder + "d.nii").suffix(raw.count)) == raw)
            try ImageFile.write(alpha, to: folder + "e.nii")
            #expect(try ImageFile.read(folder + "e.nii").datatype == .uint8)
            #expect(throws: ImageError.noPart(path: folder + "c.nii", part: "phase", type: "RGBA32", wanted: "complex")) {
                try ImageFile.read(folder + "c.nii", part: .phase)
            }
        }
    }

    @Test func whatFloat32DoesNotHoldIsWrittenAsItWas() throws {
        try inFolder { folder in
            for name in ["int64", "uint64", "float64"] {
                let v = try ImageFile.read(path("\(name)-big.nii"))
                try ImageFile.write(v, to: folder + "v.nii")
                // The stored twin in our byte order.
                #expect(try bytes(folder + "v.nii") == bytes("\(name).nii"))
                #expect(throws: ImageError.self) { try ImageFile.write(v, to: folder + "v.mgz") }
                try ImageFile.write(v, to: folder + "v.mgz", datatype: .float32)
                #expect(try ImageFile.read(folder + "v.mgz").voxels == v.voxels)
                // Changed values are no longer those of the file.
                let doubled = v.with(v.voxels.map { $0 * 2 })
                try ImageFile.write(doubled, to: folder + "w.mgz")
                #expect(try ImageFile.read(folder + "w.mgz").voxels == doubled.voxels)
            }
        }
    }

    @Test func aTypeThatIsAskedForRoundsAndLimits() throws {
        try inFolder { folder in
            let grid = try Grid(shape: [3, 3, 1], affine: .identity)
            let v = Volume(grid: grid, voxels: [0.4, 0.5, 1.5, -1, 254.6, 300, 0, 1e20, -1e20])
            for (type, expected) in [
                (Datatype.uint8, [0, 0, 2, 0, 255, 255, 0, 255, 0]), (.int8, [0, 0, 2, -1, 127, 127, 0, 127, -128]),
                (.int16, [0, 0, 2, -1, 255, 300, 0, 32767, -32768]), (.uint16, [0, 0, 2, 0, 255, 300, 0, 65535, 0]),
                (.int32, [0, 0, 2, -1, 255, 300, 0, 2_147_483_647, -2_147_483_648]),
                (.uint32, [0, 0, 2, 0, 255, 300, 0, 4_294_967_295, 0]),
                (.int64, [0, 0, 2, -1, 255, 300, 0, 9.223372036854775807e18, -9.223372036854775808e18]),
                (.uint64, [0, 0, 2, 0, 255, 300, 0, 1.8446744073709551615e19, 0]),
            ] as [(Datatype, [Float])] {
                let limited = try ImageFile.write(v, to: folder + "v.nii.gz", datatype: type)
                let back = try ImageFile.read(folder + "v.nii.gz")
                #expect(back.datatype == type && back.voxels == expected, "\(type): \(back.voxels)")
                #expect(limited == zip(v.voxels, expected).filter { abs($0 - $1) > 0.5 }.count, "\(type)")
            }
            #expect(throws: ImageError.self) { try ImageFile.write(v, to: folder + "v.mgz", datatype: .uint16) }
        }
    }

    /// The step from frame to frame, its unit and the first frame's time, from NIfTI to each format and back.
    @Test func framesKeepTheirTiming() throws {
        try inFolder { folder in
            for (units, step, seconds) in [(UInt8(2 | 8), Float(2.5), 2.5), (2 | 16, 1800, 1.8), (2 | 24, 720_000, 0.72), (2 | 32, 50, 0)] {
                try ImageFile.write(try ImageFile.readAll(path("four.nii.gz")), to: folder + "f.nii")
                var raw = try bytes(folder + "f.nii")
                raw[123] = units
                for (place, value) in [(92, step), (136, Float(1.25))] {
                    withUnsafeBytes(of: value) { for (i, b) in $0.enumerated() { raw[place + i] = b } }
                }
                try Data(raw).write(to: URL(fileURLWithPath: folder + "f.nii"))
                let images = try ImageFile.readAll(folder + "f.nii")
                for ending in ["nii.gz", "hdr", "nrrd", "mgh", "mgz"] {
                    try ImageFile.write(images, to: folder + "g." + ending)
                    #expect(try RoundTrip.differences(folder + "g." + ending) == [], "\(ending)")
                    try ImageFile.write(try ImageFile.readAll(folder + "g." + ending), to: folder + "h.nii")
                    let back = try bytes(folder + "h.nii")
                    func float(_ place: Int) -> Float { Float(bitPattern: back[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }) }
                    if ending.hasPrefix("mg") {
                        // A repetition time in milliseconds, and no first frame's.
                        #expect(back[123] == 10 && (seconds == 0 || abs(Double(float(92)) - seconds) < 1e-6) && float(136) == 0, "\(ending)")
                    } else {
                        #expect(back[123] == units && float(92) == step && float(136) == 1.25, "\(ending)")
                    }
                }
                if seconds > 0 {
                    // Behind 284 bytes of header and the voxels, big-endian.
                    let tail = try bytes(folder + "g.mgh").dropFirst(284 + 3 * 315)
                    #expect(tail.count == 20 && abs(Double(Float(bitPattern: tail.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })) - 1000 * seconds) < 1e-3)
                }
            }
            // An image that was made here has none.
            let made = Volume(grid: try Grid(shape: [2, 2, 2], affine: .identity), voxels: [Float](repeating: 1, count: 8))
            try ImageFile.write([made, made], to: folder + "m.nrrd")
            #expect(!String(decoding: try bytes(folder + "m.nrrd"), as: UTF8.self).contains("spacings"))
        }
    }

    /// NRRD's two ways of voxels as text.
    @Test func voxelsAsText() throws {
        try inFolder { folder in
            func head(_ type: String, _ encoding: String, _ further: String = "") -> String {
                "NRRD0004\ntype: \(type)\ndimension: 3\nspace: left-posterior-superior\nsizes: 3 2 1\nencoding: \(encoding)\n\(further)\n"
            }
            func read(_ text: String) throws -> [Float] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "v.nrrd"))
                return try ImageFile.read(folder + "v.nrrd").voxels
            }
            for encoding in ["ascii", "text", "txt", "ASCII"] {
                #expect(try read(head("short", encoding) + "1 -2\t+3\r\n 32767\n-32768 0") == [1, -2, 3, 32767, -32768, 0])
            }
            #expect(try read(head("uint64", "text") + "0 1 2 3 4 18446744073709551615\n") == [0, 1, 2, 3, 4, 1.8446744e19])
            let odd = try read(head("double", "text") + "0.1 nan -inf 1e300 -0 1e-45\n")
            #expect(odd[0] == 0.1 && odd[1].isNaN && odd[2] == -.infinity && odd[3] == .infinity && odd[4].sign == .minus && odd[5] == 1e-45)
            #expect(try read(head("float", "hex", "endian: little\n") + "0000803F 000000c0\n0000 0000 0000003f 000080bf 00 00 00 41") == [1, -2, 0, 0.5, -1, 8])
            #expect(try read(head("ushort", "hex", "endian: big\n") + "000100020003000400050100") == [1, 2, 3, 4, 5, 256])

            let file = folder + "v.nrrd"
            for (text, error) in [
                (head("uchar", "ascii") + "1 2 3 4 5  \n", ImageError.field(path: file, field: "the end of the voxels", value: "after 5 numbers", allowed: "after 6")),
                (head("uchar", "ascii") + "1 2 3 4 256 6", .field(path: file, field: "voxel 4", value: "\"256\"", allowed: "a number of the type uint8")),
                (head("uchar", "ascii") + "1 2 -3 4 5 6", .field(path: file, field: "voxel 2", value: "\"-3\"", allowed: "a number of the type uint8")),
                (head("short", "ascii") + "1 2 3 4 5.5 6", .field(path: file, field: "voxel 4", value: "\"5.5\"", allowed: "a number of the type int16")),
                (head("short", "ascii") + "1 - 3 4 5 6 7", .field(path: file, field: "voxel 1", value: "\"-\"", allowed: "a number of the type int16")),
                (head("uchar", "hex") + "010203040g06", .field(path: file, field: "digit 9 of the voxels", value: "\"g\"", allowed: "0 … 9 or a … f")),
                (head("uchar", "hex") + "01020304050", .field(path: file, field: "the end of the voxels", value: "after 11 hexadecimal digits", allowed: "after 12")),
                (head("uchar", "ascii") + "1 2", .impossibleSize(path: file, shape: [3, 2, 1], needed: 11, most: 3)),
                (head("uchar", "bzip2") + "BZh9", .encoding(path: file, encoding: "\"bzip2\"")),
            ] {
                #expect(throws: error) { try read(text) }
            }
        }
    }

    @Test func disagreeingTransformsAreTold() throws {
        let v = try ImageFile.read(path("int16.nii"))
        let told = try #require(v.header?.disagreement)
        #expect(told.contains("the sform is used") && told.contains("sform (code 1)") && told.contains("qform (code 1)"))
        #expect(try ImageFile.read(path("qform.nii.gz")).header?.disagreement == nil)
        #expect(try ImageFile.read(path("int16.mgz")).header?.disagreement == nil)
    }

    @Test func otherUnitsOfLengthAreTold() throws {
        try inFolder { folder in
            var data = try bytes("int16.nii")
            for (unit, word) in [(UInt8(1), "metres"), (3, "micrometres"), (2, nil), (0, nil)] as [(UInt8, String?)] {
                data[123] = unit | 8
                try Data(data).write(to: URL(fileURLWithPath: folder + "u.nii"))
                let v = try ImageFile.read(folder + "u.nii"), told = v.header?.unusualUnit
                if let word { #expect(told?.contains("lengths in \(word)") == true) } else { #expect(told == nil) }
                #expect(try v.grid == ImageFile.read(path("int16.nii")).grid)
                // As long as the image is where it was so is the unit; what is put elsewhere is put there in mm.
                try ImageFile.write(v, to: folder + "same.nii")
                #expect(try bytes(folder + "same.nii")[123] == data[123])
                let larger = try v.placed(on: Grid(shape: v.grid.shape, affine: Affine(spacing: [900, 900, 900])))
                try ImageFile.write(larger, to: folder + "larger.nii")
                #expect(try ImageFile.read(folder + "larger.nii").header?.unusualUnit == nil)
            }
        }
    }

    /// Names in capitals, as systems write them that tell no case; a pair's other half is sought in the same.
    @Test func endingsInCapitals() throws {
        try inFolder { folder in
            let v = try ImageFile.read(path("int16.nii"))
            for name in ["A.NII", "A.NII.GZ", "A.Nii.gz", "A.HDR", "B.IMG", "C.IMG.GZ", "A.MGZ", "A.NRRD"] {
                try ImageFile.write(v, to: folder + name)
                #expect(try ImageFile.read(folder + name).voxels == v.voxels, "\(name)")
                let isGzipped = try bytes(folder + name).starts(with: [0x1F, 0x8B])
                #expect(isGzipped == name.uppercased().hasSuffix("GZ"), "\(name)")
            }
            let names = Set(try FileManager.default.contentsOfDirectory(atPath: folder))
            #expect(names.isSuperset(of: ["A.HDR", "A.IMG", "B.HDR", "B.IMG", "C.HDR.GZ", "C.IMG.GZ"]) && names.count == 11)
        }
    }

    /// A file that loses its end while it is mapped is an error and no crash.
    @Test func aFileCutWhileItIsRead() throws {
        try inFolder { folder in
            let v = Volume(grid: try Grid(shape: [101, 103, 37], affine: .identity), voxels: [Float](repeating: 1, count: 101 * 103 * 37))
            try ImageFile.write(v, to: folder + "v.nii")
            let reader = try ImageReader(folder + "v.nii")
            #expect(truncate(folder + "v.nii", 70_000) == 0)
            #expect(throws: FileError.self) { try reader.frame(0) }
            // The handler is for mapped files only, and they can be read again.
            try ImageFile.write(v, to: folder + "v.nii")
            #expect(try ImageFile.read(folder + "v.nii").voxels == v.voxels)
        }
    }

    /// Large enough that values are spread out in steps, in several types and sizes.
    @Test func inflatedInPlace() throws {
        try inFolder { folder in
            for shape in [SIMD3(1, 1, 1), [3, 1, 1], [101, 103, 37], [64, 64, 64]] {
                for type in [Datatype.uint8, .int8, .int16, .uint16, .float32, .int32, .float64] {
                    let v = try noise(shape, seed: UInt64(type.size))
                    let whole = Volume(grid: v.grid, voxels: v.voxels.map { ($0 * 127).rounded() }, datatype: type)
                    try ImageFile.write(whole, to: folder + "v.nii.gz")
                    let back = try ImageFile.read(folder + "v.nii.gz")
                    #expect(back.voxels == whole.voxels && back.datatype == type, "\(shape) \(type)")
                }
            }
        }
    }

    /// What the header tells of the blocks is a help and no authority: with a wrong one the same voxels are read, and damaged voxels are an error.
    @Test func aWrongIndexOfBlocksIsPassedOver() throws {
        try inFolder { folder in
            let v = try noise([101, 103, 73])
            let whole = Volume(grid: v.grid, voxels: v.voxels.map { ($0 * 900).rounded() }, datatype: .int16)
            try ImageFile.write(whole, to: folder + "v.nii.gz")
            let good = try bytes(folder + "v.nii.gz")
            // Three blocks: name, length, block size, three sizes.
            #expect(good[3] == 4 && good[10] == 20)
            for place in 12..<32 {
                for flip: UInt8 in [1, 0x80, 0xFF] {
                    var bad = good
                    bad[place] ^= flip
                    try Data(bad).write(to: URL(fileURLWithPath: folder + "w.nii.gz"))
                    // A changed length of the subfield ends the whole field elsewhere, which zlib does not mind.
                    #expect(try ImageFile.read(folder + "w.nii.gz").voxels == whole.voxels, "byte \(place)")
                }
            }
            var random = CounterRandom(seed: 3)
            for _ in 0..<60 {
                var bad = good
                bad[32 + Int(random.next() % UInt64(good.count - 32))] ^= UInt8(1 + random.next() % 255)
                try Data(bad).write(to: URL(fileURLWithPath: folder + "w.nii.gz"))
                #expect(isExplained { try ImageFile.read(folder + "w.nii.gz") })
            }
        }
    }

    /// Bytes of every kind through the compressor and the system's gzip: empty, constant, periodic, noise, and Fibonacci counts, which ask for the longest codes.
    @Test func compressedBytesComeBack() throws {
        try inFolder { folder in
            var fibonacci: [UInt8] = []
            var (a, b) = (1, 1)
            for byte in 0..<26 {
                fibonacci += [UInt8](repeating: UInt8(byte), count: a)
                (a, b) = (b, a + b)
            }
            var random = CounterRandom(seed: 5)
            let shuffled = fibonacci.map { ($0, random.next()) }.sorted { $0.1 < $1.1 }.map(\.0)
            let noisy = (0..<700_001).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let text = (0..<99_999).flatMap { Array("\($0 * $0 % 9973) ".utf8) }
            let all = [shuffled, noisy, text, [UInt8](repeating: 7, count: 65_536 * 9 + 1), (0..<140_000).map { UInt8($0 % 251) }]
            // As numbers of one and two bytes, and as whole ones and multiples of a fraction in four: the compressor goes by their kind.
            for (i, data) in all.enumerated() {
                for (type, unit) in [(Datatype.uint8, Float(1)), (.int16, 1), (.float32, 1), (.float32, 0.37)] {
                    let bytes = type == .int16 ? 2 : 1, n = min(data.count / bytes, 30_000 * 100) / 100 * 100
                    let numbers = (0..<n).map { k -> Float in
                        if bytes == 1 { return unit * Float(data[k]) }
                        let low = UInt16(data[2 * k]), high = UInt16(data[2 * k + 1])
                        return Float(Int16(bitPattern: high << 8 | low))
                    }
                    // The bytes as an image, which the header goes before.
                    let grid = try Grid(shape: [100, n / 100, 1], affine: .identity)
                    try ImageFile.write(Volume(grid: grid, voxels: numbers, datatype: type), to: folder + "v.nii.gz")
                    #expect(try unzipped(folder + "v.nii.gz", to: folder + "v.nii"), "\(i) \(type)")
                    let found = Array(try self.bytes(folder + "v.nii").dropFirst(352))
                    let expected =
                        type == .float32
                        ? numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) } : Array(data.prefix(n * bytes))
                    #expect(found == expected, "\(i) \(type)")
                }
            }
        }
    }

    /// A head's values as float32: whole numbers, multiples of a fraction, and what has no value twice; not larger than by gzip at its fastest.
    @Test func numbersOfFourBytesBecomeSmall() throws {
        try inFolder { folder in
            let random = CounterRandom(seed: 8), grid = try Grid(shape: [128, 128, 40], affine: .identity)
            let whole = (0..<grid.count).map { n -> Float in
                let (x, y) = (Float(n % 128) - 64, Float(n / 128 % 128) - 64)
                let r = x * x + y * y
                let noise = Float(random.normal(at: UInt64(n)))
                return r > 3600 ? 0 : (300 + r / 30 + 25 * noise).rounded()
            }
            for (unit, type) in [(Float(1), Datatype.float32), (0.4321, .float32), (1, .int32)] {
                let v = Volume(grid: grid, voxels: whole.map { $0 * unit }, datatype: type)
                try ImageFile.write(v, to: folder + "v.nii.gz")
                try ImageFile.write(v, to: folder + "v.nii")
                let ours = try bytes(folder + "v.nii.gz").count
                try gzip(["-1", "-f", folder + "v.nii"])
                let theirs = try bytes(folder + "v.nii.gz").count
                #expect(ours < theirs, "\(unit) \(type)")
            }
        }
    }

    /// More blocks than wait for one another at a time.
    @Test func manyBlocksComeBack() throws {
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        Parallel.threads = min(2, threads)
        try inFolder { folder in
            let v = try noise([256, 256, 145 * Parallel.threads])
            let whole = Volume(grid: v.grid, voxels: v.voxels.map { ($0 * 3).rounded() }, datatype: .float32)
            try ImageFile.write(whole, to: folder + "v.nii.gz")
            #expect(try unzipped(folder + "v.nii.gz", to: folder + "v.nii"))
            #expect(try ImageFile.read(folder + "v.nii").voxels == whole.voxels)
            #expect(try ImageFile.read(folder + "v.nii.gz").voxels == whole.voxels)
        }
    }

    /// What the system's gzip makes of a file; false where it complains.
    private func unzipped(_ path: String, to plain: String) throws -> Bool {
        try gzip(["-dkf", path]) == 0 && FileManager.default.fileExists(atPath: plain)
    }

    @discardableResult
    private func gzip(_ arguments: [String]) throws -> Int32 {
        let gzip = Process()
        gzip.executableURL = URL(fileURLWithPath: "/bin/gzip")
        gzip.arguments = arguments
        try gzip.run()
        gzip.waitUntilExit()
        return gzip.terminationStatus
    }

    /// Masks of a cohort's head in one file: frames of zeros and ones, as uint8.
    @Test func masksBecomeFrames() throws {
        let grid = try Grid(shape: [3, 2, 2], affine: .identity)
        let masks = [0, 1].map { first in Mask(grid: grid, voxels: (0..<12).map { UInt8(($0 + first) % 2) }) }
        try inFolder { folder in
            try ImageFile.write(masks, to: folder + "masks.nii.gz")
            let found = try ImageFile.readAll(folder + "masks.nii.gz")
            #expect(found.map(\.datatype) == [.uint8, .uint8])
            #expect(found.map { $0.voxels.map { UInt8($0) } } == masks.map(\.voxels))
        }
    }
}
