import Support

extension StoredVoxels {
    /// The numbers of an image on another grid, by the interpolations that keep values. Nil where they are no whole numbers and cannot be
    /// voted on or have no 0 for what lies outside. Throws as `Volume.resampled`, and `StoredError.tooManyLabels`.
    func resampled(from grid: Grid, onto target: Grid, _ interpolation: Interpolation) throws -> StoredVoxels? {
        if interpolation == .nearest {
            try target.requireMemory(bytesPerVoxel: 8 + 2 * type.size)
            let places = try Picked.places(from: grid, onto: target)
            return try moved(outside: places.contains { $0.bitPattern == 0 } ? 0 : nil, by: Picked(places: places))
        }
        guard isWhole else { return nil }
        switch type {
        case .int32: return try voted(Int32.self, grid, target)
        case .uint32: return try voted(UInt32.self, grid, target)
        case .int64: return try voted(Int64.self, grid, target)
        default: return try voted(UInt64.self, grid, target)
        }
    }

    /// Labels are numbered in their order, from 0 for the label 0, and it is those numbers that are voted on: float32 can tell them apart.
    private func voted<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ grid: Grid, _ target: Grid) throws -> StoredVoxels {
        let labels = bytes.withUnsafeBytes { Array($0.bindMemory(to: T.self)) }
        var present: Set<T> = [0], last: T = 0
        for label in labels where label != last {
            present.insert(label)
            last = label
        }
        guard present.count <= 1 << 24 else { throw StoredError.tooManyLabels(count: present.count) }
        let sorted = present.sorted { T(littleEndian: $0) < T(littleEndian: $1) }
        let zero = sorted.firstIndex(of: 0) ?? 0
        let ranks = Dictionary(uniqueKeysWithValues: zip(sorted, (0..<sorted.count).map { Float($0 - zero) }))
        let numbered = Volume(
            grid: grid, voxels: try Voxels.map(labels) { label, out, n in for i in 0..<n { out[i] = ranks[label[i]] ?? 0 } })
        let moved: [T] = try Voxels.map(numbered.values(on: target, .label, margin: edgeTolerance)) { rank, out, n in
            for i in 0..<n { out[i] = sorted[Int(rank[i]) + zero] }
        }
        return StoredVoxels(type: self.type, scaling: nil, bytes: moved.withUnsafeBytes { Array($0) })
    }
}

/// Voxels taken from places of the source.
private struct Picked: VoxelMove {
    /// For each voxel of the target, 1 more than its place in the source, as a float's bits; 0 outside.
    let places: [Float]

    /// The nearest voxels' places: they go through the same steps as values do, which for this interpolation are moves of bits.
    static func places(from grid: Grid, onto target: Grid) throws -> [Float] {
        let numbered: [Float] = try Voxels.make(grid.count) { out, range in
            for i in range { out[i] = Float(bitPattern: UInt32(i + 1)) }
        }
        return try Volume(grid: grid, voxels: numbered).values(on: target, .nearest, margin: edgeTolerance)
    }

    func apply<T: BitwiseCopyable>(to voxels: [T], outside: T) throws -> [T] {
        try voxels.withUnsafeBufferPointer { source in
            let source = Unchecked(source.baseAddress!), outside = Unchecked(outside)
            return try Voxels.map(places) { place, out, n in
                for i in 0..<n {
                    let p = Int(place[i].bitPattern)
                    (out + i).initialize(to: p == 0 ? outside.value : source.value[p - 1])
                }
            }
        }
    }
}
