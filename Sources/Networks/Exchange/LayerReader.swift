import Support

/// Builds a graph from the layers of a Keras topology, and puts the weights where the graph has them.
struct LayerReader {
    struct Problem: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// An array of the file that belongs to a node's layer.
    private struct Weight {
        let node: Node
        /// As the layer's `ParameterSpec` names it.
        let parameter: String
        let file: String
        /// Of the array in the file.
        let shape: [Int]
        /// For a kernel, the file's axes in the order of ours; nil for what has one axis.
        let kernel: Bool
    }

    let axes: TensorFlowModel.AxisOrder
    private var nodes: [String: Node] = [:]
    private var weights: [Weight] = []
    private var input: Node?
    private var last: Node?

    init(axes: TensorFlowModel.AxisOrder) { self.axes = axes }

    /// Adds one layer of the topology; those that it reads must have been added before.
    mutating func add(_ json: JSON) throws {
        guard let kind = json["class_name"]?.string, let config = json["config"],
            let name = json["name"]?.string ?? config["name"]?.string
        else { throw Problem("its topology has a layer without class_name, config and name") }
        func fail(_ reason: String) -> Problem { Problem("its layer \"\(name)\" (\(kind)) \(reason)") }
        let arguments = Arguments(json: config, axes: axes, fail: fail)
        if kind == "InputLayer" {
            guard input == nil else { throw fail("is a second input") }
            guard let shape = config["batch_input_shape"]?.array ?? config["batch_shape"]?.array, shape.count == 5,
                let channels = shape[4].integer
            else { throw fail("has no batch_input_shape of 5 axes, channels last") }
            let node = try Node.input(channels: channels)
            (input, last, nodes[name]) = (node, node, node)
            return
        }
        let inbound = try (json["inbound_nodes"]?.array?.first?.array ?? []).map { entry in
            guard let from = entry.array?.first?.string, let node = nodes[from] else {
                throw fail("reads \(entry.array?.first?.text ?? "nothing"), which does not come before it")
            }
            return node
        }
        guard let x = inbound.first ?? last else { throw fail("comes before any input") }
        let made = try layer(kind, name, arguments, inbound.isEmpty ? [x] : inbound)
        (nodes[name], last) = (made, made)
    }

    private mutating func layer(_ kind: String, _ name: String, _ a: Arguments, _ inputs: [Node]) throws -> Node {
        let x = inputs[0]
        switch kind {
        case "Conv3D": return try convolution(name, a, x)
        case "Conv3DTranspose":
            try a.require("padding", "same")
            let kernel = try a.triple("kernel_size"), filters = try a.integer("filters")
            let node = try x.upconv3d(filters: filters, kernel: kernel.xyz, stride: a.triple("strides").xyz)
            guard a.bool("use_bias") ?? true else { throw a.fail("has no bias, which this program's transposed convolutions have") }
            weights.append(
                Weight(node: node, parameter: "weight", file: "\(name)/kernel", shape: kernel.listed + [filters, x.channels], kernel: true))
            weights.append(Weight(node: node, parameter: "bias", file: "\(name)/bias", shape: [filters], kernel: false))
            return try activated(a.string("activation") ?? "linear", node, a)
        case "BatchNormalization":
            let node = try x.batchnorm(momentum: a.number("momentum") ?? 0.99, epsilon: a.number("epsilon") ?? 1e-3)
            for (parameter, file) in [("weight", "gamma"), ("bias", "beta"), ("running_mean", "moving_mean"), ("running_var", "moving_variance")] {
                weights.append(Weight(node: node, parameter: parameter, file: "\(name)/\(file)", shape: [x.channels], kernel: false))
            }
            return node
        case "Activation": return try activated(a.string("activation") ?? "linear", x, a)
        case "ReLU": return try x.relu()
        case "LeakyReLU": return try x.leakyrelu(slope: a.number("alpha") ?? a.number("negative_slope") ?? 0.3)
        case "ELU": return try x.elu(alpha: a.number("alpha") ?? 1)
        case "Softmax": return try x.softmax()
        case "Dropout": return try x.dropout(rate: a.number("rate") ?? 0)
        case "SpatialDropout3D": return try x.dropout(rate: a.number("rate") ?? 0, channels: true)
        case "MaxPooling3D":
            let size = try a.triple("pool_size")
            return try x.maxpool(size: size.xyz, stride: a.has("strides") ? a.triple("strides").xyz : size.xyz)
        case "UpSampling3D": return try x.upsample(size: a.triple("size").xyz)
        case "Concatenate": return try Node.concat(inputs)
        case "Add": return try Node.add(inputs)
        default: throw a.fail("is of a kind that this program does not read")
        }
    }

    private mutating func convolution(_ name: String, _ a: Arguments, _ x: Node) throws -> Node {
        try a.require("padding", "same")
        try a.require("data_format", "channels_last")
        let kernel = try a.triple("kernel_size"), filters = try a.integer("filters"), groups = try a.integer("groups", else: 1)
        let bias = a.bool("use_bias") ?? true
        var node = try x.conv3d(
            filters: filters, kernel: kernel.xyz, stride: a.triple("strides", else: 1).xyz, dilation: a.triple("dilation_rate", else: 1).xyz,
            bias: bias, groups: groups)
        weights.append(
            Weight(
                node: node, parameter: "weight", file: "\(name)/kernel", shape: kernel.listed + [x.channels / groups, filters], kernel: true))
        if bias { weights.append(Weight(node: node, parameter: "bias", file: "\(name)/bias", shape: [filters], kernel: false)) }
        if name.hasSuffix("_gn") { node = try node.instancenorm() }
        return try activated(a.string("activation") ?? "linear", node, a)
    }

