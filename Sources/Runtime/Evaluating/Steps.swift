import Imaging
import Support
import Syntax

// What instructions do with all but numbers. None of this is inlined, so that the interpreter's loop stays small.

/// A register, or several from it on.
typealias Register = UnsafeMutablePointer<Word>

extension Register {
    /// True where nothing but this register refers to its object.
    @inline(__always) func isOnlyReference<T: AnyObject>(_: T.Type) -> Bool {
        var address = pointee.address
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: T.self, capacity: 1) { isKnownUniquelyReferenced(&$0.pointee) }
        }
    }
}

extension Frame {
    /// Frees a register that an instruction has read, unless it is a variable's.
    @inline(__always) func finish(_ register: Register) { if register >= slots + call.pointee.variableCount { register.clear() } }

    /// What a register holds. Where it is a variable without a value, its code throws the error.
    func value(_ register: Register, of code: Code) throws -> Value { try register.pointee.value ?? code.evaluate(self) }
}

extension Machine {
    // MARK: - Operators

    @inline(never)
    func combine(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: BinaryCode.self)
        let left = r + Int(i.b), right = r + Int(i.c)
        let result = try code.combine(left.pointee, right.pointee, frame)
        frame.finish(left)
        frame.finish(right)
        (r + Int(i.a)).put(result)
    }

    /// The same with a constant on the right.
    @inline(never)
    func combine(_ i: Instruction, _ constant: Double, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: BinaryCode.self)
        let left = r + Int(i.b)
        let result = try code.combine(left.pointee, Word(constant), frame)
        frame.finish(left)
        (r + Int(i.a)).put(result)
    }

    @inline(never)
    func unary(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: UnaryCode.self)
        let operand = r + Int(i.b)
        let result = try code.apply(operand.pointee, frame)
        frame.finish(operand)
        (r + Int(i.a)).put(result)
    }

    /// A comparison as a condition; the constant, where there is one, stands on the right.
    @inline(never)
    func compare(_ i: Instruction, _ constant: Double?, _ site: Code, _ call: Call, _ r: Register) throws -> Bool {
        if let same = sameText(i, constant, site, call, r) { return same }
        let frame = frame(call), condition = unsafeDowncast(site, to: Condition.self)
        let code = unsafeDowncast(condition.code, to: BinaryCode.self)
        let left = r + Int(i.a), right = r + Int(i.b)
        let result = try code.combine(left.pointee, constant.map { Word($0) } ?? right.pointee, frame)
        defer { result.release() }
        frame.finish(left)
        if constant == nil { frame.finish(right) }
        if result.isTruth { return result.bits == Word.yes.bits }
        return try condition.check(result.value ?? .none, frame)
    }

    /// `==` and `!=` of two strings; nil for all else.
    @inline(__always)
    private func sameText(_ i: Instruction, _ constant: Double?, _ site: Code, _ call: Call, _ r: Register) -> Bool? {
        guard constant == nil, i.operation == .unlessEqual || i.operation == .unlessNotEqual else { return nil }
        let left = r + Int(i.a), right = r + Int(i.b)
        guard left.pointee.kind == Word.Kind.text, right.pointee.kind == Word.Kind.text else { return nil }
        let same = TextBox.areEqual(left.pointee, right.pointee)
        let free = r + call.pointee.variableCount
        if left >= free { left.clear() }
        if right >= free { right.clear() }
        return same == (i.operation == .unlessEqual)
    }

    /// A value as a condition.
    @inline(never)
    func truth(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws -> Bool {
        let frame = frame(call), condition = unsafeDowncast(site, to: Condition.self)
        let register = r + Int(i.a)
        let result = try condition.check(try frame.value(register, of: condition.code), frame)
        frame.finish(register)
        return result
    }

    // MARK: - Loops

    @inline(never)
    func goOver(_ register: Register, _ site: Code, _ call: Call) throws {
        let frame = frame(call)
        let value = register.pointee.value ?? .none
        if case .range(let range) = value {
            register.put(Word(Double(range.start) - 1))
            register[1] = Word(Double(range.end))
        } else {
            register.put(Word(try SequenceState(value, frame, site.span)))
            register[1] = .none
        }
    }

    @inline(never)
    func goOverRange(_ register: Register, _ site: Code, _ call: Call) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: MakeRange.self)
        let start = try code.bound(try frame.value(register, of: code.from), code.from, frame)
        let end = try code.bound(try frame.value(register + 1, of: code.to), code.to, frame)
        register.put(Word(Double(start) - 1))
        (register + 1).put(Word(Double(end)))
    }

    // MARK: - Calls

    /// A call that the interpreter does not enter itself. Its `given` arguments are freed.
    @inline(never)
    func call(_ i: Instruction, _ word: Word, _ given: Register, _ site: Code, _ call: Call, _ r: Register) throws {
        let code = unsafeDowncast(site, to: CallCode.self)
        let count = Int(i.c), result = r + Int(i.a)
        if word.isUnbound, count == 1, let builtin = code.builtin, try builtin._withUnsafeGuaranteedRef({ try short($0, given, result) }) { return }
        let frame = frame(call)
        let function: Function
        if word.kind == Word.Kind.function {
            function = word.object(Function.self).takeUnretainedValue()
        } else {
            function = try code.function(try word.value ?? code.callee.evaluate(frame), frame)
        }
        if let builtin = function.builtin {
            if word.isUnbound { code.builtin = .passUnretained(builtin) }
            if count == 1, try short(builtin, given, result) { return }
        }
        var values: [Value] = []
        values.reserveCapacity(count)
        for j in 0..<count {
            values.append((given + j).pointee.value ?? .none)
            (given + j).clear()
        }
        result.put(Word(try code.call(function, values, frame)))
    }

    /// What a builtin makes of one argument of the kinds that need no fitting; false for others.
    @inline(__always)
    private func short(_ builtin: Builtin, _ given: Register, _ result: Register) throws -> Bool {
        if given.pointee.isNumber, let scalar = builtin.scalar {
            try poll()
            let x = scalar(given.pointee.number)
            result.put(Word(x == x ? x : .nan))
            return true
        }
        if given.pointee.kind == Word.Kind.text, let numberOfText = builtin.numberOfText {
            guard let x = given.pointee.object(TextBox.self)._withUnsafeGuaranteedRef({ numberOfText($0.text) }) else { return false }
            try poll()
            given.clear()
            result.put(Word(x == x ? x : .nan))
            return true
        }
        guard let shortcut = builtin.shortcut, let value = given.pointee.value, let short = shortcut(value) else { return false }
        try poll()
        given.clear()
        result.put(Word(short))
        return true
    }

    // MARK: - Lists, fields and indices

    @inline(never)
    func index(_ i: Instruction, _ places: Int, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: IndexCode.self)
        let base = r + Int(i.b), first = r + Int(i.c)
        let result = try code.item(base, first, places, frame)
        frame.finish(base)
        for j in 0..<places { frame.finish(first + j) }
        (r + Int(i.a)).put(result)
    }

    @inline(never)
    func field(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: FieldCode.self)
        let base = r + Int(i.b)
        let result = Word(try code.get(try frame.value(base, of: code.base), frame))
        frame.finish(base)
        (r + Int(i.a)).put(result)
    }

    @inline(never)
    func makeList(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), count = Int(i.c)
        try frame.reserve(items: count, at: site.span)
        let list = List(capacity: count)
        for j in 0..<count {
            let register = r + Int(i.b) + j
            list.adopt(register.pointee)
            register.pointee = .unbound
        }
        if list.depth > Value.deepest { throw frame.fail(tooDeep, at: site.span) }
        (r + Int(i.a)).put(Word(.list(list)))
    }

    @inline(never)
    func append(_ i: Instruction, _ site: Code, _ call: Call, _ r: Register) throws {
        let frame = frame(call), item = r + Int(i.b)
        let list = r[Int(i.a)].object(List.self).takeUnretainedValue()
        let count = list.count
        guard count < List.longest else { throw frame.fail("the list is too long: more than \(List.longest) items", at: site.span) }
        // The list is about to move to twice the room.
        if count == list.capacity { try frame.reserve(items: 2 * count, at: site.span) }
        list.adopt(item.pointee)
        item.pointee = .unbound
        if list.depth > Value.deepest { throw frame.fail(tooDeep, at: site.span) }
    }

    /// `xs[i] = x`, `r[name] = x`: in place where nothing else refers to the list or record.
    @inline(never)
    func setItem(_ target: Register, _ place: Register, _ item: Register, _ i: Instruction, _ site: Code, _ call: Call) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: SetItem.self)
        defer {
            frame.finish(place)
            frame.finish(item)
        }
        if target.pointee.kind == Word.Kind.list, place.pointee.isNumber {
            let isAlone = target.pointee.bits != item.pointee.bits && target.isOnlyReference(List.self)
            let list = target.pointee.object(List.self).takeUnretainedValue()
            let new = item.pointee
            if isAlone, let at = Int(exactly: place.pointee.number), at >= 0, at < list.count, !new.isUnbound, new.depth < Value.deepest {
                new.retain()
                list.replace(at, with: new)
                return
            }
        }
        if target.pointee.kind == Word.Kind.other, place.pointee.kind == Word.Kind.text, target.pointee.bits != item.pointee.bits,
            target.isOnlyReference(ValueBox.self)
        {
            let new = try frame.value(item, of: code.item)
            let name = place.pointee.object(TextBox.self).takeUnretainedValue().text
            if new.depth < Value.deepest {
                try frame.reserve(128 + name.utf8.count, at: code.span)
                if target.pointee.object(ValueBox.self)._withUnsafeGuaranteedRef({ $0.set(name, new) }) { return }
            }
        }
        let old = try target.pointee.value ?? code.variable.evaluate(frame)
        let at = try frame.value(place, of: code.place)
        target.put(Word(try code.changed(old, at, try frame.value(item, of: code.item), frame)))
    }

    /// The same for a variable that is a cell.
    @inline(never)
    func setItem(_ cell: Cell, _ place: Register, _ item: Register, _ i: Instruction, _ site: Code, _ call: Call) throws {
        try withUnsafeMutablePointer(to: &cell.word) { try setItem($0, place, item, i, site, call) }
    }

    /// `xs = xs + more`: a list or string grows in place where nothing else refers to it.
    @inline(never)
    func grow(_ target: Register, _ more: Register, _ i: Instruction, _ site: Code, _ call: Call) throws {
        let frame = frame(call), code = unsafeDowncast(site, to: Grow.self)
        defer { frame.finish(more) }
        switch (target.pointee.kind, more.pointee.kind) {
        case (Word.Kind.text, Word.Kind.text):
            // Asked before anything here refers to it.
            let isAlone = target.isOnlyReference(TextBox.self)
            let extra = more.pointee.object(TextBox.self)._withUnsafeGuaranteedRef { $0.text }
            if isAlone {
                if try append(extra, to: target, code, frame) { return }
                break
            }
            let text = target.pointee.object(TextBox.self)._withUnsafeGuaranteedRef { $0.text }
            guard text.utf8.count + extra.utf8.count <= Operators.longestString else { break }
            try frame.reserve(text.utf8.count + extra.utf8.count, at: code.span)
            target.put(Word(TextBox(text + extra)))
            return
        case (Word.Kind.list, Word.Kind.list) where target.pointee.bits != more.pointee.bits:
            let isAlone = target.isOnlyReference(List.self)
            let list = target.pointee.object(List.self).takeUnretainedValue(), extra = more.pointee.object(List.self).takeUnretainedValue()
            let total = list.count + extra.count
            guard isAlone, total <= List.longest, max(list.depth, extra.depth) < Value.deepest else { break }
            if total > list.capacity { try frame.reserve(items: 2 * total, at: code.span) }
            list.append(contentsOf: extra)
            return
        default: break
        }
        let first = try target.pointee.value ?? code.variable.evaluate(frame)
        let second = try frame.value(more, of: code.more)
        target.put(Word(try Operators.binary(.add, first, second, frame, code.span, code.operatorSpan)))
    }
}

