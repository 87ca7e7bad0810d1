import Glibc
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
    /// - Throws: `FileError` when `dir` is missing or no directory, `CohortError.noSubjects` when nothing usable was found.
    public static func nfbs(_ dir: String) throws -> (subjects: [Subject], problems: [String]) {
        let folders = try entries(of: dir).filter { isDirectory(join(dir, $0)) }
        var subjects: [Subject] = [], problems: [String] = []
        for id in folders {
            try Interrupt.check()
            let folder = join(dir, id)
            let files: [String]
            do { files = try entries(of: folder) } catch let error as FileError {
                problems.append("\(id): \(error.message)")
                continue
            }
            var found: [Kind: [String]] = [:]
            for file in files where !isDirectory(join(folder, file)) {
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

    /// Divides 0 ..< count into training and test indices, shuffled by `seed`; both are in shuffled order.
    ///
    /// `round(count · test)` go to the test set, but with two or more subjects and 0 < test < 1 at least one to each side.
    /// - Throws: `CohortError` for a share outside 0 … 1 or a negative count.
    public static func split(count: Int, test: Double, seed: UInt64) throws -> (train: [Int], test: [Int]) {
        guard test >= 0, test <= 1 else { throw CohortError.share(test) }
        guard count >= 0, count <= Int(Int32.max) else { throw CohortError.count(count) }
        var order = Array(0..<count)
        // Fisher and Yates' shuffle, from the end, without the bias of a remainder (Lemire 2019).
        var random = CounterRandom(seed: seed, stream: 0x5917)
        order.shuffle(using: &random)
        var held = Int((Double(count) * test).rounded())
        if count >= 2, test > 0, test < 1 { held = min(max(held, 1), count - 1) }
        return (Array(order[held...]), Array(order[..<held]))
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

    /// Names in a folder, sorted, without those that begin with a dot.
    private static func entries(of dir: String) throws -> [String] {
        var status = stat()
        guard stat(dir, &status) == 0 else {
            throw errno == ENOENT ? FileError.missing(path: dir) : FileError.cannotRead(path: dir, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError.notDirectory(path: dir) }
        guard let handle = opendir(dir) else { throw FileError.cannotRead(path: dir, reason: String(cString: strerror(errno))) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func join(_ dir: String, _ name: String) -> String { dir.hasSuffix("/") ? dir + name : dir + "/" + name }
}

/// What can be wrong with a cohort.
public enum CohortError: ExplainedError, Equatable {
    case noSubjects(dir: String, folders: Int, problems: [String])
    case share(Double)
    case count(Int)

    public var message: String {
        switch self {
        case .noSubjects(let dir, let folders, let problems):
            "no subject in \"\(dir)\": \(folders == 0 ? "it has no folders" : "none of its \(folders) folder\(folders == 1 ? "" : "s") has both …_T1w.nii.gz and …_T1w_brainmask.nii.gz")"
                + (problems.first.map { " (\($0)\(problems.count > 1 ? ", and \(problems.count - 1) more" : ""))" } ?? "")
        case .share(let s): "the test share must be 0 to 1, not \(Text.short(s))"
        case .count(let n): "cannot split \(n) subjects"
        }
    }

    public var hint: String? {
        switch self {
        case .noSubjects:
            "name the folder that holds one folder a subject, such as A00028185/sub-A00028185_ses-NFB3_T1w.nii.gz with its …_T1w_brainmask.nii.gz"
        case .share, .count: nil
        }
    }
}
