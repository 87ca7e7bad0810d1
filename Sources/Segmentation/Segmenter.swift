import Imaging
import Networks
import Support

/// From a raw image through a network to a mask on the image's own grid.
///
///     let segmenter = try Segmenter(model) { raw in try raw.resampled(onto: grid).normalized() }
///     let found = try segmenter.segment(image)
///     found.mask, found.quality.verdict
public struct Segmenter {
    /// How a prediction is made of what the network says.
    public struct Options: Sendable {
        /// The least probability of a voxel of the mask, 0 to 1.
        public var threshold = 0.5
        /// What is done to the mask that the threshold gives: its largest component kept, its cavities filled.
        public var cleanUp = CleanUp(largest: false, fill: false)
        /// Millimetres by which the finished mask is grown, or shrunk where negative.
        public var border = 0.0
        /// The boxes that the network sees; nil for the whole image at once.
        public var windows: SlidingWindow?
        /// Takes the mean of the probabilities of the image and of its mirror image, left and right exchanged.
        public var flips = false
        /// Runs the network on the mirror image too, for the record of quality alone; with `flips` it has been run anyway.
        public var comparesFlip = false
        /// Looks for the brain where the image is larger than the box that the network sees (`Search`).
        public var searches = true
        /// How values between layers are stored.
        public var precision = Precision.float32

        /// What a model's pipeline says; without one, the network's probabilities as they are.
        public init(of model: Model) {
            guard let pipeline = model.pipeline else { return }
            threshold = pipeline.threshold
            cleanUp = CleanUp(largest: pipeline.largest, fill: pipeline.fill)
            windows = pipeline.window.map { SlidingWindow(shape: $0, overlap: pipeline.overlap) }
            flips = pipeline.flips
            searches = pipeline.search
        }
    }

    /// The network, which gives one probability for each voxel.
    public let model: Model
    /// How predictions are made of its probabilities.
    public let options: Options
    private let prepare: ((Volume) throws -> Volume)?

    /// `prepare` makes of the raw image what the network sees, on any grid; without it the network sees the image as it is. Throws `NetworkError.mismatch` for a network
    /// that gives no probability for each voxel of one image, and `NetworkError.option` for a threshold outside 0 … 1.
    public init(_ model: Model, options: Options? = nil, prepare: ((Volume) throws -> Volume)? = nil) throws {
        try model.requireForeground(for: "predict")
        self.model = model
        self.options = options ?? Options(of: model)
        self.prepare = prepare
        guard (0...1).contains(self.options.threshold) else {
            throw NetworkError.option(name: "threshold", value: Text.short(self.options.threshold), expected: "from 0 to 1")
        }
    }

    /// What the network says of an image, and what was made of it.
    public struct Result: Sendable {
        /// On the image's own grid, 0 where the network did not look.
        public let probability: Volume
        /// The finished mask, on the image's own grid.
        public let mask: Mask
        /// What can be told of the mask without the truth.
        public let quality: Quality
    }

    /// The probability of each voxel of the image, on its own grid. Throws as `segment`.
    public func probability(_ image: Volume, progress: (Int, Int) -> Void = { _, _ in }) throws -> Volume {
        try onGrid(of: image, raw(image, progress).mean)
    }

    /// The mask of an image, with its probabilities and the record of its quality.
    ///
    /// The network's probabilities are brought back to the image's grid linearly and cut there, so that the mask's border is finer than the network's voxels.
    /// `progress` is told how many of how many boxes are done. Throws `NetworkError.option` for a window or an overlap that makes no sense, `.axisLength` where an axis of
    /// what the network sees is too long, `.notFinite` for NaN or infinity in it, `IntensityError.flat` for a raw image of one value, `.argument` for a border that is not
    /// finite, `NothingSeen` for an image of which the network sees nothing, `GridError.singular` for a grid without inverse, `MemoryError`, `Interrupted`, and what
    /// `prepare` throws.
    public func segment(_ image: Volume, progress: (Int, Int) -> Void = { _, _ in }) throws -> Result {
        let found = try raw(image, progress)
        let probability = try onGrid(of: image, found.mean)
        let (mask, findings) = try probability.mask(atLeast: options.threshold).cleaned(options.cleanUp)
        let quality = try Quality(
            of: image, mask: mask, findings: findings, seen: found.mean, ownGrid: found.mean.grid == image.grid, looks: found.looks, pose: found.pose, largest: options.cleanUp.largest,
            flip: try found.mirrored.map { try disagreement(found.plain, $0) }, threshold: options.threshold,
            limits: model.pipeline?.limits ?? QualityLimits())
        return Result(probability: probability, mask: try mask.grown(by: options.border), quality: quality)
    }

    /// What the network sees of an image. Throws what `prepare` throws, and `NothingSeen` in place of an `IntensityError` of an image of one value, of an empty mask or of
    /// voxels none of which is finite.
    public func prepared(_ image: Volume) throws -> Volume {
        do { return try prepare?(image) ?? image } catch let error as IntensityError { throw NothingSeen(error) ?? error }
    }

