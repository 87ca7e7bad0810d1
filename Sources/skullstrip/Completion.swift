import Glibc
import Runtime
import Support
import Syntax

/// What Tab offers for the text before the cursor. Looks names up, never evaluates anything.
struct Completion {
    /// The part of the text that a candidate replaces, in characters before the cursor.
    var replaced = ""
    /// In the order shown; each takes the place of all of `replaced`.
    var candidates: [String] = []
    /// Put after a candidate that is the only one: `"` after a file, `=` is part of a named argument's candidate.
    var closing = ""
    /// A line shown above the candidates: the signature of the call that is open.
    var note: String?

    /// - Parameter text: everything typed so far up to the cursor, earlier lines of the same input included.
    init(_ text: String, in session: Session) {
        let line = text.drop { $0 == " " }
        var code = text
        if line.hasPrefix(":"), let space = line.firstIndex(of: " ") {
            let rest = String(line[line.index(after: space)...].drop { $0 == " " })
            guard let command = Command.all.first(where: { $0.name == line[..<space].dropFirst() }) else { return }
            switch command.completion {
            case .nothing: return
            case .files:
                complete(path: rest.hasPrefix("\"") ? String(rest.dropFirst()) : rest)
                if !rest.hasPrefix("\"") { closing = "" }
                return
            case .settings:
                if rest.contains(" ") { return }
                replaced = rest
                candidates = Self.matching(rest, Setting.all.map(\.name))
                closing = " "
                return
            case .code: code = rest
            }
        } else if line.hasPrefix(":") {
            replaced = String(line)
            candidates = Command.all.filter { (":" + $0.name).hasPrefix(line) }.map { ":" + $0.name }
            closing = candidates.count == 1 && Command.all.contains { ":" + $0.name == candidates[0] && !$0.argument.isEmpty } ? " " : ""
            return
        } else if line.hasPrefix("?") {
            if line.contains(" ") { return }
            replaced = String(line.dropFirst())
            candidates = Self.matching(replaced, session.names)
            return
        } else if line.hasPrefix("!") {
            complete(path: String(line.dropFirst().split(separator: " ", omittingEmptySubsequences: false).last ?? ""))
            closing = ""
            return
        }
        let place = Place(code)
        if place.isComment { return }
        if let string = place.string {
            complete(inString: string, place, session)
        } else {
            complete(name: place, session)
        }
    }

    private mutating func complete(name place: Place, _ session: Session) {
        replaced = place.word
        if place.isField {
            candidates = Self.matching(place.word, Self.fields(place.path, session))
            return
        }
        var named: [String] = []
        if let function = place.callee.flatMap({ Self.function($0, session) }) {
            // What was given by position is not asked for again.
            let byPosition = min(max(0, place.position - place.given.count), function.restPlace ?? .max)
            named = function.parameterNames.dropFirst(byPosition).filter { !place.given.contains($0) && !$0.hasPrefix("[") && !$0.hasPrefix("{") }.map { $0 + "=" }
            note = function.signature
            // An open call: what it takes, rather than every name there is.
            if place.word.isEmpty, place.argument == nil { candidates = named }
        }
        if place.word.isEmpty { return }
        let keywords = Keyword.allCases.map(\.rawValue)
        let names = Set(session.names).union(place.bound).union(keywords)
        candidates = Self.matching(place.word, named) + Self.matching(place.word, names.sorted())
    }

