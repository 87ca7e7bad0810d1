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
                With `patch` what is shown are the pieces that such a training takes; warnings are about the whole samples.
                """,
            Param<Either<Record, [Record]>>("data", "a record {image, mask}, or the list that `fit` gets"),
            Param<Function?>("prepare", "as `fit` takes it", default: nil),
            Param<Int>("count", "how many samples, 1 … 100", default: 4),
            Param<WholeTriple?>("patch", "as `fit` takes it", default: nil),
            Param<UInt64>("seed", "that of the training", default: 0),
            Param<Int>("width", "of the picture in pixels", default: 1200),
            returns: "a record {figure, warnings, samples}; a sample is a record {id, shape, spacing, min, max, mean, std, mask_ml, warnings}",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=[48, 64, 80], spacing=4)\nseen = peek({image: normalize(head.image), mask: head.mask & ~head.mask})\n[seen.warnings, kind(seen.figure)]",
                    "[[\"data: the mask has no voxel\"], \"figure\"]"),
                Example("head = phantom(seed=1, shape=[48, 64, 80], spacing=4)\npeek(head, patch=16).samples[0].shape", "[16, 16, 16]"),
            ]
        ) { context, data, prepare, count, patch, seed, width -> Record in
            guard (1...100).contains(count) else { throw context.reject("count", expected: "1 to 100", found: "\(count)") }
            if let patch, patch.numbers.max() > 32_767 {
                throw context.reject("patch", expected: "1 to 32,767 voxels along each axis", found: Text.sizes(patch.numbers))
            }
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
            return try seen(source, places, width: width, context) { image, position in
                guard let size = patch?.numbers else { return nil }
                let from = Sample.corner(of: size, in: image.shape, seed: seed, position: UInt64(position))
                return Box(from: from, to: from &+ size)
            }
        }
    ]

    /// `part` tells which voxels of a grid the network sees, given the sample's number from 0; nil for all.
    private static func seen(
        _ source: SubjectSource, _ places: [(index: Int, draw: UInt64)], width: Int, _ context: Context, part: (Grid, Int) -> Box?
    ) throws -> Record {
        var figures: [Figure] = [], samples: [Value] = [], all: [String] = []
        for (position, place) in places.enumerated() {
            try Interrupt.check()
            var (name, image, mask) = try source.volumes(place.index, draw: place.draw)
            let warnings = try SampleCheck.warnings(image: image, mask: mask).map(\.message)
            all += warnings.map { "\(name): \($0)" }
            let isAligned = (try? image.grid.require(same: mask.grid)) != nil
            if isAligned, let box = part(image.grid, position) {
                let end = box.to.clamped(lowerBound: .zero, upperBound: image.grid.shape)
                image = try image.cropped(from: box.from, to: end).padded(before: .zero, after: box.to &- end)
                mask = try mask.cropped(from: box.from, to: end).padded(before: .zero, after: box.to &- end)
            }
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
