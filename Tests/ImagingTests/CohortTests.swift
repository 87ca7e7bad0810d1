import Glibc
import Imaging
import Support
import Testing

/// A folder that is removed at the end of a test.
private final class Folder {
    let path: String
    init() throws {
        var template = Array("/tmp/cohort-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }
    func file(_ name: String) {
        var parts = name.split(separator: "/").dropLast().map(String.init)
        var at = path
        while !parts.isEmpty {
            at += "/" + parts.removeFirst()
            mkdir(at, 0o755)
        }
        fclose(fopen(path + "/" + name, "w"))
    }
    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        if let handle = opendir(path) {
            while let entry = readdir(handle) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { remove(path + "/" + name) }
            }
            closedir(handle)
        }
        Glibc.remove(path)
    }
}

@Suite struct CohortTests {
    private func subject(_ folder: Folder, _ id: String, _ endings: [String]) {
        for ending in endings { folder.file("\(id)/sub-\(id)_ses-NFB3_\(ending)") }
    }

    @Test func triplesAreFoundInOrderAndGapsNamed() throws {
        let f = try Folder()
        subject(f, "A00028352", ["T1w.nii.gz", "T1w_brainmask.nii.gz"])
        subject(f, "A00028185", ["T1w.nii.gz", "T1w_brainmask.nii.gz", "T1w_brain.nii.gz"])
        subject(f, "A00033747", ["T1w.nii.gz", "T1w_brain.nii.gz"])
        subject(f, "A00034273", ["T1w_brainmask.nii"])
        subject(f, "A00035072", ["T1w.nii", "T1w_brainmask.nii", "T1w_brain.nii"])
        f.file("notes/readme.txt")
        f.file("participants.tsv")
        f.file(".cache/sub-x_T1w.nii.gz")
        let (subjects, problems) = try Cohort.nfbs(f.path)
        let at = f.path
        #expect(
            subjects == [
                .init(
                    id: "A00028185", image: "\(at)/A00028185/sub-A00028185_ses-NFB3_T1w.nii.gz",
                    mask: "\(at)/A00028185/sub-A00028185_ses-NFB3_T1w_brainmask.nii.gz",
                    brain: "\(at)/A00028185/sub-A00028185_ses-NFB3_T1w_brain.nii.gz"),
                .init(
                    id: "A00028352", image: "\(at)/A00028352/sub-A00028352_ses-NFB3_T1w.nii.gz",
                    mask: "\(at)/A00028352/sub-A00028352_ses-NFB3_T1w_brainmask.nii.gz"),
                .init(
                    id: "A00035072", image: "\(at)/A00035072/sub-A00035072_ses-NFB3_T1w.nii",
                    mask: "\(at)/A00035072/sub-A00035072_ses-NFB3_T1w_brainmask.nii",
                    brain: "\(at)/A00035072/sub-A00035072_ses-NFB3_T1w_brain.nii"),
            ])
        #expect(
            problems == [
                "A00028352: no …_T1w_brain.nii.gz; kept without it",
                "A00033747: no …_T1w_brainmask.nii.gz; left out",
                "A00034273: no …_T1w.nii.gz, …_T1w_brain.nii.gz; left out",
            ])
        #expect(try Cohort.nfbs(f.path + "/").subjects.first?.image == "\(at)/A00028185/sub-A00028185_ses-NFB3_T1w.nii.gz")
    }

    @Test func twoFilesOfAKindAreSaid() throws {
        let f = try Folder()
        subject(f, "A1", ["T1w.nii.gz", "T1w_brainmask.nii.gz", "T1w_brain.nii.gz"])
        f.file("A1/sub-A1_ses-NFB4_T1w.nii.gz")
        let (subjects, problems) = try Cohort.nfbs(f.path)
        #expect(subjects.map(\.image) == ["\(f.path)/A1/sub-A1_ses-NFB3_T1w.nii.gz"])
        #expect(problems == ["A1: 2 files …_T1w.nii.gz, sub-A1_ses-NFB3_T1w.nii.gz is used"])
    }

    @Test func foldersThatHoldNoCohort() throws {
        let f = try Folder()
        #expect(throws: CohortError.noSubjects(dir: f.path, folders: 0, problems: [])) { try Cohort.nfbs(f.path) }
        subject(f, "A1", ["T1w.nii.gz"])
        let problem = "A1: no …_T1w_brainmask.nii.gz, …_T1w_brain.nii.gz; left out"
        let error = CohortError.noSubjects(dir: f.path, folders: 1, problems: [problem])
        #expect(throws: error) { try Cohort.nfbs(f.path) }
        #expect(
            error.message
                == "no subject in \"\(f.path)\": none of its 1 folder has both …_T1w.nii.gz and …_T1w_brainmask.nii.gz (\(problem))")
        #expect(throws: FileError.missing(path: f.path + "/none")) { try Cohort.nfbs(f.path + "/none") }
        f.file("plain")
        #expect(throws: FileError.notDirectory(path: f.path + "/plain")) { try Cohort.nfbs(f.path + "/plain") }
    }

    @Test func splitsAreDisjointAndRepeat() throws {
        for (count, share, held) in [
            (10, 0.2, 2), (125, 0.2, 25), (3, 0.01, 1), (3, 0.99, 2), (2, 0.5, 1), (7, 0, 0), (7, 1, 7), (1, 0.2, 0), (0, 0.5, 0),
        ] {
            let s = try Cohort.split(count: count, test: share, seed: 4)
            #expect(s.test.count == held, "\(count) at \(share)")
            #expect((s.train + s.test).sorted() == Array(0..<count))
            let again = try Cohort.split(count: count, test: share, seed: 4)
            #expect(s.train == again.train && s.test == again.test)
        }
        let a = try Cohort.split(count: 50, test: 0.2, seed: 1), b = try Cohort.split(count: 50, test: 0.2, seed: 2)
        #expect(a.test != b.test)
        #expect(a.test != Array(0..<10))
    }

    @Test(arguments: [-0.1, 1.5, Double.nan, .infinity]) func sharesOutOfRange(share: Double) {
        #expect(throws: CohortError.self) { try Cohort.split(count: 10, test: share, seed: 1) }
        #expect(throws: CohortError.count(-1)) { try Cohort.split(count: -1, test: 0.2, seed: 1) }
    }

    @Test func splitsKeepKeysTogether() throws {
        let keys = (0..<40).map { "s\($0 / 3)" }
        for seed in 0..<20 as Range<UInt64> {
            let s = try Cohort.split(count: 40, test: 0.25, seed: seed, keys: keys)
            #expect((s.train + s.test).sorted() == Array(0..<40))
            #expect(Set(s.train.map { keys[$0] }).isDisjoint(with: s.test.map { keys[$0] }))
            #expect((7...10).contains(s.test.count))
        }
        #expect(throws: CohortError.groups(found: 1, needed: 2)) { try Cohort.split(count: 5, test: 0.2, seed: 1, keys: .init(repeating: "a", count: 5)) }
    }

    @Test func foldsTestEverythingOnce() throws {
        for (count, k) in [(10, 5), (11, 5), (7, 7), (2, 2)] {
            let folds = try Cohort.folds(count: count, k, seed: 3)
            #expect(folds.count == k)
            #expect(folds.flatMap(\.test).sorted() == Array(0..<count))
            let sizes = folds.map(\.test.count)
            #expect(sizes.max()! - sizes.min()! <= 1)
            for fold in folds { #expect((fold.train + fold.test).sorted() == Array(0..<count)) }
        }
        let keys = ["a", "a", "a", "b", "b", "c", "d", "e"]
        let folds = try Cohort.folds(count: 8, 3, seed: 1, keys: keys)
        #expect(folds.map(\.test.count).sorted() == [2, 3, 3])
        for fold in folds { #expect(Set(fold.train.map { keys[$0] }).isDisjoint(with: fold.test.map { keys[$0] })) }
        #expect(throws: CohortError.folds(1)) { try Cohort.folds(count: 4, 1, seed: 0) }
        #expect(throws: CohortError.groups(found: 5, needed: 6)) { try Cohort.folds(count: 8, 6, seed: 0, keys: keys) }
    }

    /// Writes an image of some shape.
    private func image(_ folder: Folder, _ name: String, _ shape: SIMD3<Int> = [4, 5, 6]) throws {
        folder.file(name)
        let grid = try Grid(shape: shape, affine: .identity)
        try ImageFile.write(Volume(grid: grid, voxels: .init(repeating: 1, count: grid.count), datatype: .uint8), to: folder.path + "/" + name)
    }

    @Test func pairsGoByWhatWildcardsStandFor() throws {
        let f = try Folder()
        for id in ["anna", "bob", "carl", "dora"] { try image(f, "scans/\(id)_T1w.nii.gz") }
        for id in ["anna", "bob", "emil"] { try image(f, "masks/\(id).nii.gz") }
        try image(f, "masks/dora.nii.gz", [4, 5, 7])
        let (pairs, problems) = try Cohort.pairs(images: f.path + "/scans/*_T1w.nii.gz", masks: f.path + "/masks/*.nii.gz")
        #expect(pairs.map(\.id) == ["anna", "bob"])
        #expect(pairs[1].image == f.path + "/scans/bob_T1w.nii.gz" && pairs[1].mask == f.path + "/masks/bob.nii.gz")
        #expect(problems.count == 3)
        #expect(problems[0] == "\"\(f.path)/scans/carl_T1w.nii.gz\": no mask of carl; left out")
        #expect(problems[1].hasPrefix("dora: image and mask lie on two different grids: shape 4×5×6 against 4×5×7"))
        #expect(problems[2] == "\"\(f.path)/masks/emil.nii.gz\": no image of emil")
        #expect(try Cohort.pairs(images: f.path + "/scans/*_T1w.nii.gz", masks: f.path + "/masks/*.nii.gz", checkGrids: false).pairs.count == 3)
        #expect(throws: CohortError.noMatch(pattern: f.path + "/no*")) { try Cohort.pairs(images: f.path + "/no*", masks: f.path + "/masks/*") }
        #expect(throws: CohortError.self) { try Cohort.pairs(images: f.path + "/scans/a*.nii.gz", masks: f.path + "/masks/b*.nii.gz") }
    }

    @Test func masksBesideTheirImagesAndRepeatedWildcards() throws {
        let f = try Folder()
        for id in ["1", "2"] {
            try image(f, "own/\(id).nii.gz")
            try image(f, "own/\(id)_mask.nii.gz")
            try image(f, "deep/sub-\(id)/sub-\(id)_T1w.nii.gz")
        }
        let beside = try Cohort.pairs(images: f.path + "/own/*.nii.gz", masks: f.path + "/own/*_mask.nii.gz")
        #expect(beside.pairs.map(\.id) == ["1", "2"] && beside.problems.isEmpty)
        let deep = try Cohort.pairs(images: f.path + "/deep/sub-*/sub-*_T1w.nii.gz", masks: f.path + "/own/[0-9]_mask.nii.gz")
        #expect(deep.pairs.map(\.id) == ["1", "2"] && deep.pairs[0].image.hasSuffix("sub-1_T1w.nii.gz"))
    }

    @Test func bidsMasksGoByEntities() throws {
        let f = try Folder()
        try image(f, "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz")
        try image(f, "sub-01/ses-b/anat/sub-01_ses-b_run-1_T1w.nii.gz")
        try image(f, "sub-01/ses-b/anat/sub-01_ses-b_run-2_T1w.nii.gz")
        try image(f, "sub-01/ses-b/anat/sub-01_ses-b_T2w.nii.gz")
        try image(f, "sub-02/anat/sub-02_T1w.nii")
        try image(f, "sub-03/anat/sub-03_T1w.NII.GZ")
        try image(f, "sub-04/anat/sub-04_T1w.nii.gz")
        symlink("gone", f.path + "/sub-04/anat/sub-04_acq-x_T1w.nii.gz")
        let d = "derivatives/prep"
        try image(f, "\(d)/sub-01/ses-a/anat/sub-01_ses-a_desc-brain_mask.nii.gz")
        try image(f, "\(d)/sub-01/ses-a/anat/sub-01_ses-a_space-MNI152_desc-brain_mask.nii.gz", [9, 9, 9])
        try image(f, "\(d)/sub-01/ses-b/anat/sub-01_ses-b_run-2_desc-brain_mask.nii.gz")
        try image(f, "\(d)/sub-02/anat/sub-02_desc-brain_mask.NII.gz")
        try image(f, "\(d)/sub-03/anat/sub-03_desc-tumour_mask.nii.gz")
        try image(f, "\(d)/sub-04/anat/sub-04_desc-brain_mask.nii.gz", [4, 5, 5])
        let (pairs, problems) = try Cohort.bids(f.path)
        #expect(pairs.map(\.id) == ["sub-01_ses-a", "sub-01_ses-b_run-2", "sub-02"])
        #expect(pairs[1].subject == "01" && pairs[1].session == "b" && pairs[2].session == nil)
        #expect(pairs[0].mask == f.path + "/\(d)/sub-01/ses-a/anat/sub-01_ses-a_desc-brain_mask.nii.gz")
        #expect(problems.count == 4)
        #expect(problems[0] == "sub-01_ses-b_run-1: no …_desc-brain_mask.nii.gz; left out")
        #expect(problems.contains { $0.hasPrefix("sub-03: no …") } && problems.contains { $0.hasPrefix("sub-04_acq-x: ") && $0.contains("link to nothing") })
        #expect(problems.contains { $0.hasPrefix("sub-04: image and mask lie on") })
        #expect(try Cohort.bids(f.path, masks: .folder("derivatives/prep")).pairs == pairs)
        #expect(try Cohort.bids(f.path, masks: .none).pairs.count == 6)
        #expect(try Cohort.bids(f.path, suffix: "T2w", masks: .none).pairs.map(\.id) == ["sub-01_ses-b"])
        #expect(throws: CohortError.self) { try Cohort.bids(f.path, suffix: "FLAIR") }
        #expect(throws: FileError.missing(path: "nowhere")) { try Cohort.bids(f.path, masks: .folder("nowhere")) }
    }

    @Test func wildcardsWithoutEnd() throws {
        // Many stars over a long name must not take forever.
        let f = try Folder()
        let name = String(repeating: "a", count: 200)
        try image(f, name + ".nii.gz")
        let stars = String(repeating: "*a", count: 40)
        let (pairs, _) = try Cohort.pairs(images: f.path + "/" + stars + "*.nii.gz", masks: f.path + "/../" + f.path.split(separator: "/").last! + "/" + stars + "*.nii.gz")
        #expect(pairs.count == 1)
    }
}

@Suite struct TextTableTests {
    @Test func tablesAreReadAndWritten() throws {
        let text = "participant_id\tage\tgroup\tscore\r\nsub-01\t31\tn/a\t1e-3\r\nsub-02\tn/a\t007\t-2.5\r\n\r\n"
        let table = try TextTable(parsing: text, separator: .tab)
        #expect(table.columns == ["participant_id", "age", "group", "score"])
        #expect(table.rows == [[.text("sub-01"), .number(31), .missing, .number(0.001)], [.text("sub-02"), .missing, .text("007"), .number(-2.5)]])
        for separator in [TextTable.Separator.tab, .comma] {
            let odd = TextTable(
                columns: ["a", "b,\"c"], rows: [[.text("x\ty"), .number(0.1)], [.text("two\nlines, \"quoted\""), .missing], [.text(""), .number(-1e300)]])
            let back = try TextTable(parsing: try odd.text(separator: separator), separator: separator)
            #expect(back.columns == odd.columns)
            #expect(back.rows[0] == odd.rows[0] && back.rows[1] == odd.rows[1] && back.rows[2] == odd.rows[2])
        }
    }

    /// Kinds of columns survive, and texts that look like another kind.
    @Test func truthsAndQuotedFields() throws {
        let text = "ok,R,word,quoted,n\ntrue,TRUE,true,\"true\",\"1\"\n,False,no,\"false\",\"\"\nfalse,TRUE,\"n/a\",\"true\",2\n"
        let table = try TextTable(parsing: text, separator: .comma)
        #expect(table.rows == [
            [.truth(true), .truth(true), .text("true"), .text("true"), .number(1)],
            [.missing, .truth(false), .text("no"), .text("false"), .missing],
            [.truth(false), .truth(true), .text("n/a"), .text("true"), .number(2)],
        ])
        for separator in [TextTable.Separator.tab, .comma] {
            #expect(try TextTable(parsing: table.text(separator: separator), separator: separator) == table)
        }
    }

    @Test func badTablesAreNamed() {
        func read(_ text: String) throws -> TextTable { try TextTable(parsing: text, separator: .comma) }
        #expect(throws: TableError.empty) { try read("\n\n") }
        #expect(throws: TableError.noName(column: 2)) { try read("a,,c\n") }
        #expect(throws: TableError.sameName("a")) { try read("a,a\n") }
        #expect(throws: TableError.length(line: 3, found: 1, expected: 2)) { try read("a,b\n1,2\n3\n") }
        #expect(throws: TableError.quote(line: 2)) { try read("a,b\n\"1,2\n3,4") }
    }
}
