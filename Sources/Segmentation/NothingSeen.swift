import Imaging
import Support

/// A recipe that can make nothing of an image or a part of one, for the values that it holds: air that was blackened, a single slice between the network's voxels.
///
/// Recipes throw it, or the `IntensityError` of an image of one value or of an empty mask, which becomes one.
public struct NothingSeen: ExplainedError {
    /// What the recipe met.
    public let cause: any Error
    private let why: String
    /// The whole image's, once that is known.
    private let grid: Grid?

    /// nil for an error that says something else.
    public init?(_ error: IntensityError, as cause: (any Error)? = nil, message: String? = nil) {
        switch error {
        case .flat, .emptyMask: break
        case .notFinite(let count, let total, _) where count == total: break
        default: return nil
        }
        (self.cause, why, grid) = (cause ?? error, message ?? error.message, nil)
    }

    /// The same of a whole image.
    init(_ other: NothingSeen, of image: Grid) { (cause, why, grid) = (other.cause, other.why, image) }

    private var isSlice: Bool { grid?.shape.min() == 1 }

    /// What is wrong, with the numbers.
    public var message: String { message(in: "predict") }

    /// Networks are run under other names too.
    public func message(in operation: String) -> String {
        guard let grid else { return why }
        let size = "\(Text.sizes(grid.shape)) voxels (\(grid.sizeInMillimetres))"
        return isSlice
            ? "\(operation): the image is a slice of \(size), of which the network would see nothing"
            : "\(operation): the network would see nothing of the image of \(size): \(why)"
    }

    /// What to do about it.
    public var hint: String? {
        if isSlice { return "give the whole head: a brain cannot be told from single slices" }
        return grid.flatMap(Quality.unlikelySize) == nil ? "check that the image holds a head" : "that is not the size of a head: check the voxel size in the header"
    }
}

extension Grid {
    /// From outer face to outer face: "192×256×256 mm".
    var sizeInMillimetres: String {
        let size = SIMD3<Double>(shape) * spacing
        return (0..<3).map { Text.short(size[$0], size[$0] < 100 ? 3 : 6) }.joined(separator: "×") + " mm"
    }
}
