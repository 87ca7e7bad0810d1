import Support
import Syntax

/// Finds what can be known to be wrong of a script without running it: mistakes of syntax, statements that stand where they cannot, names that nothing binds,
/// imports that are not there, and arguments that a builtin or a function of the library does not take.
struct Checker {
    /// Names and functions that every script has.
    let inherited: (String) -> Value?
    let inheritedNames: [String]

    private var diagnostics: [Diagnostic] = []
    /// Names that each imported file gives, by the file's identity; empty while it is being looked at.
    private var imported: [String: Set<String>] = [:]
    private var open: [String] = []

    init(inheritedNames: [String], inherited: @escaping (String) -> Value?) {
        self.inheritedNames = inheritedNames
        self.inherited = inherited
    }

    /// Looks at a text, and gives the names that it binds. `compile` finds what the compiler objects to.
    @discardableResult
    mutating func check(_ source: Source, directory: String, compile: (Script) throws(SyntaxErrors) -> Void) -> Set<String> {
        do throws(SyntaxErrors) {
            let script = try Parser.parse(source)
            do throws(SyntaxErrors) { try compile(script) } catch { diagnostics += error.diagnostics }
            var names = Set(Names.bound(in: script.statements))
            for statement in script.statements {
                guard case .importFile(let path) = statement.kind else { continue }
                names.formUnion(imports(path, directory, source, statement.span, compile))
            }
            for statement in script.statements { visit(statement, names, source) }
            return names
        } catch {
            diagnostics += error.diagnostics
            return []
        }
    }

    /// What was found, file by file, each in the order of its text.
    var found: [Diagnostic] {
        var groups: [(source: Source, diagnostics: [Diagnostic])] = []
        for diagnostic in diagnostics {
            if let i = groups.firstIndex(where: { $0.source === diagnostic.source }) {
                groups[i].diagnostics.append(diagnostic)
            } else {
                groups.append((diagnostic.source, [diagnostic]))
            }
        }
        return groups.flatMap { group in
            group.diagnostics.enumerated().sorted { ($0.element.span.start, $0.offset) < ($1.element.span.start, $1.offset) }.map(\.element)
        }
    }

    private mutating func imports(
        _ path: String, _ directory: String, _ source: Source, _ span: Span, _ compile: (Script) throws(SyntaxErrors) -> Void
    ) -> Set<String> {
        let full = path.hasPrefix("/") || directory == "." ? path : directory + "/" + path
        let identity = FileSystem.identity(full)
        if open.contains(identity) {
            diagnostics.append(
                Diagnostic("imports go in a circle", hint: "move what both need into a third file", source: source, span: span))
            return []
        }
        if let known = imported[identity] { return known }
        open.append(identity)
        defer { open.removeLast() }
        var names: Set<String> = []
        do {
            let file = try Source(name: full, bytes: try ScriptFile.read(full))
            names = check(file, directory: ScriptFile.directory(full), compile: compile).filter { !$0.hasPrefix("_") }
        } catch let error as Diagnostic {
            diagnostics.append(error)
        } catch let error as any ExplainedError {
            diagnostics.append(Diagnostic(error.message, hint: error.hint, source: source, span: span))
        } catch {
            diagnostics.append(Diagnostic("\(error)", source: source, span: span))
        }
        imported[identity] = names
        return names
    }

    // MARK: - Names and calls

    /// - Parameter names: those that the text binds here.
    private mutating func visit(_ e: Expression, _ names: Set<String>, _ source: Source) {
        switch e.kind {
        case .name(let name):
            if names.contains(name) || inherited(name) != nil { return }
            let hint = Text.nearest(to: name, among: names.sorted() + inheritedNames).map { "did you mean `\($0)`?" }
            diagnostics.append(
                Diagnostic("there is no name `\(name)`", hint: ForeignNames.hint(for: name) ?? hint, source: source, span: e.span))
        case .lambda(let node), .define(let node):
            let within = names.union(node.parameters.map(\.name)).union(Names.bound(in: [node.body]))
            for parameter in node.parameters { if let fallback = parameter.fallback { visit(fallback, within, source) } }
            visit(node.body, within, source)
        case .comprehension:
            var within = names
            if case .comprehension(_, let clauses) = e.kind {
                for case .each(let name, _, _) in clauses { within.insert(name) }
            }
            e.forEachChild(intoFunctions: false) { visit($0, within, source) }
        case .call(let callee, let arguments):
            if case .name(let name) = callee.kind, !names.contains(name), case .function(let function)? = inherited(name) {
                check(arguments, of: function, e.span, source)
            }
            e.forEachChild(intoFunctions: false) { visit($0, names, source) }
        default: e.forEachChild(intoFunctions: false) { visit($0, names, source) }
        }
    }

    private mutating func check(_ arguments: [ArgumentNode], of function: Function, _ span: Span, _ source: Source) {
        guard let objection = function.objection(count: arguments.count, names: arguments.map(\.name)) else { return }
        let place = objection.argument.map { arguments[$0].span } ?? span
        diagnostics.append(Diagnostic(objection.message, hint: objection.hint, source: source, span: place))
    }
}

extension Function {
    /// What is wrong with a call of so many arguments, of which some have names; nil where it can be made.
    func objection(count: Int, names: [String?]) -> ArgumentError? {
        do throws(ArgumentError) {
            switch kind {
            case .builtin(let builtin):
                _ = try Binder.places(
                    builtin.name, parameters: builtin.parameters.map { ($0.name, $0.isRequired) },
                    rest: builtin.parameters.firstIndex { $0.isRest }, count: count, names: names)
            case .closure(let code, _):
                _ = try Binder.places(
                    name, parameters: code.parameters.map { ($0.name, $0.fallback == nil) }, rest: nil, count: count, names: names)
            }
            return nil
        } catch {
            return error
        }
    }
}

extension Session {
    /// Finds all mistakes of a text without running it.
    public func check(source: String, name: String) throws { try check(Source(name: name, text: source), directory: ".") }

    /// Finds all mistakes of bytes, which may not be UTF-8.
    public func check(bytes: [UInt8], name: String) throws { try check(try Source(name: name, bytes: bytes), directory: ".") }

    /// Finds all mistakes of a file and of what it imports. Throws `SyntaxErrors`, and what reading throws.
    public func check(file path: String) throws {
        try check(try Source(name: path, bytes: try ScriptFile.read(path)), directory: ScriptFile.directory(path))
    }

    private func check(_ source: Source, directory: String) throws {
        try prepare()
        let diagnostics = try BigStack.run { _ -> [Diagnostic] in
            var checker = Checker(inheritedNames: names, inherited: { [unowned self] in main.inherited($0) })
            checker.check(source, directory: directory) { script throws(SyntaxErrors) in
                _ = try Compiler.compile(script, in: Module(directory: directory, library: library, builtins: builtins))
            }
            return checker.found
        }
        if !diagnostics.isEmpty { throw SyntaxErrors(diagnostics) }
    }
}
