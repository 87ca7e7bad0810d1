/// What people who come from other languages type, and what it is called here.
public enum ForeignNames {
    private static let hints: [String: String] = [
        "null": "nothing is written `none`", "nil": "nothing is written `none`", "None": "nothing is written `none`",
        "True": "write `true`", "False": "write `false`",
        "len": "write `length(x)`", "size": "write `length(x)`, or `v.shape` of a volume", "range": "a range is written `0:10`",
        "type": "write `kind(x)`", "int": "write `number(s)`, or `floor(x)`", "float": "write `number(s)`", "str": "write `text(x)`",
        "append": "write `xs + [x]`", "sorted": "write `sort(xs)`",
        "exit": "Ctrl-D or :quit leaves the prompt", "quit": "Ctrl-D or :quit leaves the prompt",
        "read": "write `load(path)`", "open": "write `load(path)`",
        "imshow": "write `show(overlay(v))`", "console": "write `print(x)`", "printf": "write `print(\"{x:.3}\")`",
    ]

    /// A line of help for such a name; nil for others.
    public static func hint(for name: String) -> String? { hints[name] }
}
