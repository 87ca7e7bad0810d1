import Support

/// How far outside the box of voxel centres a position may be and still count as on its face, in voxels.
let edgeTolerance = 0.001

/// A position as it is, or the voxel that it is within a millionth of: world coordinates put voxels beside themselves by rounding.
@inline(__always)
func snapped(_ x: Double) -> Double {
    let whole = x.rounded()
    return abs(x - whole) < 1e-6 ? whole : x
}

/// Added to a position to round it: a little over one half, so that positions halfway between voxels, which centred grids make by the
/// plane, all go to the upper voxel whatever their rounding.
let halfway = 0.5 + 1e-6

/// Resampling where axes are not parallel: every target voxel's position is computed and its neighbours gathered.
struct Oblique {
    /// Target voxel to source voxel.
    let map: Affine
    let from: SIMD3<Int>
    let to: SIMD3<Int>
    /// How far outside of the box of voxel centres a position may be, in voxels.
    let margin: SIMD3<Double>

    /// `source` holds values, or spline coefficients for cubic.
    func apply(to source: [Float], _ interpolation: Interpolation) throws -> [Float] {
        try source.withUnsafeBufferPointer { source in
            try [Float](unsafeUninitializedCapacity: to.x * to.y * to.z) { out, initialised in
                Voxels.useLargePages(out.baseAddress!, out.count)
                let p = Unchecked((source.baseAddress!, out.baseAddress!))
                // Squares of rows across the target: whichever way its axes are turned, rows beside each other read lines of memory in
                // common.
                let side = 8, across = (to.y + side - 1) / side
                try Parallel.slabs(across * ((to.z + side - 1) / side)) { square in
                    let firstJ = square % across * side, firstK = square / across * side
                    for n in 0..<side * side {
                        // Nearest skips lines of memory, and fares better down the columns; the others read rows that lie side by side.
                        let (down, right) = interpolation == .nearest ? (n % side, n / side) : (n / side, n % side)
                        let j = firstJ + right, k = firstK + down
                        if j < to.y, k < to.z { row(j, k, p.value.0, p.value.1 + (k * to.y + j) * to.x, interpolation) }
                    }
                }
                initialised = out.count
            }
        }
    }

    /// One row of the target; 0 outside, and everywhere after Ctrl-C.
    private func row(
        _ j: Int, _ k: Int, _ s: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ interpolation: Interpolation
    ) {
        let start = map(SIMD3(0, Double(j), Double(k)))
        let inside = range(start), line = Line(self, start)
        target.initialize(repeating: 0, count: inside.lowerBound)
        (target + inside.upperBound).initialize(repeating: 0, count: to.x - inside.upperBound)
        // A row may be as long as an image, and Ctrl-C is to be met.
        for first in stride(from: inside.lowerBound, to: inside.upperBound, by: Self.stretch) {
            let part = first..<min(inside.upperBound, first + Self.stretch)
            if Interrupt.isRaised {
                (target + first).initialize(repeating: 0, count: part.count)
                continue
            }
            switch interpolation {
            case .nearest: for i in part { target[i] = nearest(s, line.place(i)) }
            case .linear: for i in part { target[i] = linear(s, line.place(i)) }
            case .cubic: for i in part { target[i] = cubic(s, line.place(i)) }
            case .label: for i in part { target[i] = label(s, line.place(i)) }
            }
        }
    }

    private static let stretch = 1 << 16

    /// The voxels of a target row that lie inside the source.
    private func range(_ start: SIMD3<Double>) -> Range<Int> {
        let step = map.columns.0
        var low = 0, high = to.x
        func narrow(_ start: Double, _ step: Double, _ extent: Int, _ margin: Double) {
            let last = Double(extent - 1) + margin
            func isInside(_ i: Int) -> Bool {
                let x = start + Double(i) * step
                return x >= -margin && x <= last
            }
            if step == 0 {
                if !isInside(0) { high = low }
                return
            }
            // Where rounding could decide, the voxels themselves are asked.
            let a = (-margin - start) / step, b = (last - start) / step, most = Double(to.x)
            low = max(low, Int(max(0, min(min(a, b), most))) - 1)
            high = min(high, Int(max(0, min(max(a, b), most))) + 2)
            while low < high, !isInside(low) { low += 1 }
            while low < high, !isInside(high - 1) { high -= 1 }
        }
        narrow(start.x, step.x, from.x, margin.x)
        narrow(start.y, step.y, from.y, margin.y)
        narrow(start.z, step.z, from.z, margin.z)
        return low..<max(low, high)
    }

    /// Positions along a target row, in voxels of the source times 2³²: whole numbers tell voxel from fraction by a shift.
    private struct Line {
        private let startX: Int, startY: Int, startZ: Int
        private let stepX: Int, stepY: Int, stepZ: Int
        private let endX: Int, endY: Int, endZ: Int

        @inline(__always)
        init(_ grid: Oblique, _ start: SIMD3<Double>) {
            func fixed(_ x: Double) -> Int { Int(min(max(x, -0x1p30), 0x1p30) * 0x1p32) }
            let step = grid.map.columns.0
            (startX, startY, startZ) = (fixed(start.x), fixed(start.y), fixed(start.z))
            (stepX, stepY, stepZ) = (fixed(step.x), fixed(step.y), fixed(step.z))
            (endX, endY, endZ) = ((grid.from.x - 1) << 32, (grid.from.y - 1) << 32, (grid.from.z - 1) << 32)
        }

