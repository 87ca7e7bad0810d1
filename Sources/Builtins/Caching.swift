import Runtime
import Support

extension Catalog {
    static let caching: [Builtin] = [
        Builtin(
            "cached", "A function whose results are kept on disk and computed once.", theme: .cohorts,
            details: """
                A result is found again by the function's text with the values around it that it reads, by the program's version, and by the content of the arguments: voxels of volumes,
                bytes of files that strings name. So an edited function, another parameter or a changed file is computed anew. Several processes may share the folder; what is
                damaged counts as missing. Results may be numbers, text, lists, records, volumes, masks and transforms; of volumes the grid, the voxels and the datatype are kept.
                What the function prints or draws by chance without a seed is not repeated. The folder may be deleted at any time.
                """,
            Param<Function>("f", "the function"),
            Param<String>("folder", "where results are kept; made where it is not there"),
            returns: "a function with the same parameters",
            examples: [
                Example(
                    "calls = \"calls\"\nfn slow(x, k=2) {\n  make_folder(\"{calls}-{x}\")\n  x * k\n}\nquick = cached(slow, \"results\")\n[quick(4), quick(4), quick(4, k=3)]",
                    "[8, 8, 12]")
            ]
        ) { context, f, folder -> Function in
            guard !folder.isEmpty else { throw context.reject("folder", expected: "the name of a folder", found: "an empty string") }
            let cache = try ResultCache(folder: context.path(folder), version: Release.number)
            return try Function.caching(f, in: cache) { context, error in
                context.note("cached: a result is not kept: \((error as? any ExplainedError)?.message ?? "\(error)")")
            }
        }
    ]
}
