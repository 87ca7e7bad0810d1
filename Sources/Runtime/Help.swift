import Support

/// What `?name` shows, from declarations and `##` lines.
public enum Help {
    static func text(_ name: String, _ session: Session) -> String? {
        try? session.prepare()
        guard case .function(let function)? = session.value(of: name) else {
            return session.value(of: name).map { "\(name): \(session.describe($0).isEmpty ? "none" : session.describe($0))\n" }
        }
        return text(function)
    }

    public static func text(_ function: Function) -> String {
        if let builtin = function.builtin { return text(builtin) }
        var out = function.signature.hasPrefix("(") ? "\(function.name)\(function.signature)\n" : function.signature + "\n"
        guard let doc = function.doc, !doc.isEmpty else { return out }
        let lines = doc.split(separator: "\n", omittingEmptySubsequences: false)
        out += "\n" + lines.map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n") + "\n"
        return out
    }

    public static func text(_ builtin: Builtin) -> String {
        var out = builtin.signature + (builtin.returns.isEmpty ? "" : " → \(builtin.returns)") + "\n\n  \(builtin.summary)\n"
        if !builtin.details.isEmpty {
            out +=
                "\n"
                + builtin.details.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }
                .joined(separator: "\n") + "\n"
        }
        if !builtin.parameters.isEmpty {
            out += "\nparameters\n"
            let width = builtin.parameters.reduce(0) { max($0, $1.name.count) }
            for p in builtin.parameters {
                let type = p.words.isEmpty ? p.type : p.words.map { "\"\($0)\"" }.joined(separator: " or ")
                let fallback = p.defaultText.map { ", default \($0)" } ?? ""
                out += "  \(p.name)\(String(repeating: " ", count: width - p.name.count))  \(p.doc) (\(type)\(fallback))\n"
            }
        }
        if !builtin.examples.isEmpty {
            out += "\nexamples\n"
            for example in builtin.examples {
                let lines = example.code.split(separator: "\n", omittingEmptySubsequences: false)
                for (i, line) in lines.enumerated() { out += "  \(i == 0 ? "strip> " : "     … ")\(line)\n" }
                if let shows = example.shows, !shows.isEmpty {
                    for line in shows.split(separator: "\n", omittingEmptySubsequences: false) where !line.isEmpty { out += "  \(line)\n" }
                }
            }
        }
        return out
    }

    /// All builtins by theme, each with its summary.
    public static func overview(_ catalogue: [Builtin]) -> String {
        var out = ""
        let width = catalogue.reduce(0) { max($0, $1.name.count) }
        for theme in Theme.allCases {
            let members = catalogue.filter { $0.theme == theme }.sorted { $0.name < $1.name }
            if members.isEmpty { continue }
            out += (out.isEmpty ? "" : "\n") + theme.rawValue + "\n"
            for b in members { out += "  \(b.name)\(String(repeating: " ", count: width - b.name.count))  \(b.summary)\n" }
        }
        return out
    }
}
