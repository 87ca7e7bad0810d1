import Support

/// Eight smooth random fields over one box as one cubic B-spline, so that all of them cost a voxel four products of vectors.
struct FieldLattice {
    /// Control points along each axis.
    private let size: SIMD3<Int>
    private var values: [SIMD8<Float>]
    private let axes: [SplineAxis]
    /// mm from the first control point's knot to the last's.
    private let extent: SIMD3<Double>

    /// A lattice of zeros over a grid's voxel centres, with knots about `knots` mm apart (farther where the box is large).
    init(shape: SIMD3<Int>, spacing: SIMD3<Double>, knots: Double) {
        extent = SIMD3<Double>(shape &- 1) * spacing
        var spans = SIMD3<Int>.zero
        for a in 0..<3 { spans[a] = min(40, max(1, Int((extent[a] / knots).rounded()))) }
        axes = (0..<3).map { SplineAxis(spans: spans[$0], count: shape[$0]) }
        size = spans &+ 3
        values = Array(repeating: .zero, count: size.x * size.y * size.z)
    }

    /// Adds to one field a random one of mean 0 and the given standard deviation whose knots are `knots` mm apart, but no nearer than the
    /// lattice's own.
    mutating func add(_ field: Int, deviation: Double, knots: Double, _ random: inout CounterRandom) {
        var coarse = SIMD3<Int>.zero
        for a in 0..<3 { coarse[a] = max(1, min(size[a] - 3, Int((extent[a] / knots).rounded()))) }
        // Of independent control points of variance 1, a cubic B-spline has on average a variance of 0.479 along each axis, which is 0.33
        // of a deviation over three.
        let gain = Float(deviation / 0.3317)
        let n = coarse &+ 3
        let lattice = SplineLattice(size: n, values: (0..<n.x * n.y * n.z).map { _ in Float(random.normal()) * gain })
        if coarse == size &- 3 {
            for i in values.indices { values[i][field] += lattice.values[i] }
            return
        }
        // The fine lattice's control points take the coarse field's values where they lie.
        let places = (0..<3).map { a in
            SplineAxis(spans: coarse[a], positions: (0..<size[a]).map { (Double($0) - 1) / Double(size[a] - 3) * Double(coarse[a]) })
        }
        var row = [Float](repeating: 0, count: n.x), at = 0
        for k in 0..<size.z {
            let plane = lattice.plane(at: k, of: places[2])
            for j in 0..<size.y {
                lattice.row(of: plane, at: j, of: places[1], into: &row)
                for i in 0..<size.x {
                    let s = places[0].first[i], w = places[0].weights[i]
                    values[at][field] += row[s] * w.x + row[s + 1] * w.y + row[s + 2] * w.z + row[s + 3] * w.w
                    at += 1
                }
            }
        }
    }

    /// Adds a function of the position, as a share of half the box from its middle, to one field's control points.
    mutating func add(_ field: Int, _ function: (SIMD3<Double>) -> Double) {
        for k in 0..<size.z {
            for j in 0..<size.y {
                for i in 0..<size.x {
                    let p = SIMD3(Double(i - 1), Double(j - 1), Double(k - 1)) / SIMD3<Double>(size &- 3) * 2 - 1
                    values[i + size.x * (j + size.y * k)][field] += Float(function(p))
                }
            }
        }
    }

    /// The lattice contracted along z at a plane of voxels.
    func plane(_ k: Int) -> [SIMD8<Float>] {
        let area = size.x * size.y, base = axes[2].first[k] * area, w = axes[2].weights[k]
        return (0..<area).map { i -> SIMD8<Float> in
            let low: SIMD8<Float> = values[base + i] * w.x + values[base + area + i] * w.y
            let high: SIMD8<Float> = values[base + 2 * area + i] * w.z + values[base + 3 * area + i] * w.w
            return low + high
        }
    }

    /// A plane contracted along y at a row of voxels, into `row` of as many values as there are control points along x.
    func row(_ plane: [SIMD8<Float>], _ j: Int, into row: inout [SIMD8<Float>]) {
        let nx = size.x, base = axes[1].first[j] * nx, w = axes[1].weights[j]
        for i in 0..<nx {
            let low: SIMD8<Float> = plane[base + i] * w.x + plane[base + nx + i] * w.y
            let high: SIMD8<Float> = plane[base + 2 * nx + i] * w.z + plane[base + 3 * nx + i] * w.w
            row[i] = low + high
        }
    }

    var rowLength: Int { size.x }
    /// For each voxel of a row, the first of four control points and their weights.
    var first: [Int] { axes[0].first }
    var weights: [SIMD4<Float>] { axes[0].weights }
}
