/// How a value between voxel centres is found.
public enum Interpolation: String, Sendable, CaseIterable {
    /// The value of the nearest voxel.
    case nearest
    /// Trilinear.
    case linear
    /// Cubic B-spline through the voxels' values (prefiltered, mirror boundary); may overshoot the data's range at sharp edges.
    case cubic
    /// Of the labels at the eight surrounding voxels the one that has the most weight in linear interpolation (the smallest of equals):
    /// boundaries as smooth as linear's, and never a label that is not there. As ITK's label interpolator over linear.
    case label

    /// Whether results are among the image's own values, which keep their datatype.
    public var keepsValues: Bool { self == .nearest || self == .label }
}
