import Support
import Syntax

/// Why a function cannot be written as text.
public enum FunctionTextError: ExplainedError {
    /// It reads a value that has no text.
    case value(function: String, name: String, holds: String)
    /// It reads a name without a value.
    case unbound(function: String, name: String)
    /// It calls itself by a name that now stands for something else.
    case rebound(function: String)
    /// Functions of one name call one another.
    case circle(name: String)
    /// Its text and that of what it reads is out of proportion.
    case tooLong(function: String, most: Int)
    /// Lists or records within one another, deeper than a script may write them.
    case tooDeep(function: String, name: String)

    public var message: String {
        switch self {
        case .value(let function, let name, let holds):
            "\(function) reads `\(name)`, which holds \(holds), and that cannot be written as text"
        case .unbound(let function, let name): "\(function) reads `\(name)`, which has no value"
        case .rebound(let function): "\(function) calls itself as `\(function)`, which stands for something else by now"
        case .circle(let name): "functions that go by the name `\(name)` call one another, which cannot be written as text"
        case .tooLong(let function, let most): "\(function) and the values that it reads are more than \(Text.bytes(most)) of text"
        case .tooDeep(let function, let name): "\(function) reads `\(name)`, whose lists are nested too deeply to be written as text"
        }
    }

    public var hint: String? {
        switch self {
        case .value: "hand it over as an argument, or have the function make it itself"
        case .unbound: "bind the name first"
        case .rebound, .circle: "give each function a name of its own"
        case .tooLong, .tooDeep: nil
        }
    }
}

extension Function {
    /// The function as an expression of the language, with the values of the names around it that it reads: numbers, strings, booleans, none, lists, records,
    /// ranges and other functions of scripts, however they depend on one another. What belongs to every session, builtins and the library, goes by its name.
    ///
    /// Evaluated in a fresh session the text gives the same function. Two functions of one definition that read equal values have the same text, so that
    /// it, or a hash of it, tells whether a function has changed. Throws `FunctionTextError` where the function reads a volume, mask, transform, tensor, model
    /// or figure.
    public func text() throws(FunctionTextError) -> String {
        var writer = FunctionWriter(self, inlining: false)
        return try writer.text()
    }

    /// As `text`, but with the functions of the library written out too, since another version's may differ; and the builtins that it reads. Throws as `text`.
    public func textWithLibrary() throws(FunctionTextError) -> (text: String, builtins: [Builtin]) {
        var writer = FunctionWriter(self, inlining: true)
        return (try writer.text(), writer.builtins)
    }

    /// A builtin's name, or that of a function of the library unless those are written out; nil for functions of scripts.
    fileprivate func inheritedName(inlining: Bool) -> String? {
        switch kind {
        case .builtin(let builtin): return builtin.inner == nil ? builtin.name : nil
        case .closure(let code, _):
            guard !inlining, let name = code.name, code.module.library == nil, case .function(let known)? = code.module.value(name),
                known === self
            else { return nil }
            return name
        }
    }
}

/// Gathers what a function depends on, gives each part a name of its own, and writes the parts so that each finds what it reads.
///
/// All parts become bindings of one block. Where two functions mean different things by one name, the later one is written within a call that hands it its own
/// meaning: `((k) -> { … })(k_2)`.
private struct FunctionWriter {
    /// Something that names stand for.
    private struct Part {
        enum Kind {
            case function(Function, FunctionCode)
            /// Text with parts in it: functions within lists and records.
            case data([Piece])
            case inherited(String, Function)
        }
        enum Piece {
            case text(String)
            case part(Int)
        }
        let kind: Kind
        /// For functions: what each name that it reads stands for.
        var reads: [(name: String, part: Int)] = []
        var name: String?
    }

    private static let longest = 16 << 20
    private static let deepest = 200

    private let root: Function
    private let inlining: Bool
    private var parts: [Part] = []
    private var functions: [ObjectIdentifier: Int] = [:]
    private var data: [String: Int] = [:]
    /// What names of the block stand for.
    private var names: [String: Int] = [:]
    private var size = 0

    init(_ root: Function, inlining: Bool) { (self.root, self.inlining) = (root, inlining) }

    /// Those that were found while the text was made.
    var builtins: [Builtin] {
        let found = parts.compactMap { part in if case .inherited(_, let function) = part.kind { function.builtin } else { nil } }
        return root.builtin.map { [$0] } ?? found
    }

    mutating func text() throws(FunctionTextError) -> String {
        if let inner = root.builtin?.inner {
            self = FunctionWriter(inner, inlining: inlining)
            return try text()
        }
        if let name = root.inheritedName(inlining: inlining) { return name }
        try gather()
        nameParts()
        return try write()
    }

    // MARK: - Gathering

