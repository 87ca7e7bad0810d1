import Builtins
import Runtime
import Stdlib
import Syntax
import Testing

/// What editors need of the words of the language, made from the lexer's tables and the catalogue. `RECORD=1` writes the files, and fails, so that nobody
/// takes it for a pass.
@Suite(.serialized) struct EditorGrammarTests {
    @Test(arguments: EditorGrammar.files.map(\.path)) func isAsGenerated(_ path: String) throws {
        let text = try #require(EditorGrammar.files.first { $0.path == path }).text
        try Repository.expect(text, in: Repository.root + "/grammar/" + path)
    }
}

/// The generator of the grammars' word lists.
enum EditorGrammar {
    static let files: [(path: String, text: String)] = [
        ("strip.tmLanguage.json", textMate), ("tree-sitter-strip/words.js", words), ("tree-sitter-strip/queries/highlights.scm", highlights),
    ]

    private static let control = ["if", "else", "for", "in", "while", "break", "continue", "return", "try", "catch", "import"]
    private static let operators = ["and", "or", "not"]
    private static let constants = ["true", "false", "none"]

    /// Builtins and the library's functions, in alphabetical order.
    private static let functions: [String] = {
        let (session, _) = makeSession()
        try? session.prepare()
        let library = session.libraryNames.filter { if case .function? = session.value(of: $0) { true } else { false } }
        return (session.catalogue.map(\.name) + library).sorted()
    }()

    /// Names of the library that stand for numbers, and what every session has.
    private static let numbers: [String] = {
        let (session, _) = makeSession()
        try? session.prepare()
        return session.libraryNames.filter { if case .number? = session.value(of: $0) { true } else { false } } + ["args"]
    }()

    private static let notice = "Generated from the catalogue and the lexer's tables by Tests/BuiltinsTests/EditorGrammarTests.swift. Do not edit."

    // MARK: - TextMate

    private static var textMate: String {
        func words(_ list: [String]) -> String { "(?<![\\\\p{L}_0-9.])(?:\(list.joined(separator: "|")))(?![\\\\p{L}_0-9])" }
        let name = "[\\\\p{L}\\\\p{Nl}_][\\\\p{L}\\\\p{Nl}\\\\p{M}_0-9]*"
        return """
            {
              "comment": "\(notice)",
              "name": "skullstrip",
              "scopeName": "source.skullstrip",
              "fileTypes": ["ss"],
              "firstLineMatch": "^#!.*\\\\bskullstrip\\\\b",
              "patterns": [{ "include": "#all" }],
              "repository": {
                "all": {
                  "patterns": [
                    { "include": "#comment" },
                    { "include": "#string" },
                    { "include": "#definition" },
                    { "include": "#number" },
                    { "include": "#word" },
                    { "include": "#function" },
                    { "include": "#field" },
                    { "include": "#parentheses" },
                    { "include": "#braces" },
                    { "include": "#operator" }
                  ]
                },
                "parentheses": {
                  "comment": "Only here does a name before = name an argument or a parameter; elsewhere, and in a block within, it is bound.",
                  "begin": "\\\\(",
                  "end": "\\\\)",
                  "patterns": [{ "include": "#named" }, { "include": "#all" }]
                },
                "braces": { "begin": "\\\\{", "end": "\\\\}", "patterns": [{ "include": "#all" }] },
                "comment": {
                  "patterns": [
                    { "name": "comment.line.documentation.skullstrip", "match": "##.*$" },
                    { "name": "comment.line.number-sign.skullstrip", "match": "#.*$" }
                  ]
                },
                "string": {
                  "name": "string.quoted.double.skullstrip",
                  "begin": "\\"",
                  "end": "\\"|$",
                  "patterns": [
                    { "name": "constant.character.escape.skullstrip", "match": "\\\\\\\\(?:[ntr\\"\\\\\\\\{}]|u\\\\{[0-9A-Fa-f]+\\\\})|\\\\{\\\\{|\\\\}\\\\}" },
                    {
                      "name": "meta.interpolation.skullstrip",
                      "begin": "\\\\{",
                      "end": "\\\\}",
                      "beginCaptures": { "0": { "name": "punctuation.section.interpolation.begin.skullstrip" } },
                      "endCaptures": { "0": { "name": "punctuation.section.interpolation.end.skullstrip" } },
                      "patterns": [
                        { "name": "constant.other.format.skullstrip", "match": ":[<>^]?[0-9]*(?:\\\\.[0-9]+)?[%e]?(?=\\\\})" },
                        { "include": "#all" }
                      ]
                    }
                  ]
                },
                "definition": {
                  "match": "(?<![\\\\p{L}_0-9.])(fn)\\\\s+(\(name))",
                  "captures": { "1": { "name": "storage.type.function.skullstrip" }, "2": { "name": "entity.name.function.skullstrip" } }
                },
                "number": { "name": "constant.numeric.skullstrip", "match": "(?<![\\\\p{L}_0-9])[0-9]+(?:\\\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?" },
                "word": {
                  "patterns": [
                    { "name": "keyword.control.skullstrip", "match": "\(words(control))" },
                    { "name": "keyword.operator.word.skullstrip", "match": "\(words(operators))" },
                    { "name": "storage.type.function.skullstrip", "match": "\(words(["fn"]))" },
                    { "name": "constant.language.skullstrip", "match": "\(words(constants + numbers))" }
                  ]
                },
                "named": {
                  "match": "(?<![\\\\p{L}_0-9.])(\(name))\\\\s*=(?![=>])",
                  "captures": { "1": { "name": "variable.parameter.skullstrip" } }
                },
                "function": {
                  "patterns": [
                    { "name": "support.function.builtin.skullstrip", "match": "\(words(functions))(?=\\\\s*\\\\()" },
                    { "name": "entity.name.function.call.skullstrip", "match": "(?<![\\\\p{L}_0-9])\(name)(?=\\\\s*\\\\()" }
                  ]
                },
                "field": { "name": "variable.other.member.skullstrip", "match": "(?<=\\\\.)\(name)" },
                "operator": { "name": "keyword.operator.skullstrip", "match": "->|\\\\|>|==|!=|<=|>=|\\\\.\\\\.\\\\.|…|[<>=+*/%^&|~-]" }
              }
            }

            """
    }

