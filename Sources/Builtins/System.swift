import Glibc
import Runtime
import Support

extension Catalog {
    static let system: [Builtin] = [
        Builtin(
            "print", "Write values to the output, with spaces between, and end the line.", theme: .system,
            Param<Rest<Value>>("values", "any values"),
            returns: "nothing", examples: [Example("print(\"dice\", 0.5)", "dice 0.5")]
        ) { context, values in context.write(values.items.map(\.text).joined(separator: " ") + "\n") },

        Builtin(
            "options", "A script's arguments as named options with defaults.", theme: .system,
            details: """
                `--name value` sets the option of that name, which must be among the defaults; where the default is a number the value must be one, and
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
