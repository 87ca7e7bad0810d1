/// One step of a program: what to do, up to three registers, and a jump or a table's index.
struct Instruction: BitwiseCopyable {
    var operation: Operation
    var a: UInt16 = 0
    var b: UInt16 = 0
    var c: UInt16 = 0
    /// Where a jump goes, counted from the next instruction; a constant's or a cell's number.
    var d: Int32 = 0
    /// The code that the instruction stands for: it knows the place in the text, and what to do with all but numbers.
    var site: Int32 = 0
}

/// What instructions do. R is a register, K a constant's number.
enum Operation: UInt16 {
    /// R[a] = K[d]; R[a] = none, false, true by d; R[a] = R[b], the variable `site`; R[a] takes over R[b]; frees R[a] ..< R[b].
    case constant, plain, copy, move, clear
    /// R[a] = the literal string `site`; R[a] = the text of the c pieces of `site`, with the values of its codes in R[b] and those after it.
    case literal, text
    /// R[a] = the cell b of this call, the captured cell b, the cell d of a top level; and those cells take over R[a], a new one in the fifth case.
    case readCell, readCaptured, readGlobal, writeCell, freshCell, writeGlobal
    /// R[a] = R[b] op R[c].
    case add, subtract, multiply, divide, remainder, power
    case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual
    /// The same for operators that numbers do not have.
    case combine
    /// R[a] = R[b] op K[c].
    case addConstant, subtractConstant, multiplyConstant, divideConstant
    /// R[a] = op R[b].
    case unary
    /// Jumps by d, always; the same for loops, which can be stopped; unless R[a] is true; if R[a] is true.
    case jump, loop, jumpUnless, jumpIf
    /// Jumps by d unless R[a] op R[b]; unless R[a] op K[b].
    case unlessLess, unlessLessOrEqual, unlessGreater, unlessGreaterOrEqual, unlessEqual, unlessNotEqual
    case unlessLessConstant, unlessLessOrEqualConstant, unlessGreaterConstant, unlessGreaterOrEqualConstant, unlessEqualConstant
    case unlessNotEqualConstant
    /// Makes ready to go over R[a], or over the numbers from R[a] to R[a + 1].
    case over, overRange
    /// R[b] = the next item of what R[a] and R[a + 1] go over, and jumps by d; goes on after the last one.
    case next
    /// R[a] = R[a](R[a + 1], …) with c arguments; R[a] = global d(R[a], …) with c arguments; the same of a builtin's name, with voxel expressions among the arguments.
    case call, callGlobal, callBuiltin
    /// R[a] = R[b][R[c]]; R[a] = R[b][R[c], R[c + 1], R[c + 2]].
    case index, indexVoxel
    /// R[a] = R[b].name.
    case field
    /// R[a] = a list of R[b] and those after it, c in all; appends R[b] to the list R[a] that a comprehension makes.
    case list, append
    /// Appends R[b] to the list or string that R[a] holds, adds where it is a number; the same for cell a of this call and cell d of a top level.
    case grow, growCell, growGlobal
    /// Appends the text that `text` would make to the string that R[a] holds.
    case growText
    /// The item R[b] of the list in R[a], in cell a or in cell d of a top level, becomes R[c].
    case setItem, setItemCell, setItemGlobal
    /// R[a] = what the site evaluates to; the site as a statement. Two jumps follow, for `break` and `continue` within.
    case evaluate, execute
    /// Ends the program: with R[a], with none, with a loop's `break` or `continue` (d) around it.
    case give, end, leave
}

/// Instructions with their tables.
final class Program {
    /// What the interpreter reads of a program, in one place.
    struct Tables: BitwiseCopyable {
        var start: UnsafePointer<Instruction>
        var constants: UnsafePointer<Double>
        var cells: UnsafePointer<Unmanaged<Cell>>
        var sites: UnsafePointer<Unmanaged<Code>>
    }

    let tables: UnsafePointer<Tables>
    /// Registers that are this program's own, free before and after.
    let own: Range<Int>

    private let kept: (cells: [Cell], sites: [Code])

    init(_ code: [Instruction], constants: [Double], cells: [Cell], sites: [Code], own: Range<Int>) {
        func buffer<T>(_ items: [T]) -> UnsafePointer<T> {
            let buffer = UnsafeMutablePointer<T>.allocate(capacity: max(1, items.count))
            buffer.initialize(from: items, count: items.count)
            return UnsafePointer(buffer)
        }
        tables = buffer([
            Tables(
                start: buffer(code), constants: buffer(constants), cells: buffer(cells.map { .passUnretained($0) }),
                sites: buffer(sites.map { .passUnretained($0) }))
        ])
        kept = (cells, sites)
        self.own = own
    }

    deinit {
        tables.pointee.start.deallocate()
        tables.pointee.constants.deallocate()
        tables.pointee.cells.deallocate()
        tables.pointee.sites.deallocate()
        tables.deallocate()
    }

    nonisolated(unsafe) static let empty = Program([Instruction(operation: .end)], constants: [], cells: [], sites: [], own: 0..<0)
}

/// A part of a function that other code calls, such as the body of a `try`: instructions on the same frame.
final class Chunk: Code {
    let program: Program
    init(_ program: Program, _ code: Code) {
        self.program = program
        super.init(code.span)
    }
    override func evaluate(_ frame: Frame) throws -> Value {
        let completion = try frame.machine.run(program, frame)
        if completion != .normal { throw Jump(completion: completion) }
        return frame.takeResult()
    }
    override func execute(_ frame: Frame) throws -> Completion { try frame.machine.run(program, frame) }
}
