import Figures
import Imaging
import Networks

/// Everything that a script can hold. Values do not change in place; heavy payloads are shared references.
///
/// Only this file, printing and equality look at all cases; everything else goes through `Convertible`.
public enum Value: @unchecked Sendable {
    case none
    case boolean(Bool)
    case number(Double)
    case string(String)
    case list(List)
    case record(Record)
    case range(IndexRange)
    case function(Function)
    case volume(Volume)
    case mask(Mask)
    case transform(Transform)
    case tensor(Node)
    case model(Model)
    case figure(Figure)
    /// A voxel expression on its way from an operator to a builtin that takes one (`Parameter.takesExpression`); scripts never hold it.
    case pending(Pending)

    /// A list of these items.
    public init(_ items: [Value]) { self = .list(List(items)) }

    /// The kind in a word: "number", "volume".
    public var kind: String {
        switch self {
        case .none: "none"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "string"
        case .list: "list"
        case .record: "record"
        case .range: "range"
        case .function: "function"
        case .volume: "volume"
        case .mask: "mask"
        case .transform: "transform"
        case .tensor: "tensor"
        case .model: "model"
        case .figure: "figure"
        case .pending(let pending): pending.expression.isMask ? "mask" : "volume"
        }
    }

    /// How deep lists, records and closures are nested in this value.
    var depth: Int {
        switch self {
        case .list(let list): list.depth
        case .record(let record): record.depth
        case .function(let function): function.depth
        default: 0
        }
    }

    /// The nesting that a script may build: what lies deeper could not be printed, compared or freed within a thread's stack.
    static let deepest = 5_000
}

extension Value: ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}

/// Whole numbers from `start` up to but not including `end`. Holds no list, so that any size costs nothing.
public final class IndexRange: Sendable {
    /// The first number.
    public let start: Int
    /// The number that follows the last; at or before `start` where there is none.
    public let end: Int

    /// Both are within ±2⁵³, so that their difference is a number.
    public init(_ start: Int, _ end: Int) {
        self.start = start
        self.end = end
    }

    /// How many numbers there are.
    public var count: Int { max(0, end - start) }
}
