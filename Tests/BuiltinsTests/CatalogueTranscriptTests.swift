import Builtins
import Glibc
import Runtime
import Syntax
import Testing

/// Transcripts over the whole catalogue, `Tests/Golden/catalogue/name.ss` and `.out`: what builtins give, and what they say of misuse. `RECORD=1` writes
/// the `.out` files anew, and fails, so that nobody takes it for a pass.
@Suite(.serialized) struct CatalogueTranscriptTests {
    static let folder = Repository.root + "/Tests/Golden/catalogue"

    @Test(arguments: ["lists", "text", "files", "mathematics"]) func matches(_ name: String) throws {
        let script = try #require(Repository.read("\(Self.folder)/\(name).ss"))
        let place = "/tmp/skullstrip-transcripts-\(getpid())-\(name)"
        mkdir(place, 0o755)
        #expect(chdir(place) == 0)
        let (session, output) = makeSession()
        var found = "", length = 0
        for input in script.split(separator: "\n\n") {
            let code = String(input).trimmingNewlines
            var shown = ""
            do {
                shown = session.describe(try session.run(source: code, name: "<prompt>"))
            } catch {
                shown = session.render(error)
            }
            let printed = String(decoding: Array(output.all.utf8)[length...], as: UTF8.self)
            length += printed.utf8.count
            let text = (printed + shown).trimmingNewlines
            found += "strip> \(code)\n" + (text.isEmpty ? "" : text + "\n") + "\n"
        }
        let path = "\(Self.folder)/\(name).out"
        if getenv("RECORD") != nil {
            Repository.write(found, to: path)
            Issue.record("recorded \(path)")
            return
        }
        let expected = try #require(Repository.read(path), "no \(path); RECORD=1 writes it")
        let a = found.split(separator: "\n", omittingEmptySubsequences: false), b = expected.split(separator: "\n", omittingEmptySubsequences: false)
        for i in 0..<max(a.count, b.count) where i >= a.count || i >= b.count || a[i] != b[i] {
            Issue.record("\(name), line \(i + 1):\n  found    \(i < a.count ? a[i] : "nothing")\n  expected \(i < b.count ? b[i] : "nothing")")
            break
        }
    }
}
