import ArgumentParser
import Builtins
import Figures
import Glibc
import Imaging
import Networks
import Runtime
import Segmentation
import Support

/// `skullstrip predict`: brains out of heads, without a script.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Strip the skull from images: write the brain, its mask, and what can be told of their quality.",
        usage: "skullstrip predict IMAGE ... -o OUT [--mask MASK] [--qc PICTURE] [--json] [--model MODEL]",
        discussion: """
            With one image OUT, MASK and PICTURE are files; with several, or where they end in /, are folders or have no ending, they are folders, in which each file has \
            the image's name. The image may have any orientation, voxel size and field of view; of a 4-D file the first volume is taken. Voxels outside of the brain become 0; \
            the mask lies on the image's own grid. `-` is an image on standard input, and the place of one on standard output: skullstrip predict - -o - < head.nii.gz > brain.nii.gz

            On a terminal a line tells of each image; in a pipe only what is suspect or fails is told, on standard error. An image that fails does not stop the others.

            Exit status: 0; 1 where an image failed; 2 after wrong usage; 3 where none failed but the quality of one is suspect; 130 when interrupted.
            """)

    @Argument(help: ArgumentHelp("Images of heads: NIfTI, MGH or NRRD.", valueName: "image"), completion: .file())
    var images: [String]

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where the brain is written: the image with 0 outside of the mask.", valueName: "out"),
        completion: .file())
    var output: String?

    @Option(help: ArgumentHelp("Where the mask is written.", valueName: "mask"), completion: .file())
    var mask: String?

    @Option(
        help: ArgumentHelp("Where a picture of the head with the mask's outline is written (.png).", valueName: "picture"),
        completion: .file(extensions: ["png"]))
    var qc: String?

    @Option(
        help: ArgumentHelp("The model, a .safetensors file; without it the one that comes with the program.", valueName: "model"),
        completion: .file(extensions: ["safetensors"]))
    var model: String?

    @Flag(help: "Write a line of JSON for each image to standard output: files, volume, verdict, reasons, seconds.")
    var json = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Grow the mask by so many mm, at last; shrink it where negative. The verdict is that of the mask before.", valueName: "mm"))
    var border = 0.0

    @Option(help: ArgumentHelp("The least probability of a voxel of the mask; without it the model's.", valueName: "p"))
    var threshold: Double?

    @Flag(help: "Average over the image and its mirror image, as the model that comes along always does, in twice the time.")
    var flips = false

    @Option(help: ArgumentHelp("Use this many threads, 1 to 256.", valueName: "n"))
    var threads: Int?

    /// A mask that grows by more is no brain's.
    private static let mostBorder = 50.0

    mutating func validate() throws {
        if images.isEmpty { throw ValidationError("no image given") }
        if output == nil, mask == nil, qc == nil, !json { throw ValidationError("nothing to write: give -o, --mask, --qc or --json") }
        if json, [output, mask, qc].contains(where: { $0.map(AtomicFile.isStream) ?? false }) {
            throw ValidationError("--json and an image cannot both go to standard output")
        }
        if !(abs(border) <= Self.mostBorder) { throw ValidationError("--border: expected a number of mm from -\(Int(Self.mostBorder)) to \(Int(Self.mostBorder))") }
        if let threshold, !(0...1).contains(threshold) { throw ValidationError("--threshold: expected a number from 0 to 1") }
        if let threads, !Parallel.allowed.contains(threads) {
            throw ValidationError("--threads: expected a whole number from 1 to \(Parallel.allowed.upperBound), got '\(threads)'")
        }
    }

    /// Runs the whole command and ends the program.
    static func start(_ arguments: [String]) throws -> Never {
        var command: Predict
        do {
            command = try parse(arguments)
        } catch {
            // Messages and help speak of this command.
            let text = fullMessage(for: error)
            if exitCode(for: error).isSuccess {
                Output.write(text + "\n")
                leave(0)
            }
            complain(text.hasPrefix("Error: ") ? "error: " + text.dropFirst("Error: ".count) : text)
            leave(2)
        }
        if let threads = command.threads { Parallel.threads = threads }
        try command.work()
    }

    private mutating func work() throws -> Never {
        let session = Catalogue.session(arguments: [])
        Signals.begin(script: true)
        do {
            let jobs: [PredictJob]
            do {
                jobs = try PredictJob.plan(images, brain: output, mask: mask, picture: qc)
            } catch {
                complain(error, in: session)
                // What could be known before any work is wrong usage.
                leave(error is FileError ? 1 : 2)
            }
            let (border, threshold, flips, json) = (border, threshold, flips, json), path = model
            let status = try session.withContext { context in
                let model = try context.loadModel(path ?? DefaultModel.path())
                if model.pipeline == nil {
                    complain("warning: \"\(path ?? "")\" is a bare network, which sees raw images as they are\nhelp: give it what it was trained on: save(pipeline(load(…), prepare=…), \"model.safetensors\")")
                }
                var options = Segmenter.Options(of: model)
                options.border = border
                options.threshold = threshold ?? options.threshold
                options.flips = flips || options.flips
                let run = PredictRun(session, context, try context.segmenter(model, options), json: json)
                return try run.all(jobs)
            }
            leave(status)
        } catch {
            complain(error, in: session)
            leave(Script.status(of: error))
        }
    }
}

