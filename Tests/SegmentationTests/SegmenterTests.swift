import Glibc
import Imaging
import Networks
import Segmentation
import Support
import Testing

/// A network of one weight: the probability of a voxel depends on its brightness alone, so that a mask can be foretold.
func brightness(weight: Float = 6, bias: Float = -3) throws -> Model {
    let image = try Node.input()
    let model = try Model(input: image, output: image.conv3d(filters: 1, kernel: SIMD3(1, 1, 1)).sigmoid())
    try model.set("layer.1.conv3d.weight", [weight])
    try model.set("layer.1.conv3d.bias", [bias])
    return model
}

@Suite struct SegmenterTests {
    /// A head in half of a field of view, brightest in the brain.
    static let head = Result { try Phantom.make(seed: 3, shape: [38, 46, 42], spacing: [5, 4.5, 5.5], options: .init(noise: 0, bias: 0)) }

    /// What a recipe does: 7 mm voxels about the centre, upright, zero mean and unit variance.
    private func prepare(_ image: Volume) throws -> Volume {
        try image.resampled(onto: Grid.centred(on: image.grid, shape: [32, 34, 36], spacing: [7, 7, 7])).normalized()
    }

    private func segmenter(_ change: (inout Segmenter.Options) -> Void = { _ in }) throws -> Segmenter {
        let model = try brightness()
        var options = Segmenter.Options(of: model)
        options.cleanUp = CleanUp()
        change(&options)
        return try Segmenter(model, options: options, prepare: prepare)
    }

