import Glibc
import Runtime

extension Catalog {
    static let text: [Builtin] = [
        Builtin(
            "text", "A value as `print` shows it.", theme: .text,
            Param<Value>("x", "any value"), returns: "a string", examples: [Example("text([1, 2])", "\"[1, 2]\"")]
        ) { _, x in x.text },

        Builtin(
            "number", "The number that a string spells.", theme: .text,
            Param<Either<Double, String>>("x", "a string or a number"), returns: "a number", examples: [Example("number(\"2.5\") * 2", "5")]
        ) { context, x -> Double in
            switch x {
            case .first(let number): return number
            case .second(let string):
                guard let number = Double(string) else {
                    throw context.reject("x", expected: "a string that spells a number", found: "\"\(string)\"")
                }
                return number
            }
        },

        Builtin(
            "join", "One string from a list's items.", theme: .text,
            Param<[Value]>("xs", "the list"), Param<String>("separator", "what stands between", default: ""),
            returns: "a string", examples: [Example("join([\"a\", \"b\"], \"/\")", "\"a/b\"")]
        ) { _, xs, separator in try Operators.joined(xs, separator: separator) },
    ]
}
