import Support

// Types put together from others: optional, lists, three per axis, one of two, the rest of the arguments, words.

extension Optional: Convertible where Wrapped: Convertible {
    public static var typeName: String { Wrapped.typeName }
    public static var expected: String { "\(Wrapped.expected) or none" }
    public static var words: [String] { Wrapped.words }
    public static var takesExpression: Bool { Wrapped.takesExpression }
    public static func from(_ value: Value) throws(Mismatch) -> Self {
        if case .none = value { return nil }
        return try Wrapped.from(value)
    }
    public var value: Value { self?.value ?? Value.none }
}

extension Array: Convertible where Element: Convertible {
    public static var typeName: String {
        if !Element.words.isEmpty { return "list of " + Element.words.map { "\"\($0)\"" }.joined(separator: "|") }
        return Element.typeName == Value.typeName ? "list" : "list of \(plural(Element.typeName))"
    }
    public static var expected: String { Element.words.isEmpty ? "a \(typeName)" : "a list of strings" }
    /// Lists, and ranges that are no longer than a list may be, which count as the list of their numbers. Throws `Mismatch` for all else, for an item that
    /// does not fit, and upon Ctrl-C.
    public static func from(_ value: Value) throws(Mismatch) -> [Element] {
        switch value {
        case .list(let list):
            var out: [Element] = []
            out.reserveCapacity(list.count)
            for (i, item) in list.enumerated() {
                if i & 4095 == 4095, Interrupt.isRaised { throw Mismatch.interrupted }
                do {
                    out.append(try Element.from(item))
                } catch {
                    // Where an item is of the right kind, and only certain ones are meant, they are told.
                    let one = item.kind == Element.typeName ? "; an item must be \(error.expected)" : ""
                    throw Mismatch(expected, found: "a list whose item \(i) is \(error.found ?? item.mention)\(one)", hint: error.hint)
                }
            }
            return out
        case .range(let range):
            guard range.count <= List.longest else {
                throw Mismatch(expected, found: "a range of \(Text.grouped(range.count)) numbers, of which a list may have \(Text.grouped(List.longest))")
            }
            var out: [Element] = []
            out.reserveCapacity(range.count)
            for i in 0..<range.count {
                if i & 4095 == 4095, Interrupt.isRaised { throw Mismatch.interrupted }
                out.append(try Element.from(.number(Double(range.start + i))))
            }
            return out
        default: throw Mismatch(expected)
        }
    }
    public var value: Value {
        // A cast would look at every item.
        if Element.self == String.self { return .list(List(texts: unsafeBitCast(self, to: [String].self))) }
        return .list(List(map { $0.value }))
    }
}

private func plural(_ noun: String) -> String {
    noun == "any"
        ? "values"
        : noun.hasSuffix("s")
            ? noun
            : noun.split(separator: " ").count > 1 && noun.contains(" of ")
                ? "lists of" + noun.drop(while: { $0 != " " }).dropFirst(3) : noun + "s"
}

/// One number for each axis, written as one number for all or a list of three: `2` or `[1, 1, 2.5]`.
public struct Triple: Convertible, Sendable, Equatable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    /// Those of the three axes.
    public var numbers: SIMD3<Double>

    /// The axes' numbers as they are.
    public init(_ numbers: SIMD3<Double>) { self.numbers = numbers }
    public init(floatLiteral value: Double) { numbers = SIMD3(repeating: value) }
    public init(integerLiteral value: Int) { numbers = SIMD3(repeating: Double(value)) }

    public static var typeName: String { "number or list of 3" }
    public static var expected: String { "a number or a list of 3 numbers" }
    public static func from(_ value: Value) throws(Mismatch) -> Triple {
        if case .number(let x) = value { return Triple(SIMD3(repeating: x)) }
        guard case .list(let list) = value else { throw Mismatch(expected) }
        guard list.count == 3 else { throw Mismatch(expected, found: "a list of \(list.count)") }
        let numbers: [Double]
        do {
            numbers = try [Double].from(value)
        } catch {
            throw Mismatch(expected, found: error.found)
        }
        return Triple(SIMD3(numbers[0], numbers[1], numbers[2]))
    }
    public var value: Value {
        numbers.x == numbers.y && numbers.y == numbers.z
            ? .number(numbers.x) : Value([.number(numbers.x), .number(numbers.y), .number(numbers.z)])
    }

    /// Whole numbers of at least 1 (kernel sizes, strides, shapes). Throws `Mismatch`.
    public func whole(_ expected: String = "a whole number, or 3 of them, from 1") throws(Mismatch) -> SIMD3<Int> {
        for i in 0..<3 {
            let x = numbers[i]
            guard x == x.rounded(), x >= 1, x <= 0x1p31 else { throw Mismatch(expected, found: Text.number(x)) }
        }
        return SIMD3(Int(numbers.x), Int(numbers.y), Int(numbers.z))
    }
}

