import Support

/// Resampling where every target axis is parallel to a source axis: weights along each axis are worked out once, and
/// source planes are blended, then rows, then voxels.
struct Separable {
    /// Positions along one source axis: for each target index, `taps` source indices and weights; taps[0] < 0 marks a position outside.
    struct Axis {
        let taps: Int
        let indices: [Int32]
        let weights: [Float]
        let inside: [Bool]

        init(length n: Int, count: Int, start: Double, step: Double, interpolation: Interpolation, margin: Double) {
            taps = interpolation == .nearest ? 1 : interpolation == .linear ? 2 : 4
            var indices: [Int32] = [], weights: [Float] = [], inside: [Bool] = []
            indices.reserveCapacity(count * taps)
            weights.reserveCapacity(count * taps)
            let last = Double(n - 1)
            for q in 0..<count {
                let x = start + Double(q) * step
                guard x >= -margin, x <= last + margin else {
                    inside.append(false)
                    for _ in 0..<taps {
                        indices.append(0)
                        weights.append(0)
                    }
                    continue
                }
                inside.append(true)
                let held = snapped(min(max(x, 0), last))
                let i = Int(held), t = held - Double(i)
                switch interpolation {
                case .nearest, .label:
                    indices.append(Int32(min(n - 1, Int(held + halfway))))
                    weights.append(1)
                case .linear:
                    // On a voxel both taps are that voxel: a weight of 0 would not keep a NaN out.
                    indices += [Int32(i), Int32(t == 0 ? i : i + 1)]
                    weights += [1 - Float(t), Float(t)]
                case .cubic:
                    let w = Spline.weights(t)
                    for c in 0..<4 {
                        indices.append(Int32(Spline.mirror(i + c - 1, n)))
                        weights.append(w[c])
                    }
                }
            }
            self.indices = indices
            self.weights = weights
            self.inside = inside
        }
    }

    private let from: SIMD3<Int>
    private let to: SIMD3<Int>
    /// The target axis along which each source axis is read.
    private let target: SIMD3<Int>
    private let axes: [Axis]

    /// Nil unless the map's axes are parallel to within a thousandth of a voxel over the whole target, and for labels, whose votes are no sums of sums.
    init?(_ map: Affine, from: SIMD3<Int>, to: SIMD3<Int>, interpolation: Interpolation, margin: Double) {
        if interpolation == .label { return nil }
        let rows = [map.rows.0, map.rows.1, map.rows.2]
        var target = SIMD3<Int>.zero
        for axis in 0..<3 {
            let row = rows[axis]
            var most = 0
            for other in 1..<3 where abs(row[other]) > abs(row[most]) { most = other }
            for other in 0..<3 where other != most {
                if abs(row[other]) * Double(to[other]) > edgeTolerance / 4 { return nil }
            }
            target[axis] = most
        }
        guard Set([target.x, target.y, target.z]).count == 3 else { return nil }
        self.from = from
        self.to = to
        self.target = target
        axes = (0..<3).map {
            Axis(
                length: from[$0], count: to[target[$0]], start: rows[$0].w, step: rows[$0][target[$0]], interpolation: interpolation,
                margin: margin)
        }
    }

