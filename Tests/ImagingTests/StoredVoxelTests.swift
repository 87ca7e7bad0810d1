import Foundation
import Imaging
import Support
import Testing

/// Numbers that float32 does not hold, through every step that only moves voxels, against the same step on the file's bytes.
@Suite struct StoredVoxelTests {
    /// NIfTI's code and bits of a type, with voxels of which float32 holds few.
    static let kinds: [(name: String, code: Int16, bits: Int16)] = [
        ("int32", 8, 32), ("uint32", 768, 32), ("int64", 1024, 64), ("uint64", 1280, 64), ("float64", 64, 64), ("float128", 1536, 128),
        ("RGB24", 128, 24), ("RGBA32", 2304, 32), ("complex64", 32, 64), ("complex128", 1792, 128), ("complex256", 2048, 256),
    ]
    static let shape = SIMD3(5, 7, 9)

    /// Any bits do, but for exponents that are far from what an image has.
    static func bytes(_ bits: Int16, seed: UInt64) -> [UInt8] {
        var random = CounterRandom(seed: seed)
        return (0..<315 * Int(bits) / 8).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    func inFolder(_ body: (String) throws -> Void) throws {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path + "/")
    }

    /// The voxels of an uncompressed NIfTI file without extensions.
    func stored(_ path: String, _ size: Int) throws -> [[UInt8]] {
        let raw = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)).dropFirst(352))
        return stride(from: 0, to: raw.count, by: size).map { Array(raw[$0..<($0 + size)]) }
    }

    /// Voxels of a grid of `shape`, each from the place that `source` says, or zero.
    func moved(_ voxels: [[UInt8]], to shape: SIMD3<Int>, _ source: (SIMD3<Int>) -> SIMD3<Int>?) -> [[UInt8]] {
        var out: [[UInt8]] = []
        for k in 0..<shape.z {
            for j in 0..<shape.y {
                for i in 0..<shape.x {
                    let zero = [UInt8](repeating: 0, count: voxels[0].count)
                    out.append(source(SIMD3(i, j, k)).map { voxels[$0.x + Self.shape.x * ($0.y + Self.shape.y * $0.z)] } ?? zero)
                }
            }
        }
        return out
    }

    @Test(arguments: StoredVoxelTests.kinds.indices)
    func whatOnlyMovesVoxelsKeepsTheirBytes(_ index: Int) throws {
        let kind = Self.kinds[index], size = Int(kind.bits) / 8, shape = Self.shape
        try inFolder { folder in
            let bytes = Self.bytes(kind.bits, seed: UInt64(index))
            try Reference.image(folder + "v.nii", type: kind.code, bits: kind.bits, voxels: bytes)
            let v = try ImageFile.read(folder + "v.nii"), voxels = try stored(folder + "v.nii", size)
            let target = try Grid(shape: [6, 7, 8], affine: v.grid.affine.after(Affine(spacing: [1, 1, 1], origin: [-2, 1, 0])))
            let turned = try AxisOrder(axes: [2, 0, 1], flipped: [true, false, true])
            let mask = Mask(grid: v.grid, voxels: (0..<315).map { UInt8($0 % 3 == 0 ? 0 : 1) })
            let steps: [(String, Volume, [[UInt8]])] = [
                ("crop", try v.cropped(from: [1, 2, 3], to: [4, 7, 8]), moved(voxels, to: [3, 5, 5]) { $0 &+ [1, 2, 3] }),
                (
                    "pad", try v.padded(before: [1, 0, 2], after: [0, 1, 0]),
                    moved(voxels, to: [6, 8, 11]) { p in
                        let q = p &- [1, 0, 2]
                        return q.x >= 0 && q.y < 7 && q.z >= 0 ? q : nil
                    }
                ),
                ("flip", try v.flipped(axis: 1), moved(voxels, to: shape) { SIMD3($0.x, 6 - $0.y, $0.z) }),
                ("permute", try v.ordered(turned), moved(voxels, to: [9, 5, 7]) { SIMD3($0.y, 6 - $0.z, 8 - $0.x) }),
                ("masked", try Elementwise.masked(v, by: mask), moved(voxels, to: shape) { ($0.x + 5 * ($0.y + 7 * $0.z)) % 3 == 0 ? nil : $0 }),
                ("moved", try v.moved(by: .translation([3, 2, 1])), voxels),
                ("placed", try v.placed(on: Grid(shape: shape, affine: .identity)), voxels),
                (
                    "nearest", try v.resampled(onto: target, interpolation: .nearest),
                    moved(voxels, to: [6, 7, 8]) { p in
                        let q = p &+ [-2, 1, 0]
                        return q.x >= 0 && q.y < 7 ? q : nil
                    }
                ),
                ("twice", try v.flipped(axis: 0).cropped(from: [0, 0, 0], to: [2, 7, 9]), moved(voxels, to: [2, 7, 9]) { SIMD3(4 - $0.x, $0.y, $0.z) }),
            ]
            for (name, image, expected) in steps {
                try ImageFile.write(image, to: folder + "w.nii")
                #expect(try stored(folder + "w.nii", size) == expected, "\(kind.name) \(name)")
                // What is computed with is what the file written holds.
                let back = try ImageFile.read(folder + "w.nii")
                #expect(back.voxels.map(\.bitPattern) == image.voxels.map(\.bitPattern), "\(kind.name) \(name)")
                #expect(image.datatype == v.datatype)
            }
        }
    }

    /// Labels that are one in float32 are told apart: nearest and label on grids between the voxels, against the vote of the eight neighbours.
    @Test(arguments: ["int32", "uint32", "int64", "uint64"])
    func labelsAreVotedOnAsTheyAre(_ name: String) throws {
        let kind = try #require(Self.kinds.first { $0.name == name })
        try inFolder { folder in
            let labels = [0, 312_782_546, 312_782_550, 312_782_554, 7]
            var random = CounterRandom(seed: 17)
            let chosen = (0..<315).map { _ in labels[Int(random.next() % 5)] }
            let bytes = chosen.flatMap { n in (0..<Int(kind.bits) / 8).map { UInt8(truncatingIfNeeded: n >> (8 * $0)) } }
            try Reference.image(folder + "v.nii", type: kind.code, bits: kind.bits, voxels: bytes)
            let v = try ImageFile.read(folder + "v.nii")
            #expect(v.roundedIntegers == chosen.filter { $0 == 312_782_546 || $0 == 312_782_550 || $0 == 312_782_554 }.filter { Int(Float($0)) != $0 }.count)
            let step: SIMD3<Double> = [0.375, 0.25, 0.125]
            let target = try Grid(shape: [4, 6, 8], affine: v.grid.affine.after(Affine(spacing: .one, origin: step)))
            let moved = try v.resampled(onto: target, interpolation: .label)
            try ImageFile.write(moved, to: folder + "w.nii")
            let found = try stored(folder + "w.nii", Int(kind.bits) / 8).map { $0.reversed().reduce(0) { $0 << 8 | Int($1) } }
            for k in 0..<8 {
                for j in 0..<6 {
                    for i in 0..<4 {
                        var votes: [Int: Double] = [:]
                        for corner in 0..<8 {
                            let (x, y, z) = (corner & 1, corner >> 1 & 1, corner >> 2)
                            let weight = abs(Double(1 - x) - step.x) * abs(Double(1 - y) - step.y) * abs(Double(1 - z) - step.z)
                            votes[chosen[i + x + 5 * (j + y + 7 * (k + z))], default: 0] += weight
                        }
                        let most = votes.values.max()!
                        #expect(found[i + 4 * (j + 6 * k)] == votes.filter { $0.value > most - 1e-6 }.keys.min(), "\(i) \(j) \(k)")
                    }
                }
            }
        }
    }

    /// From the file's numbers, not from what float32 makes of them.
    @Test func anotherTypeIsMadeFromTheFilesNumbers() throws {
        try inFolder { folder in
            let numbers: [Int64] = [0, 16_777_217, -16_777_217, 2_147_483_647, -2_147_483_648, 312_782_546, 9_007_199_254_740_993]
            let bytes = (0..<315).flatMap { i in withUnsafeBytes(of: numbers[i % 6]) { Array($0) } }
            try Reference.image(folder + "v.nii", type: 1024, bits: 64, voxels: bytes)
            let v = try ImageFile.read(folder + "v.nii")
            // All fit in int32, which is the only type of the format that holds them.
            try ImageFile.write(v, to: folder + "w.mgz")
            try ImageFile.write(try ImageFile.read(folder + "w.mgz"), to: folder + "w.nii")
            let expected = (0..<315).map { i in withUnsafeBytes(of: Int32(numbers[i % 6])) { Array($0) } }
            #expect(try stored(folder + "w.nii", 4) == expected)
            #expect(try ImageFile.write(v, to: folder + "x.nii", datatype: .int32) == 0)
            #expect(try stored(folder + "x.nii", 4) == expected)
            try ImageFile.write(v, to: folder + "d.nii", datatype: .float64)
            #expect(try stored(folder + "d.nii", 8) == (0..<315).map { i in withUnsafeBytes(of: Double(numbers[i % 6])) { Array($0) } })
            // One that int32 does not reach.
            try Reference.image(folder + "y.nii", type: 1024, bits: 64, voxels: (0..<315).flatMap { i in withUnsafeBytes(of: numbers[i % 7]) { Array($0) } })
            let y = try ImageFile.read(folder + "y.nii")
            #expect(try ImageFile.write(y, to: folder + "z.nii", datatype: .int32) == 45)
            #expect(throws: ImageError.lossy(path: folder + "z.mgz", from: "int64", to: "float32", voxels: 225, of: 315)) {
                try ImageFile.write(y, to: folder + "z.mgz")
            }
        }
    }

    @Test func halvesOfDoublesAreRoundedOnce() throws {
        try inFolder { folder in
            // float32 makes 1.5 and 0.5 of the first two.
            let numbers = [1.499999999999, 0.500000000001, 2.5, -1e300, 1e300]
            try Reference.image(folder + "v.nii", type: 64, bits: 64, voxels: (0..<315).flatMap { i in withUnsafeBytes(of: numbers[i % 3]) { Array($0) } })
            try ImageFile.write(try ImageFile.read(folder + "v.nii"), to: folder + "w.nii", datatype: .int16)
            #expect(try ImageFile.read(folder + "w.nii").voxels == (0..<315).map { [1, 1, 2][$0 % 3] })
        }
    }

    @Test func whatCannotBeKeptIsAnError() throws {
        try inFolder { folder in
            let bytes = (0..<315).flatMap { i in withUnsafeBytes(of: Int32(16_777_217 + i)) { Array($0) } }
            try Reference.image(folder + "v.nii", type: 8, bits: 32, voxels: bytes)
            let v = try ImageFile.read(folder + "v.nii")
            #expect(throws: StoredError.noSuchNumber(value: 0.5, type: "int32")) { try v.padded(before: .one, after: .one, value: 0.5) }
            #expect(throws: StoredError.self) { try v.padded(before: .one, after: .one, value: .nan) }
            let padded = try v.padded(before: .zero, after: [0, 0, 1], value: -3)
            try ImageFile.write(padded, to: folder + "w.nii")
            #expect(try stored(folder + "w.nii", 4).suffix(35).allSatisfy { $0 == [0xFD, 0xFF, 0xFF, 0xFF] })
            // Computing is in float32, and what comes of it says so.
            let sum = try Elementwise.apply(.add, .volume(v), .number(0))
            try ImageFile.write(sum, to: folder + "s.nii")
            #expect(try ImageFile.read(folder + "s.nii").datatype == .float32)
            // Real numbers have no number for everything either, and then are as if computed.
            try Reference.image(
                folder + "r.nii", type: 8, bits: 32, voxels: (0..<315).flatMap { i in withUnsafeBytes(of: Int32(i * 6_000_001)) { Array($0) } },
                slope: 0.1, inter: 0.05)
            let r = try ImageFile.read(folder + "r.nii"), around = try r.padded(before: .one, after: .one)
            #expect(around.datatype == .float32 && r.datatype == .int32)
            let part = try r.cropped(from: .zero, to: [1, 7, 9])
            try ImageFile.write(part, to: folder + "c.nii")
            let back = try ImageFile.read(folder + "c.nii")
            #expect(back.datatype == .int32 && back.voxels == part.voxels, "\(back.datatype) of \(part.datatype)")
        }
    }

    @Test func whatIsNoNumberHasNoInteger() throws {
        try inFolder { folder in
            let v = Volume(grid: try Grid(shape: [3, 2, 1], affine: .identity), voxels: [0.4, .nan, 1.5, -1, .infinity, -.infinity])
            for type in [Datatype.uint8, .int16, .int64] {
                #expect(throws: ImageError.notFinite(path: folder + "v.nii", voxels: 3, of: 6, type: type.rawValue)) {
                    try ImageFile.write(v, to: folder + "v.nii", datatype: type)
                }
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "v.nii"))
            // The same values are float32 unasked, and asked for.
            for type in [nil, Datatype.float32, .float64] {
                try ImageFile.write(v, to: folder + "v.nii", datatype: type)
                #expect(try ImageFile.read(folder + "v.nii").voxels.map(\.bitPattern) == v.voxels.map(\.bitPattern))
            }
        }
    }
}
