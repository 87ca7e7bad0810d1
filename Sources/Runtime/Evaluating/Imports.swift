import Support
import Syntax

/// `import "lib.ss"`.
final class ImportCode: StatementCode {
    let path: String
    let module: Module
    let directory: String

    init(_ path: String, _ module: Module, _ span: Span) {
        self.path = path
        self.module = module
        directory = module.directory
        super.init(span)
    }

    override func emitStatement(_ emitter: Emitter) { emitter.execute(self) }
    override func execute(_ frame: Frame) throws -> Completion {
        do {
            try frame.machine.importFile(ScriptFile.path(path, from: directory), module)
        } catch let error as ScriptError {
            error.trace.append(.init(function: "import \"\(path)\"", source: frame.code.source, span: span))
            throw error
        } catch let error as any ExplainedError {
            if error is Interrupted { throw error }
            throw ScriptError(error.message, hint: error.hint, source: frame.code.source, span: span, underlying: error)
        }
        return .normal
    }
}
