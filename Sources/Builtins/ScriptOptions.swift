import Runtime
import Support

/// `--name value` pairs of a script's arguments.
enum ScriptOptions {
    /// Throws at `args` for an option that is not among the defaults, lacks its value, or has one that is not a number where the default is.
    static func parse(_ args: [String], _ defaults: Record, _ context: Context) throws -> Record {
        var result = defaults
        var rest: [String] = []
        var index = 0
        while index < args.count {
            let word = args[index]
            index += 1
            guard word.hasPrefix("--"), word.count > 2 else {
                rest.append(word)
                continue
            }
            let name = String(word.dropFirst(2))
            guard let fallback = defaults[name] else {
                let nearest = Text.nearest(to: name, among: defaults.names)
                throw context.reject(
                    "args", expected: "options among \(defaults.names.map { "--" + $0 }.joined(separator: ", "))", found: word,
                    hint: nearest.map { "did you mean --\($0)?" })
            }
            if case .boolean = fallback {
                result = result.with(name, true)
                continue
            }
            guard index < args.count else { throw context.reject("args", expected: "a value after \(word)", found: "none") }
            let text = args[index]
            index += 1
            guard case .number = fallback else {
                result = result.with(name, .string(text))
                continue
            }
            guard let number = Double(text) else { throw context.reject("args", expected: "a number after \(word)", found: "\"\(text)\"") }
            result = result.with(name, .number(number))
        }
        return result.with("rest", rest.value)
    }
}
