import Support

/// Approximation of scattered values by a cubic B-spline (Lee, Wolberg, Shin 1997, section 3.1), where the values lie on a lattice.
///
/// A control point c becomes Σ B_c² φ_c / Σ B_c² over the samples, φ_c = B_c · z / Σ B². On a lattice B is a product of one
/// factor an axis, and so are B² and B³ / Σ B²: both sums are taken one axis after the other, a few operations a sample.
package struct SplineFit {
    package let axes: [SplineAxis]
    /// B³ / Σ B² of each axis and sample position.
    private let cubes: [[SIMD4<Float>]]
    /// Σ B_c² of each control point.
    private let density: [Float]

    package init(_ samples: N4Samples, spans: SIMD3<Int>) throws {
        var axes: [SplineAxis] = [], cubes: [[SIMD4<Float>]] = [], squares: [[SIMD4<Float>]] = []
        for a in 0..<3 {
            // The spline's domain reaches from the first sample to the last.
            let axis = SplineAxis(spans: spans[a], count: samples.shape[a])
            axes.append(axis)
            squares.append(axis.weights.map { $0 * $0 })
            cubes.append(axis.weights.map { $0 * $0 * $0 / ($0 * $0).sum() })
        }
        self.axes = axes
        self.cubes = cubes
        density = try Self.contract(samples, axes: axes, factors: squares) { s in samples.weight.isEmpty ? 1 : samples.weight[s] }
    }

    /// The B-spline of what the sharpening takes away from the corrected logs.
    package func fitted(_ samples: N4Samples, _ sharpening: Sharpening) throws -> SplineLattice {
        let sums: [Float] = try sharpening.expected.withUnsafeBufferPointer { expected in
            let table = Unchecked(expected)
            return try samples.logCorrected.withUnsafeBufferPointer { log in
                let log = Unchecked(log)
                if samples.weight.isEmpty {
                    return try Self.contract(samples, axes: axes, factors: cubes) { s in
                        let v = log.value[s]
                        return v - sharpening.sharpened(v, table.value)
                    }
                }
                return try Self.contract(samples, axes: axes, factors: cubes) { s in
                    let v = log.value[s]
                    return (v - sharpening.sharpened(v, table.value)) * samples.weight[s]
                }
            }
        }
        let size = SIMD3(axes[0].controlPoints, axes[1].controlPoints, axes[2].controlPoints)
        // Where no sample reaches, a control point stays as it is.
        return SplineLattice(size: size, values: zip(sums, density).map { $1 > 1e-20 ? $0 / $1 : 0 })
    }

    /// Σ over samples of value · factor_x · factor_y · factor_z at each control point. Planes are summed in order, so a run repeats.
    @inline(__always)
    private static func contract(
        _ samples: N4Samples, axes: [SplineAxis], factors: [[SIMD4<Float>]], _ value: (Int) -> Float
    ) throws -> [Float] {
        let shape = samples.shape
        let nx = axes[0].controlPoints, ny = axes[1].controlPoints, nz = axes[2].controlPoints
        let area = nx * ny
        var planes = [Float](repeating: 0, count: shape.z * area)
        try planes.withUnsafeMutableBufferPointer { planes in
            let out = Unchecked(planes.baseAddress!)
            try withoutActuallyEscaping(value) { value in
                let value = Unchecked(value)
                try Parallel.slabs(shape.z) { k in
                    let plane = out.value + k * area
                    var row = [Float](repeating: 0, count: nx)
                    row.withUnsafeMutableBufferPointer { row in
                        axes[0].first.withUnsafeBufferPointer { first in
                            factors[0].withUnsafeBufferPointer { weights in
                                samples.column.withUnsafeBufferPointer { column in
                                    for j in 0..<shape.y {
                                        let range = samples.rowStart[k * shape.y + j]..<samples.rowStart[k * shape.y + j + 1]
                                        if range.isEmpty { continue }
                                        row.update(repeating: 0)
                                        // Samples of one span share their four control points: they are summed before they are stored.
                                        var span = first[Int(column[range.lowerBound])]
                                        var sum = SIMD4<Float>.zero
                                        for s in range {
                                            let i = Int(column[s])
                                            if first[i] != span {
                                                for d in 0..<4 { row[span + d] += sum[d] }
                                                sum = .zero
                                                span = first[i]
                                            }
                                            sum += weights[i] * value.value(s)
                                        }
                                        for d in 0..<4 { row[span + d] += sum[d] }
                                        let w = factors[1][j]
                                        let target = plane + axes[1].first[j] * nx
                                        for d in 0..<4 {
                                            for c in 0..<nx { target[d * nx + c] += row[c] * w[d] }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        var sums = [Double](repeating: 0, count: area * nz)
        for k in 0..<shape.z {
            let base = axes[2].first[k] * area
            let w = SIMD4<Double>(factors[2][k])
            for d in 0..<4 {
                for c in 0..<area { sums[base + d * area + c] += Double(planes[k * area + c]) * w[d] }
            }
        }
        return sums.map { Float($0) }
    }
}

extension SplineLattice {
    /// The same spline with twice the spans along each axis, exactly (Lee, Wolberg, Shin 1997, section 4.2).
    package func refined() -> SplineLattice {
        var lattice = self
        for axis in 0..<3 { lattice = lattice.refined(along: axis) }
        return lattice
    }

    private func refined(along axis: Int) -> SplineLattice {
        var newSize = size
        newSize[axis] = 2 * (size[axis] - 3) + 3
        var out = SplineLattice(zero: newSize)
        let others = [0, 1, 2].filter { $0 != axis }
        let strides = [1, size.x, size.x * size.y], newStrides = [1, newSize.x, newSize.x * newSize.y]
        let stride = strides[axis], newStride = newStrides[axis]
        for b in 0..<size[others[1]] {
            for a in 0..<size[others[0]] {
                let from = a * strides[others[0]] + b * strides[others[1]]
                let to = a * newStrides[others[0]] + b * newStrides[others[1]]
                for c in 0..<newSize[axis] {
                    let m = from + (c / 2) * stride
                    out.values[to + c * newStride] =
                        c % 2 == 0
                        ? (values[m] + values[m + stride]) / 2
                        : (values[m] + 6 * values[m + stride] + values[m + 2 * stride]) / 8
                }
            }
        }
        return out
    }

    /// The voxels at the ends of a spline's domain; beyond them the spline keeps the values that it has there.
    package struct Domain: Sendable { let first, last: SIMD3<Int> }

    /// exp of the spline at every voxel of a grid. The outermost voxels are the ends of its domain, unless another one is given.
    package func exponential(over shape: SIMD3<Int>, domain: Domain? = nil) throws -> [Float] {
        try rows(over: shape, domain) { field, _, out, n in out.update(from: field, count: n) }
    }

    /// Voxels divided by exp of the spline.
    package func divide(_ voxels: [Float], over shape: SIMD3<Int>, domain: Domain? = nil) throws -> [Float] {
        try voxels.withUnsafeBufferPointer { voxels in
            let voxels = Unchecked(voxels.baseAddress!)
            return try rows(over: shape, domain) { field, row, out, n in
                let from = voxels.value + row
                for i in 0..<n { out[i] = from[i] / field[i] }
            }
        }
    }

    /// `body(field, row, out, n)` sets each row of the result from exp of the spline there; `row` is the index of the row's first voxel.
    private func rows(
        over n: SIMD3<Int>, _ domain: Domain?, _ body: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
    ) throws -> [Float] {
        let domain = domain ?? Domain(first: .zero, last: n &- 1)
        let axes = (0..<3).map { a in
            SplineAxis(spans: size[a] - 3, count: n[a], domain: domain.first[a]...domain.last[a])
        }
        return try [Float](unsafeUninitializedCapacity: n.x * n.y * n.z) { out, count in
            Voxels.useLargePages(out.baseAddress!, n.x * n.y * n.z)
            let out = Unchecked(out.baseAddress!)
            try withoutActuallyEscaping(body) { body in
                let body = Unchecked(body)
                try Parallel.slabs(n.z) { k in
                    let plane = plane(at: k, of: axes[2])
                    var row = [Float](repeating: 0, count: size.x)
                    // Padded to whole vectors.
                    let padded = (n.x + 7) / 8
                    var line = [SIMD8<Float>](repeating: .zero, count: padded)
                    for j in 0..<n.y {
                        self.row(of: plane, at: j, of: axes[1], into: &row)
                        axes[0].first.withUnsafeBufferPointer { first in
                            axes[0].weights.withUnsafeBufferPointer { weights in
                                row.withUnsafeBufferPointer { row in
                                    line.withUnsafeMutableBytes { bytes in
                                        let line = bytes.bindMemory(to: Float.self)
                                        for i in 0..<n.x {
                                            line[i] = SplineLattice.value(
                                                row.baseAddress!, at: i, first: first.baseAddress!, weights: weights.baseAddress!)
                                        }
                                    }
                                }
                            }
                        }
                        for v in 0..<padded { line[v] = FastExp.exp(line[v]) }
                        line.withUnsafeBytes { bytes in
                            let at = (k * n.y + j) * n.x
                            body.value(bytes.bindMemory(to: Float.self).baseAddress!, at, out.value + at, n.x)
                        }
                    }
                }
            }
            count = n.x * n.y * n.z
        }
    }
}
