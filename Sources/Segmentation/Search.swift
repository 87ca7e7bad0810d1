import Imaging
import Networks
import Support

/// What the network sees of a part of an image, and what it says of it.
struct Look {
    /// The voxels of the image that the recipe was given.
    let part: Box
    let seen: Volume
    let probability: Volume
    /// The same of the mirror image, where that was asked for, brought back.
    var mirrored: Volume?
    /// How the head was found to lie, where that is not as its header says.
    var pose: Pose?
    /// Why there was nothing to see there; nothing was asked of the network then.
    var blank: NothingSeen?

    /// The mean over the image and its mirror image, where there is one.
    var mean: Volume {
        get throws {
            guard let mirrored else { return probability }
            let sum = try Elementwise.apply(.add, .volume(probability), .volume(mirrored))
            return try Elementwise.apply(.multiply, .volume(sum), .number(0.5))
        }
    }
}

/// Finds the brain in a field of view that is larger than the box that the network sees.
///
/// A recipe brings its box about the centre of the image that it is given. Where that box does not hold the whole image and what the network found there is not surely a
/// whole brain, the recipe is given parts of the image as large as the box: first about what has been found, which draws the box to a brain that it cut, and then, if that
/// is no brain either, all over the field of view, neighbours overlapping by half. The best look counts.
struct Search {
    let image: Grid
    let threshold: Double
    /// What a brain keeps.
    let limits: QualityLimits
    /// nil where there is nothing to see.
    let look: (Box) throws -> Look?
    /// The look with its mirror image's probabilities.
    let mirrored: (Look) throws -> Look

    /// A look, what the largest component of its mask tells, and how good it is.
    struct Candidate {
        let look: Look
        /// The middle of what was found, in world coordinates; nil where nothing was.
        let centre: SIMD3<Double>?
        /// The share of its surface on the border of the box.
        let contact: Double
        /// Its volume in ml, where the network is sure of it, and less where it is not, where the box cuts it, and the more it is larger than a brain: a chest must not
        /// outweigh one.
        let worth: Double
        /// Whether it is a whole brain by all that can be told of it. A network sees brains in noise too, of the right size, but others in its mirror image.
        let plausible: Bool

        init(_ look: Look, _ search: Search) throws {
            let mask = try look.probability.mask(atLeast: search.threshold), found = try mask.largestComponent()
            centre = found.count == 0 ? nil : try found.centroid()
            contact = try found.contact
            var sure = 0.0
            for (p, inside) in zip(look.probability.voxels, found.voxels) where inside != 0 { sure += Double(2 * p - 1) }
            let limits = search.limits, excess = max(1, found.millilitres / (limits.volume?.upperBound ?? .infinity))
            worth = max(0, sure) * abs(found.grid.affine.determinant) / 1000 * (1 - contact) / (excess * excess * excess)
            guard found.count > 0, contact == 0, limits.volume?.contains(found.millilitres) ?? true,
                Double(found.count) >= limits.largestShare * Double(mask.count)
            else {
                (self.look, plausible) = (look, false)
                return
            }
            let both = try search.mirrored(look)
            plausible = try 1 - Overlap.dice(mask, both.mirrored?.mask(atLeast: search.threshold) ?? mask) <= limits.flip
            self.look = both
        }

        func isBetter(than other: Candidate) -> Bool {
            // Whatever was found is more than nothing, which is all that a blank look shows.
            if (look.blank == nil) != (other.look.blank == nil) { return look.blank == nil && centre != nil }
            return plausible == other.plausible ? worth > other.worth : plausible
        }
    }

