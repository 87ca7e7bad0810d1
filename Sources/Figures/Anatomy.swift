import Imaging
import Support

/// A volume's voxels addressed by anatomy: x to the right, y to the front, z up, by the voxel axes nearest to those directions.
///
/// No value is interpolated, so that a picture shows voxels as they are; an oblique volume is shown along its own axes.
struct Anatomy {
    let grid: Grid
    /// Voxels along right, anterior, superior.
    let shape: SIMD3<Int>
    /// Voxel size in mm along the same; a degenerate affine's zero counts as 1.
    let spacing: SIMD3<Double>
    /// The voxel axis that lies along each anatomical axis, and whether it runs against it.
    private let voxelAxis: [Int]
    private let flipped: [Bool]

    init(_ grid: Grid) {
        self.grid = grid
        var voxelAxis = [0, 1, 2]
        var flipped = [false, false, false]
        for (axis, nearest) in grid.affine.nearestAxes.enumerated() {
            voxelAxis[nearest.axis] = axis
            flipped[nearest.axis] = nearest.flipped
        }
        self.voxelAxis = voxelAxis
        self.flipped = flipped
        var shape = SIMD3<Int>.zero
        var spacing = SIMD3<Double>.zero
        for axis in 0..<3 {
            shape[axis] = grid.shape[voxelAxis[axis]]
            let step = grid.spacing[voxelAxis[axis]]
            spacing[axis] = step.isFinite && step > 1e-6 ? min(step, 1e6) : 1
        }
        self.shape = shape
        self.spacing = spacing
    }

    /// The voxel position of an anatomical one.
    func voxel(_ p: SIMD3<Double>) -> SIMD3<Double> {
        var v = SIMD3<Double>.zero
        for axis in 0..<3 { v[voxelAxis[axis]] = flipped[axis] ? Double(shape[axis] - 1) - p[axis] : p[axis] }
        return v
    }

    /// The step in memory along an anatomical axis, and the place of the anatomical origin.
    var layout: (origin: Int, steps: SIMD3<Int>) {
        let memory: [Int] = [1, grid.shape.x, grid.shape.x * grid.shape.y]
        var origin = 0
        var steps = SIMD3<Int>.zero
        for axis in 0..<3 {
            let step = memory[voxelAxis[axis]]
            steps[axis] = flipped[axis] ? -step : step
            if flipped[axis] { origin += step * (shape[axis] - 1) }
        }
        return (origin, steps)
    }

    /// The world position (mm) of a slice: where its middle lies along the axis that it is cut across.
    func position(of index: Int, across axis: Int) -> Double {
        var p = (SIMD3<Double>(shape) - 1) / 2
        p[axis] = Double(index)
        return grid.affine(voxel(p))[axis]
    }

    /// One slice, rows from the top (superior, or anterior for an axial one), columns from left or posterior, cut to a box.
    func slice<T>(_ voxels: [T], across axis: Int, at index: Int, in box: Box) -> Slice<T> {
        let (u, v) = Self.inPlane(axis)
        let (origin, steps) = layout
        let columns = box.size[u], rows = box.size[v]
        var values: [T] = []
        values.reserveCapacity(columns * rows)
        for row in 0..<rows {
            var place = origin + index * steps[axis] + (box.high[v] - row) * steps[v] + box.low[u] * steps[u]
            for _ in 0..<columns {
                values.append(voxels[place])
                place += steps[u]
            }
        }
        return Slice(columns: columns, rows: rows, values: values)
    }

    /// The anatomical axes that run across and up a slice.
    static func inPlane(_ axis: Int) -> (across: Int, up: Int) { axis == 0 ? (1, 2) : axis == 1 ? (0, 2) : (0, 1) }

    /// Centre of a mask in anatomical voxels, or nil when it is empty.
    func centre(of mask: Mask) throws -> SIMD3<Int>? {
        let n = try counts(mask.voxels.count) { mask.voxels[$0] != 0 }
        let total = n[0].reduce(0, +)
        guard total > 0 else { return nil }
        var centre = SIMD3<Int>.zero
        for axis in 0..<3 {
            let moment = n[axis].enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) }
            centre[axis] = Int((moment / Double(total)).rounded())
        }
        return centre
    }

    /// The smallest box around the voxels that hold; a plane counts when more than `share` of its voxels do. Nil when there is none.
    func box(share: Double, where holds: (Int) -> Bool) throws -> Box? {
        let n = try counts(grid.count, holds)
        var low = SIMD3<Int>.zero, high = SIMD3<Int>.zero
        for axis in 0..<3 {
            let least = share * Double(grid.count / shape[axis])
            guard let first = n[axis].firstIndex(where: { Double($0) > least }),
                let last = n[axis].lastIndex(where: { Double($0) > least })
            else { return nil }
            low[axis] = first
            high[axis] = last
        }
        return Box(low: low, high: high)
    }

    /// How many voxels hold in each plane across each anatomical axis.
    private func counts(_ total: Int, _ holds: (Int) -> Bool) throws -> [[Int]] {
        let s = grid.shape
        let planes = try Parallel.mapSlabs(s.z, grain: 1) { slab in
            let k = slab.lowerBound
            var along = [[Int](repeating: 0, count: s.x), [Int](repeating: 0, count: s.y), [0]]
            var place = k * s.x * s.y
            for j in 0..<s.y {
                var row = 0
                for i in 0..<s.x {
                    if holds(place) {
                        row += 1
                        along[0][i] += 1
                    }
                    place += 1
                }
                along[1][j] = row
                along[2][0] += row
            }
            return along
        }
        var n = [[Int](repeating: 0, count: s.x), [Int](repeating: 0, count: s.y), planes.map { $0[2][0] }]
        for plane in planes {
            for i in 0..<s.x { n[0][i] += plane[0][i] }
            for j in 0..<s.y { n[1][j] += plane[1][j] }
        }
        return (0..<3).map { flipped[$0] ? n[voxelAxis[$0]].reversed() : n[voxelAxis[$0]] }
    }
}

/// A box of voxels, both ends included.
struct Box: Equatable {
    var low: SIMD3<Int>
    var high: SIMD3<Int>

    var size: SIMD3<Int> { high &- low &+ 1 }

    func union(_ other: Box) -> Box {
        Box(low: pointwiseMin(low, other.low), high: pointwiseMax(high, other.high))
    }

    /// Grown by a margin on each side, within a shape.
    func grown(by margin: SIMD3<Int>, within shape: SIMD3<Int>) -> Box {
        Box(low: pointwiseMax(low &- margin, .zero), high: pointwiseMin(high &+ margin, shape &- 1))
    }
}

/// A two-dimensional cut, rows from the top.
package struct Slice<T> {
    /// Pixels from left to right.
    package let columns: Int
    /// Pixels from top to bottom.
    package let rows: Int
    /// `columns · rows` values, row after row.
    package let values: [T]

    /// `values` must be as many as columns times rows.
    package init(columns: Int, rows: Int, values: [T]) {
        self.columns = columns
        self.rows = rows
        self.values = values
    }
}