    private mutating func gather() throws(FunctionTextError) {
        _ = part(of: root)
        var next = 0
        while next < parts.count {
            if case .function(let function, let code) = parts[next].kind, case .closure(_, let captured) = function.kind {
                var reads: [(String, Int)] = []
                for (name, cell) in zip(code.captureNames, captured) { reads.append((name, try part(of: cell.value, name, function))) }
                for name in code.globalNames { reads.append((name, try part(of: code.module.value(name), name, function))) }
                parts[next].reads = reads
                try grow(code.span.end - code.span.start, function)
            }
            next += 1
        }
    }

    private mutating func grow(_ bytes: Int, _ reader: Function) throws(FunctionTextError) {
        size += bytes
        if size > Self.longest { throw .tooLong(function: reader.name, most: Self.longest) }
    }

    private mutating func add(_ kind: Part.Kind) -> Int {
        parts.append(Part(kind: kind))
        return parts.count - 1
    }

    private mutating func part(of function: Function) -> Int {
        // What only keeps another's results means the same.
        if let inner = function.builtin?.inner { return part(of: inner) }
        if let name = function.inheritedName(inlining: inlining) {
            if let known = data[name] { return known }
            let index = add(.inherited(name, function))
            data[name] = index
            return index
        }
        if let known = functions[ObjectIdentifier(function)] { return known }
        guard case .closure(let code, _) = function.kind else { return add(.inherited(function.name, function)) }
        let index = add(.function(function, code))
        functions[ObjectIdentifier(function)] = index
        return index
    }

    private mutating func part(of value: Value?, _ name: String, _ reader: Function) throws(FunctionTextError) -> Int {
        guard let value else { throw .unbound(function: reader.name, name: name) }
        if case .function(let function) = value { return part(of: function) }
        var pieces: [Part.Piece] = []
        var text = ""
        if value.depth > Self.deepest { throw .tooDeep(function: reader.name, name: name) }
        try write(value, name, reader, &pieces, &text)
        pieces.append(.text(text))
        // Names of builtins are no data: the two cannot be the same key.
        let key = pieces.map { piece in
            switch piece {
            case .text(let text): "=" + text
            case .part(let i): "#\(i)"
            }
        }.joined(separator: "\u{0}")
        if let known = data[key] { return known }
        let index = add(.data(pieces))
        data[key] = index
        return index
    }

    private mutating func write(_ value: Value, _ name: String, _ reader: Function, _ pieces: inout [Part.Piece], _ text: inout String)
        throws(FunctionTextError)
    {
        let before = text.utf8.count
        switch value {
        case .none: text += "none"
        case .boolean(let b): text += b ? "true" : "false"
        case .number(let x): text += Self.literal(x)
        case .string(let s): text += Value.quoted(s)
        case .range(let r): text += "(\(r.start):\(r.end))"
        case .list(let list):
            text += "["
            for (i, item) in list.enumerated() {
                if i > 0 { text += ", " }
                try write(item, name, reader, &pieces, &text)
            }
            text += "]"
            return
        case .record(let record):
            text += "{"
            for (i, (field, item)) in record.fields.enumerated() {
                let label = (i > 0 ? ", " : "") + (Value.isPlainName(field) ? field : Value.quoted(field)) + ": "
                text += label
                try grow(label.utf8.count, reader)
                try write(item, name, reader, &pieces, &text)
            }
            text += "}"
            return
        case .function(let function):
            pieces.append(.text(text))
            text = ""
            pieces.append(.part(part(of: function)))
            return
        case .volume, .mask, .transform, .tensor, .model, .figure, .pending:
            throw .value(function: reader.name, name: name, holds: value.mention)
        }
        // With the comma and the brackets around it.
        try grow(text.utf8.count - before + 2, reader)
    }

