import Syntax

/// Writes a function's instructions. Each kind of code says itself what it becomes (`Code.emit`); the emitter gives registers, labels and tables.
///
/// Variables have the first registers. Those above are taken and given back as a stack, and hold no reference while they are free.
final class Emitter {
    private let function: FunctionCode
    private(set) var free: Int
    private let first: Int
    private(set) var highest: Int
    private var code: [Instruction] = []
    private var constants: [Double] = []
    private var constantNumbers: [UInt64: Int] = [:]
    private var cells: [Cell] = []
    private var cellNumbers: [ObjectIdentifier: Int] = [:]
    private var sites: [Code] = []
    private var loops: [Loop] = []
    /// True in a part of a function whose value is wanted: what returns there returns from the function around it.
    private var isPart = false
    var polling = StopPoll()

    private struct Loop {
        var breaks = Label()
        var continues = Label()
        var free: Int
    }

    /// A place that jumps go to, known before or after they are written.
    struct Label {
        fileprivate var place: Int?
        fileprivate var jumps: [Int] = []
    }

    init(_ function: FunctionCode, firstFree: Int) {
        self.function = function
        free = firstFree
        first = firstFree
        highest = firstFree
    }

    // MARK: - Programs

    func program(of function: FunctionCode) -> Program {
        if function.givesValue {
            let register = take()
            function.body.emit(self, to: register)
            add(.give, a: register)
        } else {
            function.body.emitStatement(self)
            add(.end)
        }
        return finished()
    }

    /// A part of the function with a program of its own, on registers that are free here.
    func chunk(_ part: Code, givesValue: Bool) -> Chunk {
        let inner = Emitter(function, firstFree: free)
        inner.isPart = true
        if givesValue {
            let register = inner.take()
            part.emit(inner, to: register)
            inner.add(.give, a: register)
        } else {
            part.emitStatement(inner)
            inner.add(.end)
        }
        highest = max(highest, inner.highest)
        return Chunk(inner.finished(), part)
    }

    /// Instructions number registers with 16 bits.
    static let mostRegisters = Int(UInt16.max)

    private func finished() -> Program {
        return Program(code, constants: constants, cells: cells, sites: sites, own: first..<highest)
    }

    // MARK: - Registers

    func take(_ count: Int = 1) -> Int {
        defer { free += count }
        highest = max(highest, free + count)
        return free
    }

    /// Whether a register is none of the variables'.
    func isFree(_ register: Int) -> Bool { register >= function.slotCount }

    /// Gives back all registers from this one on.
    func release(to register: Int) { free = register }

    /// Where a value is: a variable's own register, or a free one that it was left in. A variable is copied where `later` may bind it anew.
    func operand(_ code: Code, before later: [Code] = []) -> Int {
        if let variable = code as? SlotVariable, later.allSatisfy(\.isPlain) { return variable.slot }
        let register = take()
        code.emit(self, to: register)
        return register
    }

    // MARK: - Instructions

    @discardableResult
    func add(_ operation: Operation, a: Int = 0, b: Int = 0, c: Int = 0, d: Int = 0, site: Code? = nil) -> Int {
        var number = 0
        if let site {
            number = sites.count
            sites.append(site)
        }
        code.append(
            Instruction(
                operation: operation, a: UInt16(truncatingIfNeeded: a), b: UInt16(truncatingIfNeeded: b), c: UInt16(truncatingIfNeeded: c),
                d: Int32(truncatingIfNeeded: d), site: Int32(truncatingIfNeeded: number)))
        return code.count - 1
    }

    func constant(_ x: Double) -> Int {
        if let known = constantNumbers[x.bitPattern] { return known }
        constants.append(x)
        constantNumbers[x.bitPattern] = constants.count - 1
        return constants.count - 1
    }

    /// The number of a constant operand, where instructions have room for it.
    func operandConstant(_ code: Code) -> Int? {
        guard let literal = code as? Literal, case .number(let x) = literal.value else { return nil }
        let number = constant(x)
        return number <= Int(UInt16.max) ? number : nil
    }

    func cell(_ cell: Cell) -> Int {
        if let known = cellNumbers[ObjectIdentifier(cell)] { return known }
        cells.append(cell)
        cellNumbers[ObjectIdentifier(cell)] = cells.count - 1
        return cells.count - 1
    }

