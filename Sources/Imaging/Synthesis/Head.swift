import Glibc
import Support

/// One head, as drawn from a seed: shapes in mm about the brain's centre (x right, y anterior, z superior), and tissue brightness.
///
/// Surfaces are distance functions, negative inside; tissues are painted from the outside in, each covering what lies beneath by
/// the share of a voxel's width that is inside it.
struct Head {
    let seed: UInt64
    let noiseSigma: Float
    /// Log of the bias field and displacement (mm) over the box of `boxPosition`.
    let logBias: SplineLattice
    let warp: [SplineLattice]
    static let biasSpans = 3, warpSpans = 6

    private let rows: (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>)
    private let centre: SIMD3<Float>
    let shapes: HeadShapes
    let tone: Tones

    /// `height` is the field of view's along z, between centres of its outer voxels, in mm.
    init(seed: UInt64, height: Double, options: Phantom.Options) {
        self.seed = seed
        // One stream a theme, so that a new draw in one does not change the others.
        var pose = CounterRandom(seed: seed, stream: 1)
        var look = CounterRandom(seed: seed, stream: 2)
        tone = Tones(&look)
        noiseSigma = tone.white * Float(options.noise)
        shapes = HeadShapes(seed: seed)

        let size = pose.uniform(0.93, 1.07)
        let scale = SIMD3(pose.uniform(0.95, 1.05), pose.uniform(0.95, 1.05), pose.uniform(0.95, 1.05)) * size
        let angles = SIMD3(pose.uniform(-1, 1), pose.uniform(-1, 1), pose.uniform(-1, 1)) * options.rotation * .pi / 180
        let shift = SIMD3(pose.uniform(-1, 1), pose.uniform(-1, 1), pose.uniform(-1, 1)) * options.shift
        let (ca, sa) = (cos(angles.x), sin(angles.x)), (cb, sb) = (cos(angles.y), sin(angles.y))
        let (cc, sc) = (cos(angles.z), sin(angles.z))
        // Rotation about x, then y, then z, and the division by the size along each axis of the head.
        let r0 = SIMD3(cb * cc, cb * sc, -sb) / scale.x
        let r1 = SIMD3(sa * sb * cc - ca * sc, sa * sb * sc + ca * cc, sa * cb) / scale.y
        let r2 = SIMD3(ca * sb * cc + sa * sc, ca * sb * sc - sa * cc, ca * cb) / scale.z
        rows = (SIMD3<Float>(r0), SIMD3<Float>(r1), SIMD3<Float>(r2))
        // The brain sits above the middle of a tall field of view, with the neck in its lower part; in a short one
        // it sits lower, so that the top of the head is inside.
        centre = SIMD3<Float>(shift + SIMD3(0, -4, min(14, max(-8, height / 2 - 102))))

        warp = (0..<3).map { axis in
            var random = CounterRandom(seed: seed, stream: 10 + UInt64(axis))
            let n = Head.warpSpans + 3
            return SplineLattice(size: SIMD3(repeating: n), values: (0..<n * n * n).map { _ in Float(random.normal() * 4) })
        }
        logBias = Head.drawBias(seed: seed, strength: options.bias)
    }

    /// Position of a world coordinate in knot spans of a box of ±160 mm about the middle of the field of view.
    static func boxPosition(_ x: Double, spans: Int) -> Double { (x / 320 + 0.5) * Double(spans) }

    /// A random lattice, shifted and scaled to the mean 0 and the wanted deviation over the middle of the head.
    private static func drawBias(seed: UInt64, strength: Double) -> SplineLattice {
        var random = CounterRandom(seed: seed, stream: 20)
        var lattice = SplineLattice.random(spans: biasSpans, using: &random)
        let points = stride(from: -75.0, through: 75, by: 15).map { boxPosition($0, spans: biasSpans) }
        let (mean, deviation) = lattice.moments(over: SplineAxis(spans: biasSpans, positions: points))
        lattice.standardise(mean: mean, gain: strength * random.uniform(0.6, 1.2) / max(deviation, 1e-6))
        return lattice
    }

    /// Head coordinates of a world position.
    @inline(__always)
    func position(_ x: Double, _ y: Double, _ z: Double) -> SIMD3<Float> {
        let w = SIMD3<Float>(Float(x), Float(y), Float(z)) - centre
        return [(rows.0 * w).sum(), (rows.1 * w).sum(), (rows.2 * w).sum()]
    }
}

/// Brightness of each tissue in a T1-weighted image, drawn about adult values at 1.5 to 3 T.
struct Tones {
    let white, grey, nuclei, fluid, skull, marrow, fat, skin, muscle, eye, lens, dura: Float

    init(_ random: inout CounterRandom) {
        let w = random.uniform(400, 1200)
        func share(_ low: Double, _ high: Double) -> Float { Float(w * random.uniform(low, high)) }
        white = Float(w)
        let greyShare = random.uniform(0.64, 0.78)
        grey = Float(w * greyShare)
        nuclei = Float(w * (greyShare * 0.55 + 0.45))
        fluid = share(0.18, 0.34)
        skull = share(0.04, 0.14)
        marrow = share(0.55, 1.05)
        fat = share(0.95, 1.5)
        skin = share(0.5, 0.75)
        muscle = share(0.5, 0.72)
        eye = share(0.2, 0.36)
        lens = share(0.5, 0.8)
        dura = share(0.4, 0.7)
    }
}