    // MARK: - Tree-sitter

    private static var words: String {
        let lines = rows(Keyword.allCases.map { "'\($0.rawValue)'" }, indent: "    ", end: ",")
        return "// \(notice)\nmodule.exports = {\n  keywords: [\n\(lines)\n  ],\n};\n"
    }

    private static var highlights: String {
        """
        ; \(notice)
        ; Of two patterns that fit, the later counts.

        (identifier) @variable
        (parameter name: (identifier) @variable.parameter)
        (lambda parameters: (identifier) @variable.parameter)
        (rest name: (identifier) @variable.parameter)
        (named_argument name: (identifier) @variable.parameter)
        (member name: (field_name) @property)
        (field name: (field_name) @property)
        (field_pattern name: (field_name) @property)
        (definition name: (identifier) @function)
        (call function: (identifier) @function.call)
        ((call function: (identifier) @function.builtin)
          (#any-of? @function.builtin
        \(rows(functions.map { "\"\($0)\"" }, indent: "    ", end: ""))))
        ((identifier) @constant.builtin (#any-of? @constant.builtin \(numbers.map { "\"\($0)\"" }.joined(separator: " "))))

        (number) @number
        (string) @string
        (string_content) @string
        (escape) @string.escape
        (format) @string.special
        (interpolation "{" @punctuation.special "}" @punctuation.special)
        (comment) @comment
        [(true) (false)] @boolean
        (none) @constant.builtin

        [\((control + ["fn"]).filter { $0 != "break" && $0 != "continue" }.map { "\"\($0)\"" }.joined(separator: " "))] @keyword
        [(break) (continue)] @keyword
        [\(operators.map { "\"\($0)\"" }.joined(separator: " "))] @keyword.operator
        [\(operatorSymbols.map { "\"\($0)\"" }.joined(separator: " "))] @operator
        ["(" ")" "[" "]" "{" "}"] @punctuation.bracket
        ["," "." ";"] @punctuation.delimiter

        """
    }

    /// All symbols but brackets and those that part.
    private static var operatorSymbols: [String] {
        Symbol.allCases.filter { symbol in
            switch symbol {
            case .leftParenthesis, .rightParenthesis, .leftBracket, .rightBracket, .leftBrace, .rightBrace, .comma, .dot, .semicolon, .ellipsis: false
            default: true
            }
        }.map(\.rawValue)
    }

    /// Words in lines of up to 100 letters.
    private static func rows(_ words: [String], indent: String, end: String) -> String {
        var lines: [String] = [], line = ""
        for word in words {
            if !line.isEmpty, line.count + word.count > 100 {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? indent : " ") + word + end
        }
        return (lines + [line]).joined(separator: "\n")
    }
}
