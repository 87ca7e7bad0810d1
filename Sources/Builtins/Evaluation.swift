import Imaging
import Runtime
import Support

extension Catalog {
    static let evaluation: [Builtin] = [
        Builtin(
            "dice", "Overlap of two masks: 2|A∩B| / (|A| + |B|).", theme: .evaluation,
            details: "1 for equal masks, 0 for disjoint ones, and 1 where both are empty (Dice 1945, doi:10.2307/1932409).",
            Param<Mask>("a", "a mask"), Param<Mask>("b", "a mask on the same grid"),
            returns: "a number from 0 to 1",
            examples: [Example("m = phantom(seed=1, shape=16, spacing=12).mask\ndice(m, m)", "1")]
        ) { _, a, b in try Overlap.dice(a, b) },

        Builtin(
            "iou", "Overlap of two masks: |A∩B| / |A∪B|.", theme: .evaluation,
            details: "Also called Jaccard's index; dice = 2·iou / (1 + iou). 1 where both are empty.",
            Param<Mask>("a", "a mask"), Param<Mask>("b", "a mask on the same grid"),
            returns: "a number from 0 to 1",
            examples: [Example("m = phantom(seed=1, shape=16, spacing=12).mask\niou(m, ~m)", "0")]
        ) { _, a, b in try Overlap.iou(a, b) },

        Builtin(
            "sensitivity", "The share of the truth that was found: true positives over actual positives.", theme: .evaluation,
            details: "Also called recall. Where the truth is empty: 1 if the prediction is empty too, else 0.",
            Param<Mask>("prediction", "a mask"), Param<Mask>("truth", "a mask on the same grid"),
            returns: "a number from 0 to 1",
            examples: [Example("m = phantom(seed=1, shape=16, spacing=12).mask\nsensitivity(m, m)", "1")]
        ) { _, prediction, truth in try Overlap(prediction, truth).sensitivity },

        Builtin(
            "specificity", "The share of the rest that was left alone: true negatives over actual negatives.", theme: .evaluation,
            details: "Close to 1 in any large field of view. Where the truth is everything: 1 if the prediction is too, else 0.",
            Param<Mask>("prediction", "a mask"), Param<Mask>("truth", "a mask on the same grid"),
            returns: "a number from 0 to 1",
            examples: [Example("m = phantom(seed=1, shape=16, spacing=12).mask\nspecificity(m, m)", "1")]
        ) { _, prediction, truth in try Overlap(prediction, truth).specificity },

        Builtin(
            "precision", "The share of what was found that is true: true positives over predicted positives.", theme: .evaluation,
            details: "Where the prediction is empty: 1 if the truth is empty too, else 0.",
            Param<Mask>("prediction", "a mask"), Param<Mask>("truth", "a mask on the same grid"),
            returns: "a number from 0 to 1",
            examples: [Example("m = phantom(seed=1, shape=16, spacing=12).mask\nprecision(m, m)", "1")]
        ) { _, prediction, truth in try Overlap(prediction, truth).precision },

        Builtin(
            "volume_similarity", "How near two masks are in volume: 1 - ||A| - |B|| / (|A| + |B|).", theme: .evaluation,
            details: "1 for equal volumes, wherever they are (Taha 2015, doi:10.1186/s12880-015-0068-x); 1 where both are empty.",
            Param<Mask>("prediction", "a mask"), Param<Mask>("truth", "a mask on the same grid"),
            returns: "a number from 0 to 1",
            examples: [Example("m = phantom(seed=1, shape=16, spacing=12).mask\nvolume_similarity(m, m)", "1")]
        ) { _, prediction, truth in try Overlap(prediction, truth).volumeSimilarity },

        Builtin(
            "hausdorff", "The largest distance from the surface of one mask to that of the other.", theme: .evaluation,
            details: """
                Hausdorff distance (Huttenlocher 1993, doi:10.1109/34.232073), the larger of both directions. \(surfaces)
                """,
            Param<Mask>("a", "a mask"), Param<Mask>("b", "a mask on the same grid"),
            returns: "a number of mm",
            examples: [
                Example("m = phantom(seed=1, shape=16, spacing=12).mask\nhausdorff(m, m)", "0"),
                Example("m = phantom(seed=1, shape=16, spacing=12).mask\nhausdorff(m, m & ~m)", "inf"),
            ]
        ) { _, a, b in try SurfaceDistances.between(a, b).hausdorff },

        Builtin(
            "hd95", "The distance within which 95 % of each mask's surface is from the other's.", theme: .evaluation,
            details: """
                The 95th percentile of surface distances, the larger of both directions. \(surfaces)
                """,
            Param<Mask>("a", "a mask"), Param<Mask>("b", "a mask on the same grid"),
            returns: "a number of mm",
            examples: [
                Example("m = phantom(seed=1, shape=16, spacing=12).mask\nhd95(m, m)", "0"),
                Example("m = phantom(seed=1, shape=16, spacing=12).mask\nhd95(m, m & ~m)", "inf"),
            ]
        ) { _, a, b in try SurfaceDistances.between(a, b).percentile(95) },

        Builtin(
            "assd", "The mean distance between the surfaces of two masks.", theme: .evaluation,
            details: """
                Average symmetric surface distance: the mean over the voxels of both surfaces together. \(surfaces)
                """,
            Param<Mask>("a", "a mask"), Param<Mask>("b", "a mask on the same grid"),
            returns: "a number of mm",
            examples: [
                Example("m = phantom(seed=1, shape=16, spacing=12).mask\nassd(m, m)", "0"),
                Example("m = phantom(seed=1, shape=16, spacing=12).mask\nassd(m, m & ~m)", "inf"),
            ]
        ) { _, a, b in try SurfaceDistances.between(a, b).mean },

        Builtin(
            "surface_dice", "The share of two masks' surfaces that are within a tolerance of each other.", theme: .evaluation,
            details: """
                Of the voxels of both surfaces together, those no farther than `tolerance` from the other surface (Nikolov 2021, doi:10.2196/26151, counted by
                voxels). 1 where both masks are empty, 0 where one is. Surfaces as in `hausdorff`.
                """,
            Param<Mask>("a", "a mask"), Param<Mask>("b", "a mask on the same grid"),
            Param<Double>("tolerance", "in mm, from 0", default: 1),
            returns: "a number from 0 to 1",
            examples: [Example("m = phantom(seed=1, shape=16, spacing=12).mask\nsurface_dice(m, dilate(m, 12), tolerance=24)", "1")]
        ) { context, a, b, tolerance in try SurfaceDistances.between(a, b).dice(tolerance: distance(tolerance, context)) },

        Builtin(
            "compare", "All measures of agreement of a prediction with the truth.", theme: .evaluation,
            details: "Each as the function of its name gives it; the surfaces are searched once for all.",
            Param<Mask>("prediction", "a mask"), Param<Mask>("truth", "a mask on the same grid"),
            Param<Double>("tolerance", "of the surface Dice, in mm", default: 1),
            returns: """
                a record {dice, iou, sensitivity, specificity, precision, volume_similarity, hausdorff, hd95, assd, surface_dice, volume_ml, truth_ml}; distances in \
                mm, the volumes of prediction and truth in ml
                """,
            examples: [
                Example("m = phantom(seed=1, shape=16, spacing=12).mask\nc = compare(m, m)\n[c.dice, c.hd95, c.surface_dice]", "[1, 0, 1]")
            ]
        ) { context, prediction, truth, tolerance in
            let overlap = try Overlap(prediction, truth), tolerance = try distance(tolerance, context)
            let surfaces = try SurfaceDistances.between(prediction, truth)
            let numbers = [
                ("dice", overlap.dice), ("iou", overlap.iou), ("sensitivity", overlap.sensitivity), ("specificity", overlap.specificity),
                ("precision", overlap.precision), ("volume_similarity", overlap.volumeSimilarity), ("hausdorff", surfaces.hausdorff),
                ("hd95", try surfaces.percentile(95)), ("assd", surfaces.mean), ("surface_dice", surfaces.dice(tolerance: tolerance)),
                ("volume_ml", prediction.millilitres), ("truth_ml", truth.millilitres),
            ]
            return Record(numbers.map { ($0.0, $0.1.value) })
        },

        Builtin(
            "errors", "The largest regions in which a prediction and the truth differ.", theme: .evaluation,
            details: """
                Regions are connected through faces and all `"extra"` (in the prediction alone) or all `"missing"` (in the truth alone). `voxel` and `world` are the place in
                the region that is farthest from all around it, by `depth` mm: where to look. Largest first.
                """,
            Param<Mask>("prediction", "a mask"), Param<Mask>("truth", "a mask on the same grid"),
            Param<Int>("count", "how many at most", default: 10),
            returns: "a list of records {kind, voxels, ml, depth, world, voxel}",
            examples: [
                Example(
                    "m = phantom(seed=1, shape=24, spacing=8).mask\nworst = errors(m, dilate(m, 8), count=1)[0]\n[worst.kind, worst.depth]",
                    "[\"missing\", 8]")
            ]
        ) { context, prediction, truth, count -> [Record] in
            guard count >= 1 else { throw context.reject("count", expected: "a whole number from 1", found: "\(count)") }
            return try Disagreement.largest(count, of: prediction, against: truth).map(\.record)
        },

        Builtin(
            "explain", "Why a prediction is not the truth: where it errs, which way, and how much of it the grid's fault is.", theme: .evaluation,
            details: """
                `surface` tells, in mm, where the prediction's surface lies from the truth's: above 0 it reaches too far, below 0 it falls short. `errors` are the
                largest regions in which the two differ, as the function of that name gives them. Where either mask is empty there is no such distance, and all are nan.
                With `like`, a volume on the grid that the network saw, as `prepared` gives it, `ceiling` is the Dice that the truth itself keeps after it went to that grid as a mask and
                back, the most that a network can reach there that learnt from such masks; `soft_ceiling` is that of shares of voxels, which a network's probabilities can be. `grid_loss` is
                1 − ceiling, and `network_loss` what the prediction lacks beyond that, ceiling − dice.
                """,
            Param<Mask>("prediction", "a mask"), Param<Mask>("truth", "a mask on the same grid"),
            Param<Either<Volume, Mask>?>("like", "a volume or mask on the network's grid", default: nil),
            Param<Int>("count", "how many errors at most", default: 5),
            returns: """
                a record {dice, surface, errors}; surface is a record {mean, min, p5, median, p95, max}; with `like`, ceiling, soft_ceiling, grid_loss and network_loss too
                """,
            examples: [
                Example(
                    "m = phantom(seed=1, shape=24, spacing=8).mask\nwhy = explain(dilate(m, 8), m)\n[why.surface.median, why.errors[0].kind]",
                    "[8, \"extra\"]"),
                Example(
                    "m = phantom(seed=1, shape=24, spacing=8).mask\nwhy = explain(m, m, like=resample(m, spacing=16))\n[why.dice, why.ceiling < 1, why.grid_loss == 1 - why.ceiling]",
                    "[1, true, true]"),
            ]
        ) { context, prediction, truth, like, count -> Record in
            guard count >= 1 else { throw context.reject("count", expected: "a whole number from 1", found: "\(count)") }
            let dice = try Overlap.dice(prediction, truth), surface = try SignedSurfaceDistances(of: prediction, from: truth)
            var fields: [(String, Value)] = [
                ("dice", dice.value),
                ("surface", .record(Record([
                    ("mean", surface.mean.value), ("min", surface.percentile(0).value), ("p5", surface.percentile(5).value),
                    ("median", surface.percentile(50).value), ("p95", surface.percentile(95).value), ("max", surface.percentile(100).value),
                ]))),
                ("errors", try Disagreement.largest(count, of: prediction, against: truth).map(\.record).value),
            ]
            if let like {
                let ceiling = try GridCeiling(of: truth, on: like.grid)
                fields += [
                    ("ceiling", ceiling.hard.value), ("soft_ceiling", ceiling.soft.value), ("grid_loss", (1 - ceiling.hard).value),
                    ("network_loss", (ceiling.hard - dice).value),
                ]
            }
            return Record(fields)
        },
    ]

    private static let surfaces = """
        A surface is the voxels that touch, through a face, a voxel outside of the mask; distances are Euclidean, between voxel centres. \
        0 where both masks are empty, inf where one is.
        """

    private static func distance(_ tolerance: Double, _ context: Context) throws -> Double {
        guard tolerance.isFinite, tolerance >= 0 else {
            throw context.reject("tolerance", expected: "a number of mm from 0", found: Text.short(tolerance))
        }
        return tolerance
    }
}

extension Disagreement {
    /// What a script sees of it.
    fileprivate var record: Record {
        Record([
            ("kind", kind.rawValue.value), ("voxels", count.value), ("ml", millilitres.value), ("depth", depth.value),
            ("world", [world.x, world.y, world.z].value), ("voxel", [voxel.x, voxel.y, voxel.z].value),
        ])
    }
}
