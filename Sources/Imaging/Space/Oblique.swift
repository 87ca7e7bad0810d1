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
    let margin: Double

    /// `source` holds values, or spline coefficients for cubic.
    func apply(to source: [Float], _ interpolation: Interpolation) throws -> [Float] {
        var result = Voxels.repeating(Float(0), to.x * to.y * to.z)
        try source.withUnsafeBufferPointer { source in
            try result.withUnsafeMutableBufferPointer { out in
                let p = Unchecked((source.baseAddress!, out.baseAddress!))
                // Rows in groups, so that planes of any size keep all threads busy and Ctrl-C is met soon.
                let rows = to.y * to.z, group = 16
                try Parallel.slabs((rows + group - 1) / group) { g in
                    for row in g * group..<min(rows, (g + 1) * group) {
                        let target = p.value.1 + row * to.x
                        let j = row % to.y, k = row / to.y
                        switch interpolation {
                        case .nearest: walk(j, k) { i, x, y, z in target[i] = nearest(p.value.0, x, y, z) }
                        case .linear: walk(j, k) { i, x, y, z in target[i] = linear(p.value.0, x, y, z) }
                        case .cubic: walk(j, k) { i, x, y, z in target[i] = cubic(p.value.0, x, y, z) }
                        case .label: walk(j, k) { i, x, y, z in target[i] = label(p.value.0, x, y, z) }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Calls `body` for the voxels of a target row that lie inside the source, with positions held to the box of voxel centres.
    @inline(__always)
    private func walk(_ j: Int, _ k: Int, _ body: (Int, Double, Double, Double) -> Void) {
        let start = map(SIMD3(0, Double(j), Double(k)))
        let step = map.columns.0
        let last = SIMD3<Double>(from) - 1
        for i in 0..<to.x {
            let x = start.x + Double(i) * step.x, y = start.y + Double(i) * step.y, z = start.z + Double(i) * step.z
            guard x >= -margin, y >= -margin, z >= -margin, x <= last.x + margin, y <= last.y + margin, z <= last.z + margin
            else { continue }
            body(i, min(max(x, 0), last.x), min(max(y, 0), last.y), min(max(z, 0), last.z))
        }
    }

    @inline(__always)
    private func nearest(_ s: UnsafePointer<Float>, _ x: Double, _ y: Double, _ z: Double) -> Float {
        s[Int(x + halfway) &+ from.x &* (Int(y + halfway) &+ from.y &* Int(z + halfway))]
    }

    @inline(__always)
    private func linear(_ s: UnsafePointer<Float>, _ x: Double, _ y: Double, _ z: Double) -> Float {
        let x = snapped(x), y = snapped(y), z = snapped(z)
        let i = Int(x), j = Int(y), k = Int(z)
        let u = Float(x - Double(i)), v = Float(y - Double(j)), w = Float(z - Double(k))
        // On a voxel the step beyond is 0: nothing outside is read, and no NaN comes in with a weight of 0.
        let right = u > 0 ? 1 : 0
        let back = v > 0 ? from.x : 0
        let up = w > 0 ? from.x &* from.y : 0
        let a = s + (i &+ from.x &* (j &+ from.y &* k)), b = a + back, c = a + up, d = c + back
        let ab = mix(mix(a[0], a[right], u), mix(b[0], b[right], u), v)
        let cd = mix(mix(c[0], c[right], u), mix(d[0], d[right], u), v)
        return mix(ab, cd, w)
    }

    @inline(__always)
    private func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a * (1 - t) + b * t }

    /// The value with the most weight among the eight around. Those on whose far side nothing is read have weight 0 twice.
    @inline(__always)
    private func label(_ s: UnsafePointer<Float>, _ x: Double, _ y: Double, _ z: Double) -> Float {
        let x = snapped(x), y = snapped(y), z = snapped(z)
        let i = Int(x), j = Int(y), k = Int(z)
        let u = Float(x - Double(i)), v = Float(y - Double(j)), w = Float(z - Double(k))
        let right = u > 0 ? 1 : 0
        let back = v > 0 ? from.x : 0
        let up = w > 0 ? from.x &* from.y : 0
        let a = s + (i &+ from.x &* (j &+ from.y &* k)), b = a + back, c = a + up, d = c + back
        let values = SIMD8<Float>(a[0], a[right], b[0], b[right], c[0], c[right], d[0], d[right])
        if all(values .== values[0]) { return values[0] }
        let (p, q) = (SIMD2(1 - u, u), SIMD2(1 - v, v))
        let plane = SIMD4(lowHalf: p * q.x, highHalf: p * q.y)
        let weights = SIMD8(lowHalf: plane * (1 - w), highHalf: plane * w)
        var best = values[0], most: Float = -1
        for n in 0..<8 {
            let weight = weights.replacing(with: 0, where: values .!= values[n]).sum()
            if weight > most || weight == most && values[n] < best {
                most = weight
                best = values[n]
            }
        }
        return best
    }

    @inline(__always)
    private func cubic(_ s: UnsafePointer<Float>, _ x: Double, _ y: Double, _ z: Double) -> Float {
        let i = Int(x), j = Int(y), k = Int(z)
        let wx = Spline.weights(x - Double(i)), wy = Spline.weights(y - Double(j)), wz = Spline.weights(z - Double(k))
        let inside = i >= 1 && i &+ 2 < from.x
        var sum: Float = 0
        for c in 0..<4 {
            let plane = Spline.mirror(k &+ c &- 1, from.z) &* from.y
            var rows: Float = 0
            for b in 0..<4 {
                let row = s + (plane &+ Spline.mirror(j &+ b &- 1, from.y)) &* from.x
                let line: Float
                if inside {
                    let r = row + (i &- 1)
                    line = wx[0] * r[0] + wx[1] * r[1] + wx[2] * r[2] + wx[3] * r[3]
                } else {
                    line =
                        wx[0] * row[Spline.mirror(i &- 1, from.x)] + wx[1] * row[Spline.mirror(i, from.x)] + wx[2]
                        * row[Spline.mirror(i &+ 1, from.x)] + wx[3] * row[Spline.mirror(i &+ 2, from.x)]
                }
                rows += wy[b] * line
            }
            sum += wz[c] * rows
        }
        return sum
    }
}
