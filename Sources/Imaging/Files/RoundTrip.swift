import Glibc
import Support

/// What reading a file and writing it again changes.
public enum RoundTrip {
    /// Reads all of an image file, writes it in its own format to a temporary file, and compares header fields and the stored voxels of the
    /// two.
    ///
    /// A sentence for each difference; none when nothing is lost. What stands for the same is no difference: the byte order, the
    /// compression, the place where voxels begin, and whether an unscaled file says so by a slope of 0, 1 or NaN. Throws what reading and
    /// writing throw.
    public static func differences(_ path: String) throws -> [String] {
        let before = try ImageReader(path)
        let images = try ImageFile.readAll(path)
        let folder = try TemporaryFolder()
        let copy = folder.path + "/copy" + ending(before.header.path)
        try ImageFile.write(images, to: copy)
        let after = try ImageReader(copy)

        var out = fields(before, after)
        let (a, b) = (before.header, after.header)
        if a.frames != b.frames || a.file.grid.shape != b.file.grid.shape {
            out.append("dim: \(a.dimensions) became \(b.dimensions)")
            return out
        }
        if a.type != b.type { out.append("datatype: \(a.type.name) became \(b.type.name)") }
        if a.scaling != b.scaling { out.append("scl_slope, scl_inter: \(text(a.scaling)) became \(text(b.scaling))") }
        for frame in 0..<a.frames {
            try Interrupt.check()
            let changed = try differing(before, after, frame, images[frame])
            if changed > 0 {
                out.append(
                    "voxels\(a.frames > 1 ? " of frame \(frame)" : ""): \(Text.grouped(changed)) of \(Text.grouped(a.file.grid.count)) differ"
                )
            }
        }
        return out
    }

    /// The ending of a name in which the format can be written.
    private static func ending(_ path: String) -> String {
        let name = path.lowercased()
        for ending in [".nii.gz", ".nii", ".hdr.gz", ".hdr", ".mgz", ".mgh.gz", ".mgh", ".nrrd"] where name.hasSuffix(ending) {
            return ending
        }
        return name.hasSuffix(".nhdr") ? ".nrrd" : ".nii.gz"
    }

    private static func text(_ scaling: Scaling?) -> String {
        scaling.map { "(\(Text.short($0.slope, 9)), \(Text.short($0.inter, 9)))" } ?? "none"
    }

    private static func fields(_ before: ImageReader, _ after: ImageReader) -> [String] {
        let (a, b) = (before.header.file, after.header.file)
        var out: [String] = []
        if a.extensions != b.extensions { out.append("extensions: \(a.extensions.count) bytes became \(b.extensions.count)") }
        if a.mgh != b.mgh { out.append("fields that only MGH has differ") }
        if a.nrrdLines != b.nrrdLines { out.append("lines of the header: \(a.nrrdLines) became \(b.nrrdLines)") }
        if a.grid.affine != b.grid.affine, a.grid.distance(to: b.grid) > 1e-6 {
            out.append("voxel-to-world affine: \(a.grid.affine.text) became \(b.grid.affine.text)")
        }
        guard let (x, version) = before.rawNIfTIHeader, let (y, other) = after.rawNIfTIHeader else {
            return out + [a.timingDifference(from: b)].compactMap { $0 }
        }
        if version != other {
            out.append("NIfTI version: \(version) became \(other)")
            return out
        }
        return out
            + (version == 1 ? HeaderField.first : HeaderField.second).filter { x.bytes(of: $0) != y.bytes(of: $0) }.map {
                "\($0.name): \(x.text(of: $0)) became \(y.text(of: $0))"
            }
    }

    private static func differing(_ before: ImageReader, _ after: ImageReader, _ frame: Int, _ image: Volume) throws -> Int {
        guard before.header.type == after.header.type else {
            let back = try after.frame(frame)
            return zip(image.voxels, back.voxels).reduce(0) { $0 + ($1.0 == $1.1 || ($1.0.isNaN && $1.1.isNaN) ? 0 : 1) }
        }
        func decoder(_ r: ImageReader) -> VoxelDecoder {
            VoxelDecoder(type: r.header.type, swapped: r.header.swapped, scaling: nil, part: .automatic)
        }
        let a = decoder(before).littleEndian(try before.rawBytes(frame)), b = decoder(after).littleEndian(try after.rawBytes(frame))
        if a == b { return 0 }
        let size = before.header.type.size
        return stride(from: 0, to: a.count, by: size).reduce(0) { $0 + (a[$1..<($1 + size)] == b[$1..<($1 + size)] ? 0 : 1) }
    }
}

