import Glibc
import Networks
import Support
import Testing

/// A small network around a layer, from an input of so many channels to an output of the input's size.
typealias SmallNetwork = (name: String, channels: Int, shape: SIMD3<Int>, build: @Sendable (Node) throws -> Node)

/// The change of Σ output · g along a random direction of the input and of each array against the gradients. A fourth-order difference, since values are floats.
func checkGradients(of network: SmallNetwork) throws {
    let input = try Node.input(channels: network.channels)
    let model = try Model(input: input, output: network.build(input), seed: 3)
    let probe = try Probe(model, shape: network.shape, batch: 2)
    let voxels = network.shape.x * network.shape.y * network.shape.z
    let random = CounterRandom(seed: 8)
    func draw(_ n: Int, _ stream: UInt64) -> [Float] {
        let random = CounterRandom(seed: 8, stream: stream)
        return (0..<n).map { Float(random.normal(at: UInt64($0))) }
    }
    // Steps of the maximum's place, or across zero, would show: values are far apart, and 0 is not one of them.
    let order = (0..<2 * network.channels * voxels).sorted { random.bits(at: UInt64($0)) < random.bits(at: UInt64($1)) }
    let x = order.map { Float(2 * $0 + 1) / Float(order.count) * 2 - 2 }
    let g = draw(2 * model.outputChannels * voxels, 1)
    func value(_ x: [Float]) throws -> Double { zip(try probe.forward(x), g).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    func check(_ expected: Double, _ what: String, _ at: (Float) throws -> Double) throws {
        // Neighbours are 4 / count apart and the least 2 / count from zero: a double step to both sides changes no order and no sign. Smaller ones drown in
        // the rounding of the outputs.
        let h: Float = 0.8 / Float(order.count)
        let step = what == "input" ? h : 0.005
        let slope = try (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * Double(step))
        let scale = max(abs(expected), 1)
        #expect(abs(slope - expected) < (what == "input" ? 5e-3 : 2e-3) * scale, "\(network.name), \(what): \(slope) against \(expected)")
    }
    _ = try probe.forward(x)
    let gradient = try probe.backward(g)
    let direction = draw(x.count, 2).map { $0 > 0 ? Float(1) : -1 }
    try check(zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }, "input") { h in
        try value(zip(x, direction).map { $0 + h * $1 })
    }
    let slopes = probe.weightGradients
    for (name, _, values) in model.arrays {
        guard let slope = slopes.first(where: { $0.name == name }) else { continue }
        let direction = draw(values.count, 3)
        try check(zip(slope.values, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }, name) { h in
            try model.set(name, zip(values, direction).map { $0 + h * $1 })
            defer { try? model.set(name, values) }
            return try value(x)
        }
    }
}

/// Results do not depend on the number of threads.
func checkThreads(of network: SmallNetwork) throws {
    let input = try Node.input(channels: network.channels)
    let model = try Model(input: input, output: network.build(input), seed: 3)
    // Several slabs and tiles.
    let shape = network.shape &* SIMD3(2, 4, 8), voxels = shape.x * shape.y * shape.z
    let random = CounterRandom(seed: 2)
    let x = (0..<network.channels * voxels).map { Float(random.normal(at: UInt64($0))) }
    let g = (0..<model.outputChannels * voxels).map { Float(random.normal(at: UInt64($0 + 1 << 30))) }
    let before = Parallel.threads
    defer { Parallel.threads = before }
    let results = try [1, 3].map { threads in
        Parallel.threads = threads
        let probe = try Probe(model, shape: shape)
        return [try probe.forward(x), try probe.backward(g)] + probe.weightGradients.map(\.values)
    }
    #expect(results[0] == results[1])
}

/// A network comes back from a file as it was.
func checkFile(of network: SmallNetwork) throws {
    let input = try Node.input(channels: network.channels)
    let model = try Model(input: input, output: network.build(input), seed: 3)
    let path = "/tmp/skullstrip-layers-\(network.name.hashValue).safetensors"
    defer { unlink(path) }
    try model.save(to: path)
    let copy = try Model.load(path)
    #expect(copy.arrays.map(\.name) == model.arrays.map(\.name) && copy.arrays.map(\.values) == model.arrays.map(\.values))
    #expect(try copy.summaryTable(shape: network.shape) == model.summaryTable(shape: network.shape))
}