/// As `Triple`, for whole numbers of at least 1: voxels, kernel sizes, strides.
public struct WholeTriple: Convertible, Sendable, Equatable, ExpressibleByIntegerLiteral {
    /// Those of the three axes, each at least 1 where it comes from a script.
    public var numbers: SIMD3<Int>

    /// The axes' numbers as they are.
    public init(_ numbers: SIMD3<Int>) { self.numbers = numbers }
    public init(integerLiteral value: Int) { numbers = SIMD3(repeating: value) }

    public static var typeName: String { "whole number or list of 3" }
    public static var expected: String { "a whole number from 1 or a list of 3 of them" }
    public static func from(_ value: Value) throws(Mismatch) -> WholeTriple {
        do {
            return WholeTriple(try Triple.from(value).whole())
        } catch {
            throw Mismatch(expected, found: error.found)
        }
    }
    public var value: Value { Triple(SIMD3<Double>(numbers)).value }
}

/// A value of one of two types; the first that fits counts.
public enum Either<A: Convertible, B: Convertible>: Convertible {
    case first(A)
    case second(B)

    public static var typeName: String { "\(A.typeName) or \(B.typeName)" }
    public static var expected: String { "\(A.expected) or \(B.expected)" }
    public static var words: [String] { A.words + B.words }
    public static var takesExpression: Bool { A.takesExpression || B.takesExpression }
    public static func from(_ value: Value) throws(Mismatch) -> Self {
        if let a = try? A.from(value) { return .first(a) }
        do {
            return .second(try B.from(value))
        } catch {
            throw Mismatch(expected, found: error.found, hint: error.hint)
        }
    }
    public var value: Value {
        switch self {
        case .first(let a): a.value
        case .second(let b): b.value
        }
    }
}

extension Either: Sendable where A: Sendable, B: Sendable {}

/// All further positional arguments. Parameters declared after it can only be given by name.
public struct Rest<Element: Convertible>: Convertible {
    /// The arguments, in the order of the call.
    public var items: [Element]
    /// For defaults: usually of none.
    public init(_ items: [Element]) { self.items = items }

    public static var typeName: String { "\(Element.typeName)…" }
    public static var takesExpression: Bool { Element.takesExpression }
    public static var expected: String { Element.expected }
    public static func from(_ value: Value) throws(Mismatch) -> Rest {
        guard case .list(let list) = value else { throw Mismatch(expected) }
        var items: [Element] = []
        for item in list {
            do throws(Mismatch) { items.append(try Element.from(item)) } catch {
                // The one argument that does not fit, of several.
                throw Mismatch(error.expected, found: error.found ?? item.mention, hint: error.hint)
            }
        }
        return Rest(items)
    }
    public var value: Value { items.value }
}

extension Rest: Sendable where Element: Sendable {}

/// An enumeration of words is a parameter type: `extension Interpolation: Convertible {}` is all it takes.
extension Convertible where Self: RawRepresentable & CaseIterable, RawValue == String {
    public static var typeName: String { "string" }
    public static var words: [String] { allCases.map(\.rawValue) }
    public static var expected: String {
        let quoted = words.map { "\"\($0)\"" }
        return quoted.count > 1 ? quoted.dropLast().joined(separator: ", ") + " or " + quoted[quoted.count - 1] : quoted.joined()
    }
    public static func from(_ value: Value) throws(Mismatch) -> Self {
        guard case .string(let word) = value else { throw Mismatch(expected) }
        if let match = Self(rawValue: word) { return match }
        throw Mismatch(expected, hint: Text.nearest(to: word, among: words).map { "did you mean \"\($0)\"?" })
    }
    public var value: Value { .string(rawValue) }
}
