import Imaging

/// One of the 24 ways in which a head may lie along the axes that its header gives.
public struct Pose: Sendable, Equatable {
    /// Where the head's right, front and top point to by the header ("RAS" for a head that lies as the header says).
    public let code: String

    /// All but the one of a right header; a mirrored head is none of them.
    static let others: [Pose] = {
        let pairs = [["R", "L"], ["A", "P"], ["S", "I"]]
        var poses: [Pose] = []
        for (order, odd) in [([0, 1, 2], false), ([1, 2, 0], false), ([2, 0, 1], false), ([0, 2, 1], true), ([2, 1, 0], true), ([1, 0, 2], true)] {
            for flips in 0..<8 where (flips.nonzeroBitCount % 2 == 1) == odd {
                poses.append(Pose(code: order.map { pairs[$0][flips >> $0 & 1] }.joined()))
            }
        }
        return poses.filter { $0.code != "RAS" }
    }()

    /// In words.
    var description: String {
        let words: [Character: String] = ["R": "right", "L": "left", "A": "front", "P": "back", "S": "top", "I": "bottom"]
        let letters = Array(code)
        return "the head seems to lie otherwise than its header says: its top at the header's \(words[letters[2]] ?? ""), its face at the \(words[letters[1]] ?? "")"
    }
}

extension Search {
    /// The look, or where the network is in doubt of what it sees in it (`QualityLimits.doubt`), that at the head as if it lay along other axes, if it is a whole brain there
    /// and the network in no doubt: of files that lost their orientation, and of heads laid otherwise into the scanner. The boxes' axes must point right, anterior, superior.
    /// - Parameter flips: whether the mean with the mirror image is what counts.
    func upright(_ found: Look, flips: Bool, run: (Volume) throws -> Volume) throws -> Look {
        guard limits.doubt < 1, found.seen.grid.affine.orientation == "RAS" else { return found }
        // Of a head upside down there may be no mask at all.
        if let doubt = try (flips ? found.mean : found.probability).doubt(threshold: threshold), doubt <= limits.doubt { return found }
        var best: (look: Look, laid: Grid, pose: Pose, doubt: Double)?
        for pose in Pose.others {
            let laid = try found.seen.reoriented(to: pose.code)
            let seen = Volume(grid: try Grid(shape: laid.grid.shape, affine: Affine(spacing: laid.grid.spacing)), voxels: laid.voxels)
            let probability = try run(seen)
            // A mean is in no less doubt than what it is made of.
            guard let plain = try probability.doubt(threshold: threshold), plain <= limits.doubt else { continue }
            let candidate = try Candidate(Look(part: found.part, seen: seen, probability: probability), self)
            guard candidate.plausible, let doubt = try (flips ? candidate.look.mean : probability).doubt(threshold: threshold),
                doubt <= min(limits.doubt, best?.doubt ?? 1)
            else { continue }
            best = (candidate.look, laid.grid, pose, doubt)
            // As sure as of any head.
            if doubt < Self.sure * limits.doubt { break }
        }
        guard let best else { return found }
        func back(_ p: Volume) throws -> Volume {
            Volume(grid: found.seen.grid, voxels: try Volume(grid: best.laid, voxels: p.voxels).reoriented(to: "RAS").voxels)
        }
        return Look(
            part: found.part, seen: found.seen, probability: try back(best.look.probability), mirrored: try best.look.mirrored.map(back), pose: best.pose)
    }

    private static let sure = 0.94
}
