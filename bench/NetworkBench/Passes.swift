import Networks
import Support

/// Layers that pass once or twice over memory, 16 channels at 96×128×160 (upsampling from half of that) on two threads: milliseconds forward and backward.
/// bench/passes.py has PyTorch's.
func passes() throws {
    let layers: [(name: String, build: (Node) throws -> Node)] = [
        ("relu", { try $0.relu() }), ("sigmoid", { try $0.sigmoid() }),
        ("instancenorm", { try $0.instancenorm() }), ("groupnorm of 4", { try $0.groupnorm(groups: 4) }),
        ("layernorm", { try $0.layernorm() }),
        ("leakyrelu", { try $0.leakyrelu() }), ("elu", { try $0.elu() }), ("gelu", { try $0.gelu() }), ("silu", { try $0.silu() }),
        ("softmax", { try $0.softmax() }), ("channeldropout", { try $0.dropout(rate: 0.2, channels: true) }),
        ("upsample nearest", { try $0.maxpool().upsample() }), ("upsample trilinear", { try $0.maxpool().upsample(method: .trilinear) }),
    ]
    let shape = SIMD3(96, 128, 160), count = 16 * shape.x * shape.y * shape.z
    let random = CounterRandom(seed: 1)
    let image = (0..<count).map { Float(4 * random.uniform(at: UInt64($0)) - 2) }
    Parallel.threads = 2
    for (name, build) in layers {
        let input = try Node.input(channels: 16)
        let probe = try Probe(Model(input: input, output: build(input), seed: 1), shape: shape)
        _ = try probe.forward(image)
        let best = try probe.timings(repeats: 5)[probe.operations.count - 1]
        print("\(name): forward \(Text.fixed(best.forward * 1000, 1)) backward \(Text.fixed(best.backward * 1000, 1)) ms")
    }
}
