/// What a label of a whole-head map is made of, as far as contrast is concerned. Names of both hemispheres share one.
enum Tissue: Int, CaseIterable, Sendable {
    case air, white, grey, nuclei, cerebellarGrey, cerebellarWhite, brainstem, ventricle, otherBrain
    case fluid, dura, fat, soft, skin, mucosa, muscle, bone, marrow, vein, artery, eye, nerve, cord

    /// The tissue of a label: FreeSurfer's numbers below 500, and above it those of whole-head maps as published with SynthSeg (Billot et
    /// al. 2023, doi:10.1016/j.media.2023.102789): 502 artery, 506 eyes, 507 other, 508 rectus muscle, 509 mucosa, 511 skin, 512 spinal
    /// cord, 514 vein, 515 cortical bone, 516 cancellous bone, 530 optic nerve. Numbers that are none of these are other brain below 500,
    /// and soft tissue above.
    init(label: Int) {
        switch label {
        case ...0: self = .air
        case 2, 41, 77, 85, 78, 79, 192, 251...255: self = .white
        case 3, 42, 17, 53, 18, 54, 19, 20, 55, 56, 1000...2999: self = .grey
        case 9, 10, 11, 12, 13, 26, 48, 49, 50, 51, 52, 58, 28, 60: self = .nuclei
        case 8, 47: self = .cerebellarGrey
        case 7, 46: self = .cerebellarWhite
        case 16: self = .brainstem
        case 4, 5, 14, 15, 43, 44, 31, 63, 72, 213, 221: self = .ventricle
        case 24, 257: self = .fluid
        case 30, 62: self = .vein
        case 502: self = .artery
        case 506: self = .eye
        case 508: self = .muscle
        case 509: self = .mucosa
        case 511: self = .skin
        case 512: self = .cord
        case 514: self = .vein
        case 515: self = .bone
        case 516: self = .marrow
        case 530: self = .nerve
        case 1..<500: self = .otherBrain
        default: self = .soft
        }
    }

    var isBrain: Bool { (Tissue.white.rawValue...Tissue.otherBrain.rawValue).contains(rawValue) }
}

/// Ways in which a head may be imaged.
public enum ContrastKind: String, Sendable, CaseIterable {
    /// Drawn anew for each image: half of the time `random`, else one of the others.
    case any
    /// Every tissue as bright as chance has it (Billot et al. 2020, arXiv:2003.01995).
    case random
    /// The order of tissues in T1-weighted, T2-weighted, fluid-attenuated and proton-density-weighted images, each with some play.
    case t1, t2, flair, pd
}

extension ContrastKind {
    /// Usual brightness of each tissue, as a share of that of the brightest of the brain; nil where chance alone decides.
    ///
    /// Rounded from what adults' scans at 1.5 to 3 T show; the draw adds play of about a tenth to each, more to those that vary with the
    /// sequence (fat, marrow, vessels).
    func means() -> [Float]? {
        func table(
            _ white: Float, _ grey: Float, _ nuclei: Float, fluid: Float, fat: Float, muscle: Float, skin: Float, mucosa: Float,
            bone: Float, marrow: Float,
            vein: Float, eye: Float, dura: Float
        ) -> [Float] {
            Tissue.allCases.map { tissue in
                switch tissue {
                case .air: 0
                case .white, .cerebellarWhite: white
                case .brainstem, .cord, .nerve: 0.8 * white + 0.2 * grey
                case .grey, .cerebellarGrey, .otherBrain: grey
                case .nuclei: nuclei
                case .ventricle, .fluid: fluid
                case .dura: dura
                case .fat: fat
                case .soft: 0.6 * muscle + 0.4 * fat
                case .skin: skin
                case .mucosa: mucosa
                case .muscle: muscle
                case .bone: bone
                case .marrow: marrow
                case .vein, .artery: vein
                case .eye: eye
                }
            }
        }
        switch self {
        case .any, .random: return nil
        case .t1:
            return table(
                0.85, 0.6, 0.7, fluid: 0.2, fat: 1.05, muscle: 0.5, skin: 0.65, mucosa: 0.6, bone: 0.08, marrow: 0.65, vein: 0.35,
                eye: 0.22, dura: 0.4)
        case .t2:
            return table(
                0.38, 0.52, 0.44, fluid: 1, fat: 0.6, muscle: 0.22, skin: 0.4, mucosa: 0.8, bone: 0.06, marrow: 0.45, vein: 0.2, eye: 0.95,
                dura: 0.2)
        case .flair:
            return table(
                0.6, 0.78, 0.68, fluid: 0.15, fat: 0.55, muscle: 0.35, skin: 0.5, mucosa: 0.85, bone: 0.07, marrow: 0.4, vein: 0.22,
                eye: 0.18, dura: 0.35)
        case .pd:
            return table(
                0.68, 0.85, 0.75, fluid: 0.85, fat: 0.75, muscle: 0.55, skin: 0.6, mucosa: 0.8, bone: 0.1, marrow: 0.6, vein: 0.35,
                eye: 0.85, dura: 0.4)
        }
    }
}