    func apply(to source: [Float]) throws -> [Float] {
        var result = Voxels.repeating(Float(0), to.x * to.y * to.z)
        let strides = [1, to.x, to.x * to.y]
        let (sx, sy, sz) = (strides[target.x], strides[target.y], strides[target.z])
        // Where planes land side by side in memory, a block of them is written together.
        let depth = axes[2].inside.count, block = sz == 1 ? 16 : 1
        try source.withUnsafeBufferPointer { source in
            try result.withUnsafeMutableBufferPointer { out in
                let p = Unchecked((source.baseAddress!, out.baseAddress!))
                try Parallel.slabs((depth + block - 1) / block) { b in
                    let planes = b * block..<min(depth, (b + 1) * block)
                    let (nx, ny) = (axes[0].inside.count, axes[1].inside.count)
                    if block == 1 && sx == 1 {
                        plane(planes.lowerBound, p.value.0, p.value.1 + planes.lowerBound * sz, 1, sy)
                        return
                    }
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: nx * ny * planes.count) { buffer in
                        let buffer = buffer.baseAddress!
                        buffer.initialize(repeating: 0, count: nx * ny * planes.count)
                        for (c, q) in planes.enumerated() { plane(q, p.value.0, buffer + c * nx * ny, 1, nx) }
                        let out = p.value.1 + planes.lowerBound * sz
                        // The innermost loop runs along the target's rows.
                        if sy == 1 {
                            for c in 0..<planes.count {
                                for x in 0..<nx {
                                    for y in 0..<ny { out[x * sx + y + c * sz] = buffer[(c * ny + y) * nx + x] }
                                }
                            }
                        } else {
                            for y in 0..<ny {
                                for x in 0..<nx {
                                    let place = out + x * sx + y * sy
                                    for c in 0..<planes.count { place[c * sz] = buffer[(c * ny + y) * nx + x] }
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// One plane of the result, at position `q` of the third source axis; voxels outside are left as they are.
    private func plane(
        _ q: Int, _ source: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ stepX: Int, _ stepY: Int
    ) {
        guard axes[2].inside[q] else { return }
        let taps = axes[2].taps
        let area = from.x * from.y
        if taps == 1 {
            rows(source + Int(axes[2].indices[q]) * area, out, stepY)
            return
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: area) { blend in
            let blend = blend.baseAddress!
            axes[2].indices.withUnsafeBufferPointer { indices in
                axes[2].weights.withUnsafeBufferPointer { weights in
                    mix(blend, source, area, indices.baseAddress! + q * taps, weights.baseAddress! + q * taps, taps, area)
                }
            }
            rows(blend, out, stepY)
        }
    }

    /// The rows of one plane.
    private func rows(_ plane: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ stepY: Int) {
        let taps = axes[1].taps, n = from.x, count = axes[0].inside.count
        axes[1].indices.withUnsafeBufferPointer { indices in
            axes[1].weights.withUnsafeBufferPointer { weights in
                axes[0].indices.withUnsafeBufferPointer { xs in
                    axes[0].weights.withUnsafeBufferPointer { ws in
                        withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { line in
                            let line = line.baseAddress!
                            for y in 0..<axes[1].inside.count where axes[1].inside[y] {
                                let at = y * taps
                                let target = out + y * stepY
                                if taps == 1 {
                                    let row = plane + Int(indices[at]) * n
                                    for x in 0..<count where axes[0].inside[x] { target[x] = row[Int(xs[x])] }
                                    continue
                                }
                                mix(line, plane, n, indices.baseAddress! + at, weights.baseAddress! + at, taps, n)
                                if taps == 2 {
                                    for x in 0..<count {
                                        let a = x &* 2
                                        target[x] = ws[a] * line[Int(xs[a])] + ws[a &+ 1] * line[Int(xs[a &+ 1])]
                                    }
                                } else {
                                    for x in 0..<count {
                                        let a = x &* 4
                                        target[x] =
                                            ws[a] * line[Int(xs[a])] + ws[a &+ 1] * line[Int(xs[a &+ 1])] + ws[a &+ 2]
                                            * line[Int(xs[a &+ 2])] + ws[a &+ 3] * line[Int(xs[a &+ 3])]
                                    }
                                }
                                // A weight of 0 does not undo a NaN: outside stays 0.
                                for x in 0..<count where !axes[0].inside[x] { target[x] = 0 }
                            }
                        }
                    }
                }
            }
        }
    }

    /// out = Σ weights[t] · source[indices[t] · stride + …] over n values. A tap of weight 0 is not read, so that it brings no NaN.
    @inline(__always)
    private func mix(
        _ out: UnsafeMutablePointer<Float>, _ source: UnsafePointer<Float>, _ stride: Int, _ indices: UnsafePointer<Int32>,
        _ weights: UnsafePointer<Float>, _ taps: Int, _ n: Int
    ) {
        let a = source + Int(indices[0]) * stride, b = source + Int(indices[1]) * stride
        let (u, v) = (weights[0], weights[1])
        if taps == 2 {
            if v == 0 {
                out.update(from: a, count: n)
                return
            }
            for i in 0..<n { out[i] = u * a[i] + v * b[i] }
        } else {
            let c = source + Int(indices[2]) * stride, d = source + Int(indices[3]) * stride
            let (w, x) = (weights[2], weights[3])
            for i in 0..<n { out[i] = u * a[i] + v * b[i] + w * c[i] + x * d[i] }
        }
    }
}
