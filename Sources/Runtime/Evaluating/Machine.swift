import Support
import Syntax

/// What one session's evaluation shares: output, limits, the depth of calls.
final class Machine: @unchecked Sendable {
    let output: @Sendable (String) -> Void
    let progress: ProgressSink
    var isTerminal = false
    var arguments: [String] = []
    var scriptDirectory = "."

    init(output: @escaping @Sendable (String) -> Void, progress: ProgressSink) {
        self.output = output
        self.progress = progress
    }

    func call(_ function: Function, _ arguments: [Value]) throws -> Value { .none }
}

final class FunctionCode {
    struct Parameter { let name: String }
    let name: String? = nil
    let parameters: [Parameter] = []
    let signature = ""
    let doc: String? = nil
    let source = Source(name: "", text: "")
    let span = Span(0, 0)
}
