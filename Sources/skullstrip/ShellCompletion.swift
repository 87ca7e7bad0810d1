import ArgumentParser
import Networks

/// Scripts that complete the command line in a shell, from the declarations of its options.
enum ShellCompletion: String, CaseIterable {
    case bash, zsh, fish

    var script: String {
        let own = Switch.all(of: Skullstrip._dumpHelp()), predict = Switch.all(of: Predict._dumpHelp())
        let text =
            switch self {
            case .bash: Bash(own, predict).text
            case .zsh: Zsh(own, predict).text
            case .fish: Fish(own, predict).text
            }
        let note = "# Completion of skullstrip in \(rawValue); written by skullstrip --completions \(rawValue).\n"
        // A file in zsh's function path says in its first line, and nowhere else, what it completes.
        return (self == .zsh ? "#compdef skullstrip\n" : "") + note + text
    }
}

/// An option or flag as declared.
private struct Switch {
    enum Value {
        case words([String])
        case files(endings: [String])
        case any
    }

    /// "-o", "--output".
    let names: [String]
    let summary: String
    let valueName: String
    /// Nil for a flag.
    let value: Value?

    /// All that help shows, from the description that the argument parser gives of a command.
    static func all(of dump: String) -> [Switch] {
        guard let arguments = (try? JSON(dump))?["command"]?["arguments"]?.array else { return [] }
        return arguments.compactMap { argument in
            guard argument["shouldDisplay"]?.bool == true, let names = argument["names"]?.array else { return nil }
            let words = names.compactMap { name in name["name"]?.string.map { (name["kind"]?.string == "long" ? "--" : "-") + $0 } }
            return Switch(
                names: words, summary: argument["abstract"]?.string ?? "", valueName: argument["valueName"]?.string ?? "value",
                value: argument["kind"]?.string == "option" ? value(argument["completionKind"]) : nil)
        }
    }

    private static func value(_ kind: JSON?) -> Value {
        if let words = kind?["list"]?["values"]?.array { return .words(words.compactMap(\.string)) }
        if let file = kind?["file"] { return .files(endings: file["extensions"]?.array?.compactMap(\.string) ?? []) }
        return .any
    }

    /// Up to the first clause's end, for a line beside the name.
    var brief: String {
        let text = Array(summary)
        // A point that no blank follows is a file name's.
        let end = text.indices.first { i in
            let isLast = i + 1 == text.count || text[i + 1] == " "
            return ".;:".contains(text[i]) && isLast || text[i] == "(" && i > 0
        }
        let clause = String(text[..<(end ?? text.count)]).filter { !"[]\"".contains($0) }
        return String(clause.map { $0 == "'" ? "’" : $0 }).trimmed
    }
}

private struct Bash {
    let own, predict: [Switch]

    init(_ own: [Switch], _ predict: [Switch]) { (self.own, self.predict) = (own, predict) }

    var text: String {
        """
        _skullstrip() {
            local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i
            # The first word that is no option, nor the value of one.
            for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                    \(valued(own))) ((i++)) ;;
                    --check|--fmt) command=scripts ;;
                    -?*) ;;
                    *) [[ $command ]] || command=${COMP_WORDS[i]}; break ;;
                esac
            done
            COMPREPLY=()
            case $command in
                predict)
                    case $prev in
        \(values(predict))
                    esac
                    [[ $cur == -* ]] && { mapfile -t COMPREPLY < <(compgen -W '\(names(predict))' -- "$cur"); return; }
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
                ''|scripts)
                    case $prev in
        \(values(own))
                    esac
                    [[ $cur == -* ]] && { mapfile -t COMPREPLY < <(compgen -W '\(names(own))' -- "$cur"); return; }
                    mapfile -t COMPREPLY < <(compgen -f -X '!*.ss' -- "$cur"; compgen -d -- "$cur"; [[ $command ]] || compgen -W predict -- "$cur") ;;
                *)
                    # What follows a script is the script's.
                    mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac
        }
        complete -o filenames -F _skullstrip skullstrip

        """
    }

    private func names(_ switches: [Switch]) -> String { switches.flatMap(\.names).joined(separator: " ") }
    private func valued(_ switches: [Switch]) -> String { switches.filter { $0.value != nil }.flatMap(\.names).joined(separator: "|") }

