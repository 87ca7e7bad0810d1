import Support

/// What can be wrong with a mask for an operation.
public enum MaskError: ExplainedError, Equatable {
    case components(count: Int, most: Int)
    case nothingFound
    case nothingToGrowIn(centre: SIMD3<Double>, radius: Double, low: Double, high: Double)

    /// What is wrong, with the numbers.
    public var message: String { message(in: "bet") }

    /// The message, beginning with the name that a user called.
    public func message(in operation: String) -> String {
        switch self {
        case .components(let count, let most):
            "\(operation): the mask has \(Text.grouped(count)) components, and a volume can number no more than \(Text.grouped(most))"
        case .nothingFound: "\(operation): the surface came to hold no voxel at all"
        case .nothingToGrowIn(let centre, let radius, let low, let high):
            "\(operation): no voxel within \(Text.short(radius)) mm of "
                + "(\((0..<3).map { Text.short(centre[$0]) }.joined(separator: ", "))) has an intensity "
                + "between \(Text.short(low)) and \(Text.short(high))"
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .components: "take away what is small first, as with open(mask, 1, unit=\"voxels\")"
        case .nothingFound: "see with show(v) whether the image holds a head; centre= and threshold= say where and how bright the brain is"
        case .nothingToGrowIn: "give a centre within the brain, in world coordinates: centre=[right, anterior, superior]"
        }
    }
}

extension Mask {
    /// The largest component. Of components of one size, the one with the first voxel in the order (i, then j, then k) of the indices.
    /// An empty mask stays empty. (The default is scipy.ndimage.label's.) Throws `MemoryError`, `Interrupted`.
    public func largestComponent(connectivity: Connectivity = .faces) throws -> Mask { try separated(connectivity).largest }

    /// The largest component, and how many there are.
    func separated(_ connectivity: Connectivity = .faces) throws -> (largest: Mask, count: Int) {
        let runs = try Runs(voxels, shape: grid.shape, of: 1, connectivity: connectivity)
        let sizes = try runs.sizes()
        let count = sizes.reduce(0) { $0 + ($1 > 0 ? 1 : 0) }
        guard let most = sizes.max(), count > 1 else { return (self, count) }
        let best = try Self.ordered(runs, sizes.indices.filter { sizes[$0] == most }, sizes)[0]
        let largest = with(
            try [UInt8](unsafeUninitializedCapacity: voxels.count) { out, initialised in
                Voxels.useLargePages(out.baseAddress!, out.count)
                let p = Unchecked(out.baseAddress!)
                try Parallel.slabRanges(out.count) { (p.value + $0.lowerBound).initialize(repeating: 0, count: $0.count) }
                try runs.paint(out.baseAddress!) { $0 == best ? 1 : nil }
                initialised = voxels.count
            })
        return (largest, count)
    }

    /// The components, numbered from 1 by size, largest first; 0 outside of the mask. Of components of one size the one with the first
    /// voxel in the order (i, then j, then k) comes first. Sizes are in voxels.
    ///
    /// Throws `MaskError.components` for more than 2²⁴, beyond which float32 does not tell whole numbers apart, `MemoryError`, `Interrupted`.
    public func components(connectivity: Connectivity = .faces) throws -> (labels: Volume, sizes: [Int]) {
        try grid.requireMemory(bytesPerVoxel: 4)
        let runs = try Runs(voxels, shape: grid.shape, of: 1, connectivity: connectivity)
        let sizes = try runs.sizes()
        let roots = sizes.indices.filter { sizes[$0] > 0 }
        guard roots.count <= 1 << 24 else { throw MaskError.components(count: roots.count, most: 1 << 24) }
        let order = try Self.ordered(runs, roots, sizes)
        var names = [Float](repeating: 0, count: sizes.count)
        for (i, root) in order.enumerated() { names[root] = Float(i + 1) }
        var labels = try Voxels.repeating(Float(0), voxels.count)
        try labels.withUnsafeMutableBufferPointer { labels in
            try names.withUnsafeBufferPointer { names in try runs.paint(labels.baseAddress!) { names[$0] } }
        }
        return (
            Volume(
                grid: grid, voxels: labels, datatype: roots.count < 1 << 8 ? .uint8 : roots.count < 1 << 16 ? .uint16 : .int32,
                header: header?.forDerivedValues()), order.map { sizes[$0] }
        )
    }

    /// Roots by size, largest first, then by their first voxels.
    private static func ordered(_ runs: Runs, _ roots: [Int], _ sizes: [Int]) throws -> [Int] {
        if roots.count == 1 { return roots }
        let first = try runs.firstVoxels()
        return roots.sorted { (-sizes[$0], first[$0]) < (-sizes[$1], first[$1]) }
    }

    /// With every cavity filled: background that no path over faces joins to the image's edge
    /// (scipy.ndimage.binary_fill_holes). Throws `MemoryError`, `Interrupted`.
    public func holesFilled() throws -> Mask { try filled().mask }

    /// With every cavity filled, and the voxels of each cavity, in no order.
    func filled() throws -> (mask: Mask, holes: [Int]) {
        let runs = try Runs(voxels, shape: grid.shape, of: 0, connectivity: .faces)
        let open = try runs.touchingEdge(), sizes = try runs.sizes()
        let holes = sizes.indices.filter { sizes[$0] > 0 && !open[$0] }.map { sizes[$0] }
        if holes.isEmpty { return (self, holes) }
        var filled: [UInt8] = try Voxels.map(voxels) { from, to, n in to.initialize(from: from, count: n) }
        try filled.withUnsafeMutableBufferPointer { filled in
            try open.withUnsafeBufferPointer { open in try runs.paint(filled.baseAddress!) { open[$0] ? nil : 1 } }
        }
        return (with(filled), holes)
    }
}
