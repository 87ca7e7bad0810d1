import Support

/// A file name of the Brain Imaging Data Structure: `sub-01_ses-2_acq-fast_T1w.nii.gz`.
struct BIDSName {
    /// In the order of the name: sub, ses, acq, …
    let entities: [(key: String, value: String)]
    /// "T1w", "mask".
    let suffix: String

    /// Nil for names that are no images of this kind.
    init?(_ file: String) {
        var stem = file[...]
        for ending in [".nii.gz", ".nii"] where file.isFile(ending: ending) {
            stem = stem.dropLast(ending.count)
            break
        }
        guard stem.count < file.count, stem.hasPrefix("sub-") else { return nil }
        var parts = stem.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        suffix = parts.removeLast()
        var entities: [(String, String)] = []
        for part in parts {
            guard let dash = part.firstIndex(of: "-") else { return nil }
            entities.append((String(part[..<dash]), String(part[part.index(after: dash)...])))
        }
        guard !suffix.contains("-"), !entities.isEmpty else { return nil }
        self.entities = entities
    }

    subscript(key: String) -> String? { entities.first { $0.key == key }?.value }

    /// Entities that say what was made of an image, not which image it was.
    private static let derived: Set<String> = ["space", "res", "den", "desc", "label", "hemi"]

    /// Whether this names the brain mask of an image, in that image's own space: every entity that tells images apart is the image's.
    func isBrainMask(of image: BIDSName) -> Bool {
        guard suffix == "mask", self["desc"] == "brain" || self["label"] == "brain" || self["desc"] == nil && self["label"] == nil else {
            return false
        }
        if let space = self["space"], space != "orig", space != image.suffix { return false }
        return entities.allSatisfy { Self.derived.contains($0.key) || image[$0.key] == $0.value }
    }

    /// How many entities it names.
    var detail: Int { entities.count { !Self.derived.contains($0.key) } }
}

extension Cohort {
    /// Where brain masks of a BIDS dataset are.
    public enum BIDSMasks: Sendable, Equatable {
        /// In any pipeline's folder under `derivatives/`, or beside the images.
        case anywhere
        /// In one folder that is laid out as the dataset: a path, or one that starts at the dataset.
        case folder(String)
        /// Not wanted.
        case none
    }

    /// The images of one suffix in a dataset laid out as the Brain Imaging Data Structure 1.9 has it:
    /// `sub-01/[ses-1/]anat/sub-01_[ses-1_]…_T1w.nii.gz`, with masks `…_desc-brain_mask.nii.gz` (or `label-brain`) in derivatives, of which
    /// every entity but those that tell what was derived is the image's.
    ///
    /// - Parameters:
    ///   - suffix: "T1w", "T2w", "FLAIR", ….
    ///   - checkGrids: whether headers are read, and pairs on different grids left out.
    /// - Returns: pairs in the order of subjects and names, and a line for each image without mask, link to nothing, choice among several,
    ///   or pair that does not fit.
    /// - Throws: `FileError` for a folder that is missing, `CohortError.noBIDS` where nothing usable was found; `Interrupted`.
    public static func bids(
        _ dir: String, suffix: String = "T1w", masks: BIDSMasks = .anywhere, checkGrids: Bool = true
    ) throws -> (pairs: [Pair], problems: [String]) {
        let subjects = try folders(dir).filter { $0.hasPrefix("sub-") }
        var roots: [String] = []
        switch masks {
        case .none: break
        case .folder(let name):
            let inside = join(dir, name)
            roots = [FileSystem.isFolder(inside) ? inside : name]
            guard FileSystem.isFolder(roots[0]) else { throw FileError.missing(path: name) }
        case .anywhere:
            let derivatives = join(dir, "derivatives")
            if FileSystem.isFolder(derivatives) { roots = [derivatives] + (try folders(derivatives)).map { join(derivatives, $0) } }
            roots.append(dir)
        }
        var pairs: [Pair] = [], problems: [String] = []
        for subject in subjects {
            try Interrupt.check()
            let candidates = try roots.flatMap { try scans(join($0, subject)) }
            for (path, name) in try scans(join(dir, subject)) where name.suffix == suffix && name["desc"] == nil {
                let file = String(path.split(separator: "/").last ?? "")
                let id = String(file.prefix(upTo: file.range(ofLast: "_\(suffix)") ?? file.endIndex))
                guard FileSystem.exists(path) else {
                    problems.append("\(id): \"\(path)\" is a link to nothing; left out")
                    continue
                }
                func pair(_ mask: String?) -> Pair {
                    Pair(id: id, subject: name["sub"] ?? id, session: name["ses"], image: path, mask: mask)
                }
                if masks == .none {
                    pairs.append(pair(nil))
                    continue
                }
                let fitting = candidates.filter { $0.name.isBrainMask(of: name) && FileSystem.exists($0.path) }
                let most = fitting.map(\.name.detail).max()
                let best = fitting.filter { $0.name.detail == most }
                guard let mask = best.first?.path else {
                    problems.append("\(id): no …_desc-brain_mask.nii.gz; left out")
                    continue
                }
                if best.count > 1 { problems.append("\(id): \(best.count) masks, \"\(mask)\" is used") }
                if checkGrids, let problem = try misfit(path, mask) {
                    problems.append("\(id): \(problem); left out")
                    continue
                }
                pairs.append(pair(mask))
            }
        }
        if pairs.isEmpty { throw CohortError.noBIDS(dir: dir, suffix: suffix, subjects: subjects.count, problems: problems) }
        return (pairs, problems)
    }

    /// Images under a subject's folder: in its folders, and in those of its sessions.
    private static func scans(_ folder: String) throws -> [(path: String, name: BIDSName)] {
        guard FileSystem.isFolder(folder) else { return [] }
        var found: [(String, BIDSName)] = []
        for entry in try FileSystem.list(folder) where !entry.hasPrefix(".") {
            let path = join(folder, entry)
            if let name = BIDSName(entry) {
                found.append((path, name))
            } else if FileSystem.isFolder(path) {
                let inner = entry.hasPrefix("ses-") ? try folders(path).map { join(path, $0) } : [path]
                for part in inner {
                    for file in try FileSystem.list(part) {
                        if let name = BIDSName(file) { found.append((join(part, file), name)) }
                    }
                }
            }
        }
        return found
    }

    /// Folders in a folder, sorted, without those whose names begin with a dot.
    private static func folders(_ dir: String) throws -> [String] {
        try FileSystem.list(dir).filter { !$0.hasPrefix(".") && FileSystem.isFolder(join(dir, $0)) }
    }
}

extension String {
    /// Where the last occurrence of a text begins.
    fileprivate func range(ofLast text: String) -> String.Index? {
        var at = endIndex
        while true {
            if self[at...].hasPrefix(text) { return at }
            if at == startIndex { return nil }
            at = index(before: at)
        }
    }
}
