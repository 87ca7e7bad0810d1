import Support

/// What an image file says beyond shape, voxel type and values: kept from load to save.
public struct FileHeader: Sendable, Equatable {
    /// The two transforms of a NIfTI file, as stored.
    struct Transforms: Sendable, Equatable {
        var qformCode: Int32 = 0
        var sformCode: Int32 = 0
        /// pixdim[0]: −1 when the third axis of the quaternion's frame is reversed.
        var qfac: Double = 1
        /// pixdim[1…3] as stored.
        var pixdim = SIMD3<Double>.one
        var quaternion = SIMD3<Double>.zero
        var offset = SIMD3<Double>.zero
        var sform = Affine(.zero, .zero, .zero)
    }

    /// 1 or 2: the NIfTI version that the file had, and is written in.
    var version = 1
    /// The grid that the file had: both transforms are written back as they were while an image is still on it.
    let grid: Grid
    var transforms: Transforms
    /// Sizes along all axes, as the file counted them, and what it has in place of further ones; none for an image that was made here.
    var sizes: [Int] = []
    var unusedSizes: [Int] = []
    var descriptionField = HeaderText(length: 80)
    var auxiliaryFileField = HeaderText(length: 24)
    var intentNameField = HeaderText(length: 16)
    /// Free text, at most 80 bytes.
    public var description: String { descriptionField.text }
    /// The name of a further file (aux_file), at most 24 bytes.
    public var auxiliaryFile: String { auxiliaryFileField.text }
    /// xyzt_units as stored: 2 is mm and 8 seconds, added up.
    public internal(set) var units: UInt8
    /// scl_slope and scl_inter when the stored integers were scaled.
    var scaling: Scaling? = nil
    var calibration = SIMD2<Double>.zero
    var intentCode: Int32 = 0
    var intentParameters = SIMD3<Double>.zero
    /// The time of the first frame, in the unit of the steps.
    var toffset: Double = 0
    /// pixdim[4…7]: the step from frame to frame, and those of further axes.
    var furtherSteps = SIMD4<Double>.one
    /// Whether the file said what the step from frame to frame is; a single image may tell its repetition time so.
    var statesFrameStep = false
    var slices = Slices()
    var legacy = Legacy()
    /// The extensions: records of a size, a code and data, little-endian.
    var extensions: [UInt8] = []
    /// What only an MGH file says.
    var mgh: MGHFields?
    /// Lines of an NRRD header that speak neither of shape and voxels nor of space.
    var nrrdLines: [String] = []

    struct Slices: Sendable, Equatable {
        var dimInfo: UInt8 = 0
        var code: Int32 = 0
        var start = 0
        var end = 0
        var duration = 0.0
    }

    /// Fields of NIfTI-1 that are there for Analyze 7.5 alone.
    struct Legacy: Sendable, Equatable {
        /// data_type and db_name, 28 bytes.
        var names = [UInt8](repeating: 0, count: 28)
        var extents: Int32 = 0
        var sessionError: Int16 = 0
        var regular = UInt8(ascii: "r")
        var glmax: Int32 = 0
        var glmin: Int32 = 0
    }

    init(grid: Grid, transforms: Transforms, description: String = "", units: UInt8 = 2 | 8) {
        self.grid = grid
        self.transforms = transforms
        descriptionField.text = description
        self.units = units
    }

    /// For a file of a format that has one transform: NIfTI's two both say the same, with the code for scanner coordinates.
    init(grid: Grid) {
        var transforms = Transforms()
        transforms.qformCode = 1
        transforms.sformCode = 1
        self.init(grid: grid, transforms: transforms.moved(to: grid.affine))
    }

    /// What the sform's coordinates are: 0 none, 1 the scanner's, 2 another image's, 3 Talairach's, 4 MNI 152, 5 another template's.
    public var sformCode: Int { Int(transforms.sformCode) }
    /// What the qform's coordinates are, as `sformCode`.
    public var qformCode: Int { Int(transforms.qformCode) }

    /// Without the fields that describe the old values (scaling, display range, statistical intent).
    func forDerivedValues() -> FileHeader {
        var copy = self
        copy.scaling = nil
        copy.calibration = .zero
        copy.intentCode = 0
        copy.intentNameField = HeaderText(length: 16)
        copy.intentParameters = .zero
        return copy
    }

    /// A sentence about lengths that the file says are metres or micrometres; nil where it says millimetres or nothing.
    public var unusualUnit: String? {
        guard let (name, factor) = [1: ("metres", "1000"), 3: ("micrometres", "0.001")][units & 7] else { return nil }
        return "the header gives lengths in \(name) (xyzt_units \(units)), and they are taken for millimetres, as by nibabel; "
            + "if they are \(name) indeed, affine_transform(v, [[f, 0, 0, 0], [0, f, 0, 0], [0, 0, f, 0]], carry=true) "
            + "with f = \(factor) mends it"
    }

    /// A sentence about sform and qform when both have a code and place the image differently, by more than a tenth of a voxel at a corner;
    /// else nil.
    public var disagreement: String? {
        guard transforms.sformCode != 0, transforms.qformCode != 0, let qform = transforms.qform, qform.isInvertible,
            let other = try? Grid(shape: grid.shape, affine: qform), let used = try? Grid(shape: grid.shape, affine: transforms.sform)
        else { return nil }
        let apart = used.distance(to: other)
        guard apart > 0.1 else { return nil }
        return """
            sform and qform disagree by \(Text.short(apart)) voxels at a corner; the sform is used. sform (code \(sformCode)): \
            \(transforms.sform.text); qform (code \(qformCode)): \(qform.text)
            """
    }
}
