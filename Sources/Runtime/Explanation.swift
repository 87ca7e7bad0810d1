import Support
import Syntax

extension Session {
    /// All that is known of an error: every call that led to it with its line, those within the library too, and what the names on those lines hold now.
    public func explain(_ error: any Error) -> String {
        guard let error = error as? ScriptError else { return render(error) }
        var out = "error: \(error.message)\n" + Picture.place(error.source, error.span)
        let most = 30
        for (i, call) in error.trace.enumerated() {
            if i == most {
                out += "… \(error.trace.count - most) more calls …\n"
                break
            }
            out += "in a call of \(call.function), made here:\n" + Picture.place(call.source, call.span)
        }
        let names = namesRead(in: [(error.source, error.span)] + error.trace.prefix(most).map { ($0.source, $0.span) })
        let width = names.reduce(0) { max($0, Width.of($1)) }
        for (i, name) in names.enumerated() {
            guard let value = main.value(name) else { continue }
            let text = describe(value)
            out +=
                (i == 0 ? "now:  " : "      ") + name + String(repeating: " ", count: width - Width.of(name)) + " = "
                + (text.isEmpty ? "none" : text) + "\n"
        }
        if let hint = error.hint { out += "help: \(hint)\n" }
        return out
    }

    /// The user's own names, other than functions, on the lines of these places, in order of appearance. What a function around a place binds
    /// is not the user's name of that spelling.
    private func namesRead(in places: [(source: Source, span: Span)]) -> [String] {
        let bound = Set(userNames)
        var out: [String] = []
        for (source, span) in places where !source.isLibrary {
            let line = source.lineSpan(source.lineIndex(at: span.start))
            let text = source.text(Span(line.start, min(line.end, line.start + 2000)))
            let local = Self.localNames(around: span.start, in: source)
            for word in text.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }).map(String.init) {
                guard bound.contains(word), !local.contains(word), !out.contains(word) else { continue }
                if case .function? = main.value(word) { continue }
                out.append(word)
            }
        }
        return Array(out.prefix(20))
    }

    /// The parameters and variables of the functions around a place.
    private static func localNames(around place: Int, in source: Source) -> Set<String> {
        var names: Set<String> = []
        func visit(_ e: Expression) {
            guard e.span.start <= place, place < e.span.end else { return }
            switch e.kind {
            case .lambda(let node), .define(let node):
                names.formUnion(node.parameters.flatMap { $0.pattern.names.map(\.name) } + Names.bound(in: [node.body]))
            case .comprehension(_, let clauses):
                for case .each(let pattern, _) in clauses { names.formUnion(pattern.names.map(\.name)) }
            default: break
            }
            e.forEachChild(intoFunctions: true, visit)
        }
        Parser.survey(source).script.statements.forEach(visit)
        return names
    }
}
