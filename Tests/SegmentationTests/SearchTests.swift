import Imaging
import Networks
import Segmentation
import Support
import Testing

/// Brains that do not lie in the middle of a field of view larger than the network's box.
@Suite struct SearchTests {
    /// Bright on dark, 700 mm of air below or to one side.
    static let brain = Result { try Phantom.make(seed: 3, shape: [38, 46, 42], spacing: [5, 4.5, 5.5], options: .init(noise: 0, bias: 0)).mask }

    private func segmenter(_ change: (inout Pipeline) -> Void = { _ in }) throws -> Segmenter {
        var pipeline = Pipeline()
        pipeline.limits.volume = 500...3000
        change(&pipeline)
        return try Segmenter(brightness(weight: 40, bias: -20).with(pipeline)) { image in
            try image.resampled(onto: Grid.centred(on: image.grid, shape: [32, 34, 36], spacing: [7, 7, 7]))
        }
    }

    @Test(arguments: [
        ([0, 0, 130], [0, 0, 0]), ([0, 0, 30], [0, 0, 0]), ([0, 0, 0], [0, 150, 0]), ([30, 0, 0], [0, 35, 40]), ([60, 60, 60], [60, 60, 60]),
    ] as [(SIMD3<Int>, SIMD3<Int>)])
    func brainsAreFoundWhereverTheyLie(before: SIMD3<Int>, after: SIMD3<Int>) throws {
        let brain = try Self.brain.get(), image = try brain.volume.padded(before: before, after: after)
        let found = try segmenter().segment(image)
        #expect(found.mask.grid == image.grid)
        #expect(try Overlap.dice(found.mask, brain.padded(before: before, after: after)) > 0.93)
        #expect(found.quality.verdict == .ok && found.quality.gridContact == 0, "\(found.quality.reasons)")
        // Around the middle the first look is enough.
        #expect((found.quality.looks == 1) == (before == after))
    }

    @Test func theSearchCanBeTurnedOff() throws {
        let image = try Self.brain.get().volume.padded(before: [0, 0, 130], after: .zero)
        let found = try segmenter { $0.search = false }.segment(image)
        #expect(found.quality.looks == 1 && found.mask.count == 0 && found.quality.reasons == ["the mask is empty"])
    }

    /// Turned in space and stored in another order of axes.
    @Test func obliqueFieldsOfView() throws {
        let brain = try Self.brain.get(), turn = try Transform.rotation(degrees: [12, -8, 15], about: brain.grid.centre)
        let image = try Volume(grid: brain.grid.moved(by: turn), voxels: brain.volume.voxels).reoriented(to: "PIL").padded(
            before: [0, 0, 0], after: [0, 120, 0])
        let found = try segmenter().segment(image)
        #expect(found.quality.looks > 1 && found.quality.verdict == .ok)
        #expect(try Overlap.dice(found.mask, image.mask(atLeast: 0.5)) > 0.93)
    }

    /// What the network takes for a brain in the middle, by its size, it does not find in the mirror image; the brain lies elsewhere.
    @Test func whatTheMirrorImageDoesNotShowIsNoBrain() throws {
        let brain = try Self.brain.get(), image = try Node.input()
        // Looks one voxel to the right as well: a chequered pattern is another one in the mirror.
        let model = try Model(input: image, output: image.conv3d(filters: 1, kernel: SIMD3(3, 1, 1)).sigmoid())
        try model.set("layer.1.conv3d.weight", [0, 30, 30])
        try model.set("layer.1.conv3d.bias", [-35])
        var pipeline = Pipeline()
        pipeline.limits.volume = 300...3000
        let far = try brain.volume.padded(before: [0, 0, 130], after: .zero)
        var voxels = far.voxels
        let box = Box(from: [8, 10, 50], to: [30, 36, 78])
        for k in box.from.z..<box.to.z {
            for j in box.from.y..<box.to.y {
                for i in box.from.x..<box.to.x where i / 3 % 2 == 0 { voxels[far.grid.index(i, j, k)] = 0.65 }
            }
        }
        let found = try Segmenter(model.with(pipeline)) { image in
            try image.resampled(onto: Grid.centred(on: image.grid, shape: [46, 46, 46], spacing: [5, 5, 5]), interpolation: .nearest)
        }.segment(Volume(grid: far.grid, voxels: voxels))
        #expect(found.quality.looks > 1)
        #expect(try Overlap.dice(found.mask, far.mask(atLeast: 0.5)) > 0.85)
    }

    /// A field of view of kilometres, by a header's mistake, has no more places than any other.
    @Test func absurdFieldsOfView() throws {
        let brain = try Self.brain.get().volume
        let huge = Volume(grid: try Grid(shape: brain.grid.shape, affine: Affine(spacing: [5000, 4500, 5500])), voxels: brain.voxels)
        let found = try segmenter().segment(huge)
        #expect(found.quality.looks <= 260 && found.quality.verdict == .suspect)
    }

