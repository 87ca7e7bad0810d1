import Imaging
import Runtime

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
    ]
}
