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
            "bids", "The images of a BIDS dataset, with their brain masks.", theme: .cohorts,
            details: """
                Walks `sub-01/[ses-1/]anat/sub-01_[ses-1_]…_T1w.nii.gz` (Brain Imaging Data Structure 1.9). A mask `…_desc-brain_mask.nii.gz` (or `label-brain`) belongs to the image
                whose entities it names, in that image's own space. Images without a mask, links to nothing, and pairs on different grids are left out and named on
                standard error. Headers are read, and voxels when they are used.
                """,
            Param<String>("folder", "the dataset"),
            Param<String>("suffix", "what kind of image: T1w, T2w, FLAIR, …", default: "T1w"),
            Param<Either<Bool, String>>(
                "masks",
                "true looks in every folder under derivatives and beside the images, a string names the folder, false asks for none",
                default: .first(true)),
            Param<Bool>("check", "whether grids of image and mask are compared", default: true),
            returns:
                "a list of records {id, subject, session, image, mask} of names and paths; session and mask are none where there is none",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=8, spacing=20)\nmake_folder(\"study/sub-01/anat\")\nsave(v.image, \"study/sub-01/anat/sub-01_T1w.nii.gz\")\n"
                        + "make_folder(\"study/derivatives/hand/sub-01/anat\")\n"
                        + "save(v.mask, \"study/derivatives/hand/sub-01/anat/sub-01_desc-brain_mask.nii.gz\")\n"
                        + "bids(\"study\")[0].mask", "\"study/derivatives/hand/sub-01/anat/sub-01_desc-brain_mask.nii.gz\"")
            ]
        ) { context, folder, suffix, masks, check -> [Record] in
            let place: Cohort.BIDSMasks =
                switch masks {
                case .first(let wanted): wanted ? .anywhere : .none
                case .second(let name): try .folder(context.path(name))
                }
            let found = try Cohort.bids(context.path(folder), suffix: suffix, masks: place, checkGrids: check)
            return records(found, "bids", context)
        },

        Builtin(
            "pairs", "Images and masks that go together by their names.", theme: .cohorts,
            details: """
                `*` stands for any part of one file's or folder's name, `?` for one letter, `[ab]` for one of several. An image and a mask go together where the wildcards of both
                patterns stand for the same; what repeats counts once. An image that is also among the masks counts as a mask. Images without mask, masks without image, and pairs on
                different grids are left out and named on standard error.
                """,
            Param<String>("images", "as \"scans/*_T1w.nii.gz\""),
            Param<String>("masks", "as \"masks/*.nii.gz\""),
            Param<Bool>("check", "whether grids of image and mask are compared", default: true),
            returns: "a list of records {id, subject, session, image, mask}; id is what the wildcards stand for",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=8, spacing=20)\nmake_folder(\"own\")\nsave(v.image, \"own/anna.nii.gz\")\nsave(v.mask, \"own/anna_mask.nii.gz\")\n"
                        + "pairs(\"own/*.nii.gz\", \"own/*_mask.nii.gz\")[0].id", "\"anna\"")
            ]
        ) { context, images, masks, check -> [Record] in
            records(try Cohort.pairs(images: context.path(images), masks: context.path(masks), checkGrids: check), "pairs", context)
        },

        Builtin(
            "split", "Divide a string at a separator, or a list by chance into one to train on and one to test with.", theme: .cohorts,
            details: """
                A string is divided where the separator stands, and empty pieces are kept; without a separator at blanks, of which none are kept.
                Of a list with `by`, items of one key stay together: split(scans, by="subject") has no subject in both.
                """,
            Param<Either<String, [Value]>>("x", "the string or the list"),
            Param<String?>("separator", "of a string: what stands between the pieces; \"\" gives its characters", default: nil),
            Param<Double>("test", "of a list: the share of the second part, from 0 to 1", default: 0.2),
            Param<UInt64>("seed", "of a list: which division", default: 0),
            Param<Either<String, Function>?>("by", "of a list: a field of the items, or a function of an item, that says what stays together", default: nil),
            returns: "of a string a list of strings, of a list a record {train, test}",
            examples: [
                Example("split(\"sub-01_T1w\", \"_\")", "[\"sub-01\", \"T1w\"]"), Example("split(\" 1  2 3 \")", "[\"1\", \"2\", \"3\"]"),
                Example("length(split(0:10, test=0.3).test)", "3"),
                Example("parts = split(0:8, test=0.5, by=x -> x % 2)\nsort(parts.test)", "[0, 2, 4, 6]"),
            ]
        ) { context, x, separator, test, seed, by -> Value in
            switch x {
            case .first(let text):
                let most = try text.mostPieces(between: separator)
                try context.reserve(pieces: most)
                return .list(
                    try List(room: most) { add in
                        if let separator { try text.eachPiece(between: separator, add) } else { try text.eachWord(add) }
                    })
            case .second(let xs):
                if let separator {
                    throw context.reject("separator", expected: "left out for a list", found: Value.string(separator).mention, hint: "split(xs, test=0.2)")
                }
                let parts = try Cohort.split(count: xs.count, test: test, seed: seed, keys: by.map { try keys(of: xs, by: $0, context) })
                return .record(Record([("train", parts.train.map { xs[$0] }.value), ("test", parts.test.map { xs[$0] }.value)]))
            }
        },

        Builtin(
            "folds", "Divisions of a list for cross-validation: every item is tested once.", theme: .cohorts,
            Param<[Value]>("xs", "the list"),
            Param<Int>("k", "how many, from 2", default: 5),
            Param<UInt64>("seed", "which divisions", default: 0),
            Param<Either<String, Function>?>(
                "by", "a field of the items, or a function of an item, that says what stays together", default: nil),
            returns: "a list of k records {train, test}",
            examples: [Example("map(folds(0:10, 5), f -> [length(f.train), length(f.test)])[0]", "[8, 2]")]
        ) { context, xs, k, seed, by -> [Record] in
            try Cohort.folds(count: xs.count, k, seed: seed, keys: by.map { try keys(of: xs, by: $0, context) }).map { part in
                Record([("train", part.train.map { xs[$0] }.value), ("test", part.test.map { xs[$0] }.value)])
            }
        },

        Builtin(
            "read_table", "The rows of a table: a file of tab- or comma-separated values.", theme: .cohorts,
            details: """
                The first line names the columns. `n/a` and empty fields are none; a column of nothing but numbers holds numbers, unless one has a leading zero, as identifiers do;
                one of nothing but `true` and `false`, without quotes, holds booleans. In other columns a field in quotes is a string, also `""` and `"n/a"`.
                `save` writes a list of records as a table.
                """,
            Param<String>("path", "a file that ends in .tsv or .csv"),
            returns: "a list of records",
            examples: [
                Example(
                    "save([{id: \"01\", age: 31}, {id: \"02\", age: none}], \"people.tsv\")\nread_table(\"people.tsv\")",
                    "[{id: \"01\", age: 31}, {id: \"02\", age: none}]")
            ]
        ) { context, path -> [Record] in try RecordTable.read(context.path(path)) },
    ]

    private static func records(
        _ found: (pairs: [Cohort.Pair], problems: [String]), _ name: String, _ context: Context
    ) -> [Record] {
        for problem in found.problems { context.note("\(name): \(problem)") }
        return found.pairs.map { pair in
            Record([
                ("id", pair.id.value), ("subject", pair.subject.value), ("session", pair.session.value), ("image", pair.image.value),
                ("mask", pair.mask.value),
            ])
        }
    }

    /// What each item belongs to, as text; the text of a value tells it from others.
    private static func keys(of xs: [Value], by: Either<String, Function>, _ context: Context) throws -> [String] {
        try xs.enumerated().map { i, item in try context.key(of: item, at: i, by: by).literal }
    }
}
