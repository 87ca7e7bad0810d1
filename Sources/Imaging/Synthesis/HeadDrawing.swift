import Glibc
import Support

/// Draws a recipe's signal on a grid, voxel by voxel: where the voxel lies in the map, what is there, and how bright that is.
struct HeadDrawing {
    private let map: LabelMap
    private let recipe: SynthesisRecipe
    private let grid: Grid
    private let appearance: Appearance
    /// What one voxel along each of the grid's axes is in the map's voxels, and the grid's first voxel.
    private let stepX, stepY, stepZ, origin: SIMD4<Float>
    /// mm to the map's voxels, and the map's voxel to mm about the brain.
    private let perMillimetre, millimetres, centre: SIMD4<Float>
    /// Voxels along each axis that lie in the field of view.
    private let view: [Range<Int>]

    /// `signal` is without noise; `classes` as in `LabelMap.voxels`; `erased` is 1 where the image will be 0.
    struct Drawn {
        var signal: [Float]
        var classes: [UInt8]
        var erased: [UInt8]
    }

    init(_ map: LabelMap, _ recipe: SynthesisRecipe, _ grid: Grid) {
        (self.map, self.recipe, self.grid, appearance) = (map, recipe, grid, recipe.appearance)
        let (r0, r1, r2) = recipe.rows
        func inMap(_ p: SIMD3<Double>) -> SIMD4<Float> {
            let h = SIMD3((r0 * p).sum(), (r1 * p).sum(), (r2 * p).sum()) / map.spacing
            return SIMD4(SIMD3<Float>(h), 0)
        }
        let s = grid.spacing
        stepX = inMap([s.x, 0, 0])
        stepY = inMap([0, s.y, 0])
        stepZ = inMap([0, 0, s.z])
        origin = inMap(-(SIMD3<Double>(grid.shape &- 1)) / 2 * s - recipe.shift) + SIMD4(SIMD3<Float>(map.centre), 0)
        perMillimetre = SIMD4(SIMD3<Float>(1 / map.spacing), 0)
        millimetres = SIMD4(SIMD3<Float>(map.spacing), 0)
        centre = SIMD4(SIMD3<Float>(map.centre), 0)
        view = (0..<3).map { axis in
            let inside = (0..<grid.shape[axis]).filter { i in
                let x = (Double(i) - Double(grid.shape[axis] - 1) / 2) * s[axis]
                return x >= recipe.view.low[axis] && x <= recipe.view.high[axis]
            }
            return (inside.first ?? 0)..<(inside.last ?? -1) + 1
        }
    }

    func draw() throws -> Drawn {
        let count = grid.count, shape = grid.shape
        var classes: [UInt8] = [], erased: [UInt8] = []
        let first = recipe.fields.first, weights = recipe.fields.weights
        let signal = try [Float](unsafeUninitializedCapacity: count) { signal, done in
            Voxels.useLargePages(signal.baseAddress!, count)
            erased = try [UInt8](unsafeUninitializedCapacity: count) { erased, done in
                classes = try [UInt8](unsafeUninitializedCapacity: count) { classes, done in
                    let out = Unchecked((signal.baseAddress!, classes.baseAddress!, erased.baseAddress!))
                    try Parallel.slabs(shape.z) { k in
                        let plane = recipe.fields.plane(k)
                        var row = [SIMD8<Float>](repeating: .zero, count: recipe.fields.rowLength)
                        for j in 0..<shape.y {
                            let at = (k * shape.y + j) * shape.x
                            guard view[1].contains(j), view[2].contains(k), !view[0].isEmpty else {
                                (out.value.0 + at).initialize(repeating: 0, count: shape.x)
                                (out.value.1 + at).initialize(repeating: 0, count: shape.x)
                                (out.value.2 + at).initialize(repeating: 1, count: shape.x)
                                continue
                            }
                            recipe.fields.row(plane, j, into: &row)
                            row.withUnsafeBufferPointer { row in
                                first.withUnsafeBufferPointer { first in
                                    weights.withUnsafeBufferPointer { weights in
                                        draw(
                                            j, k, at, row.baseAddress!, first.baseAddress!, weights.baseAddress!, out.value.0 + at,
                                            out.value.1 + at, out.value.2 + at)
                                    }
                                }
                            }
                        }
                    }
                    done = count
                }
                done = count
            }
            done = count
        }
        return Drawn(signal: signal, classes: classes, erased: erased)
    }

