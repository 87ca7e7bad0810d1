import Glibc
import Runtime
import Support
import Syntax

/// What Tab offers for the text before the cursor. Looks names up, never evaluates anything.
struct Completion {
    /// The part of the text that a candidate replaces, in characters before the cursor.
    var replaced = ""
    /// In the order shown; each replaces `replaced` whole.
    var candidates: [String] = []
    /// Put after a candidate that is the only one: `"` after a file, `=` is part of a named argument's candidate.
    var closing = ""
    /// A line shown above the candidates: the signature of the call that is open.
    var note: String?

    /// - Parameter text: everything typed so far up to the cursor, earlier lines of the same input included.
    init(_ text: String, in session: Session) {
        let line = text.drop { $0 == " " }
        if line.hasPrefix(":"), !line.contains(" ") {
            replaced = String(line)
            candidates = Command.names.map { ":" + $0 }.filter { $0.hasPrefix(line) }
            return
        }
        if line.hasPrefix("?"), !line.contains(" ") {
            replaced = String(line.dropFirst())
            candidates = Self.matching(replaced, session.names)
            return
        }
        for command in Command.takingFiles where line.hasPrefix(":\(command) ") {
            complete(path: String(line.dropFirst(command.count + 2)))
            closing = ""
            return
        }
        let place = Place(text)
        if place.isComment { return }
        if let string = place.string {
            complete(inString: string, place, session)
        } else {
            complete(name: place, session)
        }
    }

    private mutating func complete(name place: Place, _ session: Session) {
        replaced = place.word
        if !place.path.isEmpty {
            candidates = Self.matching(place.word, Self.fields(place.path, session))
            return
        }
        var named: [String] = []
        if let function = place.callee.flatMap({ Self.function($0, session) }) {
            named = function.parameterNames.filter { !place.given.contains($0) }.map { $0 + "=" }
            if place.word.isEmpty {
                // An open call: what it takes, rather than every name there is.
                note = function.signature
                candidates = named
                return
            }
        }
        if place.word.isEmpty { return }
        let keywords = Keyword.allCases.map(\.rawValue)
        let names = Set(session.names).union(place.bound).union(keywords)
        candidates = Self.matching(place.word, named) + Self.matching(place.word, names.sorted())
    }

    /// Words that the parameter accepts where it is one of a few, else files.
    private mutating func complete(inString string: String, _ place: Place, _ session: Session) {
        if let argument = place.argument, let builtin = place.callee.flatMap({ Self.function($0, session) })?.builtin,
            let parameter = builtin.parameters.first(where: { $0.name == argument }), !parameter.words.isEmpty
        {
            replaced = string
            candidates = Self.matching(string, parameter.words)
            closing = "\""
        } else {
            complete(path: string)
        }
    }

    private mutating func complete(path: String) {
        let cut = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let folder = String(path[..<cut]), prefix = String(path[cut...])
        var place = folder.isEmpty ? "." : folder
        if place.hasPrefix("~/"), let home = getenv("HOME") { place = String(cString: home) + place.dropFirst() }
        replaced = prefix
        closing = "\""
        guard let directory = opendir(place) else { return }
        defer { closedir(directory) }
        var found: [String] = []
        while found.count < 10_000, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix(prefix), name != ".", name != "..", !name.hasPrefix(".") || prefix.hasPrefix(".") else { continue }
            var status = stat()
            let isFolder = stat(place + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            found.append(isFolder ? name + "/" : name)
        }
        candidates = found.sorted()
        if candidates.count == 1, candidates[0].hasSuffix("/") { closing = "" }
    }

    private static func function(_ name: String, _ session: Session) -> Function? {
        if case .function(let function)? = session.value(of: name) { function } else { nil }
    }

    /// The fields at the end of a path of names: `s` for `s.`, `s.grid` for `s.grid.`.
    private static func fields(_ path: [String], _ session: Session) -> [String] {
        guard var value = session.value(of: path[0]) else { return [] }
        for name in path.dropFirst() {
            guard let next = Fields.get(name, of: value) else { return [] }
            value = next
        }
        return Fields.names(of: value)
    }

    /// Those that begin with the prefix; when there is none, those that do but for upper and lower case.
    private static func matching(_ prefix: String, _ words: [String]) -> [String] {
        let exact = words.filter { $0.hasPrefix(prefix) }
        if !exact.isEmpty { return exact }
        let lower = prefix.lowercased()
        return words.filter { $0.lowercased().hasPrefix(lower) }
    }

