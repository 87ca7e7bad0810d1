import Foundation
import Imaging
import Support
import Testing

/// Transforms of SimpleITK's files, and ours as SimpleITK reads them.
@Suite struct TransformFileTests {
    struct Stored: Decodable {
        var points: [[Double]]
        /// Where ITK takes the points, for each file.
        var mapped: [String: [[Double]]]
        var own: [Double]
    }
    static let stored = Result { try Reference.load("transforms.json", as: Stored.self) }
    let folder = Reference.folder.appendingPathComponent("transforms").path + "/"

    @Test func itksFilesTakePointsWhereItkTakesThem() throws {
        let stored = try Self.stored.get()
        #expect(stored.mapped.count == 11)
        for (name, mapped) in stored.mapped {
            // ITK's map is that of resampling, from the fixed image to the moving one.
            let map = try TransformFile.read(folder + name).inverse.matrix
            for (p, q) in zip(stored.points, mapped) {
                let apart = map(SIMD3(p[0], p[1], p[2])) - SIMD3(q[0], q[1], q[2])
                #expect(max(abs(apart.x), abs(apart.y), abs(apart.z)) < 1e-9, "\(name)")
            }
        }
    }

    /// The script has SimpleITK read these very bytes.
    @Test func writtenAsItkReads() throws {
        let transform = try Transform(Affine(flat: Self.stored.get().own)), written = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: written) }
        for ending in ["tfm", "txt", "mat", "xfm"] {
            let file = written.appendingPathComponent("own.\(ending)")
            try TransformFile.write(transform, to: file.path)
            #expect(try Data(contentsOf: file) == Data(contentsOf: URL(fileURLWithPath: folder + "own.\(ending)")), "\(ending)")
            let back = try TransformFile.read(file.path).matrix, matrix = transform.matrix
            for (a, b) in [(back.rows.0, matrix.rows.0), (back.rows.1, matrix.rows.1), (back.rows.2, matrix.rows.2)] {
                #expect((0..<4).allSatisfy { abs(a[$0] - b[$0]) < 1e-12 })
            }
        }
        #expect(throws: TransformFileError.ending(path: "t.h5")) { try TransformFile.write(transform, to: "t.h5") }
    }

    @Test func arraysInTheOtherByteOrderAndInSinglePrecision() throws {
        func array(_ name: String, _ numbers: [Float]) -> [UInt8] {
            let head: [Int32] = [1010, Int32(numbers.count), 1, 0, Int32(name.utf8.count + 1)]
            return head.flatMap { withUnsafeBytes(of: $0.bigEndian) { Array($0) } } + Array(name.utf8) + [0]
                + numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.bigEndian) { Array($0) } }
        }
        let bytes = array("MatrixOffsetTransformBase_float_3_3", [1, 0, 0, 0, 1, 0, 0, 0, 1, 4, 5, 6]) + array("fixed", [9, 9, 9])
        #expect(try TransformFile.read(bytes, named: "t.mat").matrix.translation == [4, 5, -6])
    }

    @Test func whatIsNoLinearTransformIsAnError() throws {
        func itk(_ body: String) -> String { "#Insight Transform File V1.0\n#Transform 0\n" + body }
        let affine = "Transform: AffineTransform_double_3_3\n", identity = "1 0 0 0 1 0 0 0 1 0 0 0"
        for (text, error) in [
            ("", TransformFileError.unknown(path: "t", what: "is empty")),
            ("hello", .unknown(path: "t", what: "begins with \"hello\"")),
            ("1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", .fsl(path: "t")),
            ("\u{89}HDF", .unknown(path: "t", what: "begins with \"?HDF\"")),
            (itk(""), .missing(path: "t", field: "transform")),
            (itk("Parameters: 1\n"), .missing(path: "t", field: "line \"Transform:\" before its Parameters")),
            (itk("Transform: AffineTransform_double_2_2\nParameters: 1 0 0 1 0 0\n"), .kind(path: "t", kind: "\"AffineTransform_double_2_2\"")),
            (itk("Transform: DisplacementFieldTransform_double_3_3\nParameters: \n"), .kind(path: "t", kind: "DisplacementFieldTransform")),
            (itk(affine + "Parameters: 1 0 0\n"), .count(path: "t", kind: "AffineTransform", field: "Parameters", found: 3, needed: 12)),
            (
                itk(affine + "Parameters: \(identity)\nFixedParameters: 1 2\n"),
                .count(path: "t", kind: "AffineTransform", field: "FixedParameters", found: 2, needed: 3)
            ),
            (itk(affine + "Parameters: 1 0 0 0 one 0 0 0 1 0 0 0\n"), .number(path: "t", field: "Parameters", value: "\"one\"")),
            (itk(affine + "Parameters: 1 0 0 0 nan 0 0 0 1 0 0 0\n"), .number(path: "t", field: "Parameters", value: "\"nan\"")),
            (itk(affine + "Parameters: \(identity)\n" + affine + "Parameters: \(identity)\n"), .several(path: "t", count: 2)),
            (
                itk("Transform: VersorRigid3DTransform_double_3_3\nParameters: 1 1 0 0 0 0\n"),
                .number(path: "t", field: "Parameters", value: "a versor longer than 1")
            ),
            ("MNI Transform File\nTransform_Type = Grid_Transform;\n", .missing(path: "t", field: "Linear_Transform")),
            (
                "MNI Transform File\nTransform_Type = Linear;\nLinear_Transform =\n1 0 0 1\n0 1 0 1;\n",
                .count(path: "t", kind: "a linear transform", field: "Linear_Transform", found: 8, needed: 12)
            ),
            (
                "MNI Transform File\nLinear_Transform = 1 0 0 0 0 1 0 0 0 0 1 0;\nTransform_Type = Linear;\nLinear_Transform = 1;\n",
                .several(path: "t", count: 2)
            ),
        ] {
            #expect(throws: error) { try TransformFile.read(Array(text.utf8), named: "t") }
        }
        #expect(throws: TransformFileError.hdf5(path: "t")) { try TransformFile.read([0x89, 0x48, 0x44, 0x46, 0x0D], named: "t") }
        let flat = itk(affine + "Parameters: 1 0 0 0 1 0 0 0 0 0 0 0\n")
        #expect(throws: TransformFileError.self) { try TransformFile.read(Array(flat.utf8), named: "t") }
        #expect(throws: FileError.missing(path: "no-such.tfm")) { try TransformFile.read("no-such.tfm") }
    }

    /// Damaged files by the thousand, each a function of its number.
    @Test func anyBytesAreATransformOrAnExplainedError() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let seeds = try names.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + $0))) }
        var read = 0
        for number in 0..<20_000 {
            var random = CounterRandom(seed: 0x7F3, stream: UInt64(number))
            let bytes = FileFuzzTests.mutated(seeds[number % seeds.count], &random)
            do {
                let m = try TransformFile.read(bytes, named: "t").matrix
                #expect((m.rows.0 + m.rows.1 + m.rows.2).sum().isFinite)
                read += 1
            } catch let error as any ExplainedError {
                if error.message.isEmpty || error.message.contains("\n") { Issue.record("input \(number): \(error)") }
            } catch {
                Issue.record("input \(number): \(error)")
            }
        }
        #expect(read > 1000 && read < 19_000)
    }
}