extension Machine {
    /// As `grow` of a register, for a variable that is a cell.
    @inline(never)
    func grow(_ cell: Cell, _ more: Register, _ i: Instruction, _ site: Code, _ call: Call) throws {
        try withUnsafeMutablePointer(to: &cell.word) { try grow($0, more, i, site, call) }
    }
}

/// What a loop goes over, with the place that it has reached.
final class SequenceState {
    private enum Source {
        case text(String, String.Index)
        case names([String])
    }
    private let list: List?
    @exclusivity(unchecked) private var source: Source?
    @exclusivity(unchecked) private var place = 0

    init(_ value: Value, _ frame: Frame, _ span: Span) throws {
        var list: List?
        switch value {
        case .list(let items): list = items
        case .string(let text): source = .text(text, text.startIndex)
        case .record(let record): source = .names(record.names)
        default: throw Sequences.refusal(value, frame, span)
        }
        self.list = list
    }

    /// Nil after the last one.
    @inline(__always)
    func next() -> Word? {
        guard let list else { return another() }
        guard place < list.count else { return nil }
        place &+= 1
        return list.word(at: place &- 1)
    }

    @inline(never)
    private func another() -> Word? {
        switch source {
        case .names(let names):
            guard place < names.count else { return nil }
            place &+= 1
            return Word(.string(names[place &- 1]))
        case .text(let text, let at):
            if at == text.endIndex { return nil }
            source = .text(text, text.index(after: at))
            return Word(.string(String(text[at])))
        case nil: return nil
        }
    }
}

extension List {
    /// An item as a word with a reference of its own; the place must be one of the list's.
    @inline(__always)
    func word(at place: Int) -> Word {
        let word = words[place]
        word.retain()
        return word
    }
}
