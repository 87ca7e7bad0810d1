import Imaging
import Runtime
import Synchronization

extension ContrastKind: Convertible {}

/// A training draws thousands of images: once is enough.
private let hasToldOfNumbers = Atomic<Bool>(false)

extension Catalog {
    static let synthesis: [Builtin] = [
        Builtin(
            "synth", "An image that nobody has scanned, drawn from a map of labels, with its brain mask: to train on.", theme: .cohorts,
            details: """
                Pose, shape, the brightness of tissues, bias field, resolution, noise, artefacts, field of view and erased faces are drawn by `seed`
                (Billot 2020, arXiv:2003.01995; Hoopes 2022, doi:10.1016/j.neuroimage.2022.119474); the same seed gives the same image. Labels are FreeSurfer's below 500
                (24 is the fluid around the brain), and from 500 on the rest of the head, 502 artery, 506 eyes, 507 other, 508 rectus muscle, 509 mucosa, 511 skin, 512 spinal cord,
                514 vein, 515 cortical bone, 516 cancellous bone, 530 optic nerve. The mask is the labelled brain closed by `close` mm, with holes filled, and grown by `grow` mm
                into the fluid around. Maps named by a path are read once and kept, as far as 1 GB of them goes.
                """,
            Param<Either<String, Volume>>("labels", "the map: a file or a volume"),
            Param<UInt64>("seed", "which image", default: 0),
            Param<WholeTriple>("shape", "voxels along right, anterior, superior", default: WholeTriple([96, 128, 160])),
            Param<Triple>("spacing", "voxel size in mm", default: 2),
            Param<ContrastKind>(
                "contrast", "how bright tissues are: any of the others by chance, wholly random, or as in one kind of image", default: .any),
            Param<Double>("close", "radius of the closing that takes sulci into the mask, in mm", default: 5),
            Param<Double>("grow", "how far the mask goes on into the fluid, in mm", default: 0),
            Param<Double>("rotation", "largest turn in degrees", default: 22),
            Param<Double>("scale", "largest change of size as a share", default: 0.15),
            Param<Triple>("shift", "largest shift along right, anterior, superior in mm", default: Triple([12, 22, 30])),
            Param<Double>("elastic", "largest standard deviation of the displacement in mm", default: 3),
            Param<Double>("bias", "largest standard deviation of the log bias field", default: 0.4),
            Param<Double>("noise", "largest standard deviation of the noise as a share of the brightest tissue", default: 0.12),
            Param<Double>("thickness", "largest distance between slices in mm", default: 6.5),
            Param<Double>(
                "erasing", "how often faces, the air and parts of the field of view are missing, from 0 for never to 1", default: 1),
            Param<Double>("slab", "how often no more than a slab of 25 to 120 mm across the brain was scanned, from 0 for never to 1", default: 0),
            Param<Double>(
                "air", "largest brightness of noise in the air, of images that are ratios of two, as a share of the brightest tissue", default: 0),
            returns: "a record {image, mask, labels}",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=48, spacing=5)\nmap = head.mask * 2\nmade = synth(map, seed=3, shape=[24, 28, 32], spacing=8)\n"
                        + "[made.image.shape, made.mask.shape]", "[[24, 28, 32], [24, 28, 32]]")
            ]
        ) {
            context, labels, seed, shape, spacing, contrast, close, grow, rotation, scale, shift, elastic, bias, noise, thickness, erasing, slab, air
                -> Record in
            var options = HeadSynthesis.Options()
            (options.contrast, options.rotation, options.scale, options.shift) = (contrast, rotation, scale, shift.numbers)
            (options.elastic, options.bias, options.noise, options.thickness) = (elastic, bias, noise, thickness)
            (options.erasing, options.slab, options.air) = (erasing, slab, air)
            let brain = LabelMap.Brain(close: close, grow: grow)
            let map =
                switch labels {
                case .first(let path): try LabelMapStore.shared.map(at: context.path(path), brain: brain)
                case .second(let volume): try LabelMapStore.shared.map(of: volume, brain: brain)
                }
            // More than any brain: the numbers mean something else in this map.
            if map.brainMillilitres > 2500, !hasToldOfNumbers.exchange(true, ordering: .relaxed) {
                context.note(
                    "warning: synth: the brain of this map would have \(Int(map.brainMillilitres)) ml\nhelp: in FreeSurfer's numbering, which synth reads, 1 to 499 are brain "
                        + "(24 is fluid), and the rest of the head is from 500 on")
            }
            let made = try HeadSynthesis(map, seed: seed, shape: shape.numbers, spacing: spacing.numbers, options: options)
            return Record([("image", .volume(made.image)), ("mask", .mask(made.mask)), ("labels", .volume(made.labels))])
        }
    ]
}
