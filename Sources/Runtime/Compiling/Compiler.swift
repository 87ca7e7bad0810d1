import Support
import Syntax

/// Turns a tree into code in which every variable is a known place.
final class Compiler {
    let module: Module
    let source: Source
    var diagnostics: [Diagnostic] = []
    private var polling = StopPoll()

    /// What is known while one function's body is compiled.
    final class Scope {
        let parent: Scope?
        let code: FunctionCode
        /// Innermost last: the function's own names, then those of comprehensions around the current place.
        var levels: [[String: Place]] = [[:]]
        /// Names that functions within read; such variables outlive the call.
        let readByInner: Set<String>
        var loops = 0

        init(_ code: FunctionCode, parent: Scope?, readByInner: Set<String>) {
            self.code = code
            self.parent = parent
            self.readByInner = readByInner
        }

        /// A new variable of the innermost level.
        func declare(_ name: String) -> Place {
            let place: Place
            if readByInner.contains(name) {
                place = .cell(code.cellCount)
                code.cellCount += 1
            } else {
                place = .slot(code.slotCount)
                code.slotCount += 1
            }
            levels[levels.count - 1][name] = place
            return place
        }

        func find(_ name: String) -> Place? {
            for level in levels.reversed() { if let place = level[name] { return place } }
            guard let outer = parent?.find(name) else { return nil }
            if let i = code.captures.firstIndex(of: outer) { return .captured(i) }
            code.captures.append(outer)
            code.captureNames.append(name)
            return .captured(code.captures.count - 1)
        }

        /// Notes a name that no function around this place binds, in each of them.
        func reads(global name: String) {
            guard let parent else { return }
            code.reads(global: name)
            parent.reads(global: name)
        }
    }

    init(_ module: Module, _ source: Source) {
        self.module = module
        self.source = source
    }

    /// The code of a script's top level. Throws `SyntaxErrors` for statements that stand where they cannot. After a Ctrl-C the code is of no use.
    static func compile(_ script: Script, in module: Module) throws(SyntaxErrors) -> FunctionCode {
        let compiler = Compiler(module, script.source)
        let code = FunctionCode(name: nil, source: script.source, span: Span(0, script.source.bytes.count), doc: nil, module: module)
        let scope = Scope(code, parent: nil, readByInner: Names.readByInner(in: script.statements))
        code.body = BlockCode(script.statements.map { compiler.compile($0, scope) }, code.span)
        compiler.finish(code)
        if !compiler.diagnostics.isEmpty { throw SyntaxErrors(compiler.diagnostics) }
        return code
    }

    private func report(_ message: String, hint: String? = nil, _ span: Span) -> Code {
        diagnostics.append(Diagnostic(message, hint: hint, source: source, span: span))
        return Literal(.none, span)
    }

    /// The place that binding a name writes to: this function's, or the top level's.
    func target(_ name: String, _ scope: Scope) -> (place: Place?, global: Cell?) {
        if scope.isTop { return (nil, module.cell(name)) }
        return (scope.levels[0][name] ?? scope.declare(name), nil)
    }

    /// A lambda that is bound to a name at once goes by that name in messages.
    func function(_ node: FunctionNode, in scope: Scope, named name: String? = nil) -> FunctionCode {
        let code = FunctionCode(
            name: node.name ?? name, source: source, span: node.span, doc: node.doc, module: module, isDefinition: node.name != nil)
        let fallbacks = node.parameters.compactMap(\.fallback)
        let inner = Scope(code, parent: scope, readByInner: Names.readByInner(in: [node.body] + fallbacks))
        // An argument whose parts are named goes to a variable without a name, and is taken apart first of all.
        let places = node.parameters.map { $0.pattern.isName ? inner.declare($0.name) : .slot(anonymous(inner)) }
        let unpacking = zip(node.parameters, places).map { parameter, place -> UnpackCode? in
            guard !parameter.pattern.isName, case .slot(let slot) = place else { return nil }
            return unpack(parameter.pattern, slot) { name in (inner.levels[0][name] ?? inner.declare(name), nil) }
        }
        for name in Names.bound(in: [node.body]) where inner.levels[0][name] == nil { _ = inner.declare(name) }
        code.parameters = node.parameters.indices.map { i in
            let parameter = node.parameters[i]
            return .init(
                name: parameter.name, place: places[i], fallback: parameter.fallback.map { compile($0, inner) },
                fallbackText: parameter.fallback.map { source.text($0.span) }, unpack: fallbacks.isEmpty ? nil : unpacking[i])
        }
        code.rest = node.parameters.firstIndex(where: \.isRest)
        if case .block(let statements) = node.body.kind {
            code.isExpression = false
            code.body = tail(statements, node.body.span, inner)
        } else {
            code.body = compile(node.body, inner)
        }
        let first = unpacking.compactMap { $0 }
        if !first.isEmpty {
            if code.isExpression { code.body = ReturnCode(code.body, node.body.span) }
            code.isExpression = false
            code.body = BlockCode(first + [code.body], node.body.span)
        }
        finish(code)
        return code
    }

