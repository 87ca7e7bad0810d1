import Syntax

extension Expression {
    /// Visits the expressions directly below; those in a function's body and defaults only when asked for.
    package func forEachChild(intoFunctions: Bool, _ visit: (Expression) -> Void) {
        switch kind {
        case .none, .boolean, .number, .name, .breakLoop, .continueLoop, .importFile: break
        case .string(let pieces):
            for case .value(let e, _) in pieces { visit(e) }
        case .list(let items), .block(let items): items.forEach(visit)
        case .comprehension(let element, let clauses):
            visit(element)
            for clause in clauses {
                switch clause {
                case .each(_, let e), .filter(let e): visit(e)
                }
            }
        case .record(let fields): for field in fields { visit(field.value) }
        case .range(let a, let b), .binary(_, let a, let b, _), .and(let a, let b), .or(let a, let b):
            visit(a)
            visit(b)
        case .lambda(let node), .define(let node):
            if intoFunctions {
                for parameter in node.parameters { if let fallback = parameter.fallback { visit(fallback) } }
                visit(node.body)
            }
        case .call(let callee, let arguments):
            visit(callee)
            for argument in arguments { visit(argument.value) }
        case .index(let base, let items):
            visit(base)
            for item in items {
                switch item {
                case .at(let e): visit(e)
                case .slice(let a, let b, _):
                    if let a { visit(a) }
                    if let b { visit(b) }
                case .ellipsis: break
                }
            }
        case .field(let e, _, _), .unary(_, let e), .group(let e), .spread(let e), .bind(_, _, let e), .unpack(_, let e): visit(e)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                visit(branch.condition)
                visit(branch.body)
            }
            if let otherwise { visit(otherwise) }
        case .bindItem(_, _, let a, let b):
            visit(a)
            visit(b)
        case .attempt(let a, _, _, let b), .forLoop(_, let a, let b), .whileLoop(let a, let b):
            visit(a)
            visit(b)
        case .returnValue(let e): if let e { visit(e) }
        }
    }
}

/// Which names a text binds and which its inner functions read: what decides where a variable lives.
enum Names {
    /// Names bound by the function or script itself, not by functions within; in order of appearance.
    static func bound(in expressions: [Expression]) -> [String] {
        var out: [String] = []
        var seen: Set<String> = []
        func add(_ name: String) { if seen.insert(name).inserted { out.append(name) } }
        forEachBinding(in: expressions) { name, _ in add(name) }
        return out
    }

    /// Names that stand anywhere inside functions defined here. A few too many do no harm.
    static func readByInner(in expressions: [Expression]) -> Set<String> {
        var out: Set<String> = []
        func collect(_ e: Expression) {
            if case .name(let name) = e.kind { out.insert(name) }
            e.forEachChild(intoFunctions: true, collect)
        }
        func visit(_ e: Expression) {
            switch e.kind {
            case .lambda, .define: e.forEachChild(intoFunctions: true, collect)
            default: e.forEachChild(intoFunctions: false, visit)
            }
        }
        expressions.forEach(visit)
        return out
    }
}
