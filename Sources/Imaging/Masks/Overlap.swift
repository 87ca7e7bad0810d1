import Support

extension Mask {
    /// The number of voxels in the mask.
    public var count: Int { Bytes.total(voxels, voxels).both }

    /// Its volume in millilitres.
    public var millilitres: Double { Double(count) * abs(grid.affine.determinant) / 1000 }
}

/// How far two masks on one grid agree, voxel by voxel: a prediction and the truth.
///
/// **Empty masks.** Where a ratio is 0/0, it is 1 if the two masks are equal there (both empty; for `specificity` both full) and 0 if not.
/// So a prediction that rightly finds nothing scores 1 throughout, and one that finds something in nothing scores 0.
public struct Overlap: Equatable, Sendable {
    /// Voxels in both masks.
    public let both: Int
    /// Voxels in the first mask, the prediction.
    public let predicted: Int
    /// Voxels in the second mask, the truth.
    public let actual: Int
    /// Voxels of the grid.
    public let total: Int

    /// Throws `GridError.mismatch` for masks on different grids.
    public init(_ prediction: Mask, _ truth: Mask) throws {
        try prediction.grid.require(same: truth.grid)
        (both, predicted, actual) = Bytes.total(prediction.voxels, truth.voxels)
        total = prediction.grid.count
    }

    /// 2·|A∩B| / (|A| + |B|) (Dice 1945, doi:10.2307/1932409).
    public var dice: Double { ratio(2 * both, of: predicted + actual) }
    /// |A∩B| / |A∪B| (Jaccard 1912).
    public var iou: Double { ratio(both, of: predicted + actual - both) }
    /// The share of the truth that was found: true positives over actual positives (recall).
    public var sensitivity: Double { ratio(both, of: actual) }
    /// The share of what was found that is true: true positives over predicted positives.
    public var precision: Double { ratio(both, of: predicted) }
    /// The share of the rest of the grid that was left alone: true negatives over actual negatives. Close to 1 in any large field of view.
    public var specificity: Double { ratio(total - predicted - actual + both, of: total - actual) }
    /// 1 − ||A| − |B|| / (|A| + |B|): 1 for equal volumes, wherever they are (Taha 2015, doi:10.1186/s12880-015-0068-x).
    public var volumeSimilarity: Double { ratio(predicted + actual - abs(predicted - actual), of: predicted + actual) }

    private func ratio(_ part: Int, of whole: Int) -> Double {
        whole == 0 ? (predicted == actual ? 1 : 0) : Double(part) / Double(whole)
    }

    /// `dice` of two masks. Throws `GridError.mismatch` for masks on different grids.
    public static func dice(_ a: Mask, _ b: Mask) throws -> Double { try Overlap(a, b).dice }
    /// `iou` of two masks. Throws as `dice`.
    public static func iou(_ a: Mask, _ b: Mask) throws -> Double { try Overlap(a, b).iou }
}

/// Sums over bytes of 0 and 1, sixteen at a time.
enum Bytes {
    /// The numbers of places set in both arrays, in the left and in the right one. They have one length.
    static func total(_ a: [UInt8], _ b: [UInt8]) -> (both: Int, left: Int, right: Int) {
        a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                let sources = Unchecked((a, b))
                let parts = Parallel.mapRanges(min(a.count, b.count), grain: 1 << 18) { range in
                    var sums = (both: 0, left: 0, right: 0)
                    var i = range.lowerBound
                    while i < range.upperBound {
                        // At most 255 additions before a byte could overflow.
                        let end = min(range.upperBound, i + 255 * 16)
                        var both = SIMD16<UInt8>.zero, left = both, right = both
                        while i + 16 <= end {
                            let x = sources.value.0.loadUnaligned(fromByteOffset: i, as: SIMD16<UInt8>.self)
                            let y = sources.value.1.loadUnaligned(fromByteOffset: i, as: SIMD16<UInt8>.self)
                            both &+= x & y
                            left &+= x
                            right &+= y
                            i += 16
                        }
                        for lane in 0..<16 {
                            sums.both += Int(both[lane])
                            sums.left += Int(left[lane])
                            sums.right += Int(right[lane])
                        }
                        if end == range.upperBound {
                            while i < end {
                                sums.both += Int(sources.value.0[i] & sources.value.1[i])
                                sums.left += Int(sources.value.0[i])
                                sums.right += Int(sources.value.1[i])
                                i += 1
                            }
                        }
                    }
                    return sums
                }
                return parts.reduce((0, 0, 0)) { ($0.both + $1.both, $0.left + $1.left, $0.right + $1.right) }
            }
        }
    }
}