    /// The look to go by, and how many were taken. Throws what the network and the recipe throw.
    func best(from first: Look) throws -> (look: Look, count: Int) {
        guard Self.misses(first.seen.grid, of: image) else { return (first, 1) }
        var best = try Candidate(first, self)
        if best.plausible { return (best.look, 1) }
        var count = 1
        func take(_ part: Box) throws -> Candidate? {
            count += 1
            return try look(part).map { try Candidate($0, self) }
        }
        // The box goes after what it has found, as long as that is worth more there.
        func follow(_ from: Candidate) throws -> Candidate {
            var here = from
            for _ in 0..<Self.mostSteps {
                guard let centre = here.centre, here.contact > 0 || here.look.part == from.look.part else { break }
                let part = try part(about: centre, of: first.seen.grid)
                guard part != here.look.part, let next = try take(part), next.isBetter(than: here) else { break }
                here = next
            }
            return here
        }
        best = try follow(best)
        if best.plausible { return (best.look, count) }
        // The middle has been seen by all recipes that look there first.
        for part in try places(of: first.seen.grid) where part.from &+ part.to != image.shape {
            guard let found = try take(part) else { continue }
            // A recipe that goes to one place whatever it is given looks nowhere else.
            if found.look.seen.grid == first.seen.grid { break }
            let there = found.worth > best.worth / 2 || found.plausible ? try follow(found) : found
            if there.isBetter(than: best) { best = there }
            if best.plausible { break }
        }
        return (best.look, count)
    }

    private static let mostSteps = 3
    /// Places along an axis: with 512 mm beside a box of 256 mm there are three; a larger field of view is covered more thinly than four can by half.
    private static let mostPlaces = 4

    /// Whether a voxel of the image lies outside of what the network sees, by more than one of the network's voxels.
    static func misses(_ seen: Grid, of image: Grid) -> Bool {
        guard let toSeen = try? seen.affine.inverse() else { return false }
        let last = SIMD3<Double>(image.shape &- 1), most = SIMD3<Double>(seen.shape)
        for corner in 0..<8 {
            let place = last * SIMD3(Double(corner & 1), Double(corner >> 1 & 1), Double(corner >> 2))
            let there = toSeen(image.affine(place))
            for axis in 0..<3 where there[axis] < -1.5 || there[axis] > most[axis] + 0.5 { return true }
        }
        return false
    }

    /// Voxels of the image along each of its axes that the network's box holds.
    private func size(of seen: Grid) -> SIMD3<Int> {
        var extent = SIMD3<Double>.zero
        for (axis, nearest) in seen.affine.nearestAxes.enumerated() { extent[nearest.axis] = Double(seen.shape[axis]) * seen.spacing[axis] }
        var size = SIMD3<Int>.one
        for (axis, nearest) in image.affine.nearestAxes.enumerated() {
            size[axis] = Int(min(max(extent[nearest.axis] / image.spacing[axis], 1), Double(image.shape[axis])).rounded(.down))
        }
        return size
    }

    /// The part of the image about a place in the world, cut at the image's border.
    private func part(about centre: SIMD3<Double>, of seen: Grid) throws -> Box {
        let size = size(of: seen), voxel = try image.affine.inverse()(centre)
        var box = Box(from: .zero, to: image.shape)
        for axis in 0..<3 where size[axis] < image.shape[axis] {
            let from = Int((min(max(voxel[axis], 0), Double(image.shape[axis] - 1)) + 0.5 - Double(size[axis]) / 2).rounded())
            (box.from[axis], box.to[axis]) = (max(0, from), min(image.shape[axis], from + size[axis]))
        }
        return box
    }

    /// Parts that cover the image, neighbours overlapping by half or, in a very large one, as little as there can be places.
    private func places(of seen: Grid) throws -> [Box] {
        let size = size(of: seen)
        let starts = (0..<3).map { axis -> [Int] in
            let room = image.shape[axis] - size[axis]
            if room == 0 { return [0] }
            let steps = min(max(1, (2 * room + size[axis] - 1) / size[axis]), Self.mostPlaces - 1)
            return (0...steps).map { room * $0 / steps }
        }
        var places: [Box] = []
        for z in starts[2] { for y in starts[1] { for x in starts[0] {
            let from = SIMD3(x, y, z)
            places.append(Box(from: from, to: from &+ size))
        } } }
        return places
    }
}