    private static let codes: [String] = {
        var codes: [String] = []
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            for flips in 0..<8 {
                let letters = [["R", "L"], ["A", "P"], ["S", "I"]]
                codes.append(order.map { letters[$0][flips >> $0 & 1] }.joined())
            }
        }
        return codes
    }()

    @Test func allOrientationsGiveTheSameMask() throws {
        let head = try Self.head.get().image, segmenter = try segmenter()
        let mask = try segmenter.segment(head).mask
        #expect(Self.codes.count == 48 && Set(Self.codes).count == 48)
        #expect(mask.count > 500)
        for code in Self.codes {
            let turned = try head.reoriented(to: code)
            let found = try segmenter.segment(turned)
            #expect(found.mask.grid == turned.grid)
            let back = try found.mask.reoriented(to: "RAS")
            // Positions are the same up to rounding; a probability of almost exactly one half may fall on either side.
            let differ = zip(back.voxels, mask.voxels).reduce(0) { $0 + ($1.0 != $1.1 ? 1 : 0) }
            #expect(differ <= 2, "\(code)")
        }
    }

    /// A grid turned in space shows the same head: the mask is the same but for what resampling does to its rim.
    @Test func obliqueImagesGiveTheSameBrain() throws {
        let head = try Self.head.get().image, segmenter = try segmenter()
        let mask = try segmenter.segment(head).mask
        let turn = try Transform.rotation(degrees: [20, -15, 30], about: head.grid.centre)
        let oblique = try Grid(
            shape: [46, 46, 46], affine: Grid.centred(on: head.grid, shape: [46, 46, 46], spacing: [4.5, 5, 5]).affine
        ).moved(by: turn)
        let found = try segmenter.segment(head.resampled(onto: oblique)).mask
        #expect(found.grid == oblique)
        #expect(try Overlap.dice(found, mask.resampled(onto: oblique)) > 0.93)
    }

    @Test func voxelSizesAndFieldsOfView() throws {
        let head = try Self.head.get().image, segmenter = try segmenter()
        let mask = try segmenter.segment(head).mask
        // Thick slices, a wide field of air around, and one voxel.
        let thick = try head.resampled(onto: Grid.centred(on: head.grid, spacing: [2.5, 4, 14]))
        #expect(try Overlap.dice(segmenter.segment(thick).mask, mask.resampled(onto: thick.grid)) > 0.9)
        let wide = try head.padded(before: [30, 25, 20], after: [30, 25, 20])
        let found = try segmenter.segment(wide)
        #expect(try Overlap.dice(found.mask, mask.padded(before: [30, 25, 20], after: [30, 25, 20])) > 0.97)
        #expect(found.quality.contact == 0)
        let tiny = Volume(grid: try Grid(shape: [1, 1, 1], affine: Affine(spacing: [200, 200, 200])), voxels: [3])
        // One value is no head.
        #expect(throws: IntensityError.flat(value: 3, operation: "predict")) { try segmenter.segment(tiny) }
        let small = Volume(grid: try Grid(shape: [2, 1, 1], affine: Affine(spacing: [90, 150, 150])), voxels: [3, 400])
        #expect(try segmenter.segment(small).mask.grid == small.grid)
        #expect(try Segmenter(brightness()).segment(tiny).mask.voxels == [1])
    }

    /// Coarser voxels that cover the same field of view: what fills the image fills it to its last voxel.
    @Test func masksReachTheBorder() throws {
        let grid = try Grid(shape: [9, 8, 7], affine: Affine(spacing: [1, 1.5, 2]))
        let bright = Volume(grid: grid, voxels: (0..<grid.count).map { 100 + Float($0 % 7) })
        let model = try brightness(weight: 1, bias: -50)
        let found = try Segmenter(model) { image in
            let coarse = try Grid.centred(on: image.grid, spacing: [3, 3, 3])
            return Volume(grid: coarse, voxels: [Float](repeating: 100, count: coarse.count))
        }.segment(bright)
        #expect(found.mask.voxels.allSatisfy { $0 == 1 } && found.quality.contact == 1)
    }

    @Test func theProbabilityIsThatOfTheNetworkBroughtBack() throws {
        let head = try Self.head.get().image, model = try brightness()
        let seen = try prepare(head)
        let p = Volume(grid: seen.grid, voxels: seen.voxels.map { 1 / (1 + exp(3 - 6 * $0)) })
        let found = try segmenter().probability(head)
        #expect(zip(found.voxels, try p.sharesResampled(onto: head.grid).voxels).allSatisfy { abs($0 - $1) < 1e-5 })
        let whole = try segmenter().segment(head)
        #expect(whole.probability.voxels == found.voxels)
        #expect(try whole.mask.voxels == found.mask(atLeast: 0.5).cleaned(CleanUp()).mask.voxels)
        // A bare network on the image itself: nothing is resampled or cleaned.
        let bare = try Segmenter(model).segment(seen)
        #expect(try bare.probability.voxels == model.predict(seen.voxels, shape: seen.grid.shape))
        #expect(try bare.mask.voxels == bare.probability.mask(atLeast: 0.5).voxels)
    }

    @Test func optionsComeFromThePipeline() throws {
        var pipeline = Pipeline()
        (pipeline.threshold, pipeline.fill, pipeline.window, pipeline.overlap, pipeline.flips) = (0.3, false, SIMD3(16, 24, 32), 0.25, true)
        let options = Segmenter.Options(of: try brightness().with(pipeline))
        #expect(options.threshold == 0.3 && options.cleanUp == CleanUp(largest: true, fill: false) && options.flips)
        #expect(options.windows == SlidingWindow(shape: SIMD3(16, 24, 32), overlap: 0.25))
        let bare = Segmenter.Options(of: try brightness())
        #expect(bare.threshold == 0.5 && bare.cleanUp == CleanUp(largest: false, fill: false) && bare.windows == nil && !bare.flips)
    }

    @Test func bordersAndWindows() throws {
        let head = try Self.head.get().image
        let mask = try segmenter().segment(head).mask
        let grown = try segmenter { $0.border = 6 }.segment(head), shrunk = try segmenter { $0.border = -6 }.segment(head)
        #expect(try grown.mask.voxels == mask.dilated(radius: 6).voxels && shrunk.mask.voxels == mask.eroded(radius: 6).voxels)
        // The volume is that before the border moved.
        #expect(grown.quality.millilitres == mask.millilitres && shrunk.quality.millilitres == mask.millilitres)
        // A network that sees single voxels sees the same through any window.
        let windowed = try segmenter { $0.windows = SlidingWindow(shape: SIMD3(12, 15, 10)) }.segment(head)
        let differ = zip(windowed.mask.voxels, mask.voxels).reduce(0) { $0 + ($1.0 != $1.1 ? 1 : 0) }
        #expect(differ <= 2)
    }

    /// A network that looks to the right: the mirror image gives another mask.
    @Test func mirrorImages() throws {
        let head = try Self.head.get().image
        let image = try Node.input()
        let model = try Model(input: image, output: image.conv3d(filters: 1, kernel: SIMD3(3, 1, 1)).sigmoid())
        try model.set("layer.1.conv3d.weight", [0, 0, 6])
        try model.set("layer.1.conv3d.bias", [-3])
        var options = Segmenter.Options(of: model)
        func run() throws -> Segmenter.Result { try Segmenter(model, options: options, prepare: prepare).segment(head) }
        let plain = try run()
        #expect(plain.quality.flip == nil)
        options.comparesFlip = true
        let compared = try run()
        #expect(compared.mask.voxels == plain.mask.voxels)
        let flip = try #require(compared.quality.flip)
        // On the network's grid, by hand: the left neighbour's brightness instead of the right one's.
        let seen = try prepare(head), n = seen.grid.shape
        var right = [UInt8](repeating: 0, count: seen.grid.count), left = right
        for k in 0..<n.z {
            for j in 0..<n.y {
                for i in 0..<n.x {
                    right[seen.grid.index(i, j, k)] = i + 1 < n.x && 6 * seen[i + 1, j, k] >= 3 ? 1 : 0
                    left[seen.grid.index(i, j, k)] = i > 0 && 6 * seen[i - 1, j, k] >= 3 ? 1 : 0
                }
            }
        }
        let dice = try Overlap.dice(Mask(grid: seen.grid, voxels: right), Mask(grid: seen.grid, voxels: left))
        #expect(abs(flip - (1 - dice)) < 1e-12 && flip > 0.02)
        #expect(compared.quality.reasons.contains { $0.contains("mirror image") } == (flip > 0.05))
        options.flips = true
        let both = try run()
        // The mean does not care which way the head looks.
        let mirrored = Volume(grid: head.grid, voxels: try head.flipped(axis: 0).voxels)
        let other = try Segmenter(model, options: options, prepare: prepare).segment(mirrored)
        #expect(zip(try other.probability.flipped(axis: 0).voxels, both.probability.voxels).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(both.quality.flip == flip)
    }

    @Test func whatIsSuspectAndWhy() throws {
        let head = try Self.head.get()
        func quality(_ image: Volume, _ change: (inout Pipeline) -> Void = { _ in }) throws -> Quality {
            var pipeline = Pipeline()
            change(&pipeline)
            return try Segmenter(brightness(weight: 40, bias: -20).with(pipeline)).segment(image).quality
        }
        // The brain itself, bright on dark.
        let brain = try head.mask.volume
        let good = try quality(brain) { $0.limits.volume = 500...3000 }
        #expect(good.verdict == .ok && good.reasons == [] && good.components == 1 && good.holes == 0 && good.contact == 0)
        #expect(abs(good.millilitres - head.mask.millilitres) < 1e-9)
        #expect(
            try quality(brain) { $0.limits.volume = 3000...4000 }.reasons == [
                "its volume of \(Text.fixed(good.millilitres, 0)) ml is below the expected 3000 to 4000 ml"
            ])
        #expect(try quality(brain) { $0.limits.volume = 1...2 }.reasons[0].contains("is above the expected 1 to 2 ml"))
        let dark = try quality(Volume(grid: brain.grid, voxels: brain.voxels.map { _ in 0 }))
        #expect(dark.verdict == .suspect && dark.reasons == ["the mask is empty"] && dark.entropy == nil)
        // A flat image all of which is mask.
        let flat = try quality(Volume(grid: brain.grid, voxels: brain.voxels.map { _ in 1 })) { $0.limits.volume = 500...3000 }
        #expect(flat.verdict == .suspect && flat.contact == 1 && flat.reasons.count == 2)
        // A header in micrometres.
        let far = try quality(Volume(grid: Grid(shape: brain.grid.shape, affine: Affine(spacing: [5000, 4500, 5500])), voxels: brain.voxels))
        #expect(far.reasons.contains("a field of view of 190000×207000×231000 mm is not that of a head, by the voxel size in the header"), "\(far.reasons)")
        // Two equal halves; a hole; a field of view that cuts the brain; a network that is not sure.
        let middle = brain.grid.shape.x / 2
        func change(_ body: (Int, Int, Int, Float) -> Float) -> Volume {
            var voxels = brain.voxels
            for k in 0..<brain.grid.shape.z {
                for j in 0..<brain.grid.shape.y {
                    for i in 0..<brain.grid.shape.x { voxels[brain.grid.index(i, j, k)] = body(i, j, k, brain[i, j, k]) }
                }
            }
            return Volume(grid: brain.grid, voxels: voxels)
        }
        let halves = try quality(change { i, _, _, x in i == middle ? 0 : x })
        #expect(
            halves.components == 2 && halves.largestShare < 0.7
                && halves.reasons.contains { $0.hasPrefix("the network found 2 parts, the largest with") })
        let core = try head.mask.eroded(radius: 18)
        let hollow = try quality(Volume(grid: brain.grid, voxels: zip(brain.voxels, core.voxels).map { $1 == 1 ? 0 : $0 }))
        #expect(
            hollow.holes == 1 && abs(hollow.holeMillilitres - core.millilitres) < 1e-9
                && hollow.reasons.contains { $0.hasSuffix("ml of it were holes") })
        #expect(abs(hollow.millilitres - good.millilitres) < 1e-9)
        let box = try head.mask.boundingBox()
        let cut = try quality(brain.cropped(from: [0, 0, (box.from.z + box.to.z) / 2], to: brain.grid.shape))
        #expect(cut.contact > 0.05 && cut.reasons.contains { $0.contains("border of the image") })
        let unsure = try quality(Volume(grid: brain.grid, voxels: brain.voxels.map { 0.5 + ($0 - 0.5) * 0.02 }))
        #expect(try #require(unsure.entropy) > 0.9 && unsure.reasons.contains { $0.contains("unsure") })
    }

    /// Masks of what is as dark as the air, and of heads whose brightness is inverted, whatever the network thinks of them.
    @Test func masksOfNoBrainAreSuspect() throws {
        let head = try Phantom.make(seed: 3, shape: [48, 56, 56], spacing: [4, 4, 4]), image = head.image
        func quality(_ image: Volume) throws -> Quality {
            // Sees the brain whatever it is given.
            try Segmenter(brightness(weight: 40, bias: -20)) { _ in try head.mask.volume }.segment(image).quality
        }
        let good = try quality(image)
        #expect(good.verdict == .ok && good.brightness ?? 0 > 0.25, "\(good.reasons)")
        let top = try image.statistics().max
        for spoilt in [image.with(zip(image.voxels, head.mask.voxels).map { $1 != 0 ? 0 : $0 }), image.with(image.voxels.map { top - $0 })] {
            let found = try quality(spoilt)
            #expect(found.brightness ?? 1 < 0.05 && found.reasons.count == 1 && found.reasons[0].contains("than the air around"), "\(found.reasons)")
        }
    }

    /// The network's own field of view ends within the brain.
    @Test func brainsBeyondTheNetworksGrid() throws {
        let head = try Self.head.get()
        let small = try Grid.centred(on: head.mask.grid, shape: [16, 16, 16], spacing: [5, 5, 5])
        let found = try Segmenter(brightness(weight: 40, bias: -20)) { try $0.resampled(onto: small) }.segment(try head.mask.volume)
        #expect(found.quality.contact == 0 && found.quality.gridContact > 0.5)
        #expect(found.quality.reasons.contains { $0.contains("what the network sees") })
    }

    /// Two classes and three, as logits and after softmax: the mask is all but the first.
    @Test func networksOfClasses() throws {
        let head = try Self.head.get().image
        let grid = try Grid.centred(on: head.grid, shape: [32, 34, 36], spacing: [7, 7, 7]), image = try Node.input()
        for classes in [2, 3] {
            for softmax in [false, true] {
                let logits = try image.conv3d(filters: classes, kernel: SIMD3(1, 1, 1))
                let model = try Model(input: image, output: softmax ? logits.softmax() : logits)
                try model.set("layer.1.conv3d.weight", [1, 4, -2].prefix(classes).map { $0 })
                try model.set("layer.1.conv3d.bias", [2, -1, 0.5].prefix(classes).map { $0 })
                let found = try Segmenter(model) { try $0.resampled(onto: grid).normalized() }.probability(head.resampled(onto: grid))
                let seen = try head.resampled(onto: grid).normalized()
                for (x, p) in zip(seen.voxels, found.voxels) {
                    let e = [exp(x + 2), exp(4 * x - 1), classes == 3 ? exp(-2 * x + 0.5) : 0]
                    #expect(abs(p - (e[1] + e[2]) / (e[0] + e[1] + e[2])) < 1e-5)
                }
            }
        }
        let both = try Model(input: image, output: image.conv3d(filters: 2).sigmoid())
        #expect(throws: NetworkError.self) { try Segmenter(both) }
    }

    @Test func badImagesAreErrors() throws {
        let head = try Self.head.get().image
        var voxels = head.voxels
        voxels[1000] = .nan
        #expect(throws: NetworkError.self) { try Segmenter(brightness()).segment(Volume(grid: head.grid, voxels: voxels)) }
        let flat = Volume(grid: head.grid, voxels: head.voxels.map { _ in 5 })
        #expect(throws: IntensityError.flat(value: 5, operation: "predict")) { try segmenter().segment(flat) }
        #expect(throws: IntensityError.flat(value: 5, operation: "predict")) { try segmenter().probability(flat) }
        #expect(throws: NetworkError.self) { try segmenter { $0.threshold = 1.5 } }
        let image = try Node.input(channels: 2)
        #expect(throws: NetworkError.self) { try Segmenter(Model(input: image, output: image.conv3d(filters: 1).sigmoid())) }
    }
}