    /// Words that the parameter accepts where it is one of a few, else files.
    private mutating func complete(inString string: String, _ place: Place, _ session: Session) {
        if let builtin = place.callee.flatMap({ Self.function($0, session) })?.builtin,
            let parameter = place.parameter(of: builtin), !parameter.words.isEmpty
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

    /// What a name calls now. Looking does not evaluate anything.
    private static func function(_ name: String, _ session: Session) -> Function? {
        if case .function(let function)? = session.value(of: name) { function } else { nil }
    }

    /// The fields at the end of a path of names and places: `s` for `s.`, `runs[0].history` for `runs[0].history.`.
    private static func fields(_ path: [Place.Step], _ session: Session) -> [String] {
        guard case .name(let first)? = path.first, var value = session.value(of: first) else { return [] }
        for step in path.dropFirst() {
            switch (step, value) {
            case (.name(let name), _):
                guard let next = Fields.get(name, of: value) else { return [] }
                value = next
            case (.index(let i), .list(let list)):
                let place = i < 0 ? list.count + i : i
                guard list.indices.contains(place) else { return [] }
                value = list[place]
            case (.index, _): return []
            }
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
    /// The name being typed, and what stands before it when it is a field.
    var word = ""
    var path: [Step] = []
    /// Inside a string: its text so far.
    var string: String?
    var isComment = false
    /// The function whose call is open, the names already given in it, and the one whose value is being typed.
    var callee: String?
    var given: Set<String> = []
    var argument: String?
    /// How many arguments stand before, the piped one included.
    var position = 0
    /// Whether the word follows a dot.
    var isField = false
    /// Names that the text itself binds, such as a loop's variable.
    var bound: Set<String> = []

    /// A part of what a field is read of: `s`, or `[0]`.
    enum Step {
        case name(String)
        case index(Int)
    }

    private struct Open {
        var bracket: Character
        var callee: String?
        var given: Set<String> = []
        var argument: String?
        var position = 0
    }

    /// The parameter whose value is being typed.
    func parameter(of builtin: Builtin) -> Parameter? {
        if let argument { return builtin.parameters.first { $0.name == argument } }
        return position < builtin.parameters.count ? builtin.parameters[position] : nil
    }

    private static func isWord(_ c: Character) -> Bool { c.isLetter || c.isNumber || c == "_" }

    init(_ text: String) {
        let characters = Array(text)
        var open: [Open] = []
        var i = 0
        /// Brackets that were open where each string's interpolation began.
        var interpolations: [Int] = []
        var lastWord: String?
        /// Whether that word follows `|>`.
        var isPiped = false, afterPipe = false
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
                    isPiped = afterPipe
                    afterPipe = false
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
                open.append(Open(bracket: c, callee: isCall ? lastWord : nil, position: isCall && isPiped ? 1 : 0))
            case ")", "]", "}":
                if c == "}", let level = interpolations.last, open.count == level + 1 {
                    open.removeLast()
                    interpolations.removeLast()
                    if !enterString(at: i) { break scan }
                } else if !open.isEmpty {
                    open.removeLast()
                }
            case ",":
                if !open.isEmpty {
                    open[open.count - 1].argument = nil
                    open[open.count - 1].position += 1
                }
            case "|" where i < characters.count && characters[i] == ">":
                i += 1
                afterPipe = true
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
        let dots = characters.dropLast(word.count).suffix(2)
        isField = dots.last == "." && dots.first != "."
        if i == characters.count, word.isEmpty { path = Self.path(characters, before: i) }
        if let call = open.last {
            callee = call.callee
            given = call.given
            argument = call.argument
            position = call.position
        }
    }

    /// What stands before a dot: `a.b[2].` gives a, b and 2; nothing when it does not begin with a plain name.
    private static func path(_ characters: [Character], before end: Int) -> [Step] {
        guard end > 0, characters[end - 1] == "." else { return [] }
        var steps: [Step] = [], stop = end - 1
        while stop > 0 {
            if characters[stop - 1] == "]" {
                guard let opening = characters[..<stop].lastIndex(of: "["), let i = Int(String(characters[(opening + 1)..<(stop - 1)]))
                else { return [] }
                steps.append(.index(i))
                stop = opening
                continue
            }
            var start = stop
            while start > 0, isWord(characters[start - 1]) { start -= 1 }
            if start == stop || characters[start].isNumber { return [] }
            steps.append(.name(String(characters[start..<stop])))
            guard start > 0, characters[start - 1] == "." else { return steps.reversed() }
            stop = start - 1
        }
        return []
    }
}