    private func values(_ switches: [Switch]) -> String {
        switches.compactMap { one in
            let offer: String
            switch one.value {
            case nil: return nil
            case .any?: offer = ""
            case .words(let words)?: offer = "mapfile -t COMPREPLY < <(compgen -W '\(words.joined(separator: " "))' -- \"$cur\"); "
            case .files(let endings)?:
                offer =
                    endings.first.map { "mapfile -t COMPREPLY < <(compgen -f -X '!*.\($0)' -- \"$cur\"; compgen -d -- \"$cur\"); " }
                    ?? "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); "
            }
            return "                \(one.names.joined(separator: "|"))) \(offer)return ;;"
        }.joined(separator: "\n")
    }
}

private struct Zsh {
    let own, predict: [Switch]

    init(_ own: [Switch], _ predict: [Switch]) { (self.own, self.predict) = (own, predict) }

    var text: String {
        """

        _skullstrip_first() {
            if (( ${words[(I)--(check|fmt)]} )); then
                _files -g "*.ss"
            else
                _alternative 'commands:command:((predict\\:"brains out of heads"))' 'scripts:script:_files -g "*.ss"'
            fi
        }

        _skullstrip() {
            local curcontext=$curcontext state line
            typeset -A opt_args
            _arguments -C -S -A '-*' \\
        \(specs(own))
                '1:script:_skullstrip_first' \\
                '*::argument:->rest'
            [[ $state == rest ]] || return
            if [[ $line[1] == predict ]]; then
                _arguments -S \\
        \(specs(predict))
                    '*:image:_files'
            elif (( ${words[(I)--(check|fmt)]} )); then
                _files -g "*.ss"
            else
                _files
            fi
        }

        if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _skullstrip "$@"; else compdef _skullstrip skullstrip; fi

        """
    }

    private func specs(_ switches: [Switch]) -> String {
        switches.map { one in
            let value: String =
                switch one.value {
                case nil: ""
                case .any?: ":\(one.valueName): "
                case .words(let words)?: ":\(one.valueName):(\(words.joined(separator: " ")))"
                case .files(let endings)?: ":\(one.valueName):_files" + (endings.first.map { " -g \"*.\($0)\"" } ?? "")
                }
            let others = one.names.count > 1 ? "(\(one.names.joined(separator: " ")))" : ""
            return one.names.map {
                "        '\(others)\($0)\(one.value == nil ? "" : $0.hasPrefix("--") ? "=" : "+")[\(one.brief)]\(value)' \\"
            }
            .joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

private struct Fish {
    let own, predict: [Switch]

    init(_ own: [Switch], _ predict: [Switch]) { (self.own, self.predict) = (own, predict) }

    var text: String {
        """
        function __skullstrip_command
            set -l words (commandline -opc)
            set -e words[1]
            while set -q words[1]
                switch $words[1]
                    case \(own.filter { $0.value != nil }.flatMap(\.names).joined(separator: " "))
                        set -e words[1]
                    case '-?*'
                    case '*'
                        echo $words[1]
                        return
                end
                set -e words[1]
            end
        end
        function __skullstrip_at_start
            set -l command (__skullstrip_command)
            test -z "$command"
        end
        function __skullstrip_in_predict
            set -l command (__skullstrip_command)
            test "$command" = predict
        end
        function __skullstrip_checks
            __fish_seen_argument -l check -l fmt
        end
        function __skullstrip_takes_script
            __skullstrip_at_start; or __skullstrip_checks
        end
        complete -c skullstrip -n '__skullstrip_at_start; and not __skullstrip_checks' -a predict -d 'brains out of heads'
        complete -c skullstrip -n __skullstrip_takes_script -f -k -a '(__fish_complete_suffix .ss)'
        \(lines(own, "__skullstrip_at_start"))
        \(lines(predict, "__skullstrip_in_predict"))

        """
    }

    private func lines(_ switches: [Switch], _ condition: String) -> String {
        switches.map { one in
            let names = one.names.map { $0.hasPrefix("--") ? "-l \($0.dropFirst(2))" : "-s \($0.dropFirst())" }.joined(separator: " ")
            let value: String =
                switch one.value {
                case nil: ""
                case .any?: " -x"
                case .words(let words)?: " -x -a '\(words.joined(separator: " "))'"
                case .files(let endings)?: endings.first.map { " -x -k -a '(__fish_complete_suffix .\($0))'" } ?? " -r -F"
                }
            return "complete -c skullstrip -n \(condition) \(names)\(value) -d '\(one.brief)'"
        }.joined(separator: "\n")
    }
}
