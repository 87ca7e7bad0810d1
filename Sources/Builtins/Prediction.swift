import Imaging
import Networks
import Runtime
import Segmentation
import Support

extension Catalog {
    static let prediction: [Builtin] = [
        Builtin(
            "predict", "A network's mask of an image, on the image's own grid.", theme: .training,
            details: """
                A model with a pipeline (see `pipeline`) takes the raw image, in any orientation, voxel size and field of view. Its recipe makes of
                the image what the network was trained on; the network's probabilities are brought back to the image's grid linearly and cut there;
                the largest component is kept and its holes are filled. Of a 4-D file the first image is taken, and a line says so. A bare network
                sees the volume as it is, and nothing is cleaned up unless asked for; sizes that it cannot halve are padded with zeros and cut back. A
                voxel belongs to the mask where its probability is at least `threshold`, the comparison with which `fit` takes Dice and IoU.
                Parameters that are not given are the pipeline's. Of a network of several classes the mask is all but the first class. With `window`
                the network sees overlapping boxes of so many voxels (of the prepared image), whose probabilities are averaged with Gaussian weights.
                `flips` takes the mean of the image's and its mirror image's probabilities, in twice the time. `border` moves the finished mask's
                surface outwards by so many mm, or inwards where it is negative, as `dilate` and `erode` do; users of SynthStrip know it so. With `qc`
                the result is a record with the mask and what can be told of its quality without the truth: `volume_ml`; `components` that the
                threshold left, and the share of the largest; `holes` and `holes_ml` before filling; `contact`, the share of the surface on the border
                of the image, and `grid_contact` on that of what the network saw; `flip`, 1 − Dice between the masks of the image and its mirror image
                (the network runs a second time for it); `entropy`, the mean along the border in bits; `doubt`, how thick in cm
                the layer about the surface is of which the network is in doubt; `pose`, where the head's right, front and top were found to point to ("RPI"), if that is not
                as the header says; `brightness`, how
                much brighter the image is in the mask than in the air, as a share of its range; `looks`, how many places of an image
                larger than the network's field of view were searched for the brain; and a `verdict`, "ok" or "suspect", with
                `reasons`. The pipeline has the bounds.
                """,
            Param<Model>("net", "the model"),
            Param<Either<Volume, String>>("image", "the volume, or the path of its file"),
            Param<Double?>("threshold", "the least probability of a voxel of the mask, from 0 to 1; 0.5 without a pipeline", default: nil),
            Param<Bool>("probability", "gives the probability of each voxel instead of the mask, or beside it with `qc`", default: false),
            Param<Double>("border", "mm by which the mask is grown, at last", default: 0),
            Param<Bool?>("largest", "keeps the largest component alone", default: nil),
            Param<Bool?>("fill", "fills holes", default: nil),
            Param<WholeTriple?>("window", "voxels of a box that the network sees at a time; none for all at once", default: nil),
            Param<Double?>("overlap", "the least share by which boxes overlap, from 0 to 0.9; 0.5 without a pipeline", default: nil),
            Param<Bool?>("flips", "averages over the image and its mirror image", default: nil),
            Param<Bool>("qc", "gives a record {mask, qc} instead of the mask", default: false),
            Param<PrecisionName>("precision", "how values between layers are stored: bf16 takes half of the memory", default: .float32),
            returns: "a mask; a volume with `probability`; a record {mask, qc} with `qc`, and `probability` where both are asked for",
            examples: [
                Example("predict(unet3d(filters=2, depth=1), phantom(seed=1, shape=9, spacing=20).image, threshold=0).shape", "[9, 9, 9]"),
                Example(
                    "net = pipeline(unet3d(filters=2, depth=1), prepare = v -> v |> resample(shape=[8, 8, 8], spacing=24) |> normalize())\n"
                        + "head = phantom(seed=1, shape=[9, 10, 11], spacing=20).image\np = predict(net, head, qc=true)\n[p.mask.shape, kind(p.qc.volume_ml)]",
                    "[[9, 10, 11], \"number\"]"),
            ]
        ) { context, net, image, threshold, probability, border, largest, fill, window, overlap, flips, qc, precision -> Value in
            var options = Segmenter.Options(of: net)
            if let threshold {
                guard (0...1).contains(threshold) else {
                    throw context.reject("threshold", expected: "a number from 0 to 1", found: Text.short(threshold))
                }
                options.threshold = threshold
            }
            options.cleanUp.largest = largest ?? options.cleanUp.largest
            options.cleanUp.fill = fill ?? options.cleanUp.fill
            if let window { options.windows = SlidingWindow(shape: window.numbers, overlap: net.pipeline?.overlap ?? 0.5) }
            if let overlap {
                guard options.windows != nil else {
                    throw context.reject("overlap", expected: "given with window", found: Text.short(overlap))
                }
                options.windows?.overlap = overlap
            }
            (options.border, options.flips, options.comparesFlip) = (border, flips ?? options.flips, qc)
            options.precision = precision.precision
            if case .second(let path) = image, net.pipeline == nil {
                context.note("predict: the network has no pipeline, and sees \"\(path)\" as it is in the file")
            }
            let segmenter = try context.segmenter(net, options), image = try context.rawImage(image)
            defer { context.progress.clear() }
            if probability, !qc { return .volume(try segmenter.probability(image, progress: context.boxes)) }
            let found = try segmenter.segment(image, progress: context.boxes)
            if !qc { return .mask(found.mask) }
            return .record(
                Record(
                    [("mask", .mask(found.mask)), ("qc", .record(found.quality.record))]
                        + (probability ? [("probability", .volume(found.probability))] : [])))
        },

        Builtin(
            "probability", "A network's probability for each voxel, on the image's own grid.", theme: .training,
            details: "As `predict` with `probability=true`, which has more parameters.",
            Param<Model>("net", "the model"),
            Param<Either<Volume, String>>("image", "the volume, or the path of its file"),
            Param<PrecisionName>("precision", "how values between layers are stored: bf16 takes half of the memory", default: .float32),
            returns: "a volume from 0 to 1",
            examples: [
                Example(
                    "p = probability(unet3d(filters=2, depth=1), phantom(seed=1, shape=8, spacing=20).image)\nmin(p) >= 0 and max(p) <= 1",
                    "true")
            ]
        ) { context, net, image, precision -> Volume in
            var options = Segmenter.Options(of: net)
            options.precision = precision.precision
            defer { context.progress.clear() }
            return try context.segmenter(net, options).probability(context.rawImage(image), progress: context.boxes)
        },

        Builtin(
            "prepared", "What a model's network sees of an image: the image after the recipe.", theme: .training,
            Param<Model>("net", "the model"),
            Param<Either<Volume, String>>("image", "the raw image, or the path of its file"),
            returns: "a volume; the image itself where the model has no recipe",
            examples: [
                Example(
                    "net = pipeline(unet3d(filters=2, depth=1), prepare = v -> resample(v, shape=[8, 8, 8], spacing=24))\n"
                        + "prepared(net, phantom(seed=1, shape=12, spacing=16).image).shape", "[8, 8, 8]")
            ]
        ) { context, net, image in
            // Here the recipe itself is what is asked about.
            do { return try context.segmenter(net).prepared(context.rawImage(image)) } catch let nothing as NothingSeen { throw nothing.cause }
        },
    ]
}

