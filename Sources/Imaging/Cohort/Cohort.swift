import Support

/// Collections of subjects on disk, and their division into training and test sets.
public enum Cohort {
    /// One subject: paths of its T1-weighted head, its brain mask, and (where there is one) the extracted brain.
    public struct Subject: Sendable, Equatable {
        /// The folder's name, "A00028185".
        public let id: String
        /// Path of the raw image.
        public let image: String
        /// Path of the brain mask.
        public let mask: String
        /// Path of the stripped brain; nil where there is none.
        public let brain: String?

        /// A subject by its paths.
        public init(id: String, image: String, mask: String, brain: String? = nil) {
            self.id = id
            self.image = image
            self.mask = mask
            self.brain = brain
        }
    }

    /// Walks a folder laid out as the Neurofeedback Skull-stripped repository (Puccio et al. 2016, doi:10.1186/s13742-016-0150-5):
    /// one folder a subject, `A00028185/`, holding `sub-A00028185_ses-NFB3_T1w.nii.gz`, `…_T1w_brainmask.nii.gz` and
    /// `…_T1w_brain.nii.gz`; `.nii` is taken as well. Folders without any file of these kinds are passed over.
    ///
    /// - Returns: subjects with image and mask, sorted by id (the folder's name), and one line for each thing missing or
    ///   doubtful. A subject without its extracted brain is kept; one without image or mask is not.
    /// - Throws: `FileError` when `dir` is missing or no directory, `CohortError.noSubjects` when nothing usable was found; `Interrupted`.
    public static func nfbs(_ dir: String) throws -> (subjects: [Subject], problems: [String]) {
        let folders = try FileSystem.list(dir).filter { !$0.hasPrefix(".") && FileSystem.isFolder(join(dir, $0)) }
        var subjects: [Subject] = [], problems: [String] = []
        for id in folders {
            try Interrupt.check()
            let folder = join(dir, id)
            let files: [String]
            do { files = try FileSystem.list(folder) } catch {
                problems.append("\(id): \(error.message)")
                continue
            }
            var found: [Kind: [String]] = [:]
            for file in files where !FileSystem.isFolder(join(folder, file)) {
                if let kind = Kind(file: file) { found[kind, default: []].append(file) }
            }
            if found.isEmpty { continue }
            for kind in Kind.allCases {
                if let several = found[kind], several.count > 1 {
                    problems.append("\(id): \(several.count) files …\(kind.ending), \(several[0]) is used")
                }
            }
            let missing = Kind.allCases.filter { found[$0] == nil }
            if !missing.isEmpty {
                let names = missing.map { "…\($0.ending)" }.joined(separator: ", ")
                let consequence = missing == [.brain] ? "kept without it" : "left out"
                problems.append("\(id): no \(names); \(consequence)")
            }
            if let image = found[.image]?.first, let mask = found[.mask]?.first {
                subjects.append(
                    Subject(
                        id: id, image: join(folder, image), mask: join(folder, mask),
                        brain: found[.brain]?.first.map { join(folder, $0) }))
            }
        }
        if subjects.isEmpty { throw CohortError.noSubjects(dir: dir, folders: folders.count, problems: problems) }
        return (subjects, problems)
    }

    /// The three files of a subject, told by the endings of their names.
    private enum Kind: CaseIterable {
        case image, mask, brain

        var ending: String {
            switch self {
            case .image: "_T1w.nii.gz"
            case .mask: "_T1w_brainmask.nii.gz"
            case .brain: "_T1w_brain.nii.gz"
            }
        }

        init?(file: String) {
            // Files whose names begin with a dot are leavings of other systems.
            if file.hasPrefix(".") { return nil }
            for kind in Self.allCases where file.hasSuffix(kind.ending) || file.hasSuffix(String(kind.ending.dropLast(3))) {
                self = kind
                return
            }
            return nil
        }
    }

    static func join(_ dir: String, _ name: String) -> String { dir.hasSuffix("/") ? dir + name : dir + "/" + name }
}

/// What can be wrong with a cohort.
public enum CohortError: ExplainedError, Equatable {
    case noSubjects(dir: String, folders: Int, problems: [String])
    case share(Double)
    case count(Int)
    case folds(Int)
    case groups(found: Int, needed: Int)
    case noMatch(pattern: String)
    case noPair(images: Int, masks: Int, problems: [String])
    case noBIDS(dir: String, suffix: String, subjects: Int, problems: [String])

    private static func first(_ problems: [String]) -> String {
        problems.first.map { " (\($0)\(problems.count > 1 ? ", and \(problems.count - 1) more" : ""))" } ?? ""
    }

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .noSubjects(let dir, let folders, let problems):
            "no subject in \"\(dir)\": "
                + (folders == 0
                    ? "it has no folders"
                    : "none of its \(folders) folder\(folders == 1 ? "" : "s") has both …_T1w.nii.gz and …_T1w_brainmask.nii.gz")
                + Self.first(problems)
        case .share(let s): "`test` must be 0 to 1, got \(Text.short(s))"
        case .count(let n): "cannot split \(n) subjects"
        case .folds(let k): "`k` must be 2 or more, got \(k)"
        case .groups(let found, let needed):
            "a division into \(needed) parts needs as many that may be apart, and there \(found == 1 ? "is 1" : "are \(found)")"
        case .noMatch(let pattern): "no file has a name like \"\(pattern)\""
        case .noPair(let images, let masks, let problems):
            "none of \(images) image\(images == 1 ? "" : "s") and \(masks) mask\(masks == 1 ? "" : "s") go together" + Self.first(problems)
        case .noBIDS(let dir, let suffix, let subjects, let problems):
            "no usable …_\(suffix).nii.gz in the \(subjects) folder\(subjects == 1 ? "" : "s") sub-… of \"\(dir)\"" + Self.first(problems)
        }
    }

    /// The message for one who called `operation`.
    public func message(in operation: String) -> String {
        switch self {
        case .share, .folds: "\(operation): \(message)"
        default: message
        }
    }

    /// The parameter that was wrong, where it was one of a call.
    public var argument: String? {
        switch self {
        case .share: "test"
        case .folds: "k"
        default: nil
        }
    }

    /// What to do about it; nil where the message says it.
    public var hint: String? {
        switch self {
        case .noSubjects:
            "name the folder that holds one folder a subject, such as A00028185/sub-A00028185_ses-NFB3_T1w.nii.gz "
                + "with its …_T1w_brainmask.nii.gz"
        case .share, .count, .folds: nil
        case .groups: "take fewer parts, or leave by= out"
        case .noMatch: "* stands for any part of one file's or folder's name, and paths start at the working folder"
        case .noPair: "wildcards must stand for the same in both patterns: pairs(\"scans/*_T1w.nii.gz\", \"masks/*_mask.nii.gz\")"
        case .noBIDS: "name the dataset's folder, and with masks= where …_desc-brain_mask.nii.gz are (masks=false asks for none)"
        }
    }
}
