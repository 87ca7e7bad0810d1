import Support

extension Mask {
    /// The largest component whose voxels touch by faces (6-connectivity, scipy.ndimage.label's default).
    /// Of components of one size, the one with the first voxel in the order (i, then j, then k) of the indices. An empty mask stays empty.
    public func largestComponent() throws -> Mask {
        let runs = try Runs(voxels, shape: grid.shape, of: 1)
        guard let best = runs.largest() else { return self }
        return with(runs.paint(where: { $0 == best }, value: 1, on: [UInt8](repeating: 0, count: voxels.count)))
    }

    /// With every cavity filled: background that no path over faces joins to the image's edge
    /// (scipy.ndimage.binary_fill_holes).
    public func holesFilled() throws -> Mask {
        let runs = try Runs(voxels, shape: grid.shape, of: 0)
        let open = runs.touchingEdge()
        return with(runs.paint(where: { !open[$0] }, value: 1, on: voxels))
    }
}

/// Connected components as runs along i, joined by union–find over rows and planes.
struct Runs {
    private struct Run {
        var row: Int32
        var start: Int32
        /// One past the last.
        var end: Int32
    }

    private let shape: SIMD3<Int>
    private var runs: [Run] = []
    /// runs[firstOfRow[r] ..< firstOfRow[r + 1]] lie in row r.
    private var firstOfRow: [Int]
    /// The root of each run, once built: the component's name.
    private var roots: [Int32] = []

    /// Components of the voxels equal to `value`, joined through faces.
    init(_ voxels: [UInt8], shape: SIMD3<Int>, of value: UInt8) throws {
        self.shape = shape
        let rows = shape.y * shape.z
        firstOfRow = [0]
        firstOfRow.reserveCapacity(rows + 1)
        voxels.withUnsafeBufferPointer { scan($0.baseAddress!, rows: rows, value: value) }
        try Interrupt.check()
        try join()
    }

    private mutating func scan(_ voxels: UnsafePointer<UInt8>, rows: Int, value: UInt8) {
        let n = shape.x
        let raw = UnsafeRawPointer(voxels)
        let pattern: UInt64 = value != 0 ? 0x0101_0101_0101_0101 : 0
        for r in 0..<rows {
            var i = 0
            while i < n {
                // Eight voxels at a time where none belongs.
                let none = ~pattern & 0x0101_0101_0101_0101
                while i + 8 <= n, raw.loadUnaligned(fromByteOffset: r * n + i, as: UInt64.self) == none { i += 8 }
                while i < n, voxels[r * n + i] != value { i += 1 }
                if i >= n { break }
                let start = i
                while i + 8 <= n, raw.loadUnaligned(fromByteOffset: r * n + i, as: UInt64.self) == pattern { i += 8 }
                while i < n, voxels[r * n + i] == value { i += 1 }
                runs.append(Run(row: Int32(r), start: Int32(start), end: Int32(i)))
            }
            firstOfRow.append(runs.count)
        }
    }

    private mutating func join() throws {
        var parent = (0..<Int32(runs.count)).map { $0 }
        func root(_ x: Int32) -> Int32 {
            var x = x
            while parent[Int(x)] != x {
                parent[Int(x)] = parent[Int(parent[Int(x)])]
                x = parent[Int(x)]
            }
            return x
        }
        func unite(_ a: Int32, _ b: Int32) {
            let a = root(a), b = root(b)
            if a < b { parent[Int(b)] = a } else if b < a { parent[Int(a)] = b }
        }
        /// Joins runs of two rows that overlap.
        func touch(_ row: Int, _ other: Int) {
            var a = firstOfRow[row], b = firstOfRow[other]
            let endA = firstOfRow[row + 1], endB = firstOfRow[other + 1]
            while a < endA, b < endB {
                if runs[a].start < runs[b].end, runs[b].start < runs[a].end { unite(Int32(a), Int32(b)) }
                if runs[a].end < runs[b].end { a += 1 } else { b += 1 }
            }
        }
        for k in 0..<shape.z {
            try Interrupt.check()
            for j in 0..<shape.y {
                let row = k * shape.y + j
                if j > 0 { touch(row, row - 1) }
                if k > 0 { touch(row, row - shape.y) }
            }
        }
        roots = (0..<Int32(runs.count)).map(root)
    }

    /// The root of the largest component.
    func largest() -> Int? {
        var sizes = [Int](repeating: 0, count: runs.count)
        for (r, run) in runs.enumerated() { sizes[Int(roots[r])] += Int(run.end - run.start) }
        guard let most = sizes.max() else { return nil }
        // Ties go by the least (i, j, k), the order in which scipy names components.
        var best: (root: Int, key: (Int32, Int, Int))?
        for (r, run) in runs.enumerated() where sizes[Int(roots[r])] == most {
            let key = (run.start, Int(run.row) % shape.y, Int(run.row) / shape.y)
            if best == nil || key < best!.key { best = (Int(roots[r]), key) }
        }
        return best?.root
    }

    /// For each root, whether its component reaches a face of the image.
    func touchingEdge() -> [Bool] {
        var open = [Bool](repeating: false, count: runs.count)
        for (r, run) in runs.enumerated() {
            let j = Int(run.row) % shape.y, k = Int(run.row) / shape.y
            if run.start == 0 || Int(run.end) == shape.x || j == 0 || j == shape.y - 1 || k == 0 || k == shape.z - 1 {
                open[Int(roots[r])] = true
            }
        }
        return open
    }

    /// A copy of `voxels` with the runs of the chosen components set to `value`.
    func paint(where chosen: (Int) -> Bool, value: UInt8, on voxels: [UInt8]) -> [UInt8] {
        var out = voxels
        out.withUnsafeMutableBufferPointer { out in
            for (r, run) in runs.enumerated() where chosen(Int(roots[r])) {
                let base = out.baseAddress! + Int(run.row) * shape.x
                (base + Int(run.start)).update(repeating: value, count: Int(run.end - run.start))
            }
        }
        return out
    }
}
