import Glibc
import Support
import Syntax

/// A running conversation: the names that it has bound, and the ways to evaluate text, describe values and show errors.
///
/// Not for use from several threads at once.
public final class Session: @unchecked Sendable {
    let machine: Machine
    let builtins: Module.Builtins
    let library: Module
    private(set) var main: Module
    /// The catalogue, with the functions of the language itself.
    public let catalogue: [Builtin]
    private var prelude: [(name: String, source: String)]
    private var imports = Imports()

    /// - Parameters:
    ///   - builtins: the catalogue, to which `Language.builtins` are added. Of two with one name the later counts.
    ///   - prelude: the library written in the language itself, evaluated first, in order. A mistake in it is thrown by the first `run`.
    ///   - arguments: what scripts see as `args`.
    ///   - isTerminal: whether `output` ends at a terminal.
    ///   - progress: where the status of long work goes; standard error when nil.
    /// - Throws: `MemoryError` where the system gives no memory for the stack.
    public init(
        builtins: [Builtin], prelude: [(name: String, source: String)] = [], arguments: [String] = [], isTerminal: Bool = false,
        progress: ProgressSink? = nil, output: @escaping @Sendable (String) -> Void
    ) throws(MemoryError) {
        machine = try Machine(output: output, progress: progress ?? ProgressSink())
        machine.isTerminal = isTerminal
        machine.arguments = arguments
        catalogue = Language.builtins + builtins
        self.builtins = Module.Builtins()
        for builtin in catalogue { self.builtins.values[builtin.name] = .function(Function(builtin)) }
        self.builtins.values["args"] = arguments.value
        library = Module(directory: ".", library: nil, builtins: self.builtins)
        main = Module(directory: ".", library: library, builtins: self.builtins)
        self.prelude = prelude
        machine.importFile = { [unowned self] path, importer in try self.importFile(path, importer) }
        machine.help = { [unowned self] subject in try Help.answer(subject, self) }
        machine.evaluateApart = { [unowned self] source in
            try self.placed { try self.evaluate(self.parse(source), in: Module(directory: ".", library: self.library, builtins: self.builtins)) }
        }
    }

    // MARK: - Evaluation

    /// Evaluates a text and gives the value of its last statement (a binding's value is what it bound; none after loops and imports).
    /// Throws `SyntaxErrors`, `ScriptError` or `Interrupted`; the session and its values live on.
    @discardableResult
    public func run(source: String, name: String) throws -> Value {
        try run(Source(name: name, text: source))
    }

    /// Evaluates bytes, for standard input. Throws a `Diagnostic` too, when they are not UTF-8.
    @discardableResult
    public func run(bytes: [UInt8], name: String) throws -> Value {
        try run(try Source(name: name, bytes: bytes), isScript: true)
    }

    /// The bytes of a script's file. Throws `FileError`.
    public static func scriptBytes(_ path: String) throws -> [UInt8] { try ScriptFile.read(path) }

    /// Evaluates a file in this session; its imports start at its folder. Throws `FileError` and `Diagnostic` too.
    @discardableResult
    public func run(file path: String) throws -> Value {
        let source = try Source(name: path, bytes: try ScriptFile.read(path))
        let before = (main.directory, machine.scriptDirectory)
        main.directory = ScriptFile.directory(path)
        machine.scriptDirectory = main.directory
        // What imports the script itself goes in a circle, too.
        imports.open.append(FileSystem.identity(path))
        defer {
            imports.open.removeLast()
            (main.directory, machine.scriptDirectory) = before
        }
        return try run(source, isScript: true)
    }

    /// A whole script is checked before its first statement runs: a misspelled name in its last line should not cost the hours before.
    private func run(_ source: Source, isScript: Bool = false) throws -> Value {
        try withContext { _ in
            try reserve(for: source)
            return try evaluate(isScript ? checkBeforeRunning(source) : parse(source), in: main)
        }
    }

    /// What a text's tokens and tree take, in bytes for each of its own; measured on lists of numbers, long sums and statements of 10 MB.
    private static let bytesOfTree = 128

    /// Throws `FailureText` where the machine lacks the memory to read a text.
    func reserve(for source: Source) throws { try machine.memory.reserve(Self.bytesOfTree * source.bytes.count) }

    private func loadPrelude() throws {
        while let (name, text) = prelude.first {
            _ = try evaluate(parse(Source(name: name, text: text, isLibrary: true)), in: library)
            // Not before: what Ctrl-C stopped is read the next time.
            prelude.removeFirst()
        }
    }

