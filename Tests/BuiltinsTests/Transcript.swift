import Runtime

/// What a prompt looks like: inputs, and below each what it printed, its value or its error.
struct Transcript {
    private(set) var text = ""

    /// A line between inputs, which nobody typed.
    mutating func head(_ line: String) { text += "# \(line)\n\n" }

    /// Runs an input and writes it down with what came of it, which is also returned. `shows` false: what comes of it differs from machine to machine.
    @discardableResult
    mutating func add(_ code: String, to session: Session, _ output: Output, shows: Bool = true) -> String {
        let before = output.all.utf8.count
        var shown: String
        do {
            let value = try session.run(source: code, name: "<prompt>")
            shown = session.isSilenced(code) ? "" : session.describe(value)
        } catch {
            shown = session.render(error)
        }
        shown = (String(decoding: Array(output.all.utf8)[before...], as: UTF8.self) + shown).trimmingNewlines
        text += "strip> " + code.replacing("\n", with: "\n     … ") + "\n"
        if !shows {
            text += "(differs from machine to machine)\n"
        } else if !shown.isEmpty {
            text += shown + "\n"
        }
        text += "\n"
        return shown
    }
}
