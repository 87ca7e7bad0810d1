import Support
import Syntax

extension Session {
    /// Finds the mistakes of a text and of the files that it imports, without running anything: of the grammar, names that nothing binds, and
    /// arguments that do not fit. Throws `SyntaxErrors` with all of them.
    public func check(source: String, name: String) throws {
        try check(Source(name: name, text: source), directory: ".")
    }

    /// As above, for bytes, which may not be UTF-8: throws a `Diagnostic` then.
    public func check(bytes: [UInt8], name: String) throws {
        try check(try Source(name: name, bytes: bytes), directory: ".")
    }

    /// As above, for a file; imports start at its folder. Throws `FileError` too.
    public func check(file path: String) throws {
        try check(try Source(name: path, bytes: try ScriptFile.read(path)), directory: ScriptFile.directory(path))
    }

    private func check(_ source: Source, directory: String) throws {
        try withContext { _ in
            try reserve(for: source)
            var imports = ImportSurvey()
            let mistakes = imports.mistakes(in: survey(source), directory: directory, in: main) + imports.found
            try Interrupt.check()
            if !mistakes.isEmpty { throw SyntaxErrors(mistakes) }
        }
    }

    /// A script without what would stop it sooner or later, which is found before its first statement runs. Throws `SyntaxErrors`, and `Interrupted` upon Ctrl-C.
    ///
    /// What is wrong with imports is told when they are evaluated, with the numbers.
    func checkBeforeRunning(_ source: Source) throws -> Script {
        var imports = ImportSurvey(judgesImports: false)
        var survey = survey(source)
        let mistakes = imports.mistakes(in: survey, directory: main.directory, in: main)
        try Interrupt.check(leaving: &survey, for: .nothing)
        if !mistakes.isEmpty { throw SyntaxErrors(mistakes) }
        return survey.script
    }
}

/// What a text holds, read until Ctrl-C.
func survey(_ source: Source) -> Parser.Survey { Parser.survey(source) { Interrupt.isRaised } }

/// What a script and the files that it imports bind, as far as their texts tell.
private struct ImportSurvey {
    /// Whether imports that cannot be evaluated are mistakes.
    private let judgesImports: Bool
    /// By the file's identity; nil for files that cannot be read.
    private var exported: [String: Set<String>?] = [:]
    /// Mistakes in imported files.
    private(set) var found: [Diagnostic] = []
    /// Files that are being looked at, outermost first.
    private var open: [String] = []
    /// What a file's own imports bind, by its path; nil where that is not known.
    private var bound: [String: Set<String>?] = [:]

    init(judgesImports: Bool = true) { self.judgesImports = judgesImports }

    mutating func mistakes(in survey: Parser.Survey, directory: String, in module: Module) -> [Diagnostic] {
        let (imported, missing) = self.imported(by: survey.script, directory: directory, in: module)
        bound[survey.script.source.name] = imported
        if Interrupt.isRaised { return [] }
        let names = Resolver.mistakes(in: survey, imported: imported, module: module)
        var misplaced: [Diagnostic] = []
        do {
            // What the compiler alone knows: `break` outside of a loop and the like.
            var code: FunctionCode? = try Compiler.compile(
                survey.script, in: Module(directory: directory, library: module.library, builtins: module.builtins))
            Discard.ifInterrupted(&code, leaving: nil)
        } catch {
            misplaced = error.diagnostics
        }
        return Array((survey.mistakes + missing + names + misplaced).inTextOrder.prefix(Parser.mostDiagnostics))
    }

    /// The names that a script's imports bind, nil where that is not known; and the imports that are sure to fail.
    private mutating func imported(by script: Script, directory: String, in module: Module) -> (names: Set<String>?, missing: [Diagnostic]) {
        var names: Set<String>? = [], missing: [Diagnostic] = []
        for (path, span, isCertain) in Self.imports(of: script) {
            let full = ScriptFile.path(path, from: directory)
            if open.contains(FileSystem.identity(full)) {
                missing.append(
                    Diagnostic("imports go in a circle", hint: "move what both need into a third file", source: script.source, span: span))
                continue
            }
            do {
                let more = try self.names(of: full, in: module)
                names = more.flatMap { names?.union($0) }
            } catch {
                guard judgesImports, isCertain else {
                    names = nil
                    continue
                }
                missing.append(Diagnostic(error.message, hint: error.hint, source: script.source, span: span))
            }
        }
        return (names, judgesImports ? missing : [])
    }

    private static func imports(of script: Script) -> [(path: String, span: Span, isCertain: Bool)] {
        var out: [(String, Span, Bool)] = []
        func visit(_ e: Expression, _ isCertain: Bool) {
            if case .importFile(let path) = e.kind { out.append((path, e.span, isCertain)) }
            e.forEachChild(intoFunctions: false) { visit($0, false) }
        }
        for statement in script.statements { visit(statement, true) }
        return out
    }

    /// The names that importing a file binds; nil where they cannot be told. Throws `FileError` for a file that cannot be read.
    private mutating func names(of path: String, in module: Module) throws(FileError) -> Set<String>? {
        let identity = FileSystem.identity(path)
        if let known = exported[identity] { return known }
        open.append(identity)
        defer { open.removeLast() }
        let bytes: [UInt8]
        do {
            bytes = try ScriptFile.read(path)
        } catch {
            exported[identity] = .some(nil)
            throw error
        }
        let source: Source
        do {
            source = try Source(name: path, bytes: bytes)
        } catch {
            found.append(error)
            exported[identity] = .some(nil)
            return nil
        }
        let directory = ScriptFile.directory(path)
        let survey = survey(source)
        found += mistakes(in: survey, directory: directory, in: Module(directory: directory, library: module.library, builtins: module.builtins))
        let own = Set(Names.bound(in: survey.script.statements)).union(survey.doubtful)
        let names = bound[path].flatMap { $0 }?.union(own).filter { !$0.hasPrefix("_") }
        exported[identity] = .some(names)
        return names
    }
}
