import Support

/// The transforms of a file of ITK's: kinds, parameters and fixed parameters, in the order of the file.
struct ITKTransforms {
    struct Entry {
        /// The class without number type and dimensions: AffineTransform.
        var kind: String
        var parameters: [Double]
        var fixed: [Double]
    }

    private let path: String
    private let entries: [Entry]

    /// ITK's text: lines of "Transform: Kind_double_3_3", "Parameters: …" and "FixedParameters: …". Throws `TransformFileError`.
    init(_ text: String, path: String) throws {
        self.path = path
        var entries: [Entry] = []
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon], rest = line[line.index(after: colon)...]
            if name == "Transform" {
                entries.append(Entry(kind: try Self.kind(rest.drop { $0 == " " }, path), parameters: [], fixed: []))
            } else if name == "Parameters" || name == "FixedParameters" {
                if entries.isEmpty { throw TransformFileError.missing(path: path, field: "line \"Transform:\" before its \(name)") }
                let numbers = try NumberList.read(rest, field: String(name), path: path)
                if name == "Parameters" {
                    entries[entries.count - 1].parameters = numbers
                } else {
                    entries[entries.count - 1].fixed = numbers
                }
            }
        }
        self.entries = entries
    }

    /// ITK's MATLAB files: an array of the class' name with the parameters, and one named "fixed". Throws `TransformFileError`.
    init(_ arrays: MATLABArrays, path: String) throws {
        self.path = path
        var entries: [Entry] = []
        for (name, numbers) in arrays.all {
            if let bad = numbers.first(where: { !$0.isFinite }) {
                throw TransformFileError.number(path: path, field: Text.quoted(name), value: "\(bad)")
            }
            if name == "fixed" {
                if entries.isEmpty { throw TransformFileError.missing(path: path, field: "transform before its fixed parameters") }
                entries[entries.count - 1].fixed = numbers
            } else {
                entries.append(Entry(kind: try Self.kind(name[...], path), parameters: numbers, fixed: []))
            }
        }
        self.entries = entries
    }

    /// The class of "AffineTransform_double_3_3". Throws `TransformFileError.kind` for other dimensions.
    private static func kind(_ name: Substring, _ path: String) throws -> String {
        let parts = name.split(whereSeparator: { $0 == "_" || $0.isWhitespace })
        guard parts.count == 4, parts[2] == "3", parts[3] == "3" else {
            throw TransformFileError.kind(path: path, kind: Text.quoted(String(name)))
        }
        return String(parts[0])
    }

    /// Where the file's one transform, or its composite, moves an image. Throws `TransformFileError`.
    func transform() throws -> Transform {
        let isComposite = entries.first?.kind == "CompositeTransform", parts = isComposite ? entries.dropFirst() : entries[...]
        if parts.isEmpty { throw TransformFileError.missing(path: path, field: "transform") }
        if parts.count > 1, !isComposite { throw TransformFileError.several(path: path, count: parts.count) }
        // A composite applies its last first.
        let sampling = try parts.map(matrix).dropFirst().reduce(matrix(parts[parts.startIndex])) { $0.after($1) }
        return try Transform(inFile: path, Self.turned(sampling)).inverse
    }

    /// Between left-posterior-superior and right-anterior-superior coordinates, either way.
    private static func turned(_ a: Affine) -> Affine {
        let signs: SIMD4<Double> = [-1, -1, 1, 1]
        return Affine(-a.rows.0 * signs, -a.rows.1 * signs, a.rows.2 * signs)
    }

    /// The map of positions that parameters mean: y = M (x − centre) + centre + shift, as itk::MatrixOffsetTransformBase has it.
    private func matrix(_ e: Entry) throws -> Affine {
        func require(_ numbers: [Double], _ needed: Int, _ field: String) throws {
            if numbers.count != needed {
                throw TransformFileError.count(path: path, kind: e.kind, field: field, found: numbers.count, needed: needed)
            }
        }
        func parameters(_ needed: Int) throws { try require(e.parameters, needed, "Parameters") }
        let p = e.parameters
        func shift(_ place: Int) -> SIMD3<Double> { SIMD3(p[place], p[place + 1], p[place + 2]) }
        func centre() throws -> SIMD3<Double> {
            // Some writers leave a centre at the origin out.
            if e.fixed.isEmpty { return .zero }
            try require(e.fixed, 3, "FixedParameters")
            return SIMD3(e.fixed[0], e.fixed[1], e.fixed[2])
        }
        func about(_ centre: SIMD3<Double>, _ linear: Affine, _ shift: SIMD3<Double>) -> Affine {
            Affine(spacing: .one, origin: centre + shift).after(linear).after(Affine(spacing: .one, origin: -centre))
        }
        func rows(_ m: [Double]) -> Affine { Affine([m[0], m[1], m[2], 0], [m[3], m[4], m[5], 0], [m[6], m[7], m[8], 0]) }

        switch e.kind {
        case "AffineTransform", "MatrixOffsetTransformBase", "Rigid3DTransform":
            try parameters(12)
            return about(try centre(), rows(p), shift(9))
        case "CenteredAffineTransform":
            try parameters(15)
            return about(shift(9), rows(p), shift(12))
        case "VersorRigid3DTransform":
            try parameters(6)
            return about(try centre(), try versor(shift(0)), shift(3))
        case "VersorTransform":
            try parameters(3)
            return about(try centre(), try versor(shift(0)), .zero)
        case "Similarity3DTransform":
            try parameters(7)
            return about(try centre(), try versor(shift(0)).after(Affine(spacing: SIMD3(repeating: p[6]))), shift(3))
        case "ScaleVersor3DTransform":
            try parameters(9)
            // ITK adds the scales to the rotation rather than multiplying them.
            var m = try versor(shift(0))
            m.rows.0.x += p[6] - 1
            m.rows.1.y += p[7] - 1
            m.rows.2.z += p[8] - 1
            return about(try centre(), m, shift(3))
        case "QuaternionRigidTransform":
            try parameters(7)
            return about(try centre(), try rotation(SIMD4(p[0], p[1], p[2], p[3])), shift(4))
        case "Euler3DTransform":
            try parameters(6)
            // A fourth fixed parameter tells the order of the turns.
            if e.fixed.count != 4, !e.fixed.isEmpty { try require(e.fixed, 3, "FixedParameters") }
            let c = e.fixed.count < 3 ? SIMD3<Double>.zero : SIMD3(e.fixed[0], e.fixed[1], e.fixed[2])
            let (x, y, z) = (Affine.turn(p[0], from: 1, to: 2), Affine.turn(p[1], from: 2, to: 0), Affine.turn(p[2], from: 0, to: 1))
            return about(c, e.fixed.count == 4 && e.fixed[3] != 0 ? z.after(y).after(x) : z.after(x).after(y), shift(3))
        case "TranslationTransform":
            try parameters(3)
            return Affine(spacing: .one, origin: shift(0))
        case "ScaleTransform":
            try parameters(3)
            return about(try centre(), Affine(spacing: shift(0)), .zero)
        case "IdentityTransform": return .identity
        default: throw TransformFileError.kind(path: path, kind: e.kind)
        }
    }

    /// The rotation of a versor's vector part, of length 1 or less.
    private func versor(_ v: SIMD3<Double>) throws -> Affine {
        let rest = 1 - (v * v).sum()
        guard rest > -1e-9 else { throw TransformFileError.number(path: path, field: "Parameters", value: "a versor longer than 1") }
        return try rotation(SIMD4(v, max(0, rest).squareRoot()))
    }

    /// The rotation of a quaternion (x, y, z, w) of any length but 0.
    private func rotation(_ quaternion: SIMD4<Double>) throws -> Affine {
        let length = (quaternion * quaternion).sum().squareRoot()
        guard length.isNormal else {
            throw TransformFileError.number(path: path, field: "Parameters", value: "a quaternion of length \(length)")
        }
        let q = quaternion / length, (x, y, z, w) = (q.x, q.y, q.z, q.w)
        return Affine(
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w), 0],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w), 0],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y), 0])
    }
}

