extension Head {
    /// A voxel being painted: later tissues cover earlier ones by the share of a voxel that lies inside them.
    struct Brush {
        var value: Float = 0
        var tissue = Phantom.Tissue.air
        let sharpness: Float
        /// Distance to the head's surface: nothing is painted beyond it.
        let head: Float

        /// `distance` in mm to the tissue's surface, negative inside.
        @inline(__always)
        mutating func paint(_ distance: Float, _ tone: Float, _ tissue: Phantom.Tissue) {
            let distance = max(distance, head)
            let cover = min(max(0.5 - distance * sharpness, 0), 1)
            value += (tone - value) * cover
            if distance < 0 { self.tissue = tissue }
        }
    }

    /// Brightness (without bias and noise) and tissue at a head position; `softness` is the width of a boundary's ramp in mm.
    func sample(_ p: SIMD3<Float>, softness: Float) -> (value: Float, tissue: Phantom.Tissue) {
        let s = shapes
        let mirrored = SIMD3<Float>(abs(p.x), p.y, p.z)

        let cerebrum = blend(s.cerebrum(p), min(s.temporalLeft(p), s.temporalRight(p)), 12)
        let cerebellum = s.cerebellum(p)
        // The vault encloses everything within one smooth surface.
        let vault = blend(cerebrum, cerebellum, 24)
        if vault > 150 { return (0, .air) }
        let neckAndFace = blend(blend(s.face(p), s.chin(p), 16), blend(s.neck(p), s.nose(p), 8), 20)
        let ears = p.z < 0 && p.z > -80 ? min(s.earLeft(p), s.earRight(p)) : 100
        let coarse = min(vault - 36, min(neckAndFace, ears) - 8)
        if coarse > softness { return (0, .air) }

        let slow = s.slow.four(p)
        let inner = vault - s.fluidGap
        let bone = s.boneThickness * (1 + 0.16 * slow.x)
        let outer = inner - bone
        let scalp = s.scalpThickness * (1 + 0.18 * slow.y)
        let head = blend(blend(outer - scalp, neckAndFace + slow.z, 14), ears, 6)
        if head > softness { return (0, .air) }
        let texture = 1 + 0.025 * slow.w
        var brush = Brush(sharpness: 1 / softness, head: head)

        if inner > -softness {
            paintOutside(p, mirrored, head: head, outer: outer, inner: inner, bone: bone, slow: slow, &brush)
        }
        if inner < softness {
            brush.paint(inner, tone.dura, .outerFluid)
            brush.paint(inner + 0.8, tone.fluid, .outerFluid)
        }
        if p.z < -66 { paintCord(p, &brush) }
        if vault < softness + 40 {
            paintBrain(p, mirrored, cerebrum: cerebrum, cerebellum: cerebellum, slow: slow, &brush)
        }
        return (brush.value * texture, brush.tissue)
    }

    /// Scalp, face, neck, skull and eyes.
    private func paintOutside(
        _ p: SIMD3<Float>, _ mirrored: SIMD3<Float>, head: Float, outer: Float, inner: Float, bone: Float, slow: SIMD4<Float>,
        _ brush: inout Brush
    ) {
        let s = shapes
        brush.paint(head, tone.skin, .skin)
        brush.paint(head + 1.8, tone.fat, .fat)
        // Muscle fills face and neck under an uneven layer of fat; over the vault there is fat down to the bone,
        // but for the chewing muscles at the temples.
        let away = outer + 0.5
        if away > -2 {
            let deep = max(head + 6 + 2.5 * slow.w, 3.5 - away)
            let strip = abs(slow.x * 1.5 + slow.z) * 7 - 1.1
            brush.paint(max(deep, -strip), tone.muscle, .muscle)
            let chew = min(s.chewLeft(p), s.chewRight(p))
            brush.paint(max(chew, head + 3.2), tone.muscle, .muscle)
            let jaw = min(s.jawLeft(p), s.jawRight(p))
            brush.paint(jaw, tone.skull, .skull)
            brush.paint(jaw + 3.5, tone.marrow, .marrow)
            if p.z < -70 {
                // Discs divide the vertebrae every 22 mm.
                let phase = p.z / 22
                let disc = abs(phase - phase.rounded()) * 22 - 2
                let spine = s.spine(p)
                brush.paint(spine, tone.skull, .skull)
                brush.paint(max(spine + 2.5, -disc), tone.marrow, .marrow)
                brush.paint(max(spine + 2, disc), tone.muscle, .muscle)
            }
            brush.paint(min(s.sinusLeft(p), s.sinusRight(p)) + slow.y, 0, .air)
            brush.paint(max(s.nasal(p), 1 - abs(p.x)), 0, .air)
            brush.paint(s.mouth(p) + 1.5 * slow.x, 0, .air)
            brush.paint(s.airway(p), 0, .air)
        }
        brush.paint(outer, tone.skull, .skull)
        if bone > 4 { brush.paint(max(outer + bone * 0.3, -inner + bone * 0.26), tone.marrow, .marrow) }
        paintEye(mirrored, &brush)
    }

