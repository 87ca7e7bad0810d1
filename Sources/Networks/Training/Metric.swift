import Support

/// What is reported of a training beside the loss, from voxels counted at p ≥ ½, the comparison with which masks are made.
public enum Metric: String, Sendable, CaseIterable, Codable {
    /// 2 |A∩B| / (|A| + |B|); 1 where both are empty.
    case dice
    /// |A∩B| / |A∪B|; 1 where both are empty.
    case iou
    /// True positives over actual positives; where there are none, 1 if none were found, else 0.
    case sensitivity
    /// True negatives over actual negatives; where there are none, 1 if nothing else was found, else 0.
    case specificity
    /// True positives over predicted positives; where there are none, 1 if the truth is empty too, else 0.
    case precision
    /// The share of voxels on the right side.
    case accuracy
    /// 1 − ||A| − |B|| / (|A| + |B|); 1 where both are empty.
    case volumeSimilarity = "volume_similarity"

    /// Numbers of voxels of one sample and channel.
    struct Counts: Equatable {
        var both, found, `true`, all: Double
    }

    func value(_ c: Counts) -> Double {
        func ratio(_ a: Double, _ b: Double, _ otherwise: Double) -> Double { b == 0 ? otherwise : a / b }
        let neither = c.all - c.found - c.true + c.both
        return switch self {
        case .dice: ratio(2 * c.both, c.found + c.true, 1)
        case .iou: ratio(c.both, c.found + c.true - c.both, 1)
        case .sensitivity: ratio(c.both, c.true, c.found == 0 ? 1 : 0)
        case .specificity: ratio(neither, c.all - c.true, c.found == c.all ? 1 : 0)
        case .precision: ratio(c.both, c.found, c.true == 0 ? 1 : 0)
        case .accuracy: ratio(c.both + neither, c.all, 1)
        case .volumeSimilarity: 1 - ratio(abs(c.found - c.true), c.found + c.true, 0)
        }
    }

    /// The mean over channels, those of the background left out: where channels are classes, the first one.
    func mean(_ channels: [Counts], background: Int) -> Double {
        let counted = channels.dropFirst(background)
        return counted.reduce(0) { $0 + value($1) } / Double(max(1, counted.count))
    }
}
