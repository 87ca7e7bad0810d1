import Glibc
import Networks
import Support

/// The time of each kind of layer in a whole network, and of whole steps.
func timeUnet(_ network: NetworkCase) throws {
    let model = network.model
    print(model.describe)
    let probe = try Probe(model, shape: network.shape, batch: network.batch, inputGradient: false)
    var last = try probe.timings(repeats: 1, processor: processor)
    last = try probe.timings(repeats: 2, processor: processor)
    var totals: [String: (Double, Double)] = [:]
    for (name, t) in zip(probe.operations, last) {
        let kind = String(name.split(separator: ".")[1])
        totals[kind, default: (0, 0)].0 += t.forward
        totals[kind, default: (0, 0)].1 += t.backward
    }
    for (kind, t) in totals.sorted(by: { $0.key < $1.key }) {
        print("  \(kind): forward \(Text.duration(t.0)), backward \(Text.duration(t.1))")
    }
    if getenv("DETAIL") != nil {
        for (i, name) in probe.operations.enumerated() {
            print(
                "  \(name): forward \(Text.fixed(last[i].forward * 1000, 1)) ms \(Text.fixed(probe.flops[i] / last[i].forward / 1e9, 1)) GFLOP/s, backward \(Text.fixed(last[i].backward * 1000, 1)) ms \(Text.fixed(2 * probe.flops[i] / last[i].backward / 1e9, 1))"
            )
        }
    }
    print("arena \(Text.bytes(probe.arenaBytes)), forward \(Text.fixed(probe.flops.reduce(0, +) / 1e9, 1)) GFLOP")
    let steps = network.shape.x > 90 ? 3 : 12
    var start = 0.0
    _ = try fit(
        model, train: Noise(count: network.batch, shape: network.shape), valid: nil,
        options: FitOptions(epochs: 1, steps: steps, batch: network.batch),
        onStep: { report in
            if report.step == 1 { start = report.secondsPerStep }
            if report.step == steps {
                print(
                    "step, wall: \(Text.duration((report.secondsPerStep * Double(steps) - start) / Double(steps - 1))), first \(Text.duration(start)), loss \(report.loss)"
                )
            }
        })
    print("peak memory of the process \(Memory.peak.map(Text.bytes) ?? "unknown")")
}
