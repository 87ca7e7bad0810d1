import Glibc
import Support

/// What becomes of the voxels that a threshold gave: which parts stay, which gaps are closed.
public struct CleanUp: Equatable, Sendable {
    /// Keeps the largest component (through faces) alone.
    public var largest: Bool
    /// Fills what is enclosed by the mask, after `largest`.
    public var fill: Bool

    /// `largest` keeps the largest part alone, `fill` closes its holes.
    public init(largest: Bool = true, fill: Bool = true) { (self.largest, self.fill) = (largest, fill) }

    /// What a mask was before it was cleaned up.
    public struct Findings: Equatable, Sendable {
        /// Its components, through faces.
        public var components: Int
        /// The share of its voxels that the largest component holds; 1 for an empty mask.
        public var largestShare: Double
        /// Cavities of the largest component, or of the whole mask where all was kept.
        public var holes: Int
        /// The volume of those cavities in ml.
        public var holeMillilitres: Double
    }
}

extension Mask {
    /// The mask cleaned up, and what there was to clean. Throws `MemoryError`, `Interrupted`.
    public func cleaned(_ how: CleanUp) throws -> (mask: Mask, findings: CleanUp.Findings) {
        let all = count
        let (biggest, components) = try separated()
        let kept = how.largest ? biggest : self
        let (filled, holes) = try kept.filled()
        let found = CleanUp.Findings(
            components: components, largestShare: all == 0 ? 1 : Double(biggest.count) / Double(all), holes: holes.count,
            holeMillilitres: Double(holes.reduce(0, +)) * abs(grid.affine.determinant) / 1000)
        return (how.fill ? filled : kept, found)
    }

    /// The mask with its border moved outwards by so many mm, as `dilated` does, or inwards where it is negative, as `eroded` does.
    /// Throws `IntensityError.argument` for a border that is not finite, `MemoryError`, `Interrupted`.
    public func grown(by border: Double) throws -> Mask {
        guard border.isFinite else { throw IntensityError.argument(name: "border", value: border, allowed: "a finite number of mm") }
        return border == 0 ? self : try border > 0 ? dilated(radius: border) : eroded(radius: -border)
    }

    /// The share of the mask's surface voxels, those with a face neighbour outside of it, that lie on the border of the field of view,
    /// where the mask may go on unseen; 0 for an empty mask. Throws `Interrupted`.
    public var contact: Double {
        get throws {
            let surface = try boundary().count
            if surface == 0 { return 0 }
            let (nx, ny, nz) = (grid.shape.x, grid.shape.y, grid.shape.z)
            var onBorder = 0
            voxels.withUnsafeBufferPointer { v in
                for k in 0..<nz {
                    for j in 0..<ny {
                        let row = (k * ny + j) * nx
                        if k == 0 || k == nz - 1 || j == 0 || j == ny - 1 {
                            for i in 0..<nx { onBorder += Int(v[row + i]) }
                        } else {
                            onBorder += Int(v[row]) + (nx > 1 ? Int(v[row + nx - 1]) : 0)
                        }
                    }
                }
            }
            return Double(onBorder) / Double(surface)
        }
    }
}

extension Volume {
    /// The image with 0 for everything outside of a mask on its grid, whatever was there; its other values and their type stay. Throws
    /// `GridError.mismatch`, `Interrupted`.
    public func stripped(by mask: Mask) throws -> Volume {
        try grid.require(same: mask.grid)
        let kept: [Float] = try Voxels.map(voxels, mask.voxels) { x, m, out, n in
            for i in 0..<n { out[i] = m[i] != 0 ? x[i] : 0 }
        }
        return Volume(grid: grid, voxels: kept, datatype: datatype, header: header?.forDerivedValues())
    }

    /// The voxels of at least a value. NaN is below any. Throws `Interrupted`.
    public func mask(atLeast threshold: Double) throws -> Mask {
        // The least float32 that is not below the threshold: the comparison is then that of the numbers themselves.
        var least = Float(threshold)
        if Double(least) < threshold { least = least.nextUp }
        return Mask(
            grid: grid,
            voxels: try Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i] >= least ? 1 : 0 }
            }, header: header?.forDerivedValues())
    }

    /// Of a volume of probabilities, the mean entropy in bits of the voxels that touch the border between those below a threshold and the
    /// others, through a face and on either side: near 1 where the network does not know where the border is, lower the sharper it is
    /// drawn. Nil where there is no border. Throws `Interrupted`.
    public func borderEntropy(threshold: Double) throws -> Double? {
        let inside = try mask(atLeast: threshold).voxels
        let (nx, ny, nz) = (grid.shape.x, grid.shape.y, grid.shape.z)
        let parts: [(sum: Double, count: Int)] = try inside.withUnsafeBufferPointer { m in
            try voxels.withUnsafeBufferPointer { p in
                let both = Unchecked((m, p))
                return try Parallel.mapSlabs(nz, grain: 1) { planes in
                    let (m, p) = both.value
                    var sum = 0.0, count = 0
                    for k in planes {
                        for j in 0..<ny {
                            let row = (k * ny + j) * nx
                            for i in 0..<nx {
                                let at = row + i, own = m[at]
                                let differs =
                                    i > 0 && m[at - 1] != own || i < nx - 1 && m[at + 1] != own || j > 0 && m[at - nx] != own
                                    || j < ny - 1 && m[at + nx] != own || k > 0 && m[at - nx * ny] != own
                                    || k < nz - 1 && m[at + nx * ny] != own
                                if differs {
                                    sum += Self.entropy(Double(p[at]))
                                    count += 1
                                }
                            }
                        }
                    }
                    return (sum, count)
                }
            }
        }
        let count = parts.reduce(0) { $0 + $1.count }
        return count == 0 ? nil : parts.reduce(0) { $0 + $1.sum } / Double(count)
    }

    private static func entropy(_ p: Double) -> Double {
        guard p > 0, p < 1 else { return 0 }
        return -(p * log2(p) + (1 - p) * log2(1 - p))
    }
}
