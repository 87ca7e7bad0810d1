import Support

/// Resampling where every target axis is parallel to a source axis: weights along each axis are worked out once, and
/// source planes are blended, then rows, then voxels.
struct Separable {
    /// Positions along one source axis: for each target index inside, source indices and their weights.
    struct Axis {
        /// A few source indices with their weights.
        typealias Taps = [(index: Int, weight: Float)]

        /// Target indices along this axis.
        let count: Int
        /// Those whose positions lie in the source.
        let inside: Range<Int>
        /// The source indices that are read.
        let reach: Range<Int>
        private let width: Int
        /// `width` for each target index; 0 outside.
        private let indices: [Int32]
        private let weights: [Float]

        init(length n: Int, count: Int, start: Double, step: Double, interpolation: Interpolation, margin: Double) {
            width = interpolation == .nearest ? 1 : interpolation == .linear ? 2 : 4
            var indices = [Int32](repeating: 0, count: count * width), weights = [Float](repeating: 0, count: count * width)
            let last = Double(n - 1)
            var first: Int?, end = 0
            for q in 0..<count {
                let x = start + Double(q) * step
                guard x >= -margin, x <= last + margin else { continue }
                if first == nil { first = q }
                end = q + 1
                let held = snapped(min(max(x, 0), last))
                let i = Int(held), t = held - Double(i), at = q * width
                switch interpolation {
                case .nearest, .label:
                    indices[at] = Int32(min(n - 1, Int(held + halfway)))
                    weights[at] = 1
                case .linear:
                    // On a voxel both taps are that voxel: a weight of 0 would not keep a NaN out.
                    indices[at] = Int32(i)
                    indices[at + 1] = Int32(t == 0 ? i : i + 1)
                    weights[at] = 1 - Float(t)
                    weights[at + 1] = Float(t)
                case .cubic:
                    let w = Spline.weights(t)
                    for c in 0..<4 {
                        indices[at + c] = Int32(Spline.mirror(i + c - 1, n))
                        weights[at + c] = w[c]
                    }
                }
            }
            // Positions run one way, so those inside are neighbours.
            inside = (first ?? 0)..<end
            let used = indices[inside.lowerBound * width..<inside.upperBound * width]
            reach = Int(used.min() ?? 0)..<Int(used.max() ?? -1) + 1
            self.count = count
            self.indices = indices
            self.weights = weights
        }

        func taps(_ q: Int) -> Taps { (q * width..<(q + 1) * width).map { (Int(indices[$0]), weights[$0]) } }

        /// Voxels of a row at the positions inside.
        func pick(_ row: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
            indices.withUnsafeBufferPointer { indices in
                let indices = indices.baseAddress!
                for x in inside { out[x] = row[Int(indices[x])] }
            }
        }

        /// Blends of two voxels of a row.
        func blendTwo(_ row: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
            indices.withUnsafeBufferPointer { indices in
                weights.withUnsafeBufferPointer { weights in
                    let (indices, weights) = (indices.baseAddress!, weights.baseAddress!)
                    for x in inside {
                        let a = x &* 2
                        out[x] = weights[a] * row[Int(indices[a])] + weights[a &+ 1] * row[Int(indices[a &+ 1])]
                    }
                }
            }
        }

        /// Blends of four voxels of a row.
        func blendFour(_ row: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>) {
            indices.withUnsafeBufferPointer { indices in
                weights.withUnsafeBufferPointer { weights in
                    let (indices, weights) = (indices.baseAddress!, weights.baseAddress!)
                    for x in inside {
                        let a = x &* 4
                        out[x] =
                            weights[a] * row[Int(indices[a])] + weights[a &+ 1] * row[Int(indices[a &+ 1])]
                            + weights[a &+ 2] * row[Int(indices[a &+ 2])] + weights[a &+ 3] * row[Int(indices[a &+ 3])]
                    }
                }
            }
        }
    }

    private static let longest = 1 << 20

    private let from: SIMD3<Int>
    private let to: SIMD3<Int>
    /// The target axis along which each source axis is read.
    private let target: SIMD3<Int>
    private let axes: [Axis]

