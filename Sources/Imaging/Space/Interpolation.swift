/// How a value between voxel centres is found.
public enum Interpolation: String, Sendable, CaseIterable {
    /// The value of the nearest voxel.
    case nearest
    /// Trilinear.
    case linear
    /// Cubic B-spline through the voxels' values (prefiltered, mirror boundary); may overshoot the data's range at sharp edges.
    case cubic
}