    /// A recipe that goes to one place whatever it is given.
    @Test func recipesWithAPlaceOfTheirOwn() throws {
        let brain = try Self.brain.get(), small = try Grid.centred(on: brain.grid, shape: [16, 16, 16], spacing: [5, 5, 5])
        let found = try Segmenter(brightness(weight: 40, bias: -20)) { try $0.resampled(onto: small) }.segment(brain.volume)
        #expect(found.quality.looks <= 3 && found.quality.gridContact > 0.5)
    }

    /// Air that was blackened: in most parts of the field of view there is nothing that a recipe could standardise, nor in its middle.
    @Test(arguments: [([0, 0, 60], [0, 0, 0]), ([0, 150, 0], [0, 0, 0]), ([90, 0, 0], [0, 0, 130])] as [(SIMD3<Int>, SIMD3<Int>)])
    func blackAir(before: SIMD3<Int>, after: SIMD3<Int>) throws {
        let brain = try Self.brain.get(), image = try brain.volume.padded(before: before, after: after)
        var pipeline = Pipeline()
        pipeline.limits.volume = 500...3000
        let segmenter = try Segmenter(brightness(weight: 20, bias: -20).with(pipeline)) { image in
            try image.resampled(onto: Grid.centred(on: image.grid, shape: [32, 34, 36], spacing: [7, 7, 7])).normalized()
        }
        let found = try segmenter.segment(image)
        #expect(found.quality.verdict == .ok && found.quality.looks > 1, "\(found.quality.reasons)")
        #expect(try Overlap.dice(found.mask, brain.padded(before: before, after: after)) > 0.9)
    }

    /// A recipe that can make nothing of the image, wherever it looks.
    @Test func nothingToSee() throws {
        let segmenter = try Segmenter(brightness()) { image in
            try image.resampled(onto: Grid.centred(on: image.grid, shape: [32, 34, 36], spacing: [7, 7, 7])).normalized()
        }
        // A slice thinner than the network's voxels lies between two of them.
        let slice = Volume(
            grid: try Grid(shape: [40, 50, 1], affine: Affine(spacing: [5, 5, 1])), voxels: (0..<2000).map { Float($0 % 7) })
        let error = #expect(throws: NothingSeen.self) { try segmenter.segment(slice) }
        #expect(error?.message == "predict: the image is a slice of 40×50×1 voxels (200×250×1 mm), of which the network would see nothing")
        #expect(error?.hint == "give the whole head: a brain cannot be told from single slices")
        // A header in metres.
        let metres = Volume(grid: try Grid(shape: [40, 50, 40], affine: Affine(spacing: [5e-3, 5e-3, 5e-3])), voxels: (0..<80_000).map { Float($0 % 7) })
        let small = #expect(throws: NothingSeen.self) { try segmenter.segment(metres) }
        #expect(small?.message.hasPrefix("predict: the network would see nothing of the image of 40×50×40 voxels (0.2×0.25×0.2 mm)") == true)
        #expect(small?.hint == "that is not the size of a head: check the voxel size in the header")
        // One bright voxel between the network's.
        var voxels = [Float](repeating: 0, count: 80 * 80 * 80)
        voxels[0] = 5
        let speck = Volume(grid: try Grid(shape: [80, 80, 80], affine: Affine(spacing: [5, 5, 5])), voxels: voxels)
        let none = #expect(throws: NothingSeen.self) { try segmenter.segment(speck) }
        #expect(none?.message == "predict: the network would see nothing of the image of 80×80×80 voxels (400×400×400 mm): normalize: every voxel has the value 0")
    }

    /// A field of view of nan but for the head: no part of it is in the way of the others.
    @Test func partsWithoutANumberAreNotSeen() throws {
        let brain = try Self.brain.get(), before = SIMD3(0, 0, 130)
        let known = try brain.volume.padded(before: before, after: .zero)
        let plane = known.grid.shape.x * known.grid.shape.y
        let image = known.with(known.voxels.enumerated().map { $0 < before.z * plane ? .nan : $1 })
        let segmenter = try Segmenter(brightness(weight: 40, bias: -20)) { image in
            try image.withAirAtZero().resampled(onto: Grid.centred(on: image.grid, shape: [32, 34, 36], spacing: [7, 7, 7]))
        }
        let found = try segmenter.segment(image)
        #expect(try Overlap.dice(found.mask, brain.padded(before: before, after: .zero)) > 0.93)
    }

    /// A blank middle is no reason to give up what is seen elsewhere, however little the network is sure of it.
    @Test func aBlankMiddleDoesNotWin() throws {
        let brain = try Self.brain.get(), before = SIMD3(0, 0, 130)
        let image = try brain.volume.padded(before: before, after: .zero)
        var pipeline = Pipeline()
        pipeline.threshold = 0.3
        let segmenter = try Segmenter(brightness(weight: 0.5, bias: -1).with(pipeline)) { image in
            if image.voxels.allSatisfy({ $0 == image.voxels[0] }) { throw IntensityError.flat(value: 0, operation: "normalize") }
            let seen = try image.resampled(onto: Grid.centred(on: image.grid, shape: [32, 34, 36], spacing: [7, 7, 7]))
            if try seen.statistics().max == 0 { throw IntensityError.flat(value: 0, operation: "normalize") }
            return seen
        }
        #expect(try segmenter.segment(image).mask.count > 0)
    }

