import Imaging
import Testing

@Suite struct MaskTests {
    let stored: Operations
    init() throws { stored = try Operations.stored.get() }

    func mask(_ voxels: [UInt8], spacing: SIMD3<Double> = .one) throws -> Mask {
        Mask(grid: try Grid(shape: triple(stored.mask.shape), affine: Affine(spacing: spacing)), voxels: voxels)
    }

    /// scipy.ndimage.binary_dilation and binary_erosion with a ball as the structure.
    @Test func ballsEqualScipy() throws {
        for b in stored.mask.balls {
            let m = try mask(stored.mask.voxels, spacing: [b.spacing[0], b.spacing[1], b.spacing[2]])
            #expect(try m.dilated(radius: b.radius).voxels == bits(b.dilated), "dilation by \(b.radius) at \(b.spacing)")
            #expect(try m.eroded(radius: b.radius).voxels == bits(b.eroded), "erosion by \(b.radius) at \(b.spacing)")
        }
    }

    /// Eroding a mask is dilating its complement, once the complement goes on beyond the image.
    @Test func erosionAndDilationAreDual() throws {
        let m = try mask(stored.mask.voxels, spacing: [0.7, 1.3, 0.9])
        let pad = SIMD3(6, 6, 6)
        for radius in [0.8, 1.5, 2.9] {
            let outside = try Elementwise.not(m.padded(before: pad, after: pad))
            let grown = try outside.dilated(radius: radius).cropped(from: pad, to: pad &+ m.grid.shape)
            #expect(try m.eroded(radius: radius).voxels == Elementwise.not(grown).voxels)
        }
    }

    /// Small balls go by shifted rows of bits, large ones by distances; both against every pair of voxels.
    @Test(
        arguments: [
            ([131, 3, 4], [0.9, 1.1, 1.3], 1.5), ([131, 3, 4], [0.5, 1.1, 1.3], 34.2), ([64, 2, 3], [1, 1, 1], 7),
            ([65, 3, 2], [1, 2, 3], 63),
            ([9, 13, 11], [1, 0.05, 0.05], 2.05), ([9, 13, 11], [1, 0.05, 0.05], 0.4), ([9, 8, 7], [1, 0.011, 0.02], 1.06),
        ] as [([Int], [Double], Double)]) func ballsEqualEveryPair(_ shape: [Int], _ spacing: [Double], _ radius: Double) throws
    {
        let step = SIMD3(spacing[0], spacing[1], spacing[2])
        let v = try noise(triple(shape), affine: Affine(spacing: step), seed: 5)
        let sparse = try Elementwise.compare(.greater, .volume(v), .number(0.995))
        let dense = try Elementwise.not(sparse)
        let n = v.grid.shape
        var grown = [UInt8](repeating: 0, count: v.grid.count), shrunk = grown
        for k in 0..<n.z {
            for j in 0..<n.y {
                for i in 0..<n.x {
                    // The nearest voxel beyond the image.
                    let edge = [
                        Double(min(i + 1, n.x - i)) * step.x, Double(min(j + 1, n.y - j)) * step.y, Double(min(k + 1, n.z - k)) * step.z,
                    ].min()!
                    var near = false
                    for z in 0..<n.z {
                        for y in 0..<n.y {
                            for x in 0..<n.x where sparse[x, y, z] {
                                let d = SIMD3(Double(x - i), Double(y - j), Double(z - k)) * step
                                if (d * d).sum() <= radius * radius * (1 + 1e-9) { near = true }
                            }
                        }
                    }
                    grown[v.grid.index(i, j, k)] = near ? 1 : 0
                    shrunk[v.grid.index(i, j, k)] = near || edge <= radius * (1 + 1e-9) ? 0 : 1
                }
            }
        }
        #expect(sparse.count > 0)
        #expect(try sparse.dilated(radius: radius).voxels == grown)
        #expect(try dense.eroded(radius: radius).voxels == shrunk)
    }

    @Test func overlapOfManyVoxels() throws {
        let a = try Elementwise.compare(.greater, .volume(try noise([97, 89, 71], seed: 1)), .number(0.2))
        let b = try Elementwise.compare(.greater, .volume(try noise([97, 89, 71], seed: 2)), .number(0.3))
        let both = zip(a.voxels, b.voxels).reduce(0) { $0 + Int($1.0 & $1.1) }
        let left = a.voxels.reduce(0) { $0 + Int($1) }, right = b.voxels.reduce(0) { $0 + Int($1) }
        #expect(a.count == left && b.count == right)
        #expect(try Overlap.dice(a, b) == 2 * Double(both) / Double(left + right))
        #expect(try Overlap.iou(a, b) == Double(both) / Double(left + right - both))
    }

    @Test func emptyAndFullMasks() throws {
        let none = try mask(.init(repeating: 0, count: stored.mask.voxels.count))
        let all = try Elementwise.not(none)
        #expect(try none.dilated(radius: 3).count == 0 && none.eroded(radius: 3).count == 0)
        #expect(try none.largestComponent().count == 0 && none.holesFilled().count == 0)
        #expect(
            try all.dilated(radius: 3).count == all.count && all.largestComponent().count == all.count
                && all.holesFilled().count == all.count)
        // Beyond the image is outside: 17×13×11 loses one voxel on every side.
        #expect(try all.eroded(radius: 1).count == 15 * 11 * 9)
        #expect(throws: IntensityError.self) { try all.eroded(radius: -1) }
        #expect(throws: IntensityError.self) { try all.dilated(radius: .nan) }
    }

    @Test func componentsAndHolesEqualScipy() throws {
        let speckle = try mask(bits(stored.speckle.voxels))
        #expect(try speckle.largestComponent().voxels == bits(stored.speckle.largest))
        #expect(try Elementwise.not(speckle).holesFilled().voxels == bits(try #require(stored.speckle.filled)))
        #expect(try mask(bits(stored.ties.voxels)).largestComponent().voxels == bits(stored.ties.largest))
    }

    @Test func overlap() throws {
        let grid = try Grid(shape: [5, 1, 1], affine: Affine(spacing: [2, 2, 2.5]))
        let a = Mask(grid: grid, voxels: [1, 1, 1, 0, 0]), b = Mask(grid: grid, voxels: [0, 1, 1, 1, 1])
        let none = Mask(grid: grid, voxels: [0, 0, 0, 0, 0])
        #expect(try Overlap.dice(a, b) == 4.0 / 7 && Overlap.dice(b, a) == 4.0 / 7)
        #expect(try Overlap.iou(a, b) == 0.4 && Overlap.iou(a, a) == 1)
        #expect(try Overlap.dice(none, none) == 1 && Overlap.iou(none, none) == 1)
        #expect(try Overlap.dice(a, none) == 0 && Overlap.iou(none, a) == 0)
        #expect(abs(a.millilitres - 0.03) < 1e-12)
        let elsewhere = Mask(grid: try Grid(shape: [5, 1, 1], affine: .identity), voxels: [1, 1, 1, 0, 0])
        #expect(throws: GridError.self) { try Overlap.dice(a, elsewhere) }
    }

    /// A ball that no grid holds is refused with the numbers, in no time.
    @Test func closingHasABound() throws {
        let mask = Mask(grid: try Grid(shape: [5, 5, 5], affine: .identity), voxels: .init(repeating: 1, count: 125))
        for radius in [400.0, 1e9] { #expect(throws: IntensityError.self) { try mask.closed(radius: radius) } }
        #expect(try mask.closed(radius: 40).voxels == mask.voxels)
    }
}
