import Imaging
import Support
import Testing

@Suite struct SampleCheckTests {
    private func head(_ seed: UInt64 = 3) throws -> Phantom { try Phantom.make(seed: seed, shape: [96, 120, 128], spacing: [2, 2, 2]) }

    @Test func goodDataRaisesNoWarning() throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            let made = try head(seed)
            #expect(try SampleCheck.warnings(image: made.image, mask: made.mask) == [])
            #expect(try SampleCheck.warnings(image: made.image.reoriented(to: "LIA"), mask: made.mask.reoriented(to: "LIA")) == [])
        }
    }

    @Test func badDataIsNamed() throws {
        let made = try head(), image = made.image, mask = made.mask
        func masked(_ body: (Int) -> UInt8) -> Mask { mask.with(mask.voxels.indices.map(body)) }
        #expect(try SampleCheck.warnings(image: image, mask: masked { _ in 0 }) == [.emptyMask])
        #expect(try SampleCheck.warnings(image: image, mask: masked { _ in 1 }) == [.fullMask])
        #expect(try SampleCheck.warnings(image: image.with(image.voxels.map { _ in 7 }), mask: mask) == [.flat(value: 7)])
        let flat = image.with(zip(image.voxels, mask.voxels).map { $1 != 0 ? 500 : $0 })
        #expect(try SampleCheck.warnings(image: flat, mask: mask) == [.flat(value: 500)])
        #expect(try SampleCheck.warnings(image: image.with(image.voxels.enumerated().map { $0 < 5 ? .nan : $1 }), mask: mask) == [.notFinite(count: 5)])
        let shifted = try mask.moved(by: Transform.translation([4, 0, 0]))
        guard case .grids(let difference)? = try SampleCheck.warnings(image: image, mask: shifted).first else {
            Issue.record("no warning of grids")
            return
        }
        #expect(difference.contains("origin"))
    }

    @Test func aCutBrainIsTold() throws {
        let made = try head()
        let box = try made.mask.boundingBox()
        let from = SIMD3(0, 0, box.from.z + 12)
        let image = try made.image.cropped(from: from, to: made.image.grid.shape), mask = try made.mask.cropped(from: from, to: made.image.grid.shape)
        #expect(try SampleCheck.warnings(image: image, mask: mask).contains(.cut(sides: ["inferior"])))
        // Padded with nothing it is cut all the same; and sides go by anatomy.
        let padded = try image.padded(before: [3, 3, 9], after: [3, 3, 3]), around = try mask.padded(before: [3, 3, 9], after: [3, 3, 3])
        #expect(try SampleCheck.warnings(image: padded.reoriented(to: "PIL"), mask: around.reoriented(to: "PIL")).contains(.cut(sides: ["inferior"])))
    }

    @Test func aMissingFaceIsTold() throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            let made = try head(seed), grid = made.image.grid
            let centre = try made.mask.centroid()
            // All that lies before a plane that just misses the brain is taken out.
            let direction = SIMD3(0, 0.82, -0.57)
            var reach = 0.0
            func ahead(_ i: Int) -> Double {
                let p = SIMD3(Double(i % grid.shape.x), Double(i / grid.shape.x % grid.shape.y), Double(i / grid.shape.x / grid.shape.y))
                return ((grid.affine(p) - centre) * direction).sum()
            }
            for i in made.mask.voxels.indices where made.mask.voxels[i] != 0 { reach = max(reach, ahead(i)) }
            let erased = made.image.with(made.image.voxels.enumerated().map { ahead($0) > reach + 4 ? 0 : $1 })
            #expect(try SampleCheck.warnings(image: erased, mask: made.mask) == [.defaced])
        }
    }
    /// A face that was shaved down to the front of the brain has tissue below it all the same.
    @Test func aShavedProfileIsTold() throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            let made = try head(seed)
            for turn in [-15.0, 0, 15] {
                let transform = try Transform.rotation(degrees: [turn, 0, 0], about: made.mask.centroid())
                let image = try made.image.moved(by: transform), mask = try made.mask.moved(by: transform), grid = image.grid
                #expect(try SampleCheck.warnings(image: image, mask: mask) == [])
                // Of a head that looks down what is left above is no forehead.
                if turn < 0 { continue }
                let centre = try mask.centroid(), box = try mask.boundingBox()
                let front = grid.affine(SIMD3<Double>(box.to)).y - centre.y
                let shaved = image.with(
                    image.voxels.enumerated().map { i, value in
                        let voxel = SIMD3(Double(i % grid.shape.x), Double(i / grid.shape.x % grid.shape.y), Double(i / grid.shape.x / grid.shape.y))
                        let p = grid.affine(voxel) - centre
                        return p.y > front && p.z < 0 ? 0 : value
                    })
                #expect(try SampleCheck.warnings(image: shaved, mask: mask) == [.defaced], "seed \(seed), turned by \(turn)")
            }
        }
    }
}
