import Support
import Synchronization

/// What a builtin is about; help lists the builtins under these titles.
public enum Theme: String, CaseIterable, Sendable {
    case files = "Files"
    case space = "Space"
    case intensity = "Intensity"
    case masks = "Masks"
    case networks = "Networks"
    case training = "Training"
    case evaluation = "Evaluation"
    case pictures = "Pictures"
    case cohorts = "Cohorts"
    case lists = "Lists"
    case text = "Text"
    case mathematics = "Mathematics"
    case language = "Language"
    case system = "System"
}

/// A piece of script with what it prints; the tests run it and compare.
public struct Example: Sendable {
    /// What is typed; several lines are one input.
    public let code: String
    /// What the session shows: printed text, then the description of the last value unless it is none. Nil where it cannot be told.
    public let shows: String?

    /// `shows` is nil where it differs from machine to machine; the example runs all the same.
    public init(_ code: String, _ shows: String? = nil) {
        self.code = code
        self.shows = shows
    }
}

/// One typed parameter of a builtin, with its doc and, if it may be left out, its default.
public struct Param<T: Convertible> {
    /// By which a call may name it.
    public let name: String
    /// What it means, with its unit.
    public let doc: String
    let fallback: T?

    /// A parameter that must be given.
    public init(_ name: String, _ doc: String) {
        self.name = name
        self.doc = doc
        fallback = nil
    }

    /// A parameter that may be left out.
    public init(_ name: String, _ doc: String, default fallback: T) {
        self.name = name
        self.doc = doc
        self.fallback = .some(fallback)
    }

    var described: Parameter {
        Parameter(
            name: name, doc: doc, type: T.typeName, words: T.words, defaultValue: fallback?.value,
            isRest: T.self is any RestParameter.Type, takesExpression: T.takesExpression)
    }
}

protocol RestParameter {}
extension Rest: RestParameter {}

/// A parameter as help, completion and the argument check see it.
public struct Parameter: Sendable {
    /// By which a call may name it.
    public let name: String
    /// What it means, with its unit.
    public let doc: String
    /// "number", "list of volumes".
    public let type: String
    /// The words that the parameter accepts, where it is one of a few.
    public let words: [String]
    /// What it is where it is left out; nil where it must be given.
    public let defaultValue: Value?
    /// True where it takes all further positional arguments.
    public let isRest: Bool
    /// Whether an argument may be a voxel expression that nobody has computed; else the call gives its image.
    var takesExpression = false

    /// True where a call without it is an error.
    public var isRequired: Bool { defaultValue == nil && !isRest }
    /// The default as one would write it.
    public var defaultText: String? { defaultValue.map(\.literal) }
}

/// A function of the language that is written in Swift: one value that holds all that is known of it.
///
///     Builtin("n4", "Remove the slow intensity bias of an MR volume.", theme: .intensity,
///         Param<Volume>("image", "the image"), Param<Double>("fwhm", "width of the sharpening kernel", default: 0.15),
///         returns: "the corrected volume", examples: [Example("…", "…")]) { context, image, fwhm in … }
public final class Builtin: Sendable {
    /// By which scripts call it.
    public let name: String
    /// One line, ending in a full stop.
    public let summary: String
    /// Under which the reference and `help()` list it.
    public let theme: Theme
    /// Paragraphs: formula, paper, units.
    public let details: String
    /// In the order of positional arguments.
    public let parameters: [Parameter]
    /// What it gives.
    public let returns: String
    /// Shown by help and the reference, and run by the tests.
    public let examples: [Example]
    /// The function that this stands for, where it stands for one.
    let inner: Function?
    let body: @Sendable (Context, Bound) throws -> Value
    /// The parameter that takes all further arguments.
    let rest: Int?
    /// Whether a parameter takes voxel expressions.
    var takesExpressions: Bool { parameters.contains { $0.takesExpression } }
    /// What it makes of a single number, where that is all that it does: calls in loops need no more.
    let scalar: (@Sendable (Double) -> Double)?
    /// What it makes of a single value of the usual kind, without fitting arguments to parameters; nil for values that need it.
    let shortcut: (@Sendable (Value) -> Value?)?
    /// The number that it makes of a single string of the usual kind; nil for strings that need more.
    let numberOfText: (@Sendable (String) -> Double?)?