    func jump(_ operation: Operation, a: Int = 0, b: Int = 0, to label: inout Label, site: Code? = nil) {
        let at = add(operation, a: a, b: b, site: site)
        if let place = label.place { code[at].d = Int32(place - at - 1) } else { label.jumps.append(at) }
    }

    func place(_ label: inout Label) {
        label.place = code.count
        for jump in label.jumps { code[jump].d = Int32(code.count - jump - 1) }
        label.jumps = []
    }

    // MARK: - Code without instructions of its own

    func evaluate(_ code: Code, to register: Int) {
        code.replaceParts(part)
        add(.evaluate, a: register, site: code)
        jumpsOut()
    }

    func execute(_ code: Code) {
        code.replaceParts(part)
        add(.execute, site: code)
        jumpsOut()
    }

    /// An expression whose value nobody wants.
    func discard(_ code: Code) {
        let register = take()
        code.emit(self, to: register)
        add(.clear, a: register, b: register + 1)
        release(to: register)
    }

    /// What other code can evaluate: the code itself, or a program of it.
    private func part(_ code: Code) -> Code {
        if polling.isStopped() { return code }
        guard code.evaluatesItself else { return chunk(code, givesValue: true) }
        code.replaceParts(part)
        return code
    }

    /// The two jumps after code that may leave the loop around it.
    private func jumpsOut() {
        let before = code.count
        add(.jump)
        add(.jump)
        guard let loop = loops.indices.last else {
            if isPart {
                code[before] = Instruction(operation: .leave, d: 0)
                code[before + 1] = Instruction(operation: .leave, d: 1)
            }
            return
        }
        if loops[loop].free == free {
            loops[loop].breaks.jumps.append(before)
            loops[loop].continues.jumps.append(before + 1)
            return
        }
        // What expressions around the code hold has to be freed on the way out.
        var over = Label()
        jump(.jump, to: &over)
        for (at, isBreak) in [(before, true), (before + 1, false)] {
            code[at].d = Int32(code.count - at - 1)
            leaveLoop(isBreak)
        }
        place(&over)
    }

    // MARK: - Loops

    /// Writes a loop's body; `break` within goes to the end, which `endLoop` places, `continue` to where `body` places `continues`.
    func loop(_ body: (inout Label) -> Void) {
        loops.append(Loop(free: free))
        let depth = loops.count - 1
        var continues = Label()
        body(&continues)
        // `continue` jumps that were written before their label was placed.
        for at in loops[depth].continues.jumps { if let place = continues.place { code[at].d = Int32(place - at - 1) } }
        let loop = loops.removeLast()
        for at in loop.breaks.jumps { code[at].d = Int32(code.count - at - 1) }
    }

    /// Writes a loop over a sequence. `body` gets the register that an item comes to unless it goes to a variable's, and `bind(slot) { … }`, which writes the turns.
    func loop(over sequence: Code, _ body: (_ item: Int, _ bind: (_ slot: Int?, _ turn: () -> Void) -> Void) -> Void) {
        let state = take(2)
        if let range = sequence as? MakeRange {
            range.from.emit(self, to: state)
            range.to.emit(self, to: state + 1)
            add(.overRange, a: state, site: range)
        } else {
            sequence.emit(self, to: state)
            add(.over, a: state, site: sequence)
        }
        let item = take()
        body(item) { slot, turn in
            var next = Label(), top = Label()
            jump(.jump, to: &next)
            place(&top)
            turn()
            place(&next)
            jump(.next, a: state, b: slot ?? item, to: &top)
        }
        add(.clear, a: state, b: state + 3)
        release(to: state)
    }

    func leaveLoop(_ isBreak: Bool) {
        guard let loop = loops.indices.last else {
            if isPart { add(.clear, a: first, b: free) }
            add(.leave, d: isBreak ? 0 : 1)
            return
        }
        if loops[loop].free < free { add(.clear, a: loops[loop].free, b: free) }
        let at = add(.jump)
        if isBreak { loops[loop].breaks.jumps.append(at) } else { loops[loop].continues.jumps.append(at) }
    }

    /// Within a part, the function around it ends; else this program does.
    func giveBack(_ value: Code?) {
        guard let value else {
            add(isPart ? .leave : .end, d: 2)
            return
        }
        let register = take()
        value.emit(self, to: register)
        if isPart { add(.leave, a: register, d: 3) } else { add(.give, a: register) }
        release(to: register)
    }
}