        /// The position of a voxel of the row, held to the box of voxel centres.
        @inline(__always)
        func place(_ i: Int) -> Place {
            Place(
                x: min(max(startX &+ i &* stepX, 0), endX), y: min(max(startY &+ i &* stepY, 0), endY),
                z: min(max(startZ &+ i &* stepZ, 0), endZ))
        }
    }

    private struct Place {
        let x: Int, y: Int, z: Int
    }

    private static let half = Int(halfway * 0x1p32)
    /// How near a voxel is on it.
    private static let nearness = Int(1e-6 * 0x1p32)

    /// The voxel before a position and the fraction beyond, 0 for positions as good as on a voxel.
    @inline(__always)
    private static func split(_ x: Int) -> (Int, Float) {
        let shifted = x &+ nearness, fraction = shifted & 0xffff_ffff
        return (shifted >> 32, fraction <= 2 &* nearness ? 0 : Float(fraction &- nearness) * 0x1p-32)
    }

    @inline(__always)
    private func nearest(_ s: UnsafePointer<Float>, _ p: Place) -> Float {
        let (i, j, k) = ((p.x &+ Self.half) >> 32, (p.y &+ Self.half) >> 32, (p.z &+ Self.half) >> 32)
        return s[i &+ from.x &* (j &+ from.y &* k)]
    }

    /// The corners of the cell that a position lies in; on a voxel the step beyond is 0: nothing outside is read, and no NaN comes in with
    /// a weight of 0.
    @inline(__always)
    private func corners(_ s: UnsafePointer<Float>, _ p: Place) -> (
        a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>, d: UnsafePointer<Float>, u: Float, v: Float, w: Float
    ) {
        let (i, u) = Self.split(p.x), (j, v) = Self.split(p.y), (k, w) = Self.split(p.z)
        let back = v > 0 ? from.x : 0, up = w > 0 ? from.x &* from.y : 0
        let a = s + (i &+ from.x &* (j &+ from.y &* k)), c = a + up
        return (a, a + back, c, c + back, u, v, w)
    }

    @inline(__always)
    private func linear(_ s: UnsafePointer<Float>, _ p: Place) -> Float {
        let (a, b, c, d, u, v, w) = corners(s, p)
        if u == 0 {
            let (low, high) = (a[0] * (1 - v) + b[0] * v, c[0] * (1 - v) + d[0] * v)
            return low * (1 - w) + high * w
        }
        // Two neighbours along x at a time.
        let low = SIMD4(lowHalf: pair(a), highHalf: pair(b)), high = SIMD4(lowHalf: pair(c), highHalf: pair(d))
        let plane = low * (1 - w) + high * w
        let row = plane.lowHalf * (1 - v) + plane.highHalf * v
        return row.x * (1 - u) + row.y * u
    }

    @inline(__always)
    private func pair(_ p: UnsafePointer<Float>) -> SIMD2<Float> { UnsafeRawPointer(p).loadUnaligned(as: SIMD2<Float>.self) }

    /// The value with the most weight among the eight around.
    @inline(__always)
    private func label(_ s: UnsafePointer<Float>, _ p: Place) -> Float {
        let (a, b, c, d, u, v, w) = corners(s, p)
        let right = u > 0 ? 1 : 0
        let values = SIMD8<Float>(a[0], a[right], b[0], b[right], c[0], c[right], d[0], d[right])
        if all(values .== SIMD8(repeating: values[0])) { return values[0] }
        let x = SIMD2(1 - u, u)
        let plane = SIMD4(lowHalf: x * (1 - v), highHalf: x * v)
        let weights = SIMD8(lowHalf: plane * (1 - w), highHalf: plane * w)
        var best = values[0], most: Float = -1
        for n in 0..<8 {
            let weight = weights.replacing(with: 0, where: values .!= SIMD8(repeating: values[n])).sum()
            if weight > most || weight == most && values[n] < best {
                most = weight
                best = values[n]
            }
        }
        return best
    }

    @inline(__always)
    private func cubic(_ s: UnsafePointer<Float>, _ p: Place) -> Float {
        let i = p.x >> 32, j = p.y >> 32, k = p.z >> 32
        func weights(_ x: Int) -> SIMD4<Float> { Spline.weights(Double(x & 0xffff_ffff) * 0x1p-32) }
        let wx = weights(p.x), wy = weights(p.y), wz = weights(p.z)
        let inside = i >= 1 && i &+ 2 < from.x
        var sum: Float = 0
        for c in 0..<4 {
            let plane = Spline.mirror(k &+ c &- 1, from.z) &* from.y
            var rows = SIMD4<Float>.zero
            for b in 0..<4 {
                let row = s + (plane &+ Spline.mirror(j &+ b &- 1, from.y)) &* from.x
                let values: SIMD4<Float>
                if inside {
                    values = UnsafeRawPointer(row + (i &- 1)).loadUnaligned(as: SIMD4<Float>.self)
                } else {
                    values = SIMD4(
                        row[Spline.mirror(i &- 1, from.x)], row[Spline.mirror(i, from.x)], row[Spline.mirror(i &+ 1, from.x)],
                        row[Spline.mirror(i &+ 2, from.x)])
                }
                rows += wy[b] * values
            }
            sum += wz[c] * (wx * rows).sum()
        }
        return sum
    }
}
