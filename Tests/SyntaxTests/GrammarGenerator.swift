import Syntax

/// Programs by chance, made from the rules of grammar/strip.ebnf.
///
/// What the grammar says in words is done here: names differ, a line's end is only put where one may stand, a block or the body of a lambda does not begin as a
/// record would, a range within the braces of a string stands in parentheses.
struct GrammarGenerator {
    private indirect enum Node {
        case terminal(String)
        case rule(String)
        case sequence([Node])
        case choice([Node])
        case maybe(Node)
        case many(Node)
    }

    private var rules: [String: Node] = [:]
    /// The fewest steps in which a rule comes to its end.
    private var costs: [String: Int] = [:]
    private var names = 0

    var random: Draw

    /// A small source of chance: the next of a sequence that its seed decides.
    struct Draw {
        private var state: UInt64
        init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
        mutating func below(_ n: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return n <= 1 ? 0 : Int((state >> 33) % UInt64(n))
        }
    }

    init(_ grammar: String, seed: UInt64) {
        random = Draw(seed: seed)
        var reader = Reader(grammar)
        while let (name, node) = reader.rule() { rules[name] = node }
        var isStill = false
        while !isStill {
            isStill = true
            for (name, node) in rules {
                guard let cost = cost(node), cost + 1 < costs[name, default: .max] else { continue }
                costs[name] = cost + 1
                isStill = false
            }
        }
    }

    var ruleNames: [String] { rules.keys.sorted() }

    /// Rules made by hand: single letters, and what the grammar says in words.
    private static let lexical: Set<String> = ["number", "string", "text", "ellipsis", "name", "word"]

    private func cost(_ node: Node) -> Int? {
        switch node {
        case .terminal: return 0
        case .rule(let name): return ["newline", "letter", "mark", "name", "word", "character"].contains(name) ? 0 : costs[name]
        case .sequence(let parts):
            var most = 0
            for part in parts {
                guard let cost = cost(part) else { return nil }
                most = max(most, cost)
            }
            return most
        case .choice(let parts): return parts.compactMap(cost).min()
        case .maybe, .many: return 0
        }
    }

    // MARK: - Programs

    private struct Place {
        var depth: Int
        /// Within the braces of a string: one line, and no `:` that would begin a format.
        var isInString = false
        var noRange = false
    }

    /// The words of a program, to be written with blanks between.
    mutating func program() -> [String] {
        names = 0
        var out: [String] = []
        expand(.rule("script"), Place(depth: 14 + random.below(10)), &out)
        return out
    }

    /// With a blank after each word but at the ends of lines.
    static func text(_ words: [String]) -> String { words.joined(separator: " ") }

    private mutating func expand(_ node: Node, _ place: Place, _ out: inout [String]) {
        switch node {
        case .terminal(let text):
            out.append(text)
        case .sequence(let parts):
            var place = place
            for part in parts {
                expand(part, place, &out)
                if case .terminal(let text) = part {
                    // Within brackets a range is one again.
                    if ["(", "[", "{"].contains(text) { place.noRange = false }
                }
            }
        case .choice(let parts):
            let possible = parts.filter { (cost($0) ?? .max) < place.depth }
            let all = possible.isEmpty ? [parts.min { (cost($0) ?? .max) < (cost($1) ?? .max) } ?? parts[0]] : possible
            expand(all[random.below(all.count)], place, &out)
        case .maybe(let part):
            if place.depth > (cost(part) ?? .max), random.below(2) == 0 { expand(part, place, &out) }
        case .many(let part):
            var left = random.below(4)
            while left > 0, place.depth > (cost(part) ?? .max) {
                expand(part, place, &out)
                left -= 1
            }
        case .rule(let name):
            var inner = place
            inner.depth -= 1
            rule(name, inner, &out)
        }
    }

    private mutating func rule(_ name: String, _ place: Place, _ out: inout [String]) {
        guard let node = rules[name] else { return out.append("?\(name)?") }
        switch name {
        case "newline": out.append(place.isInString ? ";" : "\n")
        case "name", "word": out.append(word())
        case "hex": out.append(["4", "7", "a"][random.below(3)])
        case "character": out.append(["a", "é", "脑", " ", "#", "'", "{{", "}}", "🧠", "(", ":"][random.below(11)])
        case "ellipsis": out.append(random.below(2) == 0 ? "…" : "...")
        case "number":
            repeat {
                var digits: [String] = []
                expand(node, place, &digits)
                if Double(digits.joined())?.isFinite ?? false { return out.append(digits.joined()) }
            } while true
        case "string", "text":
            var letters: [String] = []
            // Letters stand side by side.
            expand(node, place, &letters)
            // Texts name files and fields, which differ.
            if name == "text" { letters.insert("t\(fresh())", at: 1) }
            out.append(letters.joined())
        case "interpolation":
            var inner = place
            inner.isInString = true
            inner.noRange = true
            inner.depth = min(place.depth, 6)
            var code: [String] = []
            expand(.rule("expression"), inner, &code)
            out.append("{ " + code.joined(separator: " ") + (random.below(3) == 0 ? " :" + format(inner) : " ") + "}")
        case "range" where place.noRange: expand(.rule("sum"), place, &out)
        case "block":
            var words: [String] = []
            repeat {
                words = []
                expand(node, place, &words)
            } while looksLikeRecord(words)
            out += words
        case "lambda":
            var words: [String] = []
            repeat {
                words = []
                expand(node, place, &words)
            } while !hasPlainBody(words)
            out += words
        default: expand(node, place, &out)
        }
    }

