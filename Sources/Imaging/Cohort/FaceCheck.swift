/// Looks for the face of a head whose brain is known.
///
/// Places are told from the brain's centre, along the world's axes. Tissue is what is brighter than a tenth of the image's 98th percentile.
struct FaceCheck {
    private let image: Volume
    private let toVoxel: Affine
    private let centre: SIMD3<Double>
    private let threshold: Float
    /// How far the brain reaches to the front.
    private let front: Double

    /// Throws `GridError` and `IntensityError` as the centre of the mask and percentiles of the image do, `Interrupted`.
    init(_ image: Volume, _ mask: Mask) throws {
        self.image = image
        toVoxel = try image.grid.affine.inverse()
        centre = try mask.centroid()
        let low = try image.statistics().min
        threshold = low + 0.1 * (Float(try image.percentile(98)) - low)
        var front = 0.0
        for x in stride(from: -30.0, through: 30, by: 6) {
            for z in stride(from: -40.0, through: 40, by: 4) {
                for y in stride(from: front, through: 150, by: 2) {
                    let v = toVoxel(centre + SIMD3(x, y, z)).rounded(.toNearestOrEven)
                    guard all(v .>= 0), all(v .< SIMD3<Double>(mask.grid.shape)) else { break }
                    if mask.voxels[mask.grid.index(Int(v.x), Int(v.y), Int(v.z))] != 0 { front = y }
                }
            }
        }
        self.front = front
    }

    /// Whether a face was taken out: below the front of the brain, as pieces cut off along a plane are, or down to its front only, as a shaved profile is.
    var isMissing: Bool { front > 30 && (lacksJaw || lacksProfile) }

    /// Hardly any tissue where nose, orbits and jaw are, though there is some as low behind. Whole heads of adults are half tissue there or more, and those that were cut
    /// under a tenth.
    private var lacksJaw: Bool {
        guard let face = tissue(x: 30, y: front - 25...front, z: -65 ... -48), let behind = tissue(x: 30, y: -45...0, z: -65 ... -48) else { return false }
        return face < 0.1 && behind > 0.3
    }

    /// Nothing before the brain where glabella and nose are, though there is a forehead above. A head that looks up or down has one with the other: of label maps of heads
    /// turned by up to 20° those with a forehead are tissue by an eighth or more there.
    private var lacksProfile: Bool {
        let ahead = front + 5...front + 12
        guard let profile = tissue(x: 15, y: ahead, z: -45 ... -20), profile < 0.04 else { return false }
        return stride(from: -10.0, through: 30, by: 5).contains { tissue(x: 15, y: ahead, z: $0...$0 + 10) ?? 0 > 0.5 }
    }

    /// The share of tissue in a box, x to either side of the middle; nil where less than six tenths of it are in the field of view.
    private func tissue(x: Double, y: ClosedRange<Double>, z: ClosedRange<Double>) -> Double? {
        var inside = 0.0, seen = 0.0, asked = 0.0
        for z in stride(from: z.lowerBound, through: z.upperBound, by: 2) {
            for y in stride(from: y.lowerBound, through: y.upperBound, by: 2) {
                for x in stride(from: -x, through: x, by: 3) {
                    asked += 1
                    let v = toVoxel(centre + SIMD3(x, y, z)).rounded(.toNearestOrEven)
                    guard all(v .>= 0), all(v .< SIMD3<Double>(image.grid.shape)) else { continue }
                    seen += 1
                    if image.voxels[image.grid.index(Int(v.x), Int(v.y), Int(v.z))] > threshold { inside += 1 }
                }
            }
        }
        return seen > 0.6 * asked ? inside / seen : nil
    }
}
