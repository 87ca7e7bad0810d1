import Imaging
import Runtime
import Support

extension Catalog {
    static let lists: [Builtin] = [
        Builtin(
            "length", "How many items a list, characters a string or fields a record has.", theme: .lists,
            Param<Value>("x", "a list, range, string or record"),
            returns: "a whole number", examples: [Example("length([1, 2, 3])", "3"), Example("length(0:10)", "10"), Example("length(\"脑\")", "1")],
            shortcut: { x in
                switch x {
                case .list(let list): .number(Double(list.count))
                case .string(let string): (try? string.countCharacters()).map { .number(Double($0)) }
                default: nil
                }
            }
        ) { context, x -> Int in
            switch x {
            case .list(let list): list.count
            case .range(let range): range.count
            case .string(let string): try string.countCharacters()
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
        ) { context, xs, f in try xs.filter { try context.holds(f, $0) } },

        Builtin(
            "reduce", "One value from a list: a function of what was found so far and the next item, over and over.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Function>("f", "a function of two values, the result so far and an item"),
            Param<Value>("start", "the first result; the list's first item where it is none", default: .none),
            returns: "the last result",
            examples: [Example("reduce([1, 2, 3, 4], (product, x) -> product * x)", "24"), Example("reduce([1, 2], (s, x) -> s + text(x), \"\")", "\"12\"")]
        ) { context, xs, f, start -> Value in
            var rest = xs[...], result = start
            if case .none = start {
                guard let first = rest.popFirst() else {
                    throw context.reject("xs", expected: "a list of at least one item, or `start` given", found: "an empty list")
                }
                result = first
            }
            for x in rest { result = try context.call(f, [result, x]) }
            return result
        },

        Builtin(
            "find", "The first item for which a function gives true.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Function>("f", "a function of one item that gives true or false"),
            returns: "the item; none where there is no such item",
            examples: [Example("find([{id: \"a\", age: 30}, {id: \"b\", age: 50}], s -> s.age > 40).id", "\"b\"")]
        ) { context, xs, f -> Value in try xs.first { try context.holds(f, $0) } ?? .none },

        Builtin(
            "any", "Whether one item at least is true, or a function gives true for one.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Function?>("f", "a function of one item; without it the items are true or false", default: nil),
            returns: "true or false; false of an empty list", examples: [Example("any([1, 5, 2], x -> x > 4)", "true"), Example("any([])", "false")]
        ) { context, xs, f in try xs.contains { try context.holds(f, $0) } },

        Builtin(
            "all", "Whether all items are true, or a function gives true for each.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Function?>("f", "a function of one item; without it the items are true or false", default: nil),
            returns: "true or false; true of an empty list", examples: [Example("all([1, 5, 2], x -> x > 4)", "false"), Example("all([])", "true")]
        ) { context, xs, f in try xs.allSatisfy { try context.holds(f, $0) } },

        Builtin(
            "contains", "Whether a list has an item, a string a part, a record a field.", theme: .lists,
            Param<Value>("whole", "a list, range, string or record"), Param<Value>("part", "an item; of a string and a record a string"),
            returns: "true or false",
            examples: [
                Example("contains([1, 2, 3], 2)", "true"), Example("contains(\"sub-01_T1w\", \"T1w\")", "true"),
                Example("contains({a: 1}, \"b\")", "false"),
            ]
        ) { context, whole, part in try position(of: part, in: whole, context) != nil },

        Builtin(
            "position", "Where an item stands in a list, or a part in a string, for the first time.", theme: .lists,
            Param<Value>("whole", "a list, range or string"), Param<Value>("part", "an item; of a string a string"),
            returns: "its index, from 0; none where it is not there",
            examples: [
                Example("position([\"a\", \"b\"], \"b\")", "1"), Example("position(\"sub-01\", \"-\")", "3"),
                Example("position([1], 2) == none", "true"),
            ]
        ) { context, whole, part in try position(of: part, in: whole, context) },

        Builtin(
            "sort", "A list in ascending or descending order.", theme: .lists,
            details: """
                Numbers go by size, strings by their characters, false before true, lists item by item; nan and then none come last in both. Items that are equal keep their order.
                """,
            Param<[Value]>("xs", "numbers, strings, booleans, lists of such, or anything where `by` is given"),
            Param<Either<String, Function>?>("by", "a field of the items, or a function of an item, that is compared instead", default: nil),
            Param<Bool>("descending", "whether the greatest comes first", default: false),
            returns: "a list",
            examples: [
                Example("sort([3, 1, 2])", "[1, 2, 3]"), Example("sort([\"b\", \"a\"], descending=true)", "[\"b\", \"a\"]"),
                Example("sort([{id: \"a\", dice: 0.93}, {id: \"b\", dice: 0.88}], by=\"dice\")[0].id", "\"b\""),
                Example("sort([\"bb\", \"a\", \"ccc\"], by=length)", "[\"a\", \"bb\", \"ccc\"]"),
            ]
        ) { context, xs, by, descending -> Value in
            var keys = try by.map { by in try Interrupt.map(xs.enumerated()) { try context.key(of: $1, at: $0, by: by) } } ?? xs
            defer { Discard.ifInterrupted(&keys, leaving: []) }
            return .list(try List(xs, at: ValueOrder.places(keys, descending: descending)))
        },

        Builtin(
            "reverse", "A list, or a string, from its end to its start.", theme: .lists,
            Param<Either<String, [Value]>>("xs", "the list or string"),
            returns: "a list or a string", examples: [Example("reverse(0:3)", "[2, 1, 0]"), Example("reverse(\"abc\")", "\"cba\"")]
        ) { _, xs -> Value in
            switch xs {
            case .first(let string): .string(try string.backwards())
            case .second(let list): Value(list.reversed())
            }
        },

        Builtin(
            "unique", "The items of a list without those that repeat an earlier one, or the values of a volume.", theme: .lists,
            details: "Of a volume the values are in ascending order: the labels of a map. More than a million of them are refused.",
            Param<Either<Volume, [Value]>>("xs", "the list or volume"),
            Param<Either<String, Function>?>("by", "a field of the items, or a function of an item, by which they are told apart", default: nil),
            returns: "a list, in the order of the first ones",
            examples: [
                Example("unique([3, 1, 3, 2, 1])", "[3, 1, 2]"), Example("unique(phantom(seed=1, shape=16, spacing=12).labels)[0:3]", "[0, 1, 2]"),
                Example("unique([\"a\", \"bb\", \"c\"], by=length)", "[\"a\", \"bb\"]"),
            ]
        ) { context, given, by -> [Value] in
            let xs: [Value]
            switch given {
            case .second(let list): xs = list
            case .first(let volume):
                if by != nil { throw context.reject("by", expected: "left out for a volume", found: "a field or function") }
                return try volume.distinctValues(atMost: 1_000_000).map { .number(Double($0)) }
            }
            var kinds = Kinds(), out: [Value] = []
            defer { Discard.ifInterrupted(&kinds, leaving: Kinds()) }
            for (i, x) in xs.enumerated() {
                if try kinds.number(of: context.key(of: x, at: i, by: by)) == out.count { out.append(x) }
                if i & 4095 == 0 { try Interrupt.check() }
            }
            return out
        },

        Builtin(
            "group", "The items of a list that share a field, or what a function gives for them.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Either<String, Function>>("by", "a field of the items, or a function of an item"),
            returns: "a list of records {key, items}, in the order of the first ones",
            examples: [Example("group(0:5, x -> x % 2)", "[{key: 0, items: [0, 2, 4]}, {key: 1, items: [1, 3]}]")]
        ) { context, xs, by -> [Record] in
            var kinds = Kinds(), groups: [(key: Value, items: [Value])] = []
            defer {
                Discard.ifInterrupted(&kinds, leaving: Kinds())
                Discard.ifInterrupted(&groups, leaving: [])
            }
            for (i, x) in xs.enumerated() {
                let key = try context.key(of: x, at: i, by: by), kind = try kinds.number(of: key)
                if kind == groups.count { groups.append((key, [])) }
                groups[kind].items.append(x)
                if i & 4095 == 0 { try Interrupt.check() }
            }
            return try Interrupt.map(groups) { Record([("key", $0.key), ("items", Value($0.items))]) }
        },

        Builtin(
            "zip", "The items of several lists side by side.", theme: .lists,
            Param<Rest<[Value]>>("lists", "lists of one length"),
            returns: "a list of lists, each with one item of every list",
            examples: [Example("zip([1, 2], [\"a\", \"b\"])", "[[1, \"a\"], [2, \"b\"]]"), Example("[a * b for [a, b] in zip([1, 2], [3, 4])]", "[3, 8]")]
        ) { context, lists -> [Value] in
            let lists = lists.items
            guard let first = lists.first else { return [] }
            if let odd = lists.firstIndex(where: { $0.count != first.count }) {
                throw context.reject(
                    "lists", expected: "lists of one length", found: "one of \(first.count) and one of \(lists[odd].count)",
                    hint: "a part of a list is xs[0:\(min(first.count, lists[odd].count))]")
            }
            return try Interrupt.map(first.indices) { i in Value(lists.map { $0[i] }) }
        },

        Builtin(
            "enumerate", "Each item with its number.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<Int>("start", "the first number", default: 0),
            returns: "a list of lists [number, item]",
            examples: [
                Example("enumerate([\"a\", \"b\"])", "[[0, \"a\"], [1, \"b\"]]"),
                Example("for [i, name] in enumerate([\"a\", \"b\"], 1) { print(i, name) }", "1 a\n2 b"),
            ]
        ) { _, xs, start -> [Value] in try Interrupt.map(xs.enumerated()) { Value([.number(Double(start) + Double($0)), $1]) } },

        Builtin(
            "flatten", "One list of the items of a list's lists.", theme: .lists,
            Param<[Value]>("xs", "a list; its items that are no lists stay"),
            returns: "a list", examples: [Example("flatten([[1, 2], [3], 4])", "[1, 2, 3, 4]")]
        ) { _, xs -> Value in .list(try List(flattening: xs)) },

        Builtin(
            "steps", "Numbers from one up to, but not including, another, in steps of any size.", theme: .lists,
            Param<Double>("start", "the first number"), Param<Double>("end", "where they end"), Param<Double>("step", "from one to the next, not 0", default: 1),
            returns: "a list", examples: [Example("steps(0, 1, 0.25)", "[0, 0.25, 0.5, 0.75]"), Example("steps(3, 0, -1)", "[3, 2, 1]")]
        ) { context, start, end, step -> [Double] in
            guard step != 0, step.isFinite, start.isFinite, end.isFinite else {
                throw context.reject("step", expected: "a step that is not 0, between finite numbers", found: Value.number(step).mention)
            }
            // A hair less than a whole number of steps is that number: 0.1 · 3 is above 0.3.
            let count = ((end - start) / step - 1e-9).rounded(.up)
            guard count <= Double(List.longest) else {
                throw context.reject(
                    "step", expected: "one that gives at most \(Text.grouped(List.longest)) numbers",
                    found: "\(Text.short(step)), which gives \(Text.short(count))")
            }
            try context.reserve(numbers: Int(max(0, count)))
            return try Interrupt.map(0..<Int(max(0, count))) { start + Double($0) * step }
        },

        Builtin(
            "sum", "Sum of a list of numbers, or of a volume's voxels.", theme: .lists,
            Param<Either<VoxelExpression, [Double]>>("xs", "the numbers, or a volume"), Param<Mask?>("mask", "only voxels in this mask", default: nil),
            returns: "a number; 0 of an empty list", examples: [Example("sum([1, 2, 3])", "6"), Example("m = phantom(seed=1, shape=16, spacing=12).mask\nsum(m * 2) == 2 * m.count", "true")]
        ) { context, xs, mask -> Double in
            switch xs {
            case .first(let voxels): return try voxels.sum(in: mask)
            case .second(let numbers):
                if mask != nil { throw context.reject("mask", expected: "given with a volume", found: "a mask for numbers", hint: "sum(v, mask=m)") }
                return numbers.reduce(0, +)
            }
        },

        Builtin(
            "shuffle", "A list in an order by chance.", theme: .lists,
            Param<[Value]>("xs", "the list"), Param<UInt64>("seed", "which order", default: 0),
            returns: "a list", examples: [Example("sort(shuffle(0:5))", "[0, 1, 2, 3, 4]"), Example("shuffle(0:9, seed=1) == shuffle(0:9, seed=1)", "true")]
        ) { _, xs, seed -> [Value] in
            var random = CounterRandom(seed: seed, stream: 0x7368_7566)
            var out = xs
            try Interrupt.shuffle(&out, using: &random)
            return out
        },

        Builtin(
            "random", "Numbers by chance, uniform from 0 up to 1.", theme: .lists,
            Param<Int>("count", "how many, from 0"), Param<UInt64>("seed", "which ones; the same seed gives the same numbers", default: 0),
            returns: "a list of numbers", examples: [Example("all(random(100), x -> x >= 0 and x < 1)", "true")]
        ) { context, count, seed -> [Double] in
            guard (0...List.longest).contains(count) else {
                throw context.reject("count", expected: "a whole number from 0 to \(List.longest)", found: "\(count)")
            }
            try context.reserve(numbers: count)
            let random = CounterRandom(seed: seed, stream: 0x7261_6e64)
            return try Interrupt.map(0..<count) { random.uniform(at: UInt64($0)) }
        },
    ]

    /// The index of an item or of a part; 0 for a record's field.
    private static func position(of part: Value, in whole: Value, _ context: Context) throws -> Int? {
        switch (whole, part) {
        case (.list(let list), _): return try list.firstIndex { try $0.equals(part) }
        case (.range(let range), .number(let x)):
            guard x == x.rounded(), abs(x) <= 0x1p53 else { return nil }
            return (range.start..<max(range.start, range.end)).contains(Int(x)) ? Int(x) - range.start : nil
        case (.range, _): return nil
        case (.string(let text), .string(let piece)): return text.position(of: piece)
        case (.record(let record), .string(let name)): return record[name] == nil ? nil : 0
        case (.string, _), (.record, _): throw context.reject("part", expected: "a string", found: part.mention)
        default: throw context.reject("whole", expected: "a list, range, string or record", found: whole.mention)
        }
    }
}

extension Context {
    /// What a function of one item says of it, true or false; the item itself without a function.
    fileprivate func holds(_ f: Function?, _ item: Value) throws -> Bool {
        let answer = try f.map { try call($0, [item]) } ?? item
        guard case .boolean(let holds) = answer else {
            if f == nil { throw reject("xs", expected: "a list of true and false, or given with a function", found: "a list with \(answer.mention)") }
            throw reject("f", expected: "a function that gives true or false", found: "one that gave \(answer.mention)")
        }
        return holds
    }

    /// What an item is compared by: a field, what a function gives, or the item itself.
    func key(of item: Value, at place: Int, by: Either<String, Function>?) throws -> Value {
        if place & 4095 == 0 { try Interrupt.check() }
        switch by {
        case nil: return item
        case .second(let function): return try call(function, [item])
        case .first(let field):
            if let key = Fields.get(field, of: item) { return key }
            let nearest = Text.nearest(to: field, among: Fields.names(of: item)).map { "did you mean \"\($0)\"?" }
            throw reject("by", expected: "a field of every item", found: "\"\(field)\", which item \(place), \(item.mention), does not have", hint: nearest)
        }
    }
}