    private func finish(_ code: FunctionCode) {
        if code.finish() { return }
        diagnostics.append(
            Diagnostic(
                "a function needs more than \(Emitter.mostRegisters) variables and values at a time", hint: "divide it into several",
                source: source, span: Span(code.span.start, code.span.start)))
    }

    // MARK: - Tails

    /// A function's block: its last expression is what it returns.
    private func tail(_ statements: [Expression], _ span: Span, _ scope: Scope) -> Code {
        guard let last = statements.last else { return BlockCode([], span) }
        return BlockCode(statements.dropLast().map { compile($0, scope) } + [tail(last, scope)], span)
    }

    private func tail(_ e: Expression, _ scope: Scope) -> Code {
        switch e.kind {
        case .block(let statements): return tail(statements, e.span, scope)
        case .conditional(let branches, let otherwise):
            return Conditional(
                branches.map { (compile($0.condition, scope), tail($0.body, scope)) }, otherwise: otherwise.map { tail($0, scope) }, e.span)
        case .attempt(let body, let name, _, let handler):
            let bound = name.map { target($0, scope) }
            return TryCode(tail(body, scope), place: bound?.place, global: bound?.global, handler: tail(handler, scope), e.span)
        case .forLoop, .whileLoop, .breakLoop, .continueLoop, .returnValue, .importFile: return compile(e, scope)
        default: return ReturnCode(compile(e, scope), e.span)
        }
    }

    // MARK: - Statements and expressions

    func compile(_ e: Expression, _ scope: Scope) -> Code {
        if polling.isStopped() { return Literal(.none, e.span) }
        switch e.kind {
        case .block(let statements): return BlockCode(statements.map { compile($0, scope) }, e.span)
        case .bind(let name, _, let value): return bind(name, value, e.span, scope)
        case .bindItem(let name, let nameSpan, let at, let item):
            let (place, global) = target(name, scope)
            let variable: Code =
                switch place {
                case .slot(let i): SlotVariable(i, name, nameSpan)
                case .cell(let i), .captured(let i): CellVariable(i, isCaptured: false, name, nameSpan)
                case nil: GlobalVariable(name, module, nameSpan)
                }
            return SetItem(place, global, variable: variable, place: compile(at, scope), item: compile(item, scope), e.span)
        case .define(let node):
            let (place, global) = target(node.name ?? "", scope)
            let make = MakeFunction(function(node, in: scope), target: place)
            if let global { return AssignGlobal(global, make, e.span) }
            return Assign(place ?? .slot(0), make, e.span)
        case .unpack(let pattern, let value):
            let parts = self.parts(pattern) { name in target(name, scope) }
            return UnpackCode(parts, of: compile(value, scope), e.span)
        case .forLoop(let pattern, let sequence, let body):
            let over = compile(sequence, scope)
            scope.loops += 1
            defer { scope.loops -= 1 }
            if case .name(let name, _) = pattern {
                let (place, global) = target(name, scope)
                return ForCode(place, global: global, over, compile(body, scope), e.span)
            }
            let (item, unpack) = unpacking(pattern, scope) { name in target(name, scope) }
            return ForCode(item, global: nil, over, BlockCode([unpack, compile(body, scope)], body.span), e.span)
        case .whileLoop(let condition, let body):
            let test = compile(condition, scope)
            scope.loops += 1
            defer { scope.loops -= 1 }
            return WhileCode(test, compile(body, scope), e.span)
        case .breakLoop:
            return scope.loops > 0 ? LeaveLoop(.broke, e.span) : report("`break` outside of a loop", e.span)
        case .continueLoop:
            return scope.loops > 0 ? LeaveLoop(.continued, e.span) : report("`continue` outside of a loop", e.span)
        case .returnValue(let value):
            return scope.isTop ? report("`return` outside of a function", e.span) : ReturnCode(value.map { compile($0, scope) }, e.span)
        case .importFile(let path):
            guard scope.isTop else { return report("`import` inside a function", hint: "import at the top of the script", e.span) }
            return ImportCode(path, module, e.span)
        default: return expression(e, scope)
        }
    }

