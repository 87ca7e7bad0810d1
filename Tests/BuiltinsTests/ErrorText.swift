/// A text by which the program's sources say what was wrong: of the lexer, the parser and the evaluation at the place that finds it, of the cores where
/// their `ExplainedError`s make messages of cases.
struct ErrorText {
    /// The file, from the sources' folder.
    let file: String
    /// The longest part without values in it.
    let key: String

    func occurs(in transcripts: String) -> Bool { transcripts.contains(key) }

    /// What no transcript can show, and why: parts of texts, or files all of whose texts are meant.
    static let cannotOccur: [String: String] = [
        "skullstrip/Predict.swift": "said by `skullstrip predict`, which Tests/Command runs",
        "Networks/Exchange/LayerReader.swift": "said of models of TensorFlow.js, which ExchangeTests writes",
        "no trained model is installed": "names the machine's folders",
        "the picture could not be drawn": "takes cairo to run out of memory",
        "cannot split ": "takes fewer than no subjects",
        " of memory, and ": "takes more memory than this machine has",
        "memory is running out": "takes more memory than this machine has",
        " different labels are more than 16,777,216": "takes 17 million labels",
        " components, and a volume can number": "takes 17 million components",
        "both operands are numbers": "numbers are added by the evaluator",
        "the images do not come to lie on each other": "takes a minute: RegistrationTests",
        "as the files say and with what is bright in both": "the same",
        ", their middles ": "the same",
        ": the surface came to hold no voxel at all": "takes an image that is no head: BrainExtractionTests",
        "it was written by a newer version": "takes a newer version",
        "it was written by another version": "takes another version",
        "invalid UTF-8": "a script's strings are UTF-8; of files, CheckpointTests",
        "\" holds NaN or infinite values": "of weights in a file: CheckpointTests",
        " values, but its shape needs ": "said to callers in Swift",
        "an ONNX file holds less than 2 GB": "takes a network of 2 GB",
        " cannot be imported while a batch is prepared": "functions cannot import, and nothing else is run there",
        ", and must be a function": "of a recipe in a file that was changed by hand: PipelineFileTests",
        "the evaluation gave no result": "takes a thread that does not come back",
        "this has no value of its own": "what stands for nothing is never asked for its value",
        "` call one another, which cannot be written": "functions of one name that cannot be told apart: FunctionTextTests",
        "the list is too long: more than ": "takes seconds: LimitTests",
        "the file of a result is damaged": "such a result is made anew",
        "interrupted": "Tests/Prompt presses Ctrl-C",
        "the text ends within a character": "`Source` refuses such bytes before",
    ]

    var canOccur: Bool { !Self.cannotOccur.keys.contains { key.contains($0) || file == $0 } }

    /// All of them, but for those that are little more than their values.
    static func all() -> [ErrorText] {
        let folder = Repository.root + "/Sources"
        var out: [ErrorText] = []
        for path in Repository.files(below: folder, ".swift") {
            let bytes = Array((Repository.read(path) ?? "").utf8)
            let literals = SwiftText(bytes).saidAtOnce + (SwiftText(bytes).contains("ExplainedError") ? SwiftText(bytes).saidInMessages : [])
            for parts in literals {
                let key = parts.max { $0.utf8.count < $1.utf8.count } ?? ""
                if key.utf8.count >= 6 { out.append(ErrorText(file: String(path.dropFirst(folder.count).drop { $0 == "/" }), key: key)) }
            }
        }
        return out
    }
}

/// As much of Swift as it takes to find string literals.
private struct SwiftText {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private static let calls = ["fail(", "report(", "FailureText(", "ArgumentError(", "Diagnostic("]
    private static let bodies = ["var message: String {", "var explanation: String {", "func message(in operation: String) -> String {"]

    func contains(_ word: String) -> Bool { !places(after: word).isEmpty }

    /// The literals that calls which make errors begin with.
    var saidAtOnce: [[String]] {
        Self.calls.flatMap(places(after:)).sorted().compactMap { place in
            var i = place
            while i < bytes.count, bytes[i] == 32 || bytes[i] == 10 { i += 1 }
            if has("message: ", at: i) { i += 9 }
            return i < bytes.count && bytes[i] == UInt8(ascii: "\"") ? literal(&i) : nil
        }
    }

    /// The literals in the bodies that make messages.
    var saidInMessages: [[String]] {
        var out: [[String]] = []
        for place in Self.bodies.flatMap(places(after:)).sorted() {
            var i = place, depth = 1
            while i < bytes.count, depth > 0 {
                switch bytes[i] {
                case UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "}"): depth -= 1
                case UInt8(ascii: "\""):
                    out.append(literal(&i))
                    continue
                default: break
                }
                i += 1
            }
        }
        return out
    }

    private func has(_ word: String, at i: Int) -> Bool { bytes[min(i, bytes.count)...].starts(with: word.utf8) }

    private func places(after word: String) -> [Int] {
        let first = word.utf8.first!
        return bytes.indices.filter { bytes[$0] == first && has(word, at: $0) }.map { $0 + word.utf8.count }
    }

    /// The parts between the values of the literal that begins here; `i` comes to stand behind it.
    private func literal(_ i: inout Int) -> [String] {
        var parts: [String] = [], part: [UInt8] = []
        i += 1
        while i < bytes.count, bytes[i] != UInt8(ascii: "\"") {
            guard bytes[i] == UInt8(ascii: "\\"), i + 1 < bytes.count else {
                part.append(bytes[i])
                i += 1
                continue
            }
            i += 2
            guard bytes[i - 1] == UInt8(ascii: "(") else {
                part.append(bytes[i - 1] == UInt8(ascii: "n") ? 10 : bytes[i - 1])
                continue
            }
            parts.append(String(decoding: part, as: UTF8.self))
            part = []
            var depth = 1
            while i < bytes.count, depth > 0 {
                switch bytes[i] {
                case UInt8(ascii: "("): depth += 1
                case UInt8(ascii: ")"): depth -= 1
                case UInt8(ascii: "\""):
                    _ = literal(&i)
                    continue
                default: break
                }
                i += 1
            }
        }
        i += 1
        return parts + [String(decoding: part, as: UTF8.self)]
    }
}