/// An image and where what is made of it goes.
struct PredictJob {
    let image: String
    let brain, mask, picture: String?

    /// Makes the folders. Throws `PlaceError` where two files would have one name, an image would be written over, or there is no folder; `ImageError.fileName` for endings
    /// that no image format has; `FileError`. Before any work, so that an hour's is not lost to a folder that is missing.
    static func plan(_ images: [String], brain: String?, mask: String?, picture: String?) throws -> [PredictJob] {
        // Made once all is known to be right.
        var folders: [String] = []
        func place(_ option: String?, _ image: String, ending: String?) throws -> String? {
            guard let option else { return nil }
            if AtomicFile.isStream(option) { return option }
            let hasEnding = option.split(separator: "/").last?.contains(".") ?? false
            guard images.count > 1 || option.hasSuffix("/") || FileSystem.isFolder(option) || !hasEnding else { return option }
            if !option.hasSuffix("/"), !FileSystem.isFolder(option), [".nii", ".gz", ".mgz", ".mgh", ".nrrd", ".png"].contains(where: option.isFile) {
                throw PlaceError.oneForAll(option, images.count)
            }
            let folder = option.hasSuffix("/") ? option : option + "/"
            if !folders.contains(folder) { folders.append(folder) }
            let name = image == StandardInput.path ? "standard-input.nii.gz" : image.split(separator: "/").last.map(String.init) ?? image
            return folder + (ending.map { PathName.stem(name) + $0 } ?? name)
        }
        let jobs = try images.map { image in
            // Reading it tells what is wrong.
            if FileSystem.isFolder(image) { return PredictJob(image: image, brain: nil, mask: nil, picture: nil) }
            return PredictJob(
                image: image, brain: try place(brain, image, ending: nil), mask: try place(mask, image, ending: nil),
                picture: try place(picture, image, ending: ".png"))
        }
        var writers: [String: String] = [:]
        let inputs = Set(images.map(FileSystem.identity))
        for job in jobs {
            for (path, what) in [(job.brain, "brain"), (job.mask, "mask"), (job.picture, "picture")] {
                guard let path else { continue }
                if what != "picture" {
                    try ImageFile.requireWritable(path)
                } else if !path.lowercased().hasSuffix(".png") {
                    throw PlaceError.picture(path)
                }
                // Standard output is one place, whatever the format.
                let identity = AtomicFile.isStream(path) ? StandardInput.path : FileSystem.identity(path)
                if inputs.contains(identity), !AtomicFile.isStream(path) { throw PlaceError.input(path) }
                let folder = PathName.folder(path)
                guard AtomicFile.isStream(path) || FileSystem.isFolder(folder) || folders.contains(folder + "/") else {
                    throw PlaceError.noFolder(path, folder)
                }
                let name = "the \(what) of \"\(job.image)\""
                if let other = writers[identity] { throw PlaceError.twice(path, other, name) }
                writers[identity] = name
            }
        }
        for folder in folders { try FileSystem.makeFolder(folder) }
        return jobs
    }
}

/// Files that cannot be written as asked.
enum PlaceError: ExplainedError {
    case twice(String, String, String)
    case input(String)
    case picture(String)
    case noFolder(String, String)
    case oneForAll(String, Int)

    var message: String {
        switch self {
        case .noFolder(let path, let folder): "\"\(path)\" cannot be written, since there is no folder \"\(folder)\""
        case .twice(let path, let a, let b): "\(a) and \(b) would both be written to \"\(path)\""
        case .input(let path): "\"\(path)\" is one of the images, and would be written over"
        case .oneForAll(let path, let count): "\"\(path)\" is the name of one file, and there are \(count) images"
        case .picture(let path): "\"\(path)\" does not end in .png, as a picture's name must"
        }
    }