    private func activated(_ name: String, _ x: Node, _ a: Arguments) throws -> Node {
        switch name {
        case "linear": return x
        case "relu": return try x.relu()
        case "elu": return try x.elu()
        case "gelu": return try x.gelu()
        case "silu", "swish": return try x.silu()
        case "leaky_relu": return try x.leakyrelu(slope: 0.2)
        case "sigmoid": return try x.sigmoid()
        case "softmax": return try x.softmax()
        default: throw a.fail("has the activation \"\(name)\", which this program does not have")
        }
    }

    /// The graph's two ends; scores of several classes become probabilities.
    func ends(outputs: JSON?) throws -> (input: Node, output: Node) {
        guard let input, let last else { throw Problem("its topology has no input") }
        if let listed = outputs?.array, listed.count != 1 { throw Problem("it has \(listed.count) outputs; one is read") }
        var output = last
        if let name = outputs?.array?.first?.array?.first?.string {
            guard let named = nodes[name] else { throw Problem("its output layer \"\(name)\" is missing") }
            output = named
        }
        let scores = output.layer is Convolution && output.channels > 1
        return (input, scores ? try output.softmax() : output)
    }

    /// Puts every array into the layer that reads it. Throws `Problem`.
    func fill(_ model: Model, between input: Node, _ output: Node, from file: WeightManifest) throws {
        let nodes = try Graph.ordered(from: input, to: output)
        for weight in weights {
            // What does not lead to the output is no part of the model.
            guard let layer = nodes.firstIndex(where: { $0 === weight.node }) else { continue }
            guard let slot = model.parameters.slots.firstIndex(where: { $0.layer == layer && $0.spec.name == weight.parameter }) else {
                throw Problem("its weight \"\(weight.file)\" has no place in the graph")
            }
            var values = try file.values(weight.file, shape: weight.shape)
            if weight.kernel { values = reordered(values, weight.shape) }
            try model.parameters.write(slot: slot, values)
        }
    }

    /// From Keras' order, spatial axes first, to PyTorch's (the last two axes first, then z, y, x).
    private func reordered(_ values: [Float], _ shape: [Int]) -> [Float] {
        let sizes = Triple(listed: Array(shape.prefix(3)), axes: axes).xyz
        let (inner, outer) = (shape[3], shape[4])
        var out = [Float](repeating: 0, count: values.count)
        var place = 0
        // In PyTorch's order the file's last axis is slowest for a convolution [out, in]; a transposed one has [in, out] there, which is its last two
        // axes the other way round, too.
        for o in 0..<outer {
            for i in 0..<inner {
                for z in 0..<sizes.z {
                    for y in 0..<sizes.y {
                        for x in 0..<sizes.x {
                            let tap = axes == .xyz ? (x * sizes.y + y) * sizes.z + z : (z * sizes.y + y) * sizes.x + x
                            out[place] = values[(tap * inner + i) * outer + o]
                            place += 1
                        }
                    }
                }
            }
        }
        return out
    }
}

/// Three sizes as a file lists them, and as a volume has them.
private struct Triple {
    let listed: [Int]
    let xyz: SIMD3<Int>

    init(listed: [Int], axes: TensorFlowModel.AxisOrder) {
        self.listed = listed
        xyz = axes == .xyz ? SIMD3(listed[0], listed[1], listed[2]) : SIMD3(listed[2], listed[1], listed[0])
    }
}

/// A Keras layer's arguments.
private struct Arguments {
    let json: JSON
    let axes: TensorFlowModel.AxisOrder
    let fail: (String) -> LayerReader.Problem

    func has(_ name: String) -> Bool { json[name].map { $0 != .null } ?? false }
    func string(_ name: String) -> String? { json[name]?.string }
    func number(_ name: String) -> Double? { json[name]?.number }
    func bool(_ name: String) -> Bool? { json[name]?.bool }

    func integer(_ name: String, else fallback: Int? = nil) throws -> Int {
        if let fallback, !has(name) { return fallback }
        guard let n = json[name]?.integer, n >= 1, n <= Limit.channels else { throw fail("has no valid \"\(name)\"") }
        return n
    }

    func triple(_ name: String, else fallback: Int? = nil) throws -> Triple {
        if let fallback, !has(name) { return Triple(listed: [fallback, fallback, fallback], axes: axes) }
        guard let list = json[name]?.array?.compactMap(\.integer), list.count == 3, list.allSatisfy({ (1...Limit.axis).contains($0) }) else {
            throw fail("has no valid \"\(name)\"")
        }
        return Triple(listed: list, axes: axes)
    }

    func require(_ name: String, _ value: String) throws {
        if let found = string(name), found != value { throw fail("has \(name) \"\(found)\", where \"\(value)\" is read") }
    }
}
