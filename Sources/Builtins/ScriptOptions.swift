import Runtime
import Support

/// `--name value` pairs of a script's arguments.
enum ScriptOptions {
    /// Throws `OptionError` for an option that is not among the defaults, lacks its value, or has one that is not a number where the default is.
    static func parse(_ args: [String], _ defaults: Record) throws -> Record {
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
                let all = "the options are " + defaults.names.map { "--" + $0 }.joined(separator: ", ")
                let nearest = Text.nearest(to: name, among: defaults.names).map { "did you mean --\($0)? " } ?? ""
                throw OptionError(message: "unknown option \(word)", hint: nearest + all)
            }
            if case .boolean = fallback {
                result = result.with(name, true)
                continue
            }
            guard index < args.count else { throw OptionError(message: "\(word) needs a value after it", hint: nil) }
            let text = args[index]
            index += 1
            guard case .number = fallback else {
                result = result.with(name, .string(text))
                continue
            }
            guard let number = Double(text) else {
                throw OptionError(message: "\(word) needs a number, got \"\(text)\"", hint: nil)
            }
            result = result.with(name, .number(number))
        }
        return result.with("rest", rest.value)
    }
}

/// A mistake in a script's arguments.
struct OptionError: ExplainedError {
    let message: String
    let hint: String?
}