    var hint: String? {
        switch self {
        case .twice: "write to different folders, or run the images one by one"
        case .input: "write to another folder"
        case .oneForAll(let path, _): "name a folder, or write \(path)/ if it is one"
        case .picture: nil
        case .noFolder(_, let folder): "make it first: mkdir -p \(folder)"
        }
    }
}

/// Goes through the images, and keeps count.
struct PredictRun {
    private let session: Session
    private let context: Context
    private let segmenter: Segmenter
    private let json: Bool

    init(_ session: Session, _ context: Context, _ segmenter: Segmenter, json: Bool) {
        (self.session, self.context, self.segmenter, self.json) = (session, context, segmenter, json)
    }

    /// The program's exit status. Throws `Interrupted` alone; all else is told, and counted.
    func all(_ jobs: [PredictJob]) throws -> Int32 {
        var failed = false, suspect = false
        for (i, job) in jobs.enumerated() {
            let start = Clock.seconds
            if jobs.count > 1 {
                context.progress.bar("predict", done: i, of: jobs.count, note: job.image)
            } else {
                context.progress.update("predicting \(job.image)")
            }
            do {
                let (quality, written) = try one(job)
                context.progress.clear()
                suspect = suspect || quality.verdict == .suspect
                tell(job, quality, written, Clock.seconds - start)
            } catch is Interrupted {
                throw Interrupted()
            } catch {
                failed = true
                context.progress.clear()
                let text = session.render(error), prefix = "error: "
                complain(text.contains(job.image) || !text.hasPrefix(prefix) ? text : "\(prefix)\"\(job.image)\": \(text.dropFirst(prefix.count))")
                if json { Output.write(JSON.object([("input", .string(job.image))] + Self.members(of: error, text)).text + "\n") }
            }
        }
        return failed ? 1 : suspect ? 3 : 0
    }

    /// What JSON says of a failure: the message, and what to do about it where there is something.
    private static func members(of error: any Error, _ text: String) -> [(key: String, value: JSON)] {
        let (message, hint) =
            switch error {
            case let error as ScriptError: (error.message, error.hint)
            case let error as any ExplainedError: (error.message, error.hint)
            default: (text, nil)
            }
        return [("error", .string(message))] + (hint.map { [("hint", .string($0))] } ?? [])
    }

    /// The quality, and the volume of the mask as it is written, in ml.
    private func one(_ job: PredictJob) throws -> (quality: Quality, written: Double) {
        let image = try context.rawImage(.second(job.image))
        let found = try segmenter.segment(image), written = found.mask.millilitres
        if written == 0, found.quality.millilitres > 0 { complain("warning: \"\(job.image)\": --border leaves nothing of the mask") }
        if let path = job.mask { try ImageFile.write(found.mask, to: path) }
        if let path = job.brain { try ImageFile.write(image.stripped(by: found.mask), to: path) }
        if let path = job.picture {
            let title = "\(Self.shortened(job.image)) · \(Text.fixed(written, 0)) ml · \(found.quality.verdict.rawValue)"
            try Montage.overlay(image, found.mask, title: title, width: 1500).save(to: path)
        }
        return (found.quality, written)
    }

    /// The file's name alone, and of a long one both ends, so that the verdict beside it has room.
    private static func shortened(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.count <= 60 ? name : "\(name.prefix(29))…\(name.suffix(30))"
    }

    private func tell(_ job: PredictJob, _ quality: Quality, _ written: Double, _ seconds: Double) {
        if quality.verdict == .suspect { complain("suspect: \"\(job.image)\": \(quality.reasons.joined(separator: "; "))") }
        if json {
            let files = [("input", job.image), ("brain", job.brain), ("mask", job.mask), ("picture", job.picture)]
            Output.write(
                JSON.object(
                    files.compactMap { name, path in path.map { (key: name, value: .string($0)) } } + quality.json + [
                        ("mask_ml", .number(written)), ("seconds", .number(seconds)),
                    ]
                ).text + "\n")
        } else if Output.isTerminal {
            Output.write(
                "\(job.image)  \(Text.fixed(written, 0)) ml  \(quality.verdict.rawValue)  \(Text.duration(seconds))\n")
        }
    }
}

extension Quality {
    /// The record that scripts see, as JSON.
    fileprivate var json: [(key: String, value: JSON)] {
        func convert(_ value: Value) -> JSON {
            switch value {
            case .boolean(let b): .bool(b)
            case .number(let x): x.isFinite ? .number(x) : .null
            case .string(let s): .string(s)
            case .list(let list): .array(list.map(convert))
            default: .null
            }
        }
        return record.fields.map { (key: $0.key, value: convert($0.value)) }
    }
}
