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
            let outside = Elementwise.not(try m.padded(before: pad, after: pad))
            let grown = try outside.dilated(radius: radius).cropped(from: pad, to: pad &+ m.grid.shape)
            #expect(try m.eroded(radius: radius).voxels == Elementwise.not(grown).voxels)
        }
    }

    @Test func emptyAndFullMasks() throws {
        let none = try mask(.init(repeating: 0, count: stored.mask.voxels.count))
        let all = Elementwise.not(none)
        #expect(try none.dilated(radius: 3).count == 0 && none.eroded(radius: 3).count == 0)
        #expect(try none.largestComponent().count == 0 && none.holesFilled().count == 0)
        #expect(try all.dilated(radius: 3).count == all.count && all.largestComponent().count == all.count && all.holesFilled().count == all.count)
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
}
