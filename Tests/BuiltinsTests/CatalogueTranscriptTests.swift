import Builtins
import Runtime
import Testing

/// Transcripts over the whole catalogue: `Tests/Golden/catalogue/name.ss` holds inputs at one prompt, `.out` what it looks like; `Tests/Golden/builtins/`
/// the same of the examples that the builtins of a theme declare, each at a prompt of its own. `RECORD=1` writes the `.out` files anew, and all of
/// `builtins/`, and fails.
@Suite(.serialized) struct CatalogueTranscriptTests {
    static let folder = Repository.root + "/Tests/Golden"
    static let themes = Theme.allCases.filter { theme in Catalog.all.contains { $0.theme == theme } }

    @Test(arguments: Repository.files(below: folder + "/catalogue", ".ss")) func catalogueMatches(_ path: String) throws {
        let script = try #require(Repository.read(path))
        Repository.enterFolder("transcripts-" + path.dropLast(3).split(separator: "/").last!)
        let (session, output) = makeSession()
        var transcript = Transcript()
        for input in script.split(separator: "\n\n") { transcript.add(String(input).trimmingNewlines, to: session, output) }
        try Repository.expect(transcript.text, in: path.dropLast(3) + ".out")
    }

    /// The examples show what their declarations claim, and the transcripts have every one of them.
    @Test(arguments: themes) func examplesMatch(_ theme: Theme) throws {
        Repository.enterFolder("examples")
        var inputs = "", transcript = Transcript()
        for builtin in Catalog.all.filter({ $0.theme == theme }).sorted(by: { $0.name < $1.name }) {
            inputs += "# \(builtin.name)\n\n"
            transcript.head(builtin.name)
            for example in builtin.examples {
                #expect(!example.code.contains("\n\n"), "an input of \(builtin.name) holds a blank line, which parts inputs")
                let (session, output) = makeSession()
                let shown = transcript.add(example.code, to: session, output, shows: example.shows != nil)
                #expect(shown == example.shows ?? shown, "example of \(builtin.name): \(example.code)")
                #expect(!shown.hasPrefix("error: "), "example of \(builtin.name): \(example.code)")
                inputs += example.code + "\n\n"
            }
        }
        let path = "\(Self.folder)/builtins/\(theme.rawValue.lowercased())"
        try Repository.expect(inputs, in: path + ".ss")
        try Repository.expect(transcript.text, in: path + ".out")
    }

    /// What the program says of a mistake stands in a transcript, under the place of the mistake.
    @Test func everyErrorOccurs() throws {
        let seen = Repository.files(below: Self.folder, ".out").compactMap(Repository.read).joined()
        #expect(seen.contains("^^"))
        let missing = ErrorText.all().filter { $0.canOccur && !$0.occurs(in: seen) }.map { "\($0.file): \($0.key)" }
        #expect(missing.isEmpty, "no transcript shows\n\(missing.joined(separator: "\n"))")
    }
}
