import Glibc
import Syntax

func parse(_ text: String) throws -> Script { try Parser.parse(Source(name: "t.ss", text: text)) }

/// The mistakes of a text: "line:column message".
func mistakes(_ text: String) -> [String] {
    do {
        _ = try parse(text)
        return []
    } catch let errors as SyntaxErrors {
        return errors.diagnostics.map { d in
            let (line, column) = d.source.position(at: d.span.start)
            return "\(line):\(column) \(d.message)"
        }
    } catch {
        return ["\(error)"]
    }
}

/// A tree in words, with every grouping shown: (+ 1 (* 2 3)).
func tree(_ text: String) -> String {
    do {
        return try parse(text).statements.map(words).joined(separator: " ; ")
    } catch let errors as SyntaxErrors {
        return "error: " + (errors.diagnostics.first?.message ?? "")
    } catch {
        return "\(error)"
    }
}

private func words(_ e: Expression) -> String {
    func list(_ head: String, _ parts: [Expression]) -> String { "(" + ([head] + parts.map(words)).joined(separator: " ") + ")" }
    func parameters(_ node: FunctionNode) -> String {
        "[" + node.parameters.map { p in (p.isRest ? "..." : "") + (p.fallback.map { "\(p.name)=\(words($0))" } ?? p.name) }.joined(separator: " ") + "]"
    }
    func pattern(_ p: Pattern) -> String {
        switch p {
        case .name(let name, _): name
        case .list(let before, let rest, let after, _):
            "[" + (before.map(pattern) + (rest.map { ["...\($0.name)"] } ?? []) + after.map(pattern)).joined(separator: " ") + "]"
        case .record(let fields, let rest, _):
            "{" + (fields.map { "\($0.name):\(pattern($0.pattern))" } + (rest.map { ["...\($0.name)"] } ?? [])).joined(separator: " ") + "}"
        }
    }
    switch e.kind {
    case .none: return "none"
    case .boolean(let b): return "\(b)"
    case .number(let x): return x == x.rounded() && abs(x) < 1e15 ? "\(Int(x))" : "\(x)"
    case .string(let pieces):
        return "\""
            + pieces.map { piece in
                switch piece {
                case .text(let text): text
                case .value(let e, let format): "{\(words(e))\(format == nil ? "" : ":f")}"
                }
            }.joined() + "\""
    case .name(let name): return name
    case .list(let items): return list("list", items)
    case .comprehension(let element, let clauses):
        return "(comp \(words(element))"
            + clauses.map { clause in
                switch clause {
                case .each(let p, let e): " for \(pattern(p)) \(words(e))"
                case .filter(let e): " if \(words(e))"
                }
            }.joined() + ")"
    case .record(let fields): return "(record" + fields.map { " \($0.name ?? "..."):\(words($0.value))" }.joined() + ")"
    case .range(let a, let b): return list(":", [a, b])
    case .lambda(let node): return "(-> \(parameters(node)) \(words(node.body)))"
    case .call(let callee, let arguments):
        return "(call \(words(callee))" + arguments.map { " " + ($0.name.map { "\($0)=" } ?? "") + words($0.value) }.joined() + ")"
    case .index(let base, let items):
        return "(index \(words(base))"
            + items.map { item in
                switch item {
                case .at(let e): " \(words(e))"
                case .slice(let a, let b, _): " \(a.map(words) ?? "")..\(b.map(words) ?? "")"
                case .ellipsis: " …"
                }
            }.joined() + ")"
    case .field(let base, let name, _): return "(. \(words(base)) \(name))"
    case .unary(let op, let e): return list(op.rawValue, [e])
    case .binary(let op, let a, let b, _): return list(op.rawValue, [a, b])
    case .and(let a, let b): return list("and", [a, b])
    case .or(let a, let b): return list("or", [a, b])
    case .group(let e): return words(e)
    case .spread(let e): return list("...", [e])
    case .unpack(let p, let e): return "(= \(pattern(p)) \(words(e)))"
    case .conditional(let branches, let otherwise):
        return "(if" + branches.map { " \(words($0.condition)) \(words($0.body))" }.joined()
            + (otherwise.map { " else \(words($0))" } ?? "") + ")"
    case .attempt(let body, let name, _, let handler): return "(try \(words(body)) \(name ?? "_") \(words(handler)))"
    case .block(let items): return "{" + items.map(words).joined(separator: "; ") + "}"
    case .bind(let name, _, let value): return "(= \(name) \(words(value)))"
    case .bindItem(let name, _, let place, let item): return "(= (at \(name) \(words(place))) \(words(item)))"
    case .define(let node): return "(fn \(node.name ?? "") \(parameters(node)) \(words(node.body)))"
    case .forLoop(let p, let e, let body): return "(for \(pattern(p)) \(words(e)) \(words(body)))"
    case .whileLoop(let e, let body): return "(while \(words(e)) \(words(body)))"
    case .breakLoop: return "break"
    case .continueLoop: return "continue"
    case .returnValue(let e): return "(return\(e.map { " " + words($0) } ?? ""))"
    case .importFile(let path): return "(import \(path))"
    }
}

func readFile(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let n = fread(&buffer, 1, buffer.count, file), n > 0 { bytes += buffer[0..<n] }
    return String(decoding: bytes, as: UTF8.self)
}

func listFiles(_ folder: String, _ suffix: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasSuffix(suffix) { names.append(name) }
    }
    return names.sorted()
}
