import Glibc
import Networks
import Support
import Syntax

/// What one session's evaluation shares: output, limits, the stack of variables, the depth of calls.
final class Machine: @unchecked Sendable {
    let output: @Sendable (String) -> Void
    let progress: ProgressSink
    var isTerminal = false
    var arguments: [String] = []
    var scriptDirectory = "."
    var isBackground = false
    /// A model that no builtin may get, since another thread works with it.
    var reserved: Model?
    lazy var context = Context(self)

    /// How many calls may wait on one another.
    static let deepestCall = 10_000
    private static let slotLimit = 1 << 20
    private let slots: UnsafeMutablePointer<Value?>
    private var used = 0
    private var depth = 0
    /// Addresses below this are too near the end of the thread's stack.
    var stackFloor: UInt = 0
    /// A bound on loop turns and calls, for tests that run arbitrary text; nil for none.
    var stepsLeft: Int?
    /// What runs now may only compute.
    var restriction: Restriction?
    var memory = MemoryGuard()
    /// Evaluates an imported file and gives its names to the importing script.
    var importFile: (_ path: String, _ importer: Module) throws -> Void = { _, _ in }
    /// What `help` prints of a function, a name or a word; of everything for none.
    var help: (Value) throws -> String = { _ in "" }
    /// Evaluates a text in a module of its own.
    var evaluateApart: (Source) throws -> Value = { _ in .none }

    init(output: @escaping @Sendable (String) -> Void, progress: ProgressSink) {
        self.output = output
        self.progress = progress
        slots = .allocate(capacity: Self.slotLimit)
    }

    deinit { slots.deallocate() }

    /// Calls and loop turns pass here.
    @inline(__always)
    func poll() throws {
        if Interrupt.isRaised { throw Interrupted() }
        if stepsLeft != nil { try countStep() }
    }

    private func countStep() throws {
        guard let left = stepsLeft, left > 0 else { throw restriction?.tooLong ?? Interrupted() }
        stepsLeft = left - 1
    }

    /// Makes room for a call's variables, runs `body`, and clears them. Throws `ArgumentError` when calls are nested too deeply.
    @inline(__always)
    func withFrame(_ code: FunctionCode, captured: [Cell], _ body: (Frame) throws -> Value) throws -> Value {
        var marker: UInt8 = 0
        let here = withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) }
        guard depth < Self.deepestCall, used + code.slotCount <= Self.slotLimit, here > stackFloor else {
            throw ArgumentError(
                "calls are nested too deeply: \(depth) calls wait on one another", hint: "is this a recursion without an end?",
                argument: nil)
        }
        try poll()
        let base = slots + used
        let count = code.slotCount
        base.initialize(repeating: nil, count: count)
        used += count
        depth += 1
        defer {
            depth -= 1
            used -= count
            base.deinitialize(count: count)
        }
        return try body(Frame(code, self, slots: base, captured: captured))
    }

    /// Runs a function's body once its parameters are bound.
    @inline(__always)
    func finish(_ code: FunctionCode, _ frame: Frame) throws -> Value {
        for parameter in code.parameters {
            if case .cell(let i) = parameter.place, frame.cells[i].value == nil, let fallback = parameter.fallback {
                frame.cells[i].value = try fallback.evaluate(frame)
            } else if case .slot(let i) = parameter.place, frame.slots[i] == nil, let fallback = parameter.fallback {
                frame.slots[i] = try fallback.evaluate(frame)
            }
        }
        do {
            if code.isExpression { return try code.body.evaluate(frame) }
            return try code.body.execute(frame) == .returned ? frame.result : .none
        } catch is Jump {
            return frame.result
        }
    }

    private func keep(_ reserved: Model, from builtin: Builtin, _ arguments: [Value]) throws {
        for case .model(let model) in arguments where model === reserved {
            throw FailureText(
                message: "\(builtin.name): this network is being trained while the next batch is prepared",
                hint: "prepare batches without it, or with a copy of it that was saved and loaded")
        }
    }

    /// Calls with positional arguments, for builtins that take functions. Throws `ArgumentError` where the arguments do not fit.
    func call(_ function: Function, _ arguments: [Value]) throws -> Value {
        try call(function, arguments, names: [])
    }

    /// `names` is empty, or has a name or nil for each argument.
    func call(_ function: Function, _ arguments: [Value], names: [String?]) throws -> Value {
        switch function.kind {
        case .builtin(let builtin):
            try poll()
            if let reserved { try keep(reserved, from: builtin, arguments) }
            if let restriction { try restriction.check(builtin) }
            if arguments.contains(where: \.isImage) { try memory.checkBeforeWork() }
            let result = try builtin.body(context, try Binder.bind(builtin, arguments, names))
            try memory.account(result)
            return result
        case .closure(let code, let captured):
            let places = try Binder.places(
                function.name, parameters: code.parameters.enumerated().map { ($1.name, $1.fallback == nil && $0 != code.rest) },
                rest: code.rest, count: arguments.count, names: names)
            return try withFrame(code, captured: captured) { frame in
                var more: [Value] = []
                for (i, value) in arguments.enumerated() {
                    if places[i] == code.rest { more.append(value) } else { store(value, code.parameters[places[i]].place, frame) }
                }
                if let rest = code.rest { store(Value(more), code.parameters[rest].place, frame) }
                return try finish(code, frame)
            }
        }
    }
}

