import Networks
import Support

/// The network of stdlib/unet3d.ss.
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

/// Random images with random targets.
struct Noise: SampleSource {
    let count: Int
    let shape: SIMD3<Int>
    func sample(_ index: Int, draw: UInt64) throws -> Sample {
        let random = CounterRandom(seed: UInt64(index))
        let n = shape.x * shape.y * shape.z
        return Sample(
            image: (0..<n).map { Float(random.uniform(at: UInt64($0))) }, target: (0..<n).map { Float($0 / 7 % 2) }, shape: shape,
            name: "\(index)")
    }
}

/// FILTERS DEPTH X Y Z BATCH.
struct NetworkCase {
    let model: Model
    let shape: SIMD3<Int>
    let batch: Int

    init?(_ arguments: [String]) throws {
        let numbers = arguments.compactMap { Int($0) }
        guard numbers.count == 6, numbers.count == arguments.count, numbers.allSatisfy({ $0 > 0 }), numbers[1] <= 8 else { return nil }
        model = try unet(filters: numbers[0], depth: numbers[1])
        shape = SIMD3(numbers[2], numbers[3], numbers[4])
        batch = numbers[5]
    }
}