extension Context {
    /// A model ready for raw images: its recipe evaluated, in a place of its own where it can only compute. Throws its mistakes.
    public func segmenter(_ model: Model, _ options: Segmenter.Options? = nil) throws -> Segmenter {
        guard let text = model.pipeline?.recipe else { return try Segmenter(model, options: options) }
        let what = "the model's recipe"
        let recipe = try onlyComputing(what) { try function(from: text, name: what) }
        return try Segmenter(model, options: options) { image in
            let value: Value
            do {
                value = try self.onlyComputing(what) { try self.call(recipe, [.volume(image)]) }
            } catch let error as ScriptError {
                // There may be nothing wrong with the recipe, but with the values that it was given.
                throw (error.underlying as? IntensityError).flatMap { NothingSeen($0, as: error, message: error.message) } ?? error
            }
            guard case .volume(let volume) = value else { throw RecipeError.result(value.mention) }
            return volume
        }
    }

    /// An image as it came from the scanner. Of a file of several the first, with a note.
    /// Throws `FileError`, `ImageError` and `Interrupted` as the reading of a file does, and `MemoryError` where standard input is larger than memory.
    public func rawImage(_ image: Either<Volume, String>) throws -> Volume {
        switch image {
        case .first(let volume): return volume
        case .second(let path):
            let reader = try ImageReader(self.path(path))
            if reader.frames > 1 { note("\"\(path)\" holds \(reader.frames) images; the first is taken") }
            return try reader.frame(0)
        }
    }

    /// What is told of boxes that are done.
    var boxes: (Int, Int) -> Void {
        { done, all in if all > 1 { self.progress.bar("predict", done: done, of: all, note: "", remaining: nil) } }
    }
}

/// What can be wrong with a recipe.
enum RecipeError: ExplainedError {
    case result(String)

    var message: String {
        switch self {
        case .result(let found): "the model's recipe must give a volume, and gave \(found)"
        }
    }
}

extension Quality {
    /// What a script sees of it.
    public var record: Record {
        Record([
            ("verdict", .string(verdict.rawValue)), ("reasons", reasons.value), ("volume_ml", millilitres.value),
            ("components", components.value), ("largest_share", largestShare.value), ("holes", holes.value),
            ("holes_ml", holeMillilitres.value),
            ("contact", contact.value), ("grid_contact", gridContact.value), ("flip", flip.value), ("entropy", entropy.value),
            ("doubt", doubt.value), ("pose", (pose?.code).value),
            ("brightness", brightness.value), ("looks", looks.value),
        ])
    }
}
