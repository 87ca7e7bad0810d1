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
}