    /// Throws `SyntaxErrors`, and `Interrupted` upon Ctrl-C.
    private func parse(_ source: Source) throws -> Script {
        var survey = survey(source)
        try Interrupt.check(leaving: &survey, for: .nothing)
        if !survey.mistakes.isEmpty { throw SyntaxErrors(survey.mistakes) }
        return survey.script
    }

    private func evaluate(_ script: consuming Script, in module: Module) throws -> Value {
        let source = script.source, code = try compile(script, in: module)
        do {
            return try execute(code)
        } catch let error as ArgumentError {
            throw ScriptError(error.message, hint: error.hint, source: source, span: Span(0, 0))
        }
    }

    /// Throws `SyntaxErrors`, and `Interrupted` upon Ctrl-C, after which a code is of no use.
    private func compile(_ script: consuming Script, in module: Module) throws -> FunctionCode {
        var code: FunctionCode? = try Compiler.compile(script, in: module)
        Discard.ifInterrupted(&script, leaving: Parser.Survey.nothing.script)
        try Interrupt.check(leaving: &code, for: nil)
        guard let code else { throw Interrupted() }
        return code
    }

    private func execute(_ code: FunctionCode) throws -> Value {
        try machine.withFrame(code, nil) { frame in
            _ = try machine.run(code.program, frame)
            return frame.takeResult()
        }
    }

    /// Compiles a text once and runs it as long as `goesOn` says, which is handed the seconds that each run took so far. Throws what compiling and running throw.
    public func benchmark(source: String, name: String, while goesOn: ([Double]) -> Bool) throws -> [Double] {
        try prepare()
        let code = try compile(parse(Source(name: name, text: source)), in: main)
        return try BigStack.run { floor in
            machine.stackFloor = floor
            defer { machine.progress.clear() }
            var times: [Double] = []
            while goesOn(times) {
                let start = Clock.seconds
                _ = try execute(code)
                times.append(Clock.seconds - start)
            }
            return times
        }
    }

    /// Where the last statement begins, in bytes, when it is an expression rather than a binding, a definition or a loop; nil otherwise.
    public func lastExpression(of source: String) -> Int? {
        guard let last = (try? Parser.parse(Source(name: "", text: source)))?.statements.last else { return nil }
        switch last.kind {
        case .bind, .bindItem, .unpack, .define, .forLoop, .whileLoop, .importFile, .breakLoop, .continueLoop, .returnValue: return nil
        default: return last.span.start
        }
    }

    // MARK: - Imports

    private struct Imports {
        var modules: [String: Module] = [:]
        /// Files whose evaluation is under way, outermost first.
        var open: [String] = []
    }

    private func importFile(_ path: String, _ importer: Module) throws {
        if let restriction = machine.restriction { throw restriction.refusal(ofImporting: path) }
        let identity = FileSystem.identity(path)
        if let start = imports.open.firstIndex(of: identity) {
            let names = (imports.open[start...] + [identity]).map(ScriptFile.name)
            throw FailureText(
                message: "imports go in a circle: \(names.joined(separator: " → "))", hint: "move what both need into a third file")
        }
        let module: Module
        if let known = imports.modules[identity] {
            module = known
        } else {
            module = Module(directory: ScriptFile.directory(path), library: library, builtins: builtins)
            imports.open.append(identity)
            defer { imports.open.removeLast() }
            let bytes = try ScriptFile.read(path)
            try placed {
                let source = try Source(name: path, bytes: bytes)
                try reserve(for: source)
                _ = try evaluate(parse(source), in: module)
            }
            imports.modules[identity] = module
        }
        for name in module.boundNames where !name.hasPrefix("_") { importer.cell(name).value = module.cell(name).value }
    }

