import Glibc
import Networks
import Support

/// Answers commands on standard input one at a time, so that a benchmark can alternate between programs that are all warm: `step` takes one
/// training step and `infer` one prediction; each is answered with its seconds, the most memory that the process has held so far in bytes, and the
/// loss (0 after `infer`); `quit` ends. The first line says how many parameters there are, running statistics included.
func serve(_ network: NetworkCase) throws {
    let n = network.shape.x * network.shape.y * network.shape.z
    let noise = Noise(count: network.batch, shape: network.shape)
    let samples = try (0..<network.batch).map { try noise.sample($0) }
    let images = samples.flatMap(\.image), targets = samples.flatMap(\.target)
    var probe: Probe?
    var steps: UInt64 = 0
    say("\(network.model.parameterCount)")
    while let command = readLine() {
        let start = Clock.seconds
        var loss = 0.0
        switch command {
        case "step":
            let ready = try probe ?? Probe(network.model, shape: network.shape, batch: network.batch, inputGradient: false)
            probe = ready
            loss = try ready.trainingStep(images, targets, step: steps)
            steps += 1
        case "infer": _ = try network.model.predict(Array(images[..<n]), shape: network.shape)
        case "quit": return
        default: return say("unknown command \(command)")
        }
        say("\(Clock.seconds - start) \(Memory.peak ?? 0) \(loss)")
    }
}

private func say(_ line: String) {
    print(line)
    fflush(nil)
}
