/// Formats that images come in and that are not read here, known by how their files begin, so that an error can say what brings them here.
public enum ForeignFormat: String, Sendable, CaseIterable {
    case dicom = "a DICOM file"
    case metaImage = "a MetaImage file"
    case minc1 = "a MINC 1 (netCDF) file"
    case minc2 = "a MINC 2 (HDF5) file"
    case mrtrix = "an MRtrix file"
    case numpy = "a NumPy array"
    case zip = "a zip archive"
    case packed = "a file packed with bzip2, xz or zstd"
    case picture = "a PNG, JPEG or TIFF picture"

    /// The format of a file of which these are the first bytes, 132 and more for DICOM; nil for what is not known either.
    init?(_ bytes: [UInt8]) {
        func begins(_ text: String, at place: Int = 0) -> Bool { bytes.dropFirst(place).starts(with: text.utf8) }
        func begins(_ start: [UInt8]) -> Bool { bytes.starts(with: start) }
        if begins("DICM", at: 128) {
            self = .dicom
        } else if begins("ObjectType") || begins("NDims") || begins("Comment = ") {
            self = .metaImage
        } else if begins("CDF\u{1}") || begins("CDF\u{2}") {
            self = .minc1
        } else if begins([0x89] + Array("HDF\r\n".utf8)) {
            self = .minc2
        } else if begins("mrtrix image") {
            self = .mrtrix
        } else if begins([0x93] + Array("NUMPY".utf8)) {
            self = .numpy
        } else if begins("PK\u{3}\u{4}") {
            self = .zip
        } else if begins("BZh") || begins([0xFD] + Array("7zXZ".utf8)) || begins([0x28, 0xB5, 0x2F, 0xFD]) {
            self = .packed
        } else if begins([0x89] + Array("PNG".utf8)) || begins([0xFF, 0xD8, 0xFF]) || begins("II*\0") || begins("MM\0*") {
            self = .picture
        } else {
            return nil
        }
    }

    /// What makes a NIfTI file of it.
    var remedy: String {
        switch self {
        case .dicom: "convert the series that it belongs to, with its folder: dcm2niix -z y FOLDER"
        case .metaImage: "convert it, in Python: SimpleITK.WriteImage(SimpleITK.ReadImage(\"image.mha\"), \"image.nii.gz\")"
        case .minc1, .minc2: "convert it: mnc2nii image.mnc image.nii"
        case .mrtrix: "convert it: mrconvert image.mif image.nii.gz"
        case .numpy: "an array does not say where its voxels are; in Python: nibabel.Nifti1Image(array, affine).to_filename(\"image.nii.gz\")"
        case .zip, .packed: "unpack it, and load what was in it; of packed files only gzip is read"
        case .picture: "a picture has no place in space; images are read from NIfTI, FreeSurfer's .mgz and NRRD files"
        }
    }
}
