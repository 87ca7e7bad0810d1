import Glibc
import Support

/// A synthetic T1-weighted head with known truth, for demonstrations and tests.
///
/// One seed is one head: size, proportions, pose, folding, contrast, bias field. The same seed on a finer grid of the same field of
/// view shows the same head (only the noise is drawn anew), and a run repeats bit for bit.
public struct Phantom: Sendable {
    /// The image: tissue means, times the bias field, blurred at boundaries by a voxel's width, with Rician noise. Never negative.
    public let image: Volume
    /// The brain: every tissue whose `isBrain` is true.
    public let mask: Mask
    /// `Tissue` numbers, datatype uint8.
    public let labels: Volume
    /// The true multiplicative bias field, geometric mean 1 over the middle of the head.
    public let bias: Volume

    /// What the numbers in `labels` mean. The brain is 1 … 8: grey and white matter, nuclei, cerebellum, brainstem above the
    /// foramen magnum, ventricles, and the fluid in sulci and fissures; the fluid between brain and skull is not.
    public enum Tissue: UInt8, Sendable, CaseIterable {
        case air = 0, sulcalFluid, greyMatter, whiteMatter, ventricles, nuclei, cerebellarGrey, cerebellarWhite, brainstem
        case outerFluid, skull, marrow, fat, skin, muscle, eye, nerve

        /// Whether the brain's mask holds this tissue.
        public var isBrain: Bool { (1...8).contains(rawValue) }
    }

    /// How the head is placed and imaged.
    public struct Options: Sendable {
        /// Standard deviation of the noise in each channel as a share of white matter's mean.
        public var noise = 0.03
        /// Standard deviation of the log bias field over the head; a seed draws 0.6 to 1.2 of it.
        public var bias = 0.2
        /// Largest rotation about each axis, degrees.
        public var rotation = 10.0
        /// Largest shift along each axis, mm.
        public var shift = 6.0

        /// A head as scanners give it, unless told otherwise.
        public init(noise: Double = 0.03, bias: Double = 0.2, rotation: Double = 10, shift: Double = 6) {
            self.noise = noise
            self.bias = bias
            self.rotation = rotation
            self.shift = shift
        }
    }

    /// The most voxels of one phantom: 512³.
    public static let largestCount = 1 << 27

    /// Makes the head of a seed, about the centre of an axis-aligned RAS grid whose centre is world (0, 0, 0).
    ///
    /// - Parameters:
    ///   - shape: voxels along x (right), y (anterior), z (superior).
    ///   - spacing: voxel size in mm.
    /// - Throws: `SynthesisError` for a spacing, size or option out of range, `GridError`, `MemoryError`, `Interrupted`.
    public static func make(
        seed: UInt64, shape: SIMD3<Int> = [96, 128, 160], spacing: SIMD3<Double> = [2, 2, 2], options: Options = Options()
    ) throws -> Phantom {
        let subject = "a phantom"
        try SynthesisError.check(spacing, within: 0.05...100, of: subject)
        try SynthesisError.check("noise", options.noise, within: 0...1)
        try SynthesisError.check("bias", options.bias, within: 0...1.5)
        try SynthesisError.check("rotation", options.rotation, within: 0...180)
        try SynthesisError.check("shift", options.shift, within: 0...1000)
        let grid = try Grid(shape: shape, affine: Affine(spacing: spacing, origin: -(SIMD3<Double>(shape) - 1) / 2 * spacing))
        guard grid.count <= largestCount else { throw SynthesisError.tooLarge(subject, shape, most: largestCount) }
        try grid.requireMemory(bytesPerVoxel: 14)

        let head = Head(seed: seed, height: Double(shape.z - 1) * spacing.z, options: options)
        let frame = Frame(grid: grid, head: head)
        let count = grid.count, area = shape.x * shape.y
        var labels = [UInt8](), bias = [Float]()
        var labelValues = [Float](), mask = [UInt8]()
        let image = try [Float](unsafeUninitializedCapacity: count) { image, imageCount in
            labels = try [UInt8](unsafeUninitializedCapacity: count) { labels, labelCount in
                bias = try [Float](unsafeUninitializedCapacity: count) { bias, biasCount in
                    let out = Unchecked((image.baseAddress!, labels.baseAddress!, bias.baseAddress!))
                    try Parallel.slabs(shape.z) { k in
                        let (image, labels, bias) = out.value
                        frame.slab(k, image: image + k * area, labels: labels + k * area, bias: bias + k * area)
                    }
                    biasCount = count
                }
                labelCount = count
            }
            imageCount = count
        }
        labelValues = labels.map { Float($0) }
        mask = labels.map { $0 >= 1 && $0 <= 8 ? 1 : 0 }
        return Phantom(
            image: Volume(grid: grid, voxels: image), mask: Mask(grid: grid, voxels: mask),
            labels: Volume(grid: grid, voxels: labelValues, datatype: .uint8), bias: Volume(grid: grid, voxels: bias))
    }
}