/// Fits a call's arguments to a function's parameters.
enum Binder {
    /// For each argument the number of its parameter. Throws `ArgumentError` at the argument that does not fit.
    static func places(
        _ function: String, parameters: [(name: String, isRequired: Bool)], rest: Int?, count: Int, names: [String?]
    ) throws(ArgumentError) -> [Int] {
        var out: [Int] = []
        out.reserveCapacity(count)
        var taken = [Bool](repeating: false, count: parameters.count)
        let positional = rest.map { $0 + 1 } ?? parameters.count
        for i in 0..<count {
            if i < names.count, let name = names[i] {
                if let rest, parameters[rest].name == name {
                    throw ArgumentError(
                        "\(function): `\(name)` takes what is given by position, and has no name in a call",
                        hint: "\(function)(a, b), or \(function)(...\(name)) for the items of a list", argument: i)
                }
                guard let p = parameters.firstIndex(where: { $0.name == name }) else {
                    throw unknown(name, function, parameters.map(\.name), argument: i)
                }
                if taken[p] { throw ArgumentError("\(function): `\(name)` is given twice, by position and by name", argument: i) }
                taken[p] = true
                out.append(p)
            } else {
                let p = min(i, positional - 1)
                guard i < positional || rest != nil else {
                    let n = parameters.count
                    throw ArgumentError(
                        n == 0
                            ? "\(function) takes no arguments, got \(count)"
                            : "\(function) takes \(n == 1 ? "1 argument" : "at most \(n) arguments"), got \(count)",
                        hint: n == 0 ? nil : known(parameters.map(\.name)), argument: i)
                }
                taken[p] = true
                out.append(p)
            }
        }
        for (p, parameter) in parameters.enumerated() where !taken[p] && parameter.isRequired {
            let missing = parameters.indices.filter { !taken[$0] && parameters[$0].isRequired }.map { "`\(parameters[$0].name)`" }
            throw ArgumentError(
                missing.count == 1
                    ? "\(function): the argument \(missing[0]) is missing"
                    : "\(function): the arguments \(missing.joined(separator: ", ")) are missing",
                argument: nil)
        }
        return out
    }

    private static func known(_ names: [String]) -> String {
        names.count == 1 ? "the parameter is \(names[0])" : "the parameters are \(names.joined(separator: ", "))"
    }

    private static func unknown(_ name: String, _ function: String, _ known: [String], argument: Int) -> ArgumentError {
        let nearest = Text.nearest(to: name, among: known)
        let hint = nearest.map { "did you mean `\($0)`?" } ?? (known.isEmpty ? nil : Binder.known(known))
        return ArgumentError(
            known.isEmpty ? "\(function) takes no arguments" : "\(function) has no parameter `\(name)`", hint: hint, argument: argument)
    }

    static func bind(_ builtin: Builtin, _ arguments: [Value], _ names: [String?]) throws(ArgumentError) -> Bound {
        let parameters = builtin.parameters
        let rest = parameters.firstIndex { $0.isRest }
        var bound = Bound(
            values: Array(repeating: nil, count: parameters.count), arguments: Array(repeating: 0, count: parameters.count))
        if names.isEmpty, rest == nil, arguments.count == parameters.count {
            for (i, value) in arguments.enumerated() {
                bound.values[i] = value
                bound.arguments[i] = i
            }
            return bound
        }
        let places = try places(
            builtin.name, parameters: parameters.map { ($0.name, $0.isRequired) }, rest: rest, count: arguments.count, names: names)
        var more: [Value] = []
        for (i, place) in places.enumerated() {
            if place == rest {
                if more.isEmpty { bound.arguments[place] = i }
                more.append(arguments[i])
            } else {
                bound.values[place] = arguments[i]
                bound.arguments[place] = i
            }
        }
        if let rest { bound.values[rest] = Value(more) }
        return bound
    }
}
