import Imaging
import Networks
import Runtime
import Support

extension Catalog {
    static let planning: [Builtin] = [
        Builtin(
            "summary", "A network's layers with shapes, parameters, operations, receptive field and memory.", theme: .networks,
            details: """
                The field is the receptive field in mm: how far apart voxels of the image can be that one voxel of the layer depends on. Statistics over
                the whole image, as normalisations take them, do not count.
                """,
            Param<Model>("net", "the model"),
            Param<WholeTriple>("shape", "the size of the image that shapes and memory are told for", default: WholeTriple([96, 128, 160])),
            Param<Triple>("spacing", "size of the image's voxels in mm", default: 2),
            returns: "nothing; prints a table",
            examples: [Example("summary(unet3d(filters=4, depth=2), shape=[16, 16, 16])")]
        ) { context, net, shape, spacing in
            guard spacing.numbers.min() > 0, spacing.numbers.max() < 1e6 else {
                throw context.reject("spacing", expected: "millimetres above 0", found: (0..<3).map { Text.short(spacing.numbers[$0]) }.joined(separator: ", "))
            }
            let table = try net.summaryTable(shape: shape.numbers, spacing: spacing.numbers)
            context.write(table.hasSuffix("\n") ? table : table + "\n")
        },

        Builtin(
            "trace", "What each layer of a network makes of an image.", theme: .networks,
            details: """
                The table of `summary`, for this image, with the least and the greatest value of each layer's output, their mean and standard deviation, as in prediction. A model with
                a recipe sees the prepared image; sizes must be divisible by what `net.multiple` says.
                """,
            Param<Model>("net", "the model"),
            Param<Volume>("image", "the volume"),
            returns: "nothing; prints a table",
            examples: [Example("trace(unet3d(filters=2, depth=1), phantom(seed=1, shape=8, spacing=20).image)")]
        ) { context, net, image in
            let seen = try context.segmenter(net).prepared(image)
            context.write(try net.traceTable(seen.voxels, shape: seen.grid.shape, spacing: seen.grid.spacing) + "\n")
        },

        Builtin(
            "plan", "What a training will take in memory and time, told before it runs.", theme: .training,
            details: """
                The memory follows from the planned buffers; the time from steps on two thinner boxes of the same width and height, which takes about two
                seconds (longer where such a box is itself large) and changes no weight. `recomputed` is the share of a step's operations that computes again what `memory` left no room for.
                """,
            Param<Model>("net", "the model"),
            Param<Either<[Record], WholeTriple>>("data", "records {image, mask} as `fit` takes them, or the shape of an image"),
            Param<Int>("batch", "samples a step", default: 1),
            Param<Double?>("memory", "megabytes that the training may take; none for what is free", default: nil),
            Param<PrecisionName>("precision", "how values between layers are stored", default: .float32),
            Param<Bool>("valid", "whether validation samples are predicted after each epoch", default: false),
            returns: "a record {memory, step, epoch, predict, recomputed}: megabytes at most, seconds a step, an epoch over `data` and a prediction",
            examples: [Example("plan(unet3d(filters=2, depth=1), [16, 16, 16]).recomputed", "0")]
        ) { context, net, data, batch, memory, precision, valid -> Record in
            var shape = SIMD3<Int>.zero
            var count = 1
            switch data {
            case .first(let records):
                let source = try SubjectSource(records, "data", context)
                guard source.count > 0 else { throw context.reject("data", expected: "at least one record", found: "none") }
                shape = try source.sample(0).shape
                count = source.count
                guard batch <= count else { throw NetworkError.batchTooLarge(batch: batch, samples: count) }
            case .second(let sizes): shape = sizes.numbers
            }
            let bound = try memory.map { try megabytes($0, context) }
            let found = try net.estimate(shape: shape, batch: batch, memory: bound, validates: valid, precision: precision.precision)
            let steps = (count + batch - 1) / batch
            return Record([
                ("memory", (Double(found.memory) / 1e6).value), ("step", found.secondsPerStep.value),
                ("epoch", (found.secondsPerStep * Double(steps)).value), ("predict", found.secondsPerPrediction.value),
                ("recomputed", found.recomputed.value),
            ])
        },
    ]

    /// A bound on memory in bytes, from the argument `memory`.
    static func megabytes(_ value: Double, _ context: Context) throws -> Int {
        guard value > 0, value < 1e9 else {
            throw context.reject("memory", expected: "megabytes above 0", found: Text.short(value))
        }
        return Int(value * 1e6)
    }
}
