/// Where the samples of one axis lie on a uniform cubic B-spline: the first of four control points, and their weights.
package struct SplineAxis: Sendable {
    /// Knot spans; the axis has `spans + 3` control points.
    package let spans: Int
    package let first: [Int]
    package let weights: [SIMD4<Float>]

    /// `positions` are in knot spans, 0 … spans; values outside are clamped to the ends.
    package init(spans: Int, positions: [Double]) {
        self.spans = spans
        var first: [Int] = [], weights: [SIMD4<Float>] = []
        first.reserveCapacity(positions.count)
        weights.reserveCapacity(positions.count)
        for raw in positions {
            let t = min(max(raw, 0), Double(spans))
            let s = min(Int(t), spans - 1)
            first.append(s)
            weights.append(SIMD4<Float>(Self.basis(t - Double(s))))
        }
        self.first = first
        self.weights = weights
    }

    /// `count` samples spread evenly over the whole axis, the first at 0 and the last at `spans`.
    package init(spans: Int, count: Int) {
        let step = Double(spans) / Double(max(count - 1, 1))
        self.init(spans: spans, positions: (0..<count).map { Double($0) * step })
    }

    /// `count` voxels, of which those at the ends of `domain` lie at 0 and at `spans`; voxels beyond count as these.
    package init(spans: Int, count: Int, domain: ClosedRange<Int>) {
        let step = Double(spans) / Double(max(domain.upperBound - domain.lowerBound, 1))
        self.init(spans: spans, positions: (0..<count).map { Double($0 - domain.lowerBound) * step })
    }

    package var controlPoints: Int { spans + 3 }
    package var count: Int { first.count }

    /// The four cubic B-spline basis functions at u in 0 … 1; they sum to 1.
    package static func basis(_ u: Double) -> SIMD4<Double> {
        let v = 1 - u
        return [
            v * v * v / 6, (3 * u * u * u - 6 * u * u + 4) / 6, (3 * v * v * v - 6 * v * v + 4) / 6, u * u * u / 6,
        ]
    }
}

/// A tensor-product cubic B-spline: control values over a box, x fastest.
package struct SplineLattice: Sendable {
    /// Control points along each axis (spans + 3).
    package let size: SIMD3<Int>
    package var values: [Float]

    package init(size: SIMD3<Int>, values: [Float]) {
        self.size = size
        self.values = values
    }

    package init(zero size: SIMD3<Int>) { self.init(size: size, values: [Float](repeating: 0, count: size.x * size.y * size.z)) }

    /// The lattice contracted along z at one sample: a plane of size.x × size.y values.
    package func plane(at k: Int, of axis: SplineAxis) -> [Float] {
        let area = size.x * size.y
        let base = axis.first[k] * area
        let w = axis.weights[k]
        return [Float](unsafeUninitializedCapacity: area) { out, count in
            values.withUnsafeBufferPointer { v in
                for i in 0..<area {
                    let low = v[base + i] * w.x + v[base + area + i] * w.y
                    out[i] = low + (v[base + 2 * area + i] * w.z + v[base + 3 * area + i] * w.w)
                }
            }
            count = area
        }
    }

    /// A plane contracted along y at one sample, into `row` of size.x values.
    package func row(of plane: [Float], at j: Int, of axis: SplineAxis, into row: inout [Float]) {
        let nx = size.x
        let base = axis.first[j] * nx
        let w = axis.weights[j]
        for i in 0..<nx {
            let low = plane[base + i] * w.x + plane[base + nx + i] * w.y
            row[i] = low + (plane[base + 2 * nx + i] * w.z + plane[base + 3 * nx + i] * w.w)
        }
    }

    /// A row's value at one sample of the x axis.
    @inline(__always)
    package static func value(_ row: UnsafePointer<Float>, at i: Int, first: UnsafePointer<Int>, weights: UnsafePointer<SIMD4<Float>>)
        -> Float
    {
        let c = UnsafeRawPointer(row + first[i]).loadUnaligned(as: SIMD4<Float>.self) * weights[i]
        return (c.x + c.y) + (c.z + c.w)
    }
}
