import Glibc
import Support

/// The mutual information of a fixed image's samples and a moving image, and its gradient, after Mattes et al. 2003
/// (doi:10.1109/TMI.2003.809072): the fixed image's values fall into bins, the moving one's spread over four of them by a cubic B-spline,
/// so that the joint histogram changes smoothly as the image moves.
package struct MutualInformation {
    package static let bins = 32
    /// The moving values' bins, with one more at each side for the B-spline's reach.
    private static let columns = bins + 4

    /// Samples of the fixed image: positions from the centre in mm, and bins.
    package struct Samples {
        package let x: [Float], y: [Float], z: [Float]
        package let bin: [UInt8]
        /// World position that the samples are counted from.
        package let centre: SIMD3<Double>
        /// Root mean square distance from the centre in mm.
        package let radius: Double

        package init(x: [Float], y: [Float], z: [Float], bin: [UInt8], centre: SIMD3<Double>, radius: Double) {
            (self.x, self.y, self.z, self.bin, self.centre, self.radius) = (x, y, z, bin, centre, radius)
        }
    }

    private let samples: Samples
    private let moving: Volume
    private let low: Float
    private let perBin: Float
    private let worldToVoxel: Affine

    /// `range` is that of the moving image's values; what lies outside counts as its ends. Throws `GridError.singular`.
    package init(_ samples: Samples, moving: Volume, range: ClosedRange<Float>) throws {
        self.samples = samples
        self.moving = moving
        low = range.lowerBound
        perBin = Float(Self.bins - 1) / max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
        worldToVoxel = try moving.grid.affine.inverse()
    }

    package struct Result {
        /// In nats.
        package var value: Double
        /// Along the shift, in 1/mm, in the frame of the motion.
        package var shift: SIMD3<Double>
        /// Along the entries of the linear part, rows.
        package var linear: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
        /// The share of samples that lie inside of the moving image.
        package var overlap: Double
    }

    /// What a sample contributes to the gradient, kept from the first pass to the second.
    private struct Trace {
        /// The value in bins, or negative outside of the moving image.
        var value: Float
        var slope: (Float, Float, Float)
    }

    /// Pieces of samples that are summed by themselves, always the same, so that sums do not depend on threads.
    private static let piece = 4096

    /// With the moving image read at base(centre + motion(x)) for a sample at centre + x.
    package func evaluate(_ motion: Affine, base: Affine) throws -> Result {
        let frame = worldToVoxel.after(base).after(Affine(spacing: .one, origin: samples.centre))
        let map = frame.after(motion)
        let count = samples.bin.count, pieces = (count + Self.piece - 1) / Self.piece
        let size = Self.bins * Self.columns
        var traces = [Trace](repeating: Trace(value: -1, slope: (0, 0, 0)), count: count)
        var histograms = [Float](repeating: 0, count: pieces * size)
        try traces.withUnsafeMutableBufferPointer { traces in
            try histograms.withUnsafeMutableBufferPointer { histograms in
                let p = Unchecked((traces.baseAddress!, histograms.baseAddress!))
                try Parallel.slabs(pieces) { piece in
                    let range = piece * Self.piece..<min(count, (piece + 1) * Self.piece)
                    read(map, range, p.value.0, p.value.1 + piece * size)
                }
            }
        }
        var joint = [Double](repeating: 0, count: size)
        for piece in 0..<pieces { for i in 0..<size { joint[i] += Double(histograms[piece * size + i]) } }
        let inside = joint.reduce(0, +)
        guard inside > 0 else { return Result(value: 0, shift: .zero, linear: (.zero, .zero, .zero), overlap: 0) }
        let (value, table) = information(joint, inside)

        let sums: [Sums] = traces.withUnsafeBufferPointer { traces in
            table.withUnsafeBufferPointer { table in
                let p = Unchecked((traces.baseAddress!, table.baseAddress!))
                return Parallel.mapRanges(count, grain: Self.piece) { range in weigh(range, p.value.0, p.value.1) }
            }
        }
        var all = Sums()
        for sum in sums { all.add(sum) }
        // From voxels to the motion's frame: the transposed matrix.
        let scale = Double(perBin) / inside
        let (a, b, c) = frame.columns
        func back(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3((a * v).sum(), (b * v).sum(), (c * v).sum()) * scale }
        let (x, y, z) = (back(all.x), back(all.y), back(all.z))
        return Result(
            value: value, shift: back(all.shift), linear: ([x.x, y.x, z.x], [x.y, y.y, z.y], [x.z, y.z, z.z]),
            overlap: inside / Double(count))
    }

    /// The information in a histogram, and log(p(f, m) / p(m)) for each of its places.
    private func information(_ joint: [Double], _ total: Double) -> (Double, [Float]) {
        var rows = [Double](repeating: 0, count: Self.bins), columns = [Double](repeating: 0, count: Self.columns)
        for f in 0..<Self.bins {
            for m in 0..<Self.columns {
                rows[f] += joint[f * Self.columns + m] / total
                columns[m] += joint[f * Self.columns + m] / total
            }
        }
        var value = 0.0, table = [Float](repeating: 0, count: joint.count)
        for f in 0..<Self.bins {
            for m in 0..<Self.columns {
                let p = joint[f * Self.columns + m] / total
                guard p > 1e-12 else { continue }
                let conditional = log(p / columns[m])
                value += p * (conditional - log(rows[f]))
                table[f * Self.columns + m] = Float(conditional)
            }
        }
        return (value, table)
    }

    /// First pass: value and slope of the moving image at each sample, and the joint histogram.
    private func read(_ map: Affine, _ range: Range<Int>, _ traces: UnsafeMutablePointer<Trace>, _ histogram: UnsafeMutablePointer<Float>) {
        let shape = moving.grid.shape
        let (nx, area) = (shape.x, shape.x * shape.y)
        func row(_ r: SIMD4<Double>) -> SIMD4<Float> { SIMD4<Float>(r) }
        let (rx, ry, rz) = (row(map.rows.0), row(map.rows.1), row(map.rows.2))
        // The last cell's far corner is a voxel.
        let (endX, endY, endZ) = (Float(shape.x - 1), Float(shape.y - 1), Float(shape.z - 1))
        let top = Float(Self.bins - 1)
        moving.voxels.withUnsafeBufferPointer { voxels in
            samples.x.withUnsafeBufferPointer { xs in
                samples.y.withUnsafeBufferPointer { ys in
                    samples.z.withUnsafeBufferPointer { zs in
                        samples.bin.withUnsafeBufferPointer { bins in
                            for s in range {
                                let (px, py, pz) = (xs[s], ys[s], zs[s])
                                let x = rx.x * px + rx.y * py + rx.z * pz + rx.w
                                let y = ry.x * px + ry.y * py + ry.z * pz + ry.w
                                let z = rz.x * px + rz.y * py + rz.z * pz + rz.w
                                guard x >= 0, y >= 0, z >= 0, x < endX, y < endY, z < endZ else { continue }
                                let i = Int(x), j = Int(y), k = Int(z)
                                let u = x - Float(i), v = y - Float(j), w = z - Float(k)
                                let a = voxels.baseAddress! + (i &+ nx &* j &+ area &* k)
                                let b = a + nx, c = a + area, d = c + nx
                                // Along x, then y, then z; slopes are those of the same trilinear function.
                                let (da, db, dc, dd) = (a[1] - a[0], b[1] - b[0], c[1] - c[0], d[1] - d[0])
                                let (va, vb, vc, vd) = (a[0] + u * da, b[0] + u * db, c[0] + u * dc, d[0] + u * dd)
                                let (low, high) = (va + v * (vb - va), vc + v * (vd - vc))
                                let (lowX, highX) = (da + v * (db - da), dc + v * (dd - dc))
                                let (lowY, highY) = (vb - va, vd - vc)
                                let raw = (low + w * (high - low) - self.low) * perBin
                                let value = min(max(raw, 0), top)
                                if raw == value {
                                    traces[s].slope = (lowX + w * (highX - lowX), lowY + w * (highY - lowY), high - low)
                                }
                                traces[s].value = value
                                let bin = Int(value), t = value - Float(bin), r = 1 - t
                                let place = histogram + (Int(bins[s]) &* Self.columns &+ bin)
                                place[0] += r * r * r * (1 / 6)
                                place[1] += 2 / 3 - t * t * (1 - t / 2)
                                place[2] += 2 / 3 - r * r * (1 - r / 2)
                                place[3] += t * t * t * (1 / 6)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Sums of weighted slopes (in voxels): by themselves, and times the sample's x, y and z.
    private struct Sums {
        var shift = SIMD3<Double>.zero, x = SIMD3<Double>.zero, y = SIMD3<Double>.zero, z = SIMD3<Double>.zero

        mutating func add(_ other: Sums) {
            shift += other.shift
            x += other.x
            y += other.y
            z += other.z
        }
    }

    /// Second pass: each sample's slope, times the gradient of the information along its value.
    private func weigh(_ range: Range<Int>, _ traces: UnsafePointer<Trace>, _ table: UnsafePointer<Float>) -> Sums {
        var shift = SIMD4<Float>.zero, x = SIMD4<Float>.zero, y = SIMD4<Float>.zero, z = SIMD4<Float>.zero
        samples.x.withUnsafeBufferPointer { xs in
            samples.y.withUnsafeBufferPointer { ys in
                samples.z.withUnsafeBufferPointer { zs in
                    samples.bin.withUnsafeBufferPointer { bins in
                        for s in range {
                            let trace = traces[s]
                            guard trace.value >= 0 else { continue }
                            let bin = Int(trace.value), t = trace.value - Float(bin), r = 1 - t
                            let place = table + (Int(bins[s]) &* Self.columns &+ bin)
                            // The B-spline's derivative along the value.
                            let weight =
                                -0.5 * r * r * place[0] + t * (1.5 * t - 2) * place[1] - r * (1.5 * r - 2) * place[2] + 0.5 * t * t
                                * place[3]
                            let g = SIMD4(trace.slope.0, trace.slope.1, trace.slope.2, 0) * weight
                            shift += g
                            x += g * xs[s]
                            y += g * ys[s]
                            z += g * zs[s]
                        }
                    }
                }
            }
        }
        func wide(_ v: SIMD4<Float>) -> SIMD3<Double> { [Double(v.x), Double(v.y), Double(v.z)] }
        return Sums(shift: wide(shift), x: wide(x), y: wide(y), z: wide(z))
    }
}
