/// A graph as JSON: a list of layers, each with its kind, the indices of its inputs, and its arguments.
enum GraphText {
    /// Every kind of layer that a file may name.
    private static let kinds: [String: any Layer.Type] = {
        let all: [any Layer.Type] = [
            InputLayer.self, Convolution.self, UpConvolution.self, BatchNorm.self, Relu.self, Sigmoid.self, MaxPool.self, Dropout.self,
            Concat.self, StridedMaxPool.self, AveragePool.self, GlobalPool.self, Add.self, Multiply.self, GroupedConvolution.self,
            DepthwiseConvolution.self,
            InstanceNorm.self, GroupNorm.self, LayerNorm.self, LeakyRelu.self, Elu.self, Gelu.self, Silu.self, Softmax.self,
            ChannelDropout.self, Upsample.self,
        ]
        return Dictionary(all.map { ($0.kind, $0) }) { first, _ in first }
    }()

    /// Names of all kinds.
    static var allKinds: Set<String> { Set(kinds.keys) }

    static func encode(_ graph: Graph) -> JSON {
        .array(
            graph.entries.map { entry in
                .object(
                    [("kind", .string(entry.layer.kind)), ("inputs", .array(entry.inputs.map { .number(Double($0)) }))]
                        + entry.layer.attributes.map { (key: $0.name, value: $0.value) })
            })
    }

    /// Rebuilds a graph, with the checks that building it by hand would have made. Inputs must come before their users, so cycles cannot be written.
    static func decode(_ json: JSON) throws -> Graph {
        guard let items = json.array else { throw NetworkError.graph("the graph is not a list of layers") }
        guard items.count <= Graph.mostEntries else {
            throw NetworkError.graph("the graph has \(items.count) layers, more than \(Graph.mostEntries)")
        }
        var entries: [Graph.Entry] = []
        for (index, item) in items.enumerated() {
            guard let name = item["kind"]?.string, let kind = kinds[name] else {
                throw NetworkError.graph("layer \(index) of the graph is of an unknown kind")
            }
            let layer = try kind.init(attributes: Attributes(kind: name, json: item))
            guard let listed = item["inputs"]?.array else { throw NetworkError.graph("layer \(index) of the graph has no inputs") }
            let inputs = listed.compactMap(\.integer)
            guard inputs.count == listed.count, inputs.allSatisfy({ $0 >= 0 && $0 < index }) else {
                throw NetworkError.graph("layer \(index) of the graph has inputs that do not come before it")
            }
            guard layer.inputCount.contains(inputs.count), (index == 0) == (layer is InputLayer) else {
                throw NetworkError.graph("layer \(index) of the graph has \(inputs.count) inputs")
            }
            entries.append(Graph.Entry(layer: layer, inputs: inputs, channels: try layer.channels(inputs.map { entries[$0].channels })))
        }
        // A layer that nothing uses would be computed for nothing; the last one is the output.
        var used = Set<Int>([entries.count - 1])
        for entry in entries { used.formUnion(entry.inputs) }
        guard used.count == entries.count else { throw NetworkError.graph("the graph has layers that nothing uses") }
        return try Graph(entries: entries)
    }
}

extension Model {
    /// Names of all kinds of layers that a model can have.
    package static var layerKinds: Set<String> { GraphText.allKinds }
}
