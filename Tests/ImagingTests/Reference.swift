import Foundation
import Imaging
import Support

/// Stored reference numbers, made by the scripts in Tests/Reference/imaging.
enum Reference {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Reference/imaging")

    static func load<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// The folder of real images; nil, with a line that says so, when there is none.
    static func data(for test: String = #function) -> URL? {
        let root = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let places = [
            ProcessInfo.processInfo.environment["SKULLSTRIP_DATA"].map { URL(fileURLWithPath: $0) },
            root.deletingLastPathComponent().appendingPathComponent("shared/data"),
        ]
        for place in places.compactMap({ $0 }) where FileManager.default.fileExists(atPath: place.appendingPathComponent("heads").path) {
            return place
        }
        print("skipped \(test): no real images (set SKULLSTRIP_DATA to their folder)")
        return nil
    }

    /// Writes the stored image of 5×7×9 voxels with others of any type: NIfTI's code and bits of it, and the voxels' bytes, little-endian.
    static func image(_ path: String, type: Int16, bits: Int16, voxels: [UInt8], slope: Float = 1, inter: Float = 0) throws {
        var raw = [UInt8](try Data(contentsOf: folder.appendingPathComponent("files/uint8.nii")).prefix(352))
        func put(_ value: some FixedWidthInteger, _ place: Int) {
            withUnsafeBytes(of: value) { for (i, b) in $0.enumerated() { raw[place + i] = b } }
        }
        put(type, 70)
        put(bits, 72)
        put(slope.bitPattern, 112)
        put(inter.bitPattern, 116)
        try Data(raw + voxels).write(to: URL(fileURLWithPath: path))
    }

    static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("skullstrip-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}

/// What a script stored for operations on small images.
struct Operations: Decodable {
    struct Resampled: Decodable {
        var from: String
        var to: String
        var how: String
        var shape: [Int]
        var affine: [Double]
        var values: [Float]
    }
    struct Smoothed: Decodable {
        var sigma: Double
        var values: [Float]
    }
    struct Threshold: Decodable {
        var image: String
        var bins: Int
        var threshold: Double
        var count: Int
    }
    struct Ball: Decodable {
        var spacing: [Double]
        var radius: Double
        var dilated: String
        var eroded: String
    }
    struct Masks: Decodable {
        var shape: [Int]
        var voxels: [UInt8]
        var balls: [Ball]
    }
    struct Speckle: Decodable {
        var voxels: String
        var largest: String
        var filled: String?
    }
    var shape: [Int]
    var image: [Float]
    var affines: [String: [Double]]
    var resample: [Resampled]
    var gaussian: [Smoothed]
    var percentiles: [[Double]]
    var moments: [Double]
    var otsu: [Threshold]
    var both: [Float]
    var whole: [Float]
    var mask: Masks
    var speckle: Speckle
    var ties: Speckle

    static let stored = Result { try Reference.load("operations.json", as: Operations.self) }

    func volume(_ affine: String = "source") throws -> Volume {
        Volume(grid: try Grid(shape: triple(shape), affine: Affine(flat: affines[affine] ?? [])), voxels: image)
    }
}

func triple(_ a: [Int]) -> SIMD3<Int> { [a[0], a[1], a[2]] }

func bits(_ text: String) -> [UInt8] { text.utf8.map { $0 - 48 } }

extension Affine {
    /// Twelve numbers, row by row.
    init(flat m: [Double]) {
        self.init([m[0], m[1], m[2], m[3]], [m[4], m[5], m[6], m[7]], [m[8], m[9], m[10], m[11]])
    }
}

func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// A volume of repeatable noise.
func noise(_ shape: SIMD3<Int>, affine: Affine = .identity, seed: UInt64 = 1) throws -> Volume {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    let grid = try Grid(shape: shape, affine: affine)
    return Volume(
        grid: grid,
        voxels: (0..<grid.count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24)
        })
}

/// Whether `body` ends in an error that explains itself in one line.
func isExplained<T>(_ body: () throws -> T) -> Bool {
    do {
        _ = try body()
        return false
    } catch {
        guard let error = error as? any ExplainedError else { return false }
        return !error.message.isEmpty && !error.message.contains("\n")
    }
}
