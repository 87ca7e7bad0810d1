import Support

/// Which voxels touch, by the number of neighbours that a voxel has.
public enum Connectivity: Int, Sendable, CaseIterable {
    /// Through faces.
    case faces = 6
    /// Through faces and edges.
    case edges = 18
    /// Through faces, edges and corners.
    case corners = 26
}

/// Connected components as runs along i, joined by union–find over rows and planes.
///
/// Slabs of planes are scanned and joined by themselves, in parallel; the planes where slabs meet are joined last. Which run names a
/// component (its first in memory) does not depend on the slabs.
final class Runs {
    /// A stretch of voxels of a row.
    struct Run {
        var start: Int32
        /// One past the last.
        var end: Int32
    }

    let shape: SIMD3<Int>
    let runs: [Run]
    /// runs[firstOfRow[r] ..< firstOfRow[r + 1]] lie in row r = j + ny·k.
    let firstOfRow: [Int32]
    /// The first run of each run's component.
    private(set) var roots: [Int32] = []

    /// Planes that are scanned together.
    private static let slab = 8

    /// Components of the voxels equal to `value`. Throws `MemoryError`, `Interrupted`.
    init(_ voxels: [UInt8], shape: SIMD3<Int>, of value: UInt8, connectivity: Connectivity) throws {
        self.shape = shape
        try Interrupt.check()
        let ny = shape.y
        let parts = try voxels.withUnsafeBytes { bytes in
            let raw = Unchecked(bytes.baseAddress!)
            return try Parallel.mapSlabs(shape.z, grain: Self.slab) { planes in
                Self.scan(raw.value, rows: planes.lowerBound * ny..<planes.upperBound * ny, width: shape.x, value: value)
            }
        }
        let count = parts.reduce(0) { $0 + $1.runs.count }
        // The runs themselves, their roots, and what the functions below hold of each.
        try Memory.check(count * 48, for: "\(Text.grouped(count)) runs of voxels")
        var starts: [Int32] = [0]
        starts.reserveCapacity(ny * shape.z + 1)
        var all: [Run] = []
        all.reserveCapacity(count)
        for part in parts {
            try Interrupt.check()
            let base = Int32(all.count)
            all += part.runs
            for end in part.endOfRow { starts.append(base + end) }
        }
        (runs, firstOfRow) = (all, starts)
        try join(connectivity)
    }

    private static func scan(_ voxels: UnsafeRawPointer, rows: Range<Int>, width n: Int, value: UInt8) -> (runs: [Run], endOfRow: [Int32]) {
        var runs: [Run] = [], endOfRow: [Int32] = []
        runs.reserveCapacity(2 * rows.count)
        endOfRow.reserveCapacity(rows.count)
        let ones: UInt64 = 0x0101_0101_0101_0101, flip: UInt64 = value != 0 ? 0 : ones
        for r in rows {
            let row = voxels + r * n
            /// The first place from `i` that is (`wanted`) or is not of the value.
            func next(_ i: Int, _ wanted: Bool) -> Int {
                var i = i
                let other = wanted ? flip : flip ^ ones
                while i + 8 <= n {
                    let difference = row.loadUnaligned(fromByteOffset: i, as: UInt64.self) ^ other
                    if difference != 0 { return i + difference.littleEndian.trailingZeroBitCount / 8 }
                    i += 8
                }
                while i < n, (row.load(fromByteOffset: i, as: UInt8.self) == value) != wanted { i += 1 }
                return i
            }
            var i = next(0, true)
            while i < n {
                let end = next(i, false)
                runs.append(Run(start: Int32(i), end: Int32(end)))
                i = next(end, true)
            }
            endOfRow.append(Int32(runs.count))
        }
        return (runs, endOfRow)
    }

    private func join(_ connectivity: Connectivity) throws {
        let (ny, nz, slab) = (shape.y, shape.z, Self.slab)
        // How far runs of rows that share a face may be apart, and of rows that share an edge; nil where those do not touch at all.
        let sideways: Int32 = connectivity == .faces ? 0 : 1
        let diagonal: Int32? = connectivity == .faces ? nil : connectivity == .edges ? 0 : 1
        roots = [Int32](unsafeUninitializedCapacity: runs.count) { parent, initialised in
            for i in 0..<runs.count { parent.initializeElement(at: i, to: Int32(i)) }
            initialised = runs.count
        }
        try runs.withUnsafeBufferPointer { runs in
            try firstOfRow.withUnsafeBufferPointer { first in
                try roots.withUnsafeMutableBufferPointer { parent in
                    guard let parents = parent.baseAddress, let runs = runs.baseAddress else { return }
                    let union = Unchecked(Union(parents: parents, runs: runs, first: first.baseAddress!))
                    /// Joins plane k with itself, or with the one before.
                    func joinPlane(_ k: Int, toPrevious: Bool) {
                        for j in 0..<ny {
                            let row = k * ny + j
                            if !toPrevious {
                                if j > 0 { union.value.touch(row, row - 1, sideways) }
                                continue
                            }
                            union.value.touch(row, row - ny, sideways)
                            if let diagonal {
                                if j > 0 { union.value.touch(row, row - ny - 1, diagonal) }
                                if j < ny - 1 { union.value.touch(row, row - ny + 1, diagonal) }
                            }
                        }
                    }
                    let joinPlanes = Unchecked(joinPlane)
                    try Parallel.slabs((nz + slab - 1) / slab) { s in
                        for k in s * slab..<min(nz, (s + 1) * slab) {
                            joinPlanes.value(k, false)
                            if k > s * slab { joinPlanes.value(k, true) }
                        }
                    }
                    for k in stride(from: slab, to: nz, by: slab) {
                        try Interrupt.check()
                        joinPlane(k, toPrevious: true)
                    }
                    // Parents come first, so one pass in order finds all roots.
                    for i in 0..<self.runs.count { parents[i] = parents[Int(parents[i])] }
                }
            }
        }
    }

