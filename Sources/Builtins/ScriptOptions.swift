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
            // `--name value` and `--name=value`.
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0], option = "--" + name
            guard let fallback = defaults[name] else {
                let all = "the options are " + defaults.names.map { "--" + $0 }.joined(separator: ", ")
                let nearest = Text.nearest(to: name, among: defaults.names).map { "did you mean --\($0)? " } ?? ""
                throw OptionError(message: "unknown option \(option)", hint: nearest + all)
            }
            if case .boolean = fallback {
                if parts.count > 1 { throw OptionError(message: "\(option) takes no value, got \"\(parts[1])\"", hint: "it is true where it is given") }
                result = result.with(name, true)
                continue
            }
            guard parts.count > 1 || index < args.count else { throw OptionError(message: "\(option) needs a value after it", hint: nil) }
            let text = parts.count > 1 ? parts[1] : args[index]
            if parts.count == 1 { index += 1 }
            guard case .number = fallback else {
                result = result.with(name, .string(text))
                continue
            }
            guard let number = Double(text) else {
                throw OptionError(message: "\(option) needs a number, got \"\(text)\"", hint: nil)
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
