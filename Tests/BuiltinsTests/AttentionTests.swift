import Networks
import Runtime
import Testing

/// What stdlib/attention.ss composes. Tests/Reference/networks has the same graphs with PyTorch's numbers.
@Suite struct AttentionTests {
    private static let references = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Reference/networks"

    @Test(arguments: [
        ("squeeze_excite", "x = input(channels=2)\nnet = model(x, squeeze_excite(conv3d(x, 17, kernel=1)))"),
        ("attention_gate", "x = input(channels=2)\nnet = model(x, attention_gate(conv3d(x, 17, kernel=1), conv3d(x, 5)))"),
    ])
    func compositionsAreTheReferences(_ name: String, _ source: String) throws {
        let (session, output) = makeSession()
        _ = try session.run(
            source:
                "\(source)\nsummary(net, shape=[9, 7, 5])\nprint(\"—\")\nsummary(load(\"\(Self.references)/\(name).safetensors\"), shape=[9, 7, 5])",
            name: "t")
        let tables = output.all.split(separator: "—\n").map(String.init)
        #expect(tables.count == 2)
        #expect(tables.first == tables.last)
    }

    @Test(arguments: ["squeeze_excite(y, ratio=2)", "attention_gate(y, relu(conv3d(y, 3)), filters=4)"])
    func aStepTrains(_ call: String) throws {
        let (session, _) = makeSession()
        let value = try session.run(
            source: """
                x = input()
                y = conv3d(x, 8) |> relu()
                net = model(x, \(call) |> conv3d(1, kernel=1) |> sigmoid(), seed=1)
                head = phantom(shape=[16, 16, 16], seed=1)
                run = fit(net, [{image: normalize(head.image), mask: head.mask}], epochs=4, steps=5, batch=1)
                run.history[0].loss > run.history[3].loss
                """, name: "t")
        #expect(session.describe(value) == "true")
    }

    @Test(arguments: ["squeeze_excite(input(), ratio=0)", "attention_gate(input(), input(), filters=0)", "squeeze_excite(3)"])
    func badArgumentsAreErrors(_ source: String) {
        let (session, _) = makeSession()
        #expect(throws: (any Error).self) { try session.run(source: source, name: "t") }
    }
}
