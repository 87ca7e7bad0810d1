import Figures
import Imaging
import Networks
import Runtime
import Support

extension Catalog {
    static let peeking: [Builtin] = [
        Builtin(
            "peek", "What a network sees: a picture of the samples that `fit` would draw, and what is doubtful about them.", theme: .cohorts,
            details: """
                Of a list, the first `count` samples that a training with the same `seed` and `prepare` takes, in their order, made as it makes them. Warned of are empty masks, image and mask on
                different grids, flat or not finite values, a brain that the image's border cuts, and faces that were taken out. Warnings are also written to standard error.
                """,
            Param<Either<Record, [Record]>>("data", "a record {image, mask}, or the list that `fit` gets"),
            Param<Function?>("prepare", "as `fit` takes it", default: nil),
            Param<Int>("count", "how many samples, 1 … 100", default: 4),
            Param<UInt64>("seed", "that of the training", default: 0),
            Param<Int>("width", "of the picture in pixels", default: 1200),
            returns: "a record {figure, warnings, samples}; a sample is a record {id, shape, spacing, min, max, mean, std, mask_ml, warnings}",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=[48, 64, 80], spacing=4)\nseen = peek({image: normalize(head.image), mask: head.mask & ~head.mask})\n[seen.warnings, kind(seen.figure)]",
                    "[[\"data: the mask has no voxel\"], \"figure\"]")
            ]
        ) { context, data, prepare, count, seed, width -> Record in
            guard (1...100).contains(count) else { throw context.reject("count", expected: "1 to 100", found: "\(count)") }
            guard (300...4000).contains(width) else { throw context.reject("width", expected: "300 to 4000 pixels", found: "\(width)") }
            let preparation = try prepare.map { try Preparation($0, context, training: nil) }
            defer { preparation?.finish() }
            let source: SubjectSource, places: [(index: Int, draw: UInt64)]
            switch data {
            case .first(let record):
                source = try SubjectSource([record], "data", context, preparation, single: true)
                var draws = SampleDraws(count: 1, seed: seed)
                places = [draws.at(0)]
            case .second(let records):
                guard !records.isEmpty else { throw context.reject("data", expected: "at least one record", found: "none") }
                source = try SubjectSource(records, "data", context, preparation)
                var draws = SampleDraws(count: records.count, seed: seed)
                places = (0..<min(count, prepare == nil ? records.count : count)).map { draws.at($0) }
            }
            return try seen(source, places, width: width, context)
        }
    ]

    private static func seen(_ source: SubjectSource, _ places: [(index: Int, draw: UInt64)], width: Int, _ context: Context) throws -> Record {
        var figures: [Figure] = [], samples: [Value] = [], all: [String] = []
        for (index, draw) in places {
            try Interrupt.check()
            let (name, image, mask) = try source.volumes(index, draw: draw)
            let warnings = try SampleCheck.warnings(image: image, mask: mask).map(\.message)
            all += warnings.map { "\(name): \($0)" }
            let isAligned = (try? image.grid.require(same: mask.grid)) != nil
            figures.append(
                try Montage.overlay(image, isAligned ? mask : nil, title: ([name] + warnings).joined(separator: " · "), width: width))
            let s = try? image.statistics()
            samples.append(
                .record(
                    Record([
                        ("id", name.value), ("shape", [image.grid.shape.x, image.grid.shape.y, image.grid.shape.z].value),
                        ("spacing", [image.grid.spacing.x, image.grid.spacing.y, image.grid.spacing.z].value), ("min", (s?.min).map { Double($0) }.value),
                        ("max", (s?.max).map { Double($0) }.value), ("mean", (s?.mean).value), ("std", (s?.std).value), ("mask_ml", mask.millilitres.value),
                        ("warnings", warnings.value),
                    ])))
        }
        for line in all { context.note("peek: \(line)") }
        let figure = try Sheet.grid(figures, title: "what the network sees · \(places.count) sample\(places.count == 1 ? "" : "s")")
        return Record([("figure", .figure(figure)), ("warnings", all.value), ("samples", Value(samples))])
    }
}
