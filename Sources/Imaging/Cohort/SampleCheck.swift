import Glibc
import Support

/// What is doubtful about an image and its brain mask as training data.
public enum SampleWarning: Sendable, Equatable {
    /// No voxel in the mask, or every voxel.
    case emptyMask
    case fullMask
    /// Image and mask lie apart: what differs.
    case grids(String)
    /// One value everywhere, or hardly anything else within the mask.
    case flat(value: Double)
    case notFinite(count: Int)
    /// The mask reaches the outermost slices that show anything; the sides, as "inferior".
    case cut(sides: [String])
    /// No tissue where a face is, though the image goes on there (`FaceCheck`).
    case defaced

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .emptyMask: "the mask has no voxel"
        case .fullMask: "the mask holds every voxel"
        case .grids(let difference): "image and mask lie on \(difference)"
        case .flat(let value): "the image has the value \(Text.short(value)) wherever it was looked at"
        case .notFinite(let count): "\(Text.grouped(count)) voxel\(count == 1 ? " is" : "s are") NaN or infinite"
        case .cut(let sides): "the brain is cut by the border of the image: \(sides.joined(separator: ", "))"
        case .defaced: "the face seems to have been taken out; a network that sees no face learns nothing of faces"
        }
    }
}

/// Looks for what commonly spoils training data.
public enum SampleCheck {
    /// All that is doubtful, in the order of the cases. Throws `GridError.singular` for a grid without inverse, and `Interrupted`.
    public static func warnings(image: Volume, mask: Mask) throws -> [SampleWarning] {
        do {
            try image.grid.require(same: mask.grid)
        } catch {
            return [.grids(error.message)]
        }
        let inside = mask.voxels.reduce(0) { $0 + Int($1) }
        var found: [SampleWarning] = []
        if inside == 0 { found.append(.emptyMask) }
        if inside == mask.voxels.count { found.append(.fullMask) }
        let odd = image.voxels.count { !$0.isFinite }
        if odd > 0 { return found + [.notFinite(count: odd)] }
        let all = try image.statistics()
        if all.max == all.min { return found + [.flat(value: Double(all.min))] }
        guard inside > 0, inside < mask.voxels.count else { return found }
        let brain = try image.statistics(in: mask)
        if brain.std < 1e-6 * Double(all.max - all.min) { found.append(.flat(value: brain.mean)) }
        let sides = cutSides(image, mask)
        if !sides.isEmpty { found.append(.cut(sides: sides)) }
        if try FaceCheck(image, mask).isMissing { found.append(.defaced) }
        return found
    }

    /// Least area of the mask on an outermost slice, in mm², that counts as cut.
    private static let leastArea = 50.0

    /// The anatomical sides on which the mask lies on the outermost slice that is not of one value.
    private static func cutSides(_ image: Volume, _ mask: Mask) -> [String] {
        let names = [("left", "right"), ("posterior", "anterior"), ("inferior", "superior")]
        let shape = image.grid.shape, spacing = image.grid.spacing, axes = image.grid.affine.nearestAxes
        var sides: [(Int, String)] = []
        for axis in 0..<3 {
            let (u, v) = (axis == 0 ? 1 : 0, axis == 2 ? 1 : 2)
            func slice(_ n: Int, _ body: (Int) -> Bool) {
                for b in 0..<shape[v] {
                    for a in 0..<shape[u] {
                        var p = SIMD3<Int>.zero
                        (p[axis], p[u], p[v]) = (n, a, b)
                        if !body(image.grid.index(p.x, p.y, p.z)) { return }
                    }
                }
            }
            func isShown(_ n: Int) -> Bool {
                var first: Float?, differs = false
                slice(n) { i in
                    if first == nil { first = image.voxels[i] }
                    differs = image.voxels[i] != first
                    return !differs
                }
                return differs
            }
            func area(_ n: Int) -> Double {
                var count = 0
                slice(n) { i in
                    count += Int(mask.voxels[i])
                    return true
                }
                return Double(count) * spacing[u] * spacing[v]
            }
            guard shape[axis] > 1, let low = (0..<shape[axis]).first(where: isShown), let high = (0..<shape[axis]).last(where: isShown)
            else { continue }
            let (world, flipped) = axes[axis]
            if area(low) >= leastArea { sides.append((2 * world, flipped ? names[world].1 : names[world].0)) }
            if high > low, area(high) >= leastArea { sides.append((2 * world + 1, flipped ? names[world].0 : names[world].1)) }
        }
        return sides.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