    /// What all candidates begin with.
    var common: String {
        guard var common = candidates.first else { return "" }
        for candidate in candidates.dropFirst() {
            common = String(zip(common, candidate).prefix { $0 == $1 }.map(\.0))
        }
        return common
    }
}

/// Where in the language the end of a text is: a rough reading that stands unfinished and wrong input.
private struct Place {
    /// The name being typed, and the names before it when it is a field.
    var word = ""
    var path: [String] = []
    /// Inside a string: its text so far.
    var string: String?
    var isComment = false
    /// The function whose call is open, the names already given in it, and the one whose value is being typed.
    var callee: String?
    var given: Set<String> = []
    var argument: String?
    /// Names that the text itself binds, such as a loop's variable.
    var bound: Set<String> = []

    private struct Open {
        var bracket: Character
        var callee: String?
        var given: Set<String> = []
        var argument: String?
    }

    private static func isWord(_ c: Character) -> Bool { c.isLetter || c.isNumber || c == "_" }

    init(_ text: String) {
        let characters = Array(text)
        var open: [Open] = []
        var i = 0
        /// Brackets that were open where each string's interpolation began.
        var interpolations: [Int] = []
        var lastWord: String?
        func skipString(from start: Int) -> (end: Int, text: String, stoppedAtBrace: Bool)? {
            var j = start, content = ""
            while j < characters.count {
                switch characters[j] {
                case "\\" where j + 1 < characters.count:
                    content.append(characters[j + 1])
                    j += 2
                    continue
                case "\"": return (j + 1, content, false)
                case "{": return (j + 1, content, true)
                default: content.append(characters[j])
                }
                j += 1
            }
            string = content
            return nil
        }
        func enterString(at start: Int) -> Bool {
            guard let (end, _, brace) = skipString(from: start) else { return false }
            i = end
            if brace {
                interpolations.append(open.count)
                open.append(Open(bracket: "\""))
            }
            return true
        }
        scan: while i < characters.count {
            let c = characters[i]
            if Self.isWord(c) {
                let start = i
                while i < characters.count, Self.isWord(characters[i]) { i += 1 }
                let name = String(characters[start..<i])
                if i == characters.count {
                    if !c.isNumber { word = name }
                    path = Self.path(characters, before: start)
                } else {
                    lastWord = name
                }
                continue
            }
            i += 1
            switch c {
            case "#":
                while i < characters.count, characters[i] != "\n" { i += 1 }
                if i == characters.count { isComment = true }
            case "\"":
                if !enterString(at: i) { break scan }
            case "(", "[", "{":
                let isCall = c == "(" && i >= 2 && Self.isWord(characters[i - 2])
                open.append(Open(bracket: c, callee: isCall ? lastWord : nil))
            case ")", "]", "}":
                if c == "}", let level = interpolations.last, open.count == level + 1 {
                    open.removeLast()
                    interpolations.removeLast()
                    if !enterString(at: i) { break scan }
                } else if !open.isEmpty {
                    open.removeLast()
                }
            case ",":
                if !open.isEmpty { open[open.count - 1].argument = nil }
            case "=" where i < characters.count && characters[i] == "=":
                i += 1
            case "=":
                guard let name = lastWord, i < 2 || !"<>!".contains(characters[i - 2]) else { continue }
                if open.isEmpty || open[open.count - 1].callee == nil {
                    bound.insert(name)
                } else {
                    open[open.count - 1].given.insert(name)
                    open[open.count - 1].argument = name
                }
            default: break
            }
        }
        if i == characters.count, word.isEmpty { path = Self.path(characters, before: i) }
        if let call = open.last {
            callee = call.callee
            given = call.given
            argument = call.argument
        }
    }

    /// The chain of names before a dot: `a.b.` gives a, b; nothing when it does not begin with a plain name.
    private static func path(_ characters: [Character], before end: Int) -> [String] {
        var names: [String] = [], i = end
        while i > 0, characters[i - 1] == "." {
            let stop = i - 1
            var start = stop
            while start > 0, isWord(characters[start - 1]) { start -= 1 }
            if start == stop || characters[start].isNumber { return [] }
            names.insert(String(characters[start..<stop]), at: 0)
            i = start
        }
        return names
    }
}