    /// The body's arguments have the parameters' types. Throw `Mismatch` through `context.reject` for values that fit the type but not the task;
    /// errors of the cores pass as they are, the call adds its place.
    public init<each P: Convertible, R: Convertible>(
        _ name: String, _ summary: String, theme: Theme, details: String = "", _ parameters: repeat Param<each P>,
        returns: String = "", examples: [Example] = [], scalar: (@Sendable (Double) -> Double)? = nil,
        shortcut: (@Sendable (Value) -> Value?)? = nil, numberOfText: (@Sendable (String) -> Double?)? = nil,
        body: @escaping @Sendable (Context, repeat each P) throws -> R
    ) {
        self.scalar = scalar
        self.shortcut = shortcut
        self.numberOfText = numberOfText
        self.name = name
        self.summary = summary
        self.theme = theme
        self.details = details
        var described: [Parameter] = []
        repeat described.append((each parameters).described)
        self.parameters = described
        rest = described.firstIndex { $0.isRest }
        self.returns = returns
        self.examples = examples
        inner = nil
        let kept = Kept((repeat each parameters))
        self.body = { context, bound in
            var unpacker = Unpacker(function: name, bound: bound)
            return try body(context, repeat try unpacker.next(each kept.value)).value
        }
    }

    /// What stands for a function of a script and calls it when there is need.
    init(caching function: Function, parameters: [Parameter], body: @escaping @Sendable (Context, Bound) throws -> Value) {
        name = function.name
        summary = function.doc ?? function.builtin?.summary ?? ""
        theme = .language
        details = ""
        self.parameters = parameters
        rest = parameters.firstIndex { $0.isRest }
        returns = ""
        examples = []
        inner = function
        scalar = nil
        shortcut = nil
        numberOfText = nil
        self.body = body
    }

    /// The parameter that an argument goes to, by its name or else by its place in the call.
    func parameter(at place: Int, named name: String?) -> Parameter? {
        if let name { return parameters.first { $0.name == name } }
        let i = rest.map { min(place, $0) } ?? place
        return i < parameters.count ? parameters[i] : nil
    }

    /// For a body that gives nothing; it may throw as above.
    public convenience init<each P: Convertible>(
        _ name: String, _ summary: String, theme: Theme, details: String = "", _ parameters: repeat Param<each P>,
        returns: String = "", examples: [Example] = [], body: @escaping @Sendable (Context, repeat each P) throws -> Void
    ) {
        self.init(
            name, summary, theme: theme, details: details, repeat each parameters, returns: returns, examples: examples
        ) { (context: Context, arguments: repeat each P) -> Value in
            try body(context, repeat each arguments)
            return .none
        }
    }

    /// "n4(image: volume, fwhm: number = 0.15)".
    public var signature: String {
        let shown = parameters.map { p in
            let type = p.words.isEmpty ? p.type : p.words.map { "\"\($0)\"" }.joined(separator: "|")
            return p.defaultText.map { "\(p.name): \(type) = \($0)" } ?? "\(p.name): \(type)"
        }
        return "\(name)(\(shown.joined(separator: ", ")))"
    }
}

/// Defaults are values that never change, whatever their type promises.
private struct Kept<T>: @unchecked Sendable {
    let value: T
    init(_ value: T) { self.value = value }
}

/// Arguments in the order of the parameters, each with the number of the call's argument that it came from.
struct Bound {
    var values: [Value?]
    /// Empty where each came from the argument of its own number.
    var arguments: [Int]

    func argument(_ parameter: Int) -> Int { arguments.isEmpty ? parameter : arguments[parameter] }
}

private struct Unpacker {
    let function: String
    let bound: Bound
    var index = 0

    mutating func next<T>(_ parameter: Param<T>) throws -> T {
        defer { index += 1 }
        guard let value = bound.values[index] else {
            // The binder has made sure that what is missing has a default.
            if let fallback = parameter.fallback { return fallback }
            throw ArgumentError("\(function): `\(parameter.name)` is missing", argument: nil)
        }
        do {
            return try T.from(value)
        } catch {
            try Interrupt.check()
            throw ArgumentError(
                "\(function): `\(parameter.name)` must be \(error.expected), got \(error.found ?? value.mention)", hint: error.hint,
                argument: bound.argument(index))
        }
    }
}

/// An argument that does not fit its parameter, with the number of the argument in the call.
struct ArgumentError: Error {
    let message: String
    let hint: String?
    let argument: Int?

    init(_ message: String, hint: String? = nil, argument: Int?) {
        self.message = message
        self.hint = hint
        self.argument = argument
    }
}
