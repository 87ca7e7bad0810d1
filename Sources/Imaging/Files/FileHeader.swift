/// What a NIfTI header says beyond shape, voxel type and values: kept from load to save.
public struct FileHeader: Sendable, Equatable {
    /// The two transforms of a file, as stored.
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
    /// Free text, at most 79 bytes.
    public internal(set) var description: String
    public internal(set) var auxiliaryFile: String = ""
    /// xyzt_units as stored: 2 is mm and 8 seconds, added up.
    public internal(set) var units: UInt8
    /// scl_slope and scl_inter when the stored integers were scaled.
    var scaling: (slope: Double, inter: Double)? = nil
    var calibration = SIMD2<Double>.zero
    var intentCode: Int32 = 0
    var intentName: String = ""
    var intentParameters = SIMD3<Double>.zero
    var toffset: Double = 0
    var slices = Slices()
    /// Everything between the header and the voxels, as stored (the four flag bytes and the extensions).
    var extensions: [UInt8] = []

    struct Slices: Sendable, Equatable {
        var dimInfo: UInt8 = 0
        var code: Int32 = 0
        var start = 0
        var end = 0
        var duration = 0.0
    }

    public var sformCode: Int { Int(transforms.sformCode) }
    public var qformCode: Int { Int(transforms.qformCode) }

    public static func == (a: FileHeader, b: FileHeader) -> Bool {
        a.grid == b.grid && a.transforms == b.transforms && a.description == b.description && a.auxiliaryFile == b.auxiliaryFile
            && a.units == b.units && a.scaling?.slope == b.scaling?.slope && a.scaling?.inter == b.scaling?.inter
            && a.calibration == b.calibration && a.intentCode == b.intentCode && a.intentName == b.intentName
            && a.intentParameters == b.intentParameters && a.toffset == b.toffset && a.slices == b.slices
            && a.extensions == b.extensions
    }

    /// Without the fields that describe the old values (scaling, display range, statistical intent).
    func forDerivedValues() -> FileHeader {
        var copy = self
        copy.scaling = nil
        copy.calibration = .zero
        copy.intentCode = 0
        copy.intentName = ""
        copy.intentParameters = .zero
        return copy
    }
}
