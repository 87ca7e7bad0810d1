import Imaging
import Support
import Testing

/// A head of boxes within one another: skin, fat and muscle, bone, fluid, grey and white matter.
func boxHead(spacing: Double = 4) throws -> Volume {
    let shape = SIMD3(56, 64, 60)
    let grid = try Grid(shape: shape, affine: Affine(spacing: SIMD3(repeating: spacing), origin: [-100, -120, -90]))
    var voxels = [Float](repeating: 0, count: grid.count)
    let layers: [(inset: Int, label: Float)] = [(3, 511), (5, 507), (9, 515), (12, 24), (14, 3), (18, 2)]
    for (inset, label) in layers {
        for k in inset..<shape.z - inset {
            for j in inset..<shape.y - inset { for i in inset..<shape.x - inset { voxels[grid.index(i, j, k)] = label } }
        }
    }
    return Volume(grid: grid, voxels: voxels)
}

private func still() -> HeadSynthesis.Options {
    var options = HeadSynthesis.Options()
    (options.rotation, options.scale, options.shift, options.elastic) = (0, 0, .zero, 0)
    (options.bias, options.noise, options.thickness, options.erasing) = (0, 0, 0, 0)
    return options
}

@Suite(.serialized) struct HeadSynthesisTests {
    @Test func oneSeedIsOneImageOnAnyNumberOfThreads() throws {
        let map = try LabelMap(try boxHead())
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        func made(_ seed: UInt64, _ threads: Int) throws -> HeadSynthesis {
            Parallel.threads = threads
            return try HeadSynthesis(map, seed: seed, shape: [33, 37, 35], spacing: [7, 7, 7])
        }
        for seed in 0..<12 as Range<UInt64> {
            let a = try made(seed, 1), b = try made(seed, 3)
            #expect(a.image.voxels == b.image.voxels && a.mask.voxels == b.mask.voxels && a.labels.voxels == b.labels.voxels)
            #expect(a.image.voxels.allSatisfy { $0.isFinite && $0 >= 0 })
        }
        #expect(try made(1, 2).image.voxels != made(2, 2).image.voxels)
    }

    /// Without pose, field and erasing the labels are the map's own, and the mask is its brain.
    @Test func withoutChanceTheMapIsWhereItWas() throws {
        let head = try boxHead()
        let map = try LabelMap(head, brain: LabelMap.Brain(close: 0))
        // The grid's middle lies on the brain's middle, which is between two voxels of the map.
        let made = try HeadSynthesis(map, seed: 4, shape: [28, 36, 32], spacing: [4, 4, 4], options: still())
        let mirrored = (0..<28).contains { made.labels[$0, 18, 16] != head[$0 + 14, 32, 30] }
        for k in 0..<32 {
            for j in 0..<36 {
                for i in 0..<28 {
                    let source = head[mirrored ? 41 - i : i + 14, j + 14, k + 14]
                    #expect(made.labels[i, j, k] == source)
                    #expect(made.mask[i, j, k] == (source == 2 || source == 3))
                }
            }
        }
    }

    /// In an image as T1-weighted ones are, white matter is brighter than grey, and grey than fluid; in a T2-weighted one it is the other way about.
    @Test func contrastsHaveTheirOrder() throws {
        let map = try LabelMap(try boxHead())
        var options = still()
        for (kind, isRising) in [(ContrastKind.t1, true), (.t2, false)] {
            options.contrast = kind
            var agreeing = 0
            for seed in 0..<10 as Range<UInt64> {
                let made = try HeadSynthesis(map, seed: seed, shape: [56, 64, 60], spacing: [4, 4, 4], options: options)
                func mean(_ label: Float) throws -> Double {
                    let inside = Mask(grid: made.image.grid, voxels: made.labels.voxels.map { $0 == label ? 1 : 0 })
                    return try made.image.statistics(in: inside.eroded(radius: 4)).mean
                }
                let means = [try mean(24), try mean(3), try mean(2)]
                if isRising ? means[0] < means[1] && means[1] < means[2] : means[0] > means[1] && means[1] > means[2] { agreeing += 1 }
            }
            #expect(agreeing >= 8, "\(kind): \(agreeing) of 10")
        }
    }

