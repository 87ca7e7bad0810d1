import Glibc
import Support

extension Volume {
    /// Of a volume of probabilities, how thick the layer of doubt about a mask's surface is, in cm: the sum of p(1 − p) over all voxels, as a volume, by the surface of a ball
    /// as large as the mask that `threshold` gives. Where p passes from 0 to 1 linearly over a width w, the layer is w/6 thick; a mask of another shape than a ball has more,
    /// and so has one that the network is of two minds about. nil for an empty mask. Throws `Interrupted`.
    public func doubt(threshold: Double) throws -> Double? {
        let count = try mask(atLeast: threshold).count
        guard count > 0 else { return nil }
        let sums = try voxels.withUnsafeBufferPointer { voxels in
            let source = Unchecked(voxels)
            return try Parallel.mapSlabs(voxels.count, grain: 1 << 18) { range in
                range.reduce(0.0) { $0 + Double(source.value[$1] * (1 - source.value[$1])) }
            }
        }
        let sum = sums.reduce(0, +)
        let millilitres = abs(grid.affine.determinant) / 1000, volume = Double(count) * millilitres
        let surface: Double = cbrt(Double.pi) * pow(6 * volume, 2.0 / 3)
        return sum * millilitres / surface
    }
}
