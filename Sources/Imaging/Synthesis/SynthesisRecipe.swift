import Glibc
import Support

/// Everything that a seed decides about a synthetic head but the draws of single voxels.
struct SynthesisRecipe {
    /// From mm about the grid's middle to mm about the map's brain: the rows of a matrix, applied after the shift is taken off.
    let rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
    let shift: SIMD3<Double>
    /// Fields over the grid: displacement in mm (0 … 2), fine and coarse texture of deviation 1 (3, 4), the log of the bias (5), roughness
    /// in mm (6).
    let fields: FieldLattice
    let appearance: Appearance
    let lesions: [Lesion]
    /// The acquired box, in mm about the grid's middle.
    let view: (low: SIMD3<Double>, high: SIMD3<Double>)
    /// What lies farther than `limit` along a direction (y, z) of the head is erased, as faces are.
    let face: (y: Float, z: Float, limit: Float)?
    let erasesAir: Bool
    /// The brightest that noise of the air is.
    let air: Float
    let acquisition: Acquisition
    let tone: ToneCurve
    /// Of textures voxel by voxel.
    let grain: CounterRandom

    /// A region of the brain with a brightness of its own.
    struct Lesion {
        let centre: SIMD3<Float>
        let radius: Float
        let value: Float
    }

    init(_ map: LabelMap, seed: UInt64, grid: Grid, options: HeadSynthesis.Options) {
        // One stream a theme, so that a new draw in one does not change the others.
        var pose = CounterRandom(seed: seed, stream: 101)
        var shapes = CounterRandom(seed: seed, stream: 102)
        var look = CounterRandom(seed: seed, stream: 103)
        var scanner = CounterRandom(seed: seed, stream: 104)
        var erasing = CounterRandom(seed: seed, stream: 105)
        grain = CounterRandom(seed: seed, stream: 106)
        var wide = CounterRandom(seed: seed, stream: 108)
        func both(_ random: inout CounterRandom) -> Double { random.uniform(-1, 1) }

        // Pose: the matrix leads from the grid to the head, so sizes divide.
        let angles = SIMD3(both(&pose), both(&pose) * 2 / 3, both(&pose) * 2 / 3) * options.rotation * .pi / 180
        let size = SIMD3(both(&pose), both(&pose), both(&pose)) * options.scale * 0.5 + (1 + both(&pose) * options.scale * 0.6)
        let lean = SIMD3(both(&pose), both(&pose), both(&pose)) * options.scale * 0.4
        let mirror = pose.uniform() < 0.5 ? -1.0 : 1
        let turn = Affine.turn(angles.z, from: 0, to: 1).after(Affine.turn(angles.y, from: 2, to: 0)).after(
            Affine.turn(angles.x, from: 1, to: 2))
        let form = Affine([mirror / size.x, lean.x, lean.y, 0], [0, 1 / size.y, lean.z, 0], [0, 0, 1 / size.z, 0]).after(turn)
        func row(_ r: SIMD4<Double>) -> SIMD3<Double> { SIMD3(r.x, r.y, r.z) }
        rows = (row(form.rows.0), row(form.rows.1), row(form.rows.2))
        shift = SIMD3(both(&pose), both(&pose), both(&pose)) * options.shift

        var fields = FieldLattice(shape: grid.shape, spacing: grid.spacing, knots: 10)
        let elastic = shapes.uniform(0, options.elastic)
        for axis in 0..<3 {
            fields.add(axis, deviation: elastic, knots: shapes.uniform(35, 80), &shapes)
            fields.add(axis, deviation: min(elastic * 0.3, 0.9), knots: 18, &shapes)
        }
        fields.add(3, deviation: 1, knots: shapes.uniform() < 0.5 ? 10 : shapes.uniform(10, 30), &shapes)
        fields.add(4, deviation: 1, knots: shapes.uniform(30, 90), &shapes)
        let strength = scanner.uniform(0, options.bias)
        fields.add(5, deviation: strength, knots: scanner.uniform(50, 150), &scanner)
        // Coils about the head see its rim better than its middle.
        let rim = scanner.uniform(-0.3, 0.5) * options.bias / 0.4
        fields.add(5) { p in rim * (p * p).sum() }
        fields.add(6, deviation: 5, knots: 10, &shapes)
        self.fields = fields

        let kind = options.contrast == .any ? Self.contrast(&look) : options.contrast
        let isStripped = erasing.uniform() < 0.03 * options.erasing
        appearance = Appearance(map, kind, isStripped: isStripped, &look)
        lesions = Self.lesions(map, appearance, &look)

        view = Self.slab(of: Self.view(map, shift: shift, size: size, options, &erasing), map, shift: shift, size: size, options, &wide)
        air = Float(wide.uniform(0, options.air))
        face = Self.face(map, options, &erasing)
        erasesAir = erasing.uniform() < 0.35 * options.erasing
        acquisition = Acquisition(grid: grid, seed: seed, options: options, &scanner)
        tone = ToneCurve(gamma: exp(0.25 * look.normal()))
    }

