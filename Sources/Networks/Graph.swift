import Support

/// The layers of a model in an order in which each comes after its inputs. It never changes once built.
struct Graph: Sendable {
    struct Entry: Sendable {
        let layer: any Layer
        /// Indices of earlier entries.
        let inputs: [Int]
        let channels: Int
    }

    /// The first entry is the input, the last the output.
    let entries: [Entry]
    /// Shapes must be divisible by this along each axis, so that every shrinking layer divides evenly.
    let requiredMultiple: SIMD3<Int>

    static let mostEntries = 4_000

    /// `anySize` allows an output of another size than the input's, for tests of single layers.
    init(input: Node, output: Node, anySize: Bool = false) throws {
        let nodes = try Self.ordered(from: input, to: output)
        let place = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { (ObjectIdentifier($1), $0) })
        try self.init(
            entries: nodes.map { node in
                Entry(layer: node.layer, inputs: node.inputs.compactMap { place[ObjectIdentifier($0)] }, channels: node.channels)
            }, anySize: anySize)
    }

    /// The nodes between two, both included, in the order of the graph's entries: each comes after its inputs.
    static func ordered(from input: Node, to output: Node) throws -> [Node] {
        guard input.layer is InputLayer else { throw NetworkError.graph("the model's input is \(input.summary), not an input tensor") }
        var placed: Set<ObjectIdentifier> = [ObjectIdentifier(input)]
        var nodes = [input]
        // Depth first without recursion: a node is placed when it is met again after its inputs.
        var stack: [(node: Node, expanded: Bool)] = [(output, false)]
        while let (node, expanded) = stack.popLast() {
            if placed.contains(ObjectIdentifier(node)) { continue }
            if expanded {
                placed.insert(ObjectIdentifier(node))
                nodes.append(node)
                if nodes.count > mostEntries { throw NetworkError.graph("a graph can have at most \(mostEntries) layers") }
            } else {
                if node.layer is InputLayer { throw NetworkError.graph("the output depends on an input that is not the model's input") }
                stack.append((node, true))
                for next in node.inputs.reversed() { stack.append((next, false)) }
            }
        }
        return nodes
    }

    /// Checks the entries as a whole: from `Model(input:output:)` or from a file.
    init(entries: [Entry], anySize: Bool = false) throws {
        guard entries.count > 1 else { throw NetworkError.graph("the output is the input itself: the model has no layers") }
        var sizes: [RelativeSize] = []
        var multiple = SIMD3<Int>.one
        var weights = 0
        for entry in entries {
            let size = try entry.layer.size(entry.inputs.map { sizes[$0] })
            for axis in 0..<3 {
                multiple[axis] = multiple[axis] / gcd(multiple[axis], size.down[axis]) * size.down[axis]
                if multiple[axis] > Limit.axis { throw NetworkError.graph("shapes would have to be divisible by \(multiple[axis])") }
            }
            sizes.append(size)
            for spec in entry.layer.parameters(entry.inputs.map { entries[$0].channels }) {
                var count = 1
                for n in spec.shape {
                    let (product, overflow) = count.multipliedReportingOverflow(by: n)
                    if overflow || product > Limit.parameters {
                        throw NetworkError.graph("a layer has more than \(Text.grouped(Limit.parameters)) weights")
                    }
                    count = product
                }
                weights += count
                if weights > Limit.parameters {
                    throw NetworkError.graph("the model has more than \(Text.grouped(Limit.parameters)) weights")
                }
            }
        }
        if !anySize, let last = sizes.last, last != .image {
            throw NetworkError.graph("the output is \(last.text); a segmentation needs the same size")
        }
        self.entries = entries
        requiredMultiple = multiple
    }

    /// Whether all values of the output lie within 0 … 1, as what a sigmoid or a softmax gives does, joined or pooled or not.
    var givesProbabilities: Bool {
        var bounded: [Bool] = []
        for entry in entries {
            let keeps = entry.layer is Concat || entry.layer is MaxPool || entry.layer is Relu || entry.layer.keepsProbabilities
            bounded.append(entry.layer is Sigmoid || entry.layer is Softmax || keeps && entry.inputs.allSatisfy { bounded[$0] })
        }
        return bounded.last ?? false
    }

    /// Throws `NetworkError.axisLength` or `.shape` unless every axis is positive, not absurd, and divisible by `requiredMultiple`.
    func shapes(input: SIMD3<Int>) throws -> [SIMD3<Int>] {
        guard input.min() >= 1, input.max() <= Limit.axis else { throw NetworkError.axisLength(input, most: Limit.axis) }
        for axis in 0..<3 where input[axis] % requiredMultiple[axis] != 0 {
            throw NetworkError.shape(input, multiple: requiredMultiple)
        }
        var shapes: [SIMD3<Int>] = []
        for entry in entries { shapes.append(entry.inputs.isEmpty ? input : try entry.layer.shape(entry.inputs.map { shapes[$0] })) }
        return shapes
    }

    /// For each entry, how many voxels of the image a voxel of its tensor depends on along each axis.
    var receptiveFields: [SIMD3<Double>] {
        // Voxels of the image from one voxel of the tensor to the next, and the field in voxels of the image.
        var steps: [SIMD3<Double>] = [], fields: [SIMD3<Double>] = []
        for entry in entries {
            guard let first = entry.inputs.first else {
                steps.append(SIMD3(repeating: 1))
                fields.append(SIMD3(repeating: 1))
                continue
            }
            let (up, down) = entry.layer.scale
            let widest = entry.inputs.map { fields[$0] }.reduce(fields[first]) { pointwiseMax($0, $1) }
            fields.append(widest + SIMD3<Double>(entry.layer.reach) * steps[first])
            steps.append(steps[first] * SIMD3<Double>(down) / SIMD3<Double>(up))
        }
        return fields
    }

    func inputChannels(of index: Int) -> [Int] { entries[index].inputs.map { entries[$0].channels } }
}

func gcd(_ a: Int, _ b: Int) -> Int {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
}
