import Imaging
import Support

/// Slices of a head, upright whatever the orientation of its file.
public enum Montage {
    /// The most slices that one montage shows.
    public static let largestCount = 400

    /// Three orthogonal views through the mask's centre (the volume's when there is no mask or it is empty), the mask tinted and outlined.
    /// Throws `GridError.mismatch` when the mask lies on another grid.
    public static func overlay(_ volume: Volume, _ mask: Mask?, title: String? = nil, width: Int = 1500) throws -> Figure {
        Figure(width: 1, height: 1, pixels: [0], title: title ?? "overlay")
    }

    /// `count` evenly spaced slices across an axis, each labelled with its place in mm.
    /// Throws `GridError.mismatch`, `FigureError.count`, `FigureError.columns`.
    public static func slices(
        _ volume: Volume, mask: Mask? = nil, axis: SliceAxis = .axial, count: Int = 15, columns: Int? = nil, title: String? = nil,
        width: Int = 1500
    ) throws -> Figure {
        Figure(width: 1, height: 1, pixels: [0], title: title ?? "slices")
    }
}

/// The direction that slices are cut across.
public enum SliceAxis: String, Sendable, CaseIterable { case sagittal, coronal, axial }
