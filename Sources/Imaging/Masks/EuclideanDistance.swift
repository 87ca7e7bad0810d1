import CKernels
import Kernels
import Support

/// Exact Euclidean distances between voxel centres, axis after axis (Felzenszwalb and Huttenlocher 2012, doi:10.4086/toc.2012.v008a019).
/// Axes are taken as orthogonal; float32.
enum EuclideanDistance {
    /// The distance in mm, or its square, from every voxel to the nearest set voxel; infinity when there is none.
    ///
    /// - Parameters:
    ///   - box: a box, in voxels, outside of which nothing is set; only speed depends on it.
    ///   - asked: the box in which distances are wanted; the other voxels are left as they come. None means the whole image.
    ///   - beyondEdge: whether all positions outside the image count as set.
    static func toSet(
        _ set: [UInt8], shape: SIMD3<Int>, spacing: SIMD3<Double>, box: Box, asked: Box? = nil, squared: Bool, beyondEdge: Bool = false
    ) throws -> [Float] {
        let (nx, ny) = (shape.x, shape.y)
        let box = beyondEdge ? Box(whole: shape) : box, asked = asked ?? Box(whole: shape)
        if box.isEmpty { return try Voxels.repeating(.infinity, set.count) }
        // Lines of 16 voxels' width for each thread; more than a megabyte only for images of an odd shape.
        try Memory.check((2 * shape.max() + 2) * 64 * Parallel.threads, for: "a distance map of \(Text.sizes(shape)) voxels")
        let axes = (0..<3).map { SquareTable(length: shape[$0] + 2, step: spacing[$0]) }
        return try [Float](unsafeUninitializedCapacity: set.count) { out, initialised in
            Voxels.useLargePages(out.baseAddress!, set.count)
            try set.withUnsafeBufferPointer { set in
                let p = Unchecked((set.baseAddress!, out.baseAddress!))
                // Rows and planes outside of the box have no site, and are not read by the axis that follows.
                try Parallel.slabs(box.shape.z) { slab in
                    let k = box.from.z + slab
                    for j in box.from.y..<box.to.y {
                        let row = (k * ny + j) * nx
                        alongRow(p.value.0 + row, p.value.1 + row, nx, axes[0], beyondEdge)
                    }
                    lines(
                        p.value.1 + (k * nx * ny + asked.from.x), count: asked.shape.x, step: nx, sites: box.from.y..<box.to.y,
                        outputs: asked.from.y..<asked.to.y, axes[1], root: false, beyondEdge)
                }
                try Parallel.slabs(asked.shape.y) { slab in
                    lines(
                        p.value.1 + ((asked.from.y + slab) * nx + asked.from.x), count: asked.shape.x, step: nx * ny,
                        sites: box.from.z..<box.to.z, outputs: asked.from.z..<asked.to.z, axes[2], root: !squared, beyondEdge)
                }
            }
            initialised = set.count
        }
    }

    /// The first axis: between two set voxels the squares count up from the one and down to the other.
    private static func alongRow(
        _ set: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>, _ n: Int, _ squares: SquareTable, _ beyondEdge: Bool
    ) {
        let raw = UnsafeRawPointer(set)
        var before = -1, i = 0
        var isSite = beyondEdge
        while true {
            while i + 8 <= n, raw.loadUnaligned(fromByteOffset: i, as: UInt64.self) == 0 { i += 8 }
            while i < n, set[i] == 0 { i += 1 }
            // Between the site `before` and the one at i, either of which may be missing at an end.
            let first = before + 1, endIsSite = i < n || beyondEdge
            let middle = isSite ? (endIsSite ? (before + i + 2) / 2 : i) : endIsSite ? first : i
            if !isSite, !endIsSite { (out + first).update(repeating: .infinity, count: i - first) }
            if isSite { squares.copy(from: first - before, to: out + first, count: middle - first) }
            if endIsSite { squares.copy(from: middle - i, to: out + middle, count: i - middle) }
            if i >= n { return }
            while i < n, set[i] != 0 {
                out[i] = 0
                i += 1
            }
            before = i - 1
            isSite = true
        }
    }

