import Support

extension Cohort {
    /// An image and its mask, by their paths.
    public struct Pair: Sendable, Equatable {
        /// What tells the pair from others: what the wildcards stand for, or the image's name in a BIDS folder without its suffix.
        public let id: String
        /// Whose image it is; the same as `id` where that cannot be told.
        public let subject: String
        /// The session; nil where there is none.
        public let session: String?
        /// The image's path.
        public let image: String
        /// The mask's path; nil only where no masks were asked for.
        public let mask: String?
    }

    /// Images and masks whose patterns' wildcards stand for the same: `scans/*_T1w.nii.gz` with `masks/*.nii.gz`. What wildcards repeat
    /// counts once, so that `sub-*/sub-*_T1w.nii.gz` goes with `masks/sub-*.nii.gz`. An image that is also among the masks counts as a
    /// mask.
    ///
    /// - Parameter checkGrids: whether headers are read, and pairs on different grids left out.
    /// - Returns: pairs sorted by id, and a line for each image without mask, mask without image, and pair that does not fit.
    /// - Throws: `CohortError.noMatch` for a pattern that names no file, `.noPair` where nothing goes together; `FileError` for a folder that cannot
    ///   be read; `Interrupted`.
    public static func pairs(images: String, masks: String, checkGrids: Bool = true) throws -> (pairs: [Pair], problems: [String]) {
        let maskFiles = try Wildcard.files(masks)
        let taken = Set(maskFiles)
        let imageFiles = try Wildcard.files(images).filter { !taken.contains($0) }
        var problems: [String] = []
        func byKey(_ files: [String], _ pattern: String, _ what: String) -> [String: String] {
            var known: [String: String] = [:]
            for file in files {
                let key = Self.key(Wildcard.captures(pattern, file) ?? [])
                if let other = known[key] {
                    problems.append("\"\(file)\": another \(what) of \(key.isEmpty ? "the same name" : key), \"\(other)\" is used")
                } else {
                    known[key] = file
                }
            }
            return known
        }
        let imageOf = byKey(imageFiles, images, "image"), maskOf = byKey(maskFiles, masks, "mask")
        var pairs: [Pair] = []
        for (key, image) in imageOf.sorted(by: { $0.key < $1.key }) {
            try Interrupt.check()
            guard let mask = maskOf[key] else {
                problems.append("\"\(image)\": no mask of \(key.isEmpty ? "its name" : key); left out")
                continue
            }
            if checkGrids, let problem = try misfit(image, mask) {
                problems.append("\(key): \(problem); left out")
                continue
            }
            pairs.append(Pair(id: key.isEmpty ? image : key, subject: key.isEmpty ? image : key, session: nil, image: image, mask: mask))
        }
        for (key, mask) in maskOf.sorted(by: { $0.key < $1.key }) where imageOf[key] == nil {
            problems.append("\"\(mask)\": no image of \(key.isEmpty ? "its name" : key)")
        }
        if pairs.isEmpty { throw CohortError.noPair(images: imageFiles.count, masks: maskFiles.count, problems: problems) }
        return (pairs, problems)
    }

    private static func key(_ captures: [String]) -> String {
        var seen: [String] = []
        for part in captures where !seen.contains(part) && !part.isEmpty { seen.append(part) }
        return seen.joined(separator: "/")
    }

    /// Why an image and a mask cannot be used together, told from their headers; nil where they can. Throws `Interrupted`.
    static func misfit(_ image: String, _ mask: String) throws -> String? {
        do {
            let a = try ImageReader(image), b = try ImageReader(mask)
            if a.frames > 1 || b.frames > 1 {
                return "\(a.frames > 1 ? "the image" : "the mask") is a series of \(max(a.frames, b.frames)) images"
            }
            try a.grid.require(same: b.grid)
            return nil
        } catch let error as GridError {
            return "image and mask lie on \(error.message)"
        } catch let stop as Interrupted {
            throw stop
        } catch let error as any ExplainedError {
            return error.message
        } catch {
            return "\(error)"
        }
    }
}