/// A folder that goes away with this object.
private final class TemporaryFolder {
    let path: String

    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/skullstrip-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError.cannotWrite(path: parent, reason: String(cString: strerror(errno))) }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in (try? FileSystem.list(path)) ?? [] { unlink(path + "/" + name) }
        rmdir(path)
    }
}

/// A field of a NIfTI header: its place, and the numbers or the text in it.
struct HeaderField {
    enum Kind { case text, bytes, whole, real }
    let name: String
    let offset: Int
    let size: Int
    let count: Int
    let kind: Kind

    private init(_ name: String, _ offset: Int, _ size: Int, _ count: Int = 1, _ kind: Kind = .whole) {
        (self.name, self.offset, self.size, self.count, self.kind) = (name, offset, size, count, kind)
    }

    /// NIfTI-1 but for what says only how the file is laid out (sizeof_hdr, vox_offset, magic) and the scaling, of which several values
    /// mean the same.
    static let first: [HeaderField] = [
        .init("data_type", 4, 1, 10, .text), .init("db_name", 14, 1, 18, .text), .init("extents", 32, 4), .init("session_error", 36, 2),
        .init("regular", 38, 1), .init("dim_info", 39, 1), .init("dim", 40, 2, 8), .init("intent_p", 56, 4, 3, .real),
        .init("intent_code", 68, 2),
        .init("datatype", 70, 2), .init("bitpix", 72, 2), .init("slice_start", 74, 2), .init("pixdim", 76, 4, 8, .real),
        .init("slice_end", 120, 2),
        .init("slice_code", 122, 1), .init("xyzt_units", 123, 1), .init("cal_max, cal_min", 124, 4, 2, .real),
        .init("slice_duration", 132, 4, 1, .real),
        .init("toffset", 136, 4, 1, .real), .init("glmax, glmin", 140, 4, 2), .init("descrip", 148, 1, 80, .text),
        .init("aux_file", 228, 1, 24, .text),
        .init("qform_code", 252, 2), .init("sform_code", 254, 2), .init("quatern", 256, 4, 3, .real), .init("qoffset", 268, 4, 3, .real),
        .init("srow", 280, 4, 12, .real), .init("intent_name", 328, 1, 16, .text),
    ]

    /// The same of NIfTI-2.
    static let second: [HeaderField] = [
        .init("datatype", 12, 2), .init("bitpix", 14, 2), .init("dim", 16, 8, 8), .init("intent_p", 80, 8, 3, .real),
        .init("pixdim", 104, 8, 8, .real),
        .init("cal_max, cal_min", 192, 8, 2, .real), .init("slice_duration", 208, 8, 1, .real), .init("toffset", 216, 8, 1, .real),
        .init("slice_start, slice_end", 224, 8, 2), .init("descrip", 240, 1, 80, .text), .init("aux_file", 320, 1, 24, .text),
        .init("qform_code, sform_code", 344, 4, 2), .init("quatern", 352, 8, 3, .real), .init("qoffset", 376, 8, 3, .real),
        .init("srow", 400, 8, 12, .real), .init("slice_code", 496, 4), .init("xyzt_units", 500, 4), .init("intent_code", 504, 4),
        .init("intent_name", 508, 1, 16, .text), .init("dim_info", 524, 1), .init("unused_str", 525, 1, 15, .text),
    ]
}

extension FieldReader {
    /// Little-endian.
    fileprivate func bytes(of field: HeaderField) -> [UInt8] {
        (0..<field.count).flatMap { i -> [UInt8] in
            let raw = bytes[(field.offset + i * field.size)..<(field.offset + (i + 1) * field.size)]
            return swapped ? raw.reversed() : Array(raw)
        }
    }

    fileprivate func text(of field: HeaderField) -> String {
        if field.kind == .text { return Text.quoted(text(field.offset, field.count)) }
        return (0..<field.count).map { i -> String in
            let place = field.offset + i * field.size
            return switch (field.kind, field.size) {
            case (.real, 4): Text.short(float(place), 9)
            case (.real, _): Text.short(double(place), 17)
            case (_, 1): "\(bytes[place])"
            case (_, 2): "\(number(place, as: Int16.self))"
            case (_, 4): "\(number(place, as: Int32.self))"
            default: "\(number(place, as: Int64.self))"
            }
        }.joined(separator: " ")
    }
}
