import Glibc
import Imaging
import Support

/// The direction that slices are cut across.
public enum SliceAxis: String, Sendable, CaseIterable {
    case sagittal, coronal, axial

    var index: Int { self == .sagittal ? 0 : self == .coronal ? 1 : 2 }
}

/// Slices of a head, upright whatever the orientation of its file, on a common scale with square millimetres.
///
/// Neurological convention throughout: left is on the left, the front of a sagittal view is on the right. Grey runs from the 0.5th to the
/// 99.5th percentile of the finite voxels. Air around the head is cropped. Voxels are shown along the volume's own axes nearest to
/// right, anterior and superior.
public enum Montage {
    /// The most slices that one montage shows.
    public static let largestCount = 400

    /// Three orthogonal views through the mask's centre (the volume's when there is no mask or it is empty), the mask tinted and outlined.
    ///
    /// - Parameters:
    ///   - title: a headline; none by default.
    ///   - width: of the picture in pixels, 300 … 4000; a picture that would be too high is narrower.
    /// Throws `GridError.mismatch` when the mask lies on another grid.
    public static func overlay(_ volume: Volume, _ mask: Mask?, title: String? = nil, width: Int = 1500) throws -> Figure {
        let scene = try Scene(volume, mask)
        let planes = SliceAxis.allCases.map { Plane(axis: $0, index: scene.centre[$0.index]) }
        return try scene.draw(planes, columns: 3, crosses: true, title: title, width: width, kind: mask == nil ? "views" : "overlay")
    }

    /// `count` evenly spaced slices across an axis, each labelled with its place in mm: through the mask where there is one that is not
    /// empty, else through the head. Ordered from left, posterior or inferior. No slice is shown twice.
    /// Throws `GridError.mismatch`, `FigureError.count`, `FigureError.columns`.
    public static func slices(
        _ volume: Volume, mask: Mask? = nil, axis: SliceAxis = .axial, count: Int = 15, columns: Int? = nil, title: String? = nil,
        width: Int = 1500
    ) throws -> Figure {
        guard (1...largestCount).contains(count) else { throw FigureError.count(count) }
        if let columns, columns < 1 { throw FigureError.columns(columns) }
        let scene = try Scene(volume, mask)
        let span = scene.maskBox ?? scene.box
        let low = span.low[axis.index], planes = span.size[axis.index]
        let shown = min(count, planes)
        let picked = (0..<shown).map { n in
            Plane(axis: axis, index: low + Int((Double(planes) * (Double(n) + 0.5) / Double(shown)).rounded(.down)))
        }
        let across = min(columns ?? scene.columns(for: axis, count: shown), shown)
        return try scene.draw(picked, columns: across, crosses: false, title: title, width: width, kind: "\(shown) \(axis.rawValue) slice\(shown == 1 ? "" : "s")")
    }
}

/// One slice to be drawn.
struct Plane {
    let axis: SliceAxis
    let index: Int
}

/// What a montage is drawn from: the volume, its mask, where to look and how bright.
struct Scene {
    let volume: Volume
    let mask: Mask?
    let anatomy: Anatomy
    let window: Window?
    /// The head and the mask, with a margin.
    let box: Box
    let maskBox: Box?
    /// Where the three views meet.
    let centre: SIMD3<Int>

    init(_ volume: Volume, _ mask: Mask?) throws {
        if let mask { try volume.grid.require(same: mask.grid) }
        self.volume = volume
        self.mask = mask
        let anatomy = Anatomy(volume.grid), window = try Window(volume.voxels)
        self.anatomy = anatomy
        self.window = try window?.fitted(to: volume.voxels, within: mask?.voxels)
        try Interrupt.check()
        let voxels = volume.voxels
        maskBox = try mask.flatMap { m in try anatomy.box(share: 0) { m.voxels[$0] != 0 } }
        var head: Box?
        if let window {
            let threshold = window.low + (window.high / 10 - window.low / 10)
            head = try anatomy.box(share: 0.002) { voxels[$0] > threshold }
        }
        let whole = Box(low: .zero, high: anatomy.shape &- 1)
        let seen = [head, maskBox].compactMap { $0 }.reduce(nil as Box?) { $0?.union($1) ?? $1 }
        var margin = SIMD3<Int>.zero
        for axis in 0..<3 { margin[axis] = Int(min(5 / anatomy.spacing[axis], 1e6).rounded(.up)) }
        box = seen?.grown(by: margin, within: anatomy.shape) ?? whole
        centre = try mask.flatMap { try anatomy.centre(of: $0) } ?? (anatomy.shape &- 1) / 2
        try Interrupt.check()
    }

    /// Width and height of a slice in mm.
    func extent(_ axis: SliceAxis) -> SIMD2<Double> {
        let (u, v) = Anatomy.inPlane(axis.index)
        return [Double(box.size[u]) * anatomy.spacing[u], Double(box.size[v]) * anatomy.spacing[v]]
    }

    /// Columns that make the picture about half as wide again as it is high.
    func columns(for axis: SliceAxis, count: Int) -> Int {
        let size = extent(axis)
        let ideal = (1.6 * Double(count) * size.y / size.x).squareRoot()
        return max(1, min(count, Int(min(ideal, 1000).rounded())))
    }

    /// A slice in grey, 0 … 1.
    func grey(_ plane: Plane) -> Slice<Float> {
        let raw = anatomy.slice(volume.voxels, across: plane.axis.index, at: plane.index, in: box)
        return Slice(columns: raw.columns, rows: raw.rows, values: raw.values.map { window?.level($0) ?? 0 })
    }

    /// "256×256×192 voxels · 1.00×1.00×1.00 mm · LIA · mask 1318 ml".
    var caption: String {
        let s = volume.grid.shape, mm = volume.grid.spacing
        var parts = [
            "\(s.x)×\(s.y)×\(s.z) voxels", "\(Text.fixed(mm.x, 2))×\(Text.fixed(mm.y, 2))×\(Text.fixed(mm.z, 2)) mm",
            volume.grid.facing,
        ]
        if let mask {
            let count = mask.count
            let ml = Double(count) * abs(volume.grid.affine.determinant) / 1000
            parts.append(count == 0 ? "mask empty" : "mask \(ml >= 1000 ? Text.fixed(ml, 0) : Text.short(ml, 4)) ml")
        }
        return parts.joined(separator: " · ")
    }
}
