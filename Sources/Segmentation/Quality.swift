import Imaging
import Networks
import Support

/// What can be told of a predicted mask without the truth.
public struct Quality: Sendable, Equatable {
    /// Whether a mask should be looked at before it is used.
    public enum Verdict: String, Sendable {
        case ok, suspect
    }

    /// The mask's volume in ml, before `border` moved its surface.
    public let millilitres: Double
    /// Components that the threshold left, through faces, and the share of the largest.
    public let components: Int
    /// The largest component's share of the voxels, 0 to 1.
    public let largestShare: Double
    /// Cavities of the mask before they were filled, and their volume in ml.
    public let holes: Int
    /// The volume of those cavities in ml.
    public let holeMillilitres: Double
    /// The share of the mask's surface on the border of the image's field of view.
    public let contact: Double
    /// The share of its surface, on the network's own grid, on the border of what the network saw.
    public let gridContact: Double
    /// 1 − Dice between the masks of the image and of its mirror image; nil where that was not asked for.
    public let flip: Double?
    /// Mean entropy in bits of the network's probabilities along the mask's border; nil without a border.
    public let entropy: Double?
    /// How thick the layer of doubt about the surface is, in cm (`Volume.doubt`); nil for an empty mask.
    public let doubt: Double?
    /// How the head was found to lie, where that is not as its header says.
    public let pose: Pose?
    /// How much brighter the image is in the mask than the air around the head, as a share of its range (`Volume.brightness`); nil where there is none.
    public let brightness: Double?
    /// Places of the image that the network looked at: more than 1 where the brain was not found whole at the first (`Search`).
    public let looks: Int
    /// Why the prediction should be looked at, in plain words.
    public let reasons: [String]

    /// `suspect` where there is a reason.
    public var verdict: Verdict { reasons.isEmpty ? .ok : .suspect }

    /// - Parameters:
    ///   - image: as it was given.
    ///   - mask: cleaned up, on the image's grid.
    ///   - seen: the network's probabilities, on its own grid.
    ///   - ownGrid: whether that is the image's.
    ///   - looks: how many places of the image the network looked at.
    ///   - largest: whether only the largest component was kept.
    init(
        of image: Volume, mask: Mask, findings: CleanUp.Findings, seen: Volume, ownGrid: Bool, looks: Int, pose: Pose?, largest: Bool, flip: Double?,
        threshold: Double, limits: QualityLimits
    ) throws {
        millilitres = mask.millilitres
        (components, largestShare) = (findings.components, findings.largestShare)
        (holes, holeMillilitres) = (findings.holes, findings.holeMillilitres)
        contact = try mask.contact
        let coarse = try seen.mask(atLeast: threshold)
        gridContact = try ownGrid ? contact : largest ? coarse.largestComponent().contact : coarse.contact
        (self.flip, self.looks, self.pose) = (flip, looks, pose)
        doubt = try seen.doubt(threshold: threshold)
        brightness = image.brightness(of: mask)
        entropy = try seen.borderEntropy(threshold: threshold)

        func percent(_ share: Double) -> String { (share < 0.1 ? Text.short(100 * share, 2) : Text.fixed(100 * share, 0)) + " %" }
        var reasons: [String] = []
        if millilitres == 0 {
            reasons.append("the mask is empty")
        } else if let range = limits.volume, !range.contains(millilitres) {
            let low = millilitres < range.lowerBound
            reasons.append(
                "its volume of \(Text.fixed(millilitres, 0)) ml is \(low ? "below" : "above") the expected \(Text.fixed(range.lowerBound, 0)) to \(Text.fixed(range.upperBound, 0)) ml"
            )
        }
        if largestShare < limits.largestShare {
            reasons.append("the network found \(Text.grouped(components)) parts, the largest with \(percent(largestShare)) of it")
        }
        if millilitres > 0, holeMillilitres > limits.holeShare * millilitres {
            reasons.append("\(Text.fixed(holeMillilitres, 1)) ml of it were holes")
        }
        if contact > limits.contact {
            reasons.append("\(percent(contact)) of its surface lies on the border of the image, where it may be cut off")
        }
        if millilitres > 0, !ownGrid, gridContact > limits.contact {
            reasons.append("\(percent(gridContact)) of its surface lies on the border of what the network sees, where it may be cut off")
        }
        if let size = Self.unlikelySize(image.grid) {
            reasons.append("a field of view of \(size) is not that of a head, by the voxel size in the header")
        }
        let unknown = zip(image.voxels, mask.voxels).count { $1 != 0 && !$0.isFinite }
        if Double(unknown) > Self.mostUnknown * Double(mask.count) {
            reasons.append("\(percent(Double(unknown) / Double(mask.count))) of its voxels are NaN or infinite")
        }
        if let flip, flip > limits.flip {
            reasons.append("the network disagrees with itself on \(percent(flip)) of the mirror image")
        }
        if let pose { reasons.append(pose.description) }
        if let doubt, limits.doubt < 1, doubt > limits.doubt {
            reasons.append("the network is of two minds about more of it than of a brain as it should be: a layer of doubt of \(Text.fixed(doubt, 3)) cm")
        }
        if let brightness, brightness < limits.brightness {
            reasons.append(
                brightness < 0
                    ? "the image is darker in it than the air around, by \(percent(-brightness)) of its range"
                    : "the image is brighter in it than the air around by only \(percent(brightness)) of its range")
        }
        if let entropy, entropy > limits.entropy {
            reasons.append("the network is unsure of the border: an entropy of \(Text.fixed(entropy, 2)) bits along it")
        }
        self.reasons = reasons
    }

    private static let mostUnknown = 0.01

    /// The size of a field of view in which there is no room for a brain, or for a whole body many times over: of a header in metres or micrometres, say. A slab may be thin,
    /// but is as wide as a head.
    static func unlikelySize(_ grid: Grid) -> String? {
        let size = SIMD3<Double>(grid.shape) * grid.spacing
        guard size.max() < 60 || size.max() > 3000 else { return nil }
        return grid.sizeInMillimetres
    }
}
