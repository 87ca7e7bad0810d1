import Builtins
import Runtime
import Stdlib
import Synchronization
import Testing

/// Collects what a session prints.
final class Output: Sendable {
    private let text = Mutex("")
    var all: String { text.withLock { $0 } }
    func write(_ more: String) { text.withLock { $0 += more } }
}

func makeSession(arguments: [String] = []) -> (session: Session, output: Output) {
    let output = Output()
    let session = try! Session(
        builtins: Catalog.all, prelude: Stdlib.sources, arguments: arguments, progress: ProgressSink(isVisible: false, write: { _ in }),
        output: { output.write($0) })
    return (session, output)
}

@Suite(.serialized) struct CatalogTests {
    @Test func namesAreUniqueAndWellFormed() {
        let names = Catalog.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names { #expect(name.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber }, "\(name)") }
    }

    @Test func everyDeclarationIsDocumented() {
        for b in Catalog.all {
            #expect(b.summary.hasSuffix("."), "\(b.name): the summary is a sentence")
            #expect(!b.summary.contains("\n"), "\(b.name): the summary is one line")
            #expect(!b.returns.isEmpty, "\(b.name): says what it gives")
            for p in b.parameters { #expect(!p.doc.isEmpty, "\(b.name): documents \(p.name)") }
            #expect(Set(b.parameters.map(\.name)).count == b.parameters.count, "\(b.name): parameters have different names")
        }
    }

    @Test func everyBuiltinHasAnExample() {
        for b in Catalog.all { #expect(!b.examples.isEmpty, "\(b.name)") }
    }

    @Test func loadTakesOneImageOfSeveral() throws {
        let tests = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined()
        let file = "\"\(tests)/Reference/imaging/files/four.nii.gz\""
        let (session, _) = makeSession()
        #expect(session.describe(try session.run(source: "load(\(file), frame=0) == load(\(file), frame=1)", name: "t")).contains("mask"))
        #expect(session.describe(try session.run(source: "length(load(\(file)))", name: "t")) == "3")
        #expect(session.describe(try session.run(source: "frames(\(file))", name: "t")) == "3")
        #expect(throws: (any Error).self) { try session.run(source: "load(\(file), frame=99)", name: "t") }
        #expect(throws: (any Error).self) { try session.run(source: "load(\"net.safetensors\", frame=0)", name: "t") }
    }

    @Test func libraryDoesNotHideABuiltin() throws {
        let (session, _) = makeSession()
        try session.prepare()
        let builtins = Set(Catalog.all.map(\.name))
        #expect(session.libraryNames.allSatisfy { !builtins.contains($0) })
        #expect(session.libraryNames.contains("unet3d"))
    }
}

extension String {
    var trimmingNewlines: String {
        var s = self[...]
        while s.last == "\n" { s.removeLast() }
        return String(s)
    }
}