    private func bind(_ name: String, _ value: Expression, _ span: Span, _ scope: Scope) -> Code {
        let (place, global) = target(name, scope)
        if case .binary(.add, let left, let right, let operatorSpan) = value.kind, case .name(name) = left.kind,
            isPlain(right), scope.levels.count == 1
        {
            return Grow(place, global, variable: compile(left, scope), more: compile(right, scope), operatorSpan: operatorSpan, value.span)
        }
        if case .lambda(let node) = value.kind {
            let make = MakeFunction(function(node, in: scope, named: name), target: place)
            if let global { return AssignGlobal(global, make, span) }
            return Assign(place ?? .slot(0), make, span)
        }
        let code = compile(value, scope)
        if let global { return AssignGlobal(global, code, span) }
        return Assign(place ?? .slot(0), code, span)
    }

    /// True for expressions without blocks, which bind nothing while they are evaluated.
    private func isPlain(_ e: Expression) -> Bool {
        if case .block = e.kind { return false }
        var plain = true
        e.forEachChild(intoFunctions: false) { if plain { plain = isPlain($0) } }
        return plain
    }

    private func expression(_ e: Expression, _ scope: Scope) -> Code {
        switch e.kind {
        case .none: return Literal(.none, e.span)
        case .boolean(let b): return Literal(.boolean(b), e.span)
        case .number(let x): return Literal(.number(x), e.span)
        case .name(let name):
            switch scope.find(name) {
            case .slot(let i): return SlotVariable(i, name, e.span)
            case .cell(let i): return CellVariable(i, isCaptured: false, name, e.span)
            case .captured(let i): return CellVariable(i, isCaptured: true, name, e.span)
            case nil:
                scope.reads(global: name)
                return GlobalVariable(name, module, e.span)
            }
        case .string(let pieces): return text(pieces, e.span, scope)
        case .list(let items):
            let spreads = items.map(\.isSpread)
            let parts = items.map { compile($0, scope) }
            return spreads.contains(true) ? SpreadList(parts, spreads, e.span) : MakeList(parts, e.span)
        case .spread(let inner): return compile(inner, scope)
        case .comprehension(let element, let clauses): return comprehension(element, clauses, e.span, scope)
        case .record(let fields):
            if fields.contains(where: { $0.name == nil }) { return UpdateRecord(fields.map { ($0.name, compile($0.value, scope)) }, e.span) }
            return MakeRecord(fields.map { ($0.name ?? "", compile($0.value, scope)) }, e.span)
        case .range(let a, let b): return MakeRange(compile(a, scope), compile(b, scope), e.span)
        case .lambda(let node): return MakeFunction(function(node, in: scope), target: nil)
        case .call(let callee, let arguments):
            let names = arguments.contains { $0.name != nil } ? arguments.map(\.name) : []
            let spreads = arguments.indices.filter { arguments[$0].value.isSpread }
            return CallCode(
                compile(callee, scope), arguments.map { compile($0.value, scope) }, names: names, spans: arguments.map(\.span),
                spreads: spreads, e.span)
        case .index(let base, let items):
            let parts = items.map { item -> IndexCode.Part in
                switch item {
                case .at(let e): .at(compile(e, scope))
                case .slice(let a, let b, let span): .slice(a.map { compile($0, scope) }, b.map { compile($0, scope) }, span)
                case .ellipsis(let span): .ellipsis(span)
                }
            }
            return IndexCode(compile(base, scope), parts, e.span)
        case .field(let base, let name, let nameSpan): return FieldCode(compile(base, scope), name, nameSpan, e.span)
        case .unary(.negate, let operand):
            if case .number(let x) = operand.kind { return Literal(.number(-x), e.span) }
            return UnaryCode(.negate, compile(operand, scope), e.span)
        case .unary(let op, let operand): return UnaryCode(op, compile(operand, scope), e.span)
        case .binary(let op, let a, let b, let operatorSpan):
            return BinaryCode(op, compile(a, scope), compile(b, scope), operatorSpan: operatorSpan, e.span)
        case .and(let a, let b): return LogicCode(isAnd: true, compile(a, scope), compile(b, scope), e.span)
        case .or(let a, let b): return LogicCode(isAnd: false, compile(a, scope), compile(b, scope), e.span)
        case .group(let inner): return compile(inner, scope)
        case .conditional(let branches, let otherwise):
            return Conditional(
                branches.map { (compile($0.condition, scope), compile($0.body, scope)) }, otherwise: otherwise.map { compile($0, scope) },
                e.span)
        case .attempt(let body, let name, _, let handler):
            let bound = name.map { target($0, scope) }
            return TryCode(compile(body, scope), place: bound?.place, global: bound?.global, handler: compile(handler, scope), e.span)
        default: return compile(e, scope)
        }
    }