    /// The brain of a bent and turned head has about the volume that its size has it.
    @Test func maskFollowsTheHead() throws {
        let map = try LabelMap(try boxHead(), brain: LabelMap.Brain(close: 0))
        var options = still()
        (options.rotation, options.elastic) = (20, 3)
        let volume: Double = 28 * 36 * 32 * 0.064
        for seed in 0..<6 as Range<UInt64> {
            let made = try HeadSynthesis(map, seed: seed, shape: [96, 96, 96], spacing: [3, 3, 3], options: options)
            let share = made.mask.millilitres / volume
            #expect(share > 0.94 && share < 1.06)
            // Brain labels and mask are one but for the border.
            let brain = Mask(grid: made.mask.grid, voxels: made.labels.voxels.map { $0 == 2 || $0 == 3 ? 1 : 0 })
            #expect(try Overlap.dice(made.mask, brain) > 0.97)
        }
    }

    @Test func closingAndGrowingStayWithinTheFluid() throws {
        let head = try boxHead()
        func brain(_ close: Double, _ grow: Double) throws -> Double {
            let map = try LabelMap(head, brain: LabelMap.Brain(close: close, grow: grow))
            return try HeadSynthesis(map, seed: 1, shape: [56, 64, 60], spacing: [4, 4, 4], options: still()).mask.millilitres
        }
        let plain = try brain(0, 0), grown = try brain(0, 4), most = try brain(0, 20)
        #expect(plain < grown && grown <= most)
        // The layer of fluid next to bone is dura, and no brain.
        let fluid: Double = 30 * 38 * 34 * 0.064
        #expect(most <= fluid + 1)
    }