    /// A body larger than the brain, and as bright: its volume speaks against it. One of the places to look at is the middle, where the first look was.
    @Test func aChestDoesNotOutweighABrain() throws {
        let brain = try Self.brain.get(), wide = try brain.volume.padded(before: [20, 0, 47], after: [20, 0, 0])
        let torso = wide.grid.affine(SIMD3(39, 23, 20)), shape = wide.grid.shape
        let image = wide.with(
            wide.voxels.enumerated().map { i, v in
                let place = SIMD3(i % shape.x, i / shape.x % shape.y, i / (shape.x * shape.y))
                let d = (wide.grid.affine(SIMD3<Double>(place)) - torso) / SIMD3(100, 90, 85)
                return (d * d).sum() < 1 ? 1 : v
            })
        let found = try segmenter { $0.limits.volume = 900...2000 }.segment(image)
        #expect(try Overlap.dice(found.mask, brain.padded(before: [20, 0, 47], after: [20, 0, 0])) > 0.9, "\(found.quality)")
    }

    /// A recipe that puts numbers in place of what is none: the mask says how much of it nobody measured.
    @Test func unknownVoxelsInTheMask() throws {
        let brain = try Self.brain.get(), half = brain.grid.shape.z / 2 * brain.grid.shape.x * brain.grid.shape.y
        let whole = try brain.volume, image = whole.with(whole.voxels.enumerated().map { $0 >= half && $1 == 1 ? .nan : $1 })
        var pipeline = Pipeline()
        pipeline.limits.volume = 500...3000
        let found = try Segmenter(brightness(weight: 40, bias: -20).with(pipeline)) { try $0.replacingNonFinite(with: 1) }.segment(image)
        #expect(try Overlap.dice(found.mask, brain) == 1)
        #expect(found.quality.reasons.count == 1 && found.quality.reasons[0].hasSuffix("% of its voxels are NaN or infinite"), "\(found.quality.reasons)")
    }

    /// A network that knows top from bottom: brains are brighter upwards. Heads whose header says otherwise are laid upright for it.
    @Test(arguments: ["RPI", "LAI", "RSP", "RIA", "SAL", "IAR", "PSL", "ASR"]) func headsLaidOtherwise(code: String) throws {
        let brain = try Self.brain.get(), shape = brain.grid.shape, low = try brain.boundingBox().from.z
        let upright = try brain.volume.with(
            brain.voxels.enumerated().map { $1 == 0 ? 0 : 1 + 0.014 * Float($0 / (shape.x * shape.y) - low) })
        let image = try Node.input()
        let model = try Model(input: image, output: image.conv3d(filters: 1, kernel: SIMD3(1, 1, 3)).sigmoid())
        try model.set("layer.1.conv3d.weight", [-300, 12, 300])
        try model.set("layer.1.conv3d.bias", [-14])
        func segment(_ image: Volume, doubt: Double) throws -> Segmenter.Result {
            var pipeline = Pipeline()
            (pipeline.limits.volume, pipeline.limits.doubt) = (500...3000, doubt)
            return try Segmenter(model.with(pipeline)) { image in
                try image.resampled(onto: Grid.centred(on: image.grid, shape: [60, 60, 60], spacing: [5, 5, 5]))
            }.segment(image)
        }
        let good = try segment(upright, doubt: 1), own = try #require(good.quality.doubt)
        #expect(good.quality.pose == nil && good.quality.verdict == .ok)
        // The same voxels, whose header calls the axes by other names.
        let other = try upright.reoriented(to: code), grid = try Grid(shape: other.grid.shape, affine: Affine(spacing: other.grid.spacing))
        let truth = try Mask(grid: grid, voxels: good.mask.reoriented(to: code).voxels), laid = Volume(grid: grid, voxels: other.voxels)
        let blind = try segment(laid, doubt: 1)
        #expect(try Overlap.dice(blind.mask, truth) < 0.8 && blind.quality.pose == nil)
        let found = try segment(laid, doubt: 1.3 * own)
        #expect(try Overlap.dice(found.mask, truth) > 0.97, "\(found.quality)")
        #expect(found.quality.pose != nil && found.quality.verdict == .suspect && found.quality.reasons[0].contains("otherwise than its header"))
        // What the network is in doubt of anyhow stays as it was, and is told.
        let none = try segment(laid, doubt: 0)
        #expect(none.mask.voxels == blind.mask.voxels && none.quality.pose == nil && (none.mask.count == 0 || none.quality.reasons.contains { $0.contains("layer of doubt") }))
    }
}
