import Support

/// Images of heads that nobody has scanned, drawn from maps of labels: random pose, shape, contrast, field, resolution, noise and
/// artefacts, so that a network trained on them knows no contrast in particular (Billot et al. 2020, arXiv:2003.01995; 2023,
/// doi:10.1016/j.media.2023.102789; Hoopes et al. 2022, doi:10.1016/j.neuroimage.2022.119474).
public struct HeadSynthesis: Sendable {
    /// The image; 0 or above, with the brightest tissues about 1.
    public let image: Volume
    /// The brain as the image shows it, its border where a voxel is half in it; nothing outside of the field of view.
    public let mask: Mask
    /// The labels of the map at each voxel, the nearest; 0 outside of the field of view. A mirrored head keeps its numbers, so that left
    /// and right are exchanged.
    public let labels: Volume

    /// The bounds within which an image is drawn.
    public struct Options: Sendable {
        /// The order of tissues' brightness.
        public var contrast = ContrastKind.any
        /// Largest turn about the axis that points right, in degrees; about the others two thirds of it.
        public var rotation = 22.0
        /// Largest change of size along each axis, as a share.
        public var scale = 0.15
        /// Largest shift of the brain's middle from the grid's, along right, anterior and superior, in mm.
        public var shift = SIMD3(12.0, 22, 30)
        /// Standard deviation of the elastic displacement, in mm; a seed draws 0 to all of it.
        public var elastic = 3.0
        /// Standard deviation of the log bias field; a seed draws 0 to all of it.
        public var bias = 0.4
        /// Standard deviation of the noise where it is strongest, as a share of the brightest tissue.
        public var noise = 0.12
        /// The largest distance between slices, in mm.
        public var thickness = 6.5
        /// The share of images with parts erased or cut off: faces, what is below or above the brain, the air.
        public var erasing = 1.0
        /// The share of images of which only a slab of 25 to 120 mm across the brain was scanned.
        public var slab = 0.0
        /// How bright the noise of the air may be, as a share of the brightest tissue, in images that are ratios of two (Marques et al. 2010,
        /// doi:10.1016/j.neuroimage.2009.10.002); a seed draws 0 to all of it.
        public var air = 0.0

        /// Everything that heads in archives vary by.
        public init() {}

        func check() throws(SynthesisError) {
            try SynthesisError.check("rotation", rotation, within: 0...180)
            try SynthesisError.check("scale", scale, within: 0...0.5)
            for axis in 0..<3 { try SynthesisError.check("shift", shift[axis], within: 0...500) }
            try SynthesisError.check("elastic", elastic, within: 0...10)
            try SynthesisError.check("bias", bias, within: 0...2)
            try SynthesisError.check("noise", noise, within: 0...1)
            try SynthesisError.check("thickness", thickness, within: 0...20)
            try SynthesisError.check("erasing", erasing, within: 0...1)
            try SynthesisError.check("slab", slab, within: 0...1)
            try SynthesisError.check("air", air, within: 0...2)
        }
    }

    /// The most voxels of one image: 512³.
    public static let largestCount = 1 << 27

    /// Draws the image of a seed, on an axis-aligned grid (right, anterior, superior) about the world's origin; the same, bit for bit,
    /// whenever and on however many threads.
    ///
    /// - Parameters:
    ///   - shape: voxels along right, anterior, superior.
    ///   - spacing: voxel size in mm.
    /// - Throws: `SynthesisError` for sizes and options out of range, `GridError`, `MemoryError`, `Interrupted`.
    public init(
        _ map: LabelMap, seed: UInt64, shape: SIMD3<Int> = [96, 128, 160], spacing: SIMD3<Double> = [2, 2, 2], options: Options = Options()
    ) throws {
        let subject = "a synthetic head"
        try SynthesisError.check(spacing, within: 0.25...20, of: subject)
        try options.check()
        let grid = try Grid(shape: shape, affine: Affine(spacing: spacing, origin: -(SIMD3<Double>(shape) - 1) / 2 * spacing))
        guard grid.count <= Self.largestCount else { throw SynthesisError.tooLarge(subject, shape, most: Self.largestCount) }
        try grid.requireMemory(bytesPerVoxel: 20)

        let recipe = SynthesisRecipe(map, seed: seed, grid: grid, options: options)
        let drawn = try HeadDrawing(map, recipe, grid).draw()
        let acquired = try recipe.acquisition.apply(to: drawn.signal, shape: shape)
        let finished: [Float] = try Voxels.make(grid.count) { out, range in
            drawn.erased.withUnsafeBufferPointer { erased in
                acquired.withUnsafeBufferPointer { acquired in
                    for i in range { out[i] = erased[i] != 0 ? 0 : acquired[i] }
                    recipe.tone.apply(out, range)
                }
            }
        }
        image = Volume(grid: grid, voxels: finished)
        mask = Mask(grid: grid, voxels: try Voxels.map(drawn.classes) { c, out, n in for i in 0..<n { out[i] = c[i] >> 7 } })
        labels = Volume(
            grid: grid,
            voxels: try map.labels.withUnsafeBufferPointer { labels in
                let labels = Unchecked(labels.baseAddress!)
                return try Voxels.map(drawn.classes) { c, out, n in
                    for i in 0..<n { out[i] = labels.value[Int(c[i] & 0x7F)] }
                }
            }, datatype: .int16)
    }
}
