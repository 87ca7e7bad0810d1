/// A value in a register: 8 bytes that are copied without counting references.
///
/// Numbers are themselves. All else lies among the negative NaNs that no operation gives: the upper 16 bits say what it is, the lower 48 are a
/// constant's number or an object's address. A register that holds an object owns one reference to it, which `release` gives up; who copies bits keeps the count.
struct Word: BitwiseCopyable {
    var bits: UInt64

    @inline(__always) init(bits: UInt64) { self.bits = bits }
    /// A result of arithmetic; other numbers come through `init(taking:)`, which knows of NaNs from files.
    @inline(__always) init(_ number: Double) { bits = number.bitPattern }
    @inline(__always) init(_ truth: Bool) { bits = Word.no.bits | (truth ? 1 : 0) }

    @inline(__always) private init(_ object: AnyObject, _ kind: UInt64) {
        bits = kind << 48 | UInt64(UInt(bitPattern: Unmanaged.passRetained(object).toOpaque()))
    }

    @inline(__always) init(_ text: TextBox) { self.init(text, Kind.text) }
    /// A voxel expression that is not computed yet; only operators and calls see it.
    @inline(__always) init(_ pending: Pending) { self.init(pending, Kind.pending) }
    /// What a loop goes over; only loops see it.
    @inline(__always) init(_ sequence: SequenceState) { self.init(sequence, Kind.sequence) }

    /// The upper 16 bits of all but numbers.
    enum Kind {
        static let constant: UInt64 = 0xFFF9
        static let list: UInt64 = 0xFFFA
        static let function: UInt64 = 0xFFFB
        static let text: UInt64 = 0xFFFC
        static let other: UInt64 = 0xFFFD
        static let pending: UInt64 = 0xFFFE
        static let sequence: UInt64 = 0xFFFF
    }

    /// A variable without a value, and a register that is free.
    @inline(__always) static var unbound: Word { Word(bits: Kind.constant << 48) }
    @inline(__always) static var none: Word { Word(bits: Kind.constant << 48 | 1) }
    @inline(__always) static var no: Word { Word(bits: Kind.constant << 48 | 2) }
    @inline(__always) static var yes: Word { Word(bits: Kind.constant << 48 | 3) }

    @inline(__always) var isNumber: Bool { bits < Kind.constant << 48 }
    @inline(__always) var isReference: Bool { bits >= Kind.list << 48 }
    @inline(__always) var isUnbound: Bool { bits == Word.unbound.bits }
    @inline(__always) var isTruth: Bool { bits & ~1 == Word.no.bits }
    @inline(__always) var kind: UInt64 { bits >> 48 }
    @inline(__always) var number: Double { Double(bitPattern: bits) }

    /// The object of a reference.
    @inline(__always) var address: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(bitPattern: UInt(bits & 0xFFFF_FFFF_FFFF)).unsafelyUnwrapped
    }
    @inline(__always) func object<T: AnyObject>(_: T.Type) -> Unmanaged<T> { Unmanaged<T>.fromOpaque(address) }

    @inline(__always) func retain() { if isReference { _ = object(AnyObject.self).retain() } }
    @inline(__always) func release() { if isReference { object(AnyObject.self).release() } }

    /// The word of a value, with a reference of its own.
    @inline(__always) init(_ value: Value) {
        switch value {
        // Any NaN becomes the one that arithmetic gives.
        case .number(let x): self = Word(x == x ? x : .nan)
        default: self = Word.made(of: value)
        }
    }

    @inline(never) private static func made(of value: Value) -> Word {
        switch value {
        case .number(let x): Word(x == x ? x : .nan)
        case .none: .none
        case .boolean(let b): Word(b)
        case .list(let list): Word(list, Kind.list)
        case .function(let function): Word(function, Kind.function)
        case .string(let text): Word(TextBox(text))
        case .pending(let pending): Word(pending)
        default: Word(ValueBox(value), Kind.other)
        }
    }

    /// The value, with a reference of its own; nil where there is none.
    @inline(__always) var value: Value? {
        if isNumber { return .number(number) }
        return referred
    }

    /// How deep lists, records and closures are nested in what a reference refers to.
    var depth: Int {
        @inline(never) get {
            switch kind {
            case Kind.list: object(List.self)._withUnsafeGuaranteedRef { $0.depth }
            case Kind.function: object(Function.self)._withUnsafeGuaranteedRef { $0.depth }
            case Kind.other: object(ValueBox.self)._withUnsafeGuaranteedRef { $0.value.depth }
            default: 0
            }
        }
    }

    private var referred: Value? {
        @inline(never) get {
            switch kind {
            case Kind.constant: isUnbound ? nil : bits == Word.none.bits ? Value.none : .boolean(bits == Word.yes.bits)
            case Kind.list: .list(object(List.self).takeUnretainedValue())
            case Kind.function: .function(object(Function.self).takeUnretainedValue())
            case Kind.text: .string(object(TextBox.self).takeUnretainedValue().text)
            case Kind.other: object(ValueBox.self).takeUnretainedValue().value
            case Kind.pending: .pending(object(Pending.self).takeUnretainedValue())
            default: nil
            }
        }
    }
}

/// A string that registers refer to.
final class TextBox {
    /// Changed only by who holds the one reference.
    @exclusivity(unchecked) var text: String
    init(_ text: String) { self.text = text }

    /// Whether two registers' strings have the same content.
    @inline(__always)
    static func areEqual(_ x: Word, _ y: Word) -> Bool {
        x.object(TextBox.self)._withUnsafeGuaranteedRef { x in y.object(TextBox.self)._withUnsafeGuaranteedRef { x.text == $0.text } }
    }
}

/// A value of the rarer kinds that registers refer to.
final class ValueBox {
    /// Changed only by who holds the one reference.
    @exclusivity(unchecked) private(set) var value: Value
    init(_ value: Value) { self.value = value }

    /// Sets a field of a record that nothing else refers to. False where something does, and for other values.
    func set(_ name: String, _ item: Value) -> Bool {
        guard case .record(var record) = value else { return false }
        // Taken out for the question, so that the box's reference is not counted.
        value = .none
        defer { value = .record(record) }
        guard isKnownUniquelyReferenced(&record) else { return false }
        record.set(name, item)
        return true
    }
}

extension UnsafeMutablePointer<Word> {
    /// Replaces what a register holds; the new word's reference becomes its own.
    @inline(__always) func put(_ word: Word) {
        let old = pointee
        pointee = word
        if old.isReference { old.object(AnyObject.self).release() }
    }

    /// Frees a register.
    @inline(__always) func clear() {
        let old = pointee
        if old.isReference {
            pointee = .unbound
            old.object(AnyObject.self).release()
        }
    }
}
