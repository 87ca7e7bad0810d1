import Imaging
import Testing

@Suite struct BrainExtractionTests {
    /// A brain that is an egg of white matter in a shell of grey, in dark fluid and bone, under a bright skin.
    static let head = Result { () throws -> (image: Volume, mask: Mask) in
        let grid = try Grid(shape: [60, 72, 64], affine: Affine(spacing: [3, 3, 3], origin: [-91, -110, -90]))
        let random = try noise(grid.shape, affine: grid.affine, seed: 2).voxels
        var image = [Float](repeating: 0, count: grid.count), mask = [UInt8](repeating: 0, count: grid.count)
        for k in 0..<grid.shape.z {
            for j in 0..<grid.shape.y {
                for i in 0..<grid.shape.x {
                    let p = grid.affine([Double(i), Double(j), Double(k)]), at = grid.index(i, j, k)
                    // How far outside of the brain, in mm, about.
                    let egg = p / SIMD3(62, 76, p.z > 0 ? 66 : 54)
                    let outside = ((egg * egg).sum().squareRoot() - 1) * 64
                    let value: Float = outside < -12 ? 110 : outside < 0 ? 80 : outside < 6 ? 25 : outside < 14 ? 8 : outside < 20 ? 120 : 0
                    image[at] = value + 12 * random[at]
                    mask[at] = outside < 0 ? 1 : 0
                }
            }
        }
        return (Volume(grid: grid, voxels: image), Mask(grid: grid, voxels: mask))
    }

    func extract(_ image: Volume, _ change: (inout BET.Options) -> Void = { _ in }) throws -> Mask {
        var options = BET.Options()
        options.iterations = 400
        change(&options)
        return try BET.extract(image, options: options)
    }

    @Test func findsABrain() throws {
        let head = try Self.head.get()
        let brain = try extract(head.image)
        #expect(try Overlap.dice(brain, head.mask) > 0.94)
        #expect(try brain.components().sizes.count == 1)
    }

    @Test func thresholdAndGradientTurnTheSizeAsTheyShould() throws {
        let image = try Self.head.get().image
        let sizes = try [0.4, 0.5, 0.65].map { threshold in try extract(image) { $0.threshold = threshold }.count }
        #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2], "\(sizes)")
        // A positive gradient takes from the top and adds at the bottom.
        let up = try extract(image) { ($0.gradient, $0.restarts) = (0.3, 0) },
            down = try extract(image) { ($0.gradient, $0.restarts) = (-0.3, 0) }
        #expect(try up.centroid().z < down.centroid().z - 1)
    }

    /// The surface lives in the world: how the voxels are stored does not matter.
    @Test func doesNotDependOnTheOrderOfVoxels() throws {
        let image = try Self.head.get().image, n = image.grid.shape
        // Stored as superior–anterior–left.
        let (a, b, c) = image.grid.affine.rows
        func turned(_ r: SIMD4<Double>) -> SIMD4<Double> { [r.z, r.y, -r.x, r.w + r.x * Double(n.x - 1)] }
        let grid = try Grid(shape: [n.z, n.y, n.x], affine: Affine(turned(a), turned(b), turned(c)))
        var voxels = image.voxels
        for k in 0..<n.z {
            for j in 0..<n.y {
                for i in 0..<n.x { voxels[grid.index(k, j, n.x - 1 - i)] = image[i, j, k] }
            }
        }
        let straight = try extract(image), other = try extract(Volume(grid: grid, voxels: voxels))
        let same = (0..<n.z).reduce(0) { sum, k in
            sum + (0..<n.y).reduce(0) { s, j in s + (0..<n.x).reduce(0) { $0 + (straight[$1, j, k] && other[k, j, n.x - 1 - $1] ? 1 : 0) } }
        }
        #expect(2 * Double(same) / Double(straight.count + other.count) > 0.99)
    }

    @Test func refusesWhatIsNoHead() throws {
        let grid = try Grid(shape: [8, 9, 7], affine: .identity)
        func volume(_ value: (Int) -> Float) -> Volume { Volume(grid: grid, voxels: (0..<grid.count).map(value)) }
        #expect(isExplained { try BET.extract(volume { _ in 3 }) })
        #expect(isExplained { try BET.extract(volume { $0 == 5 ? .nan : Float($0 % 7) }) })
        // Noise without a head ends too, and says that it found nothing.
        #expect(throws: MaskError.nothingFound) { try BET.extract(volume { Float($0 * 7919 % 101) }) }
        for spoil: (inout BET.Options) -> Void in [
            { $0.threshold = 0 }, { $0.threshold = .nan }, { $0.gradient = 2 }, { $0.iterations = 0 }, { $0.restarts = -1 },
            { $0.centre = [.nan, 0, 0] },
        ] {
            var options = BET.Options()
            spoil(&options)
            #expect(isExplained { try BET.extract(volume { Float($0 % 7) }, options: options) })
        }
        // A centre far outside finds nothing to grow in.
        var options = BET.Options()
        options.centre = [1e9, 0, 0]
        #expect(isExplained { try BET.extract(volume { Float($0 % 7) }, options: options) })
    }
}
