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
    private static let registerLimit = 1 << 21
    /// The registers of all calls, one call's above the other's.
    let registers: UnsafeMutablePointer<Word>
    let registerEnd: UnsafeMutablePointer<Word>
    /// The first register that no call has.
    @exclusivity(unchecked) var top: UnsafeMutablePointer<Word>
    /// The call in progress.
    @exclusivity(unchecked) var innermost: Call
    /// All levels of calls; the first stands for what is around all calls.
    private let calls: Call
    let lastCall: Call
    private var frames: [Frame] = []
    /// Addresses below this are too near the end of the thread's stack.
    var stackFloor: UInt = 0
    /// Loop turns and calls until the machine looks up from its work.
    @exclusivity(unchecked) var fuel = 0
    /// Loop turns and calls that are allowed beyond `fuel`.
    private var reserveFuel = Int.max
    /// What runs now may only compute.
    var restriction: Restriction?
    @exclusivity(unchecked) var memory = MemoryGuard()
    /// Where strings with values are put together.
    @exclusivity(unchecked) var texts = TextBuffer()
    /// Evaluates an imported file and gives its names to the importing script.
    var importFile: (_ path: String, _ importer: Module) throws -> Void = { _, _ in }
    /// What `help` prints of a function, a name or a word; of everything for none.
    var help: (Value) throws -> String = { _ in "" }
    /// Evaluates a text in a module of its own.
    var evaluateApart: (Source) throws -> Value = { _ in .none }

    /// Throws `MemoryError` where the system gives no memory for the stack.
    init(output: @escaping @Sendable (String) -> Void, progress: ProgressSink) throws(MemoryError) {
        self.output = output
        self.progress = progress
        registers = try Self.allocate(Self.registerLimit)
        registerEnd = registers + Self.registerLimit
        top = registers
        do {
            calls = try Self.allocate(Self.deepestCall + 1)
        } catch {
            Self.release(registers, Self.registerLimit)
            throw error
        }
        calls.initialize(
            to: CallState(
                slots: registers, registerCount: 0, variableCount: 0, tables: Program.empty.tables, code: .passUnretained(.nothing),
                function: nil, resumption: Program.empty.tables.pointee.start, awaited: 0, frame: nil))
        innermost = calls
        lastCall = calls + Self.deepestCall
    }

    deinit {
        texts.deallocate()
        Self.release(calls, Self.deepestCall + 1)
        Self.release(registers, Self.registerLimit)
    }

    /// Pages that the system fills with zeros when a level is first used: no level has a frame, and what is not used takes no memory.
    /// `calloc` clears all at once where it takes large blocks from the heap (`Memory.keepFreed`).
    private static func allocate<T: BitwiseCopyable>(_ count: Int) throws(MemoryError) -> UnsafeMutablePointer<T> {
        let bytes = count * MemoryLayout<T>.stride
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
            throw MemoryError(needed: bytes, available: Memory.available, purpose: "the stack of a session")
        }
        return memory.bindMemory(to: T.self, capacity: count)
    }

    private static func release<T: BitwiseCopyable>(_ memory: UnsafeMutablePointer<T>, _ count: Int) {
        munmap(memory, count * MemoryLayout<T>.stride)
    }

    /// The frame of a level of calls.
    @inline(__always)
    func frame(_ call: Call) -> Frame { borrowedFrame(call).takeUnretainedValue() }

    /// The same without a reference to count, for what runs often.
    @inline(__always)
    func borrowedFrame(_ call: Call) -> Unmanaged<Frame> { call.pointee.frame ?? makeFrame(call) }

    @inline(never)
    private func makeFrame(_ call: Call) -> Unmanaged<Frame> {
        let frame = Frame(call, self)
        frames.append(frame)
        call.pointee.frame = .passUnretained(frame)
        return .passUnretained(frame)
    }

    /// How many calls wait on this one.
    @inline(__always) func depth(_ call: Call) -> Int { call - calls }

    /// A bound on loop turns and calls, for texts that may run without an end; nil for none.
    var stepsLeft: Int? {
        get { reserveFuel == .max ? nil : reserveFuel + max(0, fuel) }
        set {
            reserveFuel = newValue ?? .max
            fuel = 0
        }
    }

    /// Calls and loop turns pass here.
    @inline(__always)
    func poll() throws {
        fuel &-= 1
        if fuel < 0 { try refuel() }
    }

    /// Throws `Interrupted` upon Ctrl-C and where no steps are left.
    @inline(never)
    func refuel() throws {
        fuel = 0
        try Interrupt.check()
        guard reserveFuel > 0 else { throw restriction?.tooLong ?? Interrupted() }
        let more = min(reserveFuel, 64)
        if reserveFuel != .max { reserveFuel -= more }
        fuel = more - 1
    }

    /// Makes room for a call's variables, runs `body`, and clears them. Throws `ArgumentError` when calls are nested too deeply.
    func withFrame<T>(_ code: FunctionCode, _ function: Function?, _ body: (Frame) throws -> T) throws -> T {
        var marker: UInt8 = 0
        let here = withUnsafeMutablePointer(to: &marker) { UInt(bitPattern: $0) }
        let outer = innermost, base = top
        guard depth(outer) < Self.deepestCall, base + code.registerCount <= registerEnd, here > stackFloor else {
            throw tooManyCalls(depth(outer))
        }
        try poll()
        let call = outer + 1
        enter(call, .passUnretained(code), function.map { .passUnretained($0) }, at: base, code.registerCount, given: 0)
        call.pointee.tables = code.program.tables
        call.pointee.variableCount = code.slotCount
        if code.cellCount > 0 { makeCells(call) }
        let frame = frame(call)
        defer {
            leave(call)
            top = base
        }
        return try body(frame)
    }

    /// Readies a call's registers, of which the first `given` are bound already.
    @inline(__always)
    func enter(_ call: Call, _ code: Unmanaged<FunctionCode>, _ function: Unmanaged<Function>?, at base: Register, _ count: Int, given: Int) {
        call.pointee.slots = base
        call.pointee.registerCount = count
        call.pointee.code = code
        call.pointee.function = function
        top = base + count
        innermost = call
        var i = given
        while i < count {
            base[i] = .unbound
            i &+= 1
        }
    }

    @inline(never)
    func makeCells(_ call: Call) { frame(call).cells = (0..<call.pointee.code.takeUnretainedValue().cellCount).map { _ in Cell() } }

    /// Frees what a call held. Its caller is the innermost again.
    @inline(__always)
    func leave(_ call: Call) {
        let base = call.pointee.slots, count = call.pointee.registerCount
        var i = 0
        while i < count {
            (base + i).clear()
            i &+= 1
        }
        if let frame = call.pointee.frame { forget(frame) }
        let caller = call - 1
        innermost = caller
        top = caller.pointee.slots + caller.pointee.registerCount
    }

    @inline(never)
    private func forget(_ frame: Unmanaged<Frame>) {
        frame._withUnsafeGuaranteedRef { frame in
            if !frame.cells.isEmpty { frame.cells = [] }
            frame.result = .none
        }
    }

    private func tooManyCalls(_ depth: Int) -> ArgumentError {
        ArgumentError(
            "calls are nested too deeply: \(depth) calls wait on one another", hint: "is this a recursion without an end?", argument: nil)
    }

    /// The same as an error at a call.
    @inline(never)
    func tooManyCalls(_ site: Code, _ function: Unmanaged<Function>, _ call: Call) -> any Error {
        unsafeDowncast(site, to: CallCode.self).placed(tooManyCalls(depth(call)), function.takeUnretainedValue(), frame(call))
    }

    /// Runs a function's body once its parameters are bound.
    func finish(_ code: FunctionCode, _ frame: Frame) throws -> Value {
        do {
            for parameter in code.parameters {
                if let fallback = parameter.fallback {
                    switch parameter.place {
                    case .cell(let i): if frame.cells[i].word.isUnbound { frame.cells[i].value = try fallback.evaluate(frame) }
                    case .slot(let i): if frame.slots[i].isUnbound { (frame.slots + i).put(Word(try fallback.evaluate(frame))) }
                    case .captured: break
                    }
                }
                _ = try parameter.unpack?.evaluate(frame)
            }
        } catch is Jump {
            // A default that returns: fn f(x=if c { return 1 } else { 2 }).
            return frame.takeResult()
        }
        _ = try run(code.program, frame)
        return frame.takeResult()
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

    /// `names` is empty, or has a name or nil for each argument. With `givesExpression`, the result of a builtin may be a voxel expression.
    func call(_ function: Function, _ arguments: [Value], names: [String?], givesExpression: Bool = false) throws -> Value {
        switch function.kind {
        case .builtin(let builtin):
            // A builtin may take long: Ctrl-C is looked for before each.
            try Interrupt.check()
            try poll()
            if let reserved { try keep(reserved, from: builtin, arguments) }
            if let restriction { try restriction.check(builtin) }
            try memory.checkBeforeWork(on: arguments)
            var result = try builtin.body(context, try Binder.bind(builtin, arguments, names))
            if case .pending(let pending) = result, !givesExpression { result = try pending.computed() }
            try memory.account(result)
            return result
        case .closure(let code, _):
            if names.isEmpty, let entry = function.entry, entry.pointee.parameters == arguments.count {
                return try withFrame(code, function) { frame in
                    for i in arguments.indices { frame.slots[i] = Word(arguments[i]) }
                    _ = try run(code.program, frame)
                    return frame.takeResult()
                }
            }
            let places = try Binder.places(
                function.name, parameters: code.parameters.enumerated().map { ($1.name, $1.fallback == nil && $0 != code.rest) },
                rest: code.rest, count: arguments.count, names: names)
            return try withFrame(code, function) { frame in
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
        let nearest = Text.nearest(to: name, among: known.filter { !$0.hasPrefix("[") && !$0.hasPrefix("{") })
        let hint = nearest.map { "did you mean `\($0)`?" } ?? (known.isEmpty ? nil : Binder.known(known))
        return ArgumentError(
            known.isEmpty ? "\(function) takes no arguments" : "\(function) has no parameter `\(name)`", hint: hint, argument: argument)
    }

    static func bind(_ builtin: Builtin, _ arguments: [Value], _ names: [String?]) throws(ArgumentError) -> Bound {
        let parameters = builtin.parameters, rest = builtin.rest
        if names.isEmpty, rest == nil, arguments.count == parameters.count { return Bound(values: arguments, arguments: []) }
        var bound = Bound(
            values: Array(repeating: nil, count: parameters.count), arguments: Array(repeating: 0, count: parameters.count))
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