    private func text(_ pieces: [TextPiece], _ span: Span, _ scope: Scope) -> Code {
        if pieces.isEmpty { return Literal(.string(""), span) }
        if pieces.count == 1, case .text(let text) = pieces[0] { return Literal(.string(text), span) }
        return MakeText(
            pieces.map { piece in
                switch piece {
                case .text(let text): MakeText.Piece(text)
                case .value(let e, let format): MakeText.Piece(compile(e, scope), format)
                }
            }, span)
    }

    private func comprehension(_ element: Expression, _ clauses: [Clause], _ span: Span, _ scope: Scope) -> Code {
        var steps: [ComprehensionCode.Step] = []
        let levels = scope.levels.count
        for clause in clauses {
            switch clause {
            case .filter(let condition): steps.append(.filter(compile(condition, scope)))
            case .each(let pattern, let sequence):
                // What a `for` goes over is evaluated before its own name is bound.
                let over = compile(sequence, scope)
                scope.levels.append([:])
                guard case .name(let name, _) = pattern else {
                    let (item, unpack) = unpacking(pattern, scope, fresh: true) { name in (scope.declare(name), nil) }
                    steps += [.each(item, over), .unpack(unpack)]
                    continue
                }
                steps.append(.each(scope.declare(name), over))
            }
        }
        let code = ComprehensionCode(compile(element, scope), steps, span)
        scope.levels.removeLast(scope.levels.count - levels)
        return code
    }
}

extension Compiler.Scope {
    var isTop: Bool { parent == nil }
}

// MARK: - Patterns

extension Compiler {
    /// Where the parts of a pattern go; `place` gives each name its variable.
    private func parts(
        _ pattern: Pattern, fresh: Bool = false, _ place: (String) -> (place: Place?, global: Cell?)
    ) -> UnpackCode.Part {
        func own(_ name: String) -> UnpackCode.Part {
            let (place, global) = place(name)
            return .variable(place, global, fresh: fresh)
        }
        switch pattern {
        case .name(let name, _): return own(name)
        case .list(let before, let rest, let after, let span):
            return .list(
                before.map { parts($0, fresh: fresh, place) }, rest: rest.map { own($0.name) }, after: after.map { parts($0, fresh: fresh, place) },
                span)
        case .record(let fields, let rest, let span):
            return .record(
                fields.map { ($0.name, $0.nameSpan, parts($0.pattern, fresh: fresh, place)) }, rest: rest.map { own($0.name) }, span)
        }
    }

    /// The register of a variable without a name.
    private func anonymous(_ scope: Scope) -> Int {
        scope.code.slotCount += 1
        return scope.code.slotCount - 1
    }

    /// Takes apart what a variable without a name holds.
    private func unpack(
        _ pattern: Pattern, _ slot: Int, fresh: Bool = false, _ place: (String) -> (place: Place?, global: Cell?)
    ) -> UnpackCode {
        UnpackCode(parts(pattern, fresh: fresh, place), of: SlotVariable(slot, "", pattern.span), pattern.span)
    }

    /// A variable without a name for a loop's item, and the code that takes it apart.
    private func unpacking(
        _ pattern: Pattern, _ scope: Scope, fresh: Bool = false, _ place: (String) -> (place: Place?, global: Cell?)
    ) -> (item: Place, unpack: UnpackCode) {
        let slot = anonymous(scope)
        return (.slot(slot), unpack(pattern, slot, fresh: fresh, place))
    }
}

extension Expression {
    /// True for `...xs`.
    var isSpread: Bool { if case .spread = kind { true } else { false } }
}