    /// Mistakes in the text of another file as errors at their place, for the call that led there to add itself.
    private func placed<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as Diagnostic {
            throw ScriptError(error.message, hint: error.hint, source: error.source, span: error.span)
        } catch let errors as SyntaxErrors {
            guard let first = errors.diagnostics.first else { throw errors }
            let more = errors.diagnostics.count - 1
            throw ScriptError(
                first.message + (more > 0 ? " (and \(more) more mistake\(more == 1 ? "" : "s") in this file)" : ""), hint: first.hint,
                source: first.source, span: first.span)
        }
    }

    /// Runs `body` with what a builtin may ask of the session: for programs that call what takes functions of the language from outside of a script.
    /// Throws the prelude's mistakes, and what `body` throws.
    public func withContext<T>(_ body: (Context) throws -> T) throws -> T {
        try BigStack.run { floor in
            machine.stackFloor = floor
            defer { machine.progress.clear() }
            try loadPrelude()
            return try body(machine.context)
        }
    }

    // MARK: - The prompt's questions

    /// True when the text's last statement ends in `;`, which asks the prompt not to show its value.
    public func isSilenced(_ source: String) -> Bool {
        (try? Parser.parse(Source(name: "", text: source)))?.isSilenced ?? false
    }

    /// True when the text merely lacks its end (an open bracket or block, an operator at the end), so that the prompt asks for another line.
    public func isIncomplete(_ source: String) -> Bool { Parser.isIncomplete(Source(name: "", text: source)) }

    /// The user's own names, in alphabetical order.
    public var userNames: [String] { main.boundNames }
    /// The names of the library that is written in the language, in alphabetical order. Empty before `prepare` or the first `run`.
    public var libraryNames: [String] { library.boundNames }
    /// Every name that a script can read now: the user's, the library's and builtins.
    public var names: [String] { main.visibleNames }

    /// Evaluates the prelude now, so that its names are there for completion and help. Throws its mistakes.
    public func prepare() throws {
        if prelude.isEmpty { return }
        try BigStack.run { floor in
            machine.stackFloor = floor
            try loadPrelude()
        }
    }

    /// What a name stands for at the top level.
    public func value(of name: String) -> Value? { main.value(name) }

    /// Binds a name at the top level, as the prompt does with `ans`.
    public func define(_ name: String, _ value: Value) { main.cell(name).value = value }

    /// Forgets all of the user's names.
    public func reset() {
        main = Module(directory: main.directory, library: library, builtins: builtins)
        imports = Imports()
    }

    /// One line about a value, elided to the terminal's width, or to 400 columns where there is none; empty for none.
    public func describe(_ value: Value) -> String {
        if case .none = value { return "" }
        return value.described(columns: columns)
    }

    /// What the prompt shows of a value: a list of records as a table, anything else as one line. Throws `Interrupted`.
    public func echo(_ value: Value) throws -> String {
        if let table = try TableText(value)?.text(columns: columns) { return table }
        return describe(value)
    }

    private var columns: Int { machine.isTerminal ? max(40, machine.progress.columns) : 400 }

    /// A value as a line of JSON. Images, models and the like become an object with their kind and their fields; numbers that are not finite null. Throws `Interrupted`.
    public func json(_ value: Value) throws -> String { try BigStack.run { _ in try value.json().written(indented: false, Interrupt.check) } }

    /// Any error of this module or of a core as text that ends in a newline.
    public func render(_ error: any Error) -> String {
        switch error {
        case let error as ScriptError: error.rendered()
        case let errors as SyntaxErrors: errors.rendered()
        case let error as Diagnostic: error.rendered()
        case is Interrupted: "interrupted\n"
        case let error as any ExplainedError: "error: \(error.message)\n" + (error.hint.map { "help: \($0)\n" } ?? "")
        default: "error: \(error)\n"
        }
    }

    /// Help on a builtin, or on a function with `##` lines; of other values what they are. Nil when there is no such name.
    public func help(_ name: String) -> String? { Help.text(name, self) }

    /// Everything there is, by theme.
    public func overview() -> String { Help.overview(self) }

    /// What has all of these words in its name, its summary or its description, a line each, the names first; empty where nothing has.
    public func search(_ words: String) -> String { Help.search(words, self) }

    /// The name nearest to one that does not exist.
    public func suggestion(for name: String) -> String? { Text.nearest(to: name, among: names) }

    /// Sets what the session takes for the free memory, in bytes; for tests of the exhausted machine. Nil asks the system again.
    package func pretendFreeMemory(_ bytes: Int?) { machine.memory.available = bytes.map { n in { n } } ?? { Memory.available } }

    /// Bounds the number of calls and loop turns of later runs; for tests that evaluate arbitrary text.
    package func limitSteps(_ n: Int?) { machine.stepsLeft = n }
}

/// Script files and their names.
enum ScriptFile {
    private static let largest = 256 << 20

    static func read(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .missing(path: path) }
            throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let n = Glibc.read(descriptor, &buffer, buffer.count)
            if n == 0 { return bytes }
            if n < 0 {
                if errno == EINTR { continue }
                throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
            }
            bytes += buffer[0..<n]
            if bytes.count > largest { throw .cannotRead(path: path, reason: "more than \(Text.bytes(largest)) are no script") }
        }
    }

    /// A path as an import of a script in this folder means it.
    static func path(_ path: String, from directory: String) -> String {
        path.hasPrefix("/") || directory == "." || directory.isEmpty ? path : directory + "/" + path
    }

    static func directory(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