    /// `count` neighbouring lines, whose values are `step` apart, in place: the positions `sites` are read, the positions `outputs` set.
    private static func lines(
        _ data: UnsafeMutablePointer<Float>, count: Int, step: Int, sites: Range<Int>, outputs: Range<Int>, _ squares: SquareTable,
        root: Bool, _ beyondEdge: Bool
    ) {
        let pad = beyondEdge ? 1 : 0, kernel = Kernels.masks.distanceLines
        let length = sites.count + 2 * pad
        withUnsafeTemporaryAllocation(byteCount: (length + outputs.count) * 64, alignment: 64) { memory in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * outputs.count) { nearest in
                let block = memory.bindMemory(to: Float.self).baseAddress!
                let narrow = block + length * 16
                for first in stride(from: 0, to: count, by: 16) {
                    let width = min(16, count - first), source = data + first, result = source + outputs.lowerBound * step
                    if beyondEdge {
                        block.update(repeating: 0, count: 16)
                        (block + (length - 1) * 16).update(repeating: 0, count: 16)
                    }
                    for q in 0..<sites.count {
                        let line = block + (pad + q) * 16, from = source + (sites.lowerBound + q) * step
                        if width == 16 {
                            // In the processor's vectors; so short a copy costs a call otherwise.
                            let vector = UnsafeRawPointer(from).loadUnaligned(as: SIMD16<Float>.self)
                            UnsafeMutableRawPointer(line).storeBytes(of: vector, as: SIMD16<Float>.self)
                        } else {
                            line.update(from: from, count: width)
                            for lane in width..<16 { line[lane] = .infinity }
                        }
                    }
                    var job = SKDistanceLines(
                        in: block, sites: Int64(length), first: Int64(sites.lowerBound - pad - outputs.lowerBound), squares: squares.centre,
                        out: width == 16 ? result : narrow, outputs: Int64(outputs.count), stride: Int64(width == 16 ? step : 16),
                        nearest: nearest.baseAddress!, root: root ? 1 : 0)
                    kernel(&job)
                    if width < 16 {
                        for p in 0..<outputs.count { (result + p * step).update(from: narrow + p * 16, count: width) }
                    }
                }
            }
        }
    }
}

/// Squares of the multiples −length … length of a step.
private final class SquareTable: Sendable {
    private let memory: Unchecked<UnsafeMutablePointer<Float>>
    private let length: Int

    init(length: Int, step: Double) {
        self.length = length
        let values = UnsafeMutablePointer<Float>.allocate(capacity: 2 * length + 1)
        for d in -length...length { values[length + d] = Float(Double(d) * step * (Double(d) * step)) }
        memory = Unchecked(values)
    }

    deinit { memory.value.deallocate() }

    /// The square of 0.
    var centre: UnsafePointer<Float> { UnsafePointer(memory.value + length) }

    @inline(__always)
    func copy(from d: Int, to out: UnsafeMutablePointer<Float>, count: Int) {
        if count > 0 { out.update(from: centre + d, count: count) }
    }
}

extension Mask {
    /// How far each voxel is from the mask, in mm: 0 inside; infinite everywhere for an empty mask.
    ///
    /// Exact Euclidean distances between voxel centres, on voxels of any shape (scipy.ndimage.distance_transform_edt of the complement,
    /// with the voxel size as `sampling`).
    /// - Parameter signed: voxels inside get minus their distance to the nearest voxel outside of the mask but within the image, −infinity
    ///   where there is none.
    /// - Throws: `MemoryError`, `Interrupted`.
    public func distances(signed: Bool = false) throws -> Volume {
        try grid.requireMemory(bytesPerVoxel: signed ? 9 : 4)
        let box = try Box(around: voxels, shape: grid.shape)
        var out = try EuclideanDistance.toSet(voxels, shape: grid.shape, spacing: grid.spacing, box: box, squared: false)
        if signed, !box.isEmpty {
            // The nearest voxel outside is never beyond the box's neighbours.
            let around = box.grown(by: 1, within: grid.shape)
            let inside = try Crop(extent: grid.shape, from: around.from, shape: around.shape).apply(to: voxels, outside: 0)
            let depth = try EuclideanDistance.toSet(
                try Voxels.complement(inside), shape: around.shape, spacing: grid.spacing, box: Box(whole: around.shape), squared: false)
            let n = around.shape
            try inside.withUnsafeBufferPointer { inside in
                try depth.withUnsafeBufferPointer { depth in
                    try out.withUnsafeMutableBufferPointer { out in
                        let p = Unchecked((inside.baseAddress!, depth.baseAddress!, out.baseAddress!))
                        try Parallel.slabs(n.z) { k in
                            for j in 0..<n.y {
                                let row = (k * n.y + j) * n.x
                                let (inside, depth) = (p.value.0 + row, p.value.1 + row)
                                let out = p.value.2 + grid.index(around.from.x, around.from.y + j, around.from.z + k)
                                for i in 0..<n.x { out[i] = inside[i] != 0 ? -depth[i] : out[i] }
                            }
                        }
                    }
                }
            }
        }
        return Volume(grid: grid, voxels: out, header: header?.forDerivedValues())
    }
}