    private static func contrast(_ random: inout CounterRandom) -> ContrastKind {
        switch random.uniform() {
        case ..<0.45: .random
        case ..<0.65: .t1
        case ..<0.80: .t2
        case ..<0.93: .flair
        default: .pd
        }
    }

    private static func lesions(_ map: LabelMap, _ look: Appearance, _ random: inout CounterRandom) -> [Lesion] {
        guard random.uniform() < 0.2 else { return [] }
        return (0..<(1 + Int(random.uniform(0, 4)))).map { _ in
            let place = SIMD3(random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)) * map.halfExtent * 0.75
            let radius = 3 * exp(random.uniform(0, 2))
            let value = random.uniform() < 0.6 ? look.value(of: .fluid) : Float(random.uniform(0, 1))
            return Lesion(centre: SIMD3<Float>(place), radius: Float(radius), value: value)
        }
    }

    /// The field of view: mostly cut somewhere below the brain, at times above it, before or beside it, seldom through its rim.
    private static func view(
        _ map: LabelMap, shift: SIMD3<Double>, size: SIMD3<Double>, _ options: HeadSynthesis.Options, _ random: inout CounterRandom
    ) -> (low: SIMD3<Double>, high: SIMD3<Double>) {
        let reach = map.halfExtent * size
        var low = SIMD3(repeating: -1e6), high = SIMD3(repeating: 1e6)
        func chance(_ share: Double) -> Bool { random.uniform() < share * options.erasing }
        if chance(0.6) { low.z = shift.z - reach.z - random.uniform(-8, 90) }
        if chance(0.2) { high.z = shift.z + reach.z + random.uniform(-6, 20) }
        if chance(0.15) { high.y = shift.y + reach.y + random.uniform(0, 40) }
        if chance(0.08) { low.y = shift.y - reach.y - random.uniform(0, 30) }
        if chance(0.08) { (low.x, high.x) = (shift.x - reach.x - random.uniform(0, 20), shift.x + reach.x + random.uniform(0, 20)) }
        return (low, high)
    }

    /// At times no more of a field of view than a slab, mostly across the axis that points up, anywhere within the brain.
    private static func slab(
        of view: (low: SIMD3<Double>, high: SIMD3<Double>), _ map: LabelMap, shift: SIMD3<Double>, size: SIMD3<Double>,
        _ options: HeadSynthesis.Options, _ random: inout CounterRandom
    ) -> (low: SIMD3<Double>, high: SIMD3<Double>) {
        guard random.uniform() < options.slab else { return view }
        var (low, high) = view
        let pick = random.uniform(), axis = pick < 0.7 ? 2 : pick < 0.85 ? 1 : 0
        let half = random.uniform(25, 120) / 2, middle = shift[axis] + random.uniform(-0.8, 0.8) * map.halfExtent[axis] * size[axis]
        low[axis] = max(low[axis], middle - half)
        high[axis] = min(high[axis], middle + half)
        return (low, high)
    }

    private static func face(_ map: LabelMap, _ options: HeadSynthesis.Options, _ random: inout CounterRandom) -> (
        y: Float, z: Float, limit: Float
    )? {
        guard random.uniform() < 0.35 * options.erasing else { return nil }
        let n = min(Int(random.uniform(0, Double(LabelMap.faceAngles.count))), LabelMap.faceAngles.count - 1)
        let angle = LabelMap.faceAngles[n] * .pi / 180
        return (Float(cos(angle)), Float(-sin(angle)), Float(map.faceReach[n] + random.uniform(4, 25)))
    }
}
