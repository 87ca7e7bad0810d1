import Figures
import Imaging
import Networks
import Support

/// Why a value does not fit where it was given.
public struct Mismatch: Error {
    /// What fits: "a number", "a list of 3 numbers".
    public var expected: String
    /// What was found, when it is not simply the value: "a list whose item 2 is a string".
    public var found: String?
    /// What may be meant, or how to come to what fits.
    public var hint: String?

    /// `expected` reads after "must be", `found` after "got"; without `found` the value itself is told.
    public init(_ expected: String, found: String? = nil, hint: String? = nil) {
        self.expected = expected
        self.found = found
        self.hint = hint
    }

    /// A conversion that Ctrl-C has ended; who asked for it looks for that before anything else.
    static let interrupted = Mismatch("waited for")
}

/// A Swift type that script values turn into and back. The one way between the language and the cores.
public protocol Convertible: SendableMetatype {
    /// With its article, as a sentence needs it: "a number".
    static var expected: String { get }
    /// As a signature shows it: "number".
    static var typeName: String { get }
    /// The words that fit, for completion and help; empty where any value of the type does.
    static var words: [String] { get }
    /// Whether a voxel expression that is not computed yet may be given: `VoxelExpression`, and what is put together with it.
    static var takesExpression: Bool { get }
    /// Throws `Mismatch` when the value is of another kind or out of the type's range.
    static func from(_ value: Value) throws(Mismatch) -> Self
    /// As scripts see it.
    var value: Value { get }
}

extension Convertible {
    public static var words: [String] { [] }
    public static var takesExpression: Bool { false }
    public static var expected: String { "a \(typeName)" }
}

extension Value: Convertible {
    public static var typeName: String { "any" }
    public static var expected: String { "a value" }
    public static func from(_ value: Value) -> Value { value }
    public var value: Value { self }
}

extension Double: Convertible {
    public static var typeName: String { "number" }
    public static func from(_ value: Value) throws(Mismatch) -> Double {
        guard case .number(let x) = value else { throw Mismatch(expected) }
        return x
    }
    public var value: Value { .number(self) }
}

extension Float: Convertible {
    public static var typeName: String { "number" }
    public static func from(_ value: Value) throws(Mismatch) -> Float { Float(try Double.from(value)) }
    public var value: Value { .number(Double(self)) }
}

extension Int: Convertible {
    public static var typeName: String { "whole number" }
    /// Whole numbers of up to 2⁵³, beyond which a number no longer tells its neighbours apart. Throws `Mismatch` for all else.
    public static func from(_ value: Value) throws(Mismatch) -> Int {
        guard case .number(let x) = value, x == x.rounded(), abs(x) <= 0x1p53 else { throw Mismatch(expected) }
        return Int(x)
    }
    public var value: Value { .number(Double(self)) }
}

extension UInt64: Convertible {
    public static var typeName: String { "whole number" }
    public static var expected: String { "a whole number from 0" }
    public static func from(_ value: Value) throws(Mismatch) -> UInt64 {
        guard case .number(let x) = value, x == x.rounded(), x >= 0, x <= 0x1p53 else { throw Mismatch(expected) }
        return UInt64(x)
    }
    public var value: Value { .number(Double(self)) }
}

extension Bool: Convertible {
    public static var typeName: String { "boolean" }
    public static var expected: String { "true or false" }
    public static func from(_ value: Value) throws(Mismatch) -> Bool {
        guard case .boolean(let b) = value else { throw Mismatch(expected) }
        return b
    }
    public var value: Value { .boolean(self) }
}

extension String: Convertible {
    public static var typeName: String { "string" }
    public static func from(_ value: Value) throws(Mismatch) -> String {
        guard case .string(let s) = value else { throw Mismatch(expected) }
        return s
    }
    public var value: Value { .string(self) }
}

extension Record: Convertible {
    public static var typeName: String { "record" }
    public static func from(_ value: Value) throws(Mismatch) -> Record {
        guard case .record(let r) = value else { throw Mismatch(expected) }
        return r
    }
    public var value: Value { .record(self) }
}

extension IndexRange: Convertible {
    public static var typeName: String { "range" }
    public static func from(_ value: Value) throws(Mismatch) -> IndexRange {
        guard case .range(let r) = value else { throw Mismatch(expected) }
        return r
    }
    public var value: Value { .range(self) }
}

extension Function: Convertible {
    public static var typeName: String { "function" }
    public static func from(_ value: Value) throws(Mismatch) -> Function {
        guard case .function(let f) = value else { throw Mismatch(expected) }
        return f
    }
    public var value: Value { .function(self) }
}

extension Volume: Convertible {
    public static var typeName: String { "volume" }
    public static func from(_ value: Value) throws(Mismatch) -> Volume {
        guard case .volume(let v) = value else { throw Mismatch(expected) }
        return v
    }
    public var value: Value { .volume(self) }
}

extension Mask: Convertible {
    public static var typeName: String { "mask" }
    public static func from(_ value: Value) throws(Mismatch) -> Mask {
        guard case .mask(let m) = value else {
            var hint: String?
            if case .volume = value { hint = "compare the volume with a number to get a mask: v > 0" }
            throw Mismatch(expected, hint: hint)
        }
        return m
    }
    public var value: Value { .mask(self) }
}

extension Transform: Convertible {
    public static var typeName: String { "transform" }
    public static func from(_ value: Value) throws(Mismatch) -> Transform {
        guard case .transform(let t) = value else { throw Mismatch(expected, hint: "register gives one, and so does transform(matrix)") }
        return t
    }
    public var value: Value { .transform(self) }
}

extension Node: Convertible {
    public static var typeName: String { "tensor" }
    public static func from(_ value: Value) throws(Mismatch) -> Node {
        guard case .tensor(let t) = value else { throw Mismatch(expected) }
        return t
    }
    public var value: Value { .tensor(self) }
}

extension Model: Convertible {
    public static var typeName: String { "model" }
    public static func from(_ value: Value) throws(Mismatch) -> Model {
        guard case .model(let m) = value else { throw Mismatch(expected) }
        return m
    }
    public var value: Value { .model(self) }
}

extension Figure: Convertible {
    public static var typeName: String { "figure" }
    public static func from(_ value: Value) throws(Mismatch) -> Figure {
        guard case .figure(let f) = value else { throw Mismatch(expected) }
        return f
    }
    public var value: Value { .figure(self) }
}
