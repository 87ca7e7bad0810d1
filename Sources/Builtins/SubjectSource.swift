import Imaging
import Networks
import Runtime
import Support

/// Records of a script as samples of a training: volumes and masks as they are, paths read at each use; or what a function makes of each record at each use.
final class SubjectSource: SampleSource, @unchecked Sendable {
    private let subjects: [(name: String, record: Record)]
    private let preparation: Preparation?
    private let parts: SubjectParts

    /// Throws at the argument `name` of the call where a record lacks a field, or a field is of another kind; with a preparation, records may hold anything.
    ///
    /// - Parameters:
    ///   - classes: the network's outputs: more than one ask for masks that are volumes of classes from 0.
    ///   - single: whether the argument is one record rather than a list.
    init(_ records: [Record], _ name: String, _ context: Context, _ preparation: Preparation? = nil, classes: Int = 1, single: Bool = false) throws {
        self.preparation = preparation
        parts = SubjectParts(classes: classes, path: context.path)
        subjects = try records.enumerated().map { [parts] index, record in
            let id: String = if case .string(let text)? = record["id"] { text } else { single ? name : "\(name)[\(index)]" }
            if preparation == nil, let (field, found) = parts.misfit(of: record) {
                throw context.reject(
                    name, expected: "a list of records {image, mask} of volumes, masks or paths", found: "\(id) whose field `\(field)` is \(found)",
                    hint: record["labels"] == nil ? nil : "give a function that makes {image, mask} of a record: prepare=r -> synth(r.labels)")
            }
            return (id, record)
        }
    }

    var count: Int { subjects.count }

    func sample(_ index: Int, draw: UInt64) throws -> Sample {
        try parts.sample(try record(index, draw: draw), name: subjects[index].name)
    }

    /// The first channel and the mask (of classes: what is not the class 0) of what `sample` makes, wherever they lie.
    func volumes(_ index: Int, draw: UInt64) throws -> (name: String, image: Volume, mask: Mask) {
        let (image, mask) = try parts.volumes(try record(index, draw: draw))
        return (subjects[index].name, image, mask)
    }

    /// The record {image, mask} of a draw.
    private func record(_ index: Int, draw: UInt64) throws -> Record {
        let (name, record) = subjects[index]
        guard let preparation else { return record }
        let made: Record
        do {
            made = try preparation.record(record, draw: draw)
        } catch let error as ScriptError {
            throw error.about("preparing \(name)")
        }
        if let (field, found) = parts.misfit(of: made) { throw SubjectError.prepared(name: name, field: field, found: found) }
        return made
    }
}

/// A function of the script that makes {image, mask} of a record, called in the background.
final class Preparation: Sendable {
    private let function: Function
    private let takesSeed: Bool
    private let evaluator: BackgroundEvaluator

    /// Throws at the argument `prepare` for a function that takes no record, and where a preparation is asked for within another.
    init(_ function: Function, _ context: Context, training model: Model?) throws {
        let parameters = function.parameterNames
        guard let first = parameters.first, first != "seed" || parameters.count > 1 else {
            throw context.reject("prepare", expected: "a function of a record, or of a record and a seed", found: function.signature)
        }
        self.function = function
        takesSeed = parameters.dropFirst().contains("seed")
        evaluator = try BackgroundEvaluator(context, reserved: model)
    }

    func record(_ record: Record, draw: UInt64) throws -> Record {
        let result =
            takesSeed
            ? try evaluator.call(function, [.record(record), draw.value], names: [nil, "seed"]) : try evaluator.call(function, [.record(record)])
        guard case .record(let made) = result else { throw SubjectError.notRecord(function: function.name, found: result.mention) }
        return made
    }

    /// Waits for the call in hand; there will be no other.
    func finish() { evaluator.finish() }
}

/// What a training takes from a record {image, mask}.
struct SubjectParts: @unchecked Sendable {
    let classes: Int
    /// File names as the script means them.
    let path: (String) throws -> String

    /// The first field that is missing or of another kind, and what it is.
    func misfit(of record: Record) -> (field: String, found: String)? {
        for field in ["image", "mask"] {
            switch record[field] {
            case .volume?, .mask?, .string?: continue
            case .list(let list)? where field == "image" && !list.isEmpty && list.allSatisfy({ if case .volume = $0 { true } else { false } }): continue
            case let other: return (field, other?.mention ?? "missing")
            }
        }
        return nil
    }