    /// Nil unless the map's axes are parallel to within a thousandth of a voxel over the whole target, and for labels, whose votes are no
    /// sums of sums. Nil too for axes so long that their tables would be large.
    init?(_ map: Affine, from: SIMD3<Int>, to: SIMD3<Int>, interpolation: Interpolation, margin: SIMD3<Double>) {
        if interpolation == .label || to.max() > Self.longest { return nil }
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
                margin: margin[$0])
        }
    }

    func apply(to source: [Float]) throws -> [Float] {
        let strides = [1, to.x, to.x * to.y]
        let (sx, sy, sz) = (strides[target.x], strides[target.y], strides[target.z])
        // Where planes land side by side in memory, a block of them is written together.
        let depth = axes[2].count, block = sz == 1 ? 16 : 1
        return try source.withUnsafeBufferPointer { source in
            try [Float](unsafeUninitializedCapacity: to.x * to.y * to.z) { buffer, initialised in
                Voxels.useLargePages(buffer.baseAddress!, buffer.count)
                let p = Unchecked((source.baseAddress!, buffer.baseAddress!))
                try Parallel.slabs((depth + block - 1) / block) { b in
                    let planes = b * block..<min(depth, (b + 1) * block)
                    let (nx, ny) = (axes[0].count, axes[1].count)
                    if block == 1 && sx == 1 {
                        plane(planes.lowerBound, p.value.0, p.value.1 + planes.lowerBound * sz, sy)
                        return
                    }
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: nx * ny * planes.count) { buffer in
                        let buffer = buffer.baseAddress!
                        for (c, q) in planes.enumerated() { plane(q, p.value.0, buffer + c * nx * ny, nx) }
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
                initialised = buffer.count
            }
        }
    }

    /// One plane of the result, at position `q` of the third source axis, its rows `stepY` apart; 0 outside.
    private func plane(_ q: Int, _ source: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ stepY: Int) {
        let n = from.x, area = from.x * from.y, width = axes[0].count
        // After Ctrl-C what is left is only given a value.
        let isOutside = !axes[2].inside.contains(q) || Interrupt.isRaised
        let deep = axes[2].taps(q)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { line in
            // Of cubic's sixteen rows, the four of one place in y are blended once for all.
            withUnsafeTemporaryAllocation(of: Float.self, capacity: deep.count == 4 ? area : 1) { blend in
                let line = line.baseAddress!, blend = blend.baseAddress!
                let columns = axes[0].reach
                if deep.count == 4 && !isOutside {
                    for y in axes[1].reach {
                        let rows = deep.map { (source + $0.index * area + y * n, $0.weight) }
                        Self.mix(blend + y * n, rows[0], rows[1], rows[2], rows[3], columns)
                    }
                }
                for y in 0..<axes[1].count {
                    let target = out + y * stepY
                    guard !isOutside, axes[1].inside.contains(y) else {
                        target.initialize(repeating: 0, count: width)
                        continue
                    }
                    let high = axes[1].taps(y)
                    switch high.count {
                    case 1: axes[0].pick(source + deep[0].index * area + high[0].index * n, target)
                    case 2:
                        Self.mixLinear(line, source, n, area, high, deep, columns)
                        axes[0].blendTwo(line, target)
                    default:
                        let rows = high.map { (UnsafePointer(blend) + $0.index * n, $0.weight) }
                        Self.mix(line, rows[0], rows[1], rows[2], rows[3], columns)
                        axes[0].blendFour(line, target)
                    }
                    target.initialize(repeating: 0, count: axes[0].inside.lowerBound)
                    (target + axes[0].inside.upperBound).initialize(repeating: 0, count: width - axes[0].inside.upperBound)
                }
            }
        }
    }

    private typealias Row = (values: UnsafePointer<Float>, weight: Float)

    /// The blend of two rows of each of two planes. What has weight 0 is not read, so that it brings no NaN.
    private static func mixLinear(
        _ out: UnsafeMutablePointer<Float>, _ source: UnsafePointer<Float>, _ n: Int, _ area: Int, _ high: Axis.Taps, _ deep: Axis.Taps,
        _ columns: Range<Int>
    ) {
        let a = source + high[0].index * n + deep[0].index * area, b = source + high[1].index * n + deep[0].index * area
        let (u, v) = (high[0].weight, high[1].weight)
        let c = source + high[0].index * n + deep[1].index * area, d = source + high[1].index * n + deep[1].index * area
        let (s, t) = (deep[0].weight, deep[1].weight)
        switch (v == 0, t == 0) {
        case (true, true): (out + columns.lowerBound).update(from: a + columns.lowerBound, count: columns.count)
        case (false, true): for i in columns { out[i] = u * a[i] + v * b[i] }
        case (true, false): for i in columns { out[i] = s * a[i] + t * c[i] }
        case (false, false): for i in columns { out[i] = s * (u * a[i] + v * b[i]) + t * (u * c[i] + v * d[i]) }
        }
    }

    private static func mix(_ out: UnsafeMutablePointer<Float>, _ a: Row, _ b: Row, _ c: Row, _ d: Row, _ columns: Range<Int>) {
        let (u, v, w, x) = (a.weight, b.weight, c.weight, d.weight)
        let (a, b, c, d) = (a.values, b.values, c.values, d.values)
        for i in columns { out[i] = u * a[i] + v * b[i] + w * c[i] + x * d[i] }
    }
}