    @Test func erasingCutsTheMaskToTheFieldOfView() throws {
        let map = try LabelMap(try boxHead())
        var options = still()
        options.erasing = 1
        var cut = 0
        for seed in 0..<20 as Range<UInt64> {
            let made = try HeadSynthesis(map, seed: seed, shape: [64, 64, 64], spacing: [4, 4, 4], options: options)
            let empty = (0..<64).filter { k in (0..<4096).allSatisfy { made.image.voxels[$0 + 4096 * k] == 0 } }
            if !empty.isEmpty { cut += 1 }
            for k in empty { #expect((0..<4096).allSatisfy { made.mask.voxels[$0 + 4096 * k] == 0 }) }
        }
        #expect(cut >= 10)
    }

    /// A slab is a box of 25 to 120 mm along one axis that holds a part of the brain; the image and the mask end where it does, and what is in it stays where it was.
    @Test func slabsAreCutOutOfTheSameImage() throws {
        let map = try LabelMap(try boxHead())
        let whole = still()
        var options = whole
        options.slab = 1
        var axes: Set<Int> = []
        for seed in 0..<20 as Range<UInt64> {
            let shape = SIMD3(repeating: 64)
            let all = try HeadSynthesis(map, seed: seed, shape: shape, spacing: [4, 4, 4], options: whole)
            let made = try HeadSynthesis(map, seed: seed, shape: shape, spacing: [4, 4, 4], options: options)
            let kept = try made.mask.boundingBox(), brain = try all.mask.boundingBox()
            let cut = (0..<3).filter { kept.from[$0] > brain.from[$0] || kept.to[$0] < brain.to[$0] }
            #expect(cut.count == 1)
            guard let axis = cut.first else { continue }
            axes.insert(axis)
            var seen: Set<Int> = []
            for k in 0..<64 {
                for j in 0..<64 {
                    for i in 0..<64 {
                        let n = made.image.grid.index(i, j, k), at = [i, j, k][axis]
                        if made.image.voxels[n] != 0 || made.labels.voxels[n] != 0 { seen.insert(at) }
                        let inside = at >= kept.from[axis] && at < kept.to[axis]
                        if inside { #expect(made.mask.voxels[n] == all.mask.voxels[n] && made.labels.voxels[n] == all.labels.voxels[n]) }
                    }
                }
            }
            let low = try #require(seen.min()), high = try #require(seen.max())
            #expect(Double(high - low + 1) * 4 <= 124 && Double(high - low + 2) * 4 >= 25)
        }
        #expect(axes.count >= 2)
    }

    /// Noise of the air is uniform up to what the seed drew, and is nowhere but in the air.
    @Test func ratioImagesHaveNoisyAir() throws {
        let map = try LabelMap(try boxHead())
        var options = still()
        var most: [Float] = []
        for seed in 0..<12 as Range<UInt64> {
            options.air = 0
            let plain = try HeadSynthesis(map, seed: seed, shape: [56, 64, 60], spacing: [4, 4, 4], options: options)
            options.air = 1
            let made = try HeadSynthesis(map, seed: seed, shape: [56, 64, 60], spacing: [4, 4, 4], options: options)
            #expect(made.labels.voxels == plain.labels.voxels && made.mask.voxels == plain.mask.voxels)
            let deep = try Mask(grid: made.image.grid, voxels: made.labels.voxels.map { $0 == 0 ? 1 : 0 }).eroded(radius: 4)
            let air = deep.voxels.indices.filter { deep.voxels[$0] != 0 }.map { made.image.voxels[$0] }
            most.append(try #require(air.max()))
            let head = try Mask(grid: made.image.grid, voxels: made.labels.voxels.map { $0 == 2 ? 1 : 0 }).eroded(radius: 4)
            #expect(head.count > 0)
            for i in head.voxels.indices where head.voxels[i] != 0 { #expect(made.image.voxels[i] == plain.image.voxels[i]) }
        }
        #expect(most.max()! > 0.5 && most.min()! < 0.4 && Set(most).count == most.count)
    }

    @Test func badMapsAndOptionsAreNamed() throws {
        let head = try boxHead()
        func with(_ voxels: [Float]) -> Volume { Volume(grid: head.grid, voxels: voxels) }
        #expect(throws: LabelMapError.noBrain) { try LabelMap(with(head.voxels.map { $0 == 2 || $0 == 3 ? 24 : $0 })) }
        #expect(throws: LabelMapError.noBrain) { try LabelMap(with(head.voxels.map { _ in 0 })) }
        #expect(throws: LabelMapError.notLabel(2.5)) { try LabelMap(with(head.voxels.map { $0 == 2 ? 2.5 : $0 })) }
        #expect(throws: LabelMapError.tooMany(130)) { try LabelMap(with(head.voxels.indices.map { Float(1 + $0 % 130) })) }
        #expect(throws: LabelMapError.millimetres(name: "close", value: -1)) { try LabelMap(head, brain: LabelMap.Brain(close: -1)) }
        let map = try LabelMap(head)
        #expect(throws: SynthesisError.self) { try HeadSynthesis(map, seed: 0, shape: [8, 8, 8], spacing: [0, 1, 1]) }
        #expect(throws: SynthesisError.self) { try HeadSynthesis(map, seed: 0, shape: [1024, 1024, 1024], spacing: [1, 1, 1]) }
        #expect(throws: GridError.self) { try HeadSynthesis(map, seed: 0, shape: [0, 8, 8], spacing: [1, 1, 1]) }
        var options = HeadSynthesis.Options()
        options.elastic = .nan
        #expect(throws: SynthesisError.self) { try HeadSynthesis(map, seed: 0, shape: [8, 8, 8], options: options) }
        for shape in [SIMD3(1, 1, 1), SIMD3(1, 9, 2), SIMD3(5, 1, 7)] {
            for seed in 0..<20 as Range<UInt64> { _ = try HeadSynthesis(map, seed: seed, shape: shape, spacing: [9, 9, 9]) }
        }
    }

    @Test func theStoreKeepsWhatFits() throws {
        let a = try boxHead(), b = try boxHead()
        let one = try LabelMap(a).size
        let store = LabelMapStore(bound: one + one / 2)
        let first = try store.map(of: a, brain: LabelMap.Brain())
        #expect(try store.map(of: a, brain: LabelMap.Brain()) === first)
        #expect(try store.map(of: a, brain: LabelMap.Brain(close: 1)) !== first)
        #expect(store.size == one)
        _ = try store.map(of: b, brain: LabelMap.Brain())
        #expect(store.size == one)
        #expect(try store.map(of: a, brain: LabelMap.Brain()) !== first)
    }
}
