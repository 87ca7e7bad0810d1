import Glibc
import Runtime
import Support

extension Catalog {
    static let system: [Builtin] = [
        Builtin(
            "print", "Write values to the output, with spaces between, and end the line.", theme: .system,
            details: "A list of records on its own is written as a table.",
            Param<Rest<Value>>("values", "any values"),
            returns: "nothing",
            examples: [
                Example("print(\"dice\", 0.5)", "dice 0.5"),
                Example("print([{id: \"a\", dice: 0.93}, {id: \"bb\", dice: 0.9}])", "id  dice\na   0.93\nbb  0.90"),
            ]
        ) { context, values in
            // A list of records has lines of its own.
            if values.items.count == 1, let table = try values.items[0].table() { return context.write(table + "\n") }
            if values.items.count == 1 { return context.write(values.items[0].text + "\n") }
            context.write(try Operators.joined(values.items, separator: " ") + "\n")
        },

        Builtin(
            "options", "A script's arguments as named options with defaults.", theme: .system,
            details: """
                `--name value` or `--name=value` sets the option of that name, which must be among the defaults; where the default is a number the value must be one, and
                where it is true or false, `--name` alone makes it true. What is left over is in the field `rest`.
                """,
            Param<[String]>("args", "the arguments, as a script finds them in `args`"),
            Param<Record>("defaults", "a record with each option's default"),
            returns: "the record with what was given, and `rest`",
            examples: [
                Example(
                    "options([\"in.nii\", \"--epochs\", \"3\"], {epochs: 60, out: \"out\"})",
                    "{epochs: 3, out: \"out\", rest: [\"in.nii\"]}")
            ]
        ) { _, args, defaults in try ScriptOptions.parse(args, defaults) },

        Builtin(
            "clock", "Seconds since some fixed moment, for taking differences.", theme: .system,
            returns: "a number", examples: [Example("t = clock()\nclock() >= t", "true")]
        ) { _ in Clock.seconds },

        Builtin(
            "now", "The date and time of day.", theme: .system,
            returns: "a record {year, month, day, hour, minute, second, text}, text as \"2026-03-01 14:05:09\"",
            examples: [Example("now().year >= 2024", "true")]
        ) { _ -> Record in
            let moment = Moment.now
            let fields = zip(["year", "month", "day", "hour", "minute", "second"], moment.parts).map { ($0, Double($1).value) }
            return Record(fields + [("text", moment.text.value)])
        },

        Builtin(
            "env", "A variable of the environment.", theme: .system,
            Param<String>("name", "the variable's name"), Param<Value>("default", "what is given where it is not set", default: .none),
            returns: "a string, or the default",
            examples: [Example("kind(env(\"PATH\"))", "\"string\""), Example("env(\"NO_SUCH_VARIABLE\", \"none such\")", "\"none such\"")]
        ) { _, name, fallback -> Value in getenv(name).map { .string(String(cString: $0)) } ?? fallback },

        Builtin(
            "peak_memory", "The most memory that this process has held so far, in megabytes.", theme: .system,
            returns: "a number", examples: [Example("peak_memory() > 0", "true")]
        ) { context -> Double in
            guard let bytes = Memory.peak else { throw context.reject("peak_memory", expected: "a system that tells", found: "none") }
            return Double(bytes) / 1e6
        },

        Builtin(
            "threads", "The number of threads that loops over voxels use; sets it where one is given.", theme: .system,
            details: """
                At first one for each processor, or what `--threads N` on the command line or the environment variable `SKULLSTRIP_THREADS` says. A training
                gives the same weights, bit for bit, with any number of threads.
                """,
            Param<Int?>("count", "from 1 to 256", default: nil),
            returns: "a whole number", examples: [Example("threads() >= 1", "true")]
        ) { context, count -> Int in
            if let count {
                guard Parallel.allowed.contains(count) else {
                    throw context.reject("count", expected: "a whole number from 1 to \(Parallel.allowed.upperBound)", found: "\(count)")
                }
                Parallel.threads = count
            }
            return Parallel.threads
        },

        Builtin(
            "kind", "The kind of a value in a word.", theme: .system,
            Param<Value>("x", "any value"), returns: "a string",
            examples: [Example("kind(3)", "\"number\""), Example("kind([])", "\"list\"")]
        ) { _, x in x.kind },
    ]
}
