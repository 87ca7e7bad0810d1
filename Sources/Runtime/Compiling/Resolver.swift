import Support
import Syntax

/// Finds, without running a script, what would stop it: names that nothing binds, and calls that do not fit the functions they name.
///
/// A name counts as bound where it is bound anywhere in its function, so that the order of statements is not judged.
struct Resolver {
    private let source: Source
    private let module: Module
    /// Names that statements with mistakes may have bound.
    private let doubtful: Set<String>
    /// Brackets that were never closed: what a call gives there is not known.
    private let unclosed: Set<Int>
    private var found: [Diagnostic] = []
    private var scopes: [Scope] = []
    /// Each is told once.
    private var unknown: Set<String> = []
    private var polling = StopPoll()

    private struct Scope {
        var names: Set<String>
        /// Functions that are the only thing bound to their names here.
        var functions: [String: FunctionNode] = [:]
    }

    /// - Parameters:
    ///   - survey: what could be parsed, and what is known of the rest.
    ///   - imported: the names that its imports bind; nil where that is not known, and then only calls are looked at.
    ///   - module: what the script sees besides its own names.
    static func mistakes(in survey: Parser.Survey, imported: Set<String>?, module: Module) -> [Diagnostic] {
        let script = survey.script
        var resolver = Resolver(survey, module)
        resolver.enter(script.statements, parameters: [], more: imported ?? [])
        for statement in script.statements { resolver.visit(statement) }
        return imported == nil ? resolver.found.filter { !$0.message.hasPrefix(Self.noName) } : resolver.found
    }

    private static let noName = "there is no name"

    private init(_ survey: Parser.Survey, _ module: Module) {
        (source, doubtful, unclosed) = (survey.script.source, survey.doubtful, survey.unclosed)
        self.module = module
    }

    /// A scope with what the body binds.
    private mutating func enter(_ body: [Expression], parameters: [String], more: Set<String> = []) {
        var scope = Scope(names: Set(Names.bound(in: body)).union(parameters).union(more))
        var counts: [String: Int] = [:]
        Names.forEachBinding(in: body) { name, node in
            counts[name, default: 0] += 1
            scope.functions[name] = node
        }
        for name in parameters + Array(more) { counts[name, default: 0] += 1 }
        scope.functions = scope.functions.filter { counts[$0.key] == 1 && !doubtful.contains($0.key) }
        scopes.append(scope)
    }

    private mutating func visit(_ e: Expression) {
        if polling.isStopped() { return }
        switch e.kind {
        case .name(let name): read(name, e.span)
        case .lambda(let node), .define(let node):
            enter([node.body], parameters: node.parameters.flatMap { $0.pattern.names.map(\.name) })
            for parameter in node.parameters { if let fallback = parameter.fallback { visit(fallback) } }
            visit(node.body)
            scopes.removeLast()
        case .comprehension(let element, let clauses):
            let depth = scopes.count
            for clause in clauses {
                switch clause {
                case .filter(let condition): visit(condition)
                case .each(let pattern, let sequence):
                    visit(sequence)
                    scopes.append(Scope(names: Set(pattern.names.map(\.name))))
                }
            }
            visit(element)
            scopes.removeLast(scopes.count - depth)
        case .call(let callee, let arguments):
            if case .name(let name) = callee.kind, !isUnclosed(after: callee) { check(name, arguments, e.span) }
            visit(callee)
            for argument in arguments { visit(argument.value) }
        default:
            var children: [Expression] = []
            e.forEachChild(intoFunctions: false) { children.append($0) }
            for child in children { visit(child) }
        }
    }

    /// Whether the `(` that follows was never closed.
    private func isUnclosed(after callee: Expression) -> Bool {
        guard !unclosed.isEmpty else { return false }
        let end = source.bytes.count
        var place = callee.span.end
        while place < end, source.bytes[place] != UInt8(ascii: "(") { place += 1 }
        return unclosed.contains(place)
    }

    private mutating func report(_ message: String, hint: String?, _ span: Span) {
        if found.count < Parser.mostDiagnostics { found.append(Diagnostic(message, hint: hint, source: source, span: span)) }
    }

    private mutating func read(_ name: String, _ span: Span) {
        if doubtful.contains(name) || scopes.contains(where: { $0.names.contains(name) }) || module.value(name) != nil { return }
        guard unknown.insert(name).inserted, found.count < Parser.mostDiagnostics else { return }
        let known = scopes.reduce(into: Set(module.visibleNames)) { $0.formUnion($1.names) }
        report("\(Self.noName) `\(name)`", hint: ForeignNames.hint(for: name) ?? Text.nearest(to: name, among: known.sorted()).map { "did you mean `\($0)`?" }, span)
    }

    /// Whether the arguments fit the function that a name stands for, where that is certain.
    private mutating func check(_ name: String, _ arguments: [ArgumentNode], _ span: Span) {
        if arguments.contains(where: \.value.isSpread) { return }
        let parameters: [(name: String, isRequired: Bool)], rest: Int?
        if let scope = scopes.last(where: { $0.names.contains(name) }) {
            guard let node = scope.functions[name] else { return }
            parameters = node.parameters.map { ($0.name, $0.fallback == nil && !$0.isRest) }
            rest = node.parameters.firstIndex(where: \.isRest)
        } else {
            guard !doubtful.contains(name), case .function(let function)? = module.value(name) else { return }
            switch function.kind {
            case .builtin(let builtin):
                parameters = builtin.parameters.map { ($0.name, $0.isRequired) }
                rest = builtin.parameters.firstIndex(where: \.isRest)
            case .closure(let code, _):
                parameters = code.parameters.enumerated().map { ($1.name, $1.fallback == nil && $0 != code.rest) }
                rest = code.rest
            }
        }
        do {
            _ = try Binder.places(name, parameters: parameters, rest: rest, count: arguments.count, names: arguments.map(\.name))
        } catch {
            report(error.message, hint: error.hint, error.argument.map { arguments[$0].span } ?? span)
        }
    }
}

extension Names {
    /// Visits what the function or script itself binds, functions within left out; the function where a name is bound to one as it is written.
    static func forEachBinding(in expressions: [Expression], _ visit: (String, FunctionNode?) -> Void) {
        func walk(_ e: Expression) {
            switch e.kind {
            case .bind(let name, _, let value):
                if case .lambda(let node) = value.kind { visit(name, node) } else { visit(name, nil) }
            case .define(let node): visit(node.name ?? "", node)
            case .bindItem(let name, _, _, _): visit(name, nil)
            case .unpack(let pattern, _), .forLoop(let pattern, _, _): for (name, _) in pattern.names { visit(name, nil) }
            case .attempt(_, let name, _, _): if let name { visit(name, nil) }
            default: break
            }
            e.forEachChild(intoFunctions: false, walk)
        }
        expressions.forEach(walk)
    }
}
