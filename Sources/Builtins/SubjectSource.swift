import Imaging
import Networks
import Runtime
import Support

/// Records of a script as samples of a training: volumes and masks as they are, paths read at each use.
final class SubjectSource: SampleSource, @unchecked Sendable {
    private struct Subject {
        let name: String
        let image: Part
        let mask: Part
    }

    private enum Part {
        case volume(Volume)
        case mask(Mask)
        case path(String)
    }

    private let subjects: [Subject]

    /// Throws at the argument `name` of the call where a record lacks a field, or a field is of another kind.
    init(_ records: [Record], _ name: String, _ context: Context) throws {
        subjects = try records.enumerated().map { index, record in
            let id: String = if case .string(let text)? = record["id"] { text } else { "\(name)[\(index)]" }
            func part(_ field: String) throws -> Part {
                switch record[field] {
                case .volume(let volume)?: return .volume(volume)
                case .mask(let mask)?: return .mask(mask)
                case .string(let path)?: return .path(context.path(path))
                case let other:
                    throw context.reject(
                        name, expected: "a list of records {image, mask} of volumes, masks or paths",
                        found: "\(id) whose field `\(field)` is \(other?.mention ?? "missing")")
                }
            }
            return Subject(name: id, image: try part("image"), mask: try part("mask"))
        }
    }

    var count: Int { subjects.count }

    func sample(_ index: Int) throws -> Sample {
        let subject = subjects[index]
        let image = try volume(subject.image)
        let target = try mask(subject.mask, of: subject.name)
        do {
            try image.grid.require(same: target.grid)
        } catch {
            throw SubjectError.grids(name: subject.name, error)
        }
        return Sample(image: image.voxels, target: target.voxels.map { Float($0) }, shape: image.grid.shape, name: subject.name)
    }

    private func volume(_ part: Part) throws -> Volume {
        switch part {
        case .volume(let volume): volume
        case .mask(let mask): Volume(grid: mask.grid, voxels: mask.voxels.map { Float($0) })
        case .path(let path): try ImageFile.read(path)
        }
    }

    private func mask(_ part: Part, of name: String) throws -> Mask {
        if case .mask(let mask) = part { return mask }
        let volume = try volume(part)
        // A mask file holds 0 and one other value; anything else is an image given by mistake.
        var inside: Float = 0
        for x in volume.voxels where x != 0 {
            if inside == 0 { inside = x }
            if x != inside || x < 0 { throw SubjectError.notMask(name: name, values: (Double(inside), Double(x))) }
        }
        return Mask(grid: volume.grid, voxels: volume.voxels.map { $0 > 0 ? 1 : 0 })
    }
}

/// An error of one subject of a cohort.
enum SubjectError: ExplainedError {
    case grids(name: String, GridError)
    case notMask(name: String, values: (Double, Double))

    var message: String {
        switch self {
        case .grids(let name, let reason): "image and mask of \(name) lie on \(reason.message)"
        case .notMask(let name, let values):
            "the mask of \(name) holds \(Text.short(values.0)) and \(Text.short(values.1)), where a mask file has 0 and one other value"
        }
    }

    var hint: String? {
        switch self {
        case .grids: "resample the mask onto the image's grid: resample(mask, like=image)"
        case .notMask: "compare it with a number to get a mask: load(path) > 0"
        }
    }
}
