import Builtins
import Runtime
import Stdlib
import Support

/// The one place that knows what a session is made of.
enum Catalogue {
    static let builtins = Catalog.all
    static let prelude = Stdlib.sources

    static func session(arguments: [String]) -> Session {
        Session(
            builtins: builtins, prelude: prelude, arguments: arguments, isTerminal: Output.isTerminal, progress: StatusLine.shared.sink,
            output: { Output.write($0) })
    }

    /// The text of docs/reference.md.
    static func reference() throws -> String {
        let session = session(arguments: [])
        try session.prepare()
        return Reference.markdown(session)
    }

    /// Everything that can be called, with its one line.
    static func entries(_ session: Session) -> [(name: String, summary: String)] {
        let builtins = session.catalogue.map { (name: $0.name, summary: $0.summary) }
        let written = session.libraryNames.compactMap { name -> (name: String, summary: String)? in
            guard case .function(let function)? = session.value(of: name) else { return nil }
            return (name, String(function.doc?.split(separator: "\n").first ?? ""))
        }
        return (builtins + written).sorted { $0.name < $1.name }
    }

    /// Builtins by theme, then the functions written in the language.
    static func overview(_ session: Session) -> String {
        let library = Set(session.libraryNames)
        let written = entries(session).filter { library.contains($0.name) }
        var text = Help.overview(session.catalogue)
        if !written.isEmpty {
            let width = session.catalogue.reduce(0) { max($0, $1.name.count) }
            text += "\nWritten in the language\n"
            for entry in written {
                text += "  \(entry.name)\(String(repeating: " ", count: max(0, width - entry.name.count)))  \(entry.summary)\n"
            }
        }
        return text
    }
}