    /// A sample of one channel for each volume of the image, and one target for each class (for the mask itself where there is one class).
    func sample(_ record: Record, name: String) throws -> Sample {
        let channels: [Volume]
        if case .list(let list)? = record["image"] {
            channels = try list.items.map { try volume($0) }
        } else {
            channels = [try volume(record["image"] ?? .none)]
        }
        let grid = channels[0].grid
        let target = try classes > 1 ? shares(record["mask"] ?? .none, name) : mask(record["mask"] ?? .none, name)
        do {
            for other in channels.dropFirst() { try grid.require(same: other.grid) }
            try grid.require(same: target.grid)
        } catch {
            throw SubjectError.grids(name: name, error)
        }
        return Sample(
            image: channels.count == 1 ? channels[0].voxels : channels.flatMap(\.voxels), target: target.values, shape: grid.shape, name: name)
    }

    func volumes(_ record: Record) throws -> (image: Volume, mask: Mask) {
        let image: Volume
        if case .list(let list)? = record["image"] { image = try volume(list[0]) } else { image = try volume(record["image"] ?? .none) }
        let mask = try volume(record["mask"] ?? .none)
        return (image, Mask(grid: mask.grid, voxels: mask.voxels.map { $0 > 0 ? 1 : 0 }))
    }

    private func volume(_ value: Value) throws -> Volume {
        switch value {
        case .volume(let volume): volume
        case .mask(let mask): try mask.volume
        case .string(let name): try ImageFile.read(path(name))
        default: throw SubjectError.notRecord(function: "prepare", found: value.mention)
        }
    }

    private func mask(_ value: Value, _ name: String) throws -> (grid: Grid, values: [Float]) {
        let volume = try volume(value)
        if case .mask = value { return (volume.grid, volume.voxels) }
        // A volume of shares, such as a mask with soft edges, was made so; in a file it would be an image given by mistake.
        if case .volume = value, volume.voxels.allSatisfy({ $0 >= 0 && $0 <= 1 }) { return (volume.grid, volume.voxels) }
        // A mask file holds 0 and one other value; anything else is an image given by mistake.
        var inside: Float = 0
        for x in volume.voxels where x != 0 {
            if inside == 0 { inside = x }
            if x != inside || x < 0 { throw SubjectError.notMask(name: name, values: (Double(inside), Double(x))) }
        }
        return (volume.grid, volume.voxels.map { $0 > 0 ? 1 : 0 })
    }

    /// One target for each class, 1 where the volume holds its number.
    private func shares(_ value: Value, _ name: String) throws -> (grid: Grid, values: [Float]) {
        let volume = try volume(value), n = volume.voxels.count
        var out = [Float](repeating: 0, count: classes * n)
        for (i, x) in volume.voxels.enumerated() {
            guard x >= 0, x < Float(classes), x == x.rounded() else { throw SubjectError.notClass(name: name, value: Double(x), classes: classes) }
            out[Int(x) * n + i] = 1
        }
        return (volume.grid, out)
    }
}

/// An error of one subject of a cohort.
enum SubjectError: ExplainedError {
    case grids(name: String, GridError)
    case notMask(name: String, values: (Double, Double))
    case notClass(name: String, value: Double, classes: Int)
    case notRecord(function: String, found: String)
    case prepared(name: String, field: String, found: String)

    var message: String {
        switch self {
        case .grids(let name, let reason): "image and mask of \(name) lie on \(reason.message)"
        case .notMask(let name, let values):
            "the mask of \(name) holds \(Text.short(values.0)) and \(Text.short(values.1)), where a mask file has 0 and one other value"
        case .notClass(let name, let value, let classes):
            "the mask of \(name) holds \(Text.short(value)), where a network of \(classes) outputs has the classes 0 to \(classes - 1)"
        case .notRecord(let function, let found): "\(function) must make a record {image, mask} of a subject, and made \(found)"
        case .prepared(let name, let field, let found): "of \(name), prepare made a record whose field `\(field)` is \(found)"
        }
    }

    var hint: String? {
        switch self {
        case .grids: "resample the mask onto the image's grid: resample(mask, like=image)"
        case .notMask: "compare it with a number to get a mask: load(path) > 0"
        case .notClass: "renumber the labels, or end the network with as many outputs as there are classes"
        case .notRecord, .prepared: "a record {image, mask} of volumes, masks or paths is wanted: {image: normalize(v), mask: m}"
        }
    }
}
