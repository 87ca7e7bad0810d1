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
    private var found: [Diagnostic] = []
    private var scopes: [Scope] = []
    /// Each is told once.
    private var unknown: Set<String> = []

    private struct Scope {
        var names: Set<String>
        /// Functions that are the only thing bound to their names here.
        var functions: [String: FunctionNode] = [:]
    }

    /// - Parameters:
    ///   - script: what could be parsed.
    ///   - imported: the names that its imports bind; nil where that is not known, and then only calls are looked at.
    ///   - doubtful: names that may be bound in what could not be parsed.
    ///   - module: what the script sees besides its own names.
    static func mistakes(in script: Script, imported: Set<String>?, doubtful: Set<String>, module: Module) -> [Diagnostic] {
        var resolver = Resolver(source: script.source, module: module, doubtful: doubtful)
        resolver.enter(script.statements, parameters: [], more: imported ?? [])
        for statement in script.statements { resolver.visit(statement) }
        return imported == nil ? resolver.found.filter { !$0.message.hasPrefix(Self.noName) } : resolver.found
    }

    private static let noName = "there is no name"

    private init(source: Source, module: Module, doubtful: Set<String>) {
        (self.source, self.module, self.doubtful) = (source, module, doubtful)
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
            if case .name(let name) = callee.kind { check(name, arguments, e.span) }
            visit(callee)
            for argument in arguments { visit(argument.value) }
        default:
            var children: [Expression] = []
            e.forEachChild(intoFunctions: false) { children.append($0) }
            for child in children { visit(child) }
        }
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