extension ITKTransforms {
    private static let name = "AffineTransform_double_3_3"

    /// The twelve parameters of an affine transform about the origin.
    private static func parameters(_ transform: Transform) -> [Double] {
        let m = turned(transform.inverse.matrix), rows = [m.rows.0, m.rows.1, m.rows.2]
        // 0 rather than -0, which the turning over makes.
        return (rows.flatMap { [$0.x, $0.y, $0.z] } + rows.map(\.w)).map { $0 + 0 }
    }

    /// ITK's text.
    static func text(_ transform: Transform) -> String {
        let numbers = parameters(transform).map { "\($0)" }.joined(separator: " ")
        return "#Insight Transform File V1.0\n#Transform 0\nTransform: \(name)\nParameters: \(numbers)\nFixedParameters: 0 0 0\n"
    }

    /// ITK's MATLAB file, as ANTs writes it.
    static func arrays(_ transform: Transform) -> [UInt8] {
        MATLABArrays([(name, parameters(transform)), ("fixed", [0, 0, 0])]).bytes
    }
}

/// Named columns of numbers in MATLAB's level 4 format (MAT-File Format, The MathWorks, chapter 2).
struct MATLABArrays {
    private(set) var all: [(name: String, numbers: [Double])]

    init(_ all: [(name: String, numbers: [Double])]) { self.all = all }

    /// Nil for bytes that are not such a file, in either byte order.
    init?(_ bytes: [UInt8]) {
        all = []
        guard bytes.count > 20 else { return nil }
        // The first number is 1000 for big-endian numbers, plus 10 for single precision; as the other order reads it, it is large.
        let first: Int32 = FieldReader(bytes: bytes, swapped: false).number(0)
        let f = FieldReader(bytes: bytes, swapped: first != 0 && first != 10)
        var place = 0
        while place < bytes.count {
            guard bytes.count - place >= 20 else { return nil }
            func whole(_ index: Int) -> Int { Int(f.number(place + 4 * index, as: Int32.self)) }
            let type = whole(0) - (f.swapped ? 1000 : 0), rows = whole(1), columns = whole(2), length = whole(4)
            guard type == 0 || type == 10, whole(3) == 0, (0...4096).contains(rows), (0...4096).contains(columns),
                (1...256).contains(length)
            else { return nil }
            let size = type == 0 ? 8 : 4, start = place + 20 + length, end = start + rows * columns * size
            guard end <= bytes.count, all.count < 64 else { return nil }
            let numbers = (0..<rows * columns).map { size == 8 ? f.double(start + 8 * $0) : f.float(start + 4 * $0) }
            all.append((f.text(place + 20, length), numbers))
            place = end
        }
    }

    var bytes: [UInt8] {
        all.flatMap { name, numbers -> [UInt8] in
            let text = Array(name.utf8) + [0]
            var f = FieldWriter(count: 20 + text.count + 8 * numbers.count)
            for (i, n) in [0, numbers.count, 1, 0, text.count].enumerated() { f.put(Int32(n), at: 4 * i) }
            for (i, byte) in text.enumerated() { f.put(byte, at: 20 + i) }
            for (i, x) in numbers.enumerated() { f.put(double: x, at: 20 + text.count + 8 * i) }
            return f.bytes
        }
    }
}