    /// Voxels of each component at the place of its root, 0 elsewhere.
    func sizes() throws -> [Int] {
        var sizes = [Int](repeating: 0, count: runs.count)
        try forEach { r, _, run in sizes[Int(roots[r])] += Int(run.end - run.start) }
        return sizes
    }

    /// The place of each component's least voxel in the order (i, then j, then k), at the place of its root: scipy names components so.
    func firstVoxels() throws -> [Int] {
        var first = [Int](repeating: .max, count: runs.count)
        try forEach { r, row, run in
            let root = Int(roots[r])
            first[root] = min(first[root], (Int(run.start) * shape.y + row % shape.y) * shape.z + row / shape.y)
        }
        return first
    }

    /// For each root, whether its component reaches a face of the image.
    func touchingEdge() throws -> [Bool] {
        var open = [Bool](repeating: false, count: runs.count)
        try forEach { r, row, run in
            let j = row % shape.y, k = row / shape.y
            if run.start == 0 || Int(run.end) == shape.x || j == 0 || j == shape.y - 1 || k == 0 || k == shape.z - 1 {
                open[Int(roots[r])] = true
            }
        }
        return open
    }

    /// Every run, in order, with its number and its row. Throws `Interrupted`.
    @inline(__always)
    func forEach(_ body: (Int, Int, Run) -> Void) throws {
        let rows = 0..<firstOfRow.count - 1
        for first in stride(from: 0, to: rows.count, by: 1024) {
            try Interrupt.check()
            forEach(rows: first..<min(rows.count, first + 1024), body)
        }
    }

    /// The runs of some rows.
    @inline(__always)
    func forEach(rows: Range<Int>, _ body: (Int, Int, Run) -> Void) {
        for row in rows {
            for r in Int(firstOfRow[row])..<Int(firstOfRow[row + 1]) { body(r, row, runs[r]) }
        }
    }

    /// Writes into `out`, an image, the value that `value` gives for the root of each run's component; nil leaves the voxels as they are.
    func paint<T>(_ out: UnsafeMutablePointer<T>, _ value: (Int) -> T?) throws {
        let p = Unchecked((out, self))
        try withoutActuallyEscaping(value) { value in
            let value = Unchecked(value)
            try Parallel.slabRanges(shape.y * shape.z, grain: Self.slab * shape.y) { rows in
                p.value.1.forEach(rows: rows) { r, row, run in
                    guard let v = value.value(Int(p.value.1.roots[r])) else { return }
                    (p.value.0 + row * p.value.1.shape.x + Int(run.start)).update(repeating: v, count: Int(run.end - run.start))
                }
            }
        }
    }
}

/// Union–find over runs; of two roots the first stays.
private struct Union {
    let parents: UnsafeMutablePointer<Int32>
    let runs: UnsafePointer<Runs.Run>
    let first: UnsafePointer<Int32>

    private func root(_ x: Int32) -> Int32 {
        var x = x
        while parents[Int(x)] != x {
            parents[Int(x)] = parents[Int(parents[Int(x)])]
            x = parents[Int(x)]
        }
        return x
    }

    /// Joins the runs of two rows that overlap, or are at most `gap` − 1 voxels apart.
    func touch(_ row: Int, _ other: Int, _ gap: Int32) {
        var a = first[row], b = first[other]
        let endA = first[row + 1], endB = first[other + 1]
        while a < endA, b < endB {
            let x = runs[Int(a)], y = runs[Int(b)]
            if x.start < y.end + gap, y.start < x.end + gap {
                let p = root(a), q = root(b)
                if p < q { parents[Int(q)] = p } else if q < p { parents[Int(p)] = q }
            }
            if x.end < y.end { a += 1 } else { b += 1 }
        }
    }
}