/// One head on one grid: maps voxels to head coordinates, samples the anatomy, adds bias and noise.
private struct Frame {
    let head: Head
    let shape: SIMD3<Int>
    let spacing: SIMD3<Double>
    let origin: SIMD3<Double>
    let biasAxes, warpAxes: (SplineAxis, SplineAxis, SplineAxis)
    let softness: Float

    init(grid: Grid, head: Head) {
        self.head = head
        shape = grid.shape
        spacing = grid.spacing
        origin = grid.affine.translation
        let (shape, spacing, origin) = (shape, spacing, origin)
        func axes(_ spans: Int) -> (SplineAxis, SplineAxis, SplineAxis) {
            func axis(_ a: Int) -> SplineAxis {
                SplineAxis(
                    spans: spans,
                    positions: (0..<shape[a]).map {
                        Head.boxPosition(origin[a] + Double($0) * spacing[a], spans: spans)
                    })
            }
            return (axis(0), axis(1), axis(2))
        }
        biasAxes = axes(Head.biasSpans)
        warpAxes = axes(Head.warpSpans)
        // Partial volume: a boundary is a ramp about as wide as a voxel.
        softness = Float(max(0.4, (spacing.x + spacing.y + spacing.z) / 3))
    }

    func slab(_ k: Int, image: UnsafeMutablePointer<Float>, labels: UnsafeMutablePointer<UInt8>, bias: UnsafeMutablePointer<Float>) {
        let nx = shape.x
        let z = origin.z + Double(k) * spacing.z
        let biasPlane = head.logBias.plane(at: k, of: biasAxes.2)
        let warpPlanes = head.warp.map { $0.plane(at: k, of: warpAxes.2) }
        var biasRow = [Float](repeating: 0, count: head.logBias.size.x)
        var warpRows = [[Float]](repeating: [Float](repeating: 0, count: head.warp[0].size.x), count: 3)
        let noise = ReceiverNoise(random: CounterRandom(seed: head.seed, stream: 7), sigma: head.noiseSigma)
        for j in 0..<shape.y {
            let y = origin.y + Double(j) * spacing.y
            head.logBias.row(of: biasPlane, at: j, of: biasAxes.1, into: &biasRow)
            for a in 0..<3 { head.warp[a].row(of: warpPlanes[a], at: j, of: warpAxes.1, into: &warpRows[a]) }
            func along(_ row: [Float], _ axis: SplineAxis, _ i: Int) -> Float {
                let s = axis.first[i]
                let w = axis.weights[i]
                return (row[s] * w.x + row[s + 1] * w.y) + (row[s + 2] * w.z + row[s + 3] * w.w)
            }
            for i in 0..<nx {
                let x = origin.x + Double(i) * spacing.x
                let warp = SIMD3<Float>(
                    along(warpRows[0], warpAxes.0, i), along(warpRows[1], warpAxes.0, i), along(warpRows[2], warpAxes.0, i))
                let (value, tissue) = head.sample(head.position(x, y, z) + warp, softness: softness)
                let field = expf(along(biasRow, biasAxes.0, i))
                let at = i + nx * j
                bias[at] = field
                labels[at] = tissue.rawValue
                image[at] = noise.magnitude(of: value * field, voxel: UInt64(at + nx * shape.y * k))
            }
        }
    }
}
