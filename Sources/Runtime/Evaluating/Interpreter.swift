import Glibc
import Support
import Syntax

extension Machine {
    /// Runs a program on a frame whose variables are bound. The value, where the program ends with one, is in the frame's `result`.
    ///
    /// Calls of plain functions are entered and left here, without a call of Swift's own; whatever is not arithmetic of numbers goes to the
    /// code that an instruction stands for. Nothing here counts references but `put`, `clear` and what is written out.
    func run(_ program: Program, _ outermost: Frame) throws -> Completion {
        let first = outermost.call
        var call = first
        var tables = program.tables
        var pc = tables.pointee.start
        var r = first.pointee.slots
        var k = tables.pointee.constants

        @inline(__always) func site(_ i: Instruction) -> Code { tables.pointee.sites[Int(i.site)].takeUnretainedValue() }
        /// The same without a reference to count, for what runs often.
        @inline(__always) func withSite<R>(_ i: Instruction, _ body: (Code) throws -> R) rethrows -> R {
            try tables.pointee.sites[Int(i.site)]._withUnsafeGuaranteedRef(body)
        }
        @inline(__always) func cell(_ i: Instruction) -> Unmanaged<Cell> { tables.pointee.cells[Int(i.d)] }
        @inline(__always) func jump(_ i: Instruction) { pc += Int(i.d) }
        @inline(__always) func number(_ register: UInt16, _ x: inout Double) -> Bool {
            let word = r[Int(register)]
            x = word.number
            return word.isNumber
        }
        /// Back to the caller, in which a register waits for the result.
        @inline(__always) func resume() {
            leave(call)
            call -= 1
            tables = call == first ? program.tables : call.pointee.tables
            pc = call.pointee.resumption
            r = call.pointee.slots
            k = tables.pointee.constants
        }
        @inline(__always) func give(_ value: Word) {
            resume()
            (r + call.pointee.awaited).put(value)
        }

        while true {
            do {
                while true {
                    let i = pc.pointee
                    pc += 1
                    let a = r + Int(i.a)
                    var x = 0.0, y = 0.0
                    switch i.operation {
                    case .constant: a.put(Word(k[Int(i.d)]))
                    case .plain: a.put(Word(bits: Word.none.bits + UInt64(UInt32(bitPattern: i.d))))
                    case .copy:
                        let word = r[Int(i.b)]
                        if word.isUnbound { _ = try site(i).evaluate(self.frame(call)) }
                        word.retain()
                        a.put(word)
                    case .literal:
                        let word = withSite(i) { unsafeDowncast($0, to: Literal.self).word }
                        word.retain()
                        a.put(word)
                    case .text: try withSite(i) { try makeText(i, $0, call, r) }
                    case .move:
                        let word = r[Int(i.b)]
                        r[Int(i.b)] = .unbound
                        a.put(word)
                    case .clear:
                        var register = Int(i.a)
                        while register < Int(i.b) {
                            (r + register).clear()
                            register &+= 1
                        }
                    case .readCell, .readCaptured:
                        let held =
                            i.operation == .readCell
                            ? self.frame(call).cells[Int(i.b)].word
                            : call.pointee.function.unsafelyUnwrapped._withUnsafeGuaranteedRef { $0.captured[Int(i.b)].word }
                        if held.isUnbound { _ = try site(i).evaluate(self.frame(call)) }
                        held.retain()
                        a.put(held)
                    case .readGlobal:
                        var word = cell(i)._withUnsafeGuaranteedRef { $0.word }
                        if word.isUnbound {
                            word = Word(try site(i).evaluate(self.frame(call)))
                        } else {
                            word.retain()
                        }
                        a.put(word)
                    case .writeCell:
                        self.frame(call).cells[Int(i.b)].put(a.pointee)
                        a.pointee = .unbound
                    case .freshCell:
                        let cell = Cell()
                        cell.put(a.pointee)
                        a.pointee = .unbound
                        self.frame(call).cells[Int(i.b)] = cell
                    case .writeGlobal:
                        cell(i)._withUnsafeGuaranteedRef { $0.put(a.pointee) }
                        a.pointee = .unbound

                    case .add:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x + y)) } else { try combine(i, site(i), call, r) }
                    case .subtract:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x - y)) } else { try combine(i, site(i), call, r) }
                    case .multiply:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x * y)) } else { try combine(i, site(i), call, r) }
                    case .divide:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x / y)) } else { try combine(i, site(i), call, r) }
                    case .less:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x < y)) } else { try combine(i, site(i), call, r) }
                    case .lessOrEqual:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x <= y)) } else { try combine(i, site(i), call, r) }
                    case .greater:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x > y)) } else { try combine(i, site(i), call, r) }
                    case .greaterOrEqual:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x >= y)) } else { try combine(i, site(i), call, r) }
                    case .equal:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x == y)) } else { try combine(i, site(i), call, r) }
                    case .notEqual:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(x != y)) } else { try combine(i, site(i), call, r) }
                    case .combine: try combine(i, site(i), call, r)
                    case .addConstant:
                        if number(i.b, &x) { a.put(Word(x + k[Int(i.c)])) } else { try combine(i, k[Int(i.c)], site(i), call, r) }
                    case .subtractConstant:
                        if number(i.b, &x) { a.put(Word(x - k[Int(i.c)])) } else { try combine(i, k[Int(i.c)], site(i), call, r) }
                    case .multiplyConstant:
                        if number(i.b, &x) { a.put(Word(x * k[Int(i.c)])) } else { try combine(i, k[Int(i.c)], site(i), call, r) }
                    case .divideConstant:
                        if number(i.b, &x) { a.put(Word(x / k[Int(i.c)])) } else { try combine(i, k[Int(i.c)], site(i), call, r) }
                    case .remainder:
                        if number(i.b, &x), number(i.c, &y) {
                            a.put(Word(Operators.remainder(x, y)))
                        } else {
                            try combine(i, site(i), call, r)
                        }
                    case .power:
                        if number(i.b, &x), number(i.c, &y) { a.put(Word(Operators.power(x, y))) } else { try combine(i, site(i), call, r) }
                    case .unary: try unary(i, site(i), call, r)

                    case .jump: jump(i)
                    case .loop:
                        fuel &-= 1
                        if fuel < 0 { try refuel() }
                        jump(i)
                    case .jumpUnless:
                        if a.pointee.bits == Word.no.bits {
                            jump(i)
                        } else if a.pointee.bits != Word.yes.bits {
                            if try !truth(i, site(i), call, r) { jump(i) }
                        }
                    case .jumpIf:
                        if a.pointee.bits == Word.yes.bits {
                            jump(i)
                        } else if a.pointee.bits != Word.no.bits {
                            if try truth(i, site(i), call, r) { jump(i) }
                        }
                    case .unlessLess:
                        if number(i.a, &x), number(i.b, &y) {
                            if !(x < y) { jump(i) }
                        } else if try !compare(i, nil, site(i), call, r) {
                            jump(i)
                        }
                    case .unlessLessOrEqual:
                        if number(i.a, &x), number(i.b, &y) {
                            if !(x <= y) { jump(i) }
                        } else if try !compare(i, nil, site(i), call, r) {
                            jump(i)
                        }
                    case .unlessGreater:
                        if number(i.a, &x), number(i.b, &y) {
                            if !(x > y) { jump(i) }
                        } else if try !compare(i, nil, site(i), call, r) {
                            jump(i)
                        }
                    case .unlessGreaterOrEqual:
                        if number(i.a, &x), number(i.b, &y) {
                            if !(x >= y) { jump(i) }
                        } else if try !compare(i, nil, site(i), call, r) {
                            jump(i)
                        }
                    case .unlessEqual:
                        if number(i.a, &x), number(i.b, &y) {
                            if !(x == y) { jump(i) }
                        } else if try !withSite(i, { try compare(i, nil, $0, call, r) }) {
                            jump(i)
                        }
                    case .unlessNotEqual:
                        if number(i.a, &x), number(i.b, &y) {
                            if !(x != y) { jump(i) }
                        } else if try !withSite(i, { try compare(i, nil, $0, call, r) }) {
                            jump(i)
                        }
                    case .unlessLessConstant:
                        if number(i.a, &x) {
                            if !(x < k[Int(i.b)]) { jump(i) }
                        } else if try !compare(i, k[Int(i.b)], site(i), call, r) {
                            jump(i)
                        }
                    case .unlessLessOrEqualConstant:
                        if number(i.a, &x) {
                            if !(x <= k[Int(i.b)]) { jump(i) }
                        } else if try !compare(i, k[Int(i.b)], site(i), call, r) {
                            jump(i)
                        }
                    case .unlessGreaterConstant:
                        if number(i.a, &x) {
                            if !(x > k[Int(i.b)]) { jump(i) }
                        } else if try !compare(i, k[Int(i.b)], site(i), call, r) {
                            jump(i)
                        }
                    case .unlessGreaterOrEqualConstant:
                        if number(i.a, &x) {
                            if !(x >= k[Int(i.b)]) { jump(i) }
                        } else if try !compare(i, k[Int(i.b)], site(i), call, r) {
                            jump(i)
                        }
                    case .unlessEqualConstant:
                        if number(i.a, &x) {
                            if !(x == k[Int(i.b)]) { jump(i) }
                        } else if try !compare(i, k[Int(i.b)], site(i), call, r) {
                            jump(i)
                        }
                    case .unlessNotEqualConstant:
                        if number(i.a, &x) {
                            if !(x != k[Int(i.b)]) { jump(i) }
                        } else if try !compare(i, k[Int(i.b)], site(i), call, r) {
                            jump(i)
                        }

                    case .over: try goOver(a, site(i), call)
                    case .overRange:
                        x = a[0].number
                        y = a[1].number
                        if abs(x) <= 0x1p53, abs(y) <= 0x1p53, Double(Int(x)) == x, Double(Int(y)) == y {
                            a.pointee = Word(x - 1)
                        } else {
                            try goOverRange(a, site(i), call)
                        }
                    case .next:
                        fuel &-= 1
                        if fuel < 0 { try refuel() }
                        if a[1].isNumber {
                            x = a.pointee.number + 1
                            if x < a[1].number {
                                a.pointee = Word(x)
                                (r + Int(i.b)).put(Word(x))
                                jump(i)
                            }
                        } else if let item = a.pointee.object(SequenceState.self)._withUnsafeGuaranteedRef({ $0.next() }) {
                            (r + Int(i.b)).put(item)
                            jump(i)
                        }

                    case .call, .callGlobal:
                        let isGlobal = i.operation == .callGlobal
                        let word =
                            isGlobal
                            ? cell(i)._withUnsafeGuaranteedRef { $0.word } : a.pointee
                        let given = isGlobal ? a : a + 1
                        if word.kind == Word.Kind.function {
                            let callee = word.object(Function.self)
                            if let entry = callee._withUnsafeGuaranteedRef({ $0.entry })?.pointee, entry.parameters == Int(i.c) {
                                fuel &-= 1
                                if fuel < 0 { try refuel() }
                                let end = given + entry.registers
                                guard call < lastCall, end <= registerEnd else {
                                    throw tooManyCalls(site(i), callee, call)
                                }
                                call.pointee.resumption = pc
                                call.pointee.awaited = Int(i.a)
                                call += 1
                                enter(call, entry.code, callee, at: given, entry.registers, given: Int(i.c))
                                tables = entry.tables
                                call.pointee.tables = tables
                                call.pointee.variableCount = entry.variables
                                if entry.cells > 0 { makeCells(call) }
                                r = given
                                pc = tables.pointee.start
                                k = tables.pointee.constants
                                continue
                            }
                        }
                        try withSite(i) { try self.call(i, word, given, $0, call, r) }

                    case .callBuiltin:
                        let word = cell(i)._withUnsafeGuaranteedRef { $0.word }
                        try withSite(i) { try self.call(i, word, a, $0, call, r) }

                    case .index:
                        let base = r[Int(i.b)]
                        if base.kind == Word.Kind.list, number(i.c, &x) {
                            let list = base.object(List.self)
                            let n = list._withUnsafeGuaranteedRef { $0.count }
                            let place = x >= 0 && x < 0x1p32 ? Int(x) : -1
                            if place >= 0, place < n, Double(place) == x {
                                let item = list._withUnsafeGuaranteedRef { $0.word(at: place) }
                                a.put(item)
                                if Int(i.b) >= call.pointee.variableCount, i.b != i.a { (r + Int(i.b)).clear() }
                                continue
                            }
                        }
                        try index(i, 1, site(i), call, r)
                    case .indexVoxel: try index(i, 3, site(i), call, r)
                    case .field: try field(i, site(i), call, r)
                    case .list: try makeList(i, site(i), call, r)
                    case .append: try append(i, site(i), call, r)
                    case .grow:
                        if number(i.a, &x), number(i.b, &y) { a.pointee = Word(x + y) } else { try grow(a, r + Int(i.b), i, site(i), call) }
                    case .growText: try withSite(i) { try growText(a, i, $0, call, r) }
                    case .growCell: try grow(self.frame(call).cells[Int(i.a)], r + Int(i.b), i, site(i), call)
                    case .growGlobal:
                        let held = cell(i)._withUnsafeGuaranteedRef { $0.word }
                        if held.isNumber, number(i.b, &y) {
                            x = held.number + y
                            cell(i).takeUnretainedValue().word = Word(x)
                        } else {
                            try grow(cell(i).takeUnretainedValue(), r + Int(i.b), i, site(i), call)
                        }
                    case .setItem:
                        let item = r[Int(i.c)]
                        if a.pointee.kind == Word.Kind.list, number(i.b, &x), x >= 0, x < 0x1p32, !item.isReference, !item.isUnbound,
                            a.isOnlyReference(List.self)
                        {
                            let list = a.pointee.object(List.self)
                            let n = list._withUnsafeGuaranteedRef { $0.count }
                            let place = Int(x)
                            if place < n, Double(place) == x {
                                (list._withUnsafeGuaranteedRef { $0.words } + place).put(item)
                                continue
                            }
                        }
                        try setItem(a, r + Int(i.b), r + Int(i.c), i, site(i), call)
                    case .setItemCell: try setItem(self.frame(call).cells[Int(i.a)], r + Int(i.b), r + Int(i.c), i, site(i), call)
                    case .setItemGlobal: try setItem(cell(i).takeUnretainedValue(), r + Int(i.b), r + Int(i.c), i, site(i), call)

                    case .evaluate:
                        a.put(Word(try site(i).evaluate(self.frame(call))))
                        pc += 2
                    case .execute:
                        let completion = try site(i).execute(self.frame(call))
                        switch completion {
                        case .normal: pc += 2
                        case .broke: break
                        case .continued: pc += 1
                        case .returned:
                            if call == first { return .returned }
                            give(Word(self.frame(call).takeResult()))
                        }
                    case .give:
                        let value = a.pointee
                        a.pointee = .unbound
                        if call == first {
                            outermost.result = value.value ?? .none
                            value.release()
                            return .normal
                        }
                        give(value)
                    case .end:
                        if call == first {
                            outermost.result = .none
                            return .normal
                        }
                        give(.none)
                    case .leave:
                        if i.d == 2 { outermost.result = .none }
                        if i.d == 3 {
                            outermost.result = a.pointee.value ?? .none
                            a.clear()
                        }
                        return i.d == 0 ? .broke : i.d == 1 ? .continued : .returned
                    }
                }
            } catch let jump as Jump {
                switch jump.completion {
                case .normal, .broke: break
                case .continued: pc += 1
                case .returned:
                    if call == first { return .returned }
                    give(Word(self.frame(call).takeResult()))
                }
            } catch {
                var failure = error
                while call != first {
                    let function = call.pointee.function
                    resume()
                    let code = unsafeDowncast(site(pc[-1]), to: CallCode.self)
                    if let function { failure = code.placed(failure, function.takeUnretainedValue(), self.frame(call)) }
                }
                for register in program.own { (r + register).clear() }
                throw failure
            }
        }
    }
}
