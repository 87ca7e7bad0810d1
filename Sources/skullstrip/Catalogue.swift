import Builtins
import Runtime
import Support

/// The one place that knows what a session is made of.
enum Catalogue {
    static let builtins: [Builtin] = []
    static let prelude: [(name: String, source: String)] = []

    static func session(arguments: [String]) -> Session {
        Session(
            builtins: builtins, prelude: prelude, arguments: arguments, isTerminal: Output.isTerminal, progress: StatusLine.shared.sink,
            output: { Output.write($0) })
    }

    static func reference() -> String { "" }
}
