import Foundation
import Imaging
import Support
import Testing

/// Damaged files by the million, each a function of its number: whatever fails can be made again.
///
/// A short run by default. The long one: `SKULLSTRIP_FUZZ=5000000 swift test -c release --filter FileFuzzTests`; `SKULLSTRIP_FUZZ_FROM` is the number of
/// the first input, and a line every 100,000 says how far it is.
@Suite struct FileFuzzTests {
    @Test func anyBytesAreAnImageOrAnExplainedError() throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["SKULLSTRIP_FUZZ"].flatMap(Int.init) ?? 20_000
        let first = environment["SKULLSTRIP_FUZZ_FROM"].flatMap(Int.init) ?? 0
        let folder = Reference.folder.appendingPathComponent("files")
        // A detached header names its data, which are given apart.
        var seeds = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().filter { !$0.hasSuffix(".raw") }
            .map { (name: $0, bytes: [UInt8](try Data(contentsOf: folder.appendingPathComponent($0)))) }
        // One that tells of its blocks, of which it has three.
        let written = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: written) }
        let own = written.appendingPathComponent("own.nii.gz"), grid = try Grid(shape: [100, 100, 60], affine: .identity)
        try ImageFile.write(Volume(grid: grid, voxels: (0..<600_000).map { Float($0 / 7000) }, datatype: .int16), to: own.path)
        seeds.append((name: "own.nii.gz", bytes: [UInt8](try Data(contentsOf: own))))
        // Voxels as text, and numbers of 16 and 32 bytes.
        for (encoding, voxels) in [("ascii", "1 -2 3 400 5 6 7 8 9 10 11 32767"), ("hex", "00 01 0203 0405060708090a0b0c0d0e0f1011121314151617")] {
            let text = "NRRD0004\ntype: short\ndimension: 4\nsizes: 3 2 1 2\nkinds: domain domain domain list\nspacings: 1 1 1 2.5\n"
                + "units: \"mm\" \"mm\" \"mm\" \"s\"\nendian: big\nencoding: \(encoding)\n\n\(voxels)\n"
            seeds.append((name: "\(encoding).nrrd", bytes: Array(text.utf8)))
        }
        let wide = Reference.folder.appendingPathComponent("files-wide")
        seeds += try FileManager.default.contentsOfDirectory(atPath: wide.path).sorted()
            .map { (name: $0, bytes: [UInt8](try Data(contentsOf: wide.appendingPathComponent($0)))) }
        let raw = [UInt8](try Data(contentsOf: folder.appendingPathComponent("apart.raw")))
        var read = 0, refused = 0
        var kinds: Set<String> = []
        for number in first..<(first + count) {
            var random = CounterRandom(seed: 0x5EED, stream: UInt64(number))
            let seed = seeds[Int(random.next() % UInt64(seeds.count))]
            let damaged = Self.mutated(seed.bytes, &random)
            // Some are gzipped after the damage, so that what lies behind the inflating is met too.
            let bytes = random.next() % 4 == 0 ? Self.gzipped(damaged) : damaged
            do {
                let reader = try ImageReader(bytes, named: seed.name) { _ in raw }
                // Of an absurd number of frames the ends are enough.
                for frame in Set([0, reader.frames - 1]) {
                    let v = try reader.frame(frame)
                    #expect(v.voxels.count == v.grid.count)
                    // What the file had beside them moves with them.
                    if number % 16 == 0 { _ = try v.flipped(axis: 0).padded(before: .zero, after: .one).voxels }
                }
                _ = reader.fileHeader.disagreement
                read += 1
            } catch let error as any ExplainedError {
                refused += 1
                kinds.insert(Mirror(reflecting: error).children.first?.label ?? "\(error)")
                if error.message.isEmpty || error.message.contains("\n") { Issue.record("input \(number): \(error)") }
            } catch {
                Issue.record("input \(number) of \(seed.name): \(error)")
            }
            if count > 100_000, number % 100_000 == 0 { print("fuzz: input \(number), \(read) read, \(refused) refused") }
        }
        print("fuzz: \(count) inputs from \(first), \(read) read, \(refused) refused, errors of \(kinds.count) kinds: \(kinds.sorted())")
        #expect(read > count / 20 && refused > count / 20 && kinds.count > 5)
    }

    /// As a gzip file of stored blocks, with the right sums.
    static func gzipped(_ data: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        for start in stride(from: 0, through: data.count, by: 65_535) {
            let part = data[start..<min(data.count, start + 65_535)], isLast = start + 65_535 > data.count
            out.append(isLast ? 1 : 0)
            for n in [UInt16(part.count), ~UInt16(part.count)] { out += [UInt8(truncatingIfNeeded: n), UInt8(truncatingIfNeeded: n >> 8)] }
            out += part
        }
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in data { sum = sum >> 8 ^ checksums[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
        for n in [~sum, UInt32(data.count)] { withUnsafeBytes(of: n.littleEndian) { out += $0 } }
        return out
    }

    private static let checksums: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
    }

    /// Bytes flipped, set to extremes, cut out, doubled, cut off or appended, mostly where headers are.
    static func mutated(_ seed: [UInt8], _ random: inout CounterRandom) -> [UInt8] {
        var bytes = seed
        func below(_ n: Int) -> Int { Int(random.next() % UInt64(max(1, n))) }
        for _ in 0...below(4) {
            let place = below(random.next() % 4 == 0 ? bytes.count : min(bytes.count, 360))
            guard place < bytes.count else { continue }
            switch below(9) {
            case 0: bytes[place] ^= 1 << UInt8(below(8))
            case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 2, 3:
                let extremes: [[UInt8]] = [
                    [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0x7F], [0x7F, 0xFF], [0, 0x80], [0x80, 0], [0, 0, 0x80, 0x7F], [0x7F, 0x80, 0, 0],
                    [0, 0, 0xC0, 0x7F],
                    [0, 0, 0, 0], [1, 0], [0, 1], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
                    [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
                    Array("99999999999".utf8), Array("-1 ".utf8), Array("none".utf8), Array("1e308".utf8), Array("nan".utf8),
                    Array("\n\n".utf8),
                ]
                for (i, b) in extremes[below(extremes.count)].enumerated() where place + i < bytes.count { bytes[place + i] = b }
            case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
            case 5: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + below(40))], at: place)
            case 6: bytes.removeLast(min(bytes.count, below(bytes.count)))
            case 7: bytes += bytes.prefix(below(64))
            default:
                let from = below(bytes.count), n = min(below(24), bytes.count - from, bytes.count - place)
                for i in 0..<n { bytes[place + i] = bytes[from + i] }
            }
        }
        return bytes
    }
}
