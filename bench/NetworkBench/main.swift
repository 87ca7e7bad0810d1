// Times the network core: `swift run -c release NetworkBench [layers | general | passes | unet FILTERS DEPTH X Y Z BATCH]`.
import Glibc
import Kernels
import Networks
import Support

func unet(filters: Int, depth: Int, dropout: Double = 0.05) throws -> Model {
    func block(_ x: Node, _ n: Int) throws -> Node {
        try x.conv3d(filters: n).batchnorm().relu().conv3d(filters: n).batchnorm().relu()
    }
    let input = try Node.input(channels: 1)
    var x = input
    var skips: [Node] = []
    for level in 0..<depth {
        x = try block(x, filters << level)
        skips.append(x)
        x = try x.maxpool().dropout(rate: dropout)
    }
    x = try block(block(x, filters << depth), filters << depth)
    for level in (0..<depth).reversed() {
        x = try x.upconv3d(filters: filters << level).relu()
        x = try block(Node.concat([x, skips[level]]).dropout(rate: dropout), filters << level)
    }
    return try Model(input: input, output: x.conv3d(filters: 1, kernel: SIMD3(1, 1, 1)).sigmoid(), seed: 1)
}

func peakBytes() -> Int {
    var usage = rusage()
    getrusage(0 /* RUSAGE_SELF */, &usage)
    return usage.ru_maxrss * 1024
}

/// On a machine that others use too: PROCESSOR_TIME=1 counts the time that this process ran.
let processor = getenv("PROCESSOR_TIME") != nil

func layers() throws {
    let shapes: [(Int, Int, SIMD3<Int>)] = [
        (1, 16, SIMD3(96, 128, 160)), (16, 16, SIMD3(96, 128, 160)), (32, 16, SIMD3(96, 128, 160)), (32, 32, SIMD3(48, 64, 80)),
        (64, 64, SIMD3(24, 32, 40)), (128, 128, SIMD3(12, 16, 20)), (256, 256, SIMD3(6, 8, 10)), (1, 8, SIMD3(48, 64, 80)),
        (8, 8, SIMD3(48, 64, 80)), (16, 8, SIMD3(48, 64, 80)),
    ]
    func rate(_ flops: Double, _ seconds: Double) -> String { Text.fixed(flops / seconds / 1e9, 1) }
    for (from, to, shape) in shapes {
        let input = try Node.input(channels: min(from, 64))
        // Inputs have at most 64 channels; wider layers follow one that widens.
        let node = try from > 64 ? input.conv3d(filters: from, kernel: SIMD3(1, 1, 1)) : input
        let model = try Model(input: input, output: node.conv3d(filters: to), seed: 1)
        let repeats = 3
        var line = "\(from)→\(to) \(shape.x)×\(shape.y)×\(shape.z)"
        for threads in processor ? [1] : [1, 2] {
            Parallel.threads = threads
            let whole = try Probe(model, shape: shape, inputGradient: true)
            let flops = whole.flops.last!
            let a = try whole.timings(repeats: repeats, processor: processor).last!
            let bare =
                from <= 64 ? try Probe(model, shape: shape, inputGradient: false).timings(repeats: repeats, processor: processor).last! : a
            line += "  | \(threads) thread\(threads > 1 ? "s" : ""): forward \(rate(flops, a.forward))"
            if from <= 64 {
                line += " data \(rate(flops, a.backward - bare.backward)) weights \(rate(flops, bare.backward))"
            } else {
                line += " both \(rate(2 * flops, a.backward))"
            }
        }
        print(line)
    }
}

struct Noise: SampleSource {
    let count: Int
    let shape: SIMD3<Int>
    func sample(_ index: Int) throws -> Sample {
        let random = CounterRandom(seed: UInt64(index))
        let n = shape.x * shape.y * shape.z
        return Sample(
            image: (0..<n).map { Float(random.uniform(at: UInt64($0))) }, target: (0..<n).map { Float($0 / 7 % 2) }, shape: shape,
            name: "\(index)")
    }
}

let arguments = CommandLine.arguments.dropFirst().map { $0 }
print("instruction set:", Kernels.instructionSet.rawValue)
if arguments.first == "unet", arguments.count == 7 {
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    let model = try unet(filters: numbers[0], depth: numbers[1])
    let shape = SIMD3(numbers[2], numbers[3], numbers[4])
    print(model.describe)
    let probe = try Probe(model, shape: shape, batch: numbers[5], inputGradient: false)
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
    let steps = shape.x > 90 ? 3 : 12
    var start = 0.0
    _ = try fit(
        model, train: Noise(count: numbers[5], shape: shape), valid: nil, options: FitOptions(epochs: 1, steps: steps, batch: numbers[5]),
        onStep: { report in
            if report.step == 1 { start = report.secondsPerStep }
            if report.step == steps {
                print(
                    "step, wall: \(Text.duration((report.secondsPerStep * Double(steps) - start) / Double(steps - 1))), first \(Text.duration(start)), loss \(report.loss)"
                )
            }
        })
    print("peak memory of the process \(Text.bytes(peakBytes()))")
} else if arguments.first == "general" {
    try general()
} else if arguments.first == "passes" {
    try passes()
} else {
    try layers()
}
