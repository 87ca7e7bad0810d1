import Builtins
import Glibc
import Runtime
import Stdlib
import Support

/// The one place that knows what a session is made of.
enum Catalogue {
    static let builtins = Catalog.all
    static let prelude = Stdlib.sources

    /// Ends the program where there is no memory for a session.
    ///
    /// - Parameter output: where what is printed goes.
    static func session(arguments: [String], output: Int32 = STDOUT_FILENO) -> Session {
        do {
            return try Session(
                builtins: builtins, prelude: prelude, arguments: arguments, isTerminal: isatty(output) != 0, progress: StatusLine.shared.sink,
                output: { Output.write($0, to: output) })
        } catch {
            complain("error: \(error.message)" + (error.hint.map { "\nhelp: \($0)" } ?? ""))
            leave(1)
        }
    }

    /// The text of docs/reference.md.
    static func reference() throws -> String {
        let session = session(arguments: [])
        try session.prepare()
        return Reference.markdown(session)
    }
}
