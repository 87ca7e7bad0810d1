import Imaging
import Runtime

extension Catalog {
    static let cohorts: [Builtin] = [
        Builtin(
            "phantom", "A synthetic head with its truth: for demonstrations, teaching and tests.", theme: .cohorts,
            details: """
                Scalp, skull, fluid, grey and white matter, nuclei, cerebellum, eyes, muscle and neck; size, proportions, pose, folding, contrast and bias
                field are drawn by the seed; Rician noise. The same seed on a finer grid is the same head. Labels: 0 air, 1 sulcal fluid, 2 grey matter,
                3 white matter, 4 ventricles, 5 nuclei, 6 cerebellar grey, 7 cerebellar white, 8 brainstem, 9 outer fluid, 10 skull, 11 marrow, 12 fat,
                13 skin, 14 muscle, 15 eye, 16 nerve. The mask is 1 … 8.
                """,
            Param<UInt64>("seed", "which head", default: 0),
            Param<WholeTriple>("shape", "voxels along right, anterior, superior", default: WholeTriple([96, 128, 160])),
            Param<Triple>("spacing", "voxel size in mm", default: 2),
            Param<Double>("noise", "standard deviation of the noise as a share of white matter's mean", default: 0.03),
            Param<Double>("bias", "standard deviation of the log bias field", default: 0.2),
            returns: "a record {image, mask, labels, bias}",
            examples: [Example("phantom(seed=7, shape=[24, 32, 40], spacing=8).mask.shape", "[24, 32, 40]")]
        ) { _, seed, shape, spacing, noise, bias in
            let head = try Phantom.make(
                seed: seed, shape: shape.numbers, spacing: spacing.numbers, options: Phantom.Options(noise: noise, bias: bias))
            return Record([
                ("image", .volume(head.image)), ("mask", .mask(head.mask)), ("labels", .volume(head.labels)), ("bias", .volume(head.bias)),
            ])
        },

        Builtin(
            "nfbs", "The subjects of an NFBS folder.", theme: .cohorts,
            details: """
                Walks `A000…/sub-…_T1w.nii.gz`, `…_T1w_brainmask.nii.gz`, `…_T1w_brain.nii.gz` (Puccio 2016, doi:10.1186/s13742-016-0150-5). Subjects that lack
                an image or a mask are left out and named on standard error.
                """,
            Param<String>("folder", "the folder that holds one folder for each subject"),
            returns: "a list of records {id, image, mask, brain} of paths; brain is none where that file is missing",
            examples: [Example("try { nfbs(\"no-such-folder\") } catch e { e.message }", "\"there is no file \\\"no-such-folder\\\"\"")]
        ) { context, folder -> [Record] in
            let (subjects, problems) = try Cohort.nfbs(context.path(folder))
            for problem in problems { context.note("nfbs: \(problem)") }
            return subjects.map { subject in
                Record([
                    ("id", subject.id.value), ("image", subject.image.value), ("mask", subject.mask.value), ("brain", subject.brain.value),
                ])
            }
        },

        Builtin(
            "split", "Divide a list by chance into one to train on and one to test with.", theme: .cohorts,
            Param<[Value]>("xs", "the list"),
            Param<Double>("test", "share of the second part, from 0 to 1", default: 0.2),
            Param<UInt64>("seed", "which division", default: 0),
            returns: "a record {train, test}",
            examples: [Example("length(split(0:10, test=0.3).test)", "3")]
        ) { _, xs, test, seed in
            let parts = try Cohort.split(count: xs.count, test: test, seed: seed)
            return Record([("train", parts.train.map { xs[$0] }.value), ("test", parts.test.map { xs[$0] }.value)])
        },
    ]
}
