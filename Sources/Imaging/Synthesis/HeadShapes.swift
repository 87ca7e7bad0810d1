import Support

/// An ellipsoid's approximate distance in mm, negative inside (exact on the surface; Quilez' two-norm form).
struct Ellipsoid {
    let centre, inverse: SIMD3<Float>

    init(_ x: Float, _ y: Float, _ z: Float, radii: SIMD3<Float>) {
        centre = [x, y, z]
        inverse = 1 / radii
    }

    @inline(__always)
    func callAsFunction(_ p: SIMD3<Float>) -> Float {
        let q = (p - centre) * inverse
        let g = q * inverse
        let k0 = (q * q).sum().squareRoot(), k1 = (g * g).sum().squareRoot()
        return k1 < 1e-6 ? -1 / inverse.max() : k0 * (k0 - 1) / k1
    }
}

/// A rod with round ends whose radius changes along it.
struct Rod {
    let start, along: SIMD3<Float>
    let radius, endRadius, inverseSquare: Float

    init(_ start: SIMD3<Float>, _ end: SIMD3<Float>, radius: Float, endRadius: Float) {
        self.start = start
        along = end - start
        self.radius = radius
        self.endRadius = endRadius
        inverseSquare = 1 / (along * along).sum()
    }

    @inline(__always)
    func callAsFunction(_ p: SIMD3<Float>) -> Float {
        let q = p - start
        let t = min(max((q * along).sum() * inverseSquare, 0), 1)
        let d = q - along * t
        return (d * d).sum().squareRoot() - (radius + (endRadius - radius) * t)
    }
}

/// The union of two shapes with a fillet of about `width` mm.
@inline(__always)
func blend(_ a: Float, _ b: Float, _ width: Float) -> Float {
    let h = max(width - abs(a - b), 0) / width
    return min(a, b) - h * h * width * 0.25
}

/// The first shape without the second, its edge rounded by about `width` mm.
@inline(__always)
func carve(_ a: Float, _ b: Float, _ width: Float) -> Float { -blend(-a, b, width) }

/// The anatomy of one head: where each surface is. Numbers are mm in an adult; a seed moves them.
struct HeadShapes {
    let folds, slow, folia: Waves
    let scalpThickness, boneThickness, fluidGap, cortex, sulcusWidth, sulcusDepth: Float
    let cerebrum, temporalLeft, temporalRight, cerebellum, pons, callosal, face, chin, nose: Ellipsoid
    let earLeft, earRight, lateralLeft, lateralRight, third, fourth: Ellipsoid
    let hornLeft, hornRight, thalamusLeft, thalamusRight, putamenLeft, putamenRight: Ellipsoid
    let chewLeft, chewRight, sinusLeft, sinusRight, nasal, mouth: Ellipsoid
    let brainstem, cord, spine, neck, airway: Rod
    let jawLeft, jawRight: Rod

    init(seed: UInt64) {
        var r = CounterRandom(seed: seed, stream: 3)
        func u(_ low: Float, _ high: Float) -> Float { Float(r.uniform(Double(low), Double(high))) }
        scalpThickness = u(4.5, 9)
        boneThickness = u(5, 8.5)
        fluidGap = u(1.2, 3.5)
        cortex = u(2.5, 3.2)
        sulcusWidth = u(0.5, 1.3)
        sulcusDepth = u(11, 17)
        let v = u(0.75, 1.5)

        let width = u(64, 70), length = u(80, 87), height = u(56, 63)
        cerebrum = Ellipsoid(0, 0, 8, radii: [width, length, height])
        let lobe = u(24, 28), low = u(-31, -26)
        temporalLeft = Ellipsoid(-41, 13, low, radii: [lobe, 42, 22])
        temporalRight = Ellipsoid(41, 13, low, radii: [lobe, 42, 22])
        cerebellum = Ellipsoid(0, -54, u(-47, -43), radii: [u(48, 54), u(30, 34), u(24, 28)])
        pons = Ellipsoid(0, -14, -42, radii: [17, 14, 16])
        callosal = Ellipsoid(0, -2, 6, radii: [30, 42, u(22, 26)])
        brainstem = Rod([0, -10, -18], [0, -30, -82], radius: 15, endRadius: 8)
        cord = Rod([0, -30, -78], [0, -36, -210], radius: 6.5, endRadius: 6)

        let jaw = u(-6, 6)
        face = Ellipsoid(0, 46, -62, radii: [56 + jaw * 0.5, 50, 62 + jaw])
        chin = Ellipsoid(0, 66 + jaw * 0.4, -108 - jaw, radii: [32, 24, 24])
        nose = Ellipsoid(0, u(96, 102), u(-60, -55), radii: [12, 17, 20])
        neck = Rod([0, -18, -60], [0, -26, -260], radius: u(54, 62), endRadius: u(54, 66))
        earLeft = Ellipsoid(-76, -12, -34, radii: [10, 15, 26])
        earRight = Ellipsoid(76, -12, -34, radii: [10, 15, 26])

        lateralLeft = Ellipsoid(-11, 4, 14, radii: [6 * v, 33, 8 * v])
        lateralRight = Ellipsoid(11, 4, 14, radii: [6 * v, 33, 8 * v])
        hornLeft = Ellipsoid(-26, -34, 2, radii: [5.5 * v, 20, 8 * v])
        hornRight = Ellipsoid(26, -34, 2, radii: [5.5 * v, 20, 8 * v])
        third = Ellipsoid(0, -3, -2, radii: [2 * v, 13, 10])
        fourth = Ellipsoid(0, -33, -43, radii: [7 * v, 5 * v, 10])
        thalamusLeft = Ellipsoid(-11, -11, 3, radii: [9, 14, 9])
        thalamusRight = Ellipsoid(11, -11, 3, radii: [9, 14, 9])
        putamenLeft = Ellipsoid(-25, 8, 1, radii: [6, 18, 11])
        putamenRight = Ellipsoid(25, 8, 1, radii: [6, 18, 11])

        chewLeft = Ellipsoid(-67, 20, -48, radii: [13, 26, 40])
        chewRight = Ellipsoid(67, 20, -48, radii: [13, 26, 40])
        sinusLeft = Ellipsoid(-25, 68, -66, radii: [12, 15, 15])
        sinusRight = Ellipsoid(25, 68, -66, radii: [12, 15, 15])
        nasal = Ellipsoid(0, 64, -62, radii: [9, 30, 18])
        mouth = Ellipsoid(0, 66, -94, radii: [20, 26, 4])
        airway = Rod([0, 34, -66], [0, 16, -240], radius: 8, endRadius: 9)
        spine = Rod([0, -10, -94], [0, -8, -240], radius: 15, endRadius: 17)
        jawLeft = Rod([-50, 20, -70], [-14, 76 + jaw * 0.4, -112 - jaw], radius: 8, endRadius: 9)
        jawRight = Rod([50, 20, -70], [14, 76 + jaw * 0.4, -112 - jaw], radius: 8, endRadius: 9)

        var pattern = CounterRandom(seed: seed, stream: 4)
        folds = Waves(&pattern, wavelength: 15...22)
        slow = Waves(&pattern, wavelength: 45...110, lanesPerSum: 4)
        folia = Waves(&pattern, wavelength: 7...9)
    }
}