    /// One row of the grid, whose first voxel has the number `at`.
    private func draw(
        _ j: Int, _ k: Int, _ at: Int, _ fields: UnsafePointer<SIMD8<Float>>, _ first: UnsafePointer<Int>,
        _ weights: UnsafePointer<SIMD4<Float>>,
        _ signal: UnsafeMutablePointer<Float>, _ classes: UnsafeMutablePointer<UInt8>, _ erased: UnsafeMutablePointer<UInt8>
    ) {
        let nx = map.shape.x, area = map.shape.x * map.shape.y
        let last = SIMD4<Float>(SIMD3<Float>(SIMD3<Double>(map.shape &- 1)), 1) - 0.001
        let start = origin + stepY * Float(j) + stepZ * Float(k)
        let normal = NormalTable.pointer
        let air = recipe.air, face = recipe.face, erasesAir = recipe.erasesAir, hasLesions = !recipe.lesions.isEmpty
        let view = view[0], grain = recipe.grain, most = grid.shape.x
        map.voxels.withUnsafeBufferPointer { voxels in
            let voxels = UnsafeRawPointer(voxels.baseAddress!)
            appearance.steps.withUnsafeBufferPointer { steps in
                let steps = steps.baseAddress!
                for i in 0..<most {
                    let f = fields + first[i], w = weights[i]
                    let before: SIMD8<Float> = f[0] * w.x + f[1] * w.y, after: SIMD8<Float> = f[2] * w.z + f[3] * w.w
                    let field = before + after
                    let displacement = SIMD4<Float>(field[0], field[1], field[2], 0) * perMillimetre
                    let p = start + stepX * Float(i) + displacement
                    var value: Float = 0, nearest: UInt8 = 0
                    let step = Int(min(max(field[3] * 1.2 + 2, 0), 3))
                    if all(p .>= 0), all(p .< last) {
                        // Number by number: a vector's conversion goes through generic code.
                        let x = Int32(p.x), y = Int32(p.y), z = Int32(p.z)
                        let u = SIMD4<Float>(p.x - Float(x), p.y - Float(y), p.z - Float(z), 0)
                        let base = voxels + (Int(x) &+ nx &* Int(y) &+ area &* Int(z))
                        let a = base.loadUnaligned(as: UInt16.self), b = base.loadUnaligned(fromByteOffset: nx, as: UInt16.self)
                        let c = base.loadUnaligned(fromByteOffset: area, as: UInt16.self)
                        let d = base.loadUnaligned(fromByteOffset: area &+ nx, as: UInt16.self)
                        if a == b, c == d, a == c, a & 0xFF == a >> 8 {
                            nearest = UInt8(truncatingIfNeeded: a)
                            value = steps[Int(nearest & 0x7F)][step]
                        } else {
                            func along(_ pair: UInt16) -> (value: Float, brain: Float) {
                                let low = Int(pair & 0x7F), high = Int((pair >> 8) & 0x7F)
                                let v = steps[low][step], w = steps[high][step]
                                let inLow = Float((pair >> 7) & 1), inHigh = Float(pair >> 15)
                                return (v + (w - v) * u.x, inLow + (inHigh - inLow) * u.x)
                            }
                            let (va, vb, vc, vd) = (along(a), along(b), along(c), along(d))
                            let (low, high) = (va.value + (vb.value - va.value) * u.y, vc.value + (vd.value - vc.value) * u.y)
                            value = low + (high - low) * u.z
                            let (inLow, inHigh) = (va.brain + (vb.brain - va.brain) * u.y, vc.brain + (vd.brain - vc.brain) * u.y)
                            let brain = inLow + (inHigh - inLow) * u.z
                            let pair = u.z < 0.5 ? (u.y < 0.5 ? a : b) : (u.y < 0.5 ? c : d)
                            nearest = UInt8(truncatingIfNeeded: u.x < 0.5 ? pair & 0x7F : (pair >> 8) & 0x7F)
                            if brain >= 0.5 { nearest |= LabelMap.brainBit }
                        }
                    }
                    let kind = Int(nearest & 0x7F)
                    var isErased = erasesAir && kind == 0
                    if kind == 0 {
                        value = max(value, steps[0][0])
                        if air > 0 {
                            let bits = Int(truncatingIfNeeded: grain.bits(at: UInt64(at &+ i)) & 0xFFFF)
                            value = max(value, air * Float(bits) / 65535)
                        }
                    } else {
                        let h = (p - centre) * millimetres
                        if hasLesions, nearest >= LabelMap.brainBit { value = lesion(SIMD3(h.x, h.y, h.z), field, value) }
                        let draw = normal[Int(truncatingIfNeeded: grain.bits(at: UInt64(at &+ i)) & 0xFFF)]
                        value += appearance.drift[kind] * field[4] + appearance.grain[kind] * draw
                    }
                    if let face, !isErased, nearest < LabelMap.brainBit {
                        let h = (p - centre) * millimetres
                        isErased = face.y * h.y + face.z * h.z + max(-4, min(field[6], 4)) > face.limit
                    }
                    if !view.contains(i) {
                        isErased = true
                        nearest = 0
                        value = 0
                    }
                    signal[i] = max(0, value)
                    classes[i] = nearest
                    erased[i] = isErased ? 1 : 0
                    bias(signal, i, field[5])
                }
            }
        }
    }

    @inline(__always)
    private func bias(_ signal: UnsafeMutablePointer<Float>, _ i: Int, _ logarithm: Float) {
        // exp of a small number, as (1 + x/8)⁸ with the second-order term: within a hundredth over −1.5 … 1.5, and smooth, which is all
        // that a random field needs.
        let x = min(max(logarithm, -1.5), 1.5) * 0.125
        let y = 1 + x + 0.5 * x * x
        let y2 = y * y, y4 = y2 * y2
        signal[i] *= y4 * y4
    }

    private func lesion(_ h: SIMD3<Float>, _ field: SIMD8<Float>, _ value: Float) -> Float {
        for lesion in recipe.lesions {
            let d = h - lesion.centre
            if (d * d).sum() < lesion.radius * lesion.radius * (1 + 0.35 * field[3]) { return lesion.value }
        }
        return value
    }
}