    /// An eye in its cone of fat, with the optic nerve behind (given in the right half; both are alike).
    private func paintEye(_ p: SIMD3<Float>, _ brush: inout Brush) {
        let centre = SIMD3<Float>(32, 74, -32)
        let q = p - centre
        let r = (q * q).sum().squareRoot()
        if r > 46 { return }
        let ball = r - 12.2
        let nerve = Rod(centre + [-3, -10, 0], [8, 22, -24], radius: 2.4, endRadius: 2.2)(p)
        let cone = Rod(centre + [0, -2, 0], [17, 36, -28], radius: 16, endRadius: 5)(p)
        brush.paint(cone, tone.skull, .skull)
        brush.paint(max(cone + 1.5, q.y - 6), tone.fat, .fat)
        // Two of the muscles that move the eye, as a sleeve at some distance from the nerve.
        brush.paint(max(abs(nerve - 7) - 1.3, q.y + 2, cone + 1.5), tone.muscle, .muscle)
        brush.paint(nerve, tone.muscle * 1.05, .nerve)
        brush.paint(ball, tone.skin, .eye)
        brush.paint(ball + 1, tone.eye, .eye)
        let l = (q - [0, 9, 0]) * SIMD3<Float>(1 / 4.5, 1 / 2.2, 1 / 4.5)
        brush.paint(((l * l).sum().squareRoot() - 1) * 2.5, tone.lens, .eye)
    }

    /// The spinal cord in its fluid, below the foramen magnum.
    private func paintCord(_ p: SIMD3<Float>, _ brush: inout Brush) {
        let cord = shapes.cord(p)
        brush.paint(cord - 3.5, tone.fluid, .outerFluid)
        brush.paint(cord, tone.white * 0.92, .nerve)
    }

    /// Everything within the brain's hull.
    private func paintBrain(
        _ p: SIMD3<Float>, _ mirrored: SIMD3<Float>, cerebrum hull: Float, cerebellum: Float, slow: SIMD4<Float>, _ brush: inout Brush
    ) {
        let s = shapes
        let soft = 1 / brush.sharpness
        let stem = max(blend(s.brainstem(p), s.pons(p), 6), -80 - p.z)
        if hull < soft {
            let depth = -hull
            brush.paint(hull, tone.fluid, .sulcalFluid)
            var fluid = hull
            if depth < 30 {
                // Sulci run inwards from the hull: their pattern is drawn on its surface (a radial projection), with a little
                // of the position itself, so that they curve.
                let q = (p - s.cerebrum.centre) * s.cerebrum.inverse
                let k = max((q * q).sum().squareRoot(), 0.2)
                let bent = SIMD3(slow.y, slow.z, slow.x) * 3.5
                let surface = (p - s.cerebrum.centre) * (0.72 / k) + p * 0.3 + bent
                let (value, gradient) = s.folds.valueAndGradient(surface)
                let slope = (gradient * gradient).sum().squareRoot() / k
                let aside = abs(value) / max(slope, 0.03)
                let bottom = s.sulcusDepth * (1 + 0.3 * slow.z)
                // A sulcus narrows towards its bottom.
                let wide = s.sulcusWidth * max(0.35, 1.35 - depth / bottom)
                fluid = carve(fluid, max(aside - wide, depth - bottom), 5)
            }
            let fissure = max(abs(p.x + slow.y * 0.6) - 0.9, -s.callosal(p))
            fluid = carve(fluid, fissure, 4)
            // The Sylvian fissure parts the temporal lobe from what lies above.
            let lobe = min(s.temporalLeft(p), s.temporalRight(p))
            let upper = s.cerebrum(p)
            fluid = max(fluid, -max(abs(lobe) - 0.9, upper, -24 - upper, p.y > -22 ? -1 : 1))
            brush.paint(fluid, tone.grey, .greyMatter)
            brush.paint(max(fluid + s.cortex * (1 + 0.12 * slow.x), hull + 2), tone.white, .whiteMatter)
            if depth > 18 {
                let nuclei = min(min(s.thalamusLeft(p), s.thalamusRight(p)), min(s.putamenLeft(p), s.putamenRight(p)))
                brush.paint(nuclei, tone.nuclei, .nuclei)
                let lateral = blend(
                    min(s.lateralLeft(p), s.lateralRight(p)), min(s.hornLeft(p), s.hornRight(p)), 5)
                // A thin septum keeps the two sides apart.
                brush.paint(max(min(lateral, s.third(p)), -(p.z > 5 ? abs(p.x) - 0.8 : 1)), tone.fluid, .ventricles)
            }
        }
        if cerebellum < soft {
            // A cleft to the cerebrum (the tentorium), folia as a fine labyrinth over a white core.
            let body = max(cerebellum, 1.2 - max(hull, -6))
            brush.paint(min(cerebellum, body), tone.fluid, .sulcalFluid)
            brush.paint(body + 0.3, tone.grey * 0.97, .cerebellarGrey)
            let folia = s.folia.valueAndGradient(p * SIMD3<Float>(0.6, 1, 1)).value
            brush.paint(max(cerebellum + 8 - 3 * folia, body + 2.5), tone.white * 0.97, .cerebellarWhite)
        }
        if stem < soft { brush.paint(stem, tone.white * 0.93, .brainstem) }
        if p.z < -20 { brush.paint(max(s.fourth(p), -80 - p.z), tone.fluid, .ventricles) }
    }
}