    // MARK: - The network

    private struct Raw {
        let plain: Volume
        let mirrored: Volume?
        /// What counts: the one, or the mean of both.
        let mean: Volume
        let looks: Int
        let pose: Pose?
    }

    private func raw(_ image: Volume, _ progress: (Int, Int) -> Void) throws -> Raw {
        // Beyond its field of view a prepared image is 0, so that one of a single value would look like a box.
        if prepare != nil, let value = image.onlyValue { throw IntensityError.flat(value: Double(value), operation: "predict") }
        let (found, looks) = try look(image, progress)
        let plain = found.probability
        guard options.flips || options.comparesFlip else { return Raw(plain: plain, mirrored: nil, mean: plain, looks: looks, pose: found.pose) }
        let mirrored = try found.mirrored ?? mirrored(found.seen, progress)
        let mean = try options.flips ? Look(part: found.part, seen: found.seen, probability: plain, mirrored: mirrored).mean : plain
        return Raw(plain: plain, mirrored: mirrored, mean: mean, looks: looks, pose: found.pose)
    }

    private func look(_ image: Volume, _ progress: (Int, Int) -> Void) throws -> (Look, Int) {
        try withoutActuallyEscaping(progress) { progress in
            func take(_ part: Box, _ place: Volume) throws -> Look {
                let seen = try prepared(place)
                return Look(part: part, seen: seen, probability: try run(seen, progress))
            }
            let whole = Box(from: .zero, to: image.grid.shape)
            let first: Look
            do {
                first = try take(whole, image)
            } catch let nothing as NothingSeen {
                // The head may lie where the recipe does not look. Where that is, any values show.
                let ramp = image.with((0..<image.voxels.count).map { Float($0) })
                guard options.searches, let seen = try preparedIfPossible(ramp) else { throw NothingSeen(nothing, of: image.grid) }
                let none = seen.with([Float](repeating: 0, count: seen.voxels.count))
                first = Look(part: whole, seen: seen, probability: none, blank: NothingSeen(nothing, of: image.grid))
            }
            guard prepare != nil, options.searches else { return (first, 1) }
            let search = Search(
                image: image.grid, threshold: options.threshold, limits: model.pipeline?.limits ?? QualityLimits()
            ) { part in
                let place = try image.cropped(from: part.from, to: part.to)
                // Air that was blackened, or a part that the recipe can make nothing of: there is no brain in it.
                if place.onlyValue != nil { return nil }
                do { return try take(part, place) } catch is NothingSeen { return nil }
            } mirrored: { found in
                var both = found
                both.mirrored = try mirrored(found.seen, progress)
                return both
            }
            let (found, count) = try search.best(from: first)
            if let nothing = found.blank { throw nothing }
            // The mean is what counts, and is asked for in any case.
            let both = try options.flips && found.mirrored == nil ? search.mirrored(found) : found
            return (try search.upright(both, flips: options.flips) { try run($0, progress) }, count)
        }
    }

    /// nil where the recipe makes nothing of it. Throws `Interrupted` and `MemoryError`.
    private func preparedIfPossible(_ image: Volume) throws -> Volume? {
        do {
            return try prepared(image)
        } catch let error as Interrupted {
            throw error
        } catch let error as MemoryError {
            throw error
        } catch {
            return nil
        }
    }

    /// What the network says of the mirror image, left and right exchanged, brought back.
    private func mirrored(_ seen: Volume, _ progress: (Int, Int) -> Void) throws -> Volume {
        let axis = Self.leftRight(seen.grid)
        return try run(seen.flipped(axis: axis), progress).flipped(axis: axis)
    }

    private func run(_ seen: Volume, _ progress: (Int, Int) -> Void) throws -> Volume {
        let shape = seen.grid.shape
        let p =
            try options.windows.map {
                try model.predict(seen.voxels, shape: shape, windows: $0, precision: options.precision, progress: progress)
            } ?? model.predict(seen.voxels, shape: shape, precision: options.precision)
        return Volume(grid: seen.grid, voxels: model.foreground(p))
    }

    /// The axis of the voxels that runs between left and right.
    private static func leftRight(_ grid: Grid) -> Int { grid.affine.nearestAxes.firstIndex { $0.axis == 0 } ?? 0 }

    private func onGrid(of image: Volume, _ p: Volume) throws -> Volume {
        image.with(try p.sharesResampled(onto: image.grid).voxels)
    }

    private func disagreement(_ a: Volume, _ b: Volume) throws -> Double {
        1 - (try Overlap.dice(a.mask(atLeast: options.threshold), b.mask(atLeast: options.threshold)))
    }
}

extension Volume {
    /// The value of all voxels, where they have one.
    fileprivate var onlyValue: Float? {
        guard let first = voxels.first, voxels.allSatisfy({ $0 == first }) else { return nil }
        return first
    }
}
