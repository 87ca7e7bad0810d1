import Glibc
import Support

/// How bright the classes of a label map are in one image.
struct Appearance {
    /// For each class, brightness in four steps of the fine texture.
    let steps: [SIMD4<Float>]
    /// Of each class, what the coarse texture adds, and the deviation of single voxels.
    let drift: [Float]
    let grain: [Float]
    private let means: [Float]

    func value(of tissue: Tissue) -> Float { means[tissue.rawValue] }

    init(_ map: LabelMap, _ kind: ContrastKind, isStripped: Bool, _ random: inout CounterRandom) {
        var means = kind.means().map { Self.withPlay($0, &random) } ?? Self.byChance(&random)
        if kind == .t1, random.uniform() < 0.15 {
            // A contrast agent.
            for tissue in [Tissue.vein, .artery, .dura, .mucosa] { means[tissue.rawValue] += Float(random.uniform(0.3, 1)) }
        }
        // Everything in a brain scan but the brain may be brighter or darker as a whole: coils near to the scalp, fat suppression.
        if random.uniform() < 0.5 {
            let gain = Float(exp(0.5 * random.normal()))
            for tissue in Tissue.allCases where tissue.rawValue >= Tissue.fat.rawValue { means[tissue.rawValue] *= gain }
        }
        let texture = Tissue.allCases.map { Self.texture($0, &random) }
        var steps: [SIMD4<Float>] = [], drift: [Float] = [], grain: [Float] = []
        for tissue in map.tissues {
            let t = texture[tissue.rawValue]
            // Labels of one tissue differ a little.
            let mean = tissue == .air ? means[0] : max(0, means[tissue.rawValue] + 0.02 * Float(random.normal()))
            var step = SIMD4<Float>()
            for n in 0..<4 { step[n] = max(0, mean * (1 + t.steps * Float(random.normal()))) }
            let isGone = isStripped && !tissue.isBrain && tissue != .fluid
            steps.append(isGone ? .zero : tissue == .air ? SIMD4(repeating: mean) : step)
            drift.append(isGone || tissue == .air ? 0 : t.drift * mean)
            grain.append(isGone || tissue == .air ? 0 : t.grain)
        }
        (self.steps, self.drift, self.grain, self.means) = (steps, drift, grain, means)
    }

    /// The usual brightness, each a tenth or so off; fat, marrow and what else varies with the sequence more.
    private static func withPlay(_ usual: [Float], _ random: inout CounterRandom) -> [Float] {
        var means = usual
        let suppressesFat = random.uniform() < 0.25
        for tissue in Tissue.allCases where tissue != .air {
            let varies: Bool
            switch tissue {
            case .fat, .marrow, .vein, .artery, .mucosa, .skin, .soft, .dura, .muscle, .otherBrain: varies = true
            default: varies = false
            }
            let play = exp((varies ? 0.4 : 0.1) * random.normal())
            means[tissue.rawValue] = max(0, usual[tissue.rawValue] * Float(play) + 0.03 * Float(random.normal()))
        }
        if suppressesFat { for tissue in [Tissue.fat, .marrow] { means[tissue.rawValue] *= 0.3 } }
        return means
    }

    /// Independent brightness of all tissues, of which some then share one.
    private static func byChance(_ random: inout CounterRandom) -> [Float] {
        var means = Tissue.allCases.map { _ in Float(random.uniform(0.02, 1)) }
        func chance(_ share: Double) -> Bool { random.uniform() < share }
        func set(_ tissue: Tissue, _ value: Float) { means[tissue.rawValue] = value }
        func get(_ tissue: Tissue) -> Float { means[tissue.rawValue] }
        func between(_ a: Tissue, _ b: Tissue) -> Float {
            let share = Float(random.uniform())
            return get(a) * share + get(b) * (1 - share)
        }
        if chance(0.7) { set(.cerebellarGrey, get(.grey)) }
        if chance(0.7) { set(.cerebellarWhite, get(.white)) }
        if chance(0.6) { set(.brainstem, between(.white, .grey)) }
        if chance(0.6) { set(.nuclei, between(.white, .grey)) }
        if chance(0.6) { set(.otherBrain, between(.white, .grey)) }
        if chance(0.8) { set(.ventricle, get(.fluid)) }
        if chance(0.7) { set(.cord, get(.brainstem)) }
        if chance(0.6) { set(.nerve, get(.brainstem)) }
        if chance(0.6) { set(.soft, between(.fat, .muscle)) }
        if chance(0.4) { set(.dura, get(.fluid)) }
        if chance(0.5) { set(.bone, Float(random.uniform(0, 0.15))) }
        // Neighbours that cannot be told apart.
        let others: [Tissue] = [.fluid, .dura, .bone, .marrow, .soft, .fat, .skin, .vein]
        for tissue in others where chance(0.15) { set(tissue, get(others[min(7, Int(random.uniform(0, 8)))])) }
        if chance(0.1) { set(.dura, get(.grey)) }
        set(.air, chance(0.85) ? 0 : Float(random.uniform(0, 0.12)))
        return means
    }

    private static func texture(_ tissue: Tissue, _ random: inout CounterRandom) -> (steps: Float, drift: Float, grain: Float) {
        let most: (steps: Double, drift: Double, grain: Double)
        switch tissue {
        case .air: most = (0, 0, 0)
        case .white, .cerebellarWhite, .brainstem: most = (0.04, 0.06, 0.04)
        case .grey, .cerebellarGrey, .nuclei, .otherBrain: most = (0.06, 0.06, 0.05)
        case .ventricle, .fluid: most = (0.2, 0.1, 0.08)
        case .soft, .mucosa: most = (0.6, 0.15, 0.15)
        case .fat, .marrow, .vein, .artery: most = (0.4, 0.15, 0.12)
        default: most = (0.3, 0.1, 0.1)
        }
        let u = random.uniform()
        return (Float(most.steps * random.uniform()), Float(most.drift * random.uniform()), Float(most.grain * u * u))
    }
}