    /// The shortest text that reads back as the same number.
    private static func literal(_ x: Double) -> String {
        if x.isNaN { return "(0 / 0)" }
        if x.isInfinite { return x < 0 ? "(-1 / 0)" : "(1 / 0)" }
        let text = "\(x)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    // MARK: - Names

    private mutating func nameParts() {
        // What every session has keeps its name, whatever functions bind by it.
        for i in parts.indices {
            guard case .inherited(let name, _) = parts[i].kind else { continue }
            parts[i].name = name
            names[name] = i
        }
        var used: Set<String> = []
        for part in parts {
            for (name, target) in part.reads {
                used.insert(name)
                if names[name] == nil { names[name] = target }
                if names[name] == target, parts[target].name == nil { parts[target].name = name }
            }
        }
        for i in parts.indices {
            guard case .function(_, let code) = parts[i].kind, code.isDefinition, let name = code.name else { continue }
            if names[name] == nil { names[name] = i }
            if names[name] == i { parts[i].name = name }
        }
        var counts: [String: Int] = [:]
        func fresh(_ base: String) -> String {
            while true {
                let n = counts[base, default: 1] + 1
                counts[base] = n
                let name = "\(base)_\(n)"
                if !used.contains(name), names[name] == nil { return name }
            }
        }
        func give(_ i: Int, _ base: String) {
            if parts[i].name != nil { return }
            let name = fresh(base)
            parts[i].name = name
            names[name] = i
        }
        for i in parts.indices { for (name, target) in parts[i].reads { give(target, name) } }
        // Functions that stand in lists have been read by no name.
        for i in parts.indices.dropFirst() {
            guard case .function(_, let code) = parts[i].kind else { continue }
            give(i, code.name ?? "f")
        }
    }

    private func name(_ i: Int) -> String { parts[i].name ?? "f" }

    // MARK: - Writing

    /// The names by which a function means something else than the block does, without those by which it means itself.
    private func foreign(_ i: Int) -> [(name: String, part: Int)] { parts[i].reads.filter { names[$0.name] != $0.part && $0.part != i } }

    /// The names by which a function means itself, which the block has given to something else.
    private func own(_ i: Int) -> [String] { parts[i].reads.filter { names[$0.name] != i && $0.part == i }.map(\.name) }

    /// What must have been evaluated before this part is.
    private func needs(_ i: Int) -> [Int] {
        switch parts[i].kind {
        case .function: foreign(i).map(\.part)
        case .data(let pieces): pieces.compactMap { if case .part(let p) = $0 { p } else { nil } }
        case .inherited: []
        }
    }

    private func write() throws(FunctionTextError) -> String {
        var aliases: [Int: [String]] = [:]
        for (name, i) in names where name != parts[i].name { aliases[i, default: []].append(name) }
        var lines: [String] = []
        for i in try order() {
            if i == 0, parts[0].name == nil { continue }
            if let statement = try statement(i) { lines.append(statement) }
            for alias in (aliases[i] ?? []).sorted() { lines.append("\(alias) = \(name(i))") }
        }
        let result: String
        if let name = parts[0].name { result = name } else { result = try expression(0) }
        return lines.isEmpty ? result : Self.block("", lines + [result]) + "()"
    }

    private static func block(_ parameters: String, _ lines: [String]) -> String {
        "((\(parameters)) -> {\n\(lines.joined(separator: "\n"))\n})"
    }

    /// All parts, each after those that it needs. Throws where functions need one another in a circle.
    private func order() throws(FunctionTextError) -> [Int] {
        var out: [Int] = []
        /// 1 while a part's needs are looked at, 2 when it is in the order.
        var state = [UInt8](repeating: 0, count: parts.count)
        for start in parts.indices.reversed() {
            var stack: [(part: Int, needs: [Int])] = []
            func enter(_ i: Int) {
                state[i] = 1
                stack.append((i, needs(i)))
            }
            if state[start] == 0 { enter(start) }
            while let (i, left) = stack.last {
                guard let need = left.last else {
                    stack.removeLast()
                    state[i] = 2
                    out.append(i)
                    continue
                }
                stack[stack.count - 1].needs.removeLast()
                if state[need] == 1 { throw .circle(name: name(need)) }
                if state[need] == 0 { enter(need) }
            }
        }
        return out
    }

    /// The line that binds a part to its name; nil for what has its name in every session.
    private func statement(_ i: Int) throws(FunctionTextError) -> String? {
        switch parts[i].kind {
        case .inherited: return nil
        case .data(let pieces):
            return "\(name(i)) = "
                + pieces.map { piece in
                    switch piece {
                    case .text(let text): text
                    case .part(let p): name(p)
                    }
                }.joined()
        case .function(let function, let code):
            if code.isDefinition, code.name == parts[i].name, foreign(i).isEmpty, own(i).isEmpty {
                try checkOwnName(i, function, code)
                return function.sourceText ?? ""
            }
            return "\(name(i)) = \(try expression(i))"
        }
    }

    /// A function as an expression that may stand in the block.
    private func expression(_ i: Int) throws(FunctionTextError) -> String {
        guard case .function(let function, let code) = parts[i].kind else { return name(i) }
        let source = function.sourceText ?? ""
        let foreign = foreign(i), own = own(i)
        if !code.isDefinition, foreign.isEmpty, own.isEmpty {
            // Within brackets a line's end ends nothing, as it may have been where the function was written.
            return source.contains { $0.isNewline } ? "(\(source))" : source
        }
        try checkOwnName(i, function, code)
        let inner: String
        var lines: [String]
        if code.isDefinition {
            inner = code.name ?? ""
            lines = [source]
        } else {
            inner = own.first ?? "f"
            lines = [own.isEmpty ? "(\(source))" : "\(inner) = (\(source))"]
        }
        for name in own where name != inner { lines.append("\(name) = \(inner)") }
        if code.isDefinition || !own.isEmpty { lines.append(inner) }
        return Self.block(foreign.map(\.name).joined(separator: ", "), lines) + "(\(foreign.map { name($0.part) }.joined(separator: ", ")))"
    }

    /// A definition binds its own name: nothing else may be meant by it.
    private func checkOwnName(_ i: Int, _ function: Function, _ code: FunctionCode) throws(FunctionTextError) {
        if code.isDefinition, parts[i].reads.contains(where: { $0.name == code.name && $0.part != i }) {
            throw .rebound(function: function.name)
        }
    }
}
