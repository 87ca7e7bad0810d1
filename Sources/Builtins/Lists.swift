import Runtime

extension Catalog {
    static let lists: [Builtin] = [
        Builtin(
            "length", "How many items a list, characters a string or fields a record has.", theme: .lists,
            Param<Value>("x", "a list, range, string or record"),
            returns: "a whole number", examples: [Example("length([1, 2, 3])", "3"), Example("length(0:10)", "10")]
        ) { context, x -> Int in
            switch x {
            case .list(let list): list.count
            case .range(let range): range.count
            case .string(let string): string.count
            case .record(let record): record.names.count
            default: throw context.reject("x", expected: "a list, range, string or record", found: x.mention)
            }
        },

        Builtin(
            "map", "What a function gives for each item.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Function>("f", "a function of one item"),
            returns: "a list", examples: [Example("map([1, 2, 3], x -> x ^ 2)", "[1, 4, 9]")]
        ) { context, xs, f in try xs.map { try context.call(f, [$0]) } },

        Builtin(
            "filter", "The items for which a function gives true.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Function>("f", "a function of one item that gives true or false"),
            returns: "a list", examples: [Example("filter(0:6, x -> x % 2 == 0)", "[0, 2, 4]")]
        ) { context, xs, f in
            try xs.filter { item in
                let answer = try context.call(f, [item])
                guard case .boolean(let keep) = answer else {
                    throw context.reject("f", expected: "a function that gives true or false", found: "one that gave \(answer.mention)")
                }
                return keep
            }
        },

        Builtin(
            "sum", "Sum of a list of numbers.", theme: .lists,
            Param<[Double]>("xs", "the numbers"), returns: "a number", examples: [Example("sum([1, 2, 3])", "6")]
        ) { _, xs in xs.reduce(0, +) },

        Builtin(
            "sort", "A list of numbers or strings in ascending order.", theme: .lists,
            Param<Either<[Double], [String]>>("xs", "the list"),
            returns: "a list", examples: [Example("sort([3, 1, 2])", "[1, 2, 3]")]
        ) { _, xs -> Value in
            switch xs {
            case .first(let numbers): numbers.sorted { $0 < $1 || ($1.isNaN && !$0.isNaN) }.value
            case .second(let strings): strings.sorted().value
            }
        },

        Builtin(
            "keys", "The names of a record's fields.", theme: .lists,
            Param<Record>("record", "the record"), returns: "a list of strings", examples: [Example("keys({a: 1, b: 2})", "[\"a\", \"b\"]")]
        ) { _, record in record.names },
    ]
}
