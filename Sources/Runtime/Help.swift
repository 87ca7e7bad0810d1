import Support

/// What `?name` and `help(name)` show, from declarations and `##` lines.
public enum Help {
    static let builtins: [Builtin] = [
        Builtin(
            "help", "Print what a function does, or everything there is by theme.", theme: .system,
            details: """
                Of a function: its parameters with types, units and defaults, formula and paper, examples with their output. Of a text that is no
                function's name: what holds these words. At the prompt `?name`, `?` and `?"words"` do the same.
                """,
            Param<Value>("subject", "a function, its name, or words to search for; without it everything is listed", default: .none),
            returns: "nothing",
            examples: [Example("## Half of a number.\nfn half(x) = x / 2\nhelp(half)", "half(x)\n\n  Half of a number.")]
        ) { context, subject in context.write(try context.help(subject)) },

        Builtin(
            "source", "Print the text of a function that is written in the language.", theme: .system,
            Param<Function>("f", "the function: of a script, or of the library that comes with the program"),
            returns: "nothing",
            examples: [Example("fn half(x) = x / 2\nsource(half)", "fn half(x) = x / 2")]
        ) { context, f in
            guard let text = f.sourceText else {
                throw context.reject(
                    "f", expected: "a function that is written in the language", found: "the builtin \(f.name)",
                    hint: "builtins are written in Swift; help(\(f.name)) explains this one")
            }
            let doc = f.doc.map {
                $0.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "##\n" : "## \($0)\n" }.joined()
            }
            context.write((doc ?? "") + text + "\n")
        },
    ]

    // MARK: - Answers

    /// What `help(subject)` prints. Throws `FailureText` where nothing is known of a text.
    static func answer(_ subject: Value, _ session: Session) throws -> String {
        switch subject {
        case .none: return overview(session)
        case .function(let function): return text(function)
        case .string(let name):
            if let text = text(name, session) { return text }
            let found = search(name, session)
            if found.isEmpty {
                throw FailureText(
                    message: "nothing is known of \(Value.quoted(name, room: 80))",
                    hint: session.suggestion(for: name).map { "did you mean \($0)? help() lists everything" } ?? "help() lists everything")
            }
            return found
        default: return text(subject, session)
        }
    }

    static func text(_ name: String, _ session: Session) -> String? {
        try? session.prepare()
        return session.value(of: name).map { value in
            if case .function(let function) = value { text(function) } else { "\(name): " + text(value, session) }
        }
    }

    /// Of a value that is no function: what it is, and what can be read of it with a dot.
    private static func text(_ value: Value, _ session: Session) -> String {
        let line = session.describe(value), names = Fields.names(of: value)
        return (line.isEmpty ? "none" : line) + "\n" + (names.isEmpty ? "" : "fields: \(names.joined(separator: ", "))\n")
    }

    /// What a function takes and does: of a builtin its declaration, of others the signature and the `##` lines above them.
    public static func text(_ function: Function) -> String {
        if let builtin = function.builtin { return text(builtin) }
        var out = function.signature.hasPrefix("(") ? "\(function.name)\(function.signature)\n" : function.signature + "\n"
        guard let doc = function.doc, !doc.isEmpty else { return out }
        out += "\n" + indented(doc)
        return out
    }

    /// Lines of a declaration go on one another; a blank line parts paragraphs, and lists and indented lines stand for themselves.
    private static func paragraphs(_ text: String) -> String {
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let standsAlone = line.first.map { " -|".contains($0) } ?? true
            if standsAlone || lines.last?.isEmpty ?? true || lines.last?.first == " " {
                lines.append(String(line))
            } else {
                lines[lines.count - 1] += " " + line
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "\n" : "  \($0)\n" }.joined()
    }

    /// A builtin's declaration as `help` shows it.
    public static func text(_ builtin: Builtin) -> String {
        var out = builtin.signature + (builtin.returns.isEmpty ? "" : " → \(builtin.returns)") + "\n\n  \(builtin.summary)\n"
        if !builtin.details.isEmpty { out += "\n" + indented(paragraphs(builtin.details)) }
        if !builtin.parameters.isEmpty {
            out += "\nparameters\n"
            let width = builtin.parameters.reduce(0) { max($0, $1.name.count) }
            for p in builtin.parameters {
                let type = p.words.isEmpty ? p.type : p.words.map { "\"\($0)\"" }.joined(separator: " or ")
                let fallback = p.defaultText.map { ", default \($0)" } ?? ""
                out += "  \(padded(p.name, width))  \(p.doc) (\(type)\(fallback))\n"
            }
        }
        if !builtin.examples.isEmpty {
            out += "\nexamples\n"
            for example in builtin.examples {
                let lines = example.code.split(separator: "\n", omittingEmptySubsequences: false)
                for (i, line) in lines.enumerated() { out += "  \(i == 0 ? "strip> " : "  ...> ")\(line)\n" }
                if let shows = example.shows, !shows.isEmpty {
                    for line in shows.split(separator: "\n", omittingEmptySubsequences: false) where !line.isEmpty { out += "  \(line)\n" }
                }
            }
        }
        return out
    }

    // MARK: - Lists

    private struct Entry {
        let name: String
        let summary: String
        /// Where words are searched beside name and summary.
        let more: String

        init(_ builtin: Builtin) {
            (name, summary) = (builtin.name, builtin.summary)
            more = builtin.details + " " + builtin.parameters.map { $0.name + " " + $0.doc }.joined(separator: " ")
        }

        init(_ function: Function) {
            name = function.name
            let lines = (function.doc ?? "").split(separator: "\n")
            summary = lines.first.map(String.init) ?? ""
            more = lines.dropFirst().joined(separator: " ")
        }
    }

    private static func library(_ session: Session) -> [Entry] {
        try? session.prepare()
        return session.libraryNames.compactMap { name in
            guard case .function(let function)? = session.value(of: name), function.builtin == nil else { return nil }
            return Entry(function)
        }
    }

    /// Builtins by theme, then the functions that are written in the language, each with its summary.
    static func overview(_ session: Session) -> String {
        let written = library(session)
        let width = (session.catalogue.map(\.name) + written.map(\.name)).reduce(0) { max($0, $1.count) }
        var groups = Theme.allCases.map { theme in
            (theme.rawValue, session.catalogue.filter { $0.theme == theme }.map { Entry($0) })
        }
        groups.append(("Written in the language", written))
        return groups.filter { !$0.1.isEmpty }.map { title, entries in
            title + "\n" + entries.sorted { $0.name < $1.name }.map { "  \(padded($0.name, width))  \($0.summary)\n" }.joined()
        }.joined(separator: "\n")
    }

    /// A line for each function that holds all of these words, those first that have one in their name.
    static func search(_ text: String, _ session: Session) -> String {
        let words = text.lowercased().split(whereSeparator: { $0 == " " || $0 == "\"" }).map(String.init)
        if words.isEmpty { return "" }
        let entries = (session.catalogue.map { Entry($0) } + library(session)).sorted { $0.name < $1.name }
        var ranks: [[Entry]] = [[], [], []]
        for entry in entries {
            let places = [entry.name, entry.name + " " + entry.summary, entry.name + " " + entry.summary + " " + entry.more]
            if let rank = places.firstIndex(where: { place in words.allSatisfy { place.lowercased().contains($0) } }) {
                ranks[rank].append(entry)
            }
        }
        let found = Array(ranks.joined())
        let width = found.reduce(0) { max($0, $1.name.count) }
        return found.map { "\(padded($0.name, width))  \($0.summary)\n" }.joined()
    }

    private static func padded(_ name: String, _ width: Int) -> String { name + String(repeating: " ", count: max(0, width - name.count)) }
}
