import Runtime
import Support

extension Catalog {
    static let text: [Builtin] = [
        Builtin(
            "text", "A value as `print` shows it.", theme: .text,
            Param<Value>("x", "any value"), returns: "a string", examples: [Example("text([1, 2])", "\"[1, 2]\"")]
        ) { _, x in x.text },

        Builtin(
            "number", "The number that a string spells.", theme: .text,
            Param<Either<Double, String>>("x", "a string or a number"), returns: "a number", examples: [Example("number(\"2.5\") * 2", "5")],
            numberOfText: { $0.plainNumber ?? Double($0) }
        ) { context, x -> Double in
            switch x {
            case .first(let number): return number
            case .second(let string):
                guard let number = try Double(string.withoutBlanks) else {
                    throw context.reject("x", expected: "a string that spells a number", found: Value.string(string).mention)
                }
                return number
            }
        },

        Builtin(
            "format", "A value written by a format, as in the braces of a string.", theme: .text,
            details: """
                `.3` three decimals, `.1%` percent, `.2e` with an exponent; a number before that is the least width, `<` `^` `>` before the width say where the value
                stands in it, and a width that begins with 0 is filled up with zeros. In a string the same is written "{x:>8.3}".
                """,
            Param<Value>("x", "any value"), Param<String>("format", "as \">8.3\""),
            returns: "a string", examples: [Example("format(3.14159, \".2\")", "\"3.14\""), Example("format(\"ab\", \">5\")", "\"   ab\"")]
        ) { _, x, format in try x.formatted(format) },

        Builtin(
            "join", "One string from a list's items.", theme: .text,
            Param<[Value]>("xs", "the list"), Param<String>("separator", "what stands between", default: ""),
            returns: "a string", examples: [Example("join([\"a\", \"b\"], \"/\")", "\"a/b\"")]
        ) { _, xs, separator in try Operators.joined(xs, separator: separator) },

        Builtin(
            "lines", "The lines of a string, without their ends.", theme: .text,
            Param<String>("text", "the string"), returns: "a list of strings", examples: [Example("lines(\"a\\nb\\n\")", "[\"a\", \"b\"]")]
        ) { context, text -> Value in
            let most = try text.mostPieces(between: "\n")
            try context.reserve(pieces: most)
            // What is behind the last line end is a line only where there is something.
            return .list(try List(room: most, withoutEmptyEnd: true) { try text.eachLine($0) })
        },

        Builtin(
            "replace", "A string with every occurrence of a part replaced.", theme: .text,
            Param<String>("text", "the string"), Param<String>("part", "what to look for, not empty"), Param<String>("by", "what stands there instead"),
            returns: "a string", examples: [Example("replace(\"sub-01_T1w\", \"_T1w\", \"_mask\")", "\"sub-01_mask\"")]
        ) { context, text, part, by -> String in
            guard !part.isEmpty else { throw context.reject("part", expected: "a string that is not empty", found: "an empty one") }
            try context.reserve(pieces: text.mostPieces(between: part))
            return try Operators.joined(text.pieces(between: part).map { .string($0) }, separator: by)
        },

        Builtin(
            "trim", "A string without blanks and line ends at both ends.", theme: .text,
            Param<String>("text", "the string"), returns: "a string", examples: [Example("trim(\"  a b \\n\")", "\"a b\"")]
        ) { _, text in try text.withoutBlanks },

        Builtin(
            "upper", "A string in capital letters.", theme: .text,
            Param<String>("text", "the string"), returns: "a string", examples: [Example("upper(\"t1w é\")", "\"T1W É\"")]
        ) { _, text in try text.recased { $0.uppercased() } },

        Builtin(
            "lower", "A string in small letters.", theme: .text,
            Param<String>("text", "the string"), returns: "a string", examples: [Example("lower(\"T1W\")", "\"t1w\"")]
        ) { _, text in try text.recased { $0.lowercased() } },

        Builtin(
            "starts_with", "Whether a string begins with another.", theme: .text,
            Param<String>("text", "the string"), Param<String>("start", "what it may begin with"),
            returns: "true or false", examples: [Example("starts_with(\"sub-01\", \"sub-\")", "true")]
        ) { _, text, start in text.hasPrefix(start) },

        Builtin(
            "ends_with", "Whether a string ends with another.", theme: .text,
            Param<String>("text", "the string"), Param<String>("end", "what it may end with"),
            returns: "true or false", examples: [Example("ends_with(\"t1.nii.gz\", \".nii\")", "false")]
        ) { _, text, end in text.hasSuffix(end) },

        Builtin(
            "to_json", "A value as the text of JSON.", theme: .text,
            details: "none, nan and infinite numbers become null. `save(value, \"file.json\")` writes the same to a file, over several lines.",
            Param<Value>("x", "numbers, strings, booleans, none, lists and records"),
            returns: "a string", examples: [Example("print(to_json({id: \"a\", dice: [0.5, none]}))", "{\"id\":\"a\",\"dice\":[0.5,null]}")]
        ) { _, x in try JSONText.write(x) },

        Builtin(
            "from_json", "The value that a text of JSON stands for.", theme: .text,
            Param<String>("text", "the text"), returns: "a value; objects become records, null none",
            examples: [Example("from_json(\"\\{\\\"id\\\": \\\"a\\\", \\\"n\\\": [1, 2]\\}\")", "{id: \"a\", n: [1, 2]}")]
        ) { _, text in try JSONText.read(Array(text.utf8), name: "the text") },
    ]
}