    private mutating func format(_ place: Place) -> String {
        while true {
            var letters: [String] = []
            if let node = rules["format"] { expand(node, Place(depth: 4), &letters) }
            let text = letters.joined()
            if Format(text) != nil { return text }
        }
    }

    /// A name of its own each time.
    private mutating func word() -> String {
        let number = fresh()
        let stem = ["a", "x_", "é", "脑", "_", "T1", "for_", "e\u{301}"][random.below(8)]
        return stem + "\(number)"
    }

    private mutating func fresh() -> Int {
        names += 1
        return names
    }

    /// A block whose first words are a name and a colon is taken for a record.
    private func looksLikeRecord(_ words: [String]) -> Bool {
        let inner = words.dropFirst().drop { $0 == "\n" }
        guard inner.count > 1, inner[inner.startIndex + 1] == ":", let first = inner.first?.unicodeScalars.first else { return false }
        return first == "\"" || first == "_" || first.properties.isAlphabetic
    }

    /// What follows the first arrow and begins with a brace is a block, not a record.
    private func hasPlainBody(_ words: [String]) -> Bool {
        // The parameters hold no arrow but in defaults, which are brackets deeper.
        var depth = 0
        for (i, word) in words.enumerated() {
            if ["(", "[", "{"].contains(word) { depth += 1 }
            if [")", "]", "}"].contains(word) { depth -= 1 }
            if word == "->", depth == 0, words[i + 1] == "{" {
                return !looksLikeRecord(Array(words[(i + 1)...])) && isBlock(Array(words[(i + 1)...]))
            }
        }
        return true
    }

    /// Whether the brace that opens is closed by the last word, with statements between.
    private func isBlock(_ words: [String]) -> Bool {
        var depth = 0
        for (i, word) in words.enumerated() {
            if ["(", "[", "{"].contains(word) { depth += 1 }
            if [")", "]", "}"].contains(word) { depth -= 1 }
            if depth == 0 { return i == words.count - 1 && !["…", "..."].contains(words[1]) && !isRecord(words) }
        }
        return false
    }

    /// Fields with keywords for names.
    private func isRecord(_ words: [String]) -> Bool { words.count > 2 && words[2] == ":" }

    // MARK: - Reading the grammar

    private struct Reader {
        private var rest: Substring

        init(_ text: String) {
            var plain = ""
            var left = text[...]
            // Comments do not nest.
            while let start = left.firstRange("(*") {
                plain += left[..<start.lowerBound]
                left = left[start.upperBound...]
                left = left.firstRange("*)").map { left[$0.upperBound...] } ?? ""
            }
            rest = Substring(plain + left)
        }

        private mutating func skip() { while rest.first?.isWhitespace ?? false { rest.removeFirst() } }

        private mutating func accept(_ sign: Character) -> Bool {
            skip()
            guard rest.first == sign else { return false }
            rest.removeFirst()
            return true
        }

        mutating func rule() -> (String, Node)? {
            skip()
            let name = String(rest.prefix { $0.isLetter })
            guard !name.isEmpty else { return nil }
            rest.removeFirst(name.count)
            guard accept("=") else { return nil }
            let node = choice()
            guard accept(";") else { return nil }
            return (name, node)
        }

        private mutating func choice() -> Node {
            var parts = [sequence()]
            while accept("|") { parts.append(sequence()) }
            return parts.count == 1 ? parts[0] : .choice(parts)
        }

        private mutating func sequence() -> Node {
            var parts = [part()]
            while accept(",") { parts.append(part()) }
            return parts.count == 1 ? parts[0] : .sequence(parts)
        }

        private mutating func part() -> Node {
            skip()
            let node: Node
            switch rest.first {
            case "\"", "'":
                let quote = rest.removeFirst()
                let text = rest.prefix { $0 != quote }
                rest.removeFirst(text.count + 1)
                node = .terminal(String(text))
            case "?":
                rest.removeFirst()
                let text = rest.prefix { $0 != "?" }
                rest.removeFirst(text.count + 1)
                node = .terminal("?")
            case "[":
                rest.removeFirst()
                node = .maybe(choice())
                _ = accept("]")
            case "{":
                rest.removeFirst()
                node = .many(choice())
                _ = accept("}")
            case "(":
                rest.removeFirst()
                node = choice()
                _ = accept(")")
            default:
                let name = String(rest.prefix { $0.isLetter })
                rest.removeFirst(name.count)
                node = .rule(name)
            }
            // "a - b": a, but not b, which the generator sees to by itself.
            if accept("-") { _ = part() }
            return node
        }
    }
}

extension Substring {
    fileprivate func firstRange(_ text: String) -> Range<Index>? {
        var i = startIndex
        while i < endIndex {
            if self[i...].hasPrefix(text) { return i..<index(i, offsetBy: text.count) }
            i = index(after: i)
        }
        return nil
    }
}
